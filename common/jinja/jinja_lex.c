#include "jinja/jinja_lex.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "jinja/jinja_text.h"

#define BRACKETS_MAX 64

struct lex {
    struct slice source;
    size_t at;
    unsigned line;
    size_t line_at; /* up to where lines were counted */
    bool is_line_start;
    struct arena *arena;
    struct buffer tokens;
    char brackets[BRACKETS_MAX]; /* what would close each that is open */
    unsigned brackets_count;
    struct error *err;
};

static struct slice rest_of(const struct lex *lex)
{
    return slice_cut(lex->source, lex->at, lex->source.size);
}

static bool is_at(const struct lex *lex, const char *string)
{
    return slice_starts_with(rest_of(lex), slice_from(string));
}

static unsigned line_of(struct lex *lex, size_t at)
{
    for (; lex->line_at < at; lex->line_at++)
        lex->line += lex->source.data[lex->line_at] == '\n';
    return lex->line;
}

static enum status refuse(struct lex *lex, const char *what)
{
    return error_set(lex->err, STATUS_INVALID_ARGUMENT, "the chat template, line %u: %s",
                     line_of(lex, lex->at), what);
}

static void put_token(struct lex *lex, enum jinja_token_kind kind, struct slice text)
{
    struct jinja_token token = { kind, line_of(lex, lex->at), text };

    buffer_put(&lex->tokens, slice_of(&token, sizeof(token)));
}

static struct slice strip_right(struct slice text)
{
    return jinja_text_slice(
        jinja_text_strip(jinja_text_of(text, true), (struct slice){ 0 }, JINJA_STRIP_RIGHT));
}

static void skip_space(struct lex *lex)
{
    struct jinja_text rest = jinja_text_of(rest_of(lex), true);

    lex->at = lex->source.size - jinja_text_strip(rest, (struct slice){ 0 }, JINJA_STRIP_LEFT).size;
}

/* A copy of @source with \n at line ends, less the last. */
static struct slice normalise(struct slice source, struct arena *arena)
{
    char *bytes = arena_alloc(arena, source.size + 1);
    size_t size = 0;

    if (bytes == NULL)
        return (struct slice){ 0 };
    for (size_t i = 0; i < source.size; i++) {
        if (source.data[i] != '\r')
            bytes[size++] = source.data[i];
        else if (i + 1 == source.size || source.data[i + 1] != '\n')
            bytes[size++] = '\n';
    }
    if (size > 0 && bytes[size - 1] == '\n')
        size--;
    return slice_of(bytes, size);
}

/* The text before a tag: @sign is the character after the tag's "{%". */
static struct slice trim_before(const struct lex *lex, struct slice text, char sign, bool is_block)
{
    size_t line = text.size;

    if (sign == '-')
        return strip_right(text);
    if (sign == '+' || !is_block)
        return text;
    while (line > 0 && text.data[line - 1] != '\n')
        line--;
    if ((line > 0 || lex->is_line_start) && strip_right(slice_cut(text, line, text.size)).size == 0)
        return slice_cut(text, 0, line);
    return text;
}

/* The end of a tag is at hand: "%}", "-%}" or "+%}". @is_trimmed: a line end after it goes. */
static bool take_end(struct lex *lex, const char *end, bool is_trimmed)
{
    char sign = is_at(lex, "-") ? '-' : (is_trimmed && is_at(lex, "+")) ? '+' : 0;
    size_t start = lex->at;

    lex->at += sign != 0;
    if (!is_at(lex, end)) {
        lex->at = start;
        return false;
    }
    lex->at += strlen(end);
    if (sign == '-')
        skip_space(lex);
    else if (sign == 0 && is_trimmed && is_at(lex, "\n"))
        lex->at++;
    lex->is_line_start = lex->source.data[lex->at - 1] == '\n';
    return true;
}

static enum status lex_comment(struct lex *lex)
{
    if (is_at(lex, "-") || is_at(lex, "+"))
        lex->at++;
    for (;; lex->at++) {
        const char *found = memmem(lex->source.data + lex->at, lex->source.size - lex->at, "#}", 2);

        if (found == NULL)
            return refuse(lex, "a comment does not end");
        if (found > lex->source.data + lex->at && (found[-1] == '-' || found[-1] == '+'))
            found--;
        lex->at = (size_t)(found - lex->source.data);
        if (take_end(lex, "#}", true))
            return STATUS_OK;
    }
}

/* After "{%": whether the tag is @name alone. Then it is taken, to its end. */
static bool take_word_tag(struct lex *lex, const char *name, bool is_trimmed)
{
    size_t start = lex->at;

    if (is_at(lex, "-") || is_at(lex, "+"))
        lex->at++;
    skip_space(lex);
    if (is_at(lex, name)) {
        lex->at += strlen(name);
        skip_space(lex);
        if (take_end(lex, "%}", is_trimmed))
            return true;
    }
    lex->at = start;
    return false;
}

/* After "{% raw %}": its end is not trimmed, as in the reference. */
static enum status lex_raw(struct lex *lex)
{
    size_t start = lex->at;

    for (;;) {
        const char *found = memmem(lex->source.data + lex->at, lex->source.size - lex->at, "{%", 2);
        struct slice text;

        if (found == NULL)
            return refuse(lex, "a raw block does not end");
        text = slice_cut(lex->source, start, (size_t)(found - lex->source.data));
        lex->at = (size_t)(found - lex->source.data) + 2;
        text = trim_before(lex, text, lex->at < lex->source.size ? lex->source.data[lex->at] : 0,
                           true);
        if (take_word_tag(lex, "endraw", true)) {
            put_token(lex, JINJA_TOKEN_TEXT, text);
            return STATUS_OK;
        }
    }
}

/* Inside tags
 * -------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

static size_t digits_at(const struct lex *lex, size_t at)
{
    size_t count = 0;

    while (at + count < lex->source.size && is_digit(lex->source.data[at + count]))
        count++;
    return count;
}

static void lex_number(struct lex *lex)
{
    size_t end = lex->at + digits_at(lex, lex->at), digits, sign;
    enum jinja_token_kind kind = JINJA_TOKEN_INTEGER;

    if (end < lex->source.size && lex->source.data[end] == '.'
        && (digits = digits_at(lex, end + 1)) > 0) {
        kind = JINJA_TOKEN_FLOAT;
        end += 1 + digits;
    }
    if (end < lex->source.size && (lex->source.data[end] | 32) == 'e') {
        sign = end + 1 < lex->source.size
               && (lex->source.data[end + 1] == '-' || lex->source.data[end + 1] == '+');
        digits = digits_at(lex, end + 1 + sign);
        if (digits > 0) {
            kind = JINJA_TOKEN_FLOAT;
            end += 1 + sign + digits;
        }
    }
    put_token(lex, kind, slice_cut(lex->source, lex->at, end));
    lex->at = end;
}

static int hex_digits(struct slice text, size_t count, uint32_t *value)
{
    *value = 0;
    if (text.size < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        char c = text.data[i];
        int digit = is_digit(c) ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 87 : -1;

        if (digit < 0)
            return -1;
        *value = *value << 4 | (uint32_t)digit;
    }
    return 0;
}

/* The escape after a backslash at the front of @text, as in Python's literals; its size is
 * returned. One that is none keeps its backslash. */
static size_t put_escape(struct buffer *out, struct slice text)
{
    static const char names[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
    const char *found = strchr(names, text.data[0]);
    size_t digits = text.data[0] == 'x' ? 2 : text.data[0] == 'u' ? 4 : text.data[0] == 'U' ? 8 : 0;
    uint32_t value;
    char bytes[4];

    if (text.data[0] == '\n')
        return 1;
    if (found != NULL && *found != '\0') {
        buffer_put_byte(out, values[found - names]);
        return 1;
    }
    if (digits > 0 && hex_digits(slice_cut(text, 1, text.size), digits, &value) == 0) {
        buffer_put(out, slice_of(bytes, utf8_encode(value, bytes)));
        return 1 + digits;
    }
    buffer_put_byte(out, '\\');
    return 0;
}

static struct slice unescape(struct lex *lex, struct slice text)
{
    struct buffer out;

    if (slice_find_byte(text, '\\') == text.size)
        return text;
    buffer_init(&out, lex->arena);
    for (size_t at = 0; at < text.size;) {
        if (text.data[at] == '\\' && at + 1 < text.size)
            at += 1 + put_escape(&out, slice_cut(text, at + 1, text.size));
        else
            buffer_put_byte(&out, text.data[at++]);
    }
    lex->tokens.is_full |= out.is_full;
    return buffer_slice(&out);
}

static enum status lex_string(struct lex *lex)
{
    char quote = lex->source.data[lex->at];
    size_t end = lex->at + 1;

    while (end < lex->source.size && lex->source.data[end] != quote)
        end += lex->source.data[end] == '\\' ? 2 : 1;
    if (end >= lex->source.size)
        return refuse(lex, "a string does not end");
    put_token(lex, JINJA_TOKEN_STRING, unescape(lex, slice_cut(lex->source, lex->at + 1, end)));
    lex->at = end + 1;
    return STATUS_OK;
}

static enum status lex_operator(struct lex *lex)
{
    static const char *const operators[] = { "//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                             "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                             ">",  "<",  "=",  ".",  ":",  "|",  ",", NULL };
    unsigned i = 0;

    while (operators[i] != NULL && !is_at(lex, operators[i]))
        i++;
    if (operators[i] == NULL)
        return refuse(lex, "a character that no expression has");
    if (strchr("[({", operators[i][0]) != NULL) {
        if (lex->brackets_count == BRACKETS_MAX)
            return refuse(lex, "brackets are nested too deeply");
        lex->brackets[lex->brackets_count++] = operators[i][0] == '('   ? ')'
                                               : operators[i][0] == '[' ? ']'
                                                                        : '}';
    } else if (strchr("])}", operators[i][0]) != NULL) {
        if (lex->brackets_count == 0 || lex->brackets[--lex->brackets_count] != operators[i][0])
            return refuse(lex, "a bracket closes what is not open");
    }
    put_token(lex, JINJA_TOKEN_OPERATOR, slice_from(operators[i]));
    lex->at += strlen(operators[i]);
    return STATUS_OK;
}

static enum status lex_one(struct lex *lex)
{
    char c = lex->source.data[lex->at];
    size_t end = lex->at;

    if (is_digit(c)) {
        lex_number(lex);
        return STATUS_OK;
    }
    if (c == '\'' || c == '"')
        return lex_string(lex);
    if (!is_name(c))
        return lex_operator(lex);
    while (end < lex->source.size && is_name(lex->source.data[end]))
        end++;
    put_token(lex, JINJA_TOKEN_NAME, slice_cut(lex->source, lex->at, end));
    lex->at = end;
    return STATUS_OK;
}

/* The inside of a tag and its end, which does not count while a bracket is open. */
static enum status lex_tag(struct lex *lex, bool is_block)
{
    enum status status = STATUS_OK;
    size_t start;

    put_token(lex, is_block ? JINJA_TOKEN_BLOCK_BEGIN : JINJA_TOKEN_OUTPUT_BEGIN,
              (struct slice){ 0 });
    if (is_at(lex, "-") || is_at(lex, "+"))
        lex->at++;
    lex->brackets_count = 0;
    while (status == STATUS_OK) {
        skip_space(lex);
        if (lex->at == lex->source.size)
            return refuse(lex, "a tag does not end");
        start = lex->at;
        if (lex->brackets_count == 0 && take_end(lex, is_block ? "%}" : "}}", is_block)) {
            struct jinja_token token = { is_block ? JINJA_TOKEN_BLOCK_END : JINJA_TOKEN_OUTPUT_END,
                                         line_of(lex, start),
                                         { 0 } };

            buffer_put(&lex->tokens, slice_of(&token, sizeof(token)));
            return STATUS_OK;
        }
        status = lex_one(lex);
    }
    return status;
}

/* The next "{{", "{%" or "{#" at or after lex->at; the size for none. */
static size_t find_tag(const struct lex *lex)
{
    for (size_t at = lex->at; at + 1 < lex->source.size; at++)
        if (lex->source.data[at] == '{' && strchr("{%#", lex->source.data[at + 1]) != NULL
            && lex->source.data[at + 1] != '\0')
            return at;
    return lex->source.size;
}

static enum status lex_next(struct lex *lex)
{
    size_t start = lex->at, tag = find_tag(lex);
    struct slice text = slice_cut(lex->source, start, tag);
    char kind, sign;

    if (tag == lex->source.size) {
        put_token(lex, JINJA_TOKEN_TEXT, text);
        lex->at = tag;
        return STATUS_OK;
    }
    kind = lex->source.data[tag + 1];
    sign = tag + 2 < lex->source.size ? lex->source.data[tag + 2] : 0;
    text = trim_before(lex, text, sign, kind != '{');
    if (text.size > 0)
        put_token(lex, JINJA_TOKEN_TEXT, text);
    lex->at = tag + 2;
    lex->is_line_start = false;
    if (kind == '#')
        return lex_comment(lex);
    if (kind == '%' && take_word_tag(lex, "raw", false))
        return lex_raw(lex);
    return lex_tag(lex, kind == '%');
}

enum status jinja_lex(struct slice source, struct arena *arena, struct jinja_token **tokens,
                      struct error *err)
{
    struct lex lex = { .line = 1, .is_line_start = true, .arena = arena, .err = err };
    enum status status = STATUS_OK;

    lex.source = normalise(source, arena);
    buffer_init(&lex.tokens, arena);
    if (lex.source.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the chat template");
    while (status == STATUS_OK && lex.at < lex.source.size && !lex.tokens.is_full)
        status = lex_next(&lex);
    put_token(&lex, JINJA_TOKEN_END, (struct slice){ 0 });
    if (status == STATUS_OK && lex.tokens.is_full)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the chat template");
    *tokens = (struct jinja_token *)(void *)lex.tokens.data;
    return status;
}
