/* Learning the weights: a linear chain of conditional probabilities (CRF), stochastic gradients
 * with a step for each weight (AdaGrad). One thread, and the same result from the same seed. */
#ifndef TAGGER_LEARN_H
#define TAGGER_LEARN_H

#include "tagger_example.h"

struct tagger_model {
    struct arena arena;
    unsigned bits;
    float (*weights)[8], (*squares)[8]; /* [1 << bits] */
    float steps[DEID_TAG_COUNT][8], steps_squares[DEID_TAG_COUNT][8];
};

struct tagger_settings {
    unsigned bits;
    unsigned rounds; /* over all examples */
    uint64_t seed;
    float rate;   /* of the first step */
    float decay;  /* of a weight at each use, against weights that only one text needs */
    float forget; /* share of words that are hidden from the model, so that it looks around */
    float miss;   /* nats that leaving out an identifier costs beside the rest: over one word too
                   * few it would rather have one too many */
};

enum status tagger_model_init(struct tagger_model *model, unsigned bits, struct error *err);
void tagger_model_close(struct tagger_model *model);

void tagger_learn(struct tagger_model *model, const struct tagger_examples *examples,
                  const struct tagger_settings *settings);

/* The model in the form that deid_tagger_open takes, in @arena. */
enum status tagger_model_pack(const struct tagger_model *model, struct arena *arena,
                              struct slice *packed, struct error *err);

#endif
