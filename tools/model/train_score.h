/* How well the weights answer examples that they were not trained on.
 *
 * Every token of the answer is predicted from the true tokens before it. When each of them is the
 * most likely one, greedy generation gives exactly this answer, and when one is not, it does not:
 * so the share of exact answers is that of generation. */
#ifndef TRAIN_SCORE_H
#define TRAIN_SCORE_H

#include "train_data.h"
#include "train_team.h"

struct score {
    double loss; /* mean over the tokens of answers, in nats */
    size_t tokens, tokens_right;
    size_t answers, answers_exact;
    struct {
        size_t answers, answers_exact;
    } kinds[DATA_KINDS_MAX];
};

/* Score the first @examples_max examples of at most @tokens_max tokens. */
void score_data(struct team *team, const struct weights *weights, const struct data *data,
                size_t examples_max, uint32_t tokens_max, struct arena *arena, struct score *score);

#endif
