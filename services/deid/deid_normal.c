#include "deid_normal.h"

#include <stdlib.h>

#include "base/utf8.h"

#define TEXT_BYTES_MAX (1u << 30)

struct fold {
    uint32_t from;
    const char *to;
};

/* Sorted by code point. Cyrillic and Greek letters that are drawn like Latin ones, and Latin
 * letters with marks: a name list in ASCII then finds José, Zoë and a Раul whose first letter is
 * Cyrillic. */
static const struct fold folds[] = {
    { 0x00a0, " " },  { 0x00c0, "A" },  { 0x00c1, "A" }, { 0x00c2, "A" }, { 0x00c3, "A" },
    { 0x00c4, "A" },  { 0x00c5, "A" },  { 0x00c7, "C" }, { 0x00c8, "E" }, { 0x00c9, "E" },
    { 0x00ca, "E" },  { 0x00cb, "E" },  { 0x00cc, "I" }, { 0x00cd, "I" }, { 0x00ce, "I" },
    { 0x00cf, "I" },  { 0x00d1, "N" },  { 0x00d2, "O" }, { 0x00d3, "O" }, { 0x00d4, "O" },
    { 0x00d5, "O" },  { 0x00d6, "O" },  { 0x00d8, "O" }, { 0x00d9, "U" }, { 0x00da, "U" },
    { 0x00db, "U" },  { 0x00dc, "U" },  { 0x00dd, "Y" }, { 0x00e0, "a" }, { 0x00e1, "a" },
    { 0x00e2, "a" },  { 0x00e3, "a" },  { 0x00e4, "a" }, { 0x00e5, "a" }, { 0x00e7, "c" },
    { 0x00e8, "e" },  { 0x00e9, "e" },  { 0x00ea, "e" }, { 0x00eb, "e" }, { 0x00ec, "i" },
    { 0x00ed, "i" },  { 0x00ee, "i" },  { 0x00ef, "i" }, { 0x00f1, "n" }, { 0x00f2, "o" },
    { 0x00f3, "o" },  { 0x00f4, "o" },  { 0x00f5, "o" }, { 0x00f6, "o" }, { 0x00f8, "o" },
    { 0x00f9, "u" },  { 0x00fa, "u" },  { 0x00fb, "u" }, { 0x00fc, "u" }, { 0x00fd, "y" },
    { 0x00ff, "y" },  { 0x0107, "c" },  { 0x010c, "C" }, { 0x010d, "c" }, { 0x011f, "g" },
    { 0x0130, "I" },  { 0x0131, "i" },  { 0x0141, "L" }, { 0x0142, "l" }, { 0x0144, "n" },
    { 0x015a, "S" },  { 0x015b, "s" },  { 0x015e, "S" }, { 0x015f, "s" }, { 0x0160, "S" },
    { 0x0161, "s" },  { 0x017a, "z" },  { 0x017c, "z" }, { 0x017d, "Z" }, { 0x017e, "z" },
    { 0x0251, "a" },  { 0x0261, "g" },  { 0x0391, "A" }, { 0x0392, "B" }, { 0x0395, "E" },
    { 0x0396, "Z" },  { 0x0397, "H" },  { 0x0399, "I" }, { 0x039a, "K" }, { 0x039c, "M" },
    { 0x039d, "N" },  { 0x039f, "O" },  { 0x03a1, "P" }, { 0x03a4, "T" }, { 0x03a5, "Y" },
    { 0x03a7, "X" },  { 0x03bf, "o" },  { 0x0405, "S" }, { 0x0406, "I" }, { 0x0408, "J" },
    { 0x0410, "A" },  { 0x0412, "B" },  { 0x0415, "E" }, { 0x041a, "K" }, { 0x041c, "M" },
    { 0x041d, "H" },  { 0x041e, "O" },  { 0x0420, "P" }, { 0x0421, "C" }, { 0x0422, "T" },
    { 0x0425, "X" },  { 0x0430, "a" },  { 0x0435, "e" }, { 0x043e, "o" }, { 0x0440, "p" },
    { 0x0441, "c" },  { 0x0443, "y" },  { 0x0445, "x" }, { 0x0455, "s" }, { 0x0456, "i" },
    { 0x0458, "j" },  { 0x04bb, "h" },  { 0x0501, "d" }, { 0x051b, "q" }, { 0x051d, "w" },
    { 0x2000, " " },  { 0x2001, " " },  { 0x2002, " " }, { 0x2003, " " }, { 0x2004, " " },
    { 0x2005, " " },  { 0x2006, " " },  { 0x2007, " " }, { 0x2008, " " }, { 0x2009, " " },
    { 0x200a, " " },  { 0x2010, "-" },  { 0x2011, "-" }, { 0x2012, "-" }, { 0x2013, "-" },
    { 0x2014, "-" },  { 0x2015, "-" },  { 0x2018, "'" }, { 0x2019, "'" }, { 0x201b, "'" },
    { 0x201c, "\"" }, { 0x201d, "\"" }, { 0x202f, " " }, { 0x205f, " " }, { 0x2212, "-" },
    { 0x3000, " " },
};

static bool is_invisible(uint32_t c)
{
    return c == 0x00ad || c == 0x034f || c == 0x061c || c == 0x180e || (c >= 0x200b && c <= 0x200f)
           || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff
           || (c >= 0xfe00 && c <= 0xfe0f);
}

/* A control that opens a run belongs to what follows it, so that it goes when that goes. */
static bool is_opening(uint32_t c)
{
    return c == 0x202a || c == 0x202b || c == 0x202d || c == 0x202e || (c >= 0x2066 && c <= 0x2068);
}

static int fold_compare(const void *key, const void *row)
{
    uint32_t a = *(const uint32_t *)key, b = ((const struct fold *)row)->from;

    return a < b ? -1 : a > b;
}

/* What @c is read as, written to @out. */
static size_t fold(uint32_t c, char *out)
{
    const struct fold *row;

    if (c >= 0xff01 && c <= 0xff5e) { /* full width forms of ASCII */
        out[0] = (char)(c - 0xff01 + 0x21);
        return 1;
    }
    if (c >= 0x1d400 && c <= 0x1d6a3) { /* mathematical alphabets: 52 letters each */
        unsigned letter = (c - 0x1d400) % 52;
        out[0] = (char)(letter < 26 ? 'A' + letter : 'a' + letter - 26);
        return 1;
    }
    row = bsearch(&c, folds, sizeof(folds) / sizeof(folds[0]), sizeof(folds[0]), fold_compare);
    if (row == NULL)
        return utf8_encode(c, out);
    out[0] = row->to[0];
    return 1;
}

static bool is_ascii(struct slice text)
{
    uint64_t all = 0;
    size_t i;

    for (i = 0; i + 8 <= text.size; i += 8) {
        uint64_t word;
        memcpy(&word, text.data + i, 8);
        all |= word;
    }
    for (; i < text.size; i++)
        all |= (uint8_t)text.data[i];
    return (all & 0x8080808080808080u) == 0;
}

struct writer {
    char *folded;
    uint32_t *start, *end;
    size_t size;
    uint32_t opening; /* where a run of opening controls began; UINT32_MAX: none */
};

static enum status writer_open(struct writer *writer, struct slice original, struct arena *arena,
                               struct error *err)
{
    if (original.size > TEXT_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a text of %zu bytes, at most %u",
                         original.size, TEXT_BYTES_MAX);
    if (!utf8_is_valid(original))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a text that is not UTF-8");
    writer->folded = arena_alloc(arena, original.size + 1);
    writer->start = arena_alloc(arena, (original.size + 1) * sizeof(uint32_t));
    writer->end = arena_alloc(arena, (original.size + 1) * sizeof(uint32_t));
    writer->size = 0;
    writer->opening = UINT32_MAX;
    if (writer->folded == NULL || writer->start == NULL || writer->end == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a text of %zu bytes",
                         original.size);
    return STATUS_OK;
}

/* The character @c at [@at, @end) of the original. Folding never makes it longer. */
static void writer_put(struct writer *writer, uint32_t c, uint32_t at, uint32_t end)
{
    char bytes[4];
    size_t size, i;

    if (is_invisible(c)) {
        if (is_opening(c) && writer->opening == UINT32_MAX)
            writer->opening = at;
        else if (!is_opening(c) && writer->size > 0)
            writer->end[writer->size - 1] = end;
        return;
    }
    size = c < 0x80 ? 1 : fold(c, bytes);
    if (c < 0x80)
        bytes[0] = (char)c;
    for (i = 0; i < size; i++) {
        writer->folded[writer->size] = bytes[i];
        writer->start[writer->size] = writer->opening < at ? writer->opening : at;
        writer->end[writer->size++] = end;
    }
    writer->opening = UINT32_MAX;
}

static void writer_close(struct writer *writer, struct slice original, struct deid_text *text)
{
    *text = (struct deid_text){ original, slice_of(writer->folded, writer->size), writer->start,
                                writer->end };
}

enum status deid_normal(struct slice original, struct arena *arena, struct deid_text *text,
                        struct error *err)
{
    struct writer writer;
    size_t at = 0;

    if (original.size <= TEXT_BYTES_MAX && is_ascii(original)) {
        *text = (struct deid_text){ original, original, NULL, NULL };
        return STATUS_OK;
    }
    if (writer_open(&writer, original, arena, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    while (at < original.size) {
        size_t size;
        uint32_t c = utf8_decode(slice_cut(original, at, original.size), &size);
        writer_put(&writer, c, (uint32_t)at, (uint32_t)(at + size));
        at += size;
    }
    writer_close(&writer, original, text);
    return STATUS_OK;
}

/* "&#74;", "&#x4a;", "&amp;": the character and the size of the reference; 0 when it is none. */
static size_t reference_read(struct slice text, uint32_t *c)
{
    static const struct {
        const char *name;
        uint32_t c;
    } names[] = { { "&amp;", '&' },  { "&lt;", '<' },    { "&gt;", '>' },
                  { "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", 0xa0 } };
    uint32_t value = 0;
    size_t i, digits = 0;
    bool is_hex;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_starts_with(text, slice_from(names[i].name))) {
            *c = names[i].c;
            return strlen(names[i].name);
        }
    if (text.size < 4 || text.data[1] != '#')
        return 0;
    is_hex = text.data[2] == 'x' || text.data[2] == 'X';
    for (i = is_hex ? 3 : 2; i < text.size && i < 12 && text.data[i] != ';'; i++, digits++) {
        char d = text.data[i];
        unsigned n = d >= '0' && d <= '9' ? (unsigned)(d - '0')
                     : is_hex && (d | 32) >= 'a' && (d | 32) <= 'f'
                         ? (unsigned)((d | 32) - 'a' + 10)
                         : 99;
        if (n == 99)
            return 0;
        value = value * (is_hex ? 16 : 10) + n;
    }
    if (digits == 0 || i >= text.size || text.data[i] != ';' || value == 0 || value > 0x10ffff
        || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *c = value;
    return i + 1;
}

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

/* The character at @at, or the one that a reference there stands for; its size in the text. */
static size_t put_character(struct slice text, size_t at, struct writer *writer)
{
    struct slice rest = slice_cut(text, at, text.size);
    uint32_t c = 0;
    size_t size = rest.data[0] == '&' ? reference_read(rest, &c) : 0;

    if (size == 0)
        c = utf8_decode(rest, &size);
    writer_put(writer, c, (uint32_t)at, (uint32_t)(at + size));
    return size;
}

static bool is_letter(char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* A tag begins with "<p" or "</p". Anything else after "<" is text, or may be: a comment, CDATA,
 * "BP < 120". */
static bool is_tag(struct slice text, size_t at)
{
    at += at + 1 < text.size && text.data[at + 1] == '/' ? 2 : 1;
    return at < text.size && is_letter(text.data[at]);
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

static void put_blank(struct writer *writer, size_t at, size_t count)
{
    for (size_t end = at + count; at < end; at++)
        writer_put(writer, '\n', (uint32_t)at, (uint32_t)at + 1);
}

/* A tag at @at, to its end: its names and its own punctuation are blank, all else in it is read
 * like text. Returns where it ends. */
static size_t put_tag(struct slice text, size_t at, struct writer *writer)
{
    char quote = 0;
    bool is_style = false;

    while (at < text.size) {
        char c = text.data[at];
        bool is_end = quote == 0 && c == '>';
        bool is_mark = quote == 0 ? strchr("<>/=\"'", c) != NULL && c != '\0' : c == quote;
        size_t name = quote == 0 && is_letter(c) ? tag_name(text, at) : 0;

        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            is_style =
                text.data[at - 1] == '=' && is_style_attribute(text, at - 1) && is_closed(text, at);
        } else if (c == quote) {
            quote = 0;
        }
        if (is_mark || name > 0 || (quote != 0 && is_style)) {
            put_blank(writer, at, name > 0 ? name : 1);
            at += name > 0 ? name : 1;
        } else {
            at += put_character(text, at, writer);
        }
        if (is_end)
            break;
    }
    return at;
}

enum status deid_normal_markup(struct slice original, struct arena *arena, struct deid_text *text,
                               struct error *err)
{
    struct writer writer;
    size_t at = 0;

    if (writer_open(&writer, original, arena, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    while (at < original.size) {
        if (original.data[at] == '<' && is_tag(original, at))
            at = put_tag(original, at, &writer);
        else
            at += put_character(original, at, &writer);
    }
    writer_close(&writer, original, text);
    return STATUS_OK;
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
    struct writer writer;
    size_t at = 0;

    *is_other = false;
    if (writer_open(&writer, original, arena, err) != STATUS_OK)
        return err == NULL ? STATUS_INVALID_ARGUMENT : err->status;
    while (at < original.size) {
        size_t end = inline_end(original, at);

        if (end > at) {
            *is_other = true;
            if (writer.size > 0 && end < original.size
                && is_seam(writer.folded[writer.size - 1], original.data[end]))
                writer_put(&writer, ' ', (uint32_t)at, (uint32_t)at + 1);
            at = end;
        } else if (original.data[at] == '<' && is_tag(original, at)) {
            at = put_tag(original, at, &writer);
        } else {
            at += put_character(original, at, &writer);
        }
    }
    writer_close(&writer, original, text);
    return STATUS_OK;
}
