/* Sentences to take over: a grammar (GBNF) that holds an answer to what was found.
 *
 * Where the slice has "Found:" behind the question (services/context/context_found.h), an answer is
 * the sentences there, whole and from the first on, each on a line of its own, or that the record
 * does not say. The model chooses whether to answer, and where to stop; it cannot say what no fact
 * says. Where nothing was found, it can only say so. */
#ifndef GATEWAY_SENTENCES_H
#define GATEWAY_SENTENCES_H

#include "base/arena.h"
#include "base/slice.h"

/* More are no answer to hold somebody to. */
#define SENTENCES_MAX 64

/* The grammar for the user turn @user, which asks @question; NULL: there is no "Found:" behind the
 * question, or more than SENTENCES_MAX lines, or no room in @arena. Any thread. */
const char *sentences_grammar(struct slice user, struct slice question, struct arena *arena);

#endif
