#include "inference_draft.h"

#include <string.h>

#define REACH_FIRST 3
/* Steps without guesses after the second that was wrong from its first id; twice as many after each
 * further one. */
#define REST_STEPS 4
#define REST_MAX 16

void inference_draft_init(struct inference_drafter *drafter)
{
    *drafter = (struct inference_drafter){ .reach = REACH_FIRST };
}

/* Where the last @width ids of @ids [count] stood before, most lately: the index after them; 0:
 * nowhere. */
static uint32_t find_before(const uint32_t *ids, uint32_t count, uint32_t width)
{
    const uint32_t *last = ids + count - width;

    for (uint32_t at = count - 1; at >= width; at--) {
        if (ids[at - 1] == last[width - 1]
            && memcmp(ids + at - width, last, width * sizeof(*ids)) == 0)
            return at;
    }
    return 0;
}

uint32_t inference_draft_guess(struct inference_drafter *drafter, const uint32_t *ids,
                               uint32_t count, uint32_t max, uint32_t *draft)
{
    uint32_t found = 0, guessed;

    if (drafter->rest > 0) {
        drafter->rest--;
        return 0;
    }
    for (uint32_t width = 3; width >= 2 && found == 0 && count > width; width--)
        found = find_before(ids, count, width);
    if (found == 0)
        return 0;
    guessed = drafter->reach < max ? drafter->reach : max;
    if (guessed > count - found)
        guessed = count - found;
    memcpy(draft, ids + found, guessed * sizeof(*draft));
    return guessed;
}

/* Wrong from its first id. */
static void miss(struct inference_drafter *drafter)
{
    uint32_t rest = REST_STEPS;

    drafter->reach = 1;
    if (drafter->misses++ == 0)
        return;
    for (uint32_t i = 2; i < drafter->misses && rest < REST_MAX; i++)
        rest *= 2;
    drafter->rest = rest;
}

void inference_draft_settle(struct inference_drafter *drafter, uint32_t guessed, uint32_t right)
{
    if (guessed == 0)
        return;
    if (right == 0)
        return miss(drafter);
    drafter->misses = 0;
    drafter->reach = right == guessed ? drafter->reach * 2 + 1 : right + 1;
    if (drafter->reach > INFERENCE_DRAFT_MAX)
        drafter->reach = INFERENCE_DRAFT_MAX;
}
