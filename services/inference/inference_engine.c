/* Starting and stopping the engine, and what its callers say to it. What its thread does is in
 * inference_round.c. */
#include <stdlib.h>

#include "base/check.h"
#include "inference_answer.h"
#include "inference_engine_state.h"
#include "inference_round.h"

/* What a caller who was refused is told to wait, at least and at most. */
#define RETRY_MS_MIN 50
#define RETRY_MS_MAX 30000

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
    if (engine->sequences == NULL)
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
    engine->cache = inference_cache_create(engine->model, pages_wanted(engine),
                                           engine->options.cache_form, err);
    if (engine->cache == NULL)
        return err->status;
    engine->forward = inference_forward_create(engine->model, engine->cache, engine->crew,
                                               engine->context, INFERENCE_BATCH_MAX, err);
    if (engine->forward == NULL
        || inference_chooser_init(&engine->chooser, engine->model->vocabulary, err) != STATUS_OK)
        return err->status;
    engine->text = inference_text_create(engine->model->gguf, engine->model->vocabulary, NULL);
    return create_sequences(engine, err);
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
    if (pthread_create(&engine->thread, NULL, inference_round_run, engine) != 0) {
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
    inference_chooser_close(&engine->chooser);
    inference_text_destroy(engine->text);
    pthread_cond_destroy(&engine->wake);
    pthread_mutex_destroy(&engine->lock);
    inference_model_destroy(engine->model);
    free(engine);
}

/* Requests, any thread
 * ------------------------------------------------------------------------------ */

static enum status check_ids(const struct inference_engine *engine, const uint32_t *ids,
                             uint32_t count, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (ids[i] >= engine->model->vocabulary)
            return error_set(err, STATUS_INVALID_ARGUMENT, "id %u is outside the vocabulary of %u",
                             ids[i], engine->model->vocabulary);
    }
    return STATUS_OK;
}

/* Also how far the longest answer may reach. */
static enum status check_answers(const struct inference_engine *engine,
                                 struct inference_request *request, struct error *err)
{
    uint32_t room = engine->context - request->count, longest = 0;

    CHECK(request->answers_count >= 1 && request->answers_count <= INFERENCE_ANSWERS_MAX);
    for (uint32_t i = 0; i < request->answers_count; i++) {
        const struct inference_answer *answer = &request->answers[i];

        if (answer->given_count > room)
            return error_set(err, STATUS_INVALID_ARGUMENT,
                             "a continuation of %u ids: the context of %u leaves room for %u",
                             answer->given_count, engine->context, room);
        if (check_ids(engine, answer->given, answer->given_count, err) != STATUS_OK)
            return err->status;
        if (answer->given_count > longest)
            longest = answer->given_count;
    }
    if (longest == 0)
        longest =
            request->tokens_max > 0 && request->tokens_max < room ? request->tokens_max : room;
    request->count_max = request->count + longest;
    return STATUS_OK;
}

static enum status check_request(const struct inference_engine *engine,
                                 struct inference_request *request, struct error *err)
{
    struct error local;

    if (err == NULL)
        err = &local;
    if (request->count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a prompt of no ids");
    if (request->count >= engine->context)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "a prompt of %u ids leaves no room in the context of %u", request->count,
                         engine->context);
    CHECK(request->stops_count <= INFERENCE_STOPS_MAX);
    if (check_ids(engine, request->ids, request->count, err) != STATUS_OK
        || check_answers(engine, request, err) != STATUS_OK)
        return err->status;
    return inference_sample_check(&request->sampling, engine->model->vocabulary, err);
}

static void enqueue(struct inference_engine *engine, struct inference_request *request)
{
    inference_answer_init_all(request);
    request->queued_ns = inference_now_ns();
    inference_queue_put(&engine->queue, request);
    pthread_cond_signal(&engine->wake);
}

static uint32_t running(const struct inference_engine *engine)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < engine->options.sequences; i++)
        count += engine->sequences[i].request != NULL;
    return count;
}

/* Until one who comes after @waiting others has a sequence: they become free one after the other,
 * by how long the last requests had theirs. */
static uint64_t expected_ms(const struct inference_engine *engine, uint32_t waiting)
{
    return engine->served_us * (waiting + 1) / engine->options.sequences / 1000;
}

/* With the lock held. */
static enum status admit(const struct inference_engine *engine, struct error *err)
{
    uint32_t run = running(engine), waiting = engine->queue.count;
    uint32_t free = engine->options.sequences - run;
    uint64_t ms = waiting < free ? 0 : expected_ms(engine, waiting - free);

    if (engine->is_stopping)
        return error_set(err, STATUS_UNAVAILABLE, "the engine stops");
    if (waiting >= engine->options.queue_max + free)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "%u requests run and %u wait: the queue is full", run, waiting);
    if (engine->options.wait_max_ms > 0 && ms > engine->options.wait_max_ms)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "%u requests run and %u wait: its turn is expected in %llu s", run,
                         waiting, (unsigned long long)ms / 1000);
    return STATUS_OK;
}

enum status inference_engine_submit(struct inference_engine *engine,
                                    struct inference_request *request, struct error *err)
{
    enum status status = check_request(engine, request, err);

    if (status != STATUS_OK)
        return status;
    pthread_mutex_lock(&engine->lock);
    status = admit(engine, err);
    if (status == STATUS_OK)
        enqueue(engine, request);
    pthread_mutex_unlock(&engine->lock);
    return status;
}

bool inference_engine_take(struct inference_engine *engine, struct inference_request *request,
                           struct inference_output *output)
{
    bool has_news;

    pthread_mutex_lock(&engine->lock);
    has_news = inference_answer_take(request, output);
    if (has_news)
        pthread_cond_signal(&engine->wake);
    pthread_mutex_unlock(&engine->lock);
    return has_news;
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

const struct inference_text *inference_engine_text(const struct inference_engine *engine)
{
    return engine->text;
}

uint32_t inference_engine_retry_ms(struct inference_engine *engine)
{
    uint64_t ms;

    pthread_mutex_lock(&engine->lock);
    ms = expected_ms(engine, engine->queue.count);
    pthread_mutex_unlock(&engine->lock);
    if (ms < RETRY_MS_MIN)
        return RETRY_MS_MIN;
    return ms > RETRY_MS_MAX ? RETRY_MS_MAX : (uint32_t)ms;
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
    counts->waiting = engine->queue.count;
    counts->pages = inference_cache_pages(engine->cache);
    counts->pages_used = counts->pages - inference_cache_available(engine->cache);
    pthread_mutex_unlock(&engine->lock);
}
