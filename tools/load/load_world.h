/* What calls are made of: synthetic patients (tools/synthpop) with their bundles, notes of theirs,
 * questions. The same seed gives the same world. */
#ifndef LOAD_WORLD_H
#define LOAD_WORLD_H

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"

#define LOAD_PATIENTS_MAX 100000

struct load_patient {
    char name[32]; /* the caller's id of the patient */
    struct slice bundle;
};

struct load_world {
    struct arena arena;
    struct load_patient *patients;
    unsigned patients_count;
    struct slice *notes;
    unsigned notes_count;
};

/* @resources: of each patient; 0: as each draws. RESOURCE_EXHAUSTED when the memory does not do. */
enum status load_world_init(struct load_world *world, uint64_t seed, unsigned patients,
                            unsigned resources, struct error *err);
void load_world_close(struct load_world *world);

/* A clinician's question; any @draw. */
const char *load_world_question(uint64_t draw);

#endif
