/* Words that are near to known ones: an index of the pieces of known words, so that a word of a
 * text is compared only with those that share a piece with it. However many words are known, none
 * is left out. */
#ifndef DEID_NEAR_H
#define DEID_NEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define DEID_NEAR_BYTES_MIN 5 /* a shorter word is near to too many others */
#define DEID_NEAR_BYTES_MAX 40

struct deid_near {
    struct deid_near_piece *pieces;
    uint32_t pieces_count, pieces_capacity;
    uint32_t *slots; /* hash of a piece -> index + 1 of its newest */
    uint32_t slots_count;
    uint64_t sizes; /* of the words that are in, as bits */
    struct arena *arena;
    bool is_full; /* the arena had no room: a word is missing */
};

/* Room for @words_max words at first; false when the arena has none. */
bool deid_near_init(struct deid_near *near, uint32_t words_max, struct arena *arena);

/* Add a word in lower case. It is kept by reference. Words under DEID_NEAR_BYTES_MIN or over
 * DEID_NEAR_BYTES_MAX are not near to anything and are ignored. */
void deid_near_add(struct deid_near *near, struct slice word);

/* Whether @word (lower case) is one of them but for one edit, two where the known word has eight
 * bytes or more. The first or the last byte must be right. */
bool deid_near_has(const struct deid_near *near, struct slice word);

/* Edits (insert, delete, change, swap of neighbours) between two words without case, or @max + 1
 * when there are more than @max or a word is over DEID_NEAR_BYTES_MAX. */
unsigned deid_near_distance(struct slice a, struct slice b, unsigned max);

#endif
