/* A resource as FHIR sees it: elements with types, not members of JSON. "birthDate" and
 * "_birthDate" are one element, an array is several of one name, "valueQuantity" is the element
 * "value". Rules (deid_rule.h) are written about this. */
#ifndef DEID_FHIR_NODE_H
#define DEID_FHIR_NODE_H

#include "deid_fhir_type.h"
#include "fhir/json.h"

struct deid_node {
    struct slice name; /* "value" */
    struct slice key;  /* "valueQuantity", as JSON has it */
    uint16_t type;
    enum json_kind kind; /* of the value; JSON_KIND_NULL: none */
    struct slice text;   /* of a string or a number */
    struct deid_node *parent, *first, *last, *next;
    bool is_list;    /* one of an array */
    bool is_visited; /* a rule has dealt with it */
    bool is_kept;    /* holds something that a rule has dealt with */
};

/* The resource @json as nodes in @arena. What FHIR does not have is left out: *@left_out counts the
 * elements. INVALID_ARGUMENT for no object with a resourceType that FHIR has. The tree borrows from
 * @json. */
enum status deid_node_read(const struct deid_fhir_types *types, const struct json *json,
                           struct arena *arena, struct deid_node **node, unsigned *left_out,
                           struct error *err);

/* The same for an object of a type that is no resource: what a rule puts in place of one. */
enum status deid_node_read_as(const struct deid_fhir_types *types, const struct json *json,
                              uint16_t type, struct arena *arena, struct deid_node **node,
                              struct error *err);

/* The resource as compact JSON. Elements with neither value nor children are not written. */
void deid_node_write(const struct deid_fhir_types *types, const struct deid_node *node,
                     struct buffer *out);

static inline bool deid_node_is_resource(const struct deid_fhir_types *types,
                                         const struct deid_node *node)
{
    return types->types[node->type].is_resource;
}

/* Take @child, which has no parent, as the last of @parent. */
void deid_node_add(struct deid_node *parent, struct deid_node *child);
void deid_node_remove(struct deid_node *child);

#endif
