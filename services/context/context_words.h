/* Words of text as hashes: lower case, a plural's end cut off, words without meaning left out. */
#ifndef CONTEXT_WORDS_H
#define CONTEXT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* A longer word is no word. */
#define WORD_BYTES_MAX 48

/* Take the next word (letters and digits, as they stand) off the front of @text; false: none. */
bool words_next(struct slice *text, struct slice *word);

/* @word in lower case, its plural's "s" and possessive cut. 0 when it is too long or nothing. */
size_t word_fold(struct slice word, char out[WORD_BYTES_MAX]);

/* @word, of at most WORD_BYTES_MAX bytes, in lower case. */
void word_lower(struct slice word, char out[WORD_BYTES_MAX]);

/* Call @on_word for the hash of each word of @text, in order; a word may come again. */
void words_each(struct slice text, void (*on_word)(void *arg, uint32_t word), void *arg);

/* The hash of one word, 0 for one without meaning ("the"). */
uint32_t word_hash(struct slice word);

/* What kinds of fact the question names ("medications", "allergic"): bit n is enum fact_kind n. */
uint32_t words_kinds(struct slice question);

enum words_time {
    WORDS_TIME_LATEST = 1,   /* last, current, now */
    WORDS_TIME_EARLIEST = 2, /* first, initial */
    WORDS_TIME_TREND = 4,    /* over time, change, all */
};

/* Which time words the question has. */
unsigned words_times(struct slice question);

#endif
