/* XHTML as its source shows it and as a reader sees it. */
#include "deid_normal.h"
#include "deid_writer.h"

/* Whether the attribute whose name ends at @at is markup's own and not what a reader sees. */
static bool is_style_attribute(struct slice text, size_t at)
{
    static const char *const names[] = { "xmlns",  "class",  "style",   "lang",    "width",
                                         "height", "border", "colspan", "rowspan", "align" };
    size_t start = at, i;

    while (start > 0 && (text.data[start - 1] > ' ' && text.data[start - 1] != '<'))
        start--;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_equal_fold(slice_cut(text, start, at), slice_from(names[i])))
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_name_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
}

/* A tag is "<p" or "</p", and its name ends like one. Anything else after "<" is text, or may be: a
 * comment, CDATA, "BP < 120", "<j.smith@example.org>". */
static bool is_tag(struct slice text, size_t at)
{
    at += at + 1 < text.size && text.data[at + 1] == '/' ? 2 : 1;
    if (at >= text.size || !is_letter(text.data[at]))
        return false;
    while (at < text.size && is_name_byte(text.data[at]))
        at++;
    return at == text.size || text.data[at] == '/' || text.data[at] == '>'
           || (unsigned char)text.data[at] <= ' ';
}

/* The size of a name of markup's own at @at: of the tag, or of an attribute ("=" follows); 0: what
 * stands there is no such name. */
static size_t tag_name(struct slice text, size_t at)
{
    size_t end = at;
    char before = text.data[at - 1];

    while (end < text.size && is_letter(text.data[end]))
        end++;
    return before == '<' || before == '/' || (end < text.size && text.data[end] == '=') ? end - at
                                                                                        : 0;
}

/* Whether the value that opens with the quote at @at ends within its tag. */
static bool is_closed(struct slice text, size_t at)
{
    char quote = text.data[at];

    for (at++; at < text.size && text.data[at] != '<' && text.data[at] != '>'; at++)
        if (text.data[at] == quote)
            return true;
    return false;
}

static void put_blank(struct deid_writer *writer, size_t at, size_t count)
{
    for (size_t end = at + count; at < end; at++)
        deid_writer_put(writer, '\n', (uint32_t)at, (uint32_t)at + 1);
}

/* A tag at @at, to its end: its names, its own punctuation and what is style are blank, all else in
 * it is read like text; @is_hidden: the other way about. Returns where it ends. */
static size_t put_tag(struct slice text, size_t at, bool is_hidden, struct deid_writer *writer)
{
    char quote = 0;
    bool is_style = false, is_own;

    while (at < text.size) {
        char c = text.data[at];
        bool is_end = quote == 0 && c == '>';
        bool is_mark = quote == 0 ? strchr("<>/=\"'", c) != NULL && c != '\0' : c == quote;
        size_t name = quote == 0 && is_letter(c) ? tag_name(text, at) : 0, end;

        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            is_style =
                text.data[at - 1] == '=' && is_style_attribute(text, at - 1) && is_closed(text, at);
        } else if (c == quote) {
            quote = 0;
        }
        is_own = name > 0 || (quote != 0 && is_style);
        if (is_mark || is_own != is_hidden) {
            put_blank(writer, at, name > 0 ? name : 1);
            at += name > 0 ? name : 1;
        } else {
            end = at + (name > 0 ? name : 1);
            while (at < end)
                at += deid_writer_put_next(writer, text, at);
        }
        if (is_end)
            break;
    }
    return at;
}

enum status deid_normal_markup(struct slice original, struct arena *arena, struct deid_text *text,
                               struct error *err)
{
    struct deid_writer writer;
    size_t at = 0;

    if (deid_writer_open(&writer, original, arena, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    while (at < original.size) {
        if (original.data[at] == '<' && is_tag(original, at))
            at = put_tag(original, at, false, &writer);
        else
            at += deid_writer_put_next(&writer, original, at);
    }
    return deid_writer_close(&writer, original, text, err);
}

/* Elements that a browser draws within the line. */
static bool is_inline(struct slice name)
{
    static const char *const names[] = {
        "a",     "abbr", "acronym", "b",      "bdi", "bdo", "big",   "cite", "code", "data", "del",
        "dfn",   "em",   "font",    "i",      "ins", "kbd", "label", "mark", "q",    "s",    "samp",
        "small", "span", "strike",  "strong", "sub", "sup", "time",  "tt",   "u",    "var",  "wbr"
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_equal_fold(name, slice_from(names[i])))
            return true;
    return false;
}

/* Where the whole tag at @at ends; 0 when no ">" ends it before the next "<". */
static size_t tag_end(struct slice text, size_t at)
{
    char quote = 0;

    for (at++; at < text.size && text.data[at] != '<'; at++) {
        char c = text.data[at];

        if (quote == 0 && c == '>')
            return at + 1;
        if (quote == 0 && (c == '"' || c == '\''))
            quote = c;
        else if (c == quote)
            quote = 0;
    }
    return 0;
}

/* Where the run of inline tags that begins at @at ends; @at when none does. */
static size_t inline_end(struct slice text, size_t at)
{
    while (at < text.size && text.data[at] == '<' && is_tag(text, at)) {
        size_t name = at + (text.data[at + 1] == '/' ? 2 : 1), stop = name, end;

        while (
            stop < text.size
            && (is_letter(text.data[stop]) || (text.data[stop] >= '0' && text.data[stop] <= '9')))
            stop++;
        end = is_inline(slice_cut(text, name, stop)) ? tag_end(text, at) : 0;
        if (end == 0)
            break;
        at = end;
    }
    return at;
}

/* Whether two words meet where @before and @after touch: "Amara</i><i>Okonjo",
 * "Okonjo,</i><i>Amara". */
static bool is_seam(char before, char after)
{
    bool is_upper = after >= 'A' && after <= 'Z';

    if (before == ',' || before == ';' || before == ':')
        return is_letter(after);
    return is_upper && ((before >= 'a' && before <= 'z') || before == '.');
}

enum status deid_normal_reading(struct slice original, struct arena *arena, struct deid_text *text,
                                bool *is_other, struct error *err)
{
    struct deid_writer writer;
    size_t at = 0;

    *is_other = deid_normal_has_control(original);
    if (deid_writer_open(&writer, original, arena, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    writer.is_joined = *is_other;
    while (at < original.size) {
        size_t end = inline_end(original, at);

        if (end > at) {
            *is_other = true;
            if (writer.size > 0 && end < original.size
                && is_seam(writer.folded[writer.size - 1], original.data[end]))
                deid_writer_put(&writer, ' ', (uint32_t)at, (uint32_t)at + 1);
            at = end;
        } else if (original.data[at] == '<' && is_tag(original, at)) {
            at = put_tag(original, at, false, &writer);
        } else {
            at += deid_writer_put_next(&writer, original, at);
        }
    }
    return deid_writer_close(&writer, original, text, err);
}

enum status deid_normal_hidden(struct slice original, struct arena *arena, struct deid_text *text,
                               struct error *err)
{
    struct deid_writer writer;
    size_t at = 0;

    if (deid_writer_open(&writer, original, arena, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    while (at < original.size) {
        at += slice_find_byte(slice_cut(original, at, original.size), '<');
        if (at < original.size)
            at = is_tag(original, at) ? put_tag(original, at, true, &writer) : at + 1;
    }
    return deid_writer_close(&writer, original, text, err);
}
