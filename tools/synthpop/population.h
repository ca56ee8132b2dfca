/* Population: synthetic patients by number. Patient @index of a seed is the same whatever else is
 * made. */
#ifndef POPULATION_H
#define POPULATION_H

#include "base/buffer.h"
#include "record.h"

struct population {
    uint64_t seed;
    unsigned
        resources_target; /* 0: each patient draws one, from some thirty to some two thousand */
    int age_min, age_max; /* years */
    bool is_heldout;      /* its people have the conditions that are held out of training */
    int today;            /* the day on which the records are read; see population_today */
};

/* The day that records end at unless told: 2025-06-30. Not the clock's, or the same seed would not
 * give the same bytes. */
int population_today(void);

/* Make patient @index in @arena, which is empty and has RECORD_ARENA_BYTES. Any thread. */
void population_create(const struct population *population, unsigned index, struct arena *arena,
                       struct record *record);

/* "00012-p3f9c0a2b1d4e7.json"; @name has @size bytes. */
void population_file_name(const struct record *record, char *name, size_t size);

#endif
