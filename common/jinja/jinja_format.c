/* Values as text: str() and repr() of Python, and json.dumps as chat templates call it. What is
 * written of a value that came in is untrusted as it was; quotes, commas and numbers are the
 * template's own and trusted: no control piece is made of them alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "jinja/jinja_run.h"

/* Values nest as deep as JSON may, and templates put a few lists around. */
#define DEPTH_MAX 100

struct format {
    struct jinja_run *run;
    struct jinja_builder builder;
    unsigned depth;
    /* json.dumps */
    bool is_json, is_ascii, is_sorted;
    struct jinja_text indent; /* {NULL}: none */
    struct jinja_text item_separator, key_separator;
};

static void put_value(struct format *format, struct jinja_value value);

static void put_string(struct format *format, const char *string)
{
    jinja_builder_put_string(&format->builder, string);
}

static void put_integer(struct format *format, int64_t integer)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)integer);
    put_string(format, text);
}

/* The shortest digits that read back as the same number, as Python's repr. */
static void put_float(struct format *format, double real)
{
    char digits[40], text[80], *exponent;
    int precision = 0, power;

    if (isnan(real) || isinf(real)) {
        put_string(format, isnan(real)       ? (format->is_json ? "NaN" : "nan")
                           : format->is_json ? (real > 0 ? "Infinity" : "-Infinity")
                                             : (real > 0 ? "inf" : "-inf"));
        return;
    }
    do
        snprintf(digits, sizeof(digits), "%.*e", precision, real);
    while (strtod(digits, NULL) != real && precision++ < 17);
    exponent = strchr(digits, 'e');
    power = atoi(exponent + 1);
    if (power >= -4 && power < 16) {
        snprintf(text, sizeof(text), "%.*f", precision - power > 1 ? precision - power : 1, real);
    } else {
        *exponent = '\0';
        snprintf(text, sizeof(text), "%se%c%02d", digits, power < 0 ? '-' : '+', abs(power));
    }
    put_string(format, text);
}

static bool is_trusted_at(struct jinja_text text, size_t at)
{
    return text.marks == NULL ? text.is_trusted : text.marks[at] != 0;
}

/* Puts @text, with @escape called for each code point: what it writes stands for it. False: itself.
 */
static void put_with_escapes(struct format *format, struct jinja_text text,
                             bool (*escape)(struct format *format, uint32_t code_point,
                                            char *escaped, size_t escaped_size))
{
    size_t start = 0, size;
    char escaped[32];

    jinja_step(format->run, text.size);
    for (size_t at = 0; at < text.size; at += size) {
        uint32_t code_point = utf8_decode(slice_cut(jinja_text_slice(text), at, text.size), &size);

        if (!escape(format, code_point, escaped, sizeof(escaped)))
            continue;
        jinja_builder_put(&format->builder, jinja_text_cut(text, start, at));
        jinja_builder_put_slice(&format->builder, slice_from(escaped), is_trusted_at(text, at));
        start = at + size;
    }
    jinja_builder_put(&format->builder, jinja_text_cut(text, start, text.size));
}

static bool escape_json(struct format *format, uint32_t c, char *escaped, size_t size)
{
    static const char characters[] = "\"\\\n\r\t\f\b", letters[] = "\"\\nrtfb";
    const char *found = c != 0 && c < 0x80 ? strchr(characters, (int)c) : NULL;

    if (found != NULL)
        snprintf(escaped, size, "\\%c", letters[found - characters]);
    else if (c < 0x20 || (format->is_ascii && c >= 0x7f && c < 0x10000))
        snprintf(escaped, size, "\\u%04x", c);
    else if (format->is_ascii && c >= 0x10000)
        snprintf(escaped, size, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                 0xdc00 + ((c - 0x10000) & 0x3ff));
    else
        return false;
    return true;
}

static bool escape_repr(uint32_t c, char quote, char *escaped, size_t size)
{
    if (c == '\n' || c == '\r' || c == '\t')
        snprintf(escaped, size, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (c == '\\' || c == (unsigned char)quote)
        snprintf(escaped, size, "\\%c", (int)c);
    else if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad)
        snprintf(escaped, size, "\\x%02x", c);
    else if ((c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f)
             || (c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff
             || (c >= 0xe000 && c <= 0xf8ff))
        snprintf(escaped, size, "\\u%04x", c);
    else
        return false;
    return true;
}

static bool escape_single(struct format *format, uint32_t c, char *escaped, size_t size)
{
    (void)format;
    return escape_repr(c, '\'', escaped, size);
}

static bool escape_double(struct format *format, uint32_t c, char *escaped, size_t size)
{
    (void)format;
    return escape_repr(c, '"', escaped, size);
}

static void put_quoted(struct format *format, struct jinja_text text)
{
    struct slice bytes = jinja_text_slice(text);
    bool is_double =
        format->is_json
        || (slice_find_byte(bytes, '\'') < bytes.size && slice_find_byte(bytes, '"') == bytes.size);

    put_string(format, is_double ? "\"" : "'");
    put_with_escapes(format, text,
                     format->is_json ? escape_json
                     : is_double     ? escape_double
                                     : escape_single);
    put_string(format, is_double ? "\"" : "'");
}

static void put_line(struct format *format)
{
    if (format->indent.data == NULL)
        return;
    put_string(format, "\n");
    for (unsigned i = 0; i < format->depth; i++)
        jinja_builder_put(&format->builder, format->indent);
}

static void put_list(struct format *format, struct jinja_value value)
{
    bool is_tuple = value.is_tuple && !format->is_json;

    put_string(format, is_tuple ? "(" : "[");
    for (size_t i = 0; i < value.list->count && jinja_step(format->run, 0); i++) {
        if (i > 0)
            jinja_builder_put(&format->builder, format->item_separator);
        put_line(format);
        put_value(format, value.list->items[i]);
    }
    format->depth--;
    if (value.list->count > 0)
        put_line(format);
    format->depth++;
    put_string(format, is_tuple && value.list->count == 1 ? ",)" : is_tuple ? ")" : "]");
}

static void put_key(struct format *format, struct jinja_value key)
{
    if (!format->is_json || key.kind == JINJA_KIND_STRING) {
        put_value(format, key);
        return;
    }
    put_string(format, "\"");
    put_value(format, key);
    put_string(format, "\"");
}

static int compare_pairs(const void *a, const void *b)
{
    int order = 0;

    jinja_compare(((const struct jinja_pair *)a)->key, ((const struct jinja_pair *)b)->key, &order);
    return order;
}

static struct jinja_pair *sorted_pairs(struct format *format, const struct jinja_dict *dict)
{
    struct jinja_pair *pairs = ARENA_ARRAY(format->run->arena, struct jinja_pair, dict->count);

    if (pairs == NULL) {
        jinja_fail_memory(format->run);
        return dict->pairs;
    }
    if (dict->count > 0) {
        memcpy(pairs, dict->pairs, dict->count * sizeof(*pairs));
        qsort(pairs, dict->count, sizeof(*pairs), compare_pairs);
    }
    return pairs;
}

static void put_dict(struct format *format, const struct jinja_dict *dict)
{
    const struct jinja_pair *pairs = format->is_sorted ? sorted_pairs(format, dict) : dict->pairs;

    put_string(format, "{");
    for (size_t i = 0; i < dict->count && jinja_step(format->run, 0); i++) {
        if (i > 0)
            jinja_builder_put(&format->builder, format->item_separator);
        put_line(format);
        put_key(format, pairs[i].key);
        jinja_builder_put(&format->builder, format->key_separator);
        put_value(format, pairs[i].value);
    }
    format->depth--;
    if (dict->count > 0)
        put_line(format);
    format->depth++;
    put_string(format, "}");
}

static void put_other(struct format *format, struct jinja_value value)
{
    if (format->is_json)
        jinja_fail(format->run, STATUS_FAILED_PRECONDITION, "a value of kind %s as JSON",
                   jinja_kind_name(value));
    else if (value.kind == JINJA_KIND_UNDEFINED)
        put_string(format, "Undefined");
    else
        jinja_fail(format->run, STATUS_FAILED_PRECONDITION, "a value of kind %s as text",
                   jinja_kind_name(value));
}

static void put_nested(struct format *format, struct jinja_value value)
{
    if (format->depth >= DEPTH_MAX) {
        jinja_fail(format->run, STATUS_RESOURCE_EXHAUSTED, "a value nested over %d deep",
                   DEPTH_MAX);
        return;
    }
    format->depth++;
    if (value.kind == JINJA_KIND_LIST)
        put_list(format, value);
    else
        put_dict(format, value.dict);
    format->depth--;
}

static void put_value(struct format *format, struct jinja_value value)
{
    switch (value.kind) {
    case JINJA_KIND_NONE:
        put_string(format, format->is_json ? "null" : "None");
        break;
    case JINJA_KIND_BOOL:
        put_string(format, format->is_json ? (value.truth ? "true" : "false")
                                           : (value.truth ? "True" : "False"));
        break;
    case JINJA_KIND_INT:
        put_integer(format, value.integer);
        break;
    case JINJA_KIND_FLOAT:
        put_float(format, value.real);
        break;
    case JINJA_KIND_STRING:
        put_quoted(format, value.text);
        break;
    case JINJA_KIND_LIST:
        if (value.is_lazy)
            put_other(format, value);
        else
            put_nested(format, value);
        break;
    case JINJA_KIND_DICT:
        put_nested(format, value);
        break;
    default:
        put_other(format, value);
    }
}

static void format_init(struct format *format, struct jinja_run *run)
{
    *format = (struct format){ .run = run };
    format->item_separator = jinja_text_of(SLICE(", "), true);
    format->key_separator = jinja_text_of(SLICE(": "), true);
    jinja_builder_init(&format->builder, run->arena);
}

struct jinja_text jinja_text_from(struct jinja_run *run, struct jinja_value value)
{
    struct format format;

    if (value.kind == JINJA_KIND_STRING)
        return value.text;
    if (value.kind == JINJA_KIND_UNDEFINED)
        return jinja_text_of(SLICE(""), true);
    format_init(&format, run);
    put_value(&format, value);
    value = jinja_make_text(run, &format.builder);
    return value.kind == JINJA_KIND_STRING ? value.text : jinja_text_of(SLICE(""), true);
}

static void set_indent(struct format *format, struct jinja_value indent)
{
    static const char blanks[] = "                                ";

    if (indent.kind == JINJA_KIND_NONE || indent.kind == JINJA_KIND_UNDEFINED)
        return;
    format->item_separator = jinja_text_of(SLICE(","), true);
    if (indent.kind == JINJA_KIND_STRING)
        format->indent = jinja_text_cut(indent.text, 0, indent.text.size);
    else if (indent.kind == JINJA_KIND_INT && indent.integer <= (int64_t)sizeof(blanks) - 1)
        format->indent =
            jinja_text_of(slice_of(blanks, indent.integer < 0 ? 0 : (size_t)indent.integer), true);
    else
        jinja_fail(format->run, STATUS_UNIMPLEMENTED, "tojson with such an indent");
}

/* ensure_ascii indent separators sort_keys */
struct jinja_value jinja_to_json(struct jinja_run *run, struct jinja_value value,
                                 const struct jinja_value *bound)
{
    struct format format;

    format_init(&format, run);
    format.is_json = true;
    format.is_ascii = jinja_is_true(bound[0]);
    format.is_sorted = jinja_is_true(bound[3]);
    set_indent(&format, bound[1]);
    if (bound[2].kind == JINJA_KIND_LIST && bound[2].list->count == 2
        && bound[2].list->items[0].kind == JINJA_KIND_STRING
        && bound[2].list->items[1].kind == JINJA_KIND_STRING) {
        format.item_separator = bound[2].list->items[0].text;
        format.key_separator = bound[2].list->items[1].text;
    } else if (bound[2].kind != JINJA_KIND_UNDEFINED && bound[2].kind != JINJA_KIND_NONE) {
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "separators that are not two strings");
    }
    put_value(&format, value);
    return jinja_make_text(run, &format.builder);
}
