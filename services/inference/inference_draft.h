/* Guessing what comes next by looking it up: an answer that quotes the record goes on as the record
 * does (prompt look-up; Saxena 2023). A guess costs a little when it is wrong and changes nothing.
 */
#ifndef INFERENCE_DRAFT_H
#define INFERENCE_DRAFT_H

#include <stdint.h>

/* The longest guess: with the id before it, two tiles of the kernels. */
#define INFERENCE_DRAFT_MAX 7

/* How far the guesses of a sequence reach: a right one makes the next longer, a wrong one shorter.
 * One that is wrong from its first id may be the end of a quote; several in turn end the guessing
 * for a while. */
struct inference_drafter {
    uint32_t reach, rest, misses;
};

void inference_draft_init(struct inference_drafter *drafter);

/* Up to @max ids (INFERENCE_DRAFT_MAX at most) that may follow @ids [count], to @draft: those that
 * followed the last three of them, or two, where they last stood before. Returns how many. */
uint32_t inference_draft_guess(struct inference_drafter *drafter, const uint32_t *ids,
                               uint32_t count, uint32_t max, uint32_t *draft);

/* Of @guessed ids @right were right. */
void inference_draft_settle(struct inference_drafter *drafter, uint32_t guessed, uint32_t right);

#endif
