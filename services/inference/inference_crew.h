/* The threads of the engine's arithmetic. A task is a number of parts that any thread may take; the
 * caller's thread works too. Results must not depend on who takes what. */
#ifndef INFERENCE_CREW_H
#define INFERENCE_CREW_H

#include <stdint.h>

#include "base/error.h"

#define INFERENCE_CREW_MAX 256

struct inference_crew;

/* @threads in all, with the caller's. NULL and @err when memory or threads are short. */
struct inference_crew *inference_crew_create(unsigned threads, struct error *err);
void inference_crew_destroy(struct inference_crew *crew);

unsigned inference_crew_size(const struct inference_crew *crew);

/* Call @run with every part from 0 to @parts - 1, and @member, the number of the thread that runs
 * it (the caller's is 0). Returns when all are done. Only the thread that created the crew. */
void inference_crew_run(struct inference_crew *crew, uint32_t parts,
                        void (*run)(void *task, uint32_t part, unsigned member), void *task);

#endif
