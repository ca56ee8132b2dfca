/* SentencePiece BPE: the stretches of a text that has no special pieces in it. */
#ifndef TOKENIZER_SPM_H
#define TOKENIZER_SPM_H

#include "tokenizer_run.h"

/* Put the stretches of @text that no merge leaves into @run. @readable bytes, as many as the text
 * has or more, can be read where it begins, and stay until the run is settled. @has_prefix: a blank
 * that the text does not have comes first. */
void tokenizer_spm_run(struct tokenizer_run *run, struct slice text, size_t readable,
                       bool has_prefix);

#endif
