#include "consilium_deid_xml.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define ENTITY_BYTES_MAX 12

void deid_xml_init(struct deid_xml *xml, struct slice bytes)
{
    *xml = (struct deid_xml){ .bytes = bytes };
    if (slice_starts_with(bytes, SLICE("\xef\xbb\xbf")))
        xml->at = 3;
}

static enum status refuse(const struct deid_xml *xml, const char *what, struct error *err)
{
    return error_set(err, STATUS_INVALID_ARGUMENT, "%s at byte %zu", what, xml->at);
}

static struct slice rest_of(const struct deid_xml *xml)
{
    return slice_cut(xml->bytes, xml->at, xml->bytes.size);
}

/* Past the next @end, or false. @found: what stands before it. */
static bool skip_past(struct deid_xml *xml, const char *end, struct slice *found)
{
    struct slice rest = rest_of(xml);
    const char *at = memmem(rest.data, rest.size, end, strlen(end));

    if (at == NULL)
        return false;
    *found = slice_of(rest.data, (size_t)(at - rest.data));
    xml->at += found->size + strlen(end);
    return true;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
           || c == '-' || c == '.' || c == ':';
}

static size_t name_end(struct slice text, size_t at)
{
    while (at < text.size && is_name_byte(text.data[at]))
        at++;
    return at;
}

/* The '>' of a tag, which may stand in a quoted value. text.size: none. */
static size_t tag_end(struct slice text)
{
    char quote = 0;
    size_t at;

    for (at = 0; at < text.size; at++) {
        char c = text.data[at];

        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return at;
    }
    return at;
}

static enum status read_tag(struct deid_xml *xml, enum deid_xml_kind *kind, struct error *err)
{
    struct slice rest = slice_cut(rest_of(xml), 1, SIZE_MAX);
    bool is_close = rest.size > 0 && rest.data[0] == '/';
    size_t end = tag_end(rest), from = is_close ? 1 : 0, name = name_end(rest, from);

    if (end == rest.size || name == from)
        return refuse(xml, "a tag that does not end or has no name", err);
    xml->name = slice_cut(rest, from, name);
    xml->is_empty = !is_close && rest.data[end - 1] == '/';
    xml->attributes = slice_cut(rest, name, xml->is_empty ? end - 1 : end);
    xml->at += end + 2;
    *kind = is_close ? DEID_XML_CLOSE : DEID_XML_OPEN;
    return STATUS_OK;
}

enum status deid_xml_next(struct deid_xml *xml, enum deid_xml_kind *kind, struct error *err)
{
    struct slice rest, skipped;

    if (xml->is_empty) {
        xml->is_empty = false;
        *kind = DEID_XML_CLOSE;
        return STATUS_OK;
    }
    for (;;) {
        rest = rest_of(xml);
        *kind = rest.size == 0 ? DEID_XML_END : DEID_XML_TEXT;
        if (rest.size == 0)
            return STATUS_OK;
        xml->is_raw = slice_starts_with(rest, SLICE("<![CDATA["));
        if (xml->is_raw) {
            xml->at += 9;
            return skip_past(xml, "]]>", &xml->text) ? STATUS_OK
                                                     : refuse(xml, "CDATA without an end", err);
        }
        if (rest.data[0] != '<') {
            xml->text = slice_cut(rest, 0, slice_find_byte(rest, '<'));
            xml->at += xml->text.size;
            return STATUS_OK;
        }
        if (slice_starts_with(rest, SLICE("<!--"))) {
            if (!skip_past(xml, "-->", &skipped))
                return refuse(xml, "a comment without an end", err);
        } else if (slice_starts_with(rest, SLICE("<?")) || slice_starts_with(rest, SLICE("<!"))) {
            if (!skip_past(xml, ">", &skipped))
                return refuse(xml, "a declaration without an end", err);
        } else {
            return read_tag(xml, kind, err);
        }
    }
}

/* ---- entities ---- */

static uint32_t point_of_number(struct slice digits)
{
    bool is_hex = digits.size > 0 && (digits.data[0] | 32) == 'x';
    uint32_t point = 0, base = is_hex ? 16 : 10;
    size_t i;

    for (i = is_hex ? 1 : 0; i < digits.size && point <= 0x10ffff; i++) {
        char c = digits.data[i];
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                         : (c | 32) >= 'a' && (c | 32) <= 'f' && is_hex
                             ? (uint32_t)((c | 32) - 'a') + 10
                             : 99;

        if (digit >= base)
            return UTF8_INVALID;
        point = point * base + digit;
    }
    return digits.size > (is_hex ? 1 : 0) ? point : UTF8_INVALID;
}

/* The character that "&@name;" stands for. */
static uint32_t point_of(struct slice name)
{
    static const struct {
        const char *name;
        char c;
    } rows[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' } };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (slice_is(name, rows[i].name))
            return (uint32_t)rows[i].c;
    if (name.size > 0 && name.data[0] == '#')
        return point_of_number(slice_cut(name, 1, name.size));
    return UTF8_INVALID;
}

/* Append @text; false for an entity that is unknown. */
static bool put_resolved(struct buffer *out, struct slice text, bool is_raw)
{
    size_t at;

    for (at = 0; at < text.size; at++) {
        char c = text.data[at], encoded[4];
        struct slice name;
        size_t size;

        if (c == '\r') {
            if (at + 1 >= text.size || text.data[at + 1] != '\n')
                buffer_put_byte(out, '\n');
            continue;
        }
        if (c != '&' || is_raw) {
            buffer_put_byte(out, c);
            continue;
        }
        name = slice_cut(text, at + 1, at + 1 + ENTITY_BYTES_MAX);
        name = slice_cut(name, 0, slice_find_byte(name, ';'));
        size = point_of(name) == UTF8_INVALID ? 0 : utf8_encode(point_of(name), encoded);
        if (size == 0)
            return false;
        buffer_put(out, slice_of(encoded, size));
        at += name.size + 1;
    }
    return true;
}

enum status deid_xml_put_text(const struct deid_xml *xml, struct buffer *out, struct error *err)
{
    return put_resolved(out, xml->text, xml->is_raw) ? STATUS_OK
                                                     : refuse(xml, "an unknown entity before", err);
}

struct slice deid_xml_attribute(const struct deid_xml *xml, const char *name, struct arena *arena)
{
    struct slice all = xml->attributes;
    size_t at = 0;

    while (at < all.size) {
        size_t end = name_end(all, at), open = end, close;
        struct buffer value;

        while (open < all.size && (all.data[open] == ' ' || all.data[open] == '='))
            open++;
        if (end == at || open >= all.size || (all.data[open] != '"' && all.data[open] != '\'')) {
            at = end > at ? end : at + 1;
            continue;
        }
        close = open + 1 + slice_find_byte(slice_cut(all, open + 1, all.size), all.data[open]);
        if (slice_is(slice_cut(all, at, end), name)) {
            buffer_init(&value, arena);
            put_resolved(&value, slice_cut(all, open + 1, close), false);
            return buffer_slice(&value).data == NULL ? SLICE("") : buffer_slice(&value);
        }
        at = close + 1;
    }
    return (struct slice){ NULL, 0 };
}
