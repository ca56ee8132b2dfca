/* The thread, each round:
 *
 *     lock    those that are cancelled or complete end; texts of the others, in turn, are a batch
 *     unlock  the batch → embeddings
 *
 * The lock guards the queue and what requests share with their callers. A request in the queue has
 * texts left, or its last ones are in the batch that has just been computed. */
#include "inference_embedder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"

/* Ids of a batch: enough for matrix products to pay. One long text may be more. */
#define BATCH_IDS 512
/* What a caller who was refused is told to wait, at least and at most. */
#define RETRY_MS_MIN 50
#define RETRY_MS_MAX 30000

struct inference_embedder {
    struct inference_encoder *encoder;
    struct inference_embedder_options options;
    struct inference_crew *crew;
    struct inference_encode *encode;
    uint32_t context;
    _Atomic(const char *) digest;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct inference_embed *first, *last;
    uint32_t count;
    uint64_t served_us; /* that a request takes, on the whole */
    bool is_stopping;
    struct inference_encode_text batch[INFERENCE_ENCODE_TEXTS_MAX];
    struct inference_embed *owners[INFERENCE_ENCODE_TEXTS_MAX]; /* of the batch's texts */
};

static uint64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint32_t us_since(uint64_t start_ns)
{
    uint64_t us = (now_ns() - start_ns) / 1000;

    return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* The queue, with the lock held
 * ---------------------------------------------------------------------- */

static void put(struct inference_embedder *embedder, struct inference_embed *embed)
{
    embed->next = NULL;
    if (embedder->last == NULL)
        embedder->first = embed;
    else
        embedder->last->next = embed;
    embedder->last = embed;
    embedder->count++;
}

static struct inference_embed *pop(struct inference_embedder *embedder)
{
    struct inference_embed *embed = embedder->first;

    if (embed == NULL)
        return NULL;
    embedder->first = embed->next;
    if (embedder->first == NULL)
        embedder->last = NULL;
    embedder->count--;
    return embed;
}

static void count_served(struct inference_embedder *embedder, const struct inference_embed *embed)
{
    uint64_t us = us_since(embed->queued_ns);

    embedder->served_us = embedder->served_us == 0 ? us : (embedder->served_us * 7 + us) / 8;
}

/* Those that end, taken out: a list. */
static struct inference_embed *take_ended(struct inference_embedder *embedder)
{
    struct inference_embed *ended = NULL, *embed;

    for (uint32_t left = embedder->count; left > 0; left--) {
        embed = pop(embedder);
        if (embed->at < embed->count && !embed->is_cancelled && !embedder->is_stopping) {
            put(embedder, embed);
            continue;
        }
        embed->finish =
            embed->at == embed->count ? INFERENCE_FINISH_LENGTH : INFERENCE_FINISH_CANCELLED;
        count_served(embedder, embed);
        embed->next = ended;
        ended = embed;
    }
    return ended;
}

/* The next text of the request that comes first. False: it does not fit in the batch. */
static bool add_text(struct inference_embedder *embedder, uint32_t count, uint32_t *ids)
{
    struct inference_embed *embed = embedder->first;
    const struct inference_encode_text *text = &embed->texts[embed->at];

    if (count == INFERENCE_ENCODE_TEXTS_MAX || (count > 0 && *ids + text->count > BATCH_IDS))
        return false;
    if (embed->usage.queue_us == 0)
        embed->usage.queue_us = us_since(embed->queued_ns);
    *ids += text->count;
    embedder->batch[count] = *text;
    embedder->owners[count] = embed;
    embed->at++;
    return true;
}

/* Texts of all requests, one of each in turn. Returns how many. */
static uint32_t compose(struct inference_embedder *embedder)
{
    uint32_t count = 0, ids = 0, without = 0;

    while (without < embedder->count) {
        if (embedder->first->at == embedder->first->count)
            without++;
        else if (add_text(embedder, count, &ids))
            count++, without = 0;
        else
            break;
        put(embedder, pop(embedder));
    }
    return count;
}

/* The thread
 * ---------------------------------------------------------------------------------------------- */

static void end_all(struct inference_embed *ended)
{
    struct inference_embed *next;

    for (; ended != NULL; ended = next) {
        next = ended->next;
        ended->on_end(ended);
    }
}

/* The texts of the next batch; 0: stop. */
static uint32_t next_batch(struct inference_embedder *embedder)
{
    struct inference_embed *ended;
    uint32_t count;
    bool is_over;

    for (;;) {
        pthread_mutex_lock(&embedder->lock);
        while (embedder->first == NULL && !embedder->is_stopping)
            pthread_cond_wait(&embedder->wake, &embedder->lock);
        ended = take_ended(embedder);
        count = compose(embedder);
        is_over = embedder->is_stopping;
        pthread_mutex_unlock(&embedder->lock);
        end_all(ended);
        if (count > 0 || is_over)
            return count;
    }
}

/* Whether text @i is the first of its request in the batch. */
static bool is_first_of(const struct inference_embedder *embedder, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++) {
        if (embedder->owners[j] == embedder->owners[i])
            return false;
    }
    return true;
}

static void run_batch(struct inference_embedder *embedder, uint32_t count)
{
    uint64_t start = now_ns();

    inference_encode_run(embedder->encode, embedder->batch, count);
    for (uint32_t i = 0; i < count; i++) {
        struct inference_embed *embed = embedder->owners[i];

        if (!embed->is_raw)
            inference_encode_scale(embedder->batch[i].embedding, embedder->encoder->embedding);
        if (is_first_of(embedder, i))
            embed->usage.prompt_us += us_since(start);
    }
}

static void *run(void *arg)
{
    struct inference_embedder *embedder = arg;
    uint32_t count;

    atomic_store(&embedder->digest, gguf_digest(embedder->encoder->gguf));
    embedder->options.on_ready(embedder->options.owner);
    while ((count = next_batch(embedder)) > 0)
        run_batch(embedder, count);
    return NULL;
}

/* Start and stop
 * ------------------------------------------------------------------------------------ */

static enum status create_state(struct inference_embedder *embedder, struct error *err)
{
    uint32_t ids_max = embedder->context > BATCH_IDS ? embedder->context : BATCH_IDS;

    embedder->crew = inference_crew_create(embedder->options.threads, err);
    if (embedder->crew == NULL)
        return err->status;
    embedder->encode = inference_encode_create(embedder->encoder, embedder->crew, ids_max, err);
    return embedder->encode == NULL ? err->status : STATUS_OK;
}

struct inference_embedder *
inference_embedder_create(struct inference_encoder *encoder,
                          const struct inference_embedder_options *options, struct error *err)
{
    struct inference_embedder *embedder = calloc(1, sizeof(*embedder));

    if (embedder == NULL) {
        inference_encoder_destroy(encoder);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    embedder->encoder = encoder;
    embedder->options = *options;
    embedder->context = encoder->context;
    if (options->context > 0 && options->context < encoder->context)
        embedder->context = options->context;
    pthread_mutex_init(&embedder->lock, NULL);
    pthread_cond_init(&embedder->wake, NULL);
    if (create_state(embedder, err) != STATUS_OK) {
        inference_embedder_destroy(embedder);
        return NULL;
    }
    embedder->has_thread = pthread_create(&embedder->thread, NULL, run, embedder) == 0;
    if (embedder->has_thread)
        return embedder;
    inference_embedder_destroy(embedder);
    error_set(err, STATUS_RESOURCE_EXHAUSTED, "no thread for the embedder");
    return NULL;
}

void inference_embedder_stop(struct inference_embedder *embedder)
{
    if (!embedder->has_thread)
        return;
    pthread_mutex_lock(&embedder->lock);
    embedder->is_stopping = true;
    pthread_cond_signal(&embedder->wake);
    pthread_mutex_unlock(&embedder->lock);
    pthread_join(embedder->thread, NULL);
    embedder->has_thread = false;
}

void inference_embedder_destroy(struct inference_embedder *embedder)
{
    if (embedder == NULL)
        return;
    inference_embedder_stop(embedder);
    inference_encode_destroy(embedder->encode);
    inference_crew_destroy(embedder->crew);
    inference_encoder_destroy(embedder->encoder);
    pthread_cond_destroy(&embedder->wake);
    pthread_mutex_destroy(&embedder->lock);
    free(embedder);
}

/* Requests, any thread
 * ------------------------------------------------------------------------------ */

static enum status check_text(const struct inference_embedder *embedder,
                              const struct inference_encode_text *text, struct error *err)
{
    uint32_t vocabulary = embedder->encoder->vocabulary;

    if (text->count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a text of no ids");
    if (text->count > embedder->context)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a text of %u ids is longer than the context of %u", text->count,
                         embedder->context);
    for (uint32_t i = 0; i < text->count; i++) {
        if (text->ids[i] >= vocabulary)
            return error_set(err, STATUS_INVALID_ARGUMENT, "id %u is outside the vocabulary of %u",
                             text->ids[i], vocabulary);
    }
    return STATUS_OK;
}

static enum status check(const struct inference_embedder *embedder, struct inference_embed *embed,
                         struct error *err)
{
    if (embed->count < 1 || embed->count > INFERENCE_EMBED_TEXTS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%u texts: 1 to %d are taken", embed->count,
                         INFERENCE_EMBED_TEXTS_MAX);
    for (uint32_t i = 0; i < embed->count; i++) {
        if (check_text(embedder, &embed->texts[i], err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
        embed->usage.prompt_tokens += embed->texts[i].count;
    }
    return STATUS_OK;
}

enum status inference_embedder_submit(struct inference_embedder *embedder,
                                      struct inference_embed *embed, struct error *err)
{
    enum status status = check(embedder, embed, err);

    if (status != STATUS_OK)
        return status;
    pthread_mutex_lock(&embedder->lock);
    if (embedder->is_stopping) {
        status = error_set(err, STATUS_UNAVAILABLE, "the embedder stops");
    } else if (embedder->count > embedder->options.queue_max) {
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED,
                           "%u requests run or wait: the queue is full", embedder->count);
    } else {
        embed->queued_ns = now_ns();
        put(embedder, embed);
        pthread_cond_signal(&embedder->wake);
    }
    pthread_mutex_unlock(&embedder->lock);
    return status;
}

void inference_embedder_cancel(struct inference_embedder *embedder, struct inference_embed *embed)
{
    pthread_mutex_lock(&embedder->lock);
    embed->is_cancelled = true;
    pthread_mutex_unlock(&embedder->lock);
}

const struct inference_encoder *
inference_embedder_encoder(const struct inference_embedder *embedder)
{
    return embedder->encoder;
}

uint32_t inference_embedder_context(const struct inference_embedder *embedder)
{
    return embedder->context;
}

const char *inference_embedder_digest(const struct inference_embedder *embedder)
{
    return atomic_load(&embedder->digest);
}

uint32_t inference_embedder_waiting(struct inference_embedder *embedder)
{
    uint32_t count;

    pthread_mutex_lock(&embedder->lock);
    count = embedder->count;
    pthread_mutex_unlock(&embedder->lock);
    return count;
}

uint32_t inference_embedder_retry_ms(struct inference_embedder *embedder)
{
    uint64_t ms;

    pthread_mutex_lock(&embedder->lock);
    ms = embedder->served_us / 1000;
    pthread_mutex_unlock(&embedder->lock);
    if (ms < RETRY_MS_MIN)
        return RETRY_MS_MIN;
    return ms > RETRY_MS_MAX ? RETRY_MS_MAX : (uint32_t)ms;
}
