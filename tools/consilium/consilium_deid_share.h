/* The span rule of presidio-research's SpanEvaluator, all classes as one: labelled and found spans
 * are taken to whole words, stripped of words that carry nothing ("Mr.", "the", "street"), joined
 * where nothing but such words stands between them, and match where they share enough letters
 * (intersection over union). Written from its description; how it differs is in
 * docs/deidentification.md. */
#ifndef CONSILIUM_DEID_SHARE_H
#define CONSILIUM_DEID_SHARE_H

#include "consilium_deid_gold.h"
#include "consilium_deid_interval.h"

/* Every labelled span counts, whatever its need. @share_min: 0 to 1. No room in @scratch: nothing
 * is found. */
struct deid_interval_part deid_share_compare(const struct deid_gold *gold,
                                             const struct deid_gold_span *found,
                                             unsigned found_count, double share_min,
                                             struct arena *scratch);

#endif
