/* A record: a patient's facts, sorted, with an index of its notes' words. They are laid out in
 * memory (as they were read), or packed in an image (context_image.h); what asks a record sees no
 * difference. */
#ifndef CONTEXT_RECORD_H
#define CONTEXT_RECORD_H

#include "base/error.h"
#include "context_fact.h"

/* More facts than this are refused: the largest records that we know have under ten thousand. */
#define RECORD_FACTS_MAX 200000

/* A word, and a note that has it. */
struct posting {
    uint32_t word; /* word_hash */
    uint32_t fact;
};

struct image;

struct record {
    struct fact *facts;        /* by fact_compare; void ones too; NULL: they are in @image */
    const struct image *image; /* NULL: they are in @facts */
    size_t count;
    size_t live;                    /* facts that are not void */
    size_t notes;                   /* of them, those with a text */
    const struct posting *postings; /* of texts: by word, then fact; each pair once */
    size_t postings_count;
};

/* Sort @facts (which stay), index the words of notes; all of it in @arena.
 * RESOURCE_EXHAUSTED: too many, or no room. */
enum status record_index(struct fact *facts, size_t count, struct arena *arena,
                         struct record *record, struct error *err);

/* The postings of @word: *count of them, side by side. */
const struct posting *record_find_word(const struct record *record, uint32_t word, size_t *count);

/* Fact @index; where it is packed it is put in @room, without its reference and its measures. */
const struct fact *record_fact(const struct record *record, uint32_t index, struct fact *room);

/* The same with its measures, for which @measures is room too. */
const struct fact *record_measured(const struct record *record, uint32_t index, struct fact *room,
                                   struct measure measures[FACT_MEASURES_MAX]);

bool record_is_void(const struct record *record, uint32_t index);
struct fhir_date record_date(const struct record *record, uint32_t index);

/* Fact @index with all that it has; in @arena where it is packed. NULL: no room. */
const struct fact *record_whole(const struct record *record, uint32_t index, struct arena *arena);

/* All facts so, in order, copies or where they are. NULL: no room. */
const struct fact *record_all(const struct record *record, struct arena *arena);

#endif
