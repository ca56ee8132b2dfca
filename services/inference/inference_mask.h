/* What an answer may say next: a bit for each id of the vocabulary. Whoever constrains an answer (a
 * grammar, a schema, citations) gives the engine one of these with the request; the engine asks it
 * before each id is sampled and tells it which one was. Every function is called on the engine's
 * thread and must not call the engine; the state belongs to the answer until release. */
#ifndef INFERENCE_MASK_H
#define INFERENCE_MASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Words of 32 ids each that hold a bit for each of @vocabulary. */
#define INFERENCE_MASK_WORDS(vocabulary) (((vocabulary) + 31) / 32)

struct inference_mask {
    void *state;
    /* Set in @bits, which come cleared, those of the ids that may be next: bit id % 32 of word id /
     * 32. The ids that end the answer are not the mask's business: the engine allows the request's
     * stop ids where is_done, and no others of them. No bit at all where is_done ends the answer;
     * where it is not done that is a failure of the mask. What fails ends the answer with @err. */
    enum status (*fill)(void *state, uint32_t *bits, struct error *err);
    /* The answer goes on with @id, which was allowed. In the order of the answer, and never taken
     * back. */
    void (*accept)(void *state, uint32_t id);
    /* How many of @ids [count], from the first on, the answer could go on with: a guess that cannot
     * come is not worth computing. */
    uint32_t (*follow)(void *state, const uint32_t *ids, uint32_t count);
    /* Whether the answer may end here. */
    bool (*is_done)(void *state);
    /* A second state in the same place, for another answer to the same prompt; NULL where memory is
     * short. */
    void *(*copy)(const void *state);
    /* The answer has ended, or was never begun. */
    void (*release)(void *state);
};

#endif
