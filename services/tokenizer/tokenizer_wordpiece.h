/* WordPiece: words, and of each the longest pieces from its front, as BERT's vocabularies are made
 * for. A piece that goes on in a word is written with "##" before it.
 *
 * As in the reference: control characters go, white space is blank, ideographs are words of their
 * own, case and accents go where the vocabulary says so; then every punctuation mark is a word. A
 * word that cannot be put together, or is too long, is the unknown piece. */
#ifndef TOKENIZER_WORDPIECE_H
#define TOKENIZER_WORDPIECE_H

#include "tokenizer_run.h"

/* Put the ids of @text into @run. */
void tokenizer_wordpiece_run(struct tokenizer_run *run, const struct tokenizer_settings *settings,
                             struct slice text);

#endif
