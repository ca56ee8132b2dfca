/* Phrases in text: many at once, word by word. A phrase's words are folded as words of texts are
 * (context_words.h); a word that ends in * stands for all that begin so, one that begins with * for
 * all that end so. A word in capitals stands only for itself in capitals: "US" is an ultrasound,
 * "us" is not. */
#ifndef CONTEXT_PHRASE_H
#define CONTEXT_PHRASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct phrases;

/* A table for the life of the process. */
struct phrases *phrases_create(void);

/* @text, a static string of phrases between bars, names @row. */
void phrases_add(struct phrases *phrases, const char *text, uint32_t row);

/* Whether @text may stand in phrases_add: words with one blank between them, neither too many nor
 * too long, and enough letters beside a *. */
bool phrase_is_valid(struct slice text);

/* Whether a word of a phrase is or stands for @word, as it was written. */
bool phrases_know(const struct phrases *phrases, struct slice word);

/* The word of a phrase, of five letters and more and not in capitals, that one slip makes of @word
 * (a letter too many, too few, another one, or two swapped; never the first): its size, 0 for none,
 * and for two of them. */
size_t phrases_spell(const struct phrases *phrases, struct slice word, char meant[]);

/* Words of a text that are looked at together; phrases do not cross its end. */
#define PHRASE_WINDOW_WORDS 256

/* Where a phrase of @row stands: @count words from word @first of the text. */
struct phrase_match {
    uint32_t row;
    uint32_t first, count;
};

/* Call @on_match for each place where a phrase stands, by the place of its first word. Any thread
 * once all phrases have been added. */
void phrases_find(const struct phrases *phrases, struct slice text,
                  void (*on_match)(void *arg, const struct phrase_match *match), void *arg);

#endif
