/* The source of a template, cut into tokens. White space is trimmed here, as chat templates expect
 * it: the line end after a block tag goes (trim_blocks), blanks before one at the front of a line
 * go (lstrip_blocks), "-" and "+" in tags overrule; line ends become \n and the last one of the
 * source goes. */
#ifndef JINJA_JINJA_LEX_H
#define JINJA_JINJA_LEX_H

#include "base/arena.h"
#include "base/error.h"

enum jinja_token_kind {
    JINJA_TOKEN_END,
    JINJA_TOKEN_TEXT,
    JINJA_TOKEN_BLOCK_BEGIN,
    JINJA_TOKEN_BLOCK_END,
    JINJA_TOKEN_OUTPUT_BEGIN,
    JINJA_TOKEN_OUTPUT_END,
    JINJA_TOKEN_NAME,
    JINJA_TOKEN_STRING, /* without quotes, escapes resolved */
    JINJA_TOKEN_INTEGER,
    JINJA_TOKEN_FLOAT,
    JINJA_TOKEN_OPERATOR,
};

struct jinja_token {
    enum jinja_token_kind kind;
    unsigned line;
    struct slice text; /* a view into a copy of the source in the arena */
};

/* *tokens ends with one of JINJA_TOKEN_END. INVALID_ARGUMENT with the line: a tag or string that
 * does not end, brackets that do not fit, a character that no expression has. RESOURCE_EXHAUSTED.
 */
enum status jinja_lex(struct slice source, struct arena *arena, struct jinja_token **tokens,
                      struct error *err);

#endif
