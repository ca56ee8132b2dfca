/* Surrogates: what stands in a redacted text for what was there, and how to read it again.
 *
 *   Patient-7Q2K  Patient-7Q2Kb  Person-3  Person-3b     people; a letter for each other way that
 * one was written Place-2  Phone-1  Mrn-4  Id-9 ...                     a word for the class and a
 * number 2019-03-04, "March 4th, 2019", --3-4                  dates moved, in the form they had
 *   Observation/o17, urn:uuid:o17                         ids of resources
 *
 * In other styles (enum deid_style) [PATIENT-b], [NAME-3] and made-up values stand in place of the
 * first two kinds. Anything in a caller's text that reads like one of the first two kinds is itself
 * replaced, so that none can be mistaken. */
#ifndef DEID_SURROGATE_H
#define DEID_SURROGATE_H

#include "base/buffer.h"
#include "deid_map.h"
#include "deid_normal.h"

/* A surrogate read from a text. */
struct deid_surrogate {
    unsigned class;
    uint32_t number, variant;
    bool is_id; /* of a resource: letter and number */
    char letter;
    struct deid_entry *entry; /* of a made-up value; else NULL, and class and number say which */
    size_t start, end;        /* of what is to be replaced; an id's prefix is not */
};

/* Whether one may begin at @at: of a code or an id the first letter says so, of a made-up value
 * nothing does. */
static inline bool deid_surrogate_may_begin(const struct deid_map *map, struct slice text,
                                            size_t at)
{
    char c = text.data[at];

    return (c >= 'A' && c <= 'Z') || c == 'u' || (at > 0 && text.data[at - 1] == '[')
           || map->pseudonyms_count > 0;
}

/* The surrogate that begins at @at, the start of a word. False when none does. */
bool deid_surrogate_read(struct slice text, size_t at, const struct deid_map *map,
                         struct deid_surrogate *surrogate);

/* Append what stands for @original (the caller's bytes) under the map's profile, making an entry
 * where there is none. @folded is the same text as the finders read it. @is_coded: dates become
 * codes too. *@is_general: a year, "90+" or three digits of a ZIP code, from which there is no way
 * back. RESOURCE_EXHAUSTED when there is no room. */
enum status deid_surrogate_put(struct deid_map *map, const struct deid_span *span,
                               struct slice original, struct slice folded, bool is_coded,
                               struct buffer *out, bool *is_general, struct error *err);

/* The name of a person as the record has it: an entry that is looked for everywhere. @is_patient:
 * the patient's own. */
enum status deid_surrogate_person(struct deid_map *map, struct slice name, bool is_patient,
                                  bool is_known, struct deid_entry **entry, struct error *err);

/* A name of which the record says whose it is: one word of the person @number. Others may be called
 * so too, and have entries of their own for it; the one whom a text means by it is the first. */
enum status deid_surrogate_name_of(struct deid_map *map, uint32_t number, struct slice name,
                                   struct deid_entry **entry, struct error *err);

/* An entry for a value that is no name. */
enum status deid_surrogate_value(struct deid_map *map, unsigned class, struct slice value,
                                 bool is_known, struct deid_entry **entry, struct error *err);

/* Append what stands for @entry, which is of @map, in the map's style. */
void deid_surrogate_format(struct deid_map *map, struct deid_entry *entry, struct buffer *out);

#endif
