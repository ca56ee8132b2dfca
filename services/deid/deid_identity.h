/* What the patient is known by: the entries of the map that came from the record's structure,
 * looked for in every text exactly and within a small edit distance, whatever the punctuation and
 * the case. */
#ifndef DEID_IDENTITY_H
#define DEID_IDENTITY_H

#include "deid_map.h"
#include "deid_span.h"
#include "deid_token.h"

#define DEID_IDENTITY_WORDS_MAX 512
#define DEID_IDENTITY_VALUES_MAX 2048

struct deid_identity {
    struct deid_known_word {
        struct slice word; /* lower case */
        bool is_common;    /* also an ordinary word: only with a capital */
    } * words;
    unsigned words_count;
    uint64_t firsts; /* first letters of the words, as bits */
    struct deid_known_value {
        struct slice squeezed; /* letters and digits alone, lower case */
        enum deid_class class;
        bool is_place; /* a town: only with a capital */
    } * values;
    unsigned values_count;
};

/* Built in @arena from the known entries of @map. RESOURCE_EXHAUSTED: no room. */
enum status deid_identity_init(struct deid_identity *identity, const struct deid_map *map,
                               const struct deid_lexicon *lexicon, struct arena *arena,
                               struct error *err);

/* Add every place where the patient shows to @spans. @scratch holds until the caller rewinds it. */
enum status deid_identity_scan(const struct deid_identity *identity,
                               const struct deid_tokens *tokens, struct arena *scratch,
                               struct deid_spans *spans, struct error *err);

/* The same for what is a code or the name of one: only names that are no ordinary words, and
 * nothing that is merely near. */
enum status deid_identity_scan_exact(const struct deid_identity *identity,
                                     const struct deid_tokens *tokens, struct arena *scratch,
                                     struct deid_spans *spans, struct error *err);

/* Edits (insert, delete, change, swap of neighbours) between two words without case, or @max + 1
 * when there are more than @max. */
unsigned deid_identity_distance(struct slice a, struct slice b, unsigned max);

#endif
