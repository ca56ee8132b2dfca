/* The thread, each round:
 *
 *     lock    admit: queue → free sequences; drop the cancelled; which can step?     (none: wait)
 *     unlock  a batch: the next id of every answer, chunks of prompts → forward → samples
 *     lock    settle: the answers go on with them, or end, and the next begin
 *
 * The lock guards the queue and what requests share with their callers; sequences, their pages and
 * the batch belong to the thread alone. */
#include "inference_round.h"

#include <stdlib.h>

#include "base/check.h"
#include "inference_answer.h"
#include "inference_engine_state.h"

/* Admission, with the lock held
 * --------------------------------------------------------------------- */

/* False: there is no room for it yet. */
static bool begin(struct inference_engine *engine, struct inference_sequence *sequence,
                  struct inference_request *request)
{
    if (!inference_sequence_begin(sequence, engine->cache, request->adapter, request->ids,
                                  request->count, request->count_max))
        return false;
    sequence->request = request;
    request->usage.prompt_tokens = request->count;
    request->usage.reused_tokens = sequence->cached;
    request->usage.queue_us = inference_us_since(request->queued_ns);
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
        request->usage.first_us = inference_us_since(request->queued_ns);
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
    uint64_t us = inference_us_since(request->queued_ns) - request->usage.queue_us;

    engine->served_us = engine->served_us == 0 ? us : (engine->served_us * 15 + us) / 16;
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
                       uint32_t i, const float *logits, struct inference_samples *samples,
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
                   const struct inference_samples *samples, uint32_t i,
                   const struct inference_sample *list)
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
                       const struct inference_samples *samples, uint32_t took_us)
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
    struct inference_samples *samples = &engine->samples;
    struct inference_sample *list = samples->list;
    uint64_t start = inference_now_ns();
    const float *logits = inference_forward_run(engine->forward, batch->segments, batch->count);

    for (uint32_t i = 0; i < batch->count; i++) {
        list += choose(engine, batch, i, logits, samples, list);
        logits += (size_t)batch->segments[i].logits_count * engine->model->vocabulary;
    }
    settle_all(engine, batch, samples, inference_us_since(start));
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

void *inference_round_run(void *arg)
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
