/* A sequence: the ids of a prompt and of one answer to it, and the pages of their keys and values.
 * It has all its pages from the start, so that what was begun can be finished, and goes back to the
 * end of the prompt for the next answer. Engine thread. */
#ifndef INFERENCE_SEQUENCE_H
#define INFERENCE_SEQUENCE_H

#include "inference_draft.h"
#include "inference_forward.h"

struct inference_answer;
struct inference_request;

struct inference_sequence {
    struct inference_request *request;       /* NULL: free */
    struct inference_answer *answer;         /* NULL while the prompt is computed */
    const struct inference_adapter *adapter; /* NULL: the model as it is */
    uint32_t *ids;                           /* [context] */
    uint32_t *pages;                         /* [context / INFERENCE_PAGE, rounded up] */
    uint32_t pages_count;
    uint32_t cached;    /* ids whose keys and values are in the pages */
    uint32_t prompt;    /* ids that came as a prompt */
    uint32_t known;     /* they, and those of a given answer that are computed */
    uint32_t count;     /* ids of prompt and answer */
    uint32_t count_max; /* where the answer must end */
    uint32_t drafted;   /* ids after them that are a guess, while they are computed */
    struct inference_drafter drafter;
};

/* For sequences of up to @context ids. RESOURCE_EXHAUSTED. */
enum status inference_sequence_init(struct inference_sequence *sequence, uint32_t context,
                                    struct error *err);
void inference_sequence_close(struct inference_sequence *sequence);

/* Take pages for @count ids of prompt and an answer up to @count_max ids in all; those whose
 * content is in @cache already are shared, and sequence->cached ids need not be computed (never the
 * last of the prompt, whose logits are what comes next). False: there are not enough pages now. */
bool inference_sequence_begin(struct inference_sequence *sequence, struct inference_cache *cache,
                              const struct inference_adapter *adapter, const uint32_t *ids,
                              uint32_t count, uint32_t count_max);

/* What is computed next, at most @ids_max ids: a whole chunk of the prompt, what is left of it, or
 * the last id. False: the next chunk is larger than @ids_max. */
bool inference_sequence_next(const struct inference_sequence *sequence, uint32_t ids_max,
                             struct inference_segment *segment);

/* The same where the prompt is through: the last id and a guess of up to @guess_max ids that may
 * follow, none of which the answer's mask forbids. */
void inference_sequence_next_guess(struct inference_sequence *sequence, uint32_t guess_max,
                                   struct inference_segment *segment);

/* The guess has been computed, and @right of its ids are those that were sampled. */
void inference_sequence_settle_guess(struct inference_sequence *sequence, uint32_t right);

/* The segment has been computed; whole pages of the prompt can be found from now on. */
void inference_sequence_advance(struct inference_sequence *sequence, struct inference_cache *cache,
                                const struct inference_segment *segment);

/* Go back to the end of the prompt, which is computed, for an answer that is sampled (none given)
 * or of @given_count ids, whose last one need not be computed. */
void inference_sequence_rewind(struct inference_sequence *sequence, const uint32_t *given,
                               uint32_t given_count);

/* Begin @sequence, which is free, at the end of @other's prompt, which is computed: whole pages of
 * it are shared, what is left is copied. False: there are not enough pages now. */
bool inference_sequence_fork(struct inference_sequence *sequence,
                             const struct inference_sequence *other, struct inference_cache *cache);

/* The pages go back; the sequence is free. */
void inference_sequence_end(struct inference_sequence *sequence, struct inference_cache *cache);

/* Whether what is computed next is known already. */
static inline bool inference_sequence_is_prompt(const struct inference_sequence *sequence)
{
    return sequence->cached < sequence->known;
}

#endif
