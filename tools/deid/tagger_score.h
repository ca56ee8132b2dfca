/* How well weights do on labelled texts, by the engine itself. */
#ifndef TAGGER_SCORE_H
#define TAGGER_SCORE_H

#include "tagger_example.h"

/* Print, for each kind and for all: tokens and whole identifiers found, and how many of the tokens
 * that were tagged are right; then what a lower threshold of the margin would find. */
void tagger_score_print(const char *what, const struct deid_tagger *tagger,
                        const struct tagger_examples *examples);

/* Tokens tagged in a second of this thread's time, the views made before. */
double tagger_score_speed(const struct deid_tagger *tagger, const struct tagger_examples *examples);

#endif
