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

#endif
