/* One word to ids: a pre-token of byte-level BPE, or a stretch of a SentencePiece text that no
 * merge leaves. What is not remembered (tokenizer_cache.h) is worked out here. */
#ifndef TOKENIZER_WORD_H
#define TOKENIZER_WORD_H

#include "base/arena.h"
#include "tokenizer_tables.h"

/* Write the ids of @word, which is not empty, to @ids (room for word.size) and their number to
 * *count. In SPM a blank stands for U+2581. @scratch is left as it was. INVALID_ARGUMENT when the
 * vocabulary has no piece for a character, RESOURCE_EXHAUSTED. Any thread. */
enum status tokenizer_word_encode(const struct tokenizer_tables *tables, struct slice word,
                                  struct arena *scratch, uint32_t *ids, size_t *count,
                                  struct error *err);

/* The id of the piece that is @word whole, where merges give that. False when there is none. */
bool tokenizer_word_find(const struct tokenizer_tables *tables, struct slice word, uint32_t *id);

/* The ids of @count short words that are no pieces, up to TOKENIZER_MERGE_SHORT_WORDS: they are
 * merged side by side. @keys[i]: as tokenizer_short_key has a word; @ids[i]: room for
 * TOKENIZER_SHORT_BYTES, and the count in the first as a short word's ids have it. */
enum status tokenizer_word_merge(const struct tokenizer_tables *tables, const uint64_t *const *keys,
                                 size_t count, struct arena *scratch, uint32_t *const *ids,
                                 struct error *err);

/* The units of @word (room for word.size), and their number: bytes, or code points. A byte of
 * byte-level BPE that has no symbol is left out, and those beside it are neighbours, as the
 * reference has it. */
size_t tokenizer_word_units(const struct tokenizer_tables *tables, struct slice word,
                            uint32_t *units);

#endif
