/* What the text of a note has to do with a question: the question's words, and the names of what it
 * asks about, each worth more the fewer notes have it. */
#ifndef CONTEXT_NOTE_H
#define CONTEXT_NOTE_H

#include "context_ask.h"

#define NOTE_WORDS_MAX 128

struct note_word {
    uint32_t word; /* word_hash */
    float weight;  /* up to 1 */
};

struct note_words {
    struct note_word words[NOTE_WORDS_MAX]; /* by word */
    uint32_t count;
    float best; /* the sum of the best note */
};

/* Read @question against the notes of @record. */
void note_words_read(const struct ask_question *question, const struct record *record,
                     struct note_words *words);

/* For each fact of @record the sum of what the words of its text are worth, in @arena: 0 for what
 * has no text or no such word. NULL: no room, or @words has none. Sets @words' best. */
float *note_scores(struct note_words *words, const struct record *record, struct arena *arena);

/* The weight of @word in @words (a struct note_words), 0 when it is not in it. For
 * render_excerpt. */
float note_weigh(const void *words, uint32_t word);

#endif
