/* The part of FHIRPath that rules are written in: compiled once, evaluated over the nodes of a
 * resource.
 *
 * Paths, indexes, where, select, exists, empty, not, first, last, ofType, as, is, the functions of
 * text, children, descendants, nodesByType and nodesByName (the two that Microsoft's anonymizer
 * adds), operators from "implies" to "*", literals of every kind. What is not there is refused when
 * it is compiled, never ignored. */
#ifndef DEID_PATH_H
#define DEID_PATH_H

#include "deid_fhir_node.h"

struct deid_path; /* an expression; lives in the arena that it was compiled into */

enum deid_path_kind {
    DEID_PATH_NODE,
    DEID_PATH_STRING,
    DEID_PATH_NUMBER,
    DEID_PATH_BOOLEAN,
    DEID_PATH_DATE, /* as written, without the "@" */
};

struct deid_path_value {
    enum deid_path_kind kind;
    struct deid_node *node;
    struct slice text; /* of a string, a date, or a number as it was written */
    double number;
    bool boolean;
};

struct deid_path_values {
    struct arena *arena;
    struct deid_path_value *items;
    unsigned count, capacity;
};

#define DEID_PATH_BYTES_MAX 4096
#define DEID_PATH_DEPTH_MAX 32
#define DEID_PATH_VALUES_MAX 4000000 /* nodes that one evaluation may look at */

/* Compile @text into @arena. INVALID_ARGUMENT, with the column, for what is no FHIRPath or is not
 * of the part above. */
enum status deid_path_compile(struct slice text, struct arena *arena, struct deid_path **path,
                              struct error *err);

/* Evaluate @path with @focus as the context and as $this. @values are in @arena. INVALID_ARGUMENT
 * for operands that do not go together ("a" > 5), RESOURCE_EXHAUSTED when there is no room. */
enum status deid_path_evaluate(const struct deid_path *path, const struct deid_fhir_types *types,
                               struct deid_node *focus, struct arena *arena,
                               struct deid_path_values *values, struct error *err);

/* Whether it evaluates to one true. */
enum status deid_path_holds(const struct deid_path *path, const struct deid_fhir_types *types,
                            struct deid_node *focus, struct arena *arena, bool *holds,
                            struct error *err);

/* Whether a Bundle gives what its entries give one by one, each in a Bundle of its own, and its
 * other members in one without entries: nothing is counted, compared or picked across them.
 * (deid_path_parts.c) */
bool deid_path_is_by_parts(const struct deid_path *path, const struct deid_fhir_types *types);

/* The type that the path begins with ("Patient.name"), or {NULL, 0}. */
struct slice deid_path_root(const struct deid_path *path);

#endif
