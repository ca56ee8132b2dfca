/* The parts of a vocabulary from the metadata of a GGUF file (tokenizer.ggml.*).
 *
 * Two kinds are read: "llama" (SentencePiece BPE) and "gpt2" (byte-level BPE). The file names the
 * family of a pre-tokeniser and lacks what goes with it (normal form, whether merges are ignored):
 * that is known here by the name, and a name that is not known is refused. */
#ifndef TOKENIZER_GGUF_H
#define TOKENIZER_GGUF_H

#include "gguf/gguf.h"
#include "tokenizer_parts.h"

/* Fill @parts, which is new. Reads the whole file for its digest. DATA_LOSS for an inconsistent
 * file, UNIMPLEMENTED for a kind or pre-tokeniser that is not known (named). */
enum status tokenizer_gguf_read(struct gguf *gguf, struct tokenizer_parts *parts,
                                struct error *err);

#endif
