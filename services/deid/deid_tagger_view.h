/* What the tagger sees: of each token a few numbers, and of a place in the text the features made
 * of the numbers around it. The trainer and the engine share it; a change here needs new weights.
 */
#ifndef DEID_TAGGER_VIEW_H
#define DEID_TAGGER_VIEW_H

#include "deid_token.h"

#define DEID_VIEW_FEATURES 38
#define DEID_VIEW_AROUND 3 /* tokens looked at on either side */

struct deid_view {
    uint32_t word;   /* hash of the folded word; of a number or code, its pattern */
    uint32_t odds;   /* how common as a name, a town, a word: steps */
    uint32_t kind;   /* what the lists say it can be */
    uint32_t suffix; /* last three letters */
    uint32_t ending; /* last two */
    uint32_t prefix; /* first three */
    uint8_t shape;
    uint8_t gap; /* what stands in front of it */
    uint8_t is_capital, is_word;
};

/* Views of tokens [@first - 3, @end + 3), the first at @views[0]; past the ends of the text an
 * empty view stands. */
void deid_view_read(const struct deid_tokens *tokens, unsigned first, unsigned end,
                    struct deid_view *views);

/* The features of the token that @view is of; it has DEID_VIEW_AROUND views on either side. Indices
 * below 1 << @bits. */
void deid_view_features(const struct deid_view *view, unsigned bits,
                        uint32_t features[DEID_VIEW_FEATURES]);

#endif
