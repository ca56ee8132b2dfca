/* The training run: steps until the clock or the count says stop, with scores, checkpoints and a
 * line of progress. */
#ifndef TRAIN_LOOP_H
#define TRAIN_LOOP_H

#include <signal.h>

#include "train_checkpoint.h"
#include "train_data.h"

struct loop_options {
    /* One of the two ends the run and drives the schedule. By the count the run is deterministic
     * from its seed (with a fixed number of threads); by the clock it depends on the machine. */
    double minutes; /* 0: not by the clock */
    uint64_t steps; /* 0: not by the count */
    unsigned threads;
    uint32_t batch_tokens;  /* of examples in a step, at least */
    uint32_t tokens_max;    /* of an example */
    uint32_t tokens_short;  /* of an example's record at the beginning; grows to tokens_max ... */
    double short_share;     /* ... over this share of the run */
    double rate, rate_last; /* peak and last learning rate of the cosine */
    uint32_t warm_up;       /* steps */
    double decay, gradient_max;
    double prompt_share;  /* of the prompt's tokens are predicted too ... */
    double prompt_weight; /* ... and their mean loss counts this much beside the answers' */
    double cite_weight;   /* of the numbers in an answer's citations, beside 1 for its other tokens:
                             few tokens, hard to learn */
    double choice_weight; /* of an answer's first token, and of those that end a line or the answer,
                             on top: where the gateway holds answers to the sentences found, the
                             model chooses there and nowhere else */
    uint32_t cite_open[2], cite_close; /* the pieces of "[", " [" and "]" */
    uint32_t line_end, turn_end;
    double score_seconds; /* between scores on the held-out data; a checkpoint goes with each */
    uint32_t score_examples;
    struct lora *lora;                       /* NULL: all weights are trained; else it alone */
    const char *checkpoint_path;             /* NULL: none */
    const volatile sig_atomic_t *is_stopped; /* NULL, or set by somebody who wants the run to end
                                                early, with its checkpoint */
};

/* The defaults, which suit a few million parameters and an hour on two cores. */
void loop_options_default(struct loop_options *options);

/* Train @state on @data. Progress goes to stderr. @held may be NULL. */
enum status loop_run(struct checkpoint *state, const struct data *data, const struct data *held,
                     const struct loop_options *options, struct arena *arena, struct error *err);

#endif
