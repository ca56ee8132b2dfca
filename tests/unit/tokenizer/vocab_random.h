/* Byte-level vocabularies of random pieces, with merges in no order that training would give:
 * halves may be made after what they make, pieces may never be made, merges may be listed twice.
 * And the plain way to merge, straight from their list: what ours is compared with. */
#ifndef VOCAB_RANDOM_H
#define VOCAB_RANDOM_H

#include <string.h>

#include "tokenizer_vocab.h"
#include "vocab_sample.h"

#define VOCAB_RANDOM_PIECES_MAX 800
#define VOCAB_RANDOM_TEXT_MAX 96

/* What pieces are made of, over and over. */
#define VOCAB_RANDOM_BYTES "abcde st'01 \n-/\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"

struct vocab_random {
    struct tokenizer_parts parts;
    uint16_t ranks[VOCAB_RANDOM_PIECES_MAX][VOCAB_RANDOM_PIECES_MAX]; /* from 1; 0: none */
    uint16_t merged[UINT16_MAX];
    uint64_t state;
};

static inline uint32_t vocab_random_below(struct vocab_random *random, uint32_t n)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random->state >> 33) * n >> 31);
}

/* A half of a new piece: a byte of some, or a piece that is there. */
static inline uint32_t vocab_random_half(struct vocab_random *random, uint32_t id)
{
    static const char bytes[] = VOCAB_RANDOM_BYTES;

    if (id > 256 && vocab_random_below(random, 3) != 0)
        return 256 + vocab_random_below(random, id - 256);
    return (unsigned char)bytes[vocab_random_below(random, sizeof(bytes) - 1)];
}

/* The ranks of the merges that were put; of those listed twice the first holds. */
static inline void vocab_random_rank(struct vocab_random *random)
{
    for (uint32_t i = 0; i < random->parts.merges_count; i++) {
        const struct tokenizer_merge *merge = &random->parts.merges[i];

        if (random->ranks[merge->left][merge->right] != 0)
            continue;
        random->ranks[merge->left][merge->right] = (uint16_t)(i + 1);
        random->merged[i] = (uint16_t)merge->merged;
    }
}

/* Fills @random, which is zeroed; its parts are in @arena. */
static inline bool vocab_random_make(struct vocab_random *random, uint64_t seed,
                                     enum tokenizer_split split, struct arena *arena)
{
    static char texts[VOCAB_RANDOM_PIECES_MAX][VOCAB_RANDOM_TEXT_MAX];
    uint32_t size, cuts[VOCAB_RANDOM_PIECES_MAX], merges;

    random->state = seed;
    size = 300 + vocab_random_below(random, VOCAB_RANDOM_PIECES_MAX - 300);
    merges = 2 * size;
    tokenizer_parts_init(&random->parts, arena);
    random->parts.settings.kind = TOKENIZER_KIND_BPE;
    random->parts.settings.split = split;
    random->parts.settings.ignores_merges = seed % 3 == 0;
    if (tokenizer_parts_reserve(&random->parts, size, 2 * merges, NULL) != STATUS_OK)
        return false;
    for (uint32_t id = 0; id < size; id++) {
        uint32_t left = vocab_random_half(random, id), right = vocab_random_half(random, id);

        if (id < 256)
            texts[id][utf8_encode(vocab_sample_mask(id), texts[id])] = '\0';
        else if (strlen(texts[left]) + strlen(texts[right]) < VOCAB_RANDOM_TEXT_MAX)
            snprintf(texts[id], sizeof(texts[id]), "%s%s", texts[left], texts[right]);
        else
            snprintf(texts[id], sizeof(texts[id]), "%s", texts['a']);
        cuts[id] = (uint32_t)strlen(texts[left]);
        if (tokenizer_parts_put_piece(&random->parts, id, slice_from(texts[id]),
                                      TOKENIZER_PIECE_NORMAL, 0, 0, NULL)
            != STATUS_OK)
            return false;
    }
    for (uint32_t i = 0; i < merges; i++) {
        uint32_t id = 256 + vocab_random_below(random, size - 256);
        struct slice text = slice_from(texts[id]);

        /* A cut that makes no pieces is refused, and left out. */
        if (cuts[id] < text.size)
            (void)tokenizer_parts_put_merge(&random->parts, slice_cut(text, 0, cuts[id]),
                                            slice_cut(text, cuts[id], text.size), NULL);
        if (text.size > 2)
            (void)tokenizer_parts_put_merge(&random->parts, slice_cut(text, 0, text.size - 1),
                                            slice_cut(text, text.size - 1, text.size), NULL);
    }
    vocab_random_rank(random);
    return true;
}

/* Join the pair of the lowest rank, the leftmost of equals, until there is none. @ids holds bytes
 * before and pieces after; returns their number. */
static inline size_t vocab_random_merge(const struct vocab_random *random, uint32_t *ids,
                                        size_t count)
{
    for (;;) {
        uint32_t lowest = 0;
        size_t at = 0;

        for (size_t i = 0; i + 1 < count; i++) {
            uint32_t rank = random->ranks[ids[i]][ids[i + 1]];

            if (rank != 0 && (lowest == 0 || rank < lowest)) {
                lowest = rank;
                at = i;
            }
        }
        if (lowest == 0)
            return count;
        ids[at] = random->merged[lowest - 1];
        memmove(ids + at + 1, ids + at + 2, (count - at - 2) * sizeof(*ids));
        count--;
    }
}

#endif
