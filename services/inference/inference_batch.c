#include "inference_batch.h"

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

/* Chunks of prompts, in turn where not all fit. */
static void add_prompts(struct inference_batch *batch, struct inference_sequence *sequences,
                        uint32_t count, const uint32_t *room, uint32_t *turn)
{
    uint32_t left = INFERENCE_BATCH_MAX - batch->ids;

    if (batch->count > 0 && left > PROMPT_IDS_MAX)
        left = PROMPT_IDS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (*turn + i) % count;

        if (room[at] == 0 || !inference_sequence_is_prompt(&sequences[at]))
            continue;
        if (!add(batch, &sequences[at], left)) {
            *turn = at;
            return;
        }
        left -= batch->segments[batch->count - 1].count;
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
