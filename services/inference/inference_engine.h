/* The engine: one thread that owns the run state, the pages of keys and values and a fixed number
 * of sequences. Requests wait in a bounded queue for a sequence and its pages; every round computes
 * one batch of the next id of every answer and of chunks of prompts, so that requests join and
 * leave at any step and a long prompt does not hold up the others. A prompt that begins like an
 * earlier one goes on where the pages of that one end. The ids of a request depend on its prompt,
 * sampling and seed alone, not on what else runs or was kept.
 *
 * A request with several answers, or with several continuations to score, computes its prompt once:
 * every answer goes on from the same pages. Its first sequence takes one answer after another, so
 * that they all come; while nobody waits, other sequences take some of them. */
#ifndef INFERENCE_ENGINE_H
#define INFERENCE_ENGINE_H

#include "inference_cache.h"
#include "inference_request.h"

struct inference_engine_options {
    uint32_t sequences;   /* requests computed at one time */
    uint32_t queue_max;   /* requests that wait for one */
    uint32_t wait_max_ms; /* that one may wait, as far as it can be foreseen; 0: any time */
    uint32_t context;     /* 0: the model's */
    uint32_t pages;       /* of keys and values, INFERENCE_PAGE ids each; 0: contexts for all */
    enum inference_cache_form cache_form;
    unsigned threads; /* of the arithmetic, the engine's own among them */
    /* On the engine's thread, once, when the file has been read whole for its digest. */
    void (*on_ready)(void *owner);
    void *owner;
};

struct inference_engine;

/* Takes ownership of @model, also on failure. */
struct inference_engine *inference_engine_create(struct inference_model *model,
                                                 const struct inference_engine_options *options,
                                                 struct error *err);

/* Ends every request with CANCELLED (on_output is called), joins the thread. Their outputs can be
 * taken until destroy. */
void inference_engine_stop(struct inference_engine *engine);
void inference_engine_destroy(struct inference_engine *engine);

/* INVALID_ARGUMENT: no ids, an id outside the vocabulary, a prompt that leaves no room in the
 * context, bad sampling or biases. RESOURCE_EXHAUSTED: the queue is full, or the wait
 * too long. UNAVAILABLE: the engine
 * stops. On failure the caller keeps @request and its mask. Any thread. */
enum status inference_engine_submit(struct inference_engine *engine,
                                    struct inference_request *request, struct error *err);

/* Move news of one answer to @output. False: there are none now, and on_output will tell of the
 * next. Not any more after the output that is_last. Any thread. */
bool inference_engine_take(struct inference_engine *engine, struct inference_request *request,
                           struct inference_output *output);

/* Stop within a step; on_output then tells of the end. Only before the end has been taken. Any
 * thread. */
void inference_engine_cancel(struct inference_engine *engine, struct inference_request *request);

/* Rest, or go on. Likewise. */
void inference_engine_pause(struct inference_engine *engine, struct inference_request *request,
                            bool is_paused);

const struct inference_model *inference_engine_model(const struct inference_engine *engine);
uint32_t inference_engine_context(const struct inference_engine *engine);

/* NULL until on_ready. Any thread. */
const char *inference_engine_digest(const struct inference_engine *engine);

struct inference_engine_counts {
    uint32_t running, waiting;  /* sequences, requests */
    uint32_t pages, pages_used; /* those that only could be found again are not used */
    uint64_t prompt_tokens, reused_tokens, generated_tokens;
};

/* Milliseconds until a request that was refused now may have room: by how long the last ones took.
 * Any thread. */
uint32_t inference_engine_retry_ms(struct inference_engine *engine);

/* The text of each id, for stop texts; NULL: the file has no vocabulary. */
const struct inference_text *inference_engine_text(const struct inference_engine *engine);

/* Any thread. */
void inference_engine_count(struct inference_engine *engine,
                            struct inference_engine_counts *counts);

#endif
