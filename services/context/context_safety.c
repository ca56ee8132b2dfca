/* words that ask → which of the lists; things that are named → of what. */
#include "context_safety.h"

#include <pthread.h>

#include "base/check.h"
#include "context_ask.h"
#include "context_phrase.h"
#include "context_renal.h"
#include "context_screening.h"
#include "context_words.h"

enum {
    SAYS_INTERACT = 1,
    SAYS_TOGETHER = 2, /* of two drugs the same, of anything else nothing */
    SAYS_KIDNEY = 4,
    SAYS_FIT = 8, /* whether something is right as it is */
    SAYS_LATE = 16,
    SAYS_SCREENING = 32,
};

/* clang-format off */
static const char interact[] =
    "interact*|ddi|clash|clashes|clashing|drug drug|drug combination|combination of drugs|dangerous combination|risky combination|bad combination|cross react";
static const char together[] =
    "together|combine|combined|combining|combination|mix|mixes|mixed|mixing|at the same time|on top of|alongside|concurrent*|concomitant*|simultaneous*|"
    "coadminister*|co administer*|go with|get along|add|added|adding";
static const char kidney[] =
    "kidney|renal*|egfr|gfr|glomerular|creatinine clearance|crcl|nephrotoxic|ckd|filtration rate";
static const char fit[] =
    "dose|doses|dosed|dosing|dosage|adjust*|safe|safely|unsafe|avoid*|contraindicat*|limit|limits|allow*|permit*|appropriate|inappropriate|reduc*|lower|lowered|lowering|"
    "change|changed|changing|hold|held|ok|okay|problem|concern|acceptable|suit*|too much|too high|can|may|should|could|cutoff|cut off|threshold|review|reconsider*|"
    "caution|careful|risky|harm|harmful|tolerat*|right|wrong|fit|fits|compatible|attention|need|needs|still|cope|handle|enough for|good for|bad for";
static const char late[] =
    "overdue|past due|up to date|out of date|outdated|missed|lapsed|behind on|behind with|behind schedule|fallen behind|too long since|too long ago|time for|"
    "time again|needs a new|needs another|need another|need a new|late for|late with|in arrears|outstanding|current on|current with|not been done in time|on schedule|on time";
static const char screening[] =
    "screening|screenings|screen|preventive|prevention|health maintenance|care gap|care gaps|checks|tests|examinations|exams|check ups|checkups|routine";
/* clang-format on */

static struct phrases *phrases;
static uint32_t egfr_thing, diabetes_thing, gestational_thing;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void build(void)
{
    phrases = phrases_create();
    phrases_add(phrases, interact, SAYS_INTERACT);
    phrases_add(phrases, together, SAYS_TOGETHER);
    phrases_add(phrases, kidney, SAYS_KIDNEY);
    phrases_add(phrases, fit, SAYS_FIT);
    phrases_add(phrases, late, SAYS_LATE);
    phrases_add(phrases, screening, SAYS_SCREENING);
    egfr_thing = thing_named("egfr");
    diabetes_thing = thing_named("diabetes");
    gestational_thing = thing_named("gestational-diabetes");
    CHECK(egfr_thing < THINGS_MAX && diabetes_thing < THINGS_MAX && gestational_thing < THINGS_MAX);
}

static void note(void *arg, const struct phrase_match *match)
{
    *(unsigned *)arg |= match->row;
}

/* "Is the mammogram due?", not "is that due to diabetes?". */
static bool says_due(struct slice question)
{
    struct slice word;
    bool was_due = false;

    while (words_next(&question, &word)) {
        if (was_due && !slice_equal_fold(word, SLICE("to")))
            return true;
        was_due = slice_equal_fold(word, SLICE("due"));
    }
    return was_due;
}

static void add_drug(struct safety_question *asked, uint32_t thing)
{
    for (uint32_t i = 0; i < asked->drugs_count; i++)
        if (asked->drugs[i] == thing)
            return;
    if (asked->drugs_count < SAFETY_DRUGS_MAX)
        asked->drugs[asked->drugs_count++] = thing;
}

/* A brand of several ingredients is each of them. */
static void add_parts(struct safety_question *asked, uint32_t brand)
{
    uint32_t count;
    const uint16_t *list = thing_is(brand, &count);

    for (uint32_t i = 1; i < count; i++)
        if (thing_kind_of(list[i]) == THING_DRUG)
            add_drug(asked, list[i]);
}

/* A class whose word is a drug's own name ("*olol") is not what is named. */
static bool is_ending(const struct thing_found *found, uint32_t count, uint32_t class)
{
    for (uint32_t i = 0; i < count; i++)
        if (thing_kind_of(found[i].thing) == THING_DRUG && found[i].first == found[class].first
            && thing_kind_of(found[class].thing) == THING_DRUG_CLASS)
            return true;
    return false;
}

/* Drugs and screenings that are named; true: something else that is done is, too. */
static bool read_things(struct slice question, struct safety_question *asked)
{
    const uint32_t done = THING_BIT(THING_TEST) | THING_BIT(THING_IMAGING)
                          | THING_BIT(THING_PROCEDURE) | THING_BIT(THING_VACCINE);
    struct thing_found found[THINGS_FOUND_MAX];
    uint32_t count = things_find(question, THING_ANY, found, THINGS_FOUND_MAX);
    bool has_other = false;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t thing = found[i].thing;
        bool is_row = false;

        if (thing_kind_of(thing) == THING_DRUG_BRAND)
            add_parts(asked, thing);
        else if ((THING_ANY_DRUG >> thing_kind_of(thing) & 1) && !is_ending(found, count, i))
            add_drug(asked, thing);
        for (uint32_t row = 0; row < screenings_count; row++)
            if (thing == screening_thing(row)) {
                asked->screenings |= 1u << row;
                is_row = true;
            }
        has_other |= !is_row && (done >> thing_kind_of(thing) & 1);
    }
    return has_other;
}

static bool names_medication(struct slice question)
{
    struct ask_question asked;

    ask_read(question, &asked);
    return asked.kinds >> FACT_MEDICATION & 1;
}

static enum safety asks_what(struct slice question, unsigned says, bool has_other,
                             const struct safety_question *asked)
{
    bool has_drugs = asked->drugs_count > 0;

    if (says & SAYS_INTERACT)
        return SAFETY_INTERACTION;
    if ((says & SAYS_TOGETHER)
        && (asked->drugs_count > 1 || (has_drugs && names_medication(question))))
        return SAFETY_INTERACTION;
    if ((says & SAYS_KIDNEY) && (says & SAYS_FIT) && (has_drugs || names_medication(question)))
        return SAFETY_RENAL;
    if (((says & SAYS_LATE) || says_due(question))
        && (asked->screenings != 0 || ((says & SAYS_SCREENING) && !has_drugs && !has_other)))
        return SAFETY_SCREENING;
    return SAFETY_NONE;
}

void safety_read(struct slice question, struct safety_question *asked)
{
    unsigned says = 0;
    bool has_other;

    pthread_once(&once, build);
    *asked = (struct safety_question){ 0 };
    phrases_find(phrases, question, note, &says);
    if ((says & (SAYS_INTERACT | SAYS_TOGETHER | SAYS_KIDNEY | SAYS_LATE)) == 0
        && !says_due(question))
        return;
    has_other = read_things(question, asked);
    asked->asks = asks_what(question, says, has_other, asked);
}

bool safety_is(const struct course *course, uint32_t thing)
{
    for (uint32_t i = 0; i < course->things_count; i++)
        if (course->things[i] == thing)
            return true;
    return false;
}

bool safety_is_diabetes(const struct course *course)
{
    pthread_once(&once, build);
    return course->kind == FACT_CONDITION && course->is_active && safety_is(course, diabetes_thing)
           && !safety_is(course, gestational_thing);
}

bool safety_is_egfr(const struct course *course)
{
    pthread_once(&once, build);
    return course->kind == FACT_OBSERVATION && safety_is(course, egfr_thing);
}

static bool is_named_drug(const struct safety_question *asked, const struct course *course)
{
    for (uint32_t i = 0; i < asked->drugs_count; i++)
        if (safety_is(course, asked->drugs[i]))
            return true;
    return false;
}

static bool is_screening(const struct safety_question *asked, const struct course *course)
{
    for (uint32_t row = 0; row < screenings_count; row++)
        if ((asked->screenings == 0 || asked->screenings >> row & 1) && screening_is(row, course))
            return true;
    return course->kind == FACT_DEMOGRAPHICS || safety_is_diabetes(course);
}

bool safety_bears(const struct safety_question *asked, const struct course *course)
{
    bool is_drug =
        course->kind == FACT_MEDICATION && (course->is_active || is_named_drug(asked, course));

    switch (asked->asks) {
    case SAFETY_INTERACTION:
        return is_drug;
    case SAFETY_RENAL:
        return is_drug || safety_is_egfr(course);
    case SAFETY_SCREENING:
        return is_screening(asked, course);
    default:
        return false;
    }
}
