/* Learns a vocabulary: byte-pair merges over the words of a text, with scores such that
 * SentencePiece's greedy merging (the highest score first, the leftmost of equals) gives what the
 * merges give.
 *
 * A word is an optional blank and letters, or an optional blank and one mark; a digit and a line
 * break stand alone. No piece crosses words, so numbers are read and written digit by digit, and a
 * text's pieces are its words' pieces. The order of pieces: <unk>, <s>, </s>, 256 bytes, the
 * control pieces, characters, merges. */
#ifndef VOCABULARY_LEARN_H
#define VOCABULARY_LEARN_H

#include "base/arena.h"
#include "base/error.h"

/* The numbers are tokenizer.ggml.token_type's. */
enum piece_kind {
    PIECE_KIND_NORMAL = 1,
    PIECE_KIND_UNKNOWN = 2,
    PIECE_KIND_CONTROL = 3,
    PIECE_KIND_BYTE = 6,
};

struct vocabulary {
    struct slice *pieces; /* as in the file: blanks are U+2581 */
    float *scores;
    int32_t *kinds;
    uint32_t count;
};

struct vocabulary_learner;

/* NULL when @arena has no room. Everything lives in it. */
struct vocabulary_learner *vocabulary_learner_init(struct arena *arena);

/* Count the words of @text, which is UTF-8. */
void vocabulary_learner_add(struct vocabulary_learner *learner, struct slice text);

/* Learn up to @count pieces in all. RESOURCE_EXHAUSTED; INVALID_ARGUMENT when @count has no room
 * for the fixed ones. */
enum status vocabulary_learn(struct vocabulary_learner *learner, const struct slice *controls,
                             uint32_t controls_count, uint32_t count, struct vocabulary *vocabulary,
                             struct error *err);

#endif
