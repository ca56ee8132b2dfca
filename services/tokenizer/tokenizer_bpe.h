/* Byte-level BPE: one stretch of text, without special pieces, to ids. Text is encoded as it is:
 * families whose reference normalises to NFC first (Qwen) differ on text that is not NFC. */
#ifndef TOKENIZER_BPE_H
#define TOKENIZER_BPE_H

#include "base/buffer.h"
#include "tokenizer_vocab.h"

/* Append the ids of @text (as uint32_t) to @ids. @scratch is left as it was. RESOURCE_EXHAUSTED
 * when it has no room, INVALID_ARGUMENT when the vocabulary has no piece for a byte. */
enum status tokenizer_bpe_encode(const struct tokenizer_vocab *vocab, struct slice text,
                                 struct arena *scratch, struct buffer *ids, struct error *err);

#endif
