/* What the files of grammar_schema share. A set is what one value has to be at the same time:
 * schemas, and values that it has to equal. Each set becomes one rule, made once, so that recursion
 * ends. Only grammar_schema*.c include this. */
#ifndef INFERENCE_GRAMMAR_SCHEMA_STATE_H
#define INFERENCE_GRAMMAR_SCHEMA_STATE_H

#include "fhir/json.h"
#include "grammar_schema.h"
#include "grammar_words.h"

/* Of what has been chosen already in a part. */
#define SCHEMA_CHOSEN_ANY 1
#define SCHEMA_CHOSEN_ONE 2
#define SCHEMA_CHOSEN_ENUM 4

#define SCHEMA_PARTS_MAX 256
#define SCHEMA_WORK_MAX 4000000u
#define SCHEMA_PATTERNS_MAX 4

struct schema_part {
    const struct json *node;
    bool is_value; /* equal to @node; else valid by it */
    uint8_t chosen;
};

struct schema_set {
    struct schema_part parts[SCHEMA_PARTS_MAX];
    uint32_t count;
};

struct schema {
    struct grammar *grammar;
    struct arena *arena;
    const struct json *root;
    struct error *err;
    enum status status; /* not OK: failed, and err says why */
    bool is_old;        /* what stands beside "$ref" is nothing (up to draft 7) */
    uint64_t work;
    uint32_t blank, letter, any_text; /* rules; GRAMMAR_NONE: not made yet */
    struct schema_rule *rules;        /* [GRAMMAR_RULES_MAX] in the order in which they are built */
    uint32_t rules_count;
    uint32_t *table;             /* [SCHEMA_SLOTS] of rules + 1 */
    struct schema_check *checks; /* what must be empty: two alternatives of "oneOf" together */
    struct schema_pattern *patterns;
};

enum schema_type {
    SCHEMA_TYPE_NULL = 1,
    SCHEMA_TYPE_BOOLEAN = 2,
    SCHEMA_TYPE_NUMBER = 4,
    SCHEMA_TYPE_STRING = 8,
    SCHEMA_TYPE_ARRAY = 16,
    SCHEMA_TYPE_OBJECT = 32,
    SCHEMA_TYPE_ALL = 63,
};

/* Failing
 * --------------------------------------------------------------------------------------- */

void schema_fail(struct schema *schema, enum status status, const char *what);
void schema_refuse(struct schema *schema, const char *keyword); /* not supported */
void schema_wrong(struct schema *schema, const char *keyword, const char *is_not);

/* False: there has been too much of it. */
bool schema_work(struct schema *schema, uint64_t steps);

/* Parts
 * ----------------------------------------------------------------------------------------- */

void schema_add(struct schema *schema, struct schema_set *set, struct schema_part part);
void schema_add_node(struct schema *schema, struct schema_set *set, const struct json *node);

/* @set with what its references and "allOf" bring. False: nothing can be so, or it has failed. */
bool schema_expand(struct schema *schema, const struct schema_set *set,
                   struct schema_set *expanded);

/* The types that a value of an expanded set can have. */
unsigned schema_types_of(struct schema *schema, const struct schema_set *set, bool *is_integer);

/* The rule for a value that is everything in @set, an expanded one or not. */
uint32_t schema_rule_of(struct schema *schema, const struct schema_set *set);

/* The value that it has to equal; NULL: none in particular. */
const struct json *schema_value_of(const struct schema_set *set);

/* @keyword of a part; NULL: it has none. */
const struct json *schema_get(const struct schema_part *part, const char *keyword);

/* A keyword that is a count; @value stays as it is where the part has none. */
bool schema_get_count(struct schema *schema, const struct schema_part *part, const char *keyword,
                      uint32_t *value);

/* Whether nothing is valid by @node. */
bool schema_is_false(const struct json *node);

/* Values, expanded sets only: from @from to @to
 * ---------------------------------------------------- */

void schema_put_numbers(struct schema *schema, const struct schema_set *set, bool is_integer,
                        uint32_t from, uint32_t to);
bool schema_has_number(struct schema *schema, const struct schema_set *set, bool is_integer,
                       struct slice number);
void schema_put_texts(struct schema *schema, const struct schema_set *set, uint32_t from,
                      uint32_t to);
bool schema_has_text(struct schema *schema, const struct schema_set *set, struct slice text);
void schema_put_arrays(struct schema *schema, const struct schema_set *set, uint32_t from,
                       uint32_t to);
void schema_put_objects(struct schema *schema, const struct schema_set *set, uint32_t from,
                        uint32_t to);

/* Texts
 * ----------------------------------------------------------------------------------------- */

/* What @set says of texts; NULL: nothing, or it has failed. */
const struct words *schema_words_of(struct schema *schema, const struct schema_set *set);

/* The names that "propertyNames", @set, allows; NULL: it has failed. */
const struct words *schema_names_of(struct schema *schema, const struct schema_set *set);

/* NULL: it has failed. */
const struct words *schema_pattern_of(struct schema *schema, struct slice pattern);

/* NULL: it is not known. */
const char *schema_format_of(struct slice name);

/* A number in the shortest way without an exponent, where it has up to 15 digits on either side. */
uint32_t schema_put_number(struct schema *schema, uint32_t from, struct slice number);

/* A string as JSON writes it, with its quotes. */
uint32_t schema_put_text(struct schema *schema, uint32_t from, struct slice text);
uint32_t schema_put_literal(struct schema *schema, uint32_t from, const char *text);

/* Nothing, a blank, or a line with its indent. */
uint32_t schema_put_blank(struct schema *schema, uint32_t from);

/* Whether two values are equal as JSON. */
bool schema_equal(const struct json *a, const struct json *b);
bool schema_equal_numbers(struct slice a, struct slice b);

/* Whether "not" of @node only takes types away; *types are those that it takes. */
bool schema_is_types(const struct json *node, unsigned *types);

#endif
