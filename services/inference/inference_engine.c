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
#include "inference_answer.h"
#include "inference_choose.h"
#include "inference_queue.h"

/* What a caller who was refused is told to wait, at least and at most. */
#define RETRY_MS_MIN 50
#define RETRY_MS_MAX 30000

/* What a batch has given. */
struct samples {
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
    struct samples samples;
    uint32_t turn; /* the sequence whose prompt is first in the next batch */
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

/* Admission, with the lock held
 * --------------------------------------------------------------------- */

/* False: there is no room for it yet. */
static bool begin(struct inference_engine *engine, struct inference_sequence *sequence,
                  struct inference_request *request)
{
    if (!inference_sequence_begin(sequence, engine->cache, request->ids, request->count,
                                  request->count_max))
        return false;
    sequence->request = request;
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

static bool is_unwanted(const struct inference_request *request, void *owner)
{
    const struct inference_engine *engine = owner;

    return request->is_cancelled || engine->is_stopping;
}

static void drop(struct inference_request *request, void *owner)
{
    (void)owner;
    inference_answer_finish_all(request, INFERENCE_FINISH_CANCELLED);
}

static void drop_unwanted(struct inference_engine *engine)
{
    inference_queue_drop(&engine->queue, is_unwanted, drop, engine);
    for (uint32_t i = 0; i < engine->options.sequences; i++) {
        struct inference_sequence *sequence = &engine->sequences[i];
        struct inference_request *request = sequence->request;

        if (request == NULL || !is_unwanted(request, engine))
            continue;
        inference_sequence_end(sequence, engine->cache);
        drop(request, engine); /* it may have further sequences: the caller waits for the lock */
    }
}

/* Answers, with the lock held
 * ------------------------------------------------------------------------ */

static enum inference_finish finish_of(const struct inference_answer *answer)
{
    return answer->error.status == STATUS_OK ? INFERENCE_FINISH_STOP : INFERENCE_FINISH_FAILED;
}

/* False: the answer has ended so. */
static bool put(struct inference_engine *engine, struct inference_sequence *sequence,
                const struct inference_sample *sample)
{
    struct inference_request *request = sequence->request;
    bool goes_on = inference_answer_put(request, sequence->answer, sample,
                                        sequence->count + 1 == sequence->count_max);

    engine->counts.generated_tokens++;
    if (request->usage.first_us == 0)
        request->usage.first_us = us_since(request->queued_ns);
    sequence->ids[sequence->count++] = sample->id;
    return goes_on;
}

static bool begin_answer(struct inference_engine *engine, struct inference_sequence *sequence)
{
    struct inference_answer *answer = sequence->answer;

    if (answer->given_count > 1)
        return true;
    if (answer->given_count == 1)
        inference_answer_finish(sequence->request, answer, INFERENCE_FINISH_LENGTH);
    else if (answer->is_over_at_first)
        inference_answer_finish(sequence->request, answer, finish_of(answer));
    else
        return put(engine, sequence, &answer->first);
    return false;
}

/* A mean in which the last ones count the most. */
static void count_served(struct inference_engine *engine, const struct inference_request *request)
{
    uint64_t us = us_since(request->queued_ns) - request->usage.queue_us;

    engine->served_us = engine->served_us == 0 ? us : (engine->served_us * 7 + us) / 8;
}

/* The sequence is at the end of its prompt: go on with an answer that has not begun, or end. */
static void next_answer(struct inference_engine *engine, struct inference_sequence *sequence)
{
    struct inference_request *request = sequence->request;

    while (request->begun < request->answers_count) {
        struct inference_answer *answer = &request->answers[request->begun++];

        inference_sequence_rewind(sequence, answer->given, answer->given_count);
        sequence->answer = answer;
        if (begin_answer(engine, sequence))
            return;
    }
    if (request->is_done)
        count_served(engine, request);
    inference_sequence_end(sequence, engine->cache);
}

/* A sequence whose request has answers that have not begun and whose prompt is through. */
static struct inference_sequence *find_source(struct inference_engine *engine)
{
    for (uint32_t i = 0; i < engine->options.sequences; i++) {
        struct inference_sequence *sequence = &engine->sequences[i];

        if (sequence->request != NULL && sequence->answer != NULL
            && sequence->request->begun < sequence->request->answers_count)
            return sequence;
    }
    return NULL;
}

/* While nobody waits, the free sequences take answers that their request's own would come to
 * later. */
static void fork_answers(struct inference_engine *engine)
{
    struct inference_sequence *sequence, *source;

    while (engine->queue.count == 0 && (sequence = free_sequence(engine)) != NULL
           && (source = find_source(engine)) != NULL) {
        if (!inference_sequence_fork(sequence, source, engine->cache))
            return;
        sequence->request = source->request;
        next_answer(engine, sequence);
    }
}

static void admit(struct inference_engine *engine)
{
    struct inference_request *request;

    drop_unwanted(engine);
    while ((request = inference_queue_next(&engine->queue)) != NULL) {
        struct inference_sequence *sequence = free_sequence(engine);

        if (sequence == NULL || !begin(engine, sequence, request))
            return;
        inference_queue_remove(&engine->queue, request);
    }
    fork_answers(engine);
}

/* The outputs that its caller has room for; 0: the sequence rests. */
static uint32_t room_of(const struct inference_sequence *sequence)
{
    if (sequence->request == NULL || sequence->request->is_paused)
        return 0;
    return INFERENCE_OUTPUT_MAX - (sequence->answer == NULL ? 0 : sequence->answer->output_count);
}

/* A batch
 * ---------------------------------------------------------------------------------------------- */

/* Segment @i of the batch has been computed. Returns the samples that were put into @list. */
static uint32_t choose(struct inference_engine *engine, const struct inference_batch *batch,
                       uint32_t i, const float *logits, struct samples *samples,
                       struct inference_sample *list)
{
    struct inference_sequence *sequence = batch->sequences[i];
    struct inference_segment segment = batch->segments[i];
    uint32_t right;

    samples->answers[i] = sequence->answer;
    samples->counts[i] = 0;
    samples->is_over[i] = false;
    if (sequence->answer == NULL) {
        if (segment.logits_count > 0)
            inference_choose_first(&engine->chooser, sequence->request, logits);
    } else if (sequence->answer->given_count > 0) {
        inference_choose_given(&engine->chooser, sequence->answer, &segment, logits);
    } else {
        samples->counts[i] = inference_choose_next(&engine->chooser, sequence, &segment, logits,
                                                   list, &samples->is_over[i]);
        right = samples->counts[i] > 0 ? samples->counts[i] - 1 : 0;
        inference_sequence_settle_guess(sequence, right);
        segment.count = 1 + right;
    }
    inference_sequence_advance(sequence, engine->cache, &segment);
    return samples->counts[i];
}

/* Settling, with the lock held
 * ---------------------------------------------------------------------- */

/* What segment @i has given; @list are its samples. */
static void settle(struct inference_engine *engine, struct inference_sequence *sequence,
                   const struct samples *samples, uint32_t i, const struct inference_sample *list)
{
    struct inference_answer *answer = samples->answers[i];

    if (answer == NULL) {
        if (sequence->cached == sequence->prompt)
            next_answer(engine, sequence);
        return;
    }
    for (uint32_t j = 0; j < samples->counts[i]; j++) {
        if (!put(engine, sequence, &list[j]))
            break;
    }
    if (answer->finish == INFERENCE_FINISH_NONE && samples->is_over[i])
        inference_answer_finish(sequence->request, answer, finish_of(answer));
    if (answer->finish == INFERENCE_FINISH_NONE && answer->given_count > 0
        && answer->given_at == answer->given_count)
        inference_answer_finish(sequence->request, answer, INFERENCE_FINISH_LENGTH);
    if (answer->finish != INFERENCE_FINISH_NONE)
        next_answer(engine, sequence);
}

static void settle_all(struct inference_engine *engine, const struct inference_batch *batch,
                       const struct samples *samples, uint32_t took_us)
{
    const struct inference_sample *list = samples->list;

    pthread_mutex_lock(&engine->lock);
    for (uint32_t i = 0; i < batch->count; list += samples->counts[i++]) {
        struct inference_usage *usage = &batch->sequences[i]->request->usage;

        if (samples->answers[i] == NULL)
            usage->prompt_us += took_us;
        else
            usage->generate_us += took_us;
        if (!batch->sequences[i]->request->is_cancelled)
            settle(engine, batch->sequences[i], samples, i, list);
    }
    pthread_mutex_unlock(&engine->lock);
}

static void run_batch(struct inference_engine *engine, const struct inference_batch *batch)
{
    struct samples *samples = &engine->samples;
    struct inference_sample *list = samples->list;
    uint64_t start = now_ns();
    const float *logits = inference_forward_run(engine->forward, batch->segments, batch->count);

    for (uint32_t i = 0; i < batch->count; i++) {
        list += choose(engine, batch, i, logits, samples, list);
        logits += (size_t)batch->segments[i].logits_count * engine->model->vocabulary;
    }
    settle_all(engine, batch, samples, us_since(start));
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
    engine->cache = inference_cache_create(engine->model, pages_wanted(engine), err);
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
    request->queued_ns = now_ns();
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
    else if (engine->queue.count >= room)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED,
                           "%u requests run and %u wait: the queue is full", running(engine),
                           engine->queue.count);
    else
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
    ms = engine->served_us * (engine->queue.count + 1) / engine->options.sequences / 1000;
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
