#include "train_batch.h"

static void shuffle(struct batch_order *order)
{
    for (size_t i = order->data->examples_count; i > 1; i--) {
        size_t j = random_below(&order->random, (uint32_t)i);
        uint32_t kept = order->order[i - 1];

        order->order[i - 1] = order->order[j];
        order->order[j] = kept;
    }
    order->at = 0;
}

enum status batch_order_init(struct batch_order *order, const struct data *data, uint64_t seed,
                             struct arena *arena, struct error *err)
{
    *order = (struct batch_order){ .data = data, .random = { seed } };
    if (data->examples_count == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the data hold no example");
    order->order = ARENA_ARRAY(arena, uint32_t, data->examples_count);
    if (order->order == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the order of %zu examples",
                         data->examples_count);
    for (size_t i = 0; i < data->examples_count; i++)
        order->order[i] = (uint32_t)i;
    shuffle(order);
    return STATUS_OK;
}

const struct example *batch_order_next(struct batch_order *order, uint32_t prefix_max)
{
    const struct example *shortest = NULL;

    /* Two rounds meet every example, wherever the first begins. */
    for (size_t tries = 0; tries < 2 * order->data->examples_count; tries++) {
        const struct example *example;

        if (order->at == order->data->examples_count)
            shuffle(order);
        example = &order->data->examples[order->order[order->at++]];
        if (example->prefix <= prefix_max)
            return example;
        if (shortest == NULL || example->prefix < shortest->prefix)
            shortest = example;
    }
    return shortest;
}

static void put(struct pass_target *targets, size_t *count, uint32_t row, uint32_t token,
                bool is_answer)
{
    targets[(*count)++] =
        (struct pass_target){ .row = row, .token = token, .is_answer = is_answer };
}

/* What follows the row of a token is known inside the prefix and inside a segment; the prefix's
 * last token has several followers and no target. */
size_t batch_targets(const struct example *e, double prompt_share, struct random *random,
                     struct pass_target *targets, size_t *answers_count)
{
    size_t count = 0;

    *answers_count = 0;
    for (uint32_t i = 0; i + 1 < e->prefix; i++)
        if (random_unit(random) < prompt_share)
            put(targets, &count, i, e->tokens[i + 1], false);
    for (uint32_t i = 0; i < e->segments_count; i++) {
        const struct example_segment *s = &e->segments[i];

        for (uint32_t j = s->first; j + 1 < s->answer; j++)
            if (random_unit(random) < prompt_share)
                put(targets, &count, j, e->tokens[j + 1], false);
        for (uint32_t j = s->answer - 1; j + 1 < s->end; j++)
            put(targets, &count, j, e->tokens[j + 1], true);
        *answers_count += s->end - s->answer;
    }
    return count;
}
