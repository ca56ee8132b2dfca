/* The tightest part of expressions: names, literals, what follows them ( .a [b] (c) ), filters and
 * tests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jinja/jinja_expression.h"

/* Primary
 * ----------------------------------------------------------------------------------------- */

static struct jinja_node *constant(struct jinja_parser *parser, struct jinja_value value)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_CONSTANT);

    if (node != NULL)
        node->value = value;
    return node;
}

/* Expressions with commas up to @close. */
static struct jinja_node *parse_items(struct jinja_parser *parser, const char *close)
{
    struct jinja_node *first = NULL, **last = &first;

    while (parser->status == STATUS_OK && !jinja_parser_is_operator(parser, close)) {
        *last = jinja_parse_expression(parser);
        if (*last == NULL)
            break;
        last = &(*last)->next;
        if (!jinja_parser_skip_operator(parser, ","))
            break;
    }
    jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, close);
    return first;
}

static struct jinja_node *parse_list(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_LIST);

    if (node != NULL)
        node->items = parse_items(parser, "]");
    return node;
}

static struct jinja_node *parse_dict(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_DICT), *pair, **last;

    for (last = node == NULL ? NULL : &node->items;
         parser->status == STATUS_OK && !jinja_parser_is_operator(parser, "}");
         last = &pair->next) {
        *last = pair = jinja_parser_node(parser, JINJA_NODE_PAIR);
        if (pair == NULL)
            break;
        pair->a = jinja_parse_expression(parser);
        jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, ":");
        pair->b = jinja_parse_expression(parser);
        if (!jinja_parser_skip_operator(parser, ","))
            break;
    }
    jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, "}");
    return node;
}

/* Literals beside each other are one. */
static struct jinja_node *parse_string(struct jinja_parser *parser)
{
    struct buffer joined;
    struct slice text = parser->at++->text;

    if (parser->at->kind == JINJA_TOKEN_STRING) {
        buffer_init(&joined, parser->arena);
        buffer_put(&joined, text);
        while (parser->at->kind == JINJA_TOKEN_STRING)
            buffer_put(&joined, parser->at++->text);
        if (joined.is_full)
            return jinja_parser_fail(parser, STATUS_RESOURCE_EXHAUSTED, "no memory");
        text = buffer_slice(&joined);
    }
    return constant(parser, jinja_string(jinja_text_of(text, true)));
}

static struct jinja_node *parse_number(struct jinja_parser *parser)
{
    bool is_integer = parser->at->kind == JINJA_TOKEN_INTEGER;
    char digits[64];
    long long integer;

    if (parser->at->text.size >= sizeof(digits))
        return jinja_parser_fail(parser, STATUS_INVALID_ARGUMENT, "a number of %zu digits",
                                 parser->at->text.size);
    snprintf(digits, sizeof(digits), "%.*s", SLICE_FORMAT(parser->at->text));
    if (!is_integer) {
        parser->at++;
        return constant(parser, jinja_float(strtod(digits, NULL)));
    }
    errno = 0;
    integer = strtoll(digits, NULL, 10);
    if (errno != 0)
        return jinja_parser_fail(parser, STATUS_INVALID_ARGUMENT, "an integer of over 64 bits");
    parser->at++;
    return constant(parser, jinja_int(integer));
}

static struct jinja_node *parse_name(struct jinja_parser *parser)
{
    static const struct {
        const char *name;
        struct jinja_value value;
    } words[] = {
        { "true", { .kind = JINJA_KIND_BOOL, .truth = true } },
        { "True", { .kind = JINJA_KIND_BOOL, .truth = true } },
        { "false", { .kind = JINJA_KIND_BOOL } },
        { "False", { .kind = JINJA_KIND_BOOL } },
        { "none", { .kind = JINJA_KIND_NONE } },
        { "None", { .kind = JINJA_KIND_NONE } },
    };
    struct slice name = parser->at->text;
    struct jinja_node *node;

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_is(name, words[i].name)) {
            parser->at++;
            return constant(parser, words[i].value);
        }
    }
    node = jinja_parser_node(parser, JINJA_NODE_NAME);
    if (node != NULL)
        node->name = name;
    parser->at++;
    return node;
}

static struct jinja_node *parse_parentheses(struct jinja_parser *parser)
{
    struct jinja_node *node;

    if (jinja_parser_skip_operator(parser, ")"))
        return jinja_parser_node(parser, JINJA_NODE_TUPLE);
    node = jinja_parse_tuple(parser, true);
    jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, ")");
    return node;
}

static struct jinja_node *parse_primary(struct jinja_parser *parser)
{
    switch (parser->at->kind) {
    case JINJA_TOKEN_NAME:
        return parse_name(parser);
    case JINJA_TOKEN_STRING:
        return parse_string(parser);
    case JINJA_TOKEN_INTEGER:
    case JINJA_TOKEN_FLOAT:
        return parse_number(parser);
    default:
        break;
    }
    if (jinja_parser_skip_operator(parser, "("))
        return parse_parentheses(parser);
    if (jinja_parser_skip_operator(parser, "["))
        return parse_list(parser);
    if (jinja_parser_skip_operator(parser, "{"))
        return parse_dict(parser);
    return jinja_parser_unexpected(parser, "an expression");
}

/* Postfix
 * ----------------------------------------------------------------------------------------- */

/* The arguments of a call, behind its "(". */
static void parse_arguments(struct jinja_parser *parser, struct jinja_node *call)
{
    struct jinja_node **item = &call->items, **other = &call->others, *node;

    while (parser->status == STATUS_OK && !jinja_parser_is_operator(parser, ")")) {
        if (jinja_parser_is_operator(parser, "*") || jinja_parser_is_operator(parser, "**")) {
            jinja_parser_fail(parser, STATUS_UNIMPLEMENTED, "arguments from a %s are not supported",
                              jinja_parser_is_operator(parser, "*") ? "list (*)" : "dict (**)");
            return;
        }
        if (parser->at->kind == JINJA_TOKEN_NAME && parser->at[1].kind == JINJA_TOKEN_OPERATOR
            && slice_is(parser->at[1].text, "=")) {
            node = jinja_parser_node(parser, JINJA_NODE_KEYWORD);
            if (node == NULL)
                return;
            node->name = parser->at->text;
            parser->at += 2;
            node->a = jinja_parse_expression(parser);
            *other = node;
            other = &node->next;
        } else {
            if (call->others != NULL)
                jinja_parser_fail(parser, STATUS_INVALID_ARGUMENT,
                                  "an argument after one with a name");
            *item = jinja_parse_expression(parser);
            if (*item == NULL)
                return;
            item = &(*item)->next;
        }
        if (!jinja_parser_skip_operator(parser, ","))
            break;
    }
    jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, ")");
}

static struct jinja_node *parse_call(struct jinja_parser *parser, struct jinja_node *callee)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_CALL);

    if (node == NULL)
        return NULL;
    node->a = callee;
    parse_arguments(parser, node);
    return node;
}

struct jinja_node *jinja_parse_attribute(struct jinja_parser *parser, struct jinja_node *of)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_ATTRIBUTE);

    if (node == NULL)
        return NULL;
    node->a = of;
    if (parser->at->kind == JINJA_TOKEN_INTEGER) {
        node->kind = JINJA_NODE_ITEM;
        node->b = parse_number(parser);
        return node;
    }
    node->name = parser->at->text;
    if (!jinja_parser_expect(parser, JINJA_TOKEN_NAME, NULL))
        return NULL;
    return node;
}

static bool is_slice_end(const struct jinja_parser *parser)
{
    return jinja_parser_is_operator(parser, ":") || jinja_parser_is_operator(parser, "]");
}

static struct jinja_node *parse_subscript(struct jinja_parser *parser, struct jinja_node *of)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_ITEM), *slice;
    struct jinja_node *start = NULL;

    if (!jinja_parser_is_operator(parser, ":"))
        start = jinja_parse_tuple(parser, true);
    if (node == NULL)
        return NULL;
    node->a = of;
    node->b = start;
    if (jinja_parser_is_operator(parser, ":")) {
        slice = jinja_parser_node(parser, JINJA_NODE_SLICE);
        if (slice == NULL)
            return NULL;
        slice->a = start;
        jinja_parser_skip_operator(parser, ":");
        if (!is_slice_end(parser))
            slice->b = jinja_parse_expression(parser);
        if (jinja_parser_skip_operator(parser, ":") && !is_slice_end(parser))
            slice->c = jinja_parse_expression(parser);
        node->b = slice;
    }
    jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, "]");
    return node;
}

static struct jinja_node *parse_postfix(struct jinja_parser *parser, struct jinja_node *node)
{
    while (parser->status == STATUS_OK) {
        if (jinja_parser_skip_operator(parser, "."))
            node = jinja_parse_attribute(parser, node);
        else if (jinja_parser_skip_operator(parser, "["))
            node = parse_subscript(parser, node);
        else if (jinja_parser_skip_operator(parser, "("))
            node = parse_call(parser, node);
        else
            break;
    }
    return node;
}

static struct slice parse_dotted_name(struct jinja_parser *parser)
{
    struct slice name = parser->at->text;

    jinja_parser_expect(parser, JINJA_TOKEN_NAME, NULL);
    if (jinja_parser_is_operator(parser, "."))
        jinja_parser_fail(parser, STATUS_UNIMPLEMENTED,
                          "a filter or test with a dot in its name is not supported");
    return name;
}

/* What may follow a test without parentheses as its one argument. */
static bool is_test_argument(const struct jinja_parser *parser)
{
    static const char *const words[] = { "else", "or", "and", "if", "is", "not" };

    if (parser->at->kind == JINJA_TOKEN_NAME) {
        for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (slice_is(parser->at->text, words[i]))
                return false;
        return true;
    }
    return parser->at->kind == JINJA_TOKEN_STRING || parser->at->kind == JINJA_TOKEN_INTEGER
           || parser->at->kind == JINJA_TOKEN_FLOAT || jinja_parser_is_operator(parser, "[")
           || jinja_parser_is_operator(parser, "{");
}

static struct jinja_node *parse_test(struct jinja_parser *parser, struct jinja_node *operand)
{
    bool is_negated = jinja_parser_skip_name(parser, "not");
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_TEST), *negation;

    if (node == NULL)
        return NULL;
    node->a = operand;
    node->name = parse_dotted_name(parser);
    if (jinja_parser_skip_operator(parser, "("))
        parse_arguments(parser, node);
    else if (parser->status == STATUS_OK && is_test_argument(parser))
        node->items = parse_postfix(parser, parse_primary(parser));
    if (!is_negated)
        return node;
    negation = jinja_parser_node(parser, JINJA_NODE_NOT);
    if (negation != NULL)
        negation->a = node;
    return negation;
}

static struct jinja_node *parse_filter(struct jinja_parser *parser, struct jinja_node *operand)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_FILTER);

    if (node == NULL)
        return NULL;
    node->a = operand;
    node->name = parse_dotted_name(parser);
    if (jinja_parser_skip_operator(parser, "("))
        parse_arguments(parser, node);
    return node;
}

struct jinja_node *jinja_parse_filters(struct jinja_parser *parser, struct jinja_node *operand,
                                       bool is_first)
{
    if (is_first)
        operand = parse_filter(parser, operand);
    while (jinja_parser_skip_operator(parser, "|"))
        operand = parse_filter(parser, operand);
    return operand;
}

/* Filters, tests and calls of what they give. */
struct jinja_node *jinja_parse_suffixes(struct jinja_parser *parser, struct jinja_node *node)
{
    while (parser->status == STATUS_OK) {
        if (jinja_parser_skip_operator(parser, "|"))
            node = parse_filter(parser, node);
        else if (jinja_parser_skip_name(parser, "is"))
            node = parse_test(parser, node);
        else if (jinja_parser_skip_operator(parser, "("))
            node = parse_call(parser, node);
        else
            break;
    }
    return node;
}

struct jinja_node *jinja_parse_primary(struct jinja_parser *parser)
{
    return parse_postfix(parser, parse_primary(parser));
}
