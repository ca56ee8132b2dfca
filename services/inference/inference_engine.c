/* The thread, each round:
 *
 *     lock    admit: queue → free sequences; drop the cancelled; which can step?     (none: wait)
 *     unlock  each of them: step → forward → sample
 *     lock    deliver the id, or the end
 *
 * The lock guards the queue and what requests share with their callers; sequences belong to the
 * thread alone. */
#include "inference_engine.h"

#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "inference_forward.h"

struct sequence {
    struct inference_cache cache;
    uint32_t *ids;      /* [context] what is in the cache, then what is to be computed */
    uint32_t cached;    /* ids whose keys and values are in the cache */
    uint32_t prompt;    /* ids of them that came as a prompt, in chunks from the start */
    uint32_t count;     /* ids of prompt and answer */
    uint32_t count_max; /* where the answer must end */
    struct inference_random random;
    struct inference_request *request; /* NULL: free */
};

struct inference_engine {
    struct inference_model *model;
    struct inference_engine_options options;
    struct inference_forward *forward;
    struct inference_candidate *candidates; /* [vocabulary] */
    struct sequence *sequences;
    uint32_t context;
    _Atomic(const char *) digest;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct inference_request *queue_first, *queue_last;
    uint32_t queue_count;
    bool is_stopping;
    struct inference_engine_counts counts;
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

/* Delivery, with the lock held
 * ---------------------------------------------------------------------- */

static void tell(struct inference_request *request)
{
    if (request->is_told)
        return;
    request->is_told = true;
    request->on_output(request);
}

/* The request is its caller's again once this is told and taken. */
static void end_request(struct inference_request *request, enum inference_finish finish)
{
    request->finish = finish;
    tell(request);
}

static void end_sequence(struct sequence *sequence, enum inference_finish finish)
{
    struct inference_request *request = sequence->request;

    sequence->request = NULL;
    end_request(request, finish);
}

static void put_output(struct inference_request *request, uint32_t id, float logprob)
{
    CHECK(request->output_count < INFERENCE_OUTPUT_MAX);
    request->output_ids[request->output_count] = id;
    request->output_logprobs[request->output_count++] = logprob;
    request->usage.generated_tokens++;
    tell(request);
}

/* Admission, with the lock held
 * --------------------------------------------------------------------- */

/* How much of the prompt is in @sequence: whole chunks of its prompt only, and never the last id,
 * whose logits are what comes next. So every prompt is cut into the same chunks whether or not
 * something was kept, and gives the same logits to the last bit. */
static uint32_t shared_prefix(const struct sequence *sequence,
                              const struct inference_request *request)
{
    uint32_t kept = sequence->cached < sequence->prompt ? sequence->cached : sequence->prompt;
    uint32_t i = 0;

    while (i < kept && i + 1 < request->count && sequence->ids[i] == request->ids[i])
        i++;
    return i / INFERENCE_CHUNK_MAX * INFERENCE_CHUNK_MAX;
}

/* The free sequence that has most of the prompt already; of equals the one that loses least. NULL:
 * none is free. */
static struct sequence *choose_sequence(struct inference_engine *engine,
                                        const struct inference_request *request)
{
    struct sequence *best = NULL;
    uint32_t best_shared = 0;

    for (uint32_t i = 0; i < engine->options.sequences; i++) {
        struct sequence *sequence = &engine->sequences[i];
        uint32_t shared;

        if (sequence->request != NULL)
            continue;
        shared = shared_prefix(sequence, request);
        if (best == NULL || shared > best_shared
            || (shared == best_shared && sequence->cached < best->cached)) {
            best = sequence;
            best_shared = shared;
        }
    }
    return best;
}

static void begin(struct inference_engine *engine, struct sequence *sequence,
                  struct inference_request *request)
{
    uint32_t room = engine->context - request->count;

    sequence->cached = shared_prefix(sequence, request);
    sequence->prompt = request->count;
    memcpy(sequence->ids, request->ids, request->count * sizeof(*request->ids));
    sequence->count = request->count;
    if (request->tokens_max > 0 && request->tokens_max < room)
        room = request->tokens_max;
    sequence->count_max = request->count + room;
    inference_random_init(&sequence->random, request->sampling.seed);
    sequence->request = request;
    request->usage.prompt_tokens = request->count;
    request->usage.reused_tokens = sequence->cached;
    request->usage.queue_us = us_since(request->queued_ns);
    engine->counts.prompt_tokens += request->count;
    engine->counts.reused_tokens += sequence->cached;
}

static void drop_cancelled(struct inference_engine *engine)
{
    struct inference_request *keep_first = NULL, *keep_last = NULL, *next;
    uint32_t kept = 0;

    for (struct inference_request *at = engine->queue_first; at != NULL; at = next) {
        next = at->next;
        at->next = NULL;
        if (at->is_cancelled || engine->is_stopping) {
            end_request(at, INFERENCE_FINISH_CANCELLED);
            continue;
        }
        if (keep_last == NULL)
            keep_first = at;
        else
            keep_last->next = at;
        keep_last = at;
        kept++;
    }
    engine->queue_first = keep_first;
    engine->queue_last = keep_last;
    engine->queue_count = kept;
    for (uint32_t i = 0; i < engine->options.sequences; i++) {
        struct sequence *sequence = &engine->sequences[i];

        if (sequence->request != NULL && (sequence->request->is_cancelled || engine->is_stopping))
            end_sequence(sequence, INFERENCE_FINISH_CANCELLED);
    }
}

static void admit(struct inference_engine *engine)
{
    drop_cancelled(engine);
    while (engine->queue_first != NULL) {
        struct inference_request *request = engine->queue_first;
        struct sequence *sequence = choose_sequence(engine, request);

        if (sequence == NULL)
            return;
        engine->queue_first = request->next;
        if (engine->queue_first == NULL)
            engine->queue_last = NULL;
        engine->queue_count--;
        begin(engine, sequence, request);
    }
}

static bool can_step(const struct sequence *sequence)
{
    return sequence->request != NULL && !sequence->request->is_paused
           && sequence->request->output_count < INFERENCE_OUTPUT_MAX;
}

/* A step, without the lock
 * -------------------------------------------------------------------------- */

static bool is_stop(const struct inference_request *request, uint32_t id)
{
    for (uint32_t i = 0; i < request->stops_count; i++) {
        if (request->stop_ids[i] == id)
            return true;
    }
    return false;
}

static void deliver(struct inference_engine *engine, struct sequence *sequence, uint32_t id,
                    float logprob)
{
    struct inference_request *request = sequence->request;

    engine->counts.generated_tokens++;
    if (is_stop(request, id))
        return end_sequence(sequence, INFERENCE_FINISH_STOP);
    put_output(request, id, logprob);
    sequence->ids[sequence->count++] = id;
    if (sequence->count == sequence->count_max)
        end_sequence(sequence, INFERENCE_FINISH_LENGTH);
}

/* The next chunk of what is not cached; after the last id of it, a sample. */
static void step(struct inference_engine *engine, struct sequence *sequence)
{
    struct inference_request *request = sequence->request;
    uint32_t left = sequence->count - sequence->cached, id = 0;
    uint32_t chunk = left < INFERENCE_CHUNK_MAX ? left : INFERENCE_CHUNK_MAX;
    bool is_prompt = sequence->cached < request->count;
    uint64_t start = now_ns();
    float logprob = 0;
    const float *logits =
        inference_forward_run(engine->forward, &sequence->cache, sequence->ids + sequence->cached,
                              chunk, sequence->cached, chunk == left);

    sequence->cached += chunk;
    if (logits != NULL)
        id = inference_sample(&request->sampling, &sequence->random, logits,
                              engine->model->vocabulary, engine->candidates, &logprob);
    pthread_mutex_lock(&engine->lock);
    if (is_prompt)
        request->usage.prompt_us += us_since(start);
    else
        request->usage.generate_us += us_since(start);
    if (logits != NULL && !request->is_cancelled)
        deliver(engine, sequence, id, logprob);
    pthread_mutex_unlock(&engine->lock);
}

/* The thread
 * ---------------------------------------------------------------------------------------- */

/* Admit, and wait until some sequence can step; which can is in @ready. False: stop. */
static bool next_round(struct inference_engine *engine, bool *ready)
{
    bool is_any = false, goes_on;

    pthread_mutex_lock(&engine->lock);
    for (;;) {
        admit(engine);
        for (uint32_t i = 0; i < engine->options.sequences; i++)
            is_any |= ready[i] = can_step(&engine->sequences[i]);
        if (is_any || engine->is_stopping)
            break;
        pthread_cond_wait(&engine->wake, &engine->lock);
    }
    goes_on = !engine->is_stopping;
    pthread_mutex_unlock(&engine->lock);
    return goes_on;
}

static void *run(void *arg)
{
    struct inference_engine *engine = arg;
    bool *ready = calloc(engine->options.sequences, sizeof(*ready));

    CHECK(ready != NULL);
    atomic_store(&engine->digest, gguf_digest(engine->model->gguf));
    engine->options.on_ready(engine->options.owner);
    while (next_round(engine, ready)) {
        for (uint32_t i = 0; i < engine->options.sequences; i++) {
            if (ready[i])
                step(engine, &engine->sequences[i]);
        }
    }
    free(ready);
    return NULL;
}

/* Start and stop
 * ------------------------------------------------------------------------------------ */

static enum status create_sequences(struct inference_engine *engine, struct error *err)
{
    engine->sequences = calloc(engine->options.sequences, sizeof(*engine->sequences));
    engine->candidates = calloc(engine->model->vocabulary, sizeof(*engine->candidates));
    if (engine->sequences == NULL || engine->candidates == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u sequences",
                         engine->options.sequences);
    for (uint32_t i = 0; i < engine->options.sequences; i++) {
        struct sequence *sequence = &engine->sequences[i];

        sequence->ids = calloc(engine->context, sizeof(*sequence->ids));
        if (sequence->ids == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u sequences",
                             engine->options.sequences);
        if (inference_cache_init(&sequence->cache, engine->model, engine->context, err)
            != STATUS_OK)
            return STATUS_RESOURCE_EXHAUSTED;
    }
    engine->forward = inference_forward_create(engine->model, engine->context, err);
    return engine->forward == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
}

struct inference_engine *inference_engine_create(struct inference_model *model,
                                                 const struct inference_engine_options *options,
                                                 struct error *err)
{
    struct inference_engine *engine = calloc(1, sizeof(*engine));

    if (engine == NULL) {
        inference_model_destroy(model);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    CHECK(options->sequences > 0);
    engine->model = model;
    engine->options = *options;
    engine->context = model->context;
    if (options->context > 0 && options->context < model->context)
        engine->context = options->context;
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->wake, NULL);
    openblas_set_num_threads((int)options->threads);
    if (create_sequences(engine, err) != STATUS_OK)
        goto failed;
    if (pthread_create(&engine->thread, NULL, run, engine) != 0) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no thread for the engine");
        goto failed;
    }
    engine->has_thread = true;
    return engine;
failed:
    inference_engine_destroy(engine);
    return NULL;
}

void inference_engine_stop(struct inference_engine *engine)
{
    if (!engine->has_thread)
        return;
    pthread_mutex_lock(&engine->lock);
    engine->is_stopping = true;
    pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
    pthread_join(engine->thread, NULL);
    engine->has_thread = false;
}

void inference_engine_destroy(struct inference_engine *engine)
{
    if (engine == NULL)
        return;
    inference_engine_stop(engine);
    for (uint32_t i = 0; engine->sequences != NULL && i < engine->options.sequences; i++) {
        inference_cache_close(&engine->sequences[i].cache);
        free(engine->sequences[i].ids);
    }
    inference_forward_destroy(engine->forward);
    free(engine->sequences);
    free(engine->candidates);
    pthread_cond_destroy(&engine->wake);
    pthread_mutex_destroy(&engine->lock);
    inference_model_destroy(engine->model);
    free(engine);
}

/* Requests, any thread
 * ------------------------------------------------------------------------------ */

static enum status check_request(const struct inference_engine *engine,
                                 const struct inference_request *request, struct error *err)
{
    if (request->count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a prompt of no ids");
    if (request->count >= engine->context)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a prompt of %u ids leaves no room in the context of %u", request->count,
                         engine->context);
    for (uint32_t i = 0; i < request->count; i++) {
        if (request->ids[i] >= engine->model->vocabulary)
            return error_set(err, STATUS_INVALID_ARGUMENT, "id %u is outside the vocabulary of %u",
                             request->ids[i], engine->model->vocabulary);
    }
    CHECK(request->stops_count <= INFERENCE_STOPS_MAX);
    return inference_sample_check(&request->sampling, err);
}

static void enqueue(struct inference_engine *engine, struct inference_request *request)
{
    request->queued_ns = now_ns();
    request->next = NULL;
    if (engine->queue_last == NULL)
        engine->queue_first = request;
    else
        engine->queue_last->next = request;
    engine->queue_last = request;
    engine->queue_count++;
    pthread_cond_signal(&engine->wake);
}

static uint32_t running(const struct inference_engine *engine)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < engine->options.sequences; i++)
        count += engine->sequences[i].request != NULL;
    return count;
}

enum status inference_engine_submit(struct inference_engine *engine,
                                    struct inference_request *request, struct error *err)
{
    enum status status = check_request(engine, request, err);
    uint32_t room;

    if (status != STATUS_OK)
        return status;
    pthread_mutex_lock(&engine->lock);
    room = engine->options.queue_max + engine->options.sequences - running(engine);
    if (engine->is_stopping)
        status = error_set(err, STATUS_UNAVAILABLE, "the engine stops");
    else if (engine->queue_count >= room)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED,
                           "%u requests run and %u wait: the queue is full", running(engine),
                           engine->queue_count);
    else
        enqueue(engine, request);
    pthread_mutex_unlock(&engine->lock);
    return status;
}

void inference_engine_take(struct inference_engine *engine, struct inference_request *request,
                           struct inference_output *output)
{
    pthread_mutex_lock(&engine->lock);
    output->count = request->output_count;
    memcpy(output->ids, request->output_ids, output->count * sizeof(output->ids[0]));
    memcpy(output->logprobs, request->output_logprobs, output->count * sizeof(output->logprobs[0]));
    output->finish = request->finish;
    output->usage = request->usage;
    request->output_count = 0;
    request->is_told = false;
    pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
}

void inference_engine_cancel(struct inference_engine *engine, struct inference_request *request)
{
    pthread_mutex_lock(&engine->lock);
    request->is_cancelled = true;
    pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
}

void inference_engine_pause(struct inference_engine *engine, struct inference_request *request,
                            bool is_paused)
{
    pthread_mutex_lock(&engine->lock);
    request->is_paused = is_paused;
    pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
}

const struct inference_model *inference_engine_model(const struct inference_engine *engine)
{
    return engine->model;
}

uint32_t inference_engine_context(const struct inference_engine *engine)
{
    return engine->context;
}

const char *inference_engine_digest(const struct inference_engine *engine)
{
    return atomic_load(&engine->digest);
}

void inference_engine_count(struct inference_engine *engine, struct inference_engine_counts *counts)
{
    pthread_mutex_lock(&engine->lock);
    *counts = engine->counts;
    counts->running = running(engine);
    counts->waiting = engine->queue_count;
    pthread_mutex_unlock(&engine->lock);
}
