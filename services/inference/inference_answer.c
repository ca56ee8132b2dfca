#include "inference_answer.h"

#include <string.h>

#include "base/check.h"

void inference_answer_init_all(struct inference_request *request)
{
    for (uint32_t i = 0; i < request->answers_count; i++)
        inference_random_init(&request->answers[i].random, request->sampling.seed + i);
    if (request->mask != NULL) {
        request->answers[0].mask = *request->mask;
        request->answers[0].has_mask = true;
    }
}

bool inference_answer_is_stop(const struct inference_request *request, uint32_t id)
{
    for (uint32_t i = 0; i < request->stops_count; i++) {
        if (request->stop_ids[i] == id)
            return true;
    }
    return false;
}

static void tell(struct inference_request *request)
{
    if (request->is_told)
        return;
    request->is_told = true;
    request->on_output(request);
}

void inference_answer_finish(struct inference_request *request, struct inference_answer *answer,
                             enum inference_finish finish)
{
    CHECK(answer->finish == INFERENCE_FINISH_NONE);
    answer->finish = finish;
    answer->stopper.held = 0;
    if (answer->has_mask)
        answer->mask.release(answer->mask.state);
    request->is_done = ++request->ended == request->answers_count;
    tell(request);
}

void inference_answer_finish_all(struct inference_request *request, enum inference_finish finish)
{
    for (uint32_t i = 0; i < request->answers_count; i++) {
        if (request->answers[i].finish == INFERENCE_FINISH_NONE)
            inference_answer_finish(request, &request->answers[i], finish);
    }
}

static void store(const struct inference_request *request, struct inference_answer *answer,
                  const struct inference_sample *sample)
{
    uint32_t top_count = request->sampling.top_count;

    CHECK(answer->output_count < INFERENCE_OUTPUT_MAX);
    answer->output_ids[answer->output_count] = sample->id;
    answer->output_logprobs[answer->output_count] = sample->logprob;
    if (top_count > 0)
        memcpy(answer->top + (size_t)answer->output_count * top_count, sample->top,
               top_count * sizeof(sample->top[0]));
    answer->output_count++;
}

bool inference_answer_put(struct inference_request *request, struct inference_answer *answer,
                          const struct inference_sample *sample, bool is_full)
{
    enum inference_finish finish = is_full ? INFERENCE_FINISH_LENGTH : INFERENCE_FINISH_NONE;

    if (inference_answer_is_stop(request, sample->id)) {
        inference_answer_finish(request, answer, INFERENCE_FINISH_STOP);
        return false;
    }
    store(request, answer, sample);
    request->usage.generated_tokens++;
    if (request->stop_texts.count > 0
        && inference_stop_put(&request->stop_texts, &answer->stopper, sample->id,
                              &answer->cut_bytes)) {
        answer->output_count -= answer->stopper.held;
        finish = INFERENCE_FINISH_STOP;
    }
    if (finish != INFERENCE_FINISH_NONE)
        inference_answer_finish(request, answer, finish);
    else if (answer->output_count > answer->stopper.held)
        tell(request);
    return finish == INFERENCE_FINISH_NONE;
}

static void move_out(const struct inference_request *request, struct inference_answer *answer,
                     uint32_t count, struct inference_output *output)
{
    uint32_t left = answer->output_count - count, top_count = request->sampling.top_count;
    struct inference_candidate *top = answer->top;

    memcpy(output->ids, answer->output_ids, count * sizeof(output->ids[0]));
    memcpy(output->logprobs, answer->output_logprobs, count * sizeof(output->logprobs[0]));
    for (uint32_t i = 0; i < count && top_count > 0; i++)
        memcpy(output->top[i], top + (size_t)i * top_count, top_count * sizeof(*top));
    memmove(answer->output_ids, answer->output_ids + count, left * sizeof(output->ids[0]));
    memmove(answer->output_logprobs, answer->output_logprobs + count,
            left * sizeof(output->logprobs[0]));
    if (top_count > 0)
        memmove(top, top + (size_t)count * top_count, (size_t)left * top_count * sizeof(*top));
    answer->output_count = left;
    output->count = count;
}

static bool is_all_taken(const struct inference_request *request)
{
    for (uint32_t i = 0; i < request->answers_count; i++) {
        if (!request->answers[i].is_taken)
            return false;
    }
    return true;
}

bool inference_answer_take(struct inference_request *request, struct inference_output *output)
{
    for (uint32_t i = 0; i < request->answers_count; i++) {
        struct inference_answer *answer = &request->answers[i];
        uint32_t ready = answer->output_count - answer->stopper.held;

        if (answer->is_taken || (ready == 0 && answer->finish == INFERENCE_FINISH_NONE))
            continue;
        output->answer = i;
        move_out(request, answer, ready, output);
        output->cut_bytes = answer->cut_bytes;
        output->finish = answer->finish;
        output->usage = request->usage;
        answer->is_taken = answer->finish != INFERENCE_FINISH_NONE;
        if (answer->is_taken) /* before, it is the engine's thread's */
            output->error = answer->error;
        output->is_last = answer->is_taken && is_all_taken(request);
        return true;
    }
    request->is_told = false;
    return false;
}
