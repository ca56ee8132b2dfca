/* Questions about what findings fit together. The answer says which measured values meet published
 * criteria, and of what; never that the patient has it.
 *
 * Of each test the newest value counts, and those of one pattern were measured within three months
 * of each other. */
#include "question_parts.h"

#include <ctype.h>
#include <stdio.h>

#include "calendar.h"

#define RULES_MAX 3
#define FOUND_MAX 4
#define TOGETHER_DAYS 92
#define DRAWS 60

enum side { SIDE_BELOW, SIDE_ABOVE, SIDE_AT_LEAST, SIDE_AT_MOST, SIDE_LOW, SIDE_NORMAL, SIDE_HIGH };

struct rule {
    enum lab lab;
    enum side side;
    double men, women;
    int again_days;
    bool is_supporting;
};

struct pattern {
    const char *name;
    struct rule rules[RULES_MAX];
    unsigned count;
};

/* clang-format off */
#define ANEMIA { LAB_HEMOGLOBIN, SIDE_BELOW, 13, 12, 0, false } /* WHO */
#define BY_RANGE(lab, side) { lab, side, 0, 0, 0, false }

static const struct pattern patterns[] = {
    { "iron deficiency anemia", { ANEMIA, { LAB_FERRITIN, SIDE_BELOW, 45, 45, 0, false }, { LAB_MCV, SIDE_BELOW, 80, 80, 0, true } }, 3 },             /* AGA 2020 */
    { "vitamin B12 deficiency anemia", { ANEMIA, { LAB_B12, SIDE_BELOW, 200, 200, 0, false }, { LAB_MCV, SIDE_ABOVE, 100, 100, 0, true } }, 3 },       /* BSH 2014 */
    { "folate deficiency anemia", { ANEMIA, { LAB_FOLATE, SIDE_BELOW, 3, 3, 0, false }, { LAB_MCV, SIDE_ABOVE, 100, 100, 0, true } }, 3 },              /* BSH 2014 */
    { "primary hypothyroidism", { BY_RANGE(LAB_TSH, SIDE_HIGH), BY_RANGE(LAB_FREE_T4, SIDE_LOW) }, 2 },                                                /* ATA/AACE 2012 */
    { "subclinical hypothyroidism", { BY_RANGE(LAB_TSH, SIDE_HIGH), BY_RANGE(LAB_FREE_T4, SIDE_NORMAL) }, 2 },
    { "hyperthyroidism", { BY_RANGE(LAB_TSH, SIDE_LOW), BY_RANGE(LAB_FREE_T4, SIDE_HIGH) }, 2 },                                                       /* ATA 2016 */
    { "subclinical hyperthyroidism", { BY_RANGE(LAB_TSH, SIDE_LOW), BY_RANGE(LAB_FREE_T4, SIDE_NORMAL) }, 2 },
    { "primary hyperparathyroidism", { BY_RANGE(LAB_CALCIUM, SIDE_HIGH), BY_RANGE(LAB_PTH, SIDE_HIGH) }, 2 },                                          /* Fifth International Workshop 2022 */
    { "heart failure with reduced ejection fraction", { { LAB_BNP, SIDE_AT_LEAST, 125, 125, 0, false }, { LAB_EJECTION_FRACTION, SIDE_AT_MOST, 40, 40, 0, false } }, 2 }, /* ESC 2021 */
    { "chronic kidney disease", { { LAB_EGFR, SIDE_BELOW, 60, 60, 90, false } }, 1 },                                                                  /* KDIGO 2024 */
    { "diabetes mellitus", { { LAB_A1C, SIDE_AT_LEAST, 6.5, 6.5, 1, false } }, 1 },                                                                    /* ADA 2024 */
};
/* clang-format on */

#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

struct found {
    int measurements[FOUND_MAX];
    unsigned count;
};

/* The newest of @lab before day @before; -1: none. */
static int newest(const struct record *record, enum lab lab, int before)
{
    int best = -1;
    unsigned i;

    for (i = 0; i < record->measurement_count; i++) {
        const struct measurement *measurement = &record->measurement_list[i];
        int day = record_measurement_day(record, measurement);

        if (measurement->lab == lab && day < before
            && (best < 0 || day > record_measurement_day(record, &record->measurement_list[best])))
            best = (int)i;
    }
    return best;
}

static unsigned count_on_day(const struct record *record, int index)
{
    const struct measurement *wanted = &record->measurement_list[index];
    unsigned i, count = 0;

    for (i = 0; i < record->measurement_count; i++)
        count += record->measurement_list[i].lab == wanted->lab
                 && record_measurement_day(record, &record->measurement_list[i])
                        == record_measurement_day(record, wanted);
    return count;
}

static bool holds(const struct record *record, const struct rule *rule, int index)
{
    const struct measurement *measurement = &record->measurement_list[index];
    double bound = record->person.is_female ? rule->women : rule->men;

    switch (rule->side) {
    case SIDE_BELOW:
        return measurement->value < bound;
    case SIDE_ABOVE:
        return measurement->value > bound;
    case SIDE_AT_LEAST:
        return measurement->value >= bound;
    case SIDE_AT_MOST:
        return measurement->value <= bound;
    case SIDE_LOW:
        return measurement->flag == 'L';
    case SIDE_HIGH:
        return measurement->flag == 'H';
    default:
        return measurement->flag == 0;
    }
}

/* Put what shows that @rule holds into @found. */
static bool find_rule(const struct record *record, const struct rule *rule, struct found *found)
{
    int last = newest(record, rule->lab, INT_MAX), index = last, day;

    for (; index >= 0; index = newest(record, rule->lab, day)) {
        day = record_measurement_day(record, &record->measurement_list[index]);
        if (!holds(record, rule, index))
            return false;
        if (record_measurement_day(record, &record->measurement_list[last]) - day
            < rule->again_days)
            continue;
        if (rule->again_days > 0)
            found->measurements[found->count++] = index;
        found->measurements[found->count++] = last;
        return true;
    }
    return false;
}

static bool are_together(const struct record *record, const struct found *found)
{
    int first = INT_MAX, last = INT_MIN;
    unsigned i;

    for (i = 0; i < found->count; i++) {
        int day = record_measurement_day(record, &record->measurement_list[found->measurements[i]]);

        first = day < first ? day : first;
        last = day > last ? day : last;
    }
    return last - first <= TOGETHER_DAYS;
}

static bool find_pattern(const struct record *record, const struct pattern *pattern,
                         struct found *found)
{
    unsigned i;

    *found = (struct found){ .count = 0 };
    for (i = 0; i < pattern->count; i++)
        if (!pattern->rules[i].is_supporting && !find_rule(record, &pattern->rules[i], found))
            return false;
    if (pattern->rules[0].again_days == 0 && !are_together(record, found))
        return false;
    for (i = 0; i < pattern->count; i++) {
        struct found with = *found;

        if (pattern->rules[i].is_supporting && find_rule(record, &pattern->rules[i], &with)
            && are_together(record, &with))
            *found = with;
    }
    return true;
}

static void claim_pattern(struct question *question, const struct pattern *pattern,
                          const struct found *found)
{
    const struct record *record = question->record;
    char text[320], value[24], date[CALENDAR_TEXT_BYTES];
    size_t used = 0;
    unsigned i;

    for (i = 0; i < found->count; i++) {
        const struct measurement *measurement = &record->measurement_list[found->measurements[i]];
        const struct lab_kind *kind = &lab_kinds[measurement->lab];

        used += (size_t)snprintf(
            text + used, sizeof(text) - used, "%s%s %s%s%s on %s", i > 0 ? ", " : "", kind->label,
            record_format_value(measurement, value), kind->unit == NULL ? "" : " ",
            kind->unit == NULL ? "" : kind->unit,
            calendar_format(record_measurement_day(record, measurement), date));
    }
    question_claim_open(question, "Findings that fit %s: %s", pattern->name, text);
    for (i = 0; i < found->count; i++)
        question_claim_prove(question, BUNDLE_MEASUREMENT, (unsigned)found->measurements[i]);
    question_claim_close(question);
}

static bool has_rule_of(const struct pattern *pattern, enum lab lab)
{
    unsigned i;

    for (i = 0; i < pattern->count; i++)
        if (pattern->rules[i].lab == lab)
            return true;
    return false;
}

/* All that a finding of @lab is part of; two values of one day leave open which is the newest. */
static bool claim_all(struct question *question, enum lab lab)
{
    struct found found;
    unsigned i, j;

    for (i = 0; i < PATTERNS; i++) {
        if (!has_rule_of(&patterns[i], lab)
            || !find_pattern(question->record, &patterns[i], &found))
            continue;
        for (j = 0; j < found.count; j++)
            if (count_on_day(question->record, found.measurements[j]) > 1)
                return false;
        claim_pattern(question, &patterns[i], &found);
    }
    return true;
}

/* "the low hemoglobin", "the TSH". */
static void name_finding(struct question *question, enum lab lab, char flag)
{
    char text[SUBJECT_BYTES], label[SUBJECT_BYTES];

    snprintf(label, sizeof(label), "%s", lab_kinds[lab].label);
    if (islower((unsigned char)label[1]))
        label[0] = (char)tolower((unsigned char)label[0]);
    snprintf(text, sizeof(text), "the %s%s",
             flag == 'L'   ? "low "
             : flag == 'H' ? "high "
                           : "",
             label);
    question_subject(question, text);
}

/* A finding, and all that it is part of; false: of this one nothing can be asked. */
static bool draw_finding(struct question *question, bool is_answerable)
{
    const struct pattern *pattern = &patterns[chance_below(question->chance, PATTERNS)];
    enum lab lab = pattern->rules[chance_below(question->chance, pattern->count)].lab;
    int index = newest(question->record, lab, INT_MAX);

    question->is_unseen = lab >= LAB_TRAINED_COUNT;
    question->claims.size = question->claim_count = 0;
    if ((lab >= LAB_TRAINED_COUNT && !question->record->is_heldout)
        || (index >= 0 && count_on_day(question->record, index) > 1))
        return false;
    name_finding(question, lab, index < 0 ? 0 : question->record->measurement_list[index].flag);
    return claim_all(question, lab) && (question->claim_count > 0) == is_answerable;
}

bool question_findings(struct question *question, bool is_answerable)
{
    int i;

    for (i = 0; i < DRAWS; i++)
        if (draw_finding(question, is_answerable))
            return is_answerable || question_decline(question);
    return false;
}
