/* The longest part of a text, from its front, that fits into a number of tokens and ends where a
 * reader would end it. */
#ifndef TOKENIZER_TRUNCATE_H
#define TOKENIZER_TRUNCATE_H

#include "tokenizer_encode.h"

enum tokenizer_border {
    TOKENIZER_BORDER_WORD,      /* before white space, or at the end */
    TOKENIZER_BORDER_LINE,      /* before a line end, or at the end */
    TOKENIZER_BORDER_CHARACTER, /* between code points */
};

/* *bytes of @text at the front have *count tokens, at most @tokens_max, as text that is not
 * trusted; 0 where not even the first word (line, character) fits. Looks at little more than what
 * fits. Errors as tokenizer_encode_count. Any thread. */
enum status tokenizer_truncate(const struct tokenizer_vocab *vocab, struct slice text,
                               size_t tokens_max, enum tokenizer_border border, size_t *bytes,
                               size_t *count, struct error *err);

#endif
