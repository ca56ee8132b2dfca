#include "context_line.h"

#include "base/utf8.h"
#include "context_render.h"
#include "context_run.h"

/* Bytes of a note's first words. */
#define NOTE_BYTES_MAX 160
/* What a shown fact says for itself; the newest more. */
#define OWN_WORDS_BYTES_MAX 60
#define NEWEST_WORDS_BYTES_MAX 160
/* Notes of one line that are quoted; and how much of the best one's worth the others must have. */
#define NOTES_QUOTED_MAX 4
#define NOTES_QUOTED_SHARE 0.5f

const char *line_heading(enum fact_kind kind)
{
    static const char *const headings[FACT_KINDS] = {
        [FACT_DEMOGRAPHICS] = "Patient",     [FACT_CONDITION] = "Conditions",
        [FACT_MEDICATION] = "Medications",   [FACT_ALLERGY] = "Allergies",
        [FACT_OBSERVATION] = "Observations", [FACT_PROCEDURE] = "Procedures",
        [FACT_IMMUNIZATION] = "Vaccines",    [FACT_ENCOUNTER] = "Encounters",
        [FACT_REPORT] = "Reports",           [FACT_NOTE] = "Notes",
        [FACT_CARE_PLAN] = "Care plans",     [FACT_DEVICE] = "Devices",
        [FACT_IMAGING] = "Imaging",          [FACT_OTHER] = "Other",
    };

    return headings[kind] == NULL ? "Other" : headings[kind];
}

/* The noun is in the heading, but for kinds that hold several. */
static bool has_own_noun(const struct fact *fact)
{
    return fact->kind == FACT_DEMOGRAPHICS || fact->kind == FACT_OTHER
           || (fact->kind == FACT_CARE_PLAN && slice_is(fact->noun, "goal"));
}

/* Without "NOUN: ", which begins the line or follows its date. */
static void drop_noun(struct buffer *buffer, size_t start, const struct fact *fact)
{
    size_t size = fact->noun.size + 2, left = buffer->size - start;
    char *at = fact->noun.size == 0
                   ? NULL
                   : memmem(buffer->data + start, left, fact->noun.data, fact->noun.size);

    if (at == NULL || at + size > buffer->data + buffer->size)
        return;
    memmove(at, at + size, (size_t)(buffer->data + buffer->size - at) - size);
    buffer->size -= size;
}

/* The first words of a note. */
static void put_beginning(struct buffer *buffer, struct slice text)
{
    text = slice_cut(text, 0, NOTE_BYTES_MAX);
    text = slice_cut(text, 0, utf8_whole_prefix(text));
    buffer_put_string(buffer, ": ");
    for (size_t i = 0; i < text.size; i++)
        buffer_put_byte(buffer, (unsigned char)text.data[i] < 0x20 ? ' '
                                : text.data[i] == '['              ? '('
                                : text.data[i] == ']'              ? ')'
                                                                   : text.data[i]);
}

static float note_score(const struct ranking *ranking, uint32_t fact)
{
    return ranking->note_scores == NULL ? 0 : ranking->note_scores[fact];
}

/* The sentences of a note that have to do with the question, else its beginning. */
static void put_text(struct buffer *buffer, const struct record *record, uint32_t fact,
                     const struct ranking *ranking)
{
    struct fact room;
    struct slice text = record_fact(record, fact, &room)->text;

    if (text.size > 0 && note_score(ranking, fact) > 0)
        render_excerpt(text, note_weigh, &ranking->note_words, buffer);
    else if (text.size > 0)
        put_beginning(buffer, text);
}

/* One fact: as render_line tells it. */
static void put_single(struct buffer *buffer, const struct record *record, uint32_t index,
                       const struct ranking *ranking)
{
    struct fact room;
    const struct fact *fact = record_fact(record, index, &room);
    size_t start = buffer->size;

    render_line(fact, buffer);
    if (!has_own_noun(fact) && !buffer->is_full)
        drop_noun(buffer, start, fact);
    put_text(buffer, record, index, ranking);
}

static void put_end(struct buffer *buffer, const struct fact *fact)
{
    if (fact->end.precision >= FHIR_PRECISION_DAY
        && (fact->end.year != fact->date.year || fact->end.month != fact->date.month
            || fact->end.day != fact->date.day)) {
        buffer_put_string(buffer, " to ");
        render_day(&fact->end, buffer);
    }
}

static void put_fact_day(struct buffer *buffer, const struct record *record, uint32_t fact)
{
    struct fhir_date date = record_date(record, fact);

    render_day(&date, buffer);
}

static void put_first_day(struct buffer *buffer, const struct run *run)
{
    put_fact_day(buffer, run->record, run->course->facts[0]);
}

/* What a shown fact says beyond its course: its dose, its reason, its results. */
static struct slice own_words(const struct fact *fact)
{
    return fact->value.size > 0 && fact->kind != FACT_ENCOUNTER ? fact->value : fact->detail;
}

/* What was said last, so that what stays the same is said once. */
struct told {
    struct slice label, status, words;
};

static void put_bounded(struct buffer *buffer, struct slice words, size_t bytes_max)
{
    words = slice_cut(words, 0, bytes_max);
    buffer_put(buffer, slice_cut(words, 0, utf8_whole_prefix(words)));
}

/* " (Advil 200 mg tablet: 1 tablet daily)": of a drug under several names the name too. */
static void put_own_words(struct buffer *buffer, const struct course *course,
                          const struct fact *fact, bool is_newest, struct told *told)
{
    struct slice words = own_words(fact);
    bool has_name =
             !slice_equal(fact->label, course->label) && !slice_equal(fact->label, told->label),
         has_words = words.size > 0 && (has_name || !slice_equal(words, told->words)),
         has_status = fact_lasts(fact) && !slice_equal(fact->status, told->status),
         has_detail = is_newest && fact->detail.size > 0 && !slice_equal(words, fact->detail);

    if (!has_name && !has_status && !has_words && !has_detail)
        return;
    buffer_put_string(buffer, " (");
    if (has_name)
        put_bounded(buffer, fact->label, OWN_WORDS_BYTES_MAX);
    if (has_status) {
        buffer_put_string(buffer, has_name ? ", " : "");
        put_bounded(buffer, fact->status, OWN_WORDS_BYTES_MAX);
    }
    if (has_words) {
        buffer_put_string(buffer, !has_name && !has_status         ? ""
                                  : words.data == fact->value.data ? ": "
                                                                   : ", ");
        put_bounded(buffer, words, is_newest ? NEWEST_WORDS_BYTES_MAX : OWN_WORDS_BYTES_MAX);
    }
    if (has_detail) {
        buffer_put_string(buffer, has_name || has_status || has_words ? ", " : "");
        put_bounded(buffer, fact->detail, NEWEST_WORDS_BYTES_MAX);
    }
    buffer_put_byte(buffer, ')');
    told->label = fact->label;
    told->status = fact->status;
    told->words = words;
}

/* "Check up (outpatient) x442: 2026-12-30 2026-12-12, and 440 since 1951-04-02" */
static void put_events(struct buffer *buffer, struct run *run, uint32_t shown)
{
    const struct course *course = run->course;
    struct fact room, last_room;
    const struct fact *last = run_fact(run, course->count - 1, &last_room);
    struct told told = { { NULL, 0 }, last->status, { NULL, 0 } };

    if (has_own_noun(last)) {
        buffer_put(buffer, course->noun);
        buffer_put_string(buffer, ": ");
    }
    buffer_put(buffer, course->label);
    if (last->kind == FACT_ENCOUNTER && last->value.size > 0)
        buffer_format(buffer, " (%.*s)", SLICE_FORMAT(last->value));
    buffer_format(buffer, " x%u", course->count);
    if (fact_lasts(last) && last->status.size > 0)
        buffer_format(buffer, ", %.*s", SLICE_FORMAT(last->status));
    buffer_put_byte(buffer, ':');
    for (uint32_t i = course->count; i-- > course->count - shown;) {
        const struct fact *fact = run_fact(run, i, &room);

        buffer_put_byte(buffer, ' ');
        render_day(&fact->date, buffer);
        put_end(buffer, fact);
        put_own_words(buffer, course, fact, i + 1 == course->count, &told);
    }
    if (shown < course->count) {
        buffer_format(buffer, ", and %u since ", course->count - shown);
        put_first_day(buffer, run);
    }
    run->newest = shown;
    run_tell(run, 0);
}

/* ---- notes ---- */

/* The notes of a course that are quoted: those worth most, newest first. */
struct quoted {
    uint32_t facts[NOTES_QUOTED_MAX];
    uint32_t count;
};

static void quote(struct quoted *quoted, const struct ranking *ranking, uint32_t fact)
{
    uint32_t worst = 0;

    if (quoted->count < NOTES_QUOTED_MAX) {
        quoted->facts[quoted->count++] = fact;
        return;
    }
    for (uint32_t i = 1; i < quoted->count; i++)
        if (note_score(ranking, quoted->facts[i]) < note_score(ranking, quoted->facts[worst]))
            worst = i;
    if (note_score(ranking, fact) <= note_score(ranking, quoted->facts[worst]))
        return;
    memmove(quoted->facts + worst, quoted->facts + worst + 1,
            (quoted->count - worst - 1) * sizeof(quoted->facts[0]));
    quoted->facts[quoted->count - 1] = fact;
}

static void find_quoted(const struct course *course, const struct ranking *ranking,
                        struct quoted *quoted)
{
    float best = 0;

    quoted->count = 0;
    for (uint32_t i = 0; i < course->count; i++) {
        float score = note_score(ranking, course->facts[i]);

        best = score > best ? score : best;
    }
    for (uint32_t i = course->count; i-- > 0 && best > 0;)
        if (note_score(ranking, course->facts[i]) >= NOTES_QUOTED_SHARE * best)
            quote(quoted, ranking, course->facts[i]);
}

/* "Visit note x42, since 2011-01-03: 2019-03-04: "Smokes ten cigarettes a day."; 2018-…" */
static bool put_quoted(struct buffer *buffer, const struct run *run, const struct quoted *quoted,
                       const struct ranking *ranking, struct arena *arena, struct line *line)
{
    const struct course *course = run->course;
    struct fact room;

    if (has_own_noun(run_fact(run, 0, &room)))
        buffer_format(buffer, "%.*s: ", SLICE_FORMAT(course->noun));
    buffer_format(buffer, "%.*s x%u, since ", SLICE_FORMAT(course->label), course->count);
    put_first_day(buffer, run);
    line->facts = arena_alloc(arena, (quoted->count + 1) * sizeof(*line->facts));
    line->count = 0;
    if (line->facts == NULL)
        return false;
    for (uint32_t i = 0; i < quoted->count; i++) {
        buffer_put_string(buffer, i == 0 ? ": " : "; ");
        put_fact_day(buffer, run->record, quoted->facts[i]);
        put_text(buffer, run->record, quoted->facts[i], ranking);
        line->facts[line->count++] = quoted->facts[i];
    }
    if (quoted->facts[quoted->count - 1] != course->facts[0])
        line->facts[line->count++] = course->facts[0];
    line->told = line->count;
    return !buffer->is_full;
}

/* ---- what a line rests on ---- */

/* What is told of a course, newest first, then the rest of it where @has_rest: the line of a
 * measurement sums all of it up. */
static bool cite(const struct run *run, bool has_rest, struct arena *arena, struct line *line)
{
    const struct course *course = run->course;
    uint32_t told = run->newest + run->others_count;

    line->facts = arena_alloc(arena, (has_rest ? course->count : told) * sizeof(*line->facts));
    line->count = 0;
    if (line->facts == NULL)
        return false;
    for (uint32_t i = course->count; i-- > course->count - run->newest;)
        line->facts[line->count++] = course->facts[i];
    for (uint32_t i = 0; i < run->others_count; i++)
        line->facts[line->count++] = course->facts[run->others[i]];
    line->told = line->count;
    for (uint32_t i = course->count - run->newest; has_rest && i-- > 0;) {
        bool is_told = false;

        for (uint32_t j = 0; j < run->others_count; j++)
            is_told |= run->others[j] == i;
        if (!is_told)
            line->facts[line->count++] = course->facts[i];
    }
    return true;
}

bool line_of_course(const struct record *record, const struct course *course,
                    const struct ranking *ranking, uint32_t shown_max, struct buffer *buffer,
                    struct arena *arena, struct line *line)
{
    struct run run = { .record = record, .course = course, .newest = 1 };
    bool has_rest = course->count > 1 && course->kind == FACT_OBSERVATION;
    struct quoted quoted;

    if (course->count == 1) {
        put_single(buffer, record, course->facts[0], ranking);
    } else if (has_rest) {
        run_put(&run, shown_max, buffer);
    } else {
        find_quoted(course, ranking, &quoted);
        if (quoted.count > 0)
            return put_quoted(buffer, &run, &quoted, ranking, arena, line);
        put_events(buffer, &run, course->count < shown_max ? course->count : shown_max);
    }
    return cite(&run, has_rest, arena, line) && !buffer->is_full;
}
