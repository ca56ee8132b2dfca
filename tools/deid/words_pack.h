/* From what the sources said of a word to what the engine is told of it, and the bytes of the
 * whole. */
#ifndef WORDS_PACK_H
#define WORDS_PACK_H

#include "words_table.h"

/* The facts of one row: flags, odds, steps. */
struct deid_facts words_pack_facts(const struct words_row *row);

/* All of the table in the form of deid_words.h, in the table's arena. INTERNAL when two words
 * cannot be told apart. */
enum status words_pack(struct words_table *table, struct slice *packed, struct error *err);

#endif
