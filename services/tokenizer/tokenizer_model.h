/* What the service serves: a vocabulary, its chat template, and what was measured on it. Counted,
 * so that a new one can take its place while calls still work with the old. */
#ifndef TOKENIZER_MODEL_H
#define TOKENIZER_MODEL_H

#include <stdatomic.h>

#include "tokenizer_template.h"

struct tokenizer_model {
    struct tokenizer_vocab *vocab;
    struct tokenizer_template template;
    float chars_per_token; /* code points a piece, over clinical prose */
    atomic_uint holders;
};

/* From the file @path, held once by the caller. @folder: where compiled vocabularies are kept
 * (tokenizer_file.h); NULL: nowhere. NULL and
 * @err on failure. */
struct tokenizer_model *tokenizer_model_open(const char *path, const char *folder,
                                             struct error *err);

/* Any thread. What nobody holds any more is freed. NULL is harmless. */
void tokenizer_model_let_go(struct tokenizer_model *model);

#endif
