/* The words that rules end in: names by how common they are, towns by their size, drugs and words
 * from the same sources as the word lists, and names that nobody has. */
#ifndef TAGGER_LEAVES_H
#define TAGGER_LEAVES_H

#include "tagger_chance.h"
#include "words_table.h"

#define TAGGER_LEAF_BYTES_MAX 224

struct tagger_leaves {
    struct arena arena;
    struct tagger_bag {
        const struct words_row **rows;
        double *sums; /* running, of the weights */
        unsigned count;
    } given, family, rare, given_word, family_word, town, city, drug, medical, eponym, word;
    struct slice *glosses; /* what WordNet says of words: plain prose without a name */
    unsigned glosses_count, glosses_capacity;
};

/* Borrows the rows of @table. */
enum status tagger_leaves_init(struct tagger_leaves *leaves, const struct words_table *table,
                               struct error *err);
/* Add the definitions and examples in one of WordNet's data files, which is borrowed. */
enum status tagger_leaves_glosses(struct tagger_leaves *leaves, struct slice file,
                                  struct error *err);

void tagger_leaves_close(struct tagger_leaves *leaves);

bool tagger_leaves_has(struct slice name);

/* Write a word of the kind @name; its size. */
unsigned tagger_leaves_make(const struct tagger_leaves *leaves, struct slice name,
                            struct tagger_chance *chance, char out[TAGGER_LEAF_BYTES_MAX]);

#endif
