#include "inference_batch.h"

#include "inference_request.h"

/* Ids of prompts in a batch while answers wait for it: so much longer may their next id take. */
#define PROMPT_IDS_MAX INFERENCE_CHUNK_MAX

static bool add(struct inference_batch *batch, struct inference_sequence *sequence,
                uint32_t ids_max)
{
    if (!inference_sequence_next(sequence, ids_max, &batch->segments[batch->count]))
        return false;
    batch->ids += batch->segments[batch->count].count;
    batch->sequences[batch->count++] = sequence;
    return true;
}

/* The next id of an answer, and a guess at what follows where there is room: not more than an equal
 * @share of the batch, nor than what its caller has room for. */
static void add_answer(struct inference_batch *batch, struct inference_sequence *sequence,
                       uint32_t share, uint32_t room)
{
    uint32_t guess_max = room < share ? room - 1 : share - 1;

    if (guess_max > INFERENCE_DRAFT_MAX)
        guess_max = INFERENCE_DRAFT_MAX;
    inference_sequence_next_guess(sequence, guess_max, &batch->segments[batch->count]);
    batch->ids += batch->segments[batch->count].count;
    batch->sequences[batch->count++] = sequence;
}

static bool has(const struct inference_batch *batch, const struct inference_sequence *sequence)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->sequences[i] == sequence)
            return true;
    }
    return false;
}

static bool is_older(const struct inference_sequence *a, const struct inference_sequence *b)
{
    return a->request->queued_ns < b->request->queued_ns;
}

/* The more urgent, then who has the least left, then the older. */
static bool is_nearer(const struct inference_sequence *a, const struct inference_sequence *b)
{
    static const int ranks[INFERENCE_PRIORITIES] = { [INFERENCE_PRIORITY_URGENT] = 0,
                                                     [INFERENCE_PRIORITY_NORMAL] = 1,
                                                     [INFERENCE_PRIORITY_BATCH] = 2 };
    int rank_a = ranks[a->request->priority], rank_b = ranks[b->request->priority];
    uint32_t left_a = a->known - a->cached, left_b = b->known - b->cached;

    if (rank_a != rank_b)
        return rank_a < rank_b;
    return left_a != left_b ? left_a < left_b : is_older(a, b);
}

/* NULL: no prompt waits that is not in @batch. */
static struct inference_sequence *pick(const struct inference_batch *batch,
                                       struct inference_sequence *sequences, uint32_t count,
                                       const uint32_t *room, bool by_age)
{
    struct inference_sequence *best = NULL;

    for (uint32_t i = 0; i < count; i++) {
        struct inference_sequence *at = &sequences[i];

        if (room[i] == 0 || !inference_sequence_is_prompt(at) || has(batch, at))
            continue;
        if (best == NULL || (by_age ? is_older(at, best) : is_nearer(at, best)))
            best = at;
    }
    return best;
}

/* Chunks of prompts: in turn one of the oldest and one of the nearest to its end. So a short one
 * is not kept by long ones; and each is through when twice the chunks of those that are older and
 * of its own have been computed, whatever comes after it. */
static void add_prompts(struct inference_batch *batch, struct inference_sequence *sequences,
                        uint32_t count, const uint32_t *room, uint32_t *turn)
{
    uint32_t left = INFERENCE_BATCH_MAX - batch->ids;
    struct inference_sequence *next;

    if (batch->count > 0 && left > PROMPT_IDS_MAX)
        left = PROMPT_IDS_MAX;
    while ((next = pick(batch, sequences, count, room, *turn % 2 == 0)) != NULL) {
        if (!add(batch, next, left))
            return; /* the same turn comes first in the next batch, where it fits */
        left -= batch->segments[batch->count - 1].count;
        ++*turn;
    }
}

void inference_batch_compose(struct inference_batch *batch, struct inference_sequence *sequences,
                             uint32_t count, const uint32_t *room, uint32_t *turn)
{
    batch->count = batch->ids = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (room[i] > 0 && !inference_sequence_is_prompt(&sequences[i]))
            add_answer(batch, &sequences[i], INFERENCE_BATCH_MAX / 2 / count, room[i]);
    }
    add_prompts(batch, sequences, count, room, turn);
}
