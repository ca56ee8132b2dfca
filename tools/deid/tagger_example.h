/* A training text as the tagger sees it: views of its tokens, and the right tag of each. */
#ifndef TAGGER_EXAMPLE_H
#define TAGGER_EXAMPLE_H

#include "base/arena.h"
#include "base/error.h"
#include "deid_tagger.h"
#include "deid_tagger_view.h"

/* A stretch of a text that is an identifier, in bytes. */
struct tagger_mark {
    uint32_t start, end;
    enum deid_tag tag; /* the one that begins it */
};

struct tagger_text {
    struct slice text;
    struct tagger_mark *marks; /* in order, disjoint */
    unsigned marks_count;
};

struct tagger_example {
    struct deid_view *views; /* DEID_VIEW_AROUND more on either side */
    uint8_t *gold;
    unsigned count;
    float weight; /* of one text, in training */
};

struct tagger_examples {
    struct arena arena;
    struct tagger_example *items;
    unsigned count, capacity;
    uint64_t tokens;
};

void tagger_examples_init(struct tagger_examples *examples);
void tagger_examples_close(struct tagger_examples *examples);

/* Fold, tokenize and tag @text as the engine would read it. */
enum status tagger_examples_add(struct tagger_examples *examples,
                                const struct deid_lexicon *lexicon, const struct tagger_text *text,
                                float weight, struct error *err);

#endif
