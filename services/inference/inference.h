/* The inference service: one model, one engine. Health says SERVING when the file has been read
 * whole and its digest is known. */
#ifndef INFERENCE_H
#define INFERENCE_H

#include "inference_engine.h"
#include "run/loop.h"
#include "run/metrics.h"

struct inference {
    struct inference_engine *engine;
    struct loop *loop;
    void (*on_ready)(struct inference *inference); /* on the loop; NULL: nobody asks */
    void *owner;
    struct letter ready;
    bool is_stopping;
    struct metric *prompt_tokens, *reused_tokens, *generated_tokens, *running, *waiting;
    struct metric *pages, *pages_used, *first, *queue;
};

struct inference_options {
    const char *model; /* a GGUF file */
    uint32_t sequences, queue_max, context, pages;
    unsigned threads;
};

/* Map and check the model, start the engine's thread. What is wrong with the file is said here;
 * @on_ready comes later. Loop thread. */
struct inference *inference_start(const struct inference_options *options, struct loop *loop,
                                  void (*on_ready)(struct inference *), void *owner,
                                  struct error *err);

/* End what runs and the thread; @on_ready does not come any more. Loop thread. */
void inference_stop(struct inference *inference);

/* After inference_stop, and when the loop has ended. */
void inference_destroy(struct inference *inference);

/* A request has ended. Loop thread. */
void inference_count(struct inference *inference, const struct inference_usage *usage);

/* Set the gauges of the engine's load. Loop thread. */
void inference_observe(struct inference *inference);

#endif
