/* the newest filtration rate → each drug of the list that is asked about → the limit it has
 * reached, or none. */
#include "context_found_safety.h"

#include "context_renal.h"

struct rate {
    uint32_t fact; /* UINT32_MAX: none is a number */
    double value;
};

static const struct measure *number_of(const struct fact *fact)
{
    const struct measure *measure = fact->measures_count == 1 ? &fact->measures[0] : NULL;

    return measure != NULL && measure->value.is_given && measure->bound == MEASURE_EXACT ? measure
                                                                                         : NULL;
}

/* The newest that has a line. A laboratory's "> 60" is older news than a number, or it is newer:
 * then nothing can be said. */
static struct rate find_rate(const struct finding *finding)
{
    const struct fact *newest = NULL;
    struct rate rate = { UINT32_MAX, 0 };

    for (size_t i = 0; i < finding->courses->count; i++) {
        const struct course *course = &finding->courses->items[i];
        uint32_t index = safety_is_egfr(course) ? found_newest(finding, course) : UINT32_MAX;
        const struct fact *fact = index == UINT32_MAX ? NULL : found_fact(finding, index);

        if (fact == NULL || (newest != NULL && fhir_date_compare(&fact->date, &newest->date) <= 0))
            continue;
        newest = fact;
        rate.fact = number_of(fact) == NULL ? UINT32_MAX : index;
        rate.value = number_of(fact) == NULL ? 0 : decimal_value(&number_of(fact)->value);
    }
    return rate;
}

static void put_rate(struct finding *finding, const struct rate *rate)
{
    const struct fact *fact = found_fact(finding, rate->fact);

    buffer_put_string(finding->out, ", with eGFR ");
    buffer_put(finding->out, fact->value);
    found_put_day(finding->out, " on ", &fact->date);
}

static void tell_drug(struct finding *finding, const struct rate *rate, uint32_t drug,
                      uint32_t fact)
{
    const char *limit = renal_limit_of(drug, rate->value);
    struct found_sentence sentence;

    found_sentence_begin(&sentence, finding);
    found_put_drug(finding->out, drug, true);
    put_rate(finding, rate);
    buffer_format(finding->out, ": %s", limit == NULL ? "no listed renal limit reached" : limit);
    if (fact != UINT32_MAX)
        found_sentence_rest_on(&sentence, fact);
    found_sentence_rest_on(&sentence, rate->fact);
    found_sentence_end(&sentence);
}

/* The line of @drug, or of one of the class @drug; UINT32_MAX: it is not on record. */
static uint32_t line_of(const struct finding *finding, uint32_t drug)
{
    uint32_t line = UINT32_MAX;

    for (size_t i = 0; i < finding->courses->count; i++) {
        const struct course *course = &finding->courses->items[i];

        if (course->kind == FACT_MEDICATION && safety_is(course, drug)
            && (line == UINT32_MAX || course->is_active))
            line = found_newest(finding, course);
    }
    return line;
}

/* What is taken now of the list: of @class, or, THINGS_MAX, all. Each that has reached a limit is
 * told; where none has, that. */
static void tell_taken(struct finding *finding, const struct rate *rate, uint32_t class)
{
    struct found_sentence none;
    bool is_incomplete = false;
    uint32_t told = 0;

    found_sentence_begin(&none, finding);
    for (size_t i = 0; i < finding->courses->count; i++) {
        const struct course *course = &finding->courses->items[i];
        uint32_t fact = found_newest(finding, course);

        if (course->kind != FACT_MEDICATION || !course->is_active
            || (class != THINGS_MAX && !safety_is(course, class)))
            continue;
        for (uint32_t j = 0; j < course->things_count; j++) {
            if (!renal_is_listed(course->things[j]))
                continue;
            is_incomplete |= fact == UINT32_MAX;
            if (fact == UINT32_MAX)
                continue;
            found_sentence_rest_on(&none, fact);
            if (renal_limit_of(course->things[j], rate->value) != NULL) {
                tell_drug(finding, rate, course->things[j], fact);
                told++;
            }
        }
    }
    /* Of a drug that has no line it is not known here. */
    if (told > 0 || none.count == 0 || is_incomplete)
        return;
    found_sentence_rest_on(&none, rate->fact);
    buffer_put_string(finding->out, "No listed renal limit is reached");
    put_rate(finding, rate);
    found_sentence_end(&none);
}

void found_tell_renal(struct finding *finding, const struct safety_question *asked)
{
    struct rate rate = find_rate(finding);

    if (rate.fact == UINT32_MAX)
        return;
    if (asked->drugs_count == 0)
        tell_taken(finding, &rate, THINGS_MAX);
    for (uint32_t i = 0; i < asked->drugs_count; i++) {
        uint32_t drug = asked->drugs[i];

        if (thing_kind_of(drug) == THING_DRUG_CLASS)
            tell_taken(finding, &rate, drug);
        else if (renal_is_listed(drug))
            tell_drug(finding, &rate, drug, line_of(finding, drug));
    }
}
