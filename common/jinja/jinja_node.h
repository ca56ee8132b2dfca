/* A template as a tree, made once by jinja_parse and never changed. */
#ifndef JINJA_JINJA_NODE_H
#define JINJA_JINJA_NODE_H

#include "base/error.h"
#include "jinja/jinja_value.h"

enum jinja_node_kind {
    /* Expressions. Operands in a, b, c; arguments in items, keyword arguments (KEYWORD) in others.
     */
    JINJA_NODE_CONSTANT,   /* value */
    JINJA_NODE_NAME,       /* name */
    JINJA_NODE_LIST,       /* items */
    JINJA_NODE_TUPLE,      /* items */
    JINJA_NODE_DICT,       /* items: PAIRs */
    JINJA_NODE_PAIR,       /* a: b */
    JINJA_NODE_NOT,        /* a */
    JINJA_NODE_NEGATE,     /* a */
    JINJA_NODE_PLUS,       /* +a */
    JINJA_NODE_BINARY,     /* a op b */
    JINJA_NODE_AND,        /* a, b */
    JINJA_NODE_OR,         /* a, b */
    JINJA_NODE_COMPARE,    /* a, then items: COMPARISONs */
    JINJA_NODE_COMPARISON, /* op a */
    JINJA_NODE_CONDITION,  /* a if b else c; c may be NULL */
    JINJA_NODE_ATTRIBUTE,  /* a.name */
    JINJA_NODE_ITEM,       /* a[b] */
    JINJA_NODE_SLICE,      /* the [a:b:c] of an ITEM; each may be NULL */
    JINJA_NODE_CALL,       /* a(items, others) */
    JINJA_NODE_KEYWORD,    /* name=a */
    JINJA_NODE_FILTER,     /* a|name(items, others); a NULL: what a block wrote */
    JINJA_NODE_TEST,       /* a is name(items, others) */
    /* Statements. Bodies in items. */
    JINJA_NODE_TEXT,         /* value */
    JINJA_NODE_OUTPUT,       /* a */
    JINJA_NODE_BODY,         /* items */
    JINJA_NODE_IF,           /* a: items, else others */
    JINJA_NODE_FOR,          /* for a in b if c: items, else others */
    JINJA_NODE_SET,          /* a = b */
    JINJA_NODE_SET_BLOCK,    /* a = items, through the filters b (may be NULL) */
    JINJA_NODE_MACRO,        /* name(others: KEYWORDs, a the default or NULL): items */
    JINJA_NODE_CALL_BLOCK,   /* the call a with caller(others): items */
    JINJA_NODE_FILTER_BLOCK, /* the filters b over items */
    JINJA_NODE_WITH,         /* others: SETs around items */
    JINJA_NODE_BREAK,
    JINJA_NODE_CONTINUE,
};

enum jinja_operator {
    JINJA_OPERATOR_ADD,
    JINJA_OPERATOR_SUBTRACT,
    JINJA_OPERATOR_MULTIPLY,
    JINJA_OPERATOR_DIVIDE,
    JINJA_OPERATOR_DIVIDE_WHOLE,
    JINJA_OPERATOR_REMAINDER,
    JINJA_OPERATOR_POWER,
    JINJA_OPERATOR_JOIN, /* ~ */
    JINJA_OPERATOR_EQUAL,
    JINJA_OPERATOR_DIFFERENT,
    JINJA_OPERATOR_LESS,
    JINJA_OPERATOR_LESS_EQUAL,
    JINJA_OPERATOR_GREATER,
    JINJA_OPERATOR_GREATER_EQUAL,
    JINJA_OPERATOR_IN,
    JINJA_OPERATOR_NOT_IN,
};

struct jinja_node {
    enum jinja_node_kind kind;
    enum jinja_operator op;
    unsigned line;
    struct slice name;
    struct jinja_value value;
    struct jinja_node *a, *b, *c;
    struct jinja_node *items, *others; /* each a row linked by next */
    struct jinja_node *next;
};

#endif
