/* Byte-level BPE: the words of a stretch of text that has no special pieces in it. */
#ifndef TOKENIZER_BPE_H
#define TOKENIZER_BPE_H

#include "tokenizer_run.h"

/* Put the pre-tokens of @text into @run. */
void tokenizer_bpe_run(struct tokenizer_run *run, struct slice text);

#endif
