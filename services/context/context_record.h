/* A record: a patient's facts, sorted, with an index of its notes' words, and its form as bytes. */
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

struct record {
    struct fact *facts; /* by fact_compare; void ones too */
    size_t count;
    size_t live;              /* facts that are not void */
    size_t notes;             /* of them, those with a text */
    struct posting *postings; /* of texts: by word, then fact; each pair once */
    size_t postings_count;
};

/* Sort @facts (which stay), index the words of notes; all of it in @arena.
 * RESOURCE_EXHAUSTED: too many, or no room. */
enum status record_index(struct fact *facts, size_t count, struct arena *arena,
                         struct record *record, struct error *err);

/* The postings of @word: *count of them, side by side. */
const struct posting *record_find_word(const struct record *record, uint32_t word, size_t *count);

/* Append @facts as the bytes of a record. The index is not in them. */
void record_encode(const struct fact *facts, size_t count, struct buffer *buffer);

/* Read bytes of record_encode and index them; text is copied to @arena. DATA_LOSS when they are
 * something else. */
enum status record_decode(struct slice bytes, struct arena *arena, struct record *record,
                          struct error *err);

#endif
