/* What is measured at a visit: vital signs, the panels of the disease that it is for, and now and
 * then those of others. */
#include "course_parts.h"

static char flag_of(const struct lab_kind *kind, double value)
{
    if (kind->low > 0 && value < kind->low)
        return 'L';
    return kind->high > 0 && value > kind->high ? 'H' : 0;
}

static void measure(struct course *course, struct sample *sample, enum lab lab, int encounter)
{
    struct measurement *measurement = record_add_measurement(course->record);

    measurement->lab = lab;
    measurement->encounter = encounter;
    measurement->value = sample_value(sample, lab);
    measurement->second = lab == LAB_BLOOD_PRESSURE ? sample_diastolic(sample) : 0;
    measurement->flag = flag_of(&lab_kinds[lab], measurement->value);
}

/* INR says something only of who takes warfarin. */
static bool panel_applies(const struct record *record, enum panel panel, int day)
{
    unsigned i;

    if (panel != PANEL_INR)
        return true;
    for (i = 0; i < record->order_count; i++)
        if (record->order_list[i].drug == DRUG_WARFARIN_5
            && record_order_is_active(&record->order_list[i], day))
            return true;
    return false;
}

static void measure_panel(struct course *course, struct sample *sample, enum panel panel,
                          int encounter, unsigned *done)
{
    struct record *record = course->record;
    const struct panel_kind *kind = &panel_kinds[panel];
    unsigned first = record->measurement_count, i;
    struct report *report;

    if ((*done >> panel & 1) != 0 || !panel_applies(record, panel, sample->day))
        return;
    *done |= 1u << panel;
    for (i = 0; i < kind->count; i++)
        measure(course, sample, kind->labs[i], encounter);
    if (kind->report == NULL)
        return;
    report = record_add_report(record);
    *report = (struct report){ panel, encounter, first, kind->count };
}

static void measure_disease(struct course *course, struct sample *sample, enum disease disease,
                            int encounter, unsigned *done)
{
    const struct disease_kind *kind = &disease_kinds[disease];
    int i;

    for (i = 0; i < 3; i++)
        if (kind->panels[i] != PANEL_NONE && chance_happens(course->chance, i == 0 ? 0.95 : 0.6))
            measure_panel(course, sample, kind->panels[i], encounter, done);
}

/* The first panel of each chronic disease, now and then: what is drawn anyway is drawn for all. */
static void measure_others(struct course *course, struct sample *sample, double share,
                           int encounter, unsigned *done)
{
    const struct record *record = course->record;
    unsigned i;

    for (i = 0; i < record->condition_count; i++) {
        const struct condition *condition = &record->condition_list[i];
        enum panel panel = disease_kinds[condition->disease].panels[0];

        if (panel != PANEL_NONE && disease_kinds[condition->disease].duration_days == 0
            && record_condition_is_active(condition, sample->day)
            && chance_happens(course->chance, share))
            measure_panel(course, sample, panel, encounter, done);
    }
}

/* Vital signs, and what the reason of the visit asks for; a check-up looks after every active
 * disease. */
void course_visit_measure(struct course *course, int index)
{
    struct record *record = course->record;
    struct encounter encounter = record->encounter_list[index];
    struct sample sample;
    unsigned done = 0;

    sample_init(&sample, record, &course->physiology, encounter.day);
    measure_panel(course, &sample, PANEL_VITALS, index, &done);
    if (index == 0)
        measure(course, &sample, LAB_HEIGHT, index);
    if (encounter.condition >= 0)
        measure_disease(course, &sample, record->condition_list[encounter.condition].disease, index,
                        &done);
    else if (chance_happens(course->chance, 0.4))
        measure_panel(
            course, &sample,
            CHANCE_PICK(course->chance,
                        ((const enum panel[]){ PANEL_METABOLIC, PANEL_LIPID, PANEL_BLOOD_COUNT })),
            index, &done);
    measure_others(course, &sample, encounter.condition >= 0 ? 0.2 : 0.5, index, &done);
}
