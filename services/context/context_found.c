/* courses that bear → what each has to say → which of it answers → told while there is room.
 *
 * What lasts and does so now comes first, in the order of the prompt; then what happened, the
 * newest first; then what is over. What answers comes first, and behind "More:" what bears on the
 * question too: the visits, reports and notes that name it, what was before, the drug beside the
 * disease. */
#include "context_found_parts.h"
#include "context_found_safety.h"

#include <ctype.h>
#include <stdlib.h>

#include "context_intent.h"
#include "context_words.h"

static const char head[] = "Found:\n";

/* A name of less is a word like another. */
#define NAME_BYTES_MIN 4

/* A section of one line is the least there is to tell. */
#define FOUND_BYTES_MIN 24

/* Fact @index of the record; where there is no room for it an empty one, and the arena says so. */
const struct fact *found_fact(const struct finding *finding, uint32_t index)
{
    static const struct fact none;

    if (finding->facts[index] == NULL)
        finding->facts[index] = record_whole(finding->prompt->record, index, finding->arena);
    return finding->facts[index] == NULL ? &none : finding->facts[index];
}

/* ---- which ---- */

static const uint32_t *find_ids(const struct prompt *prompt, struct arena *arena)
{
    uint32_t *ids = ARENA_ARRAY(arena, uint32_t, prompt->record->count + 1);

    if (ids == NULL)
        return NULL;
    memset(ids, 0, (prompt->record->count + 1) * sizeof(*ids));
    for (size_t i = prompt->count; i-- > 0;)
        for (uint32_t j = 0; j < prompt->lines[i].told; j++)
            ids[prompt->lines[i].facts[j]] = prompt->lines[i].id;
    return ids;
}

static enum found_group group_of(const struct fact *fact)
{
    if (fact_lasts(fact))
        return fact->is_active || fact->kind == FACT_DEMOGRAPHICS ? FOUND_NOW : FOUND_PAST;
    return fact->kind == FACT_ENCOUNTER || fact->kind == FACT_REPORT || fact->kind == FACT_NOTE
               ? FOUND_FRAME
               : FOUND_EVENT;
}

struct course found_course(const struct finding *finding, const struct found *found)
{
    const struct course *course = &finding->courses->items[found->course];

    return finding->period.is_asked ? course_narrow(finding->prompt->record, course,
                                                    finding->period.from, finding->period.to)
                                    : *course;
}

/* Whether @course is a medication taken now for what is asked about: asked about a disease, one
 * wants to know what is done for it. */
static bool is_given_for(const struct ask_question *asked, const struct course *course)
{
    if (course->kind != FACT_MEDICATION || !course->is_active || asked->kinds >> FACT_ALLERGY & 1)
        return false;
    for (uint32_t i = 0; i < course->reasons_count; i++)
        if (things_has(&asked->things, course->reasons[i]))
            return true;
    return false;
}

/* What lasts is told fact by fact: each prescription of a drug has its own dose. Of what happens,
 * a course is one thing. */
static void find_in_course(struct finding *finding, uint32_t index, bool is_given_for)
{
    struct course course = found_course(finding, &(struct found){ .course = index });

    for (uint32_t i = course.count; i-- > 0 && finding->count < FOUND_MAX;) {
        uint32_t fact = course.facts[i];

        if (finding->ids[fact] == 0)
            continue;
        finding->items[finding->count++] =
            (struct found){ group_of(found_fact(finding, fact)), index, fact, is_given_for, true };
        if (!fact_lasts(found_fact(finding, fact)))
            return;
    }
}

static int compare_found(const void *a, const void *b, void *finding)
{
    const struct found *x = a, *y = b;
    const struct finding *f = finding;
    uint32_t x_id = f->ids[x->fact], y_id = f->ids[y->fact];

    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->group == FOUND_NOW)
        return x_id < y_id ? -1 : x_id > y_id;
    return fact_compare(found_fact(f, y->fact), found_fact(f, x->fact));
}

/* ---- all ---- */

/* Where the words of each thing that @question names begin and end. */
static void find_spans(struct finding *finding, struct slice question)
{
    struct thing_found things[THINGS_FOUND_MAX];
    uint32_t count = things_find(question, THING_ANY, things, THINGS_FOUND_MAX), at = 0;
    struct slice rest = question, word;

    finding->spans_count = count;
    memset(finding->spans, 0, sizeof(finding->spans));
    for (; words_next(&rest, &word); at++) {
        size_t begin = (size_t)(word.data - question.data);

        for (uint32_t i = 0; i < count; i++) {
            if (things[i].first == at)
                finding->spans[i].begin = begin;
            if (things[i].first + things[i].count == at + 1)
                finding->spans[i].end = begin + word.size;
        }
    }
}

static bool is_in_longer(const struct finding *finding, size_t begin, size_t end)
{
    for (uint32_t i = 0; i < finding->spans_count; i++) {
        const struct found_span *span = &finding->spans[i];

        if (span->begin <= begin && span->end >= end && span->end - span->begin > end - begin)
            return true;
    }
    return false;
}

size_t found_name_at(const struct finding *finding, struct slice text, struct slice name)
{
    for (size_t at = 0; name.size > 0 && at + name.size <= text.size; at++) {
        size_t end = at + name.size;

        if ((at == 0 || !isalnum((unsigned char)text.data[at - 1]))
            && (end == text.size || !isalnum((unsigned char)text.data[end]))
            && slice_equal_fold(slice_cut(text, at, end), name) && !is_in_longer(finding, at, end))
            return at;
    }
    return text.size;
}

/* Whether the question says the whole name of @course, of whatever words it is made. */
static bool is_called(const struct finding *finding, const struct course *course,
                      struct slice question)
{
    struct slice label = found_fact(finding, course->facts[course->count - 1])->label;

    return course->kind != FACT_DEMOGRAPHICS && label.size >= NAME_BYTES_MIN
           && finding->ids[course->facts[course->count - 1]] != 0
           && found_name_at(finding, question, label) < question.size;
}

/* Whether the question was understood as one about something. */
static bool is_about_something(const struct ask_question *asked)
{
    return asked->has_things || asked->has_treated || asked->kinds != 0 || asked->words_count > 0
           || asked->is_family;
}

static void find_all(struct finding *finding, struct slice question)
{
    for (uint32_t i = 0; i < finding->courses->count; i++) {
        const struct course *course = &finding->courses->items[i];
        bool bears = ask_bears(finding->asked, finding->prompt->record, course, &finding->period)
                     || is_called(finding, course, question);

        if (bears || is_given_for(finding->asked, course))
            find_in_course(finding, i, !bears);
    }
    qsort_r(finding->items, finding->count, sizeof(*finding->items), compare_found, finding);
}

void context_found(const struct prompt *prompt, const struct courses *courses,
                   struct slice question, size_t bytes_max, struct arena *arena, struct buffer *out)
{
    struct ask_question *asked = ARENA_NEW(arena, struct ask_question);
    struct safety_question safety;
    struct finding finding = { .prompt = prompt,
                               .courses = courses,
                               .ids = find_ids(prompt, arena),
                               .facts = ARENA_ARRAY(arena, const struct fact *,
                                                    prompt->record->count + 1),
                               .period = period_find(question, courses->end),
                               .times = words_times(question),
                               .intents = intent_of(question),
                               .asked = asked,
                               .items = ARENA_ARRAY(arena, struct found, FOUND_MAX),
                               .arena = arena,
                               .out = out };
    const struct job *job;

    if (finding.ids == NULL || finding.facts == NULL || finding.items == NULL || asked == NULL
        || bytes_max < FOUND_BYTES_MIN)
        return;
    safety_read(question, &safety);
    if (safety.asks != SAFETY_NONE) {
        finding.end_max = out->size + bytes_max;
        buffer_put_string(out, head);
        found_tell_safety(&finding, &safety);
        return;
    }
    job = context_job(prompt->record, courses, question, &finding.period, arena);
    if (job != NULL && job->is_asked) {
        finding.end_max = out->size + bytes_max;
        buffer_put_string(out, head);
        found_tell_job(&finding, job);
        return;
    }
    ask_read(question, asked);
    /* "What treatment does she get?" */
    if (!is_about_something(asked) && (finding.intents & INTENT_TREATMENT))
        asked->kinds = 1u << FACT_MEDICATION;
    find_spans(&finding, question);
    find_all(&finding, question);
    if (finding.count == 0 && !is_about_something(asked))
        return;
    found_choose(&finding, question);
    finding.end_max = out->size + bytes_max;
    buffer_put_string(out, head);
    found_tell(&finding);
}
