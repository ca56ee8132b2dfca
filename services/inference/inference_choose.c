#include "inference_choose.h"

#include <stdlib.h>
#include <string.h>

#include "inference_answer.h"

enum status inference_chooser_init(struct inference_chooser *chooser, uint32_t vocabulary,
                                   struct error *err)
{
    chooser->vocabulary = vocabulary;
    chooser->sampler = inference_sampler_create(vocabulary);
    chooser->allowed = calloc(INFERENCE_MASK_WORDS(vocabulary), sizeof(*chooser->allowed));
    if (chooser->sampler != NULL && chooser->allowed != NULL)
        return STATUS_OK;
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a vocabulary of %u",
                     vocabulary);
}

void inference_chooser_close(struct inference_chooser *chooser)
{
    inference_sampler_destroy(chooser->sampler);
    free(chooser->allowed);
}

/* The ids that end the answer are allowed where the mask says that it may end, and only there. */
static void allow_stops(struct inference_chooser *chooser, const struct inference_request *request,
                        bool is_done)
{
    for (uint32_t i = 0; i < request->stops_count; i++) {
        uint32_t id = request->stop_ids[i], bit = 1u << id % 32;

        if (id >= chooser->vocabulary)
            continue;
        chooser->allowed[id / 32] &= ~bit;
        if (is_done)
            chooser->allowed[id / 32] |= bit;
    }
}

/* Which ids the answer's mask allows; NULL: all, or *is_over: none. */
static const uint32_t *fill_mask(struct inference_chooser *chooser,
                                 const struct inference_request *request,
                                 struct inference_answer *answer, bool *is_over)
{
    const struct inference_mask *mask = &answer->mask;
    uint32_t words = INFERENCE_MASK_WORDS(chooser->vocabulary), any = 0;
    bool is_done;

    *is_over = false;
    if (!answer->has_mask)
        return NULL;
    memset(chooser->allowed, 0, words * sizeof(*chooser->allowed));
    if (mask->fill(mask->state, chooser->allowed, &answer->error) != STATUS_OK) {
        *is_over = true;
        return NULL;
    }
    is_done = mask->is_done(mask->state);
    allow_stops(chooser, request, is_done);
    for (uint32_t i = 0; i < words; i++)
        any |= chooser->allowed[i];
    *is_over = any == 0;
    if (any == 0 && !is_done)
        error_set(&answer->error, STATUS_FAILED_PRECONDITION,
                  "no id of the vocabulary can follow in this constraint");
    return chooser->allowed;
}

/* One id; false: the answer is over instead. */
static bool choose(struct inference_chooser *chooser, const struct inference_request *request,
                   struct inference_answer *answer, const struct inference_past *past,
                   const float *logits, struct inference_sample *sample)
{
    bool is_over;
    const uint32_t *allowed = fill_mask(chooser, request, answer, &is_over);

    if (is_over)
        return false;
    inference_sample(chooser->sampler, &request->sampling, &answer->random, past, allowed, logits,
                     sample);
    if (answer->has_mask && !inference_answer_is_stop(request, sample->id))
        answer->mask.accept(answer->mask.state, sample->id);
    return true;
}

static void score(struct inference_chooser *chooser, struct inference_answer *answer,
                  const float *logits)
{
    struct inference_sample sample;
    uint32_t id = answer->given[answer->given_at];

    inference_sample_score(chooser->sampler, logits, id, 1, &sample);
    answer->given_logprobs[answer->given_at++] = sample.logprob;
    answer->is_likeliest &= sample.top[0].id == id;
}

/* An answer's own mask, in the place where the first one's is. */
static bool copy_mask(const struct inference_request *request, struct inference_answer *answer)
{
    if (request->mask == NULL || answer->has_mask)
        return true;
    answer->mask = *request->mask;
    answer->mask.state = request->mask->copy(request->mask->state);
    answer->has_mask = answer->mask.state != NULL;
    if (!answer->has_mask)
        error_set(&answer->error, STATUS_RESOURCE_EXHAUSTED, "no memory for a constraint");
    return answer->has_mask;
}

void inference_choose_first(struct inference_chooser *chooser, struct inference_request *request,
                            const float *logits)
{
    const struct inference_past past = { request->ids, request->count, request->count };

    /* The first one's mask is the one that is copied: it goes on last. */
    for (uint32_t i = request->answers_count; i-- > 0;) {
        struct inference_answer *answer = &request->answers[i];

        if (answer->given_count > 0)
            score(chooser, answer, logits);
        else
            answer->is_over_at_first =
                !copy_mask(request, answer)
                || !choose(chooser, request, answer, &past, logits, &answer->first);
    }
}

void inference_choose_given(struct inference_chooser *chooser, struct inference_answer *answer,
                            const struct inference_segment *segment, const float *logits)
{
    for (uint32_t i = 0; i < segment->count; i++, logits += chooser->vocabulary)
        score(chooser, answer, logits);
}

uint32_t inference_choose_next(struct inference_chooser *chooser,
                               struct inference_sequence *sequence,
                               const struct inference_segment *segment, const float *logits,
                               struct inference_sample *samples, bool *is_over)
{
    const struct inference_request *request = sequence->request;
    struct inference_past past = { sequence->ids, sequence->prompt, sequence->count };
    uint32_t count = 0;

    *is_over = false;
    for (; count < segment->count; logits += chooser->vocabulary, past.count++) {
        if (!choose(chooser, request, sequence->answer, &past, logits, &samples[count])) {
            *is_over = true;
            break;
        }
        count++;
        if (count == segment->count || samples[count - 1].id != segment->ids[count]
            || inference_answer_is_stop(request, samples[count - 1].id))
            break;
    }
    return count;
}
