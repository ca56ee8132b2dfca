/* Other names for what a record names, so that a model learns to take names over instead of knowing
 * those of the generator's catalogue by heart.
 *
 * Words of the labels of the facts in a prompt get invented ones, the same wherever the word
 * stands: in the lines, in the questions on them and in their answers. Words of the prompt's own
 * language stay. */
#ifndef MODEL_RENAME_H
#define MODEL_RENAME_H

#include "context_prompt.h"
#include "train_random.h"

#define RENAME_WORDS_MAX 256
#define RENAME_BYTES_MAX 64

struct rename_word {
    struct slice word; /* of a label */
    char other[RENAME_BYTES_MAX];
};

struct rename {
    struct rename_word words[RENAME_WORDS_MAX];
    size_t count;
};

/* Draw names for about @share of the words of @prompt's labels; they borrow from its record. */
void rename_draw(const struct prompt *prompt, double share, struct random *random,
                 struct rename *rename);

/* @text with the words replaced, a capital for a capital. In @arena; {NULL, 0}: no room. */
struct slice rename_apply(const struct rename *rename, struct slice text, struct arena *arena);

#endif
