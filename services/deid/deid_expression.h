/* An expression read into a tree; what it may be made of is told in deid_automaton.h. */
#ifndef DEID_EXPRESSION_H
#define DEID_EXPRESSION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

#define DEID_BYTE_SETS_MAX 512

/* Which of the 256 bytes. */
struct deid_byte_set {
    uint64_t bits[4];
};

/* Each set that the expressions name, once. */
struct deid_byte_sets {
    struct deid_byte_set items[DEID_BYTE_SETS_MAX];
    unsigned count;
};

static inline void deid_byte_set_add(struct deid_byte_set *set, unsigned byte)
{
    set->bits[byte / 64] |= 1ull << (byte % 64);
}

static inline bool deid_byte_set_has(const struct deid_byte_set *set, unsigned byte)
{
    return set->bits[byte / 64] >> (byte % 64) & 1;
}

enum deid_tree_kind {
    DEID_TREE_SET,    /* a byte of .set */
    DEID_TREE_BOTH,   /* left, then right */
    DEID_TREE_EITHER, /* left or right */
    DEID_TREE_REPEAT, /* left, .min to .max times */
    DEID_TREE_EMPTY,
};

#define DEID_REPEAT_ENDLESS 255

struct deid_tree {
    enum deid_tree_kind kind;
    unsigned set, min, max;
    struct deid_tree *left, *right;
};

/* In @arena; new sets are added to @sets. INVALID_ARGUMENT for what is no expression, and then
 * *@wrong is the byte where it is found; RESOURCE_EXHAUSTED for no room. */
enum status deid_expression_parse(const char *text, bool is_any_case, struct deid_byte_sets *sets,
                                  struct arena *arena, struct deid_tree **tree, size_t *wrong);

#endif
