/* What the tagger sees: of each token a few numbers, and of a place in the text the features made
 * of the numbers around it. The trainer and the engine share it; a change here needs new weights.
 */
#ifndef DEID_TAGGER_VIEW_H
#define DEID_TAGGER_VIEW_H

#include "deid_token.h"

#define DEID_VIEW_FEATURES 38
#define DEID_VIEW_AROUND 3 /* tokens looked at on either side */

/* Hashes, each well mixed: features are made of sums of them. */
struct deid_view {
    uint64_t word;   /* of the folded word; of a number or code, of its pattern */
    uint64_t odds;   /* how common as a name, a town, a word: steps */
    uint64_t kind;   /* what the lists say it can be */
    uint64_t shape;  /* how it is written */
    uint64_t gap;    /* what stands in front of it */
    uint64_t suffix; /* last three letters */
    uint64_t ending; /* last two */
    uint64_t prefix; /* first three */
    uint8_t is_capital, is_upper, is_word;
};

/* The view of a token whose word is not to be seen (@is_unlisted: nor what the lists say of it). */
void deid_view_hide(struct deid_view *view, bool is_spelling, bool is_unlisted);

/* Views of tokens [@first - 3, @end + 3), the first at @views[0]; past the ends of the text an
 * empty view stands. */
void deid_view_read(const struct deid_tokens *tokens, unsigned first, unsigned end,
                    struct deid_view *views);

/* The features of the token that @view is of; it has DEID_VIEW_AROUND views on either side. Indices
 * below 1 << @bits. */
void deid_view_features(const struct deid_view *view, unsigned bits,
                        uint32_t features[DEID_VIEW_FEATURES]);

#endif
