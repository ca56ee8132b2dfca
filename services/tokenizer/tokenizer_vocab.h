/* A vocabulary: the pieces of text that a model knows, and how text is cut into them. Made from
 * parts that a reader has put together (tokenizer_parts.h), or opened as a compiled file
 * (tokenizer_file.h); checked once, and never changed: any thread reads.
 *
 * Beside it lies the one thing that changes, a bounded memory of words that were seen. */
#ifndef TOKENIZER_VOCAB_H
#define TOKENIZER_VOCAB_H

#include "base/error.h"
#include "base/slice.h"
#include "gguf/gguf.h"
#include "tokenizer_parts.h"

struct tokenizer_image;

/* What is asked for most; the settings are in full where they were compiled. */
struct tokenizer_vocab {
    enum tokenizer_kind kind;
    uint32_t size;
    uint32_t bos, eos, unknown; /* TOKENIZER_NO_ID: none */
    bool adds_bos, adds_space_prefix;
    const struct tokenizer_settings *settings;
    struct slice chat_template; /* empty: none */
    const char *digest;         /* SHA-256 of the file that it was made from */
    struct tokenizer_state *state;
};

/* From @parts, which may go afterwards. @words: a list of words to encode ahead, one a line; may be
 * empty. DATA_LOSS when the parts contradict each other, RESOURCE_EXHAUSTED. NULL on failure. */
struct tokenizer_vocab *tokenizer_vocab_build(struct tokenizer_parts *parts, struct slice words,
                                              struct error *err);

/* From the metadata of a GGUF file (tokenizer.ggml.*), without words encoded ahead. DATA_LOSS for
 * an inconsistent file, UNIMPLEMENTED for a kind or pre-tokeniser that is not known (named).
 * Everything is copied: @gguf may be closed afterwards. Reads the whole file for its digest. */
struct tokenizer_vocab *tokenizer_vocab_create(struct gguf *gguf, struct error *err);

/* Over an image that was checked; takes ownership of it: @mapped_bytes of a mapping, or memory from
 * malloc where that is 0. NULL, and the image is gone, when there is no memory. */
struct tokenizer_vocab *tokenizer_vocab_open_image(const struct tokenizer_image *image,
                                                   size_t mapped_bytes, struct error *err);

/* NULL is harmless. */
void tokenizer_vocab_destroy(struct tokenizer_vocab *vocab);

/* The text of piece @id < size: bytes as they appear in a text. SPM pieces keep U+2581 for a blank.
 */
struct slice tokenizer_vocab_piece(const struct tokenizer_vocab *vocab, uint32_t id);
enum tokenizer_piece_type tokenizer_vocab_type(const struct tokenizer_vocab *vocab, uint32_t id);

/* Bits of enum tokenizer_piece_flag. */
unsigned tokenizer_vocab_flags(const struct tokenizer_vocab *vocab, uint32_t id);

/* The normal piece that is @text, or TOKENIZER_NO_ID. */
uint32_t tokenizer_vocab_find(const struct tokenizer_vocab *vocab, struct slice text);

/* The longest control or user-defined piece at the front of @text, of those whose type is in @types
 * (bits 1 << type); TOKENIZER_NO_ID for none. *size gets its bytes in the text. */
uint32_t tokenizer_vocab_find_special(const struct tokenizer_vocab *vocab, struct slice text,
                                      unsigned types, size_t *size);

/* Forget every word that was seen: those of texts that are being encoded when they are done. */
void tokenizer_vocab_forget(const struct tokenizer_vocab *vocab);

#endif
