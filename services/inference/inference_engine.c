/* The thread, each round:
 *
 *     lock    admit: queue → free sequences; drop the cancelled; which can step?     (none: wait)
 *     unlock  a batch: the next id of every answer, chunks of prompts → forward → samples
 *     lock    deliver the ids, or the ends
 *
 * The lock guards the queue and what requests share with their callers; sequences, their pages and
 * the batch belong to the thread alone. */
#include "inference_engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "inference_batch.h"

struct inference_engine {
    struct inference_model *model;
    struct inference_engine_options options;
    struct inference_crew *crew;
    struct inference_cache *cache;
    struct inference_forward *forward;
    struct inference_sampler *sampler;
    uint32_t *allowed; /* a bit for each id of the vocabulary */
    struct inference_sequence *sequences;
    uint32_t turn; /* the sequence whose prompt is first in the next batch */
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
    if (request->mask != NULL)
        request->mask->release(request->mask->state);
    tell(request);
}

static void end_sequence(struct inference_engine *engine, struct inference_sequence *sequence,
                         enum inference_finish finish)
{
    struct inference_request *request = sequence->request;

    inference_sequence_end(sequence, engine->cache);
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

/* False: there is no room for it yet. */
static bool begin(struct inference_engine *engine, struct inference_sequence *sequence,
                  struct inference_request *request)
{
    uint32_t room = engine->context - request->count;

    if (request->tokens_max > 0 && request->tokens_max < room)
        room = request->tokens_max;
    if (!inference_sequence_begin(sequence, engine->cache, request->ids, request->count,
                                  request->count + room))
        return false;
    sequence->request = request;
    inference_random_init(&request->random, request->sampling.seed);
    request->usage.prompt_tokens = request->count;
    request->usage.reused_tokens = sequence->cached;
    request->usage.queue_us = us_since(request->queued_ns);
    engine->counts.prompt_tokens += request->count;
    engine->counts.reused_tokens += sequence->cached;
    return true;
}

static struct inference_sequence *free_sequence(struct inference_engine *engine)
{
    for (uint32_t i = 0; i < engine->options.sequences; i++) {
        if (engine->sequences[i].request == NULL)
            return &engine->sequences[i];
    }
    return NULL;
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
        struct inference_sequence *sequence = &engine->sequences[i];

        if (sequence->request != NULL && (sequence->request->is_cancelled || engine->is_stopping))
            end_sequence(engine, sequence, INFERENCE_FINISH_CANCELLED);
    }
}

/* In the order of the queue: what is large waits for room and is not overtaken. */
static void admit(struct inference_engine *engine)
{
    drop_cancelled(engine);
    while (engine->queue_first != NULL) {
        struct inference_request *request = engine->queue_first;
        struct inference_sequence *sequence = free_sequence(engine);

        if (sequence == NULL || !begin(engine, sequence, request))
            return;
        engine->queue_first = request->next;
        if (engine->queue_first == NULL)
            engine->queue_last = NULL;
        engine->queue_count--;
    }
}

/* The outputs that its caller has room for; 0: the sequence rests. */
static uint32_t room_of(const struct inference_sequence *sequence)
{
    if (sequence->request == NULL || sequence->request->is_paused)
        return 0;
    return INFERENCE_OUTPUT_MAX - sequence->request->output_count;
}

/* A batch
 * ---------------------------------------------------------------------------------------------- */

static bool is_stop(const struct inference_request *request, uint32_t id)
{
    for (uint32_t i = 0; i < request->stops_count; i++) {
        if (request->stop_ids[i] == id)
            return true;
    }
    return false;
}

static void deliver(struct inference_engine *engine, struct inference_sequence *sequence,
                    uint32_t id, float logprob)
{
    struct inference_request *request = sequence->request;

    engine->counts.generated_tokens++;
    if (is_stop(request, id))
        return end_sequence(engine, sequence, INFERENCE_FINISH_STOP);
    put_output(request, id, logprob);
    sequence->ids[sequence->count++] = id;
    if (sequence->count == sequence->count_max)
        end_sequence(engine, sequence, INFERENCE_FINISH_LENGTH);
}

/* What a batch has given: of segment i, counts[i] samples from its place in the list. */
struct samples {
    uint32_t counts[INFERENCE_BATCH_MAX];
    bool was_prompt[INFERENCE_BATCH_MAX];
    bool is_over[INFERENCE_BATCH_MAX]; /* the answer ends after them */
    struct inference_sample list[INFERENCE_BATCH_MAX];
};

/* Which ids the answer's mask allows; NULL: all. Where the answer may end its stop ids are too, and
 * *is_over says that nothing else is. */
static const uint32_t *fill_mask(struct inference_engine *engine, struct inference_request *request,
                                 bool *is_over)
{
    const struct inference_mask *mask = request->mask;
    uint32_t words = INFERENCE_MASK_WORDS(engine->model->vocabulary), any = 0;
    bool is_done;

    *is_over = false;
    if (mask == NULL)
        return NULL;
    memset(engine->allowed, 0, words * sizeof(*engine->allowed));
    if (mask->fill(mask->state, engine->allowed, &request->error) != STATUS_OK) {
        *is_over = true;
        return NULL;
    }
    is_done = mask->is_done(mask->state);
    for (uint32_t i = 0; i < request->stops_count; i++) {
        uint32_t id = request->stop_ids[i], bit = 1u << id % 32;

        if (id < engine->model->vocabulary)
            engine->allowed[id / 32] = (engine->allowed[id / 32] & ~bit) | (is_done ? bit : 0);
    }
    for (uint32_t i = 0; i < words; i++)
        any |= engine->allowed[i];
    *is_over = any == 0;
    if (any == 0 && !is_done)
        error_set(&request->error, STATUS_FAILED_PRECONDITION,
                  "no id of the vocabulary can follow in this constraint");
    return engine->allowed;
}

/* Samples as long as they are what was guessed, and the first that is not; @logits are those after
 * the segment's last ids. The guesses that were right have been computed. Returns how many. */
static uint32_t sample_segment(struct inference_engine *engine, struct inference_sequence *sequence,
                               const struct inference_segment *segment, const float *logits,
                               struct inference_sample *samples, bool *is_over)
{
    struct inference_request *request = sequence->request;
    const uint32_t *guess = segment->ids + segment->count - segment->logits_count + 1;
    struct inference_past past = { sequence->ids, sequence->prompt, sequence->count };
    uint32_t count = 0;

    while (count < segment->logits_count) {
        const uint32_t *allowed = fill_mask(engine, request, is_over);
        uint32_t id;

        if (*is_over)
            break;
        inference_sample(engine->sampler, &request->sampling, &request->random, &past, allowed,
                         logits, &samples[count]);
        id = samples[count++].id;
        logits += engine->model->vocabulary;
        past.count++;
        if (is_stop(request, id))
            break;
        if (request->mask != NULL)
            request->mask->accept(request->mask->state, id);
        if (count == segment->logits_count || id != guess[count - 1])
            break;
    }
    return count;
}

static void settle(struct inference_engine *engine, const struct inference_batch *batch,
                   const struct samples *samples, uint32_t took_us)
{
    const struct inference_sample *at = samples->list;

    pthread_mutex_lock(&engine->lock);
    for (uint32_t i = 0; i < batch->count; at += batch->segments[i++].logits_count) {
        struct inference_sequence *sequence = batch->sequences[i];
        struct inference_request *request = sequence->request;

        if (samples->was_prompt[i])
            request->usage.prompt_us += took_us;
        else
            request->usage.generate_us += took_us;
        for (uint32_t j = 0; j < samples->counts[i]; j++) {
            if (sequence->request == request && !request->is_cancelled)
                deliver(engine, sequence, at[j].id, at[j].logprob);
        }
        if (samples->is_over[i] && sequence->request == request && !request->is_cancelled)
            end_sequence(engine, sequence,
                         request->error.status == STATUS_OK ? INFERENCE_FINISH_STOP
                                                            : INFERENCE_FINISH_FAILED);
    }
    pthread_mutex_unlock(&engine->lock);
}

static void run_batch(struct inference_engine *engine, const struct inference_batch *batch)
{
    struct samples samples;
    struct inference_sample *at = samples.list;
    uint64_t start = now_ns();
    const float *logits = inference_forward_run(engine->forward, batch->segments, batch->count);

    for (uint32_t i = 0; i < batch->count; i++) {
        struct inference_sequence *sequence = batch->sequences[i];
        struct inference_segment segment = batch->segments[i];
        uint32_t wanted = segment.logits_count;

        samples.was_prompt[i] = inference_sequence_is_prompt(sequence);
        samples.is_over[i] = false;
        samples.counts[i] = wanted == 0 ? 0
                                        : sample_segment(engine, sequence, &segment, logits, at,
                                                         &samples.is_over[i]);
        if (!samples.was_prompt[i]) {
            uint32_t right = samples.counts[i] > 0 ? samples.counts[i] - 1 : 0;

            inference_sequence_settle_guess(sequence, right);
            segment.count = 1 + right;
        }
        inference_sequence_advance(sequence, engine->cache, &segment);
        logits += (size_t)wanted * engine->model->vocabulary;
        at += wanted;
    }
    settle(engine, batch, &samples, us_since(start));
}

/* The thread
 * ---------------------------------------------------------------------------------------------- */

/* Admit, and wait until some sequence can step; which can is in @room. False: stop. */
static bool next_round(struct inference_engine *engine, uint32_t *room)
{
    bool is_any = false, goes_on;

    pthread_mutex_lock(&engine->lock);
    for (;;) {
        admit(engine);
        for (uint32_t i = 0; i < engine->options.sequences; i++)
            is_any |= (room[i] = room_of(&engine->sequences[i])) > 0;
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
    uint32_t *room = calloc(engine->options.sequences, sizeof(*room));
    struct inference_batch *batch = calloc(1, sizeof(*batch));

    CHECK(room != NULL && batch != NULL);
    atomic_store(&engine->digest, gguf_digest(engine->model->gguf));
    engine->options.on_ready(engine->options.owner);
    while (next_round(engine, room)) {
        inference_batch_compose(batch, engine->sequences, engine->options.sequences, room,
                                &engine->turn);
        run_batch(engine, batch);
    }
    free(batch);
    free(room);
    return NULL;
}

/* Start and stop
 * ------------------------------------------------------------------------------------ */

static uint32_t pages_wanted(const struct inference_engine *engine)
{
    uint64_t pages = engine->options.pages;

    if (pages == 0)
        pages = (uint64_t)engine->options.sequences
                * ((engine->context + INFERENCE_PAGE - 1) / INFERENCE_PAGE);
    return pages > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)pages;
}

static enum status create_sequences(struct inference_engine *engine, struct error *err)
{
    engine->sequences = calloc(engine->options.sequences, sizeof(*engine->sequences));
    engine->sampler = inference_sampler_create(engine->model->vocabulary);
    engine->allowed =
        calloc(INFERENCE_MASK_WORDS(engine->model->vocabulary), sizeof(*engine->allowed));
    if (engine->sequences == NULL || engine->sampler == NULL || engine->allowed == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u sequences",
                         engine->options.sequences);
    for (uint32_t i = 0; i < engine->options.sequences; i++) {
        if (inference_sequence_init(&engine->sequences[i], engine->context, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

static enum status create_state(struct inference_engine *engine, struct error *err)
{
    engine->crew = inference_crew_create(engine->options.threads, err);
    if (engine->crew == NULL)
        return err->status;
    engine->cache = inference_cache_create(engine->model, pages_wanted(engine), err);
    if (engine->cache == NULL)
        return err->status;
    engine->forward = inference_forward_create(engine->model, engine->cache, engine->crew,
                                               engine->context, INFERENCE_BATCH_MAX, err);
    return engine->forward == NULL ? err->status : create_sequences(engine, err);
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
    if (options->pages > 0 && engine->context / INFERENCE_PAGE >= options->pages)
        engine->context = options->pages * INFERENCE_PAGE;
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->wake, NULL);
    if (create_state(engine, err) != STATUS_OK)
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
    for (uint32_t i = 0; engine->sequences != NULL && i < engine->options.sequences; i++)
        inference_sequence_close(&engine->sequences[i]);
    inference_forward_destroy(engine->forward);
    inference_cache_destroy(engine->cache);
    inference_crew_destroy(engine->crew);
    free(engine->sequences);
    inference_sampler_destroy(engine->sampler);
    free(engine->allowed);
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
    return inference_sample_check(&request->sampling, engine->model->vocabulary, err);
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
    output->error = request->error;
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
