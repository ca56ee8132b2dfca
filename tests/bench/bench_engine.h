/* An engine that a benchmark asks, one request after the other. */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include "inference_engine.h"

struct bench_answer {
    uint32_t count;     /* ids */
    double user_ms, ms; /* after the first of them: of the process's time, of time */
    struct inference_usage usage;
};

/* NULL: *err says why. Returns when it serves; takes ownership of @model. */
struct inference_engine *bench_engine_create(struct inference_model *model,
                                             struct inference_engine_options options,
                                             struct error *err);

/* @request has one answer; what it says is waited for. */
void bench_engine_ask(struct inference_engine *engine, struct inference_request *request,
                      struct bench_answer *answer);

/* Sorts @values [count]. */
double bench_engine_median(double *values, unsigned count);

#endif
