/* The map of one patient: which surrogate stands for which original, how far dates are moved, what
 * is counted. It lives in a call's arena and travels sealed (deid_seal). */
#ifndef DEID_MAP_H
#define DEID_MAP_H

#include "base/arena.h"
#include "base/error.h"
#include "deid_span.h"

enum deid_profile {
    DEID_PROFILE_LIMITED = 1,
    DEID_PROFILE_SAFE_HARBOR = 2,
};

/* How what is replaced is written: in codes (Person-3), in made-up values of the same kind (Harold
 * Quist), in tags
 * ([NAME-3]) or in masks ([NAME]), from which there is no way back. Of a call, not of the map: a
 * map reads all of them. */
enum deid_style {
    DEID_STYLE_CODES,
    DEID_STYLE_SURROGATES,
    DEID_STYLE_TAGS,
    DEID_STYLE_MASKS,
};

/* Ages over 89 are dates by class and have a surrogate word of their own. */
#define DEID_CLASS_AGE 19
#define DEID_MAP_CLASSES 20

#define DEID_PATIENT_CODE_SIZE 4
#define DEID_MAP_SECRET_BYTES 32
#define DEID_SHIFT_DAYS_MAX 180 /* under half a year: a year alone then need not move */
#define DEID_MAP_ENTRIES_MAX 1000000

/* One written form of something that was replaced. Names share a number by person; variant 0 is the
 * first form met. */
struct deid_entry {
    struct slice original;
    uint32_t number, variant;
    uint8_t class;          /* enum deid_class or DEID_CLASS_AGE */
    uint8_t is_known;       /* from the record's structure: looked for in every text */
    struct slice pseudonym; /* the made-up value that was given for it; data NULL: none */
};

/* A resource id: "o17" for Observation/2b6c... */
struct deid_id {
    struct slice original;
    uint32_t number;
    char letter;
};

struct deid_table {
    uint32_t *slots; /* index + 1; 0: free */
    uint32_t size, used;
};

struct deid_map {
    struct arena *arena;
    enum deid_profile profile;
    enum deid_style style; /* of what is written; not sealed */
    int shift_days;
    char patient_code[DEID_PATIENT_CODE_SIZE];
    uint32_t counters[DEID_MAP_CLASSES];
    uint32_t id_counters[26];
    struct deid_entry *entries;
    uint32_t entries_count, entries_capacity;
    struct deid_id *ids;
    uint32_t ids_count, ids_capacity;
    struct deid_table by_original, by_surrogate, by_id, by_id_surrogate, by_pseudonym;
    uint32_t pseudonyms_count;
    uint32_t *known; /* indexes of the entries that are known, as they came to be */
    uint32_t known_count, known_capacity;
    struct deid_persons *persons;          /* of names; deid_person.c's */
    struct deid_removals *removals;        /* by resource; deid_fhir_removed.c's */
    uint8_t secret[DEID_MAP_SECRET_BYTES]; /* what made-up values follow from */
    uint64_t generation;                   /* how often it was sealed */
    bool is_changed;
};

/* An empty map with a random shift and patient code. */
void deid_map_init(struct deid_map *map, enum deid_profile profile, struct arena *arena);

/* The entry for these very bytes, or NULL. Holds until the next add. */
struct deid_entry *deid_map_find(struct deid_map *map, struct slice original);

/* The entry that a surrogate names, or NULL. */
struct deid_entry *deid_map_find_surrogate(struct deid_map *map, unsigned class, uint32_t number,
                                           uint32_t variant);

/* A number that @class has not given out: the next, or in the safe-harbor profile a random one. */
uint32_t deid_map_number(struct deid_map *map, unsigned class);

/* @entry's original is copied. NULL when the arena (or DEID_MAP_ENTRIES_MAX) does not allow it, and
 * then the call must fail. */
struct deid_entry *deid_map_add(struct deid_map *map, struct deid_entry entry);

/* @entry is from the record's structure, or it is so now. False: no room. */
bool deid_map_know(struct deid_map *map, struct deid_entry *entry);

/* The id under @letter, made when there is none. NULL: no room. */
struct deid_id *deid_map_id(struct deid_map *map, char letter, struct slice original);

/* An id by its original under any letter, under one, or by its surrogate. NULL when there is none.
 */
struct deid_id *deid_map_find_id(struct deid_map *map, struct slice original);
struct deid_id *deid_map_find_id_as(struct deid_map *map, char letter, struct slice original);
struct deid_id *deid_map_find_id_surrogate(struct deid_map *map, char letter, uint32_t number);

/* Give @entry its made-up value, which is in the map's arena. False: no room. */
bool deid_map_set_pseudonym(struct deid_map *map, struct deid_entry *entry, struct slice pseudonym);

/* The entries whose made-up value has the first word @word, one after another: *@probe is 0 at
 * first. NULL: no more. */
struct deid_entry *deid_map_next_pseudonym(const struct deid_map *map, struct slice word,
                                           uint32_t *probe);

/* As read from a sealed map: counters are not moved. False: no room. */
bool deid_map_put_id(struct deid_map *map, struct deid_id id);

#endif
