/* rank → lines, while the budget holds → the two turns.
 *
 * Behind the question, where the form asks for it: context_found.
 *
 * As courses: context_slice. As facts: of the best courses the newest facts (the oldest, where the
 * question asks for the first; those of the time that it names), sorted for reading.
 *
 * The budget counts bytes: a token has at least chars_per_token of them on average, which the
 * caller knows for its model. */
#include "context_prompt.h"

#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "context_found.h"
#include "context_job.h"
#include "context_render.h"
#include "context_words.h"

static const char head[] = "Record:\n";
static const char no_facts[] = "(nothing recorded)\n";
static const char before_question[] = "\nQuestion: ";

/* "[123] " and the line's end. */
#define LINE_EXTRA_BYTES 8

/* What only stands (it is active, and nothing else speaks for it) may take this share of the room.
 */
#define STANDING_SHARE 0.5
#define STANDING_SCORE_MAX 1.7f

/* A line a fact has no room for what only may matter: a fact that the question itself says less for
 * than this share of what it says for the best, and does not stand, is left out. Where it says
 * nothing for any, the newest of each is told. */
#define ASKED_SHARE 0.5f

/* A repetition is worth so much of the one before it; where the question asks how something went,
 * more. */
#define REPEAT_SHARE 0.75f
#define REPEAT_SHARE_TREND 0.97f
#define REPEATS_MAX 256

/* Of the room for lines, what is told behind the question may take this share: it says again what
 * lines say, and where a list is asked for, all of them. */
#define FOUND_SHARE 0.5

/* Whatever the budget: a prompt of more is no prompt. */
#define ROOM_BYTES_MAX (16 * MIB)

enum status context_read_bundle(struct slice bundle, struct arena *arena, struct record *record,
                                struct parsed *parsed, uint32_t *as_facts, struct error *err)
{
    struct parsed own;
    struct fact *facts;
    uint32_t own_as_facts;
    size_t count;
    enum status status;

    if (parsed == NULL)
        parsed = &own;
    if (as_facts == NULL)
        as_facts = &own_as_facts;
    status = context_parse(bundle, arena, parsed, err);
    if (status == STATUS_OK)
        status = context_merge(NULL, parsed, arena, &facts, &count, as_facts, err);
    if (status == STATUS_OK)
        status = record_index(facts, count, arena, record, err);
    return status;
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the prompt");
}

/* ---- as facts ---- */

struct candidate {
    uint32_t fact;
    float score;
    bool only_stands, bears;
};

struct choosing {
    const struct record *record;
    const struct courses *courses;
    const struct ranking *ranking;
    struct period period;
    unsigned times; /* enum words_time */
    struct arena *arena;
    struct candidate *candidates;
    size_t count;
    const struct job *job; /* whose facts come first; NULL: none */
    float best_asked;      /* of all courses */
    size_t left;           /* bytes for lines */
    size_t standing;       /* of them, for what only stands */
};

static float note_score(const struct choosing *choosing, uint32_t fact)
{
    return choosing->ranking->note_scores == NULL ? 0 : choosing->ranking->note_scores[fact];
}

static void add_candidate(struct choosing *choosing, const struct ranked *ranked, uint32_t fact,
                          uint32_t repeats)
{
    float share = powf(choosing->times & WORDS_TIME_TREND ? REPEAT_SHARE_TREND : REPEAT_SHARE,
                       (float)repeats);
    struct fact room;
    bool stands = fact_is_standing(record_fact(choosing->record, fact, &room));

    if (!stands
        && (choosing->best_asked > 0 ? ranked->asked * share < ASKED_SHARE * choosing->best_asked
                                     : repeats > 0))
        return;
    choosing->candidates[choosing->count++] = (struct candidate){
        .fact = fact,
        .score = ranked->score * share + note_score(choosing, fact),
        .only_stands = stands && !ranked->bears && ranked->score < STANDING_SCORE_MAX,
        .bears = ranked->bears,
    };
}

/* A course's facts from the one that is asked for on. */
static void add_course(struct choosing *choosing, const struct ranked *ranked)
{
    struct course course = choosing->courses->items[ranked->course];
    bool is_from_first = choosing->times & WORDS_TIME_EARLIEST;

    if (choosing->period.is_asked) {
        struct course narrow =
            course_narrow(choosing->record, &course, choosing->period.from, choosing->period.to);

        course = narrow.count > 0 ? narrow : course;
    }
    for (uint32_t i = 0; i < course.count && i < REPEATS_MAX; i++)
        add_candidate(choosing, ranked, course.facts[is_from_first ? i : course.count - 1 - i], i);
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->fact > y->fact ? -1 : x->fact < y->fact; /* the newer first */
}

/* No more courses than lines have room: a worse one cannot have one. */
static bool find_candidates(struct choosing *choosing)
{
    size_t courses = choosing->left / LINE_EXTRA_BYTES + 1, facts = 0;

    courses = courses < choosing->courses->count ? courses : choosing->courses->count;
    for (size_t i = 0; i < courses; i++) {
        uint32_t count = choosing->courses->items[choosing->ranking->items[i].course].count;

        facts += count < REPEATS_MAX ? count : REPEATS_MAX;
        choosing->best_asked = fmaxf(choosing->best_asked, choosing->ranking->items[i].asked);
    }
    choosing->candidates =
        arena_alloc(choosing->arena, (facts + 1) * sizeof(*choosing->candidates));
    if (choosing->candidates == NULL)
        return false;
    for (size_t i = 0; i < courses; i++)
        add_course(choosing, &choosing->ranking->items[i]);
    qsort(choosing->candidates, choosing->count, sizeof(*choosing->candidates), compare_candidates);
    return true;
}

/* The line of a fact as this question sees it: a note shows the sentences that matter. */
static struct slice line_of(const struct choosing *choosing, uint32_t index)
{
    struct fact room;
    const struct fact *fact = record_fact(choosing->record, index, &room);
    struct buffer buffer;

    buffer_init(&buffer, choosing->arena);
    if (buffer_reserve(&buffer, fact->text.size > 0 ? RENDER_EXCERPT_BYTES_MAX + 256 : 128) == NULL)
        return (struct slice){ NULL, 0 };
    render_line(fact, &buffer);
    if (fact->text.size > 0)
        render_excerpt(fact->text, note_weigh, &choosing->ranking->note_words, &buffer);
    return buffer.is_full ? (struct slice){ NULL, 0 } : buffer_slice(&buffer);
}

static bool take_room(struct choosing *choosing, const struct candidate *candidate, size_t line)
{
    size_t bytes = line + LINE_EXTRA_BYTES;

    if (bytes > choosing->left || (candidate->only_stands && bytes > choosing->standing))
        return false;
    choosing->left -= bytes;
    if (candidate->only_stands)
        choosing->standing -= bytes;
    return true;
}

/* How many facts the job has. */
static size_t count_of_job(const struct choosing *choosing)
{
    size_t count = 0;

    for (uint32_t i = 0; choosing->job != NULL && i < choosing->job->count; i++)
        count += choosing->job->lines[i].facts_count;
    return count;
}

static bool has_line(const struct prompt *prompt, size_t count, uint32_t fact)
{
    for (size_t i = 0; i < count; i++)
        if (prompt->lines[i].facts[0] == fact)
            return true;
    return false;
}

/* What answers by being put together needs all of its facts: they come before the others. */
static void take_job(struct choosing *choosing, struct prompt *prompt)
{
    const struct candidate asked = { .bears = true };

    for (uint32_t i = 0; choosing->job != NULL && i < choosing->job->count; i++)
        for (uint32_t j = 0; j < choosing->job->lines[i].facts_count; j++) {
            const uint32_t *fact = &choosing->job->lines[i].facts[j];
            struct slice line;

            if (has_line(prompt, prompt->count, *fact))
                continue;
            line = line_of(choosing, *fact);
            if (line.data != NULL && take_room(choosing, &asked, line.size))
                prompt->lines[prompt->count++] = (struct prompt_line){ 0, line, fact, 1, 1, true };
        }
}

/* Take from the best down what has room; a long line that has none does not keep a shorter one out.
 */
static bool choose(struct choosing *choosing, struct prompt *prompt)
{
    size_t count_max = choosing->left / (LINE_EXTRA_BYTES + 8) + 1, of_job;

    if (count_max > choosing->count)
        count_max = choosing->count;
    count_max += count_of_job(choosing);
    prompt->lines = ARENA_ARRAY(choosing->arena, struct prompt_line, count_max + 1);
    if (prompt->lines == NULL)
        return false;
    take_job(choosing, prompt);
    of_job = prompt->count;
    for (size_t i = 0;
         i < choosing->count && prompt->count < count_max && choosing->left > LINE_EXTRA_BYTES;
         i++) {
        const struct candidate *candidate = &choosing->candidates[i];
        struct fact room;
        const struct fact *fact = record_fact(choosing->record, candidate->fact, &room);
        struct arena_mark mark = arena_mark(choosing->arena);
        struct slice line;

        if (fact->noun.size + 2 + fact->label.size + LINE_EXTRA_BYTES > choosing->left
            || has_line(prompt, of_job, candidate->fact))
            continue;
        line = line_of(choosing, candidate->fact);
        if (line.data != NULL && take_room(choosing, candidate, line.size))
            prompt->lines[prompt->count++] =
                (struct prompt_line){ 0, line, &candidate->fact, 1, 1, candidate->bears };
        else
            arena_rewind(choosing->arena, mark);
    }
    return true;
}

/* Demographics, problems, medications, allergies; then the rest by date, as the record has them. */
static int group_of(const struct fact *fact)
{
    return fact_is_standing(fact) ? (int)fact->kind : FACT_KINDS;
}

static int compare_for_reading(const void *a, const void *b, void *record)
{
    uint32_t x = ((const struct prompt_line *)a)->facts[0],
             y = ((const struct prompt_line *)b)->facts[0];
    struct fact room;
    int p = group_of(record_fact(record, x, &room)), q = group_of(record_fact(record, y, &room));

    return p != q ? p - q : (x > y) - (x < y);
}

static size_t count_considered(const struct choosing *choosing)
{
    size_t count = 0;

    for (size_t i = 0; i < choosing->courses->count; i++)
        if (choosing->ranking->items[i].bears)
            count += choosing->courses->items[choosing->ranking->items[i].course].count;
    return count;
}

static enum status choose_facts(const struct record *record, const struct courses *courses,
                                const struct prompt_request *request, size_t bytes,
                                struct arena *arena, struct prompt *prompt, struct error *err)
{
    struct choosing choosing = { .record = record,
                                 .courses = courses,
                                 .arena = arena,
                                 .left = bytes,
                                 .standing = (size_t)((double)bytes * STANDING_SHARE) };

    choosing.period = period_find(request->question, courses->end);
    choosing.times = words_times(request->question);
    if (request->form == PROMPT_FORM_FOUND)
        choosing.job = context_job(record, courses, request->question, &choosing.period, arena);
    choosing.ranking = context_rank(record, courses, request->question, &request->near,
                                    &choosing.period, 0, arena);
    if (choosing.ranking == NULL || !find_candidates(&choosing) || !choose(&choosing, prompt))
        return no_room(err);
    qsort_r(prompt->lines, prompt->count, sizeof(prompt->lines[0]), compare_for_reading,
            (void *)record);
    for (size_t i = 0; i < prompt->count; i++) {
        prompt->lines[i].id = (uint32_t)i + 1;
        prompt->considered += !prompt->lines[i].bears;
    }
    prompt->considered += count_considered(&choosing);
    return STATUS_OK;
}

static void render_facts(const struct prompt *prompt, struct buffer *buffer)
{
    for (size_t i = 0; i < prompt->count; i++) {
        buffer_format(buffer, "[%zu] ", i + 1);
        buffer_put(buffer, prompt->lines[i].text);
        buffer_put_byte(buffer, '\n');
    }
}

/* ---- as courses ---- */

static size_t count_facts(const struct prompt *prompt)
{
    size_t count = 0;

    for (size_t i = 0; i < prompt->count; i++)
        count += prompt->lines[i].facts_count;
    return count;
}

static enum status slice_courses(const struct record *record, const struct courses *courses,
                                 const struct prompt_request *request, size_t bytes,
                                 struct arena *arena, struct slice_text *slice,
                                 struct prompt *prompt, struct error *err)
{
    const struct slice_measure measure = { .bytes_per_token = 1 };

    if (context_slice_near(record, courses, request->question, &request->near, (uint32_t)bytes,
                           &measure, 0, arena, slice, err)
        != STATUS_OK)
        return err->status;
    prompt->lines = ARENA_ARRAY(arena, struct prompt_line, slice->count);
    if (prompt->lines == NULL)
        return no_room(err);
    for (uint32_t i = 0; i < slice->count; i++) {
        const struct slice_line *line = &slice->lines[i];

        prompt->lines[i] = (struct prompt_line){ line->id,    line->text, line->facts,
                                                 line->count, line->told, line->bears };
    }
    prompt->count = slice->count;
    prompt->considered = count_facts(prompt);
    return STATUS_OK;
}

/* ---- both ---- */

/* Bytes that lines may take. */
static enum status find_room(const struct prompt_request *request, size_t *room, struct error *err)
{
    size_t fixed = sizeof(head) + sizeof(no_facts) + sizeof(before_question);
    float chars_per_token =
        request->chars_per_token > 0 ? request->chars_per_token : CONTEXT_CHARS_PER_TOKEN;
    double bytes =
        (double)request->budget_tokens * (chars_per_token > 64 ? 64.0 : (double)chars_per_token);

    if (request->question.size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the question is empty");
    if (bytes < (double)(fixed + request->question.size))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a budget of %u tokens has no room for a question of %zu bytes",
                         request->budget_tokens, request->question.size);
    *room = (size_t)bytes - fixed - request->question.size;
    if (*room > ROOM_BYTES_MAX)
        *room = ROOM_BYTES_MAX;
    return STATUS_OK;
}

/* Put the question behind the lines, and what was found for it. */
static void put_question(const struct prompt *prompt, const struct courses *courses,
                         struct slice question, enum prompt_form form, struct arena *arena,
                         struct buffer *buffer)
{
    buffer_put(buffer, question);
    if (form == PROMPT_FORM_FOUND) {
        buffer_put_byte(buffer, '\n');
        context_found(prompt, courses, question, prompt->found_bytes_max, arena, buffer);
    }
    buffer_put_byte(buffer, '\0');
}

struct slice context_ask_again(const struct prompt *prompt, const struct courses *courses,
                               struct slice question, enum prompt_form form, struct arena *arena)
{
    struct buffer buffer;

    buffer_init(&buffer, arena);
    buffer_put(&buffer, slice_of(prompt->user, prompt->record_size));
    put_question(prompt, courses, slice_trim(question), form, arena, &buffer);
    return buffer.is_full ? (struct slice){ NULL, 0 } : slice_from(buffer.data);
}

enum status context_assemble(const struct record *record, const struct courses *courses,
                             const struct prompt_request *asked, struct arena *arena,
                             struct prompt *prompt, struct error *err)
{
    struct prompt_request request = *asked;
    struct slice_text slice = { 0 };
    struct buffer buffer;
    enum status status;
    size_t room = 0, found_room = 0;

    *prompt = (struct prompt){ .system = CONTEXT_SYSTEM, .record = record };
    request.question = slice_trim(request.question);
    status = find_room(&request, &room, err);
    if (request.form == PROMPT_FORM_FOUND)
        found_room = (size_t)((double)room * FOUND_SHARE);
    room -= found_room;
    if (status == STATUS_OK)
        status = request.form == PROMPT_FORM_COURSES
                     ? slice_courses(record, courses, &request, room, arena, &slice, prompt, err)
                     : choose_facts(record, courses, &request, room, arena, prompt, err);
    if (status != STATUS_OK)
        return status;
    prompt->found_bytes_max = found_room;
    buffer_init(&buffer, arena);
    buffer_put_string(&buffer, head);
    if (request.form == PROMPT_FORM_COURSES)
        buffer_put(&buffer, slice.text);
    else
        render_facts(prompt, &buffer);
    if (prompt->count == 0)
        buffer_put_string(&buffer, no_facts);
    buffer_put_string(&buffer, before_question);
    prompt->record_size = buffer.size;
    put_question(prompt, courses, request.question, request.form, arena, &buffer);
    prompt->user = buffer.data;
    return buffer.is_full ? no_room(err) : STATUS_OK;
}
