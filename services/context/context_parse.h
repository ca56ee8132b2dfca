/* A FHIR bundle becomes facts.
 *
 * Every entry of the bundle is either a fact or counted under the reason why it is none. */
#ifndef CONTEXT_PARSE_H
#define CONTEXT_PARSE_H

#include "base/error.h"
#include "context_fact.h"
#include "context_resources.h"

/* Distinct reasons that are told apart; further ones are counted under "other". */
#define PARSE_REASONS_MAX 96

struct reason_count {
    const char *reason; /* "type:Claim", "entered-in-error"; in the arena or static */
    uint32_t count;
};

struct reasons {
    struct reason_count items[PARSE_REASONS_MAX];
    size_t count;
};

struct parsed {
    struct fact *facts; /* in the bundle's order; those that are void too */
    size_t count;
    uint32_t resources;     /* entries of the bundle */
    struct reasons reasons; /* of those that gave no fact; a void one is counted here too */
    struct resources whole; /* of the patient, all that say their type, and deletions; the entries
                               are views into the bundle */
};

/* Read @bundle (JSON). Everything in @parsed is in @arena and, but for @parsed->whole, borrows
 * nothing from @bundle. INVALID_ARGUMENT: malformed JSON, no Bundle, more than one Patient.
 * RESOURCE_EXHAUSTED: the arena is full. Any thread. */
enum status context_parse(struct slice bundle, struct arena *arena, struct parsed *parsed,
                          struct error *err);

/* Count @count more under @reason, which must stay. */
void reasons_add(struct reasons *reasons, const char *reason, uint32_t count);

uint32_t reasons_total(const struct reasons *reasons);

#endif
