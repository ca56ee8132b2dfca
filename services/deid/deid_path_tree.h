/* What deid_path_compile makes and deid_path_evaluate walks. Nobody else includes this. */
#ifndef DEID_PATH_TREE_H
#define DEID_PATH_TREE_H

#include "deid_path.h"

enum deid_path_op {
    DEID_OP_THIS,
    DEID_OP_MEMBER,  /* left.text; left NULL: of the focus */
    DEID_OP_CALL,    /* left.function(arguments) */
    DEID_OP_INDEX,   /* left[right] */
    DEID_OP_LITERAL, /* value */
    DEID_OP_EMPTY,   /* {} */
    DEID_OP_IMPLIES,
    DEID_OP_OR,
    DEID_OP_XOR,
    DEID_OP_AND,
    DEID_OP_IN,
    DEID_OP_CONTAINS,
    DEID_OP_EQUAL,
    DEID_OP_NOT_EQUAL,
    DEID_OP_ALIKE,
    DEID_OP_NOT_ALIKE,
    DEID_OP_LESS,
    DEID_OP_LESS_EQUAL,
    DEID_OP_GREATER,
    DEID_OP_GREATER_EQUAL,
    DEID_OP_UNION,
    DEID_OP_IS, /* left is text */
    DEID_OP_AS,
    DEID_OP_PLUS,
    DEID_OP_MINUS,
    DEID_OP_JOIN, /* & */
    DEID_OP_TIMES,
    DEID_OP_DIVIDE,
};

enum deid_path_function {
    DEID_FN_NONE,
    DEID_FN_EXISTS,
    DEID_FN_EMPTY,
    DEID_FN_NOT,
    DEID_FN_WHERE,
    DEID_FN_SELECT,
    DEID_FN_ALL,
    DEID_FN_ANY,
    DEID_FN_COUNT,
    DEID_FN_FIRST,
    DEID_FN_LAST,
    DEID_FN_TAIL,
    DEID_FN_SKIP,
    DEID_FN_TAKE,
    DEID_FN_OF_TYPE, /* and as(), is(): the argument is a type */
    DEID_FN_IS,
    DEID_FN_CHILDREN,
    DEID_FN_DESCENDANTS,
    DEID_FN_NODES_BY_TYPE,
    DEID_FN_NODES_BY_NAME,
    DEID_FN_EXTENSION,
    DEID_FN_HAS_VALUE,
    DEID_FN_IIF,
    DEID_FN_STARTS_WITH,
    DEID_FN_ENDS_WITH,
    DEID_FN_CONTAINS,
    DEID_FN_INDEX_OF,
    DEID_FN_SUBSTRING,
    DEID_FN_REPLACE,
    DEID_FN_LENGTH,
    DEID_FN_UPPER,
    DEID_FN_LOWER,
    DEID_FN_TO_STRING,
    DEID_FN_TO_NUMBER,
};

#define DEID_PATH_ARGUMENTS_MAX 3

struct deid_path {
    enum deid_path_op op;
    enum deid_path_function function;
    struct slice text; /* a member's name, a type's name, a function's */
    struct deid_path *left, *right;
    struct deid_path *arguments[DEID_PATH_ARGUMENTS_MAX];
    unsigned arguments_count;
    struct deid_path_value value;
};

#endif
