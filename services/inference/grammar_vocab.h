/* The pieces of a model's vocabulary as the bytes that they add to an answer, sorted, with the tree
 * of their beginnings: what a grammar is held against. Made once for a model; any thread reads.
 *
 * Pieces that add no text of their own (control pieces, the unknown one) and pieces of over
 * GRAMMAR_PIECE_BYTES_MAX bytes are not in it: a constrained answer never has them. */
#ifndef INFERENCE_GRAMMAR_VOCAB_H
#define INFERENCE_GRAMMAR_VOCAB_H

#include <stdbool.h>
#include <stdint.h>

#include "inference_text.h"

#define GRAMMAR_PIECE_BYTES_MAX 255

/* In the order of bytes, each beginning before what goes on from it. */
struct grammar_node {
    uint32_t pieces; /* in order: those that are this beginning, up to those of the next node */
    uint32_t skip;   /* the next node that does not begin with this one */
    uint8_t byte, depth;
};

struct grammar_vocab {
    uint32_t size;  /* ids of the model */
    uint32_t count; /* pieces with text */
    uint32_t nodes_count;
    uint32_t *order;       /* [count] ids, by their bytes */
    uint32_t *bytes_start; /* [size + 1] in bytes */
    char *bytes;
    struct grammar_node *nodes; /* [nodes_count + 1] */
    bool drops_first_blank;     /* a blank at the very beginning of an answer is not given out */
};

/* @text may be destroyed afterwards. NULL: RESOURCE_EXHAUSTED. */
struct grammar_vocab *grammar_vocab_create(const struct inference_text *text, struct error *err);
void grammar_vocab_destroy(struct grammar_vocab *vocab);

/* From @count texts, of the ids 0 …; those without bytes are not in it. NULL: RESOURCE_EXHAUSTED.
 */
struct grammar_vocab *grammar_vocab_build(const struct slice *texts, uint32_t count,
                                          struct error *err);

/* Empty for an id that is not in it. */
static inline struct slice grammar_vocab_piece(const struct grammar_vocab *vocab, uint32_t id)
{
    return slice_of(vocab->bytes + vocab->bytes_start[id],
                    vocab->bytes_start[id + 1] - vocab->bytes_start[id]);
}

#endif
