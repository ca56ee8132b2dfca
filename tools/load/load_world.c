#include "load_world.h"

#include <stdio.h>

#include "base/limits.h"
#include "bundle.h"
#include "population.h"

#define WORLD_BYTES_MAX ((size_t)8 << 30)
#define NOTES_MAX 4096

static const char *const questions[] = {
    "What was the last hemoglobin A1c?",
    "Which medications is the patient taking now?",
    "Does the patient have diabetes?",
    "Is the patient allergic to penicillin?",
    "When was the last blood pressure measured, and what was it?",
    "Which immunizations has the patient had?",
    "What procedures were done in the last five years?",
    "How has the creatinine changed over the last two years?",
    "Why was the patient last seen in the emergency department?",
    "Which conditions are active?",
    "When was the last colonoscopy?",
    "Is there anything that speaks against ibuprofen?",
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

const char *load_world_question(uint64_t draw)
{
    return questions[draw % QUESTIONS];
}

static void take_notes(struct load_world *world, const struct record *record)
{
    unsigned i;

    for (i = 0; i < record->note_count && world->notes_count < NOTES_MAX; i++)
        if (record->note_list[i].text.size > 0)
            world->notes[world->notes_count++] =
                arena_copy(&world->arena, record->note_list[i].text);
}

static bool make_patient(struct load_world *world, const struct population *population,
                         unsigned index, struct arena *work)
{
    struct load_patient *patient = &world->patients[index];
    struct record record;
    struct buffer bundle;

    population_create(population, index, work, &record);
    buffer_init(&bundle, work);
    bundle_write(&record, &bundle);
    patient->bundle = arena_copy(&world->arena, buffer_slice(&bundle));
    snprintf(patient->name, sizeof(patient->name), "load-%llu-%u",
             (unsigned long long)population->seed, index);
    take_notes(world, &record);
    return !bundle.is_full && patient->bundle.size > 0;
}

enum status load_world_init(struct load_world *world, uint64_t seed, unsigned patients,
                            unsigned resources, struct error *err)
{
    struct population population = { .seed = seed,
                                     .resources_target = resources,
                                     .age_min = 18,
                                     .age_max = 90,
                                     .today = population_today() };
    struct arena work;
    bool is_made = true;

    *world = (struct load_world){ .patients_count = patients };
    arena_init(&world->arena, WORLD_BYTES_MAX);
    world->patients = arena_alloc_zero(&world->arena, patients, sizeof(*world->patients));
    world->notes = arena_alloc_zero(&world->arena, NOTES_MAX, sizeof(*world->notes));
    for (unsigned i = 0; i < patients && is_made; i++) {
        arena_init(&work, RECORD_ARENA_BYTES);
        is_made = world->patients != NULL && world->notes != NULL
                  && make_patient(world, &population, i, &work);
        arena_close(&work);
    }
    if (is_made && world->notes_count > 0)
        return STATUS_OK;
    load_world_close(world);
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u patients", patients);
}

void load_world_close(struct load_world *world)
{
    arena_close(&world->arena);
}
