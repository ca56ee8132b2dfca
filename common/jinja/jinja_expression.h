/* Expressions of a template, from tokens to nodes, by recursive descent. A failure is remembered in
 * the parser and every function then returns NULL, so that callers check once. Only for
 * jinja_parse.c. */
#ifndef JINJA_JINJA_EXPRESSION_H
#define JINJA_JINJA_EXPRESSION_H

#include "jinja/jinja_lex.h"
#include "jinja/jinja_node.h"

struct jinja_parser {
    const struct jinja_token *at;
    struct arena *arena;
    unsigned depth;
    enum status status;
    struct error *err;
};

/* Sets the error once, with the line. Returns NULL. */
__attribute__((format(printf, 3, 4))) struct jinja_node *
jinja_parser_fail(struct jinja_parser *parser, enum status status, const char *format, ...);

/* Fails with what is there and what @wanted is. */
struct jinja_node *jinja_parser_unexpected(struct jinja_parser *parser, const char *wanted);

struct jinja_node *jinja_parser_node(struct jinja_parser *parser, enum jinja_node_kind kind);

bool jinja_parser_is(const struct jinja_parser *parser, enum jinja_token_kind kind,
                     const char *text);
bool jinja_parser_skip(struct jinja_parser *parser, enum jinja_token_kind kind, const char *text);
/* Skips it or fails. */
bool jinja_parser_expect(struct jinja_parser *parser, enum jinja_token_kind kind, const char *text);

/* One level deeper, or false (and failed). Each true is paid back with depth--. */
bool jinja_parser_enter(struct jinja_parser *parser);

static inline bool jinja_parser_is_operator(const struct jinja_parser *parser, const char *text)
{
    return jinja_parser_is(parser, JINJA_TOKEN_OPERATOR, text);
}

static inline bool jinja_parser_skip_operator(struct jinja_parser *parser, const char *text)
{
    return jinja_parser_skip(parser, JINJA_TOKEN_OPERATOR, text);
}

static inline bool jinja_parser_skip_name(struct jinja_parser *parser, const char *text)
{
    return jinja_parser_skip(parser, JINJA_TOKEN_NAME, text);
}

/* jinja_primary.c: a name, a literal, brackets, and what follows them without a blank's meaning;
 * then filters and tests. */
struct jinja_node *jinja_parse_primary(struct jinja_parser *parser);
struct jinja_node *jinja_parse_suffixes(struct jinja_parser *parser, struct jinja_node *node);
struct jinja_node *jinja_parse_attribute(struct jinja_parser *parser, struct jinja_node *of);

/* jinja_expression.c: with "a if b else c", or without. */
struct jinja_node *jinja_parse_expression(struct jinja_parser *parser);
struct jinja_node *jinja_parse_expression_plain(struct jinja_parser *parser);

/* a, b, c: a TUPLE where there is a comma, else the one expression. */
struct jinja_node *jinja_parse_tuple(struct jinja_parser *parser, bool has_condition);

/* A name, an attribute of a name, or a tuple of them: what can be assigned to. */
struct jinja_node *jinja_parse_target(struct jinja_parser *parser);

/* |name(...)|name, @operand the innermost; @is_first: the first bar was already there. */
struct jinja_node *jinja_parse_filters(struct jinja_parser *parser, struct jinja_node *operand,
                                       bool is_first);

#endif
