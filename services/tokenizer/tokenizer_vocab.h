/* A vocabulary: the pieces of text that a model knows, and how text is cut into them. Read from the
 * metadata of a GGUF file (tokenizer.ggml.*), checked once, and never changed: any thread reads.
 *
 * Two kinds are read: "llama" (SentencePiece BPE: pieces with scores, blanks written as U+2581,
 * bytes that have no piece as <0xNN>) and "gpt2" (byte-level BPE: merges with ranks, a
 * pre-tokeniser by name). */
#ifndef TOKENIZER_VOCAB_H
#define TOKENIZER_VOCAB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"
#include "gguf/gguf.h"
#include "tokenizer_parts.h"

/* What is needed at every step of an encoding; filled by tokenizer_vocab_create. */
struct tokenizer_vocab {
    enum tokenizer_kind kind;
    enum tokenizer_split split; /* BPE */
    bool ignores_merges; /* BPE: a pre-token that is a piece is that piece, whatever the merges say
                          */
    bool adds_bos, adds_space_prefix;
    bool is_blank_first; /* SPM: no piece has a blank after anything else, so that no merge crosses
                            into one */
    uint32_t size;
    uint32_t bos, eos, unknown; /* TOKENIZER_NO_ID: none */
    uint32_t bytes[256];        /* the piece of a lone byte, or TOKENIZER_NO_ID */
    uint32_t piece_bytes_max;
    struct slice chat_template; /* empty: none */
    const char *digest;         /* SHA-256 of the file */
    struct tokenizer_tables *tables;
};

/* DATA_LOSS for an inconsistent file, UNIMPLEMENTED for a kind or pre-tokeniser that is not known
 * (named). Everything is copied:
 * @gguf may be closed afterwards. Reads the whole file for its digest. */
struct tokenizer_vocab *tokenizer_vocab_create(struct gguf *gguf, struct error *err);

void tokenizer_vocab_destroy(struct tokenizer_vocab *vocab);

/* The text of piece @id < size: bytes as they appear in a text. SPM pieces keep U+2581 for a blank.
 */
struct slice tokenizer_vocab_piece(const struct tokenizer_vocab *vocab, uint32_t id);
enum tokenizer_piece_type tokenizer_vocab_type(const struct tokenizer_vocab *vocab, uint32_t id);

/* The normal piece that is @text, or TOKENIZER_NO_ID. */
uint32_t tokenizer_vocab_find(const struct tokenizer_vocab *vocab, struct slice text);

/* SPM: 0 for the piece with the highest score, rising as scores fall; equal scores share one. */
uint32_t tokenizer_vocab_rank(const struct tokenizer_vocab *vocab, uint32_t id);

/* BPE: the rank of the merge of @left and @right and the piece that it makes; false when there is
 * none. */
bool tokenizer_vocab_merge(const struct tokenizer_vocab *vocab, uint32_t left, uint32_t right,
                           uint32_t *rank, uint32_t *merged);

/* The longest control or user-defined piece at the front of @text, of those whose type is in @types
 * (bits 1 << type); TOKENIZER_NO_ID for none. *size gets its bytes in the text. */
uint32_t tokenizer_vocab_find_special(const struct tokenizer_vocab *vocab, struct slice text,
                                      unsigned types, size_t *size);

/* Whether a special piece may begin with @byte: a cheap question before
 * tokenizer_vocab_find_special. */
bool tokenizer_vocab_may_begin_special(const struct tokenizer_vocab *vocab, unsigned char byte);

#endif
