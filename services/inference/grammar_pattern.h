/* Regular expressions of ECMAScript, as JSON Schema has them, as sets of texts: alternatives,
 * groups, classes, repeats and anchors. What is no regular language (references back) or looks
 * around (lookaheads, word borders) is refused by name. */
#ifndef INFERENCE_GRAMMAR_PATTERN_H
#define INFERENCE_GRAMMAR_PATTERN_H

#include "grammar_words.h"

/* The texts in which @pattern is found somewhere; @is_whole: those that it matches as a whole.
 * INVALID_ARGUMENT with what is wrong or not supported; RESOURCE_EXHAUSTED. NULL: @err says why. */
const struct words *grammar_pattern(struct slice pattern, bool is_whole, struct arena *arena,
                                    struct error *err);

#endif
