/* The threads of the trainer. Each thread runs some of a step's examples and keeps its own
 * gradient, and the gradients are added in the order of the threads. Examples are dealt out by size
 * beforehand: then the result is the same bit for bit with the same number of threads. Or a thread
 * takes the next when it is done: faster on a machine that does other work too.
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

/* Starts @threads - 1 threads and makes BLAS single-threaded in this process. NULL and @err when
 * memory or threads are short. */
struct team *team_start(const struct shape *shape, unsigned threads, size_t tokens_max,
                        struct arena *arena, struct error *err);

enum team_deal {
    TEAM_DEAL_FIXED,
    TEAM_DEAL_FREE,
};

/* Run all @jobs; the targets are filled in, the jobs' order changes. @is_learning: the sum of the
 * gradients is in team_gradient afterwards. */
void team_run(struct team *team, const struct weights *weights, struct team_job *jobs,
              size_t jobs_count, enum team_deal deal, bool is_learning);

const struct weights *team_gradient(const struct team *team);

/* Ends the threads; the memory is the arena's. */
void team_stop(struct team *team);

#endif
