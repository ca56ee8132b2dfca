/* The threads of the trainer. A step's examples are dealt out by size, each thread runs its own and keeps its own gradient, and
 * the gradients are added in the order of the threads: with the same number of threads the result is the same bit for bit.
 *
 * The caller's thread is the first of them. */
#ifndef TRAIN_TEAM_H
#define TRAIN_TEAM_H

#include "train_pass.h"

#define TEAM_THREADS_MAX 64

/* An example and what is to be predicted in it. */
struct team_job {
    const struct example *example;
    struct pass_target *targets;
    size_t targets_count;
};

struct team;

/* Starts @threads - 1 threads and makes BLAS single-threaded in this process. NULL and @err when memory or threads are
 * short. */
struct team *team_start(const struct shape *shape, unsigned threads, size_t tokens_max, struct arena *arena, struct error *err);

/* Run all @jobs; the targets are filled in. @is_learning: the sum of the gradients is in team_gradient afterwards. */
void team_run(struct team *team, const struct weights *weights, struct team_job *jobs, size_t jobs_count, bool is_learning);

const struct weights *team_gradient(const struct team *team);

/* Ends the threads; the memory is the arena's. */
void team_stop(struct team *team);

#endif
