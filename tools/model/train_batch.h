/* Which examples a step trains on, and what is to be predicted in them. */
#ifndef TRAIN_BATCH_H
#define TRAIN_BATCH_H

#include "train_data.h"
#include "train_pass.h"
#include "train_random.h"

/* The order in which examples come: every example once, in random order, then all again in another.
 */
struct batch_order {
    const struct data *data;
    uint32_t *order; /* [examples_count] */
    size_t at;
    struct random random;
};

enum status batch_order_init(struct batch_order *order, const struct data *data, uint64_t seed,
                             struct arena *arena, struct error *err);

/* The next example whose record has at most @prefix_max tokens; longer ones are passed over (they
 * come again). The shortest there is when all are longer. */
const struct example *batch_order_next(struct batch_order *order, uint32_t prefix_max);

/* The targets of @example: every token of the answers, and of the rest a random @prompt_share of
 * the tokens. Their number;
 * @answers_count says how many of them are of answers. The weights are the caller's to set.
 * @targets has room for example->size. */
size_t batch_targets(const struct example *example, double prompt_share, struct random *random,
                     struct pass_target *targets, size_t *answers_count);

#endif
