/* Findings that fit together, as published criteria have them. A pattern says that numbers of the
 * record meet the criteria, never that the patient has what they are of.
 *
 * Of each test the newest value counts, and all of a pattern must have been measured within three
 * months of each other: what was low years ago explains nothing today. */
#include "context_job_parts.h"

#include <math.h>
#include <pthread.h>

#include "base/check.h"
#include "context_analyte.h"

#define RULES_MAX 4
#define SIGNS_MAX 3
#define TOGETHER_DAYS 92
#define SAME_SHARE 1e-9

enum side {
    SIDE_BELOW,       /* of the bound */
    SIDE_AT_MOST,     /* likewise, or equal to it */
    SIDE_AT_LEAST,    /* likewise */
    SIDE_ABOVE,       /* likewise */
    SIDE_UNDER_RANGE, /* of the laboratory that measured it: methods differ */
    SIDE_IN_RANGE,
    SIDE_OVER_RANGE,
};

struct rule {
    const char *thing;
    enum side side;
    double bound, bound_of_women; /* 0: the same */
    const char *unit;
    int again_days;     /* the value before it, so many days older at least, must be so too, and
                           all between; 0: one is enough */
    bool is_supporting; /* told where it is so, not needed */
};

struct pattern {
    const char *name;
    struct rule rules[RULES_MAX];
    const char *signs[SIGNS_MAX]; /* conditions that are only a name for such a finding */
};

/* clang-format off */
#define ANEMIA { "hemoglobin", SIDE_BELOW, 13, 12, "g/dL", 0, false } /* WHO 2011, VMNIS; kept in the guideline of 2024 */
#define SMALL_CELLS { "mcv", SIDE_BELOW, 80, 0, "fL", 0, true }
#define LARGE_CELLS { "mcv", SIDE_ABOVE, 100, 0, "fL", 0, true }

static const struct pattern patterns[] = {
    /* AGA guideline 2020: in anemia ferritin below 45 ng/mL. */
    { "iron deficiency anemia", { ANEMIA, { "ferritin", SIDE_BELOW, 45, 0, "ng/mL", 0, false }, SMALL_CELLS }, { "anemia" } },
    /* BSH guideline 2014: serum cobalamin below 200 ng/L (148 pmol/L). */
    { "vitamin B12 deficiency anemia", { ANEMIA, { "vitamin-b12", SIDE_BELOW, 200, 0, "pg/mL", 0, false }, LARGE_CELLS }, { "anemia" } },
    /* BSH guideline 2014: serum folate below 3 ug/L (7 nmol/L). */
    { "folate deficiency anemia", { ANEMIA, { "folate-level", SIDE_BELOW, 3, 0, "ng/mL", 0, false }, LARGE_CELLS }, { "anemia" } },
    /* ATA and AACE 2012: TSH over, free T4 under the range; in range: subclinical. */
    { "primary hypothyroidism", { { "tsh", SIDE_OVER_RANGE, 0, 0, NULL, 0, false }, { "free-t4", SIDE_UNDER_RANGE, 0, 0, NULL, 0, false } }, { NULL } },
    { "subclinical hypothyroidism", { { "tsh", SIDE_OVER_RANGE, 0, 0, NULL, 0, false }, { "free-t4", SIDE_IN_RANGE, 0, 0, NULL, 0, false } }, { NULL } },
    /* ATA 2016: TSH under, free T4 over the range; in range: subclinical. */
    { "hyperthyroidism", { { "tsh", SIDE_UNDER_RANGE, 0, 0, NULL, 0, false }, { "free-t4", SIDE_OVER_RANGE, 0, 0, NULL, 0, false } }, { NULL } },
    { "subclinical hyperthyroidism", { { "tsh", SIDE_UNDER_RANGE, 0, 0, NULL, 0, false }, { "free-t4", SIDE_IN_RANGE, 0, 0, NULL, 0, false } }, { NULL } },
    /* Fifth International Workshop 2022: calcium over the range and PTH not suppressed; here only PTH over its range. */
    { "primary hyperparathyroidism", { { "calcium", SIDE_OVER_RANGE, 0, 0, NULL, 0, false }, { "pth", SIDE_OVER_RANGE, 0, 0, NULL, 0, false } }, { "hypercalcemia" } },
    /* ESC 2021: ejection fraction of 40 % or less, NT-proBNP of 125 pg/mL or more (of BNP 35 are enough). */
    { "heart failure with reduced ejection fraction", { { "bnp", SIDE_AT_LEAST, 125, 0, "pg/mL", 0, false }, { "ejection-fraction", SIDE_AT_MOST, 40, 0, "%", 0, false } }, { NULL } },
    /* KDIGO 2024: eGFR below 60 for more than three months. */
    { "chronic kidney disease", { { "egfr", SIDE_BELOW, 60, 0, "mL/min/{1.73_m2}", 90, false } }, { NULL } },
    /* ADA Standards 2024, section 2: 6.5 % or more, confirmed by a second test. */
    { "diabetes mellitus", { { "hemoglobin-a1c", SIDE_AT_LEAST, 6.5, 0, "%", 1, false } }, { NULL } },
};
/* clang-format on */

#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

static uint32_t rule_things[PATTERNS][RULES_MAX], sign_things[PATTERNS][SIGNS_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void build(void)
{
    for (size_t i = 0; i < PATTERNS; i++) {
        for (size_t j = 0; j < RULES_MAX && patterns[i].rules[j].thing != NULL; j++) {
            rule_things[i][j] = thing_named(patterns[i].rules[j].thing);
            CHECK(rule_things[i][j] < THINGS_MAX);
        }
        for (size_t j = 0; j < SIGNS_MAX && patterns[i].signs[j] != NULL; j++) {
            sign_things[i][j] = thing_named(patterns[i].signs[j]);
            CHECK(sign_things[i][j] < THINGS_MAX);
        }
    }
}

/* @thing, or what it is one of: "thyroid tests". */
static bool is_thing_asked(const struct job_reading *reading, uint32_t thing)
{
    uint32_t count;
    const uint16_t *list = thing_is(thing, &count);

    for (uint32_t i = 0; i < count; i++)
        if (things_has(&reading->asked.things, list[i]))
            return true;
    return false;
}

/* Whether a finding of pattern @index, or its sign, is asked about. */
static bool is_asked(const struct job_reading *reading, size_t index)
{
    for (size_t j = 0; j < RULES_MAX && patterns[index].rules[j].thing != NULL; j++)
        if (is_thing_asked(reading, rule_things[index][j]))
            return true;
    for (size_t j = 0; j < SIGNS_MAX && patterns[index].signs[j] != NULL; j++)
        if (is_thing_asked(reading, sign_things[index][j]))
            return true;
    return false;
}

bool job_names_finding(const struct job_reading *reading)
{
    pthread_once(&once, build);
    for (size_t i = 0; i < PATTERNS; i++)
        if (is_asked(reading, i))
            return true;
    return false;
}

/* ---- one rule ---- */

static bool is_female(const struct job_reading *reading)
{
    for (uint32_t i = 0; i < reading->record->count; i++) {
        struct fact room;
        const struct fact *fact = record_fact(reading->record, i, &room);

        if (fact->kind == FACT_DEMOGRAPHICS)
            return slice_starts_with(fact->label, SLICE("female"));
    }
    return false;
}

static const struct measure *number_of(const struct fact *fact)
{
    return fact->kind == FACT_OBSERVATION && !fact->is_void && fact_happened(fact)
                   && fact->date.precision >= FHIR_PRECISION_DAY && fact->measures_count == 1
                   && fact->measures[0].value.is_given && fact->measures[0].bound == MEASURE_EXACT
               ? &fact->measures[0]
               : NULL;
}

/* The number in the rule's unit; false: it cannot be told. */
static bool convert(const struct rule *rule, const struct fact *fact, double *value)
{
    const struct measure *measure = &fact->measures[0];
    struct unit from, to;

    *value = decimal_value(&measure->value);
    return slice_is(measure->unit, rule->unit)
           || (unit_parse(measure->unit, &from) && unit_parse(slice_from(rule->unit), &to)
               && unit_convert(*value, &from, &to, analyte_find(fact->codes), value));
}

static bool has_range(const struct fact *fact)
{
    return fact->measures[0].low.is_given || fact->measures[0].high.is_given;
}

static bool holds(const struct rule *rule, const struct fact *fact, bool female)
{
    double bound = female && rule->bound_of_women != 0 ? rule->bound_of_women : rule->bound, value;

    if (rule->side == SIDE_UNDER_RANGE)
        return fact->flag == FACT_FLAG_LOW;
    if (rule->side == SIDE_OVER_RANGE)
        return fact->flag == FACT_FLAG_HIGH;
    if (rule->side == SIDE_IN_RANGE)
        return fact->flag == FACT_FLAG_NONE && has_range(fact);
    if (!convert(rule, fact, &value))
        return false;
    if (fabs(value - bound) <= SAME_SHARE * bound) /* converting may lose the last digit */
        return rule->side == SIDE_AT_MOST || rule->side == SIDE_AT_LEAST;
    return (rule->side == SIDE_BELOW || rule->side == SIDE_AT_MOST) == (value < bound);
}

static bool is_of(const struct course *course, uint32_t thing)
{
    for (uint32_t i = 0; i < course->things_count; i++)
        if (course->things[i] == thing)
            return course->kind == FACT_OBSERVATION;
    return false;
}

/* The course whose newest number is the newest of @thing. */
static const struct course *find_course(const struct job_reading *reading, uint32_t thing)
{
    const struct course *best = NULL;

    for (size_t i = 0; i < reading->courses->count; i++) {
        const struct course *course = &reading->courses->items[i];

        if (is_of(course, thing) && course->count > 0
            && number_of(job_fact(reading, course->facts[course->count - 1])) != NULL
            && (best == NULL || course->newest > best->newest))
            best = course;
    }
    return best;
}

/* Put the facts by which @rule holds into @line: the newest, and where it must be so again the one
 * that shows it. False: it does not hold. */
static bool find_rule(const struct job_reading *reading, const struct rule *rule, uint32_t thing,
                      bool female, struct job_line *line)
{
    const struct course *course = find_course(reading, thing);
    const struct fact *newest, *fact;

    if (course == NULL)
        return false;
    newest = job_fact(reading, course->facts[course->count - 1]);
    for (uint32_t i = course->count; i-- > 0;) {
        fact = job_fact(reading, course->facts[i]);
        if (number_of(fact) == NULL || !holds(rule, fact, female))
            return false;
        if (fhir_date_days(&newest->date) - fhir_date_days(&fact->date) < rule->again_days)
            continue;
        if (rule->again_days > 0)
            line->facts[line->facts_count++] = course->facts[i];
        line->facts[line->facts_count++] = course->facts[course->count - 1];
        return true;
    }
    return false;
}

/* ---- one pattern ---- */

static bool are_together(const struct job_reading *reading, const struct job_line *line)
{
    int64_t first = INT64_MAX, last = INT64_MIN;

    for (uint32_t i = 0; i < line->facts_count; i++) {
        int64_t day = fhir_date_days(&job_fact(reading, line->facts[i])->date);

        first = day < first ? day : first;
        last = day > last ? day : last;
    }
    return last - first <= TOGETHER_DAYS;
}

/* A supporting finding counts where it was measured with the others. */
static void add_supporting(const struct job_reading *reading, const struct rule *rule,
                           uint32_t thing, bool female, struct job_line *line)
{
    struct job_line with = *line;

    if (find_rule(reading, rule, thing, female, &with) && are_together(reading, &with))
        *line = with;
}

static bool find_pattern(const struct job_reading *reading, size_t index, bool female,
                         struct job_line *line)
{
    const struct pattern *pattern = &patterns[index];
    bool is_repeated = false;

    for (size_t j = 0; j < RULES_MAX && pattern->rules[j].thing != NULL; j++) {
        is_repeated |= pattern->rules[j].again_days > 0;
        if (!pattern->rules[j].is_supporting
            && !find_rule(reading, &pattern->rules[j], rule_things[index][j], female, line))
            return false;
    }
    if (!is_repeated && !are_together(reading, line))
        return false;
    for (size_t j = 0; j < RULES_MAX && pattern->rules[j].thing != NULL; j++)
        if (pattern->rules[j].is_supporting)
            add_supporting(reading, &pattern->rules[j], rule_things[index][j], female, line);
    return true;
}

void job_tell_patterns(struct job_reading *reading)
{
    bool female = is_female(reading), is_named = job_names_finding(reading);

    for (size_t i = 0; i < PATTERNS; i++) {
        struct job_line line = { .form = JOB_FORM_FINDINGS, .head = patterns[i].name }, *added;

        if ((is_named && !is_asked(reading, i)) || !find_pattern(reading, i, female, &line))
            continue;
        line.seconds = (int64_t)i;
        if ((added = job_add_line(reading)) != NULL)
            *added = line;
    }
}
