/* courses that bear → what each has to say → sorted, told while there is room.
 *
 * What lasts and does so now comes first, in the order of the prompt; then what happened, the
 * newest first; then, behind "Past:", what is over. Visits, reports and notes, which seldom are
 * what is asked for but often name it, come behind what they name. */
#include "context_found.h"

#include <stdlib.h>

#include "base/limits.h"
#include "context_ask.h"
#include "context_render.h"
#include "context_words.h"

#define FOUND_MAX 256
/* Of a course where the question asks for all of it. */
#define FOUND_OF_COURSE_MAX 24

static const char head[] = "Found:\n";
static const char past_head[] = "Past:\n";
static const char nothing[] = "nothing\n";

enum group {
    GROUP_NOW,   /* lasts, and does so now */
    GROUP_EVENT, /* happened */
    GROUP_FRAME, /* a visit, a report, a note */
    GROUP_PAST,  /* lasted */
};

struct found {
    enum group group;
    uint32_t course;
    uint32_t fact; /* the one to sort by: the newest that is told */
};

struct finding {
    const struct prompt *prompt;
    const struct courses *courses;
    const uint32_t *ids;       /* of the line that tells each fact of the record, 0: none */
    const struct fact **facts; /* those that were looked at; NULL: not yet */
    struct period period;
    unsigned times; /* enum words_time */
    struct found *items;
    size_t count;
    struct arena *arena;
    struct buffer *out;
    size_t end_max; /* of out */
};

/* Fact @index of the record; where there is no room for it an empty one, and the arena says so. */
static const struct fact *fact_of(const struct finding *finding, uint32_t index)
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

static enum group group_of(const struct fact *fact)
{
    if (fact_lasts(fact))
        return fact->is_active || fact->kind == FACT_DEMOGRAPHICS ? GROUP_NOW : GROUP_PAST;
    return fact->kind == FACT_ENCOUNTER || fact->kind == FACT_REPORT || fact->kind == FACT_NOTE
               ? GROUP_FRAME
               : GROUP_EVENT;
}

/* The course as the question's time leaves it. */
static struct course asked_course(const struct finding *finding, uint32_t index)
{
    const struct course *course = &finding->courses->items[index];

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
static void find_in_course(struct finding *finding, uint32_t index)
{
    struct course course = asked_course(finding, index);

    for (uint32_t i = course.count; i-- > 0 && finding->count < FOUND_MAX;) {
        uint32_t fact = course.facts[i];

        if (finding->ids[fact] == 0)
            continue;
        finding->items[finding->count++] =
            (struct found){ group_of(fact_of(finding, fact)), index, fact };
        if (!fact_lasts(fact_of(finding, fact)))
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
    if (x->group == GROUP_NOW)
        return x_id < y_id ? -1 : x_id > y_id;
    return fact_compare(fact_of(f, y->fact), fact_of(f, x->fact));
}

/* ---- sentences ---- */

static void put_date(struct buffer *out, const char *before, const struct fhir_date *date)
{
    char text[FHIR_DATE_TEXT_BYTES];
    size_t size = fhir_date_format(date, text);

    if (size == 0)
        return;
    buffer_put_string(out, before);
    buffer_put(out, slice_of(text, size));
}

static void put_ids(struct finding *finding, uint32_t before, uint32_t fact)
{
    uint32_t id = finding->ids[fact], id_before = before == UINT32_MAX ? 0 : finding->ids[before];

    buffer_put_byte(finding->out, ' ');
    if (id_before != 0 && id_before != id)
        buffer_format(finding->out, "[%u]", id_before);
    buffer_format(finding->out, "[%u]\n", id);
}

/* The record's own line without its noun and its date in front. */
static struct slice words_of(const struct finding *finding, const struct fact *fact)
{
    struct slice line = render_in(fact, finding->arena);

    return slice_trim(slice_cut(line, slice_find_byte(line, ':') + 1, line.size));
}

static const struct measure *number_of(const struct fact *fact)
{
    const struct measure *measure = fact->measures_count > 0 ? &fact->measures[0] : NULL;

    return measure != NULL && measure->value.is_given && measure->bound == MEASURE_EXACT ? measure
                                                                                         : NULL;
}

/* A flag follows from one number; of a pressure's two the record's own word is told, if any. */
static void put_flag(struct buffer *out, const struct fact *fact)
{
    static const char *const flags[] = { "", ", low", ", high", ", abnormal" };
    bool has_range = fact->measures_count == 1
                     && (fact->measures[0].low.is_given || fact->measures[0].high.is_given);

    if (fact->flag != FACT_FLAG_NONE)
        buffer_put_string(out, flags[fact->flag]);
    else if (has_range)
        buffer_put_string(out, ", in range");
}

/* "Hemoglobin A1c was 7.2 % on 2026-11-03, high". */
static void put_measured(struct finding *finding, const struct fact *fact)
{
    buffer_put(finding->out, fact->label);
    buffer_put_string(finding->out, " was ");
    buffer_put(finding->out, fact->value);
    put_date(finding->out, " on ", &fact->date);
    put_flag(finding->out, fact);
    if (!fact_happened(fact)) {
        buffer_put_string(finding->out, ", ");
        buffer_put(finding->out, fact->status);
    }
}

/* "Colonoscopy on 2022-03-04, for Anemia". */
static void put_event(struct finding *finding, const struct fact *fact)
{
    struct slice rest = words_of(finding, fact);

    buffer_put(finding->out, fact->label);
    put_date(finding->out, " on ", &fact->date);
    if (slice_starts_with(rest, fact->label))
        buffer_put(finding->out, slice_cut(rest, fact->label.size, rest.size));
}

static void put_fact(struct finding *finding, uint32_t index)
{
    const struct fact *fact = fact_of(finding, index);

    if (fact_lasts(fact)) {
        if (fact->kind == FACT_ALLERGY)
            buffer_put_string(finding->out, "Allergy to ");
        buffer_put(finding->out, words_of(finding, fact));
    } else if (fact->kind == FACT_OBSERVATION && fact->value.size > 0)
        put_measured(finding, fact);
    else
        put_event(finding, fact);
    put_ids(finding, UINT32_MAX, index);
}

/* "Hemoglobin A1c rose from 7.0 % on 2025-11-02 to 7.2 % on 2026-11-03". */
static void put_change(struct finding *finding, uint32_t before, uint32_t after)
{
    const struct fact *from = fact_of(finding, before), *to = fact_of(finding, after);
    double a = decimal_value(&number_of(from)->value), b = decimal_value(&number_of(to)->value);

    buffer_put(finding->out, to->label);
    buffer_put_string(finding->out, b > a   ? " rose from "
                                    : b < a ? " fell from "
                                            : " was unchanged from ");
    buffer_put(finding->out, from->value);
    put_date(finding->out, " on ", &from->date);
    buffer_put_string(finding->out, " to ");
    buffer_put(finding->out, to->value);
    put_date(finding->out, " on ", &to->date);
    put_ids(finding, before, after);
}

static bool are_comparable(const struct finding *finding, uint32_t before, uint32_t after)
{
    const struct fact *from = fact_of(finding, before), *to = fact_of(finding, after);
    const struct measure *a = number_of(from), *b = number_of(to);

    return a != NULL && b != NULL && slice_equal(a->unit, b->unit) && finding->ids[before] != 0
           && fhir_date_compare(&from->date, &to->date) < 0;
}

/* ---- lines, while there is room ---- */

/* Whether the line that begins at @start may stay. */
static bool keep(struct finding *finding, size_t start)
{
    if (finding->out->size <= finding->end_max)
        return true;
    finding->out->size = start;
    return false;
}

static bool tell_fact(struct finding *finding, uint32_t fact)
{
    size_t start = finding->out->size;

    put_fact(finding, fact);
    return keep(finding, start);
}

static void tell_change(struct finding *finding, uint32_t before, uint32_t after)
{
    size_t start = finding->out->size;

    put_change(finding, before, after);
    keep(finding, start);
}

/* The other facts of the course that the question asks for: the first, or all of them. */
static void tell_others(struct finding *finding, const struct course *course, uint32_t newest)
{
    bool wants_all = finding->times & WORDS_TIME_TREND,
         wants_first = finding->times & WORDS_TIME_EARLIEST;
    uint32_t told = 0;

    for (uint32_t i = wants_all ? course->count : course->count > 0 && wants_first;
         i-- > 0 && told < FOUND_OF_COURSE_MAX;) {
        if (course->facts[i] == newest || finding->ids[course->facts[i]] == 0)
            continue;
        told++;
        if (!tell_fact(finding, course->facts[i]))
            return;
    }
}

static bool tell_course(struct finding *finding, const struct found *found)
{
    struct course course = asked_course(finding, found->course);
    uint32_t at = course.count;

    while (at > 0 && course.facts[at - 1] != found->fact)
        at--;
    if (finding->times & WORDS_TIME_EARLIEST)
        tell_others(finding, &course, found->fact);
    if (!tell_fact(finding, found->fact))
        return false;
    if (at > 1 && are_comparable(finding, course.facts[at - 2], found->fact))
        tell_change(finding, course.facts[at - 2], found->fact);
    else if ((finding->times & WORDS_TIME_TREND) && !(finding->times & WORDS_TIME_EARLIEST))
        tell_others(finding, &course, found->fact);
    return true;
}

static void tell(struct finding *finding)
{
    bool in_past = false;

    for (size_t i = 0; i < finding->count; i++) {
        const struct found *found = &finding->items[i];
        bool lasts = found->group == GROUP_NOW || found->group == GROUP_PAST;

        if (found->group == GROUP_PAST && !in_past) {
            size_t start = finding->out->size;

            in_past = true;
            buffer_put_string(finding->out, past_head);
            if (!keep(finding, start))
                return;
        }
        if (lasts ? !tell_fact(finding, found->fact) : !tell_course(finding, found)) {
            buffer_format(finding->out, "and %zu more\n", finding->count - i);
            return;
        }
    }
}

/* Whether the question was understood as one about something. */
static bool is_about_something(const struct ask_question *asked)
{
    return asked->has_things || asked->has_treated || asked->kinds != 0 || asked->words_count > 0
           || asked->is_family;
}

void context_found(const struct prompt *prompt, const struct courses *courses,
                   struct slice question, size_t bytes_max, struct arena *arena, struct buffer *out)
{
    struct finding finding = { .prompt = prompt,
                               .courses = courses,
                               .ids = find_ids(prompt, arena),
                               .facts = ARENA_ARRAY(arena, const struct fact *,
                                                    prompt->record->count + 1),
                               .period = period_find(question, courses->end),
                               .times = words_times(question),
                               .items = ARENA_ARRAY(arena, struct found, FOUND_MAX),
                               .arena = arena,
                               .out = out };
    struct ask_question *asked = ARENA_NEW(arena, struct ask_question);

    if (finding.ids == NULL || finding.facts == NULL || finding.items == NULL || asked == NULL
        || bytes_max < sizeof(head) + sizeof(nothing))
        return;
    ask_read(question, asked);
    if (!is_about_something(asked))
        return;
    for (uint32_t i = 0; i < courses->count; i++)
        if (ask_bears(asked, prompt->record, &courses->items[i], &finding.period)
            || is_given_for(asked, &courses->items[i]))
            find_in_course(&finding, i);
    qsort_r(finding.items, finding.count, sizeof(*finding.items), compare_found, &finding);
    finding.end_max = out->size + bytes_max;
    buffer_put_string(out, head);
    if (finding.count == 0)
        buffer_put_string(out, nothing);
    tell(&finding);
}
