/* The engine: one thread that owns the run state, the pages of keys and values and a fixed number
 * of sequences. Requests wait in a bounded queue for a sequence and its pages; every round computes
 * one batch of the next id of every answer and of chunks of prompts, so that requests join and
 * leave at any step and a long prompt does not hold up the others. A prompt that begins like an
 * earlier one goes on where the pages of that one end. The ids of a request depend on its prompt,
 * sampling and seed alone, not on what else runs or was kept.
 *
 * A request lives with its caller from inference_engine_submit until inference_engine_take has said
 * that it is done. */
#ifndef INFERENCE_ENGINE_H
#define INFERENCE_ENGINE_H

#include "inference_mask.h"
#include "inference_model.h"
#include "inference_sample.h"

/* Ids that may wait to be taken before the sequence rests. */
#define INFERENCE_OUTPUT_MAX 64
#define INFERENCE_STOPS_MAX 16

enum inference_finish {
    INFERENCE_FINISH_NONE, /* it goes on */
    INFERENCE_FINISH_STOP,
    INFERENCE_FINISH_LENGTH,
    INFERENCE_FINISH_CANCELLED, /* also when the engine stops */
    INFERENCE_FINISH_FAILED,    /* the output says why */
};

struct inference_usage {
    uint32_t prompt_tokens, reused_tokens, generated_tokens;
    uint32_t prompt_us, generate_us, queue_us;
};

struct inference_request {
    /* The caller's, set before submit and left alone until it is done. */
    const uint32_t *ids;
    uint32_t count;
    uint32_t tokens_max; /* 0: what the context leaves */
    struct inference_sampling sampling;
    uint32_t stop_ids[INFERENCE_STOPS_MAX]; /* the one that ends it is not given out */
    uint32_t stops_count;
    const struct inference_mask *mask; /* NULL: every id may be next; released by the engine */
    /* There is something to take. Called on any thread with the engine's lock held, once until
     * inference_engine_take has been called: it may only post. */
    void (*on_output)(struct inference_request *request);
    /* The engine's, guarded by its lock. */
    struct inference_request *next;
    bool is_cancelled, is_paused, is_told;
    uint32_t output_ids[INFERENCE_OUTPUT_MAX];
    float output_logprobs[INFERENCE_OUTPUT_MAX];
    uint32_t output_count;
    enum inference_finish finish;
    struct error error; /* of FAILED */
    struct inference_usage usage;
    struct inference_random random;
    uint64_t queued_ns;
};

struct inference_output {
    uint32_t ids[INFERENCE_OUTPUT_MAX];
    float logprobs[INFERENCE_OUTPUT_MAX];
    uint32_t count;
    enum inference_finish finish; /* not NONE: the last; the engine has let go of the request */
    struct error error;           /* of FAILED */
    struct inference_usage usage; /* with the last */
};

struct inference_engine_options {
    uint32_t sequences; /* requests computed at one time */
    uint32_t queue_max; /* requests that wait for one */
    uint32_t context;   /* 0: the model's */
    uint32_t pages;     /* of keys and values, INFERENCE_PAGE ids each; 0: contexts for all */
    unsigned threads;   /* of the arithmetic, the engine's own among them */
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
 * context, bad sampling or biases. RESOURCE_EXHAUSTED: the queue is full. UNAVAILABLE: the engine
 * stops. On failure the caller keeps @request and its mask. Any thread. */
enum status inference_engine_submit(struct inference_engine *engine,
                                    struct inference_request *request, struct error *err);

/* Move what has come to @output. Any thread. */
void inference_engine_take(struct inference_engine *engine, struct inference_request *request,
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
    uint32_t running, waiting;
    uint64_t prompt_tokens, reused_tokens, generated_tokens;
};

/* Any thread. */
void inference_engine_count(struct inference_engine *engine,
                            struct inference_engine_counts *counts);

#endif
