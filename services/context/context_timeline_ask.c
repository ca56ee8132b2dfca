/* Which facts are meant → when they may have been → the answer's verb. */
#include "context_timeline_ask.h"

#include <ctype.h>
#include <math.h>

#include "context_analyte.h"
#include "context_code.h"
#include "context_words.h"

#define DAY_SECONDS 86400
#define YEAR_SECONDS (365.25 * DAY_SECONDS)

struct asking {
    const struct record *record;
    const struct timeline_question *question;
    struct timeline_answer *answer;
    enum code_system system;
    struct arena *arena;
    bool is_full;
    bool by_clock; /* bounds have a time of day: moments count, not days of the calendar */
};

/* ---- when ---- */

/* From @first up to, and without, @end. */
struct span {
    int64_t first, end;
};

/* The day after the last that @date may be. */
static int64_t days_end(const struct fhir_date *date)
{
    struct fhir_date next = *date;

    if (date->precision >= FHIR_PRECISION_DAY)
        return fhir_date_days(date) + 1;
    if (date->precision == FHIR_PRECISION_YEAR)
        next.year++;
    else {
        next.year = (int16_t)(next.year + (next.month == 12));
        next.month = (uint8_t)(next.month % 12 + 1);
    }
    return fhir_date_days(&next);
}

static struct span span_of(const struct fhir_date *date, bool by_clock)
{
    if (by_clock && date->precision == FHIR_PRECISION_TIME)
        return (struct span){ date->seconds, date->seconds + 1 };
    return (struct span){ fhir_date_days(date) * DAY_SECONDS, days_end(date) * DAY_SECONDS };
}

static bool is_given(const struct fhir_date *date)
{
    return date->precision != FHIR_PRECISION_NONE;
}

/* The time that is asked about; open ends are far away. */
static struct span asked_span(const struct asking *asking)
{
    const struct timeline_question *question = asking->question;
    struct span span = { INT64_MIN, INT64_MAX };

    if (is_given(&question->from))
        span.first = span_of(&question->from, asking->by_clock).first;
    if (is_given(&question->to))
        span.end = span_of(&question->to, asking->by_clock).end;
    return span;
}

/* Whether @fact, which is dated, may lie within the time asked about; what happened counts until
 * its end. */
static bool is_within(const struct asking *asking, const struct fact *fact, bool *is_certain)
{
    struct span asked = asked_span(asking), begin = span_of(&fact->date, asking->by_clock),
                end = begin;

    if (is_given(&fact->end) && !fact_lasts(fact))
        end = span_of(&fact->end, asking->by_clock);
    *is_certain = begin.end <= asked.end && end.first >= asked.first;
    return begin.first < asked.end && end.end > asked.first;
}

/* ---- what ---- */

static bool has_code(const struct asking *asking, struct slice codes)
{
    while (codes.size > 0) {
        struct slice code = fact_next_code(&codes);

        if (code.size > 1 && slice_equal(slice_cut(code, 1, code.size), asking->question->code)
            && (asking->question->system.size == 0 || code.data[0] == 'a' + (int)asking->system))
            return true;
    }
    return false;
}

/* Whether @name has @wanted among its words, whatever their case. */
static bool has_word(struct slice name, struct slice wanted)
{
    char lower[WORD_BYTES_MAX], other[WORD_BYTES_MAX];
    struct slice word;

    word_lower(wanted, lower);
    while (words_next(&name, &word)) {
        if (word.size != wanted.size)
            continue;
        word_lower(word, other);
        if (memcmp(lower, other, word.size) == 0)
            return true;
    }
    return false;
}

static bool has_words(struct slice name, struct slice wanted)
{
    struct slice word;

    while (words_next(&wanted, &word))
        if (word.size > WORD_BYTES_MAX || !has_word(name, word))
            return false;
    return name.size > 0;
}

/* Whether what is called @label and has @codes is what is asked for. */
static bool is_named(const struct asking *asking, struct slice label, struct slice codes)
{
    if (asking->question->code.size > 0)
        return has_code(asking, codes);
    return asking->question->words.size == 0 || has_words(label, asking->question->words);
}

/* Whether @fact is meant: as a whole, or by one of its components. */
static bool is_meant(const struct asking *asking, const struct fact *fact,
                     const struct measure **measure)
{
    uint32_t kinds = asking->question->kinds;

    *measure = NULL;
    if (fact->is_void || !fact_happened(fact) || (kinds != 0 && (kinds >> fact->kind & 1) == 0))
        return false;
    if (is_named(asking, fact->label, fact->codes)) {
        if (fact->measures_count > 0 && fact->measures[0].codes.size == 0
            && fact->measures[0].label.size == 0)
            *measure = &fact->measures[0];
        return true;
    }
    for (uint32_t i = 0; i < fact->measures_count; i++)
        if (is_named(asking, fact->measures[i].label, fact->measures[i].codes)) {
            *measure = &fact->measures[i];
            return true;
        }
    return false;
}

/* @fact, of number @index, as it stays. */
static void add(struct asking *asking, uint32_t index, const struct fact *fact,
                const struct measure *measure, bool is_certain)
{
    const struct fact *whole = record_whole(asking->record, index, asking->arena);

    asking->is_full |= whole == NULL;
    if (whole == NULL)
        return;
    asking->answer->items[asking->answer->count++] = (struct timeline_item){
        whole, measure == NULL ? NULL : whole->measures + (measure - fact->measures), NAN,
        is_certain
    };
}

/* What is meant and may lie within the time, in the record's order. */
static void collect(struct asking *asking)
{
    bool needs_date = asking->question->verb != TIMELINE_COUNT || is_given(&asking->question->from)
                      || is_given(&asking->question->to);

    for (uint32_t i = 0; i < asking->record->count; i++) {
        struct measure measures[FACT_MEASURES_MAX];
        struct fact room;
        const struct fact *fact = record_measured(asking->record, i, &room, measures);
        const struct measure *measure;
        bool is_certain = true;

        if (!is_meant(asking, fact, &measure))
            continue;
        if (!is_given(&fact->date) && needs_date)
            asking->answer->undated++;
        else if (!is_given(&fact->date) || is_within(asking, fact, &is_certain))
            add(asking, i, fact, measure, is_certain);
    }
}

/* ---- latest, first ---- */

static bool is_tie(const struct fact *a, const struct fact *b)
{
    return a->date.seconds == b->date.seconds && a->date.precision == b->date.precision;
}

/* Whether @other may have been after (before) @chosen. */
static bool may_be_beyond(const struct fact *chosen, const struct fact *other, bool is_latest)
{
    struct span x = span_of(&chosen->date, true), y = span_of(&other->date, true);

    return is_latest ? y.end > x.first : y.first < x.end;
}

/* Keep those at the end (the beginning) of the order. */
static void keep_outermost(struct timeline_answer *answer, bool is_latest)
{
    uint32_t at = is_latest ? answer->count - 1 : 0, first = at, end = at + 1;
    const struct fact *chosen;
    bool is_certain = true;

    if (answer->count == 0)
        return;
    chosen = answer->items[at].fact;
    while (first > 0 && is_tie(answer->items[first - 1].fact, chosen))
        first--;
    while (end < answer->count && is_tie(answer->items[end].fact, chosen))
        end++;
    for (uint32_t i = 0; i < answer->count; i++)
        is_certain &=
            (i >= first && i < end) || !may_be_beyond(chosen, answer->items[i].fact, is_latest);
    memmove(answer->items, answer->items + first, (end - first) * sizeof(*answer->items));
    answer->count = end - first;
    for (uint32_t i = 0; i < answer->count; i++)
        answer->items[i].is_certain &= is_certain;
}

/* ---- active ---- */

enum maybe { MAYBE_NO, MAYBE_YES, MAYBE_UNSURE };

/* By its status and dates, at some time within what is asked. What ended nobody knows when, and
 * what began nobody knows when, may have lasted then. */
static enum maybe lasts_then(const struct asking *asking, const struct fact *fact)
{
    struct span asked = asked_span(asking), begin = { INT64_MIN, INT64_MAX },
                end = { INT64_MIN, INT64_MAX };

    if (!is_given(&asking->question->from))
        return fact->is_active ? MAYBE_YES : MAYBE_NO;
    if (is_given(&fact->date))
        begin = span_of(&fact->date, asking->by_clock);
    if (is_given(&fact->end))
        end = span_of(&fact->end, asking->by_clock);
    else if (fact->is_active)
        end.first = INT64_MAX;
    if (begin.first >= asked.end || end.end <= asked.first)
        return MAYBE_NO;
    return begin.end <= asked.end && end.first >= asked.first ? MAYBE_YES : MAYBE_UNSURE;
}

static void find_active(struct asking *asking)
{
    for (uint32_t i = 0; i < asking->record->count; i++) {
        struct measure measures[FACT_MEASURES_MAX];
        struct fact room;
        const struct fact *fact = record_measured(asking->record, i, &room, measures);
        const struct measure *measure;
        enum maybe lasts;

        if (!fact_lasts(fact) || fact->kind == FACT_DEMOGRAPHICS
            || !is_meant(asking, fact, &measure))
            continue;
        lasts = lasts_then(asking, fact);
        if (lasts != MAYBE_NO)
            add(asking, i, fact, NULL, lasts == MAYBE_YES);
    }
}

/* ---- numbers ---- */

static double number_in(const struct timeline_item *item, struct slice unit)
{
    const struct measure *measure = item->measure;
    struct unit from, to;
    double value = decimal_value(&measure->value), converted;
    struct slice codes = measure->codes.size > 0 ? measure->codes : item->fact->codes;

    if (slice_equal(measure->unit, unit))
        return value;
    if (!unit_parse(measure->unit, &from) || !unit_parse(unit, &to)
        || !unit_convert(value, &from, &to, analyte_find(codes), &converted))
        return NAN;
    return converted;
}

/* Every number in one unit: the one that was asked for, or the newest's. */
static void find_numbers(struct asking *asking)
{
    struct timeline_answer *answer = asking->answer;

    answer->unit = asking->question->unit;
    for (uint32_t i = answer->count; i-- > 0 && asking->question->unit.size == 0;)
        if (answer->items[i].measure != NULL) {
            answer->unit = answer->items[i].measure->unit;
            break;
        }
    for (uint32_t i = 0; i < answer->count; i++) {
        struct timeline_item *item = &answer->items[i];

        if (item->measure == NULL)
            continue;
        item->number = number_in(item, answer->unit);
        answer->other_units += isnan(item->number);
    }
}

/* ---- trend ---- */

struct line {
    double n, t, y, tt, ty, yy; /* sums */
    double origin, first, last;
};

/* Years since the first point; a vague date stands in its middle. */
static double years_of(const struct fact *fact, double origin)
{
    struct span span = span_of(&fact->date, true);
    double at = fact->date.precision == FHIR_PRECISION_TIME
                    ? (double)span.first
                    : ((double)span.first + (double)span.end) / 2;

    return at / YEAR_SECONDS - origin;
}

static struct line sum_up(struct timeline_answer *answer)
{
    struct timeline_trend *trend = &answer->trend;
    struct line line = { 0 };

    for (uint32_t i = 0; i < answer->count; i++) {
        double y = answer->items[i].number, t;

        if (isnan(y))
            continue;
        if (trend->points == 0) {
            line.origin = years_of(answer->items[i].fact, 0);
            trend->low = trend->high = i;
        }
        t = years_of(answer->items[i].fact, line.origin);
        line.first = trend->points == 0 || t < line.first ? t : line.first;
        line.last = trend->points == 0 || t > line.last ? t : line.last;
        trend->points++;
        line.n++;
        line.t += t;
        line.y += y;
        line.tt += t * t;
        line.ty += t * y;
        line.yy += y * y;
        if (y < answer->items[trend->low].number)
            trend->low = i;
        if (y > answer->items[trend->high].number)
            trend->high = i;
        trend->last = y;
    }
    if (trend->points > 0) {
        trend->least = answer->items[trend->low].number;
        trend->most = answer->items[trend->high].number;
    }
    return line;
}

/* The line says something when it rises by more than half of what values scatter around it, and by
 * more than a fiftieth of what they are. */
static void find_trend(struct timeline_answer *answer)
{
    struct timeline_trend *trend = &answer->trend;
    struct line line = sum_up(answer);
    double spread = line.n * line.tt - line.t * line.t, rest, scatter;

    trend->direction = trend->points == 0 ? "none" : "single";
    if (trend->points < 2 || line.last - line.first < 1e-9 || spread <= 0)
        return;
    trend->slope_a_year = (line.n * line.ty - line.t * line.y) / spread;
    trend->change = trend->slope_a_year * (line.last - line.first);
    rest = (line.yy - line.y * line.y / line.n)
           - trend->slope_a_year * (line.ty - line.t * line.y / line.n);
    scatter = rest > 0 ? sqrt(rest / line.n) : 0;
    if (fabs(trend->change) <= scatter / 2 || fabs(trend->change) <= 0.02 * fabs(line.y / line.n))
        trend->direction = "steady";
    else
        trend->direction = trend->change > 0 ? "rising" : "falling";
}

static void keep_numbers(struct timeline_answer *answer)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < answer->count; i++)
        if (answer->items[i].measure != NULL && !isnan(answer->items[i].number))
            answer->items[count++] = answer->items[i];
    answer->count = count;
}

/* ---- all ---- */

static void answer_verb(struct asking *asking)
{
    struct timeline_answer *answer = asking->answer;

    switch (asking->question->verb) {
    case TIMELINE_ACTIVE:
        find_active(asking);
        return;
    case TIMELINE_LATEST:
    case TIMELINE_FIRST:
        collect(asking);
        keep_outermost(answer, asking->question->verb == TIMELINE_LATEST);
        find_numbers(asking);
        return;
    case TIMELINE_TREND:
        collect(asking);
        find_numbers(asking);
        keep_numbers(answer);
        find_trend(answer);
        return;
    case TIMELINE_COUNT:
    case TIMELINE_BETWEEN:
        collect(asking);
        find_numbers(asking);
        return;
    }
}

enum status timeline_ask(const struct record *record, const struct timeline_question *question,
                         struct arena *arena, struct timeline_answer *answer, struct error *err)
{
    struct asking asking = {
        .record = record, .question = question, .answer = answer, .arena = arena
    };

    *answer = (struct timeline_answer){ 0 };
    asking.system = code_system_of(question->system);
    asking.by_clock = question->from.precision == FHIR_PRECISION_TIME
                      || question->to.precision == FHIR_PRECISION_TIME;
    answer->items = arena_alloc(arena, (record->live + 1) * sizeof(*answer->items));
    if (answer->items == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu facts", record->live);
    answer_verb(&asking);
    if (asking.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for an answer of %u facts",
                         answer->count);
    for (uint32_t i = 0; i < answer->count; i++)
        answer->certain += answer->items[i].is_certain;
    return STATUS_OK;
}
