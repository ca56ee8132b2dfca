/* Pre-tokens of 64 bytes at a time: one bit for each byte, classes by comparing many bytes at once,
 * borders by arithmetic on the bits. It knows the common text (ASCII, letters and signs of other
 * scripts) and leaves the rest, piece by piece, to tokenizer_split_next, which it always equals. */
#ifndef TOKENIZER_BLOCK_H
#define TOKENIZER_BLOCK_H

#include "tokenizer_split.h"

#define TOKENIZER_BLOCK_BYTES 64

struct tokenizer_block {
    uint64_t starts; /* bit i: a piece begins at byte i, i < size; bit 0 is set unless size is 0 */
    uint32_t size;   /* where the next piece begins; 0: ask tokenizer_split_next for this one */
};

/* The whole pieces at the front of the TOKENIZER_BLOCK_BYTES at @text, whatever follows them. A
 * piece begins at @text. Any thread. */
struct tokenizer_block tokenizer_block_split(enum tokenizer_split split, const char *text);

/* Whether blocks know the expression at all. */
bool tokenizer_block_knows(enum tokenizer_split split);

#endif
