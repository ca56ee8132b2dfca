/* Things: what a record or a question can name in medicine, each narrowly (a drug, a test, a
 * condition, a procedure, a vaccine, a habit), with every word for it (a record's, a colleague's, a
 * patient's, abbreviations, brands), and what it is one of: Eliquis is apixaban, apixaban is an
 * anticoagulant, an anticoagulant is a blood thinner.
 *
 * Concepts (context_concept.h) are wide and say what may matter to a question; things say whether a
 * record holds what is asked about. */
#ifndef CONTEXT_THING_H
#define CONTEXT_THING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

enum thing_kind {
    THING_DRUG,
    THING_DRUG_CLASS,
    THING_DRUG_BRAND, /* of several ingredients */
    THING_TEST,
    THING_IMAGING,
    THING_CONDITION,
    THING_ORGAN,
    THING_PLACE, /* of the body: goes with something else ("broken wrist") */
    THING_PROCEDURE,
    THING_VACCINE,
    THING_VISIT,
    THING_DEVICE,
    THING_SOCIAL,
    THING_ALLERGEN,
    THING_KINDS,
};

#define THING_BIT(kind) (1u << (kind))
#define THING_ANY_DRUG                                                                             \
    (THING_BIT(THING_DRUG) | THING_BIT(THING_DRUG_CLASS) | THING_BIT(THING_DRUG_BRAND))
#define THING_ANY (THING_BIT(THING_KINDS) - 1)

#define THINGS_MAX 3072
#define THING_WORDS (THINGS_MAX / 64)

/* A set of things. */
struct things {
    uint64_t bits[THING_WORDS];
};

static inline bool things_has(const struct things *set, uint32_t thing)
{
    return set->bits[thing / 64] >> (thing % 64) & 1;
}

static inline void things_add(struct things *set, uint32_t thing)
{
    set->bits[thing / 64] |= (uint64_t)1 << (thing % 64);
}

/* A thing that a text names, and the words that name it. */
struct thing_found {
    uint32_t thing;
    uint32_t first, count; /* words, as words_next counts them */
};

#define THINGS_FOUND_MAX 48

/* The site's own words (context_thing_site.h), for the life of the process: once, and before
 * anything else here is called (FAILED_PRECONDITION after). INVALID_ARGUMENT: a line is wrong, or
 * says of something that it is one of what nobody knows. */
enum status things_add_words(struct slice text, struct error *err);

/* The things of @kinds (bits of enum thing_kind) that @text names: of phrases that share a word the
 * longest stands, the first of equals. At most @max of them; the number. Any thread; the first call
 * builds the tables. */
uint32_t things_find(struct slice text, uint32_t kinds, struct thing_found *found, uint32_t max);

/* The word of a thing's name that @word, which is in no name, is one slip away from
 * (context_phrase.h): its size, 0 for none. */
size_t things_spell(struct slice word, char meant[]);

/* @thing itself and all that it is one of. */
const uint16_t *thing_is(uint32_t thing, uint32_t *count);

/* Conditions that it is given for, as the table says of itself (not of its class). */
const uint16_t *thing_treats(uint32_t thing, uint32_t *count);

enum thing_kind thing_kind_of(uint32_t thing);

/* Others are one of it: a name for several things. */
bool thing_has_members(uint32_t thing);

/* Nothing is one of it: a name for whatever treats something ("heart pills"). */
bool thing_is_empty_class(uint32_t thing);

/* Its name as words: "insulin glargine". NUL-terminated, for the life of the process. */
const char *thing_name(uint32_t thing);

uint32_t things_count(void);

/* Of all rows and the site's words: another one means that things have other numbers or phrases. */
uint64_t things_fingerprint(void);

/* The thing called @name in the tables, or THINGS_MAX. */
uint32_t thing_named(const char *name);

/* The first name in the tables that no row has, or NULL: for the tables' test. */
const char *thing_unknown_name(void);

#endif
