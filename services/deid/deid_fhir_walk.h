/* The walk over a resource: what every step of it works with. Used by the deid_fhir files alone. */
#ifndef DEID_FHIR_WALK_H
#define DEID_FHIR_WALK_H

#include "deid_fhir_memo.h"
#include "deid_fhir_removed.h"
#include "deid_fhir_type.h"
#include "deid_profile.h"
#include "deid_redact.h"
#include "fhir/json.h"

#define DEID_FHIR_PATH_BYTES_MAX 256

struct deid_fhir_walk {
    struct deid_redactor *redactor;
    struct deid_fhir_memo *memo;
    const struct deid_fhir_types *types;
    struct error *err;
    bool removes_unknown;                /* what FHIR does not have goes; else it is read as text */
    int birth_year_min;                  /* who was born before is over 89 */
    char path[DEID_FHIR_PATH_BYTES_MAX]; /* of the element at hand, where spans are kept */
    size_t path_size;
    bool is_somebodys; /* the name at hand is the person's with the number @whose */
    uint32_t whose;
    const struct json *resource; /* that is in no other one: what is removed is noted from it */
    struct deid_fhir_removal *removals;
};

/* Where the walk is. */
struct deid_fhir_place {
    uint16_t owner; /* type of @object; DEID_FHIR_TYPE_UNKNOWN under what is unknown */
    const struct json *object;
    bool is_contained;
};

/* Ready @walk over @redactor, whose identity is made. */
void deid_fhir_walk_init(struct deid_fhir_walk *walk, struct deid_redactor *redactor,
                         struct deid_fhir_memo *memo, struct error *err);

/* Rewrite the resource @root in place. */
enum status deid_fhir_walk_resource(struct deid_fhir_walk *walk, struct json *root);

/* Rewrite the members of the Bundle @root but for its entries, or one entry of it. */
enum status deid_fhir_walk_entry(struct deid_fhir_walk *walk, struct json *entry);

static inline enum status deid_fhir_no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a redacted resource");
}

#endif
