/* A request as its caller and the engine share it: a prompt and one or more answers to it, or a
 * prompt and continuations that are scored. The prompt is computed once for all of them.
 *
 * It lives with its caller from inference_engine_submit until inference_engine_take has given the
 * last output. */
#ifndef INFERENCE_REQUEST_H
#define INFERENCE_REQUEST_H

#include "inference_mask.h"
#include "inference_sample.h"
#include "inference_stop.h"

/* Ids of an answer that may wait to be taken before it rests: more than a stop text can hold back,
 * so that it always goes on. */
#define INFERENCE_OUTPUT_MAX 128
#define INFERENCE_STOPS_MAX 16
#define INFERENCE_ANSWERS_MAX 256

enum inference_finish {
    INFERENCE_FINISH_NONE, /* it goes on */
    INFERENCE_FINISH_STOP,
    INFERENCE_FINISH_LENGTH,    /* what was scored ends so too */
    INFERENCE_FINISH_CANCELLED, /* also when the engine stops */
    INFERENCE_FINISH_FAILED,    /* the output says why */
};

/* Who goes first where not all can; one in some comes from behind, so that all come. */
enum inference_priority {
    INFERENCE_PRIORITY_NORMAL, /* somebody waits for it */
    INFERENCE_PRIORITY_URGENT,
    INFERENCE_PRIORITY_BATCH, /* nobody does */
};

#define INFERENCE_PRIORITIES 3

struct inference_usage {
    uint32_t prompt_tokens, reused_tokens, generated_tokens;
    uint32_t prompt_us, generate_us, queue_us;
    uint32_t first_us; /* from submit to the first id */
};

struct inference_answer {
    /* The caller's: ids to be scored after the prompt and room for their logarithms, which are
     * complete when the answer has ended; or none, and ids are sampled. */
    const uint32_t *given; /* [given_count] */
    uint32_t given_count;
    float *given_logprobs; /* [given_count] */
    bool is_likeliest;     /* each given id was the likeliest in its place */
    /* The caller's: room for the likeliest ids with each, where they are wanted. */
    struct inference_candidate *top; /* [INFERENCE_OUTPUT_MAX][sampling.top_count] */

    /* The engine's. */
    struct inference_mask mask;
    struct inference_random random;
    struct inference_sample first; /* after the prompt */
    bool has_mask, is_over_at_first;
    uint32_t given_at; /* given ids that have been scored */
    /* The engine's, guarded by its lock. */
    struct inference_stopper stopper;
    uint32_t output_ids[INFERENCE_OUTPUT_MAX];
    float output_logprobs[INFERENCE_OUTPUT_MAX];
    uint32_t output_count; /* those held back among them */
    uint32_t cut_bytes;
    enum inference_finish finish;
    bool is_taken;      /* the end has been */
    struct error error; /* of FAILED */
};

struct inference_adapter;

struct inference_request {
    /* The caller's, set before submit and left alone until the last output. The rest is 0. */
    const uint32_t *ids;
    uint32_t count;
    uint32_t tokens_max;                    /* of each answer; 0: what the context leaves */
    struct inference_sampling sampling;     /* answer i goes by the seed plus i */
    uint32_t stop_ids[INFERENCE_STOPS_MAX]; /* the one that ends an answer is not given out */
    uint32_t stops_count;
    struct inference_stops stop_texts;
    const struct inference_adapter *adapter; /* of the engine's model; NULL: the model as it is */
    const struct inference_mask *mask; /* NULL: every id may be next; the engine releases it */
    enum inference_priority priority;
    struct inference_answer *answers; /* [answers_count] */
    uint32_t answers_count;
    /* There is something to take. Called on any thread with the engine's lock held, once until
     * inference_engine_take has been called: it may only post. */
    void (*on_output)(struct inference_request *request);

    /* The engine's, guarded by its lock. */
    struct inference_request *next;
    bool is_cancelled, is_paused, is_told, is_done;
    bool is_prompt_through;
    uint32_t begun, ended; /* of the answers */
    uint32_t count_max;    /* of prompt and the longest answer */
    struct inference_usage usage;
    uint64_t queued_ns;
};

/* News of one answer. */
struct inference_output {
    uint32_t answer; /* its index */
    uint32_t ids[INFERENCE_OUTPUT_MAX];
    float logprobs[INFERENCE_OUTPUT_MAX];
    struct inference_candidate top[INFERENCE_OUTPUT_MAX][INFERENCE_TOP_MAX];
    uint32_t count;
    uint32_t cut_bytes; /* of the text of the last id, where a stop text begins inside it */
    enum inference_finish finish; /* not NONE: the answer's last */
    struct error error;           /* of FAILED */
    bool is_last;                 /* of the request: the engine has let go of it */
    struct inference_usage usage; /* with the last */
};

#endif
