#include "jinja/jinja_expression.h"

#include <stdarg.h>
#include <stdio.h>

/* Deeper nesting than any template has; the evaluation's own bound is in jinja_run.h. */
#define DEPTH_MAX 100

struct jinja_node *jinja_parser_fail(struct jinja_parser *parser, enum status status,
                                     const char *format, ...)
{
    char text[160];
    va_list args;

    if (parser->status != STATUS_OK)
        return NULL;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    parser->status =
        error_set(parser->err, status, "the chat template, line %u: %s", parser->at->line, text);
    return NULL;
}

struct jinja_node *jinja_parser_node(struct jinja_parser *parser, enum jinja_node_kind kind)
{
    struct jinja_node *node =
        parser->status == STATUS_OK ? ARENA_NEW(parser->arena, struct jinja_node) : NULL;

    if (node == NULL)
        return jinja_parser_fail(parser, STATUS_RESOURCE_EXHAUSTED, "no memory");
    node->kind = kind;
    node->line = parser->at->line;
    return node;
}

bool jinja_parser_is(const struct jinja_parser *parser, enum jinja_token_kind kind,
                     const char *text)
{
    return parser->at->kind == kind && (text == NULL || slice_is(parser->at->text, text));
}

bool jinja_parser_skip(struct jinja_parser *parser, enum jinja_token_kind kind, const char *text)
{
    if (parser->status != STATUS_OK || !jinja_parser_is(parser, kind, text))
        return false;
    parser->at++;
    return true;
}

static const char *name_of(enum jinja_token_kind kind)
{
    static const char *const names[] = {
        [JINJA_TOKEN_END] = "the end",          [JINJA_TOKEN_TEXT] = "text",
        [JINJA_TOKEN_BLOCK_BEGIN] = "{%",       [JINJA_TOKEN_BLOCK_END] = "%}",
        [JINJA_TOKEN_OUTPUT_BEGIN] = "{{",      [JINJA_TOKEN_OUTPUT_END] = "}}",
        [JINJA_TOKEN_NAME] = "a name",          [JINJA_TOKEN_STRING] = "a string",
        [JINJA_TOKEN_INTEGER] = "a number",     [JINJA_TOKEN_FLOAT] = "a number",
        [JINJA_TOKEN_OPERATOR] = "an operator",
    };

    return names[kind];
}

struct jinja_node *jinja_parser_unexpected(struct jinja_parser *parser, const char *wanted)
{
    struct slice text = slice_cut(parser->at->text, 0, 40);

    if (text.size == 0 || parser->at->kind == JINJA_TOKEN_TEXT)
        text = slice_from(name_of(parser->at->kind));
    return jinja_parser_fail(parser, STATUS_INVALID_ARGUMENT, "\"%.*s\" where %s should be",
                             SLICE_FORMAT(text), wanted);
}

bool jinja_parser_expect(struct jinja_parser *parser, enum jinja_token_kind kind, const char *text)
{
    if (jinja_parser_skip(parser, kind, text))
        return true;
    jinja_parser_unexpected(parser, text == NULL ? name_of(kind) : text);
    return false;
}

bool jinja_parser_enter(struct jinja_parser *parser)
{
    if (parser->status == STATUS_OK && parser->depth < DEPTH_MAX) {
        parser->depth++;
        return true;
    }
    jinja_parser_fail(parser, STATUS_INVALID_ARGUMENT, "nested too deeply");
    return false;
}
