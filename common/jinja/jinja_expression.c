/* By falling precedence: sign, **, * / // %, ~, + -, comparisons, not, and, or, if. What is tighter
 * is in jinja_primary.c. */
#include "jinja/jinja_expression.h"

/* Operators
 * --------------------------------------------------------------------------------------- */

static struct jinja_node *parse_unary(struct jinja_parser *parser, bool has_suffixes)
{
    struct jinja_node *node = NULL;
    bool is_minus = jinja_parser_is_operator(parser, "-");

    if (!jinja_parser_enter(parser))
        return NULL;
    if (is_minus || jinja_parser_is_operator(parser, "+")) {
        parser->at++;
        node = jinja_parser_node(parser, is_minus ? JINJA_NODE_NEGATE : JINJA_NODE_PLUS);
        if (node != NULL)
            node->a = parse_unary(parser, false);
    } else {
        node = jinja_parse_primary(parser);
    }
    if (has_suffixes)
        node = jinja_parse_suffixes(parser, node);
    parser->depth--;
    return node;
}

struct level {
    const char *texts[5];
    enum jinja_operator operators[5];
};

/* Levels of binary operators, loosest first; all lean left. */
static const struct level levels[] = {
    { { "+", "-" }, { JINJA_OPERATOR_ADD, JINJA_OPERATOR_SUBTRACT } },
    { { "~" }, { JINJA_OPERATOR_JOIN } },
    { { "*", "/", "//", "%" },
      { JINJA_OPERATOR_MULTIPLY, JINJA_OPERATOR_DIVIDE, JINJA_OPERATOR_DIVIDE_WHOLE,
        JINJA_OPERATOR_REMAINDER } },
    { { "**" }, { JINJA_OPERATOR_POWER } },
};

#define LEVELS (sizeof(levels) / sizeof(levels[0]))

static struct jinja_node *parse_level(struct jinja_parser *parser, unsigned level);

static struct jinja_node *parse_operand(struct jinja_parser *parser, unsigned level)
{
    return level + 1 == LEVELS ? parse_unary(parser, true) : parse_level(parser, level + 1);
}

static int find_operator(const struct jinja_parser *parser, const struct level *level)
{
    for (int i = 0; i < 5 && level->texts[i] != NULL; i++)
        if (jinja_parser_is_operator(parser, level->texts[i]))
            return i;
    return -1;
}

/* A long row of operands makes a tree as deep as the row is long: the depth of the run bounds it.
 */
static struct jinja_node *parse_level(struct jinja_parser *parser, unsigned level)
{
    struct jinja_node *left = parse_operand(parser, level), *node;
    int found;

    while (parser->status == STATUS_OK && (found = find_operator(parser, &levels[level])) >= 0) {
        node = jinja_parser_node(parser, JINJA_NODE_BINARY);
        parser->at++;
        if (node == NULL)
            return NULL;
        node->op = levels[level].operators[found];
        node->a = left;
        node->b = parse_operand(parser, level);
        left = node;
    }
    return left;
}

static bool skip_comparison(struct jinja_parser *parser, enum jinja_operator *op)
{
    static const struct level comparisons[] = {
        { { "==", "!=" }, { JINJA_OPERATOR_EQUAL, JINJA_OPERATOR_DIFFERENT } },
        { { "<=", "<", ">=", ">" },
          { JINJA_OPERATOR_LESS_EQUAL, JINJA_OPERATOR_LESS, JINJA_OPERATOR_GREATER_EQUAL,
            JINJA_OPERATOR_GREATER } },
    };

    for (unsigned i = 0; i < 2; i++) {
        int found = find_operator(parser, &comparisons[i]);

        if (found >= 0) {
            *op = comparisons[i].operators[found];
            parser->at++;
            return true;
        }
    }
    *op = JINJA_OPERATOR_IN;
    if (jinja_parser_skip_name(parser, "in"))
        return true;
    *op = JINJA_OPERATOR_NOT_IN;
    if (!jinja_parser_is(parser, JINJA_TOKEN_NAME, "not") || parser->at[1].kind != JINJA_TOKEN_NAME
        || !slice_is(parser->at[1].text, "in"))
        return false;
    parser->at += 2;
    return true;
}

static struct jinja_node *parse_compare(struct jinja_parser *parser)
{
    struct jinja_node *first = parse_level(parser, 0), *node = NULL, **last = NULL, *item;
    enum jinja_operator op;

    while (parser->status == STATUS_OK && skip_comparison(parser, &op)) {
        if (node == NULL) {
            node = jinja_parser_node(parser, JINJA_NODE_COMPARE);
            if (node == NULL)
                return NULL;
            node->a = first;
            last = &node->items;
        }
        *last = item = jinja_parser_node(parser, JINJA_NODE_COMPARISON);
        if (item == NULL)
            return NULL;
        item->op = op;
        item->a = parse_level(parser, 0);
        last = &item->next;
    }
    return node == NULL ? first : node;
}

static struct jinja_node *parse_not(struct jinja_parser *parser)
{
    struct jinja_node *node;

    if (!jinja_parser_skip_name(parser, "not"))
        return parse_compare(parser);
    if (!jinja_parser_enter(parser))
        return NULL;
    node = jinja_parser_node(parser, JINJA_NODE_NOT);
    if (node != NULL)
        node->a = parse_not(parser);
    parser->depth--;
    return node;
}

static struct jinja_node *parse_logic(struct jinja_parser *parser, bool is_or)
{
    struct jinja_node *left = is_or ? parse_logic(parser, false) : parse_not(parser), *node;

    while (jinja_parser_skip_name(parser, is_or ? "or" : "and")) {
        node = jinja_parser_node(parser, is_or ? JINJA_NODE_OR : JINJA_NODE_AND);
        if (node == NULL)
            return NULL;
        node->a = left;
        node->b = is_or ? parse_logic(parser, false) : parse_not(parser);
        left = node;
    }
    return left;
}

struct jinja_node *jinja_parse_expression_plain(struct jinja_parser *parser)
{
    struct jinja_node *node;

    if (!jinja_parser_enter(parser))
        return NULL;
    node = parse_logic(parser, true);
    parser->depth--;
    return node;
}

struct jinja_node *jinja_parse_expression(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parse_expression_plain(parser), *condition;

    while (jinja_parser_skip_name(parser, "if")) {
        condition = jinja_parser_node(parser, JINJA_NODE_CONDITION);
        if (condition == NULL)
            return NULL;
        condition->a = node;
        condition->b = jinja_parse_expression_plain(parser);
        if (jinja_parser_skip_name(parser, "else") && jinja_parser_enter(parser)) {
            condition->c = jinja_parse_expression(parser);
            parser->depth--;
        }
        node = condition;
    }
    return parser->status == STATUS_OK ? node : NULL;
}

static bool is_tuple_end(const struct jinja_parser *parser)
{
    return parser->at->kind == JINJA_TOKEN_BLOCK_END || parser->at->kind == JINJA_TOKEN_OUTPUT_END
           || jinja_parser_is_operator(parser, ")") || jinja_parser_is_operator(parser, "]")
           || jinja_parser_is_operator(parser, "=")
           || jinja_parser_is(parser, JINJA_TOKEN_NAME, "in");
}

static struct jinja_node *parse_row(struct jinja_parser *parser,
                                    struct jinja_node *(*parse)(struct jinja_parser *))
{
    struct jinja_node *first = parse(parser), *tuple, **last;

    if (first == NULL || !jinja_parser_is_operator(parser, ","))
        return first;
    tuple = jinja_parser_node(parser, JINJA_NODE_TUPLE);
    if (tuple == NULL)
        return NULL;
    tuple->items = first;
    last = &first->next;
    while (jinja_parser_skip_operator(parser, ",") && !is_tuple_end(parser)) {
        *last = parse(parser);
        if (*last == NULL)
            return NULL;
        last = &(*last)->next;
    }
    return tuple;
}

struct jinja_node *jinja_parse_tuple(struct jinja_parser *parser, bool has_condition)
{
    return parse_row(parser, has_condition ? jinja_parse_expression : jinja_parse_expression_plain);
}

static struct jinja_node *parse_one_target(struct jinja_parser *parser)
{
    struct jinja_node *name;

    if (jinja_parser_skip_operator(parser, "(")) {
        name = jinja_parse_target(parser);
        jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, ")");
        return name;
    }
    if (parser->at->kind != JINJA_TOKEN_NAME)
        return jinja_parser_unexpected(parser, "a name");
    name = jinja_parser_node(parser, JINJA_NODE_NAME);
    if (name != NULL)
        name->name = parser->at->text;
    parser->at++;
    return jinja_parser_skip_operator(parser, ".") ? jinja_parse_attribute(parser, name) : name;
}

struct jinja_node *jinja_parse_target(struct jinja_parser *parser)
{
    struct jinja_node *node;

    if (!jinja_parser_enter(parser))
        return NULL;
    node = parse_row(parser, parse_one_target);
    parser->depth--;
    return node;
}
