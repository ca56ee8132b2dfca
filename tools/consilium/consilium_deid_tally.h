/* Labelled spans against found ones, document after document.
 *
 * A class is not asked of what was found: an identifier that is gone is gone under whatever name.
 * Punctuation and blanks count for nothing; "letters" below are letters and digits.
 *
 *   wholly    every letter of the labelled span is inside found ones
 *   overlap   one letter of it is
 *   exact     one found span begins and ends with its first and last letter
 *   token     the same as wholly, for each run of letters by itself
 *
 * Precision is over found spans (over tokens, at token level): one is right where it holds a letter
 * of a labelled span that has to go, or is exactly one. What only touches labels that are open
 * counts neither way. */
#ifndef CONSILIUM_DEID_TALLY_H
#define CONSILIUM_DEID_TALLY_H

#include "consilium_deid_gold.h"
#include "consilium_deid_interval.h"

enum deid_level {
    DEID_LEVEL_WHOLLY,
    DEID_LEVEL_OVERLAP,
    DEID_LEVEL_EXACT,
    DEID_LEVEL_TOKEN,
    DEID_LEVEL_SHARE,  /* the span rule of presidio-research: consilium_deid_share.h */
    DEID_LEVEL_JOINED, /* the same as its code has it */
};

#define DEID_LEVEL_COUNT 6
#define DEID_TALLY_LABELS_MAX 256

struct deid_tally_sums {
    uint64_t found[DEID_LEVEL_COUNT], wanted[DEID_LEVEL_COUNT];
    uint64_t right[DEID_LEVEL_COUNT], reported[DEID_LEVEL_COUNT];
};

struct deid_tally_label {
    char name[48];
    struct deid_meant meant; /* of the first span; a year among dates may mean otherwise */
    uint64_t needs[DEID_NEED_COUNT];
    uint64_t touched[DEID_NEED_COUNT]; /* of which a letter was found */
    struct deid_tally_sums sums;       /* of those that have to go; recall only */
};

struct deid_tally {
    struct deid_tally_label labels[DEID_TALLY_LABELS_MAX];
    unsigned labels_count;
    struct deid_tally_sums classes[DEID_CLASS_COUNT], all;
    struct deid_interval_part *parts[DEID_LEVEL_COUNT]; /* of each document */
    uint32_t documents, capacity;
    uint64_t negatives, negatives_touched, traps, traps_touched;
    double share_min; /* of DEID_LEVEL_SHARE and _JOINED */
};

void deid_tally_init(struct deid_tally *tally, double share_min);
void deid_tally_close(struct deid_tally *tally);

/* Add a document and what was found in it, in order. @scratch is emptied by the caller.
 * RESOURCE_EXHAUSTED for a 257th label or no room. */
enum status deid_tally_add(struct deid_tally *tally, const struct deid_gold *gold,
                           const struct deid_gold_span *found, unsigned found_count,
                           struct arena *scratch, struct error *err);

/* Whether every letter of a span is inside of what was found: the test of "wholly", for those who
 * show what was missed. */
bool deid_tally_is_gone(const struct deid_gold *gold, const struct deid_gold_span *span,
                        const struct deid_gold_span *found, unsigned found_count);

#endif
