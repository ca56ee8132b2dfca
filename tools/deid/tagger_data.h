/* Labelled texts from outside (JSON lines with "text" and "spans"), which the repository does not
 * hold: to learn from one part of them and to be measured on the other. */
#ifndef TAGGER_DATA_H
#define TAGGER_DATA_H

#include "tagger_example.h"

enum tagger_part { TAGGER_PART_LEARN, TAGGER_PART_TEST };

/* Add the texts of @file to @learn or @test. The part follows from a hash of the text, or of its
 * template where it has one, so that no template is in both. Either may be NULL: those are left
 * out. */
enum status tagger_data_read(struct slice file, const struct deid_lexicon *lexicon,
                             struct tagger_examples *learn, struct tagger_examples *test,
                             float weight, struct error *err);

#endif
