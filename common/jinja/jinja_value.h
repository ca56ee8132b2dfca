/* What a template computes with: the values of Python that chat templates use. Values are passed by
 * value; what they point to lives in the arena of the run (or of the template) and is never changed
 * after it was made, but for namespaces. */
#ifndef JINJA_JINJA_VALUE_H
#define JINJA_JINJA_VALUE_H

#include <stdint.h>

#include "jinja/jinja_text.h"

enum jinja_kind {
    JINJA_KIND_UNDEFINED,
    JINJA_KIND_NONE,
    JINJA_KIND_BOOL,
    JINJA_KIND_INT,
    JINJA_KIND_FLOAT,
    JINJA_KIND_STRING,
    JINJA_KIND_LIST, /* and tuple */
    JINJA_KIND_DICT,
    JINJA_KIND_NAMESPACE,
    JINJA_KIND_LOOP,
    JINJA_KIND_MACRO,
    JINJA_KIND_FUNCTION, /* of the environment, by name */
    JINJA_KIND_METHOD,   /* of a value, by name */
};

struct jinja_list;
struct jinja_dict;
struct jinja_macro;
struct jinja_method;

struct jinja_value {
    enum jinja_kind kind;
    bool is_tuple,
        is_lazy; /* LIST: lazy is what Python's generators are, without length or index */
    union {
        bool truth;
        int64_t integer;
        double real;
        struct jinja_text text;
        struct jinja_list *list;
        struct jinja_dict *dict; /* and namespace */
        struct jinja_loop *loop;
        const struct jinja_macro *macro;
        const struct jinja_method *method;
        const char *name; /* FUNCTION; UNDEFINED: what was looked up, may be NULL */
    };
};

struct jinja_list {
    struct jinja_value *items;
    size_t count, capacity;
};

struct jinja_pair {
    struct jinja_value key, value;
};

/* In the order of insertion. Looked through from front to back: templates and tools have few keys,
 * and every step of a search is counted by the run. */
struct jinja_dict {
    struct jinja_pair *pairs;
    size_t count, capacity;
};

/* A method that waits for its call: "x".strip */
struct jinja_method {
    struct jinja_value self;
    struct slice name;
};

static inline struct jinja_value jinja_undefined(void)
{
    return (struct jinja_value){ .kind = JINJA_KIND_UNDEFINED };
}

static inline struct jinja_value jinja_none(void)
{
    return (struct jinja_value){ .kind = JINJA_KIND_NONE };
}

static inline struct jinja_value jinja_bool(bool truth)
{
    return (struct jinja_value){ .kind = JINJA_KIND_BOOL, .truth = truth };
}

static inline struct jinja_value jinja_int(int64_t integer)
{
    return (struct jinja_value){ .kind = JINJA_KIND_INT, .integer = integer };
}

static inline struct jinja_value jinja_float(double real)
{
    return (struct jinja_value){ .kind = JINJA_KIND_FLOAT, .real = real };
}

static inline struct jinja_value jinja_string(struct jinja_text text)
{
    return (struct jinja_value){ .kind = JINJA_KIND_STRING, .text = text };
}

static inline struct jinja_value jinja_trusted(const char *string)
{
    return jinja_string(jinja_text_of(slice_from(string), true));
}

/* An empty list or dict; .list or .dict is NULL where there was no memory. */
struct jinja_value jinja_list_create(struct arena *arena);
struct jinja_value jinja_dict_create(struct arena *arena);

/* False where there was no memory. */
bool jinja_list_add(struct jinja_list *list, struct jinja_value value, struct arena *arena);
bool jinja_dict_set(struct jinja_dict *dict, struct jinja_value key, struct jinja_value value,
                    struct arena *arena);

/* NULL for none. */
const struct jinja_value *jinja_dict_find(const struct jinja_dict *dict, struct jinja_value key);
const struct jinja_value *jinja_dict_find_name(const struct jinja_dict *dict, struct slice name);

bool jinja_is_true(struct jinja_value value);

/* Numbers and booleans. */
bool jinja_is_number(struct jinja_value value);
double jinja_number(struct jinja_value value);

/* As Python's ==. Lists deeper than @depth_max count as different. */
bool jinja_equal(struct jinja_value a, struct jinja_value b);

/* As Python's <: -1, 0, 1; false where the two have no order. */
bool jinja_compare(struct jinja_value a, struct jinja_value b, int *order);

/* "str", "list": as Python names the type. Static. */
const char *jinja_kind_name(struct jinja_value value);

#endif
