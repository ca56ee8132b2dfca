/* What is encoded ahead. Only for tokenizer_compile. */
#ifndef TOKENIZER_COMPILE_WORDS_H
#define TOKENIZER_COMPILE_WORDS_H

#include "tokenizer_compile_pairs.h"

/* Encode the lines of @words and short pieces: SECTION_WORDS, _WORD_BYTES and _SHORTS. @image holds
 * the other sections. */
enum status tokenizer_compile_words(struct tokenizer_compile *compile,
                                    const struct tokenizer_image *image, struct slice words,
                                    struct error *err);

/* The lines of @words alone. */
enum status tokenizer_compile_list(struct tokenizer_compile *compile,
                                   const struct tokenizer_image *image, struct slice words,
                                   struct error *err);

#endif
