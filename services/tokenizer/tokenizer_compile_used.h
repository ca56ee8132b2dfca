/* The merges that are ever made. Only for tokenizer_compile. */
#ifndef TOKENIZER_COMPILE_USED_H
#define TOKENIZER_COMPILE_USED_H

#include "tokenizer_compile_pairs.h"

/* Mark the pieces that their own text merges to, in SECTION_TYPES, and leave in SECTION_PAIRS,
 * _PAIR_FILTER and _RANKS only what is ever joined, with the symbols of tokenizer_tables.h, which
 * SECTION_SYMBOLS and _FIRSTS tell. @image holds the sections so far. */
enum status tokenizer_compile_used(struct tokenizer_compile *compile,
                                   const struct tokenizer_image *image, struct error *err);

#endif
