/* What this machine can do at best, and what share of it a model reaches. */
#ifndef CONSILIUM_LIMITS_H
#define CONSILIUM_LIMITS_H

#include "inference_crew.h"
#include "inference_model.h"

/* A product and its sum are two operations. */
struct consilium_limits {
    double read;      /* bytes a second, of memory that no cache holds */
    double f32, int8; /* operations a second */
};

/* Measure with the threads of @crew, medians of some repeats; a second or two. RESOURCE_EXHAUSTED.
 */
enum status consilium_limits_measure(struct consilium_limits *limits, struct inference_crew *crew,
                                     struct error *err);

/* What computing one id takes, besides attention: bytes of weights that are read, and operations
 * with them, of a prompt (without the output, which its last id alone has) and of an answer. */
struct consilium_work {
    double bytes, prompt, answer;
};
struct consilium_work consilium_work_of(struct inference_model *model);

#endif
