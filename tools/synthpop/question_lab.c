/* Questions about what was measured. */
#include "question_parts.h"

#include <stdio.h>

#include "calendar.h"

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
        lab = (int)chance_below(question->chance, LAB_COUNT);
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

bool question_lab_latest(struct question *question, bool is_answerable)
{
    int lab = draw_lab(question, is_answerable), last;
    struct shown shown;

    if (lab == LAB_NONE)
        return false;
    if (!is_answerable)
        return question_decline(question);
    if ((last = find_last(question->record, lab, INT_MAX)) < 0)
        return false;
    shown = show(question->record, last);
    question_claim_open(question, "%s was %s%s on %s", lab_kinds[lab].label, shown.value,
                        shown.unit, shown.date);
    question_claim_prove(question, BUNDLE_MEASUREMENT, (unsigned)last);
    question_claim_close(question);
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
    struct shown shown;
    char flag;

    if (lab == LAB_NONE || lab == LAB_BLOOD_PRESSURE
        || (lab_kinds[lab].low <= 0 && lab_kinds[lab].high <= 0))
        return false;
    if (!is_answerable)
        return question_decline(question);
    if ((last = find_last(question->record, lab, INT_MAX)) < 0)
        return false;
    shown = show(question->record, last);
    flag = question->record->measurement_list[last].flag;
    question_claim_open(question, "%s was %s%s on %s, %s", lab_kinds[lab].label, shown.value,
                        shown.unit, shown.date,
                        flag == 'H'   ? "high"
                        : flag == 'L' ? "low"
                                      : "in range");
    question_claim_prove(question, BUNDLE_MEASUREMENT, (unsigned)last);
    question_claim_close(question);
    return true;
}
