/* Which type each element of FHIR R4 and STU3 has, from the table that is linked in
 * (lists/fhir_types.txt, made by tools/deid/fhir_types.mjs).
 *
 * An element that the table does not have is one that FHIR does not have: what is unknown is told
 * from what is known here and nowhere else. Read-only once made; any thread. */
#ifndef DEID_FHIR_TYPE_H
#define DEID_FHIR_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* A type by its number; 0 is none that is known. */
#define DEID_FHIR_TYPE_UNKNOWN 0

struct deid_fhir_type {
    struct slice name; /* "HumanName", "Patient", "Patient.contact", "dateTime" */
    uint16_t base;     /* what it inherits from; 0: nothing */
    bool is_primitive; /* a string, number or boolean of JSON */
    bool is_resource;
    uint8_t action; /* enum deid_action: of a value that no element says more of */
};

struct deid_fhir_element {
    struct slice key;    /* "name"; of a choice one for each type: "valueQuantity" */
    uint64_t head, tail; /* its first and last eight bytes */
    uint16_t owner, type;
    uint8_t name_size; /* of the element's own name, at the front of the key: "value" */
    uint8_t action;    /* enum deid_action (deid_profile.h) */
};

struct deid_fhir_types {
    struct deid_fhir_type *types; /* [0] is unknown */
    unsigned types_count;
    struct deid_fhir_element *elements; /* [0] is none */
    unsigned elements_count;
    uint16_t *slots; /* of elements by owner and key, open addressing; 0: free */
    uint32_t slots_mask;
    uint16_t type_resource, type_element, type_extension, type_quantity, type_string,
        type_human_name;
    uint32_t *by_name;
    uint32_t by_name_mask;
};

/* INTERNAL for a table that cannot be read: our own mistake, reported at start. */
enum status deid_fhir_types_init(struct deid_fhir_types *types, struct arena *arena,
                                 struct error *err);

/* The same table for all who ask, made at the first call. A table that cannot be made ends the
 * process: it is part of the program. */
const struct deid_fhir_types *deid_fhir_types_shared(void);

/* The type of that name, or DEID_FHIR_TYPE_UNKNOWN. */
uint16_t deid_fhir_type_find(const struct deid_fhir_types *types, struct slice name);

/* The element @key of @owner, inherited ones and choices ("valueDateTime") too; NULL when FHIR has
 * none. */
const struct deid_fhir_element *deid_fhir_type_element(const struct deid_fhir_types *types,
                                                       uint16_t owner, struct slice key);

/* The same, to be marked. */
struct deid_fhir_element *deid_fhir_type_own(struct deid_fhir_types *types, uint16_t owner,
                                             struct slice key);

/* The type of member @key of @owner ("valueDateTime" gives dateTime), or DEID_FHIR_TYPE_UNKNOWN.
 * @name is the element's own name ("value"). */
uint16_t deid_fhir_type_member(const struct deid_fhir_types *types, uint16_t owner,
                               struct slice key, struct slice *name);

/* Whether @type is @base or inherits from it. */
bool deid_fhir_type_is(const struct deid_fhir_types *types, uint16_t type, uint16_t base);

#endif
