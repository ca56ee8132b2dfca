/* A checkpoint: weights, the optimizer's moments and how far the training was. Native byte order.
 */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "base/arena.h"
#include "train_adam.h"

struct checkpoint {
    struct weights weights;
    struct adam adam;
    uint64_t tokens; /* trained on so far */
    uint64_t seed;
    double progress; /* 0 to 1: of the schedule */
};

/* A new one of @shape, all zero. RESOURCE_EXHAUSTED. */
enum status checkpoint_init(struct checkpoint *checkpoint, const struct shape *shape,
                            struct arena *arena, struct error *err);

/* The file is whole or is not there. */
enum status checkpoint_write(const struct checkpoint *checkpoint, const char *path,
                             struct error *err);

/* NOT_FOUND, DATA_LOSS, RESOURCE_EXHAUSTED. */
enum status checkpoint_read(struct checkpoint *checkpoint, const char *path, struct arena *arena,
                            struct error *err);

#endif
