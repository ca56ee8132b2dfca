/* Questions about what was measured. */
#include "question_parts.h"

#include <stdio.h>

#include "calendar.h"

#define SERIES_MAX 6 /* of more one asks for a trend */

/* The last measurement of @lab before day @before; -1: none, or more than one on that day. */
static int find_last(const struct record *record, enum lab lab, int before)
{
    int found = -1, day = INT_MIN, count = 0;
    unsigned i;

    for (i = 0; i < record->measurement_count; i++) {
        int on = record_measurement_day(record, &record->measurement_list[i]);

        if (record->measurement_list[i].lab != lab || on >= before || on < day)
            continue;
        count = on == day ? count + 1 : 1;
        day = on;
        found = (int)i;
    }
    return count == 1 ? found : -1;
}

static bool is_measured(const struct record *record, enum lab lab)
{
    unsigned i;

    for (i = 0; i < record->measurement_count; i++)
        if (record->measurement_list[i].lab == lab)
            return true;
    return false;
}

static const char *lay_name(enum lab lab)
{
    switch (lab) {
    case LAB_A1C:
        return "A1c";
    case LAB_GLUCOSE:
        return "blood sugar";
    case LAB_LDL:
        return "LDL";
    case LAB_HDL:
        return "HDL";
    case LAB_EJECTION_FRACTION:
        return "ejection fraction";
    case LAB_WEIGHT:
        return "weight";
    case LAB_BMI:
        return "BMI";
    case LAB_BLOOD_PRESSURE:
        return "BP";
    case LAB_TEMPERATURE:
        return "temperature";
    case LAB_HEART_RATE:
        return "pulse";
    case LAB_HEMOGLOBIN:
        return "Hgb";
    case LAB_VITAMIN_D:
        return "vitamin D";
    default:
        return lab_kinds[lab].label;
    }
}

/* A lab that was measured, or one that was not; LAB_NONE when twenty draws find none. */
static int draw_lab(struct question *question, bool is_wanted)
{
    int i, lab;

    for (i = 0; i < 20; i++) {
        lab = (int)question_draw_lab(question);
        if (is_measured(question->record, lab) != is_wanted)
            continue;
        if (chance_happens(question->chance, 0.2))
            question_subject(question, lay_name(lab));
        else
            question_subject_in_sentence(question, lab_kinds[lab].label);
        return lab;
    }
    return LAB_NONE;
}

struct shown {
    char value[24], unit[24], date[CALENDAR_TEXT_BYTES];
};

static struct shown show(const struct record *record, int index)
{
    const struct measurement *measurement = &record->measurement_list[index];
    const char *unit = lab_kinds[measurement->lab].unit;
    struct shown shown;

    record_format_value(measurement, shown.value);
    snprintf(shown.unit, sizeof(shown.unit), "%s%s", unit == NULL ? "" : " ",
             unit == NULL ? "" : unit);
    calendar_format(record_measurement_day(record, measurement), shown.date);
    return shown;
}

/* What the record says of the value itself; a pressure is two values. */
static const char *flag_words(const struct measurement *measurement)
{
    const struct lab_kind *kind = &lab_kinds[measurement->lab];

    if (measurement->flag != 0)
        return measurement->flag == 'H' ? ", high" : ", low";
    return measurement->lab != LAB_BLOOD_PRESSURE && (kind->low > 0 || kind->high > 0)
               ? ", in range"
               : "";
}

/* ---- judged against what is agreed on, not against the laboratory's range ---- */

struct target {
    enum lab lab;
    double below, second_below; /* second: of the diastolic pressure */
    const char *text;
};

static const struct target targets[] = {
    { LAB_A1C, 7.0, 0, "7 %" },
    { LAB_BLOOD_PRESSURE, 130, 80, "130/80 mmHg" },
    { LAB_LDL, 100, 0, "100 mg/dL" },
};

#define TARGETS (sizeof(targets) / sizeof(targets[0]))

/* KDIGO's stages of the glomerular filtration rate. */
static const char *g_stage(double egfr)
{
    return egfr >= 90   ? "G1"
           : egfr >= 60 ? "G2"
           : egfr >= 45 ? "G3a"
           : egfr >= 30 ? "G3b"
           : egfr >= 15 ? "G4"
                        : "G5";
}

void question_lab_judge(const struct measurement *measurement, char *out, size_t out_size)
{
    unsigned i;

    out[0] = '\0';
    for (i = 0; i < TARGETS; i++) {
        const struct target *target = &targets[i];
        bool is_met = measurement->value < target->below
                      && (target->second_below <= 0 || measurement->second < target->second_below);

        if (target->lab == measurement->lab)
            snprintf(out, out_size, ", %s the target of %s", is_met ? "below" : "not below",
                     target->text);
    }
    if (measurement->lab == LAB_EGFR)
        snprintf(out, out_size, ", stage %s", g_stage(measurement->value));
}

/* "Hemoglobin A1c was 7.2 % on 2026-11-03, high, not below the target of 7 %". */
static void claim_measured(struct question *question, int index)
{
    const struct measurement *measurement = &question->record->measurement_list[index];
    struct shown shown = show(question->record, index);
    char judgement[QUESTION_JUDGEMENT_BYTES];

    question_lab_judge(measurement, judgement, sizeof(judgement));
    question_claim_open(question, "%s was %s%s on %s%s%s", lab_kinds[measurement->lab].label,
                        shown.value, shown.unit, shown.date, flag_words(measurement), judgement);
    question_claim_prove(question, BUNDLE_MEASUREMENT, (unsigned)index);
    question_claim_close(question);
}

bool question_lab_latest(struct question *question, bool is_answerable)
{
    int lab = draw_lab(question, is_answerable), last;

    if (lab == LAB_NONE)
        return false;
    if (!is_answerable)
        return question_decline(question);
    if ((last = find_last(question->record, lab, INT_MAX)) < 0)
        return false;
    claim_measured(question, last);
    return true;
}

/* The first measurement of @lab; -1: none, or more than one on that day. */
static int find_first(const struct record *record, enum lab lab)
{
    int found = -1, day = INT_MAX, count = 0;
    unsigned i;

    for (i = 0; i < record->measurement_count; i++) {
        int on = record_measurement_day(record, &record->measurement_list[i]);

        if (record->measurement_list[i].lab != lab || on > day)
            continue;
        count = on == day ? count + 1 : 1;
        day = on;
        found = (int)i;
    }
    return count == 1 ? found : -1;
}

bool question_lab_first(struct question *question, bool is_answerable)
{
    int lab = draw_lab(question, is_answerable), first;

    if (lab == LAB_NONE)
        return false;
    if (!is_answerable)
        return question_decline(question);
    if ((first = find_first(question->record, lab)) < 0)
        return false;
    claim_measured(question, first);
    return true;
}

/* All measurements of a lab that was measured now and then. */
bool question_lab_series(struct question *question, bool is_answerable)
{
    const struct record *record = question->record;
    int lab = draw_lab(question, is_answerable);
    unsigned i, count = 0;

    if (lab == LAB_NONE)
        return false;
    if (!is_answerable)
        return question_decline(question);
    for (i = 0; i < record->measurement_count; i++)
        count += record->measurement_list[i].lab == lab;
    if (count > SERIES_MAX)
        return false;
    for (i = 0; i < record->measurement_count; i++)
        if (record->measurement_list[i].lab == lab)
            claim_measured(question, (int)i);
    return true;
}

static const char *direction(const struct measurement *from, const struct measurement *to)
{
    return to->value > from->value ? "rose" : to->value < from->value ? "fell" : "was unchanged";
}

bool question_lab_trend(struct question *question, bool is_answerable)
{
    const struct measurement *list = question->record->measurement_list;
    int lab = draw_lab(question, is_answerable), last, before;
    struct shown to, from;

    if (lab == LAB_NONE || lab == LAB_HEIGHT)
        return false;
    if (!is_answerable)
        return question_decline(question);
    last = find_last(question->record, lab, INT_MAX);
    before = last < 0 ? -1
                      : find_last(question->record, lab,
                                  record_measurement_day(question->record, &list[last]));
    if (before < 0)
        return false;
    to = show(question->record, last);
    from = show(question->record, before);
    question_claim_open(question, "%s %s from %s%s on %s to %s%s on %s", lab_kinds[lab].label,
                        direction(&list[before], &list[last]), from.value, from.unit, from.date,
                        to.value, to.unit, to.date);
    question_claim_prove(question, BUNDLE_MEASUREMENT, (unsigned)before);
    question_claim_prove(question, BUNDLE_MEASUREMENT, (unsigned)last);
    question_claim_close(question);
    return true;
}

bool question_lab_range(struct question *question, bool is_answerable)
{
    int lab = draw_lab(question, is_answerable), last;

    if (lab == LAB_NONE || lab == LAB_BLOOD_PRESSURE
        || (lab_kinds[lab].low <= 0 && lab_kinds[lab].high <= 0))
        return false;
    if (!is_answerable)
        return question_decline(question);
    if ((last = find_last(question->record, lab, INT_MAX)) < 0)
        return false;
    claim_measured(question, last);
    return true;
}

bool question_lab_target(struct question *question, bool is_answerable)
{
    const struct target *target = &targets[chance_below(question->chance, TARGETS)];
    int last;

    if (is_measured(question->record, target->lab) != is_answerable)
        return false;
    if (chance_happens(question->chance, 0.5))
        question_subject(question, lay_name(target->lab));
    else
        question_subject_in_sentence(question, lab_kinds[target->lab].label);
    if (!is_answerable)
        return question_decline(question);
    if ((last = find_last(question->record, target->lab, INT_MAX)) < 0)
        return false;
    claim_measured(question, last);
    return true;
}

bool question_lab_stage(struct question *question, bool is_answerable)
{
    int last = find_last(question->record, LAB_EGFR, INT_MAX);

    if (is_measured(question->record, LAB_EGFR) != is_answerable)
        return false;
    question_subject(question, chance_happens(question->chance, 0.7) ? "eGFR" : "GFR");
    if (!is_answerable)
        return question_decline(question);
    if (last < 0)
        return false;
    claim_measured(question, last);
    return true;
}
