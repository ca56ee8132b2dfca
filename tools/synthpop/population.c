#include "population.h"

#include <stdio.h>

#include "calendar.h"
#include "course.h"
#include "note.h"
#include "person.h"

/* So that the people of one seed with and without held-out conditions are others. */
#define HELDOUT_SEED 0x68656c64ULL

int population_today(void)
{
    return calendar_day(2025, 6, 30);
}

/* Most records are small and a few are long. */
static unsigned draw_target(struct chance *chance)
{
    unsigned target = 30 + chance_below(chance, 120);

    while (target < 2000 && chance_happens(chance, 0.45))
        target = target * 9 / 5;
    return target;
}

void population_create(const struct population *population, unsigned index, struct arena *arena,
                       struct record *record)
{
    uint64_t seed = population->seed ^ (population->is_heldout ? HELDOUT_SEED : 0);
    unsigned target;

    *record = (struct record){ .arena = arena,
                               .index = index,
                               .is_heldout = population->is_heldout,
                               .today = population->today };
    chance_init(&record->chance, seed, index);
    person_create(record, seed,
                  chance_between(&record->chance, population->age_min, population->age_max));
    target = draw_target(&record->chance);
    course_run(record, population->resources_target > 0 ? population->resources_target : target);
    note_write(record);
}

void population_file_name(const struct record *record, char *name, size_t size)
{
    snprintf(name, size, "%05u-%s.json", record->index, record->person.id);
}
