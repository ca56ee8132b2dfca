/* The engine's state, for its own files. */
#ifndef INFERENCE_ENGINE_STATE_H
#define INFERENCE_ENGINE_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "inference_choose.h"
#include "inference_engine.h"
#include "inference_queue.h"

/* What a batch has given. */
struct inference_samples {
    struct inference_answer *answers[INFERENCE_BATCH_MAX]; /* of segment i; NULL: a prompt */
    uint32_t counts[INFERENCE_BATCH_MAX];                  /* samples of it, in the list */
    bool is_over[INFERENCE_BATCH_MAX];                     /* the answer ends after them */
    struct inference_sample list[INFERENCE_BATCH_MAX];
};

struct inference_engine {
    struct inference_model *model;
    struct inference_engine_options options;
    struct inference_crew *crew;
    struct inference_cache *cache;
    struct inference_forward *forward;
    struct inference_chooser chooser;
    struct inference_text *text; /* NULL: the file has no vocabulary */
    struct inference_sequence *sequences;
    struct inference_samples samples;
    uint32_t turn; /* of the chunks of prompts */
    uint32_t context;
    _Atomic(const char *) digest;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct inference_queue queue;
    uint64_t served_us; /* that a request has a sequence, on the whole */
    bool is_stopping;
    struct inference_engine_counts counts;
};

static inline uint64_t inference_now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline uint32_t inference_us_since(uint64_t start_ns)
{
    uint64_t us = (inference_now_ns() - start_ns) / 1000;

    return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

#endif
