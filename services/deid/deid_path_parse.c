/* One character of look-ahead over the text; a binary operator binds by the row that it stands in.
 */
#include <stdlib.h>

#include "deid_path_tree.h"
#include "deid_token.h"

struct parser {
    struct slice text;
    size_t at;
    unsigned depth;
    struct arena *arena;
    struct error *err;
};

struct operator_row {
    const char *sign;
    enum deid_path_op op;
    unsigned level; /* the higher, the closer it binds */
    bool is_word;
};

/* Longer signs before shorter ones. */
static const struct operator_row operators[] = {
    { "implies", DEID_OP_IMPLIES, 1, true }, { "or", DEID_OP_OR, 2, true },
    { "xor", DEID_OP_XOR, 2, true },         { "and", DEID_OP_AND, 3, true },
    { "in", DEID_OP_IN, 4, true },           { "contains", DEID_OP_CONTAINS, 4, true },
    { "!=", DEID_OP_NOT_EQUAL, 5, false },   { "!~", DEID_OP_NOT_ALIKE, 5, false },
    { "=", DEID_OP_EQUAL, 5, false },        { "~", DEID_OP_ALIKE, 5, false },
    { "<=", DEID_OP_LESS_EQUAL, 6, false },  { ">=", DEID_OP_GREATER_EQUAL, 6, false },
    { "<", DEID_OP_LESS, 6, false },         { ">", DEID_OP_GREATER, 6, false },
    { "|", DEID_OP_UNION, 7, false },        { "is", DEID_OP_IS, 8, true },
    { "as", DEID_OP_AS, 8, true },           { "+", DEID_OP_PLUS, 9, false },
    { "-", DEID_OP_MINUS, 9, false },        { "&", DEID_OP_JOIN, 9, false },
    { "*", DEID_OP_TIMES, 10, false },       { "/", DEID_OP_DIVIDE, 10, false },
};

static const struct {
    const char *name;
    enum deid_path_function function;
    uint8_t arguments_min, arguments_max;
} functions[] = {
    { "exists", DEID_FN_EXISTS, 0, 1 },
    { "empty", DEID_FN_EMPTY, 0, 0 },
    { "not", DEID_FN_NOT, 0, 0 },
    { "where", DEID_FN_WHERE, 1, 1 },
    { "select", DEID_FN_SELECT, 1, 1 },
    { "all", DEID_FN_ALL, 1, 1 },
    { "any", DEID_FN_ANY, 0, 1 },
    { "count", DEID_FN_COUNT, 0, 0 },
    { "first", DEID_FN_FIRST, 0, 0 },
    { "last", DEID_FN_LAST, 0, 0 },
    { "tail", DEID_FN_TAIL, 0, 0 },
    { "skip", DEID_FN_SKIP, 1, 1 },
    { "take", DEID_FN_TAKE, 1, 1 },
    { "ofType", DEID_FN_OF_TYPE, 1, 1 },
    { "as", DEID_FN_OF_TYPE, 1, 1 },
    { "is", DEID_FN_IS, 1, 1 },
    { "children", DEID_FN_CHILDREN, 0, 0 },
    { "descendants", DEID_FN_DESCENDANTS, 0, 0 },
    { "nodesByType", DEID_FN_NODES_BY_TYPE, 1, 1 },
    { "nodesByName", DEID_FN_NODES_BY_NAME, 1, 1 },
    { "extension", DEID_FN_EXTENSION, 1, 1 },
    { "hasValue", DEID_FN_HAS_VALUE, 0, 0 },
    { "iif", DEID_FN_IIF, 2, 3 },
    { "startsWith", DEID_FN_STARTS_WITH, 1, 1 },
    { "endsWith", DEID_FN_ENDS_WITH, 1, 1 },
    { "contains", DEID_FN_CONTAINS, 1, 1 },
    { "indexOf", DEID_FN_INDEX_OF, 1, 1 },
    { "substring", DEID_FN_SUBSTRING, 1, 2 },
    { "replace", DEID_FN_REPLACE, 2, 2 },
    { "length", DEID_FN_LENGTH, 0, 0 },
    { "upper", DEID_FN_UPPER, 0, 0 },
    { "lower", DEID_FN_LOWER, 0, 0 },
    { "toString", DEID_FN_TO_STRING, 0, 0 },
    { "toInteger", DEID_FN_TO_NUMBER, 0, 0 },
    { "toDecimal", DEID_FN_TO_NUMBER, 0, 0 },
};

static enum status fail(struct parser *parser, const char *what)
{
    return error_set(parser->err, STATUS_INVALID_ARGUMENT, "column %zu: %s", parser->at + 1, what);
}

static void skip_space(struct parser *parser)
{
    while (parser->at < parser->text.size
           && (parser->text.data[parser->at] == ' ' || parser->text.data[parser->at] == '\t'
               || parser->text.data[parser->at] == '\n' || parser->text.data[parser->at] == '\r'))
        parser->at++;
}

static char peek(struct parser *parser)
{
    skip_space(parser);
    return parser->at < parser->text.size ? parser->text.data[parser->at] : 0;
}

static bool take_byte(struct parser *parser, char byte)
{
    if (peek(parser) != byte)
        return false;
    parser->at++;
    return true;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct slice take_name(struct parser *parser)
{
    size_t start;

    skip_space(parser);
    start = parser->at;
    if (start < parser->text.size && parser->text.data[start] == '`') {
        size_t end =
            slice_find_byte(slice_cut(parser->text, start + 1, parser->text.size), '`') + start + 1;

        if (end >= parser->text.size)
            return (struct slice){ NULL, 0 };
        parser->at = end + 1;
        return slice_cut(parser->text, start + 1, end);
    }
    while (parser->at < parser->text.size && is_name_byte(parser->text.data[parser->at]))
        parser->at++;
    return slice_cut(parser->text, start, parser->at);
}

static struct deid_path *node_new(struct parser *parser, enum deid_path_op op)
{
    struct deid_path *node = ARENA_NEW(parser->arena, struct deid_path);

    if (node == NULL)
        error_set(parser->err, STATUS_RESOURCE_EXHAUSTED, "no room for an expression");
    else
        node->op = op;
    return node;
}

static enum status parse_level(struct parser *parser, unsigned level, struct deid_path **out);

/* 'text' or "text", with the escapes of JSON and of a quote. */
static enum status parse_string(struct parser *parser, struct slice *text)
{
    char quote = parser->text.data[parser->at++];
    struct buffer out;

    buffer_init(&out, parser->arena);
    buffer_put(&out, SLICE(""));
    while (parser->at < parser->text.size && parser->text.data[parser->at] != quote) {
        char c = parser->text.data[parser->at++];

        if (c == '\\') {
            c = parser->at < parser->text.size ? parser->text.data[parser->at++] : 0;
            if (c == 'n' || c == 't' || c == 'r')
                c = c == 'n' ? '\n' : c == 't' ? '\t' : '\r';
            else if (c != '\'' && c != '"' && c != '\\' && c != '/' && c != '`')
                return fail(parser, "an escape that is not known");
        }
        buffer_put_byte(&out, c);
    }
    if (parser->at == parser->text.size)
        return fail(parser, "a text without its end");
    parser->at++;
    *text = out.size == 0 ? SLICE("") : buffer_slice(&out);
    return out.is_full ? error_set(parser->err, STATUS_RESOURCE_EXHAUSTED, "no room for a text")
                       : STATUS_OK;
}

static enum status parse_number(struct parser *parser, struct deid_path *node)
{
    size_t start = parser->at;
    char digits[32];

    while (parser->at < parser->text.size
           && (deid_is_digit(parser->text.data[parser->at])
               || (parser->text.data[parser->at] == '.' && parser->at + 1 < parser->text.size
                   && deid_is_digit(parser->text.data[parser->at + 1]))))
        parser->at++;
    node->value.kind = DEID_PATH_NUMBER;
    node->value.text = slice_cut(parser->text, start, parser->at);
    if (node->value.text.size >= sizeof(digits))
        return fail(parser, "a number of too many digits");
    memcpy(digits, node->value.text.data, node->value.text.size);
    digits[node->value.text.size] = 0;
    node->value.number = strtod(digits, NULL);
    return STATUS_OK;
}

/* "@2020-01-01T00:00:00Z" */
static void parse_date(struct parser *parser, struct deid_path *node)
{
    size_t start = ++parser->at;

    while (parser->at < parser->text.size
           && (is_name_byte(parser->text.data[parser->at])
               || (parser->text.data[parser->at] != 0
                   && strchr("-:.+", parser->text.data[parser->at]) != NULL)))
        parser->at++;
    node->value.kind = DEID_PATH_DATE;
    node->value.text = slice_cut(parser->text, start, parser->at);
}

static enum status parse_call(struct parser *parser, struct deid_path *node)
{
    size_t i;

    for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (slice_is(node->text, functions[i].name))
            break;
    if (i == sizeof(functions) / sizeof(functions[0]))
        return fail(parser, "a function that is not known here");
    node->op = DEID_OP_CALL;
    node->function = functions[i].function;
    while (peek(parser) != ')') {
        enum status status;

        if (node->arguments_count == functions[i].arguments_max)
            return fail(parser, "more arguments than the function takes");
        if (node->arguments_count > 0 && !take_byte(parser, ','))
            return fail(parser, "a comma or ')' is missing");
        status = parse_level(parser, 0, &node->arguments[node->arguments_count]);
        if (status != STATUS_OK)
            return status;
        node->arguments_count++;
    }
    parser->at++;
    return node->arguments_count < functions[i].arguments_min
               ? fail(parser, "fewer arguments than the function takes")
               : STATUS_OK;
}

/* A name, or a function, of @left; "true" and "false" where nothing is to the left. */
static enum status parse_named(struct parser *parser, struct deid_path *left,
                               struct deid_path **out)
{
    struct deid_path *node = node_new(parser, DEID_OP_MEMBER);

    *out = node;
    if (node == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    node->left = left;
    node->text = take_name(parser);
    if (node->text.size == 0)
        return fail(parser, "a name is missing");
    if (take_byte(parser, '('))
        return parse_call(parser, node);
    if (left == NULL && (slice_is(node->text, "true") || slice_is(node->text, "false"))) {
        node->op = DEID_OP_LITERAL;
        node->value = (struct deid_path_value){ .kind = DEID_PATH_BOOLEAN,
                                                .boolean = slice_is(node->text, "true") };
    }
    return STATUS_OK;
}

static enum status parse_this(struct parser *parser, struct deid_path **out)
{
    size_t start = parser->at++;
    struct slice name = take_name(parser);

    if (!(parser->text.data[start] == '$' && slice_is(name, "this"))
        && !(parser->text.data[start] == '%' && slice_is(name, "context")))
        return fail(parser, "a variable that is not known here");
    *out = node_new(parser, DEID_OP_THIS);
    return *out == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
}

static enum status parse_term(struct parser *parser, struct deid_path **out)
{
    char c = peek(parser);
    enum status status;

    if (c == '(') {
        parser->at++;
        status = parse_level(parser, 0, out);
        if (status == STATUS_OK && !take_byte(parser, ')'))
            return fail(parser, "')' is missing");
        return status;
    }
    if (c == '$' || c == '%')
        return parse_this(parser, out);
    if (c == '{') {
        parser->at++;
        *out = node_new(parser, DEID_OP_EMPTY);
        return !take_byte(parser, '}') ? fail(parser, "'}' is missing")
               : *out == NULL          ? STATUS_RESOURCE_EXHAUSTED
                                       : STATUS_OK;
    }
    if (c != '\'' && c != '"' && c != '@' && c != '-' && !deid_is_digit(c))
        return parse_named(parser, NULL, out);
    *out = node_new(parser, DEID_OP_LITERAL);
    if (*out == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    if (c == '\'' || c == '"') {
        (*out)->value.kind = DEID_PATH_STRING;
        return parse_string(parser, &(*out)->value.text);
    }
    if (c == '@') {
        parse_date(parser, *out);
        return STATUS_OK;
    }
    parser->at += c == '-';
    status = parse_number(parser, *out);
    if (c == '-')
        (*out)->value.number = -(*out)->value.number;
    return status == STATUS_OK && (*out)->value.text.size == 0 ? fail(parser, "a number is missing")
                                                               : status;
}

/* A term, then ".name", ".function()", "[n]". */
static enum status parse_chain(struct parser *parser, struct deid_path **out)
{
    enum status status = parse_term(parser, out);

    while (status == STATUS_OK) {
        struct deid_path *index;

        if (take_byte(parser, '.')) {
            status = parse_named(parser, *out, out);
        } else if (take_byte(parser, '[')) {
            index = node_new(parser, DEID_OP_INDEX);
            if (index == NULL)
                return STATUS_RESOURCE_EXHAUSTED;
            index->left = *out;
            status = parse_level(parser, 0, &index->right);
            if (status == STATUS_OK && !take_byte(parser, ']'))
                return fail(parser, "']' is missing");
            *out = index;
        } else {
            break;
        }
    }
    return status;
}

/* The operator that comes next, if it binds at least as close as @level; taken. */
static const struct operator_row *take_operator(struct parser *parser, unsigned level)
{
    size_t i;

    skip_space(parser);
    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        struct slice sign = slice_from(operators[i].sign);
        size_t end = parser->at + sign.size;

        if (!slice_equal(slice_cut(parser->text, parser->at, end), sign)
            || (operators[i].is_word && end < parser->text.size
                && is_name_byte(parser->text.data[end])))
            continue;
        if (operators[i].level < level)
            return NULL;
        parser->at = end;
        return &operators[i];
    }
    return NULL;
}

/* "Quantity", "FHIR.Quantity": the last name counts. */
static enum status parse_type(struct parser *parser, struct deid_path *node)
{
    node->text = take_name(parser);
    while (node->text.size > 0 && take_byte(parser, '.'))
        node->text = take_name(parser);
    return node->text.size == 0 ? fail(parser, "a type is missing") : STATUS_OK;
}

static enum status parse_level(struct parser *parser, unsigned level, struct deid_path **out)
{
    const struct operator_row *row;
    enum status status;

    if (++parser->depth > DEID_PATH_DEPTH_MAX)
        return fail(parser, "nested too deep");
    status = parse_chain(parser, out);
    while (status == STATUS_OK && (row = take_operator(parser, level)) != NULL) {
        struct deid_path *node = node_new(parser, row->op);

        if (node == NULL)
            return STATUS_RESOURCE_EXHAUSTED;
        node->left = *out;
        *out = node;
        status = row->op == DEID_OP_IS || row->op == DEID_OP_AS
                     ? parse_type(parser, node)
                     : parse_level(parser, row->level + 1, &node->right);
    }
    parser->depth--;
    return status;
}

enum status deid_path_compile(struct slice text, struct arena *arena, struct deid_path **path,
                              struct error *err)
{
    struct parser parser = { .text = arena_copy(arena, text), .arena = arena, .err = err };
    enum status status;

    if (text.size > DEID_PATH_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "an expression of %zu bytes, at most %d",
                         text.size, DEID_PATH_BYTES_MAX);
    if (parser.text.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for an expression");
    status = parse_level(&parser, 0, path);
    if (status == STATUS_OK && peek(&parser) != 0)
        return fail(&parser, "more than one expression");
    return status;
}

struct slice deid_path_root(const struct deid_path *path)
{
    while (path != NULL && path->left != NULL)
        path = path->left;
    if (path == NULL || path->op != DEID_OP_MEMBER || path->text.data[0] < 'A'
        || path->text.data[0] > 'Z')
        return (struct slice){ NULL, 0 };
    return path->text;
}
