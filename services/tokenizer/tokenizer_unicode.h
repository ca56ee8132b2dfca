/* The classes of code points that pre-tokenisers ask for: \p{L}, \p{N} and \s (White_Space), of
 * Unicode 15.0. */
#ifndef TOKENIZER_UNICODE_H
#define TOKENIZER_UNICODE_H

#include <stdint.h>

enum tokenizer_class {
    TOKENIZER_CLASS_OTHER,
    TOKENIZER_CLASS_LETTER,
    TOKENIZER_CLASS_NUMBER,
    TOKENIZER_CLASS_SPACE,
};

/* OTHER for UTF8_INVALID and for what is not assigned. Any thread. */
enum tokenizer_class tokenizer_unicode_class(uint32_t code_point);

#endif
