/* From parts to an image. */
#ifndef TOKENIZER_COMPILE_H
#define TOKENIZER_COMPILE_H

#include "tokenizer_image.h"

/* The image of @parts in memory of its own, which the caller frees. @words is a list of words, one
 * a line: each is encoded ahead, alone and after a blank, so that its first sight in a text costs
 * no merging; empty for none. DATA_LOSS when the parts contradict each other, RESOURCE_EXHAUSTED.
 * One thread. */
struct tokenizer_image *tokenizer_compile(struct tokenizer_parts *parts, struct slice words,
                                          struct error *err);

/* The same image with @words in the place of those that it has, in memory of its own. */
struct tokenizer_image *tokenizer_compile_add_words(const struct tokenizer_image *image,
                                                    struct slice words, struct error *err);

#endif
