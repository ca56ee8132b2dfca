#include "jinja/jinja_text.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

#include "base/utf8.h"

struct jinja_text jinja_text_of(struct slice bytes, bool is_trusted)
{
    return (struct jinja_text){ .data = bytes.data, .size = bytes.size, .is_trusted = is_trusted };
}

struct jinja_text jinja_text_cut(struct jinja_text text, size_t start, size_t end)
{
    struct slice cut = slice_cut(jinja_text_slice(text), start, end);

    if (text.marks != NULL)
        text.marks += cut.data - text.data;
    text.data = cut.data;
    text.size = cut.size;
    return text;
}

size_t jinja_text_find(struct jinja_text text, struct slice needle, size_t from)
{
    const char *found;

    if (from > text.size)
        return SIZE_MAX;
    if (needle.size == 0)
        return from;
    if (needle.size > text.size - from)
        return SIZE_MAX;
    found = memmem(text.data + from, text.size - from, needle.data, needle.size);
    return found == NULL ? SIZE_MAX : (size_t)(found - text.data);
}

size_t jinja_text_find_last(struct jinja_text text, struct slice needle, size_t end)
{
    if (end > text.size)
        end = text.size;
    if (needle.size == 0)
        return end;
    for (size_t at = end; at >= needle.size; at--) {
        if (memcmp(text.data + at - needle.size, needle.data, needle.size) == 0)
            return at - needle.size;
        if (at == 0)
            break;
    }
    return SIZE_MAX;
}

bool jinja_text_is_space(uint32_t code_point)
{
    return (code_point >= 0x09 && code_point <= 0x0d) || (code_point >= 0x1c && code_point <= 0x20)
           || code_point == 0x85 || code_point == 0xa0 || code_point == 0x1680
           || (code_point >= 0x2000 && code_point <= 0x200a) || code_point == 0x2028
           || code_point == 0x2029 || code_point == 0x202f || code_point == 0x205f
           || code_point == 0x3000;
}

/* Where the code point that ends at @end begins. */
static size_t step_back(struct slice bytes, size_t end)
{
    size_t at = end - 1;

    while (at > 0 && end - at < 4 && ((unsigned char)bytes.data[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static bool is_stripped(struct slice character, struct slice characters)
{
    size_t size;

    if (characters.data == NULL)
        return jinja_text_is_space(utf8_decode(character, &size));
    return character.size > 0 && characters.size > 0
           && memmem(characters.data, characters.size, character.data, character.size) != NULL;
}

struct jinja_text jinja_text_strip(struct jinja_text text, struct slice characters,
                                   enum jinja_strip sides)
{
    struct slice bytes = jinja_text_slice(text);
    size_t start = 0, end = text.size, size;

    while ((sides & JINJA_STRIP_LEFT) != 0 && start < end) {
        utf8_decode(slice_cut(bytes, start, end), &size);
        if (!is_stripped(slice_cut(bytes, start, start + size), characters))
            break;
        start += size;
    }
    while ((sides & JINJA_STRIP_RIGHT) != 0 && end > start) {
        size_t at = step_back(bytes, end);

        if (!is_stripped(slice_cut(bytes, at, end), characters))
            break;
        end = at;
    }
    return jinja_text_cut(text, start, end);
}

size_t jinja_text_length(struct jinja_text text)
{
    return utf8_count(jinja_text_slice(text));
}

size_t jinja_text_offset(struct jinja_text text, size_t index)
{
    size_t at = 0, size;

    while (at < text.size && index-- > 0) {
        utf8_decode(slice_cut(jinja_text_slice(text), at, text.size), &size);
        at += size;
    }
    return at;
}

void jinja_builder_init(struct jinja_builder *builder, struct arena *arena)
{
    buffer_init(&builder->bytes, arena);
    buffer_init(&builder->marks, arena);
}

static void put_marks(struct jinja_builder *builder, size_t size, bool is_trusted)
{
    char *marks = size == 0 ? NULL : buffer_reserve(&builder->marks, size);

    if (marks == NULL)
        return;
    memset(marks, is_trusted, size);
    builder->marks.size += size;
}

void jinja_builder_put_slice(struct jinja_builder *builder, struct slice bytes, bool is_trusted)
{
    buffer_put(&builder->bytes, bytes);
    put_marks(builder, bytes.size, is_trusted);
}

void jinja_builder_put(struct jinja_builder *builder, struct jinja_text text)
{
    buffer_put(&builder->bytes, jinja_text_slice(text));
    if (text.marks == NULL)
        put_marks(builder, text.size, text.is_trusted);
    else
        buffer_put(&builder->marks, slice_of(text.marks, text.size));
}

void jinja_builder_put_string(struct jinja_builder *builder, const char *string)
{
    jinja_builder_put_slice(builder, slice_from(string), true);
}

/* Uniform texts lose their marks, so that what is made of them is cheap. */
struct jinja_text jinja_builder_text(const struct jinja_builder *builder)
{
    struct jinja_text text = { .data = builder->bytes.data,
                               .marks = builder->marks.data,
                               .size = builder->bytes.size,
                               .is_trusted = true };

    if (builder->bytes.is_full || builder->marks.is_full || text.size == 0)
        return (struct jinja_text){ .is_trusted = true };
    if (memchr(text.marks, !text.marks[0], text.size) == NULL) {
        text.is_trusted = text.marks[0] != 0;
        text.marks = NULL;
    }
    return text;
}

/* Case: one code point to one, as Unicode's simple mappings have it. Python's full mappings differ
 * for a few dozen letters (sharp s, ligatures), which no template changes the case of. */

static locale_t unicode_locale;
static pthread_once_t unicode_locale_once = PTHREAD_ONCE_INIT;

static void make_unicode_locale(void)
{
    unicode_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static uint32_t change_case(uint32_t code_point, bool is_upper)
{
    if (code_point < 0x80) {
        if (is_upper)
            return code_point >= 'a' && code_point <= 'z' ? code_point - 32 : code_point;
        return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
    }
    pthread_once(&unicode_locale_once, make_unicode_locale);
    if (unicode_locale == (locale_t)0 || code_point == UTF8_INVALID)
        return code_point;
    return is_upper ? towupper_l(code_point, unicode_locale)
                    : towlower_l(code_point, unicode_locale);
}

static bool is_letter(uint32_t code_point)
{
    return change_case(code_point, true) != code_point
           || change_case(code_point, false) != code_point;
}

void jinja_builder_put_case(struct jinja_builder *builder, struct jinja_text text,
                            enum jinja_case wanted)
{
    bool is_first = true;
    size_t size;

    for (size_t at = 0; at < text.size; at += size) {
        uint32_t code_point = utf8_decode(slice_cut(jinja_text_slice(text), at, text.size), &size);
        bool is_upper = wanted == JINJA_CASE_UPPER || (wanted > JINJA_CASE_LOWER && is_first);
        bool is_trusted = text.marks == NULL ? text.is_trusted : text.marks[at] != 0;
        char bytes[4];
        size_t written = utf8_encode(change_case(code_point, is_upper), bytes);

        jinja_builder_put_slice(builder, slice_of(bytes, written), is_trusted);
        is_first = wanted == JINJA_CASE_TITLE && !is_letter(code_point);
    }
}

void jinja_builder_put_escaped(struct jinja_builder *builder, struct jinja_text text)
{
    static const char *const escapes[128] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['\''] = "&#39;", ['"'] = "&#34;",
    };
    size_t start = 0;

    for (size_t at = 0; at < text.size; at++) {
        unsigned char byte = (unsigned char)text.data[at];
        bool is_trusted = text.marks == NULL ? text.is_trusted : text.marks[at] != 0;

        if (byte >= 128 || escapes[byte] == NULL)
            continue;
        jinja_builder_put(builder, jinja_text_cut(text, start, at));
        jinja_builder_put_slice(builder, slice_from(escapes[byte]), is_trusted);
        start = at + 1;
    }
    jinja_builder_put(builder, jinja_text_cut(text, start, text.size));
}
