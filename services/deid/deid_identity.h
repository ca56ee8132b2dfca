/* What the patient is known by: the entries of the map that came from the record's structure,
 * looked for in every text exactly and within a small edit distance, whatever the punctuation and
 * the case. */
#ifndef DEID_IDENTITY_H
#define DEID_IDENTITY_H

#include "deid_map.h"
#include "deid_near.h"
#include "deid_span.h"
#include "deid_token.h"
#include "deid_value.h"

#define DEID_KNOWN_WORD_BYTES_MAX 64 /* of a word of a name; a longer one is a value */

struct deid_known_word {
    struct slice word; /* lower case */
    bool is_common;    /* also an ordinary word: only with a capital */
};

struct deid_identity {
    struct deid_known_word *words;
    uint32_t words_count, words_capacity;
    uint32_t *slots; /* of words, open addressing: index + 1 */
    uint32_t slots_count;
    uint32_t pairs[26]; /* initials of given and family names that go together, as bits */
    struct deid_near near,
        near_common; /* of the words that are no ordinary ones; of those that are */
    struct deid_values values;
    const struct deid_map *map;
    const struct deid_lexicon *lexicon;
    struct arena *arena;
    uint32_t learnt; /* of the map's known entries, in their order */
};

/* Made in @arena, where it stays, from the known entries of @map, all of them; @map and @lexicon
 * outlive it. RESOURCE_EXHAUSTED: no room, and the identity must not be used. */
enum status deid_identity_init(struct deid_identity *identity, const struct deid_map *map,
                               const struct deid_lexicon *lexicon, struct arena *arena,
                               struct error *err);

/* What the map has come to know since, as above. */
enum status deid_identity_learn(struct deid_identity *identity, struct error *err);

/* Add every place where the patient shows to @spans. */
enum status deid_identity_scan(const struct deid_identity *identity,
                               const struct deid_tokens *tokens, struct deid_spans *spans,
                               struct error *err);

/* The same for what is a code or the name of one: only names that are no ordinary words, and
 * nothing that is merely near. */
enum status deid_identity_scan_exact(const struct deid_identity *identity,
                                     const struct deid_tokens *tokens, struct deid_spans *spans,
                                     struct error *err);

/* The known word that @plain (deid_plain.h) is, or NULL. For the files of deid_identity. */
const struct deid_known_word *deid_identity_word(const struct deid_identity *identity,
                                                 struct slice plain);

#endif
