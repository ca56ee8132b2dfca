#include "physiology.h"

#include <math.h>

#include "calendar.h"

#define PRODROME_DAYS 900.0 /* a chronic disease builds up before it is found */
#define DRUG_ONSET_DAYS 45.0
#define ACUTE_DAYS 6

static double clamp(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

void physiology_create(struct record *record, struct physiology *physiology)
{
    bool is_female = record->person.is_female;
    double *levels = physiology->levels;
    int lab;

    for (lab = 0; lab < LAB_COUNT; lab++)
        levels[lab] = lab_kinds[lab].mean
                      + lab_kinds[lab].person_sd * clamp(chance_normal(&record->chance), -2.2, 2.2);
    levels[LAB_HEMOGLOBIN] += is_female ? -0.8 : 0.7;
    levels[LAB_CREATININE] += is_female ? -0.12 : 0.1;
    levels[LAB_HDL] += is_female ? 5 : -5;
    levels[LAB_HEIGHT] += is_female ? -6 : 7;
    levels[LAB_WEIGHT] += is_female ? -5 : 7;
}

/* How much of a disease's shift is there on @day: 0 before, 1 from its onset. */
static double disease_ramp(const struct condition *condition, int day)
{
    if (day >= condition->abatement)
        return 0;
    if (disease_kinds[condition->disease].duration_days > 0)
        return day >= condition->onset && day < condition->onset + ACUTE_DAYS ? 1 : 0;
    if (condition->stage > 0 && day < condition->onset)
        return 0; /* the stage before speaks for that time */
    return clamp((day - (condition->onset - PRODROME_DAYS)) / PRODROME_DAYS, 0, 1);
}

static double disease_shift(const struct condition *condition, enum lab lab, int day)
{
    const struct disease_kind *kind = &disease_kinds[condition->disease];
    double ramp = disease_ramp(condition, day);
    double years = day > condition->onset ? (day - condition->onset) / DAYS_PER_YEAR : 0;
    double shift = 0;
    int i;

    for (i = 0; ramp > 0 && i < 4; i++)
        if (kind->effects[i].lab == lab)
            shift += ramp
                     * (kind->effects[i].shift * record_stage(condition)->severity
                        + kind->effects[i].per_year * years);
    return shift;
}

static double drug_shift(const struct order *order, enum lab lab, int day)
{
    double shift = 0;
    int i;

    if (!record_order_is_active(order, day))
        return 0;
    for (i = 0; i < DRUG_EFFECTS_MAX; i++)
        if (drug_kinds[order->drug].effects[i].lab == lab)
            shift += drug_kinds[order->drug].effects[i].shift;
    return shift * clamp((day - order->start) / DRUG_ONSET_DAYS, 0, 1);
}

static double level_on(const struct sample *sample, enum lab lab)
{
    const struct record *record = sample->record;
    double level = sample->physiology->levels[lab];
    unsigned i;

    for (i = 0; i < record->condition_count; i++)
        level += disease_shift(&record->condition_list[i], lab, sample->day);
    for (i = 0; i < record->order_count; i++)
        level += drug_shift(&record->order_list[i], lab, sample->day);
    return level;
}

/* MDRD, mL/min/1.73 m2. */
static double egfr(struct sample *sample)
{
    const struct person *person = &sample->record->person;
    int age = calendar_years_between(person->birth_day, sample->day);
    double value =
        175 * pow(sample_value(sample, LAB_CREATININE), -1.154) * pow(age < 18 ? 18 : age, -0.203);

    return person->is_female ? value * 0.742 : value;
}

/* A quantity that follows from others, or a level with noise. */
static double compute(struct sample *sample, enum lab lab)
{
    double noise = clamp(chance_normal(sample->chance), -2.5, 2.5);
    double height;

    switch (lab) {
    case LAB_EGFR:
        return egfr(sample);
    case LAB_UREA:
        return level_on(sample, lab) + (sample_value(sample, LAB_CREATININE) - 0.9) * 14 + noise;
    case LAB_HEMATOCRIT:
        return sample_value(sample, LAB_HEMOGLOBIN) * 2.96 + 0.4 * noise;
    case LAB_CHOLESTEROL:
        return sample_value(sample, LAB_LDL) + sample_value(sample, LAB_HDL)
               + sample_value(sample, LAB_TRIGLYCERIDES) / 5;
    case LAB_BMI:
        height = sample_value(sample, LAB_HEIGHT) / 100;
        return sample_value(sample, LAB_WEIGHT) / (height * height);
    case LAB_HEIGHT:
        return sample->physiology->levels[lab];
    default:
        return level_on(sample, lab) + noise * lab_kinds[lab].visit_sd;
    }
}

/* As it will be written, so that what is computed from it agrees with the record. */
static double rounded(double value, int decimals)
{
    int shown = record_decimals(decimals, value);
    double scale = shown == 0 ? 1 : shown == 1 ? 10 : 100;

    return floor(value * scale + 0.5) / scale;
}

void sample_init(struct sample *sample, struct record *record, const struct physiology *physiology,
                 int day)
{
    *sample = (struct sample){
        .record = record, .physiology = physiology, .chance = &record->chance, .day = day
    };
}

double sample_value(struct sample *sample, enum lab lab)
{
    const struct lab_kind *kind = &lab_kinds[lab];

    if (!sample->is_known[lab]) {
        sample->values[lab] =
            rounded(clamp(compute(sample, lab), kind->least, kind->most), kind->decimals);
        sample->is_known[lab] = true;
    }
    return sample->values[lab];
}

double sample_diastolic(struct sample *sample)
{
    double noise = clamp(chance_normal(sample->chance), -2, 2);

    return rounded(clamp(sample_value(sample, LAB_BLOOD_PRESSURE) * 0.42 + 27 + 3 * noise, 42, 125),
                   0);
}
