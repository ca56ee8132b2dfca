/* SentencePiece BPE: the stretches of a text that has no special pieces in it. */
#ifndef TOKENIZER_SPM_H
#define TOKENIZER_SPM_H

#include "tokenizer_run.h"

/* Put the stretches of @text that no merge leaves into @run. @has_prefix: a blank that the text
 * does not have comes first. */
void tokenizer_spm_run(struct tokenizer_run *run, struct slice text, bool has_prefix);

#endif
