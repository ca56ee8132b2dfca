/* The tokenizer service: one immutable vocabulary that every rpc thread reads, its chat template,
 * and what was measured on it. */
#ifndef TOKENIZER_H
#define TOKENIZER_H

#include "tokenizer_template.h"

struct tokenizer {
    struct tokenizer_vocab *vocab;
    struct tokenizer_template template;
    float chars_per_token; /* code points a piece, over clinical prose */
};

/* Read the vocabulary of the GGUF file @path. What the file's template cannot do is told by each
 * ApplyTemplate. */
struct tokenizer *tokenizer_start(const char *path, struct error *err);

void tokenizer_stop(struct tokenizer *tokenizer);

#endif
