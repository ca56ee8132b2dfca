#include "context_line.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "context_analyte.h"
#include "context_render.h"
#include "context_unit.h"

/* Bytes of an old value within a run, and of a note's first words. */
#define RUN_VALUE_BYTES_MAX 40
#define NOTE_BYTES_MAX 160
/* What a shown fact says for itself; the newest more. */
#define OWN_WORDS_BYTES_MAX 60
#define NEWEST_WORDS_BYTES_MAX 160
/* Words of a run that are told, each once; and what else of it is: its first, low and high. */
#define WORDS_TOLD_MAX 8
#define OTHERS_TOLD_MAX (WORDS_TOLD_MAX + 3)
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

static void put_day(struct buffer *buffer, const struct fhir_date *date)
{
    char text[FHIR_DATE_TEXT_BYTES];

    buffer_put(buffer, slice_of(text, fhir_date_format(date, text)));
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
        put_day(buffer, &fact->end);
    }
}

/* "7.2" of "7.2 %" as a number; of "120/80 mmHg" the first. Digits and a point, as values are
 * rendered: strtod would be most of what a long run takes. */
static bool number_of(const struct fact *fact, double *number)
{
    struct slice text = fact->value;
    size_t at = text.size > 0 && text.data[0] == '-';
    double value = 0, tenth = 1;
    bool is_fraction = false, has_digit = false;

    for (; at < text.size; at++) {
        char c = text.data[at];

        if (c == '.' && !is_fraction) {
            is_fraction = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        has_digit = true;
        value = value * 10 + (c - '0');
        tenth *= is_fraction ? 10 : 1;
    }
    *number = (text.size > 0 && text.data[0] == '-' ? -value : value) / tenth;
    return has_digit;
}

static struct slice short_value(const struct fact *fact)
{
    struct slice value = slice_cut(fact->value, 0, RUN_VALUE_BYTES_MAX);

    return slice_cut(value, 0, utf8_whole_prefix(value));
}

/* The number without its unit. */
static struct slice bare_value(const struct fact *fact)
{
    double number;
    struct slice value = short_value(fact);

    if (!number_of(fact, &number))
        return value;
    return slice_cut(value, 0, slice_find_byte(value, ' '));
}

struct run {
    const struct record *record;
    const struct course *course;
    struct slice unit_text; /* of the newest value; others are told in it, where they can be */
    struct unit unit;
    bool has_unit;
    uint32_t low, high;               /* places in the course; UINT32_MAX: no numbers */
    uint32_t newest;                  /* so many at its end are told */
    uint32_t others[OTHERS_TOLD_MAX]; /* places that are told besides */
    uint32_t others_count;
};

static void tell(struct run *run, uint32_t place)
{
    if (place >= run->course->count - run->newest)
        return;
    for (uint32_t i = 0; i < run->others_count; i++)
        if (run->others[i] == place)
            return;
    run->others[run->others_count++] = place;
}

static const struct fact *fact_at(const struct run *run, uint32_t place, struct fact *room)
{
    return record_fact(run->record, run->course->facts[place], room);
}

static void put_fact_day(struct buffer *buffer, const struct record *record, uint32_t fact)
{
    struct fhir_date date = record_date(record, fact);

    put_day(buffer, &date);
}

static void put_first_day(struct buffer *buffer, const struct run *run)
{
    put_fact_day(buffer, run->record, run->course->facts[0]);
}

/* ---- numbers in one unit ---- */

static struct slice unit_of(const struct fact *fact)
{
    return slice_cut(fact->value, slice_find_byte(fact->value, ' ') + 1, fact->value.size);
}

static void read_unit(struct run *run)
{
    struct measure measures[FACT_MEASURES_MAX];
    struct fact room;
    const struct fact *last =
        record_measured(run->record, run->course->facts[run->course->count - 1], &room, measures);

    run->unit_text = unit_of(last);
    run->has_unit = last->measures_count == 1 && unit_parse(last->measures[0].unit, &run->unit);
}

/* From its own unit. False: there is no way. */
static bool convert(const struct run *run, uint32_t place, double *number)
{
    struct measure measures[FACT_MEASURES_MAX];
    struct fact room;
    const struct fact *fact =
        record_measured(run->record, run->course->facts[place], &room, measures);
    struct unit own;

    return run->has_unit && fact->measures_count == 1 && unit_parse(fact->measures[0].unit, &own)
           && unit_convert(decimal_value(&fact->measures[0].value), &own, &run->unit,
                           analyte_find(fact->codes), number);
}

/* The number of @fact, at @place, in the run's unit. */
static bool number_at(const struct run *run, uint32_t place, const struct fact *fact,
                      double *number, bool *is_converted)
{
    *is_converted = false;
    if (!number_of(fact, number))
        return false;
    if (slice_equal(unit_of(fact), run->unit_text))
        return true;
    *is_converted = true;
    return convert(run, place, number);
}

/* As it was written, without the unit that all have; in another unit converted, or else with it. */
static void put_number_at(struct buffer *buffer, const struct run *run, uint32_t place,
                          const struct fact *fact)
{
    bool is_converted;
    double number;

    if (!number_at(run, place, fact, &number, &is_converted))
        buffer_put(buffer, short_value(fact));
    else if (is_converted)
        buffer_format(buffer, "%.4g", number);
    else
        buffer_put(buffer, bare_value(fact));
}

static void find_extremes(struct run *run)
{
    double low = 0, high = 0, number;
    bool is_converted;
    struct fact room;

    read_unit(run);
    run->low = run->high = UINT32_MAX;
    for (uint32_t i = 0; i < run->course->count; i++) {
        if (!number_at(run, i, fact_at(run, i, &room), &number, &is_converted))
            continue;
        if (run->low == UINT32_MAX || number < low) {
            low = number;
            run->low = i;
        }
        if (run->high == UINT32_MAX || number >= high) {
            high = number;
            run->high = i;
        }
    }
}

static void put_valued(struct buffer *buffer, const char *before, const struct run *run,
                       uint32_t place)
{
    struct fact room;
    const struct fact *fact = fact_at(run, place, &room);

    buffer_put_string(buffer, before);
    put_number_at(buffer, run, place, fact);
    buffer_put_string(buffer, " (");
    put_day(buffer, &fact->date);
    buffer_put_byte(buffer, ')');
}

/* Of words: each other word once, newest first. */
static void put_other_words(struct buffer *buffer, struct run *run, uint32_t shown_max)
{
    struct slice told[WORDS_TOLD_MAX];
    struct fact room;
    uint32_t count = 1;

    told[0] = fact_at(run, run->course->count - 1, &room)->value;
    for (uint32_t i = run->course->count - 1;
         i-- > 0 && count < WORDS_TOLD_MAX && count < shown_max;) {
        const struct fact *fact = fact_at(run, i, &room);
        bool is_told = fact->value.size == 0;

        for (uint32_t j = 0; j < count && !is_told; j++)
            is_told = slice_equal(told[j], fact->value);
        if (is_told)
            continue;
        buffer_put_string(buffer, count == 1 ? "; before " : ", ");
        buffer_put(buffer, short_value(fact));
        tell(run, i);
        told[count++] = fact->value;
    }
}

static void put_numbers(struct buffer *buffer, struct run *run, uint32_t shown_max)
{
    uint32_t last = run->course->count - 1;
    struct fact room;

    run->newest = last < shown_max ? last + 1 : shown_max;
    for (uint32_t i = last; i-- > 0 && last - i < shown_max;) {
        if (shown_max > 6) {
            put_valued(buffer, i + 1 == last ? "; before " : ", ", run, i);
        } else {
            buffer_put_string(buffer, i + 1 == last ? "; before " : " ");
            put_number_at(buffer, run, i, fact_at(run, i, &room));
        }
    }
    if (last < shown_max)
        return;
    put_valued(buffer, "; low ", run, run->low);
    put_valued(buffer, ", high ", run, run->high);
    tell(run, run->low);
    tell(run, run->high);
}

/* "Hemoglobin A1c x143, 1990-01-02 to 2026-11-03: last 7.2 %; before 7.0 6.9; low …, high …" */
static void put_run(struct buffer *buffer, struct run *run, uint32_t shown_max)
{
    static const char *const flags[] = { "", " (low)", " (high)", " (abnormal)" };
    struct fact first_room, last_room;
    const struct fact *first = fact_at(run, 0, &first_room),
                      *last = fact_at(run, run->course->count - 1, &last_room);

    buffer_put(buffer, run->course->label);
    buffer_format(buffer, " x%u, ", run->course->count);
    put_day(buffer, &first->date);
    buffer_put_string(buffer, " to ");
    put_day(buffer, &last->date);
    run->newest = 1;
    if (last->value.size == 0) {
        tell(run, 0);
        return;
    }
    buffer_put_string(buffer, ": last ");
    buffer_put(buffer, last->value);
    buffer_put_string(buffer, flags[last->flag]);
    if (last->detail.size > 0) {
        struct slice words = slice_cut(last->detail, 0, OWN_WORDS_BYTES_MAX);

        buffer_format(buffer, " (%.*s)", (int)utf8_whole_prefix(words), words.data);
    }
    find_extremes(run);
    if (run->low == UINT32_MAX)
        put_other_words(buffer, run, shown_max);
    else
        put_numbers(buffer, run, shown_max);
    tell(run, 0);
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
    const struct fact *last = fact_at(run, course->count - 1, &last_room);
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
        const struct fact *fact = fact_at(run, i, &room);

        buffer_put_byte(buffer, ' ');
        put_day(buffer, &fact->date);
        put_end(buffer, fact);
        put_own_words(buffer, course, fact, i + 1 == course->count, &told);
    }
    if (shown < course->count) {
        buffer_format(buffer, ", and %u since ", course->count - shown);
        put_first_day(buffer, run);
    }
    run->newest = shown;
    tell(run, 0);
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

    if (has_own_noun(fact_at(run, 0, &room)))
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
        put_run(buffer, &run, shown_max);
    } else {
        find_quoted(course, ranking, &quoted);
        if (quoted.count > 0)
            return put_quoted(buffer, &run, &quoted, ranking, arena, line);
        put_events(buffer, &run, course->count < shown_max ? course->count : shown_max);
    }
    return cite(&run, has_rest, arena, line) && !buffer->is_full;
}
