/* The span rule of presidio-research's SpanEvaluator, all classes as one: labelled and found spans
 * are taken to whole words, stripped of words that carry nothing ("Mr.", "the", "street"), joined
 * where nothing but such words stands between them, and match where they share enough letters
 * (intersection over union). Written from its description (docs/span_evaluation.md there). Its code
 * looks between two spans by the wrong rows, finds no word there, and so joins all of a sentence:
 * its published figures are of that. How near we come to both is in docs/deidentification.md. */
#ifndef CONSILIUM_DEID_SHARE_H
#define CONSILIUM_DEID_SHARE_H

#include "consilium_deid_gold.h"
#include "consilium_deid_interval.h"

/* Every labelled span counts, whatever its need. @share_min: 0 to 1. @is_joined: all of a document
 * are one, from the first letter to the last. No room in @scratch: nothing is found. */
struct deid_interval_part deid_share_compare(const struct deid_gold *gold,
                                             const struct deid_gold_span *found,
                                             unsigned found_count, double share_min, bool is_joined,
                                             struct arena *scratch);

#endif
