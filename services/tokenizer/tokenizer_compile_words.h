/* What is encoded ahead. Only for tokenizer_compile. */
#ifndef TOKENIZER_COMPILE_WORDS_H
#define TOKENIZER_COMPILE_WORDS_H

#include "tokenizer_compile_pairs.h"

/* Mark the pieces whose text encodes to them, and encode the lines of @words: SECTION_TYPES,
 * _WORDS, _WORD_BYTES and _SHORTS. @image holds the other sections. */
enum status tokenizer_compile_words(struct tokenizer_compile *compile,
                                    const struct tokenizer_image *image, struct slice words,
                                    struct error *err);

/* The lines of @words alone. */
enum status tokenizer_compile_list(struct tokenizer_compile *compile,
                                   const struct tokenizer_image *image, struct slice words,
                                   struct error *err);

#endif
