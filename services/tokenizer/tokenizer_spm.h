/* SentencePiece BPE: one stretch of text, without special pieces, to ids. */
#ifndef TOKENIZER_SPM_H
#define TOKENIZER_SPM_H

#include "base/buffer.h"
#include "tokenizer_vocab.h"

/* Append the ids of @text (as uint32_t) to @ids. @has_prefix: a blank is put before it when the
 * vocabulary does that.
 * @scratch is left as it was. RESOURCE_EXHAUSTED when it has no room, INVALID_ARGUMENT when the
 * vocabulary has neither bytes nor an unknown piece for a character. */
enum status tokenizer_spm_encode(const struct tokenizer_vocab *vocab, struct slice text,
                                 bool has_prefix, struct arena *scratch, struct buffer *ids,
                                 struct error *err);

#endif
