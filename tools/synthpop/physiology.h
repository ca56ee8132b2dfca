/* Physiology: what a patient's body would show on a day. A person has a level of each quantity;
 * diseases and drugs that are active on the day move it, time moves it further, and a visit adds
 * noise. Quantities that follow from others are computed from them. */
#ifndef PHYSIOLOGY_H
#define PHYSIOLOGY_H

#include "record.h"

struct physiology {
    double levels[LAB_COUNT]; /* of this person in health */
};

/* What is measured on one occasion. */
struct sample {
    const struct record *record;
    const struct physiology *physiology;
    struct chance *chance;
    int day;
    bool is_known[LAB_COUNT];
    double values[LAB_COUNT];
};

/* Draw a person's levels from record->chance. */
void physiology_create(struct record *record, struct physiology *physiology);

void sample_init(struct sample *sample, struct record *record, const struct physiology *physiology,
                 int day);

/* The value of @lab on this occasion; asked twice, the same. */
double sample_value(struct sample *sample, enum lab lab);

/* The diastolic pressure that goes with sample_value(LAB_BLOOD_PRESSURE). */
double sample_diastolic(struct sample *sample);

#endif
