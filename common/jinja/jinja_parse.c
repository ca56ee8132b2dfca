/* tokens → statements: text and {{ }} as they come, {% %} by its first word. */
#include "jinja/jinja_parse.h"

#include "jinja/jinja_expression.h"

static struct jinja_node *parse_body(struct jinja_parser *parser, const char *const *ends);

static bool skip_name(struct jinja_parser *parser, const char *text)
{
    return jinja_parser_skip(parser, JINJA_TOKEN_NAME, text);
}

static void end_tag(struct jinja_parser *parser)
{
    jinja_parser_expect(parser, JINJA_TOKEN_BLOCK_END, NULL);
}

/* The body of a block up to {% @end %}, with both tags' ends. */
static struct jinja_node *parse_block(struct jinja_parser *parser, const char *end)
{
    const char *const ends[] = { end, NULL };
    struct jinja_node *body;

    end_tag(parser);
    body = parse_body(parser, ends);
    skip_name(parser, end);
    end_tag(parser);
    return body;
}

/* After "if" or "elif". */
static struct jinja_node *parse_if(struct jinja_parser *parser)
{
    static const char *const ends[] = { "elif", "else", "endif", NULL };
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_IF);

    if (node == NULL || !jinja_parser_enter(parser))
        return NULL;
    node->a = jinja_parse_tuple(parser, false);
    end_tag(parser);
    node->items = parse_body(parser, ends);
    if (skip_name(parser, "elif")) {
        node->others = parse_if(parser);
    } else if (skip_name(parser, "else")) {
        node->others = parse_block(parser, "endif");
    } else if (skip_name(parser, "endif")) {
        end_tag(parser);
    }
    parser->depth--;
    return node;
}

static struct jinja_node *parse_for(struct jinja_parser *parser)
{
    static const char *const ends[] = { "else", "endfor", NULL };
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_FOR);

    if (node == NULL)
        return NULL;
    node->a = jinja_parse_target(parser);
    jinja_parser_expect(parser, JINJA_TOKEN_NAME, "in");
    node->b = jinja_parse_tuple(parser, false);
    if (skip_name(parser, "if"))
        node->c = jinja_parse_expression(parser);
    if (skip_name(parser, "recursive"))
        return jinja_parser_fail(parser, STATUS_UNIMPLEMENTED, "a recursive loop is not supported");
    end_tag(parser);
    node->items = parse_body(parser, ends);
    if (skip_name(parser, "else")) {
        node->others = parse_block(parser, "endfor");
    } else if (skip_name(parser, "endfor")) {
        end_tag(parser);
    }
    return node;
}

static struct jinja_node *parse_set(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_SET);

    if (node == NULL)
        return NULL;
    node->a = jinja_parse_target(parser);
    if (jinja_parser_skip(parser, JINJA_TOKEN_OPERATOR, "=")) {
        node->b = jinja_parse_tuple(parser, true);
        end_tag(parser);
        return node;
    }
    node->kind = JINJA_NODE_SET_BLOCK;
    if (jinja_parser_skip(parser, JINJA_TOKEN_OPERATOR, "|"))
        node->b = jinja_parse_filters(parser, NULL, true);
    node->items = parse_block(parser, "endset");
    return node;
}

/* (a, b=1) of a macro, as KEYWORDs. */
static struct jinja_node *parse_parameters(struct jinja_parser *parser)
{
    struct jinja_node *first = NULL, **last = &first, *node;

    jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, "(");
    while (parser->status == STATUS_OK && !jinja_parser_is(parser, JINJA_TOKEN_OPERATOR, ")")) {
        *last = node = jinja_parser_node(parser, JINJA_NODE_KEYWORD);
        if (node == NULL)
            return NULL;
        node->name = parser->at->text;
        jinja_parser_expect(parser, JINJA_TOKEN_NAME, NULL);
        if (jinja_parser_skip(parser, JINJA_TOKEN_OPERATOR, "="))
            node->a = jinja_parse_expression(parser);
        last = &node->next;
        if (!jinja_parser_skip(parser, JINJA_TOKEN_OPERATOR, ","))
            break;
    }
    jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, ")");
    return first;
}

static struct jinja_node *parse_macro(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_MACRO);

    if (node == NULL)
        return NULL;
    node->name = parser->at->text;
    jinja_parser_expect(parser, JINJA_TOKEN_NAME, NULL);
    node->others = parse_parameters(parser);
    node->items = parse_block(parser, "endmacro");
    return node;
}

static struct jinja_node *parse_call_block(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_CALL_BLOCK);

    if (node == NULL)
        return NULL;
    if (jinja_parser_is(parser, JINJA_TOKEN_OPERATOR, "("))
        node->others = parse_parameters(parser);
    node->a = jinja_parse_expression(parser);
    if (node->a != NULL && node->a->kind != JINJA_NODE_CALL)
        return jinja_parser_fail(parser, STATUS_INVALID_ARGUMENT, "a call block without a call");
    node->items = parse_block(parser, "endcall");
    return node;
}

static struct jinja_node *parse_filter_block(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_FILTER_BLOCK);

    if (node == NULL)
        return NULL;
    node->b = jinja_parse_filters(parser, NULL, true);
    node->items = parse_block(parser, "endfilter");
    return node;
}

static struct jinja_node *parse_with(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_WITH), **last, *set;

    if (node == NULL)
        return NULL;
    for (last = &node->others; parser->status == STATUS_OK; last = &set->next) {
        if (parser->at->kind == JINJA_TOKEN_BLOCK_END)
            break;
        *last = set = jinja_parser_node(parser, JINJA_NODE_SET);
        if (set == NULL)
            return NULL;
        set->a = jinja_parse_target(parser);
        jinja_parser_expect(parser, JINJA_TOKEN_OPERATOR, "=");
        set->b = jinja_parse_expression(parser);
        if (!jinja_parser_skip(parser, JINJA_TOKEN_OPERATOR, ",")) {
            break;
        }
    }
    node->items = parse_block(parser, "endwith");
    return node;
}

/* {% generation %} only marks what a model wrote, for training. */
static struct jinja_node *parse_generation(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_BODY);

    if (node != NULL)
        node->items = parse_block(parser, "endgeneration");
    return node;
}

static struct jinja_node *parse_break(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_BREAK);

    end_tag(parser);
    return node;
}

static struct jinja_node *parse_continue(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_CONTINUE);

    end_tag(parser);
    return node;
}

static struct jinja_node *parse_statement(struct jinja_parser *parser)
{
    static const struct {
        const char *word;
        struct jinja_node *(*parse)(struct jinja_parser *parser);
    } statements[] = {
        { "if", parse_if },           { "for", parse_for },
        { "set", parse_set },         { "macro", parse_macro },
        { "call", parse_call_block }, { "filter", parse_filter_block },
        { "with", parse_with },       { "generation", parse_generation },
        { "break", parse_break },     { "continue", parse_continue },
    };
    struct slice word = parser->at->text;

    for (unsigned i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        if (skip_name(parser, statements[i].word))
            return statements[i].parse(parser);
    return jinja_parser_fail(parser, STATUS_UNIMPLEMENTED,
                             "the statement \"%.*s\" is not supported",
                             SLICE_FORMAT(slice_cut(word, 0, 40)));
}

static struct jinja_node *parse_output(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_OUTPUT);

    if (node == NULL)
        return NULL;
    node->a = jinja_parse_tuple(parser, true);
    jinja_parser_expect(parser, JINJA_TOKEN_OUTPUT_END, NULL);
    return node;
}

static struct jinja_node *parse_text(struct jinja_parser *parser)
{
    struct jinja_node *node = jinja_parser_node(parser, JINJA_NODE_TEXT);

    if (node != NULL)
        node->value = jinja_string(jinja_text_of(parser->at->text, true));
    parser->at++;
    return node;
}

static bool is_one_of(struct slice word, const char *const *ends)
{
    for (; ends != NULL && *ends != NULL; ends++)
        if (slice_is(word, *ends))
            return true;
    return false;
}

/* The next statement, or NULL at the end of the body. */
static struct jinja_node *parse_next(struct jinja_parser *parser, const char *const *ends)
{
    switch (parser->at->kind) {
    case JINJA_TOKEN_END:
        if (ends != NULL)
            jinja_parser_fail(parser, STATUS_INVALID_ARGUMENT, "the end where %s should be",
                              ends[0]);
        return NULL;
    case JINJA_TOKEN_TEXT:
        return parse_text(parser);
    case JINJA_TOKEN_OUTPUT_BEGIN:
        parser->at++;
        return parse_output(parser);
    default:
        parser->at++; /* a block's begin: every tag was ended by who read it */
        return is_one_of(parser->at->text, ends) ? NULL : parse_statement(parser);
    }
}

/* Statements up to a tag whose word is one of @ends (not taken), or to the end of the template. */
static struct jinja_node *parse_body(struct jinja_parser *parser, const char *const *ends)
{
    struct jinja_node *first = NULL, **last = &first;

    if (!jinja_parser_enter(parser))
        return NULL;
    while (parser->status == STATUS_OK) {
        *last = parse_next(parser, ends);
        if (*last == NULL)
            break;
        last = &(*last)->next;
    }
    parser->depth--;
    return first;
}

enum status jinja_parse(struct slice source, struct arena *arena, struct jinja_node **root,
                        struct error *err)
{
    struct jinja_parser parser = { .arena = arena, .err = err };
    struct jinja_token *tokens;
    enum status status = jinja_lex(source, arena, &tokens, err);

    *root = NULL;
    if (status != STATUS_OK)
        return status;
    parser.at = tokens;
    *root = jinja_parser_node(&parser, JINJA_NODE_BODY);
    if (*root != NULL)
        (*root)->items = parse_body(&parser, NULL);
    return parser.status;
}
