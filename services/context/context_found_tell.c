/* What was found, as sentences. */
#include "context_found_parts.h"

#include "context_intent.h"
#include "context_judge.h"
#include "context_render.h"
#include "context_words.h"

/* Of a course where the question asks for all of it. */
#define FOUND_OF_COURSE_MAX 24

/* Of what does not answer. */
#define FOUND_MORE_MAX 8

static const char more_head[] = "More:\n";
static const char nothing[] = "nothing\n";

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
    buffer_format(finding->out, "[%u].\n", id);
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

/* "Hemoglobin A1c was 7.2 % on 2026-11-03, high, not below the target of 7 %". */
static void put_measured(struct finding *finding, const struct course *course,
                         const struct fact *fact)
{
    buffer_put(finding->out, fact->label);
    buffer_put_string(finding->out, " was ");
    buffer_put(finding->out, fact->value);
    put_date(finding->out, " on ", &fact->date);
    put_flag(finding->out, fact);
    judge_put(course, fact, finding->out);
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

/* "Allergy to Penicillin"; some records say so in the name: "Shellfish allergy". */
void found_put_allergy(struct finding *finding, const struct fact *fact)
{
    struct slice label = fact->label, word;

    while (words_next(&label, &word))
        if (slice_equal_fold(word, SLICE("allergy")))
            return;
    buffer_put_string(finding->out, "Allergy to ");
}

static void put_fact(struct finding *finding, const struct course *course, uint32_t index)
{
    const struct fact *fact = found_fact(finding, index);

    if (fact_lasts(fact)) {
        if (fact->kind == FACT_ALLERGY)
            found_put_allergy(finding, fact);
        buffer_put(finding->out, words_of(finding, fact));
    } else if (fact->kind == FACT_OBSERVATION && fact->value.size > 0)
        put_measured(finding, course, fact);
    else
        put_event(finding, fact);
    put_ids(finding, UINT32_MAX, index);
}

void found_put_fact(struct finding *finding, uint32_t index)
{
    const struct course none = { 0 };

    put_fact(finding, &none, index);
}

/* "Hemoglobin A1c rose from 7.0 % on 2025-11-02 to 7.2 % on 2026-11-03". */
static void put_change(struct finding *finding, uint32_t before, uint32_t after)
{
    const struct fact *from = found_fact(finding, before), *to = found_fact(finding, after);
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
    const struct fact *from = found_fact(finding, before), *to = found_fact(finding, after);
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

static bool tell_fact(struct finding *finding, const struct course *course, uint32_t fact)
{
    size_t start = finding->out->size;

    put_fact(finding, course, fact);
    return keep(finding, start);
}

static bool tell_change(struct finding *finding, uint32_t before, uint32_t after)
{
    size_t start = finding->out->size;

    put_change(finding, before, after);
    return keep(finding, start);
}

/* Every fact of the course but @newest. */
static bool tell_others(struct finding *finding, const struct course *course, uint32_t newest)
{
    uint32_t told = 0;

    for (uint32_t i = course->count; i-- > 0 && told < FOUND_OF_COURSE_MAX;) {
        if (course->facts[i] == newest || finding->ids[course->facts[i]] == 0)
            continue;
        told++;
        if (!tell_fact(finding, course, course->facts[i]))
            return false;
    }
    return true;
}

/* The measurement that @found's is compared with; UINT32_MAX: none. */
static uint32_t before_of(const struct finding *finding, const struct course *course,
                          const struct found *found)
{
    uint32_t at = course->count;

    while (at > 0 && course->facts[at - 1] != found->fact)
        at--;
    return at > 1 && are_comparable(finding, course->facts[at - 2], found->fact)
               ? course->facts[at - 2]
               : UINT32_MAX;
}

/* Of what happened again and again: how it changed, the first, all of it, or the newest. */
static bool tell_course(struct finding *finding, const struct found *found)
{
    struct course course = found_course(finding, found);
    uint32_t before = before_of(finding, &course, found);

    if ((finding->intents & INTENT_CHANGE) && before != UINT32_MAX)
        return tell_change(finding, before, found->fact);
    if ((finding->times & WORDS_TIME_EARLIEST) && course.count > 0)
        return finding->ids[course.facts[0]] == 0 || tell_fact(finding, &course, course.facts[0]);
    if (!tell_fact(finding, &course, found->fact))
        return false;
    return !(finding->times & WORDS_TIME_TREND) || tell_others(finding, &course, found->fact);
}

static bool tell_answer(struct finding *finding, const struct found *found)
{
    if (found->group == FOUND_NOW || found->group == FOUND_PAST)
        return tell_fact(finding, &finding->courses->items[found->course], found->fact);
    return tell_course(finding, found);
}

static void tell_answers(struct finding *finding)
{
    size_t start = finding->out->size, left = 0;

    for (size_t i = 0; i < finding->count; i++)
        left += finding->items[i].answers;
    for (size_t i = 0; i < finding->count; i++) {
        if (!finding->items[i].answers)
            continue;
        if (!tell_answer(finding, &finding->items[i])) {
            buffer_format(finding->out, "and %zu more\n", left);
            return;
        }
        left--;
    }
    if (finding->out->size == start)
        buffer_put_string(finding->out, nothing);
}

/* Of an answer that told how something changed, or was first, its newest value. */
static bool is_told(const struct finding *finding, const struct found *found)
{
    struct course course;

    if (!found->answers)
        return false;
    if (found->group != FOUND_EVENT)
        return true;
    course = found_course(finding, found);
    if (finding->intents & INTENT_CHANGE)
        return before_of(finding, &course, found) == UINT32_MAX;
    return !(finding->times & WORDS_TIME_EARLIEST) || course.count < 2;
}

static void tell_more(struct finding *finding)
{
    size_t start = finding->out->size;
    uint32_t told = 0, left = 0;

    buffer_put_string(finding->out, more_head);
    for (size_t i = 0; i < finding->count; i++) {
        const struct found *found = &finding->items[i];

        if (is_told(finding, found))
            continue;
        if (told < FOUND_MORE_MAX
            && tell_fact(finding, &finding->courses->items[found->course], found->fact))
            told++;
        else
            left++;
    }
    if (told == 0)
        finding->out->size = start;
    else if (left > 0)
        buffer_format(finding->out, "and %u more\n", left);
}

void found_tell(struct finding *finding)
{
    tell_answers(finding);
    tell_more(finding);
}
