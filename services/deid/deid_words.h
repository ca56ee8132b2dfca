/* The compiled word lists: one block of bytes, made at build time by deid-words (tools/deid),
 * linked in and read where it lies. This header is what its maker and its reader agree on.
 *
 *   header · facts[facts_count] · slots[1 << slots_bits] · postal codes as bits
 *
 * A word is found by the hash of its folded bytes: the upper bits say in which slot to begin, the
 * lower 32 are kept in the slot. Unlike facts are kept once: a few thousand of them serve all
 * words.
 */
#ifndef DEID_WORDS_H
#define DEID_WORDS_H

#include <stdint.h>

#include "base/slice.h"

#define DEID_WORDS_MAGIC 0x31736472u  /* "rds1" */
#define DEID_WORDS_BYTES_MAX 48       /* of a word or phrase; longer ones are in no list */
#define DEID_WORDS_POSTAL_BYTES 12504 /* 100,000 bits, to a multiple of 8 */

struct deid_words_header {
    uint32_t magic;
    uint32_t words_count;
    uint32_t facts_count;
    uint32_t slots_bits;
};

/* What the lists know of a word. */
struct deid_facts {
    uint32_t flags; /* enum deid_word */
    int8_t odds;    /* quarters of a bit: how much likelier a capitalised use of the word is a
                     * person's name than the word; 0 where nothing is known */
    uint8_t given;  /* how common as a given name, 0 (never) to 15; steps of a factor of two */
    uint8_t family; /* as a family name */
    uint8_t place;  /* how large the largest town of that name is, 0 (none) to 15 */
    uint8_t word;   /* how common as an ordinary word, 0 (never) to 15; steps of a factor of four */
    uint8_t unused[3];
};

struct deid_words_slot {
    uint32_t mark;  /* the lower half of the hash, never 0 */
    uint32_t facts; /* index; 0 in an empty slot, and facts[0] says nothing */
};

/* Write @word as the lists hold it: ASCII letters in lower case, accented Latin letters without
 * their accents, no apostrophes. Returns the size, 0 where it has no room in DEID_WORDS_BYTES_MAX
 * bytes. What follows up to the next multiple of 8 is zero. */
unsigned deid_words_fold(struct slice word, char folded[DEID_WORDS_BYTES_MAX + 8]);

static inline uint64_t deid_words_hash(const char *folded, unsigned size)
{
    uint64_t h = size * 0x9e3779b97f4a7c15u;
    unsigned i;

    for (i = 0; i < size; i += 8) {
        unsigned __int128 product;
        uint64_t word;

        memcpy(&word, folded + i, 8);
        product = (unsigned __int128)(h ^ word ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
        h = (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 32;
}

static inline uint32_t deid_words_mark(uint64_t hash)
{
    return (uint32_t)hash == 0 ? 1 : (uint32_t)hash;
}

#endif
