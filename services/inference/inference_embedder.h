/* The embedder: one thread that owns the run state of an encoder. Requests wait in a bounded queue;
 * every round computes a batch of their texts, one of each request in turn, so that a request with
 * many does not hold up the others. */
#ifndef INFERENCE_EMBEDDER_H
#define INFERENCE_EMBEDDER_H

#include "inference_encode.h"
#include "inference_request.h"

#define INFERENCE_EMBED_TEXTS_MAX 256

struct inference_embedder_options {
    uint32_t queue_max; /* requests that wait or are computed */
    uint32_t context;   /* the longest text; 0: the model's */
    unsigned threads;   /* of the arithmetic, the embedder's own among them */
    /* On the embedder's thread, once, when the file has been read whole for its digest. */
    void (*on_ready)(void *owner);
    void *owner;
};

/* It lives with its caller from inference_embedder_submit until on_end. */
struct inference_embed {
    /* The caller's, set before submit and left alone until the end. The rest is 0. */
    struct inference_encode_text *texts; /* [count] */
    uint32_t count;
    bool is_raw; /* embeddings are not scaled to the length 1 */
    /* It has ended: LENGTH, every text is embedded; CANCELLED, not all. On the embedder's thread,
     * or on the one that stops it, without a lock: it may only post. */
    void (*on_end)(struct inference_embed *embed);

    /* The embedder's, and the caller's after the end. */
    enum inference_finish finish;
    struct inference_usage usage;
    struct inference_embed *next;
    uint32_t at; /* texts that are computed or in the batch */
    bool is_cancelled;
    uint64_t queued_ns;
};

struct inference_embedder;

/* Takes ownership of @encoder, also on failure. */
struct inference_embedder *
inference_embedder_create(struct inference_encoder *encoder,
                          const struct inference_embedder_options *options, struct error *err);

/* Ends every request with CANCELLED, joins the thread. */
void inference_embedder_stop(struct inference_embedder *embedder);
void inference_embedder_destroy(struct inference_embedder *embedder);

/* INVALID_ARGUMENT: no texts or too many, one of no ids, of too many, or with an id outside the
 * vocabulary. RESOURCE_EXHAUSTED: the queue is full. UNAVAILABLE: the embedder stops. On failure
 * the caller keeps @embed. Any thread. */
enum status inference_embedder_submit(struct inference_embedder *embedder,
                                      struct inference_embed *embed, struct error *err);

/* Stop within a batch; on_end then comes. Only before it has come. Any thread. */
void inference_embedder_cancel(struct inference_embedder *embedder, struct inference_embed *embed);

const struct inference_encoder *
inference_embedder_encoder(const struct inference_embedder *embedder);
uint32_t inference_embedder_context(const struct inference_embedder *embedder);

/* NULL until on_ready. Any thread. */
const char *inference_embedder_digest(const struct inference_embedder *embedder);

/* Requests that wait or are computed. Any thread. */
uint32_t inference_embedder_waiting(struct inference_embedder *embedder);

/* Milliseconds until a request that was refused now may have room. Any thread. */
uint32_t inference_embedder_retry_ms(struct inference_embedder *embedder);

#endif
