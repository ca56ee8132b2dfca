/* A set of texts as a deterministic automaton over code points: what a pattern matches, what is as
 * long as it may be, and what several of them have in common. Who writes a grammar for JSON puts it
 * there as it stands between quotes.
 *
 * Everything is in the arena that it is made in and never changes. A NULL goes in and comes out:
 * memory or a limit. One thread. */
#ifndef INFERENCE_GRAMMAR_WORDS_H
#define INFERENCE_GRAMMAR_WORDS_H

#include "grammar.h"

#define WORDS_NONE UINT32_MAX
#define WORDS_STATES_MAX 8192
#define WORDS_CLASSES_MAX 1024

struct words {
    uint32_t states_count, classes_count; /* the first state is where a text begins */
    uint32_t *lows;  /* [classes_count] the first code point of each class, up to the next one's */
    uint32_t *moves; /* [states_count × classes_count]; WORDS_NONE: no text goes on so */
    bool *is_final;  /* [states_count] */
};

/* Every text of @min to @max code points (GRAMMAR_FOREVER: any). */
const struct words *words_of_size(uint32_t min, uint32_t max, struct arena *arena);

/* One of @texts [count], which are UTF-8. */
const struct words *words_of_texts(const struct slice *texts, uint32_t count, struct arena *arena);

const struct words *words_both(const struct words *a, const struct words *b, struct arena *arena);
const struct words *words_not(const struct words *words, struct arena *arena);

/* Another class begins at @low. @lows [WORDS_CLASSES_MAX] come sorted and stay so. */
void words_add_low(uint32_t *lows, uint32_t *count, uint32_t low);

bool words_has(const struct words *words, struct slice text);

/* Whether there is no such text. */
bool words_is_empty(const struct words *words);

/* The texts as JSON writes them, without the quotes around. */
void words_put(const struct words *words, struct grammar *grammar, uint32_t from, uint32_t to,
               struct arena *arena);

#endif
