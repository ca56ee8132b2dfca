/* What a vocabulary is made of inside. Only for the core of the tokenizer. */
#ifndef TOKENIZER_STATE_H
#define TOKENIZER_STATE_H

#include "tokenizer_pool.h"
#include "tokenizer_special.h"

struct tokenizer_state {
    struct tokenizer_tables tables;
    struct tokenizer_special user, any; /* user pieces; user and control pieces */
    struct tokenizer_pool pool;
    const struct tokenizer_image *image;
    size_t mapped_bytes; /* 0: from malloc */
};

#endif
