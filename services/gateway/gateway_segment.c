#include "gateway_segment.h"

#include <string.h>

#include "base/utf8.h"

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Whether the word that ends before byte @end of @text is lower-case letters, two at least, and not
 * one that stands inside names and dates ("de", "of"). */
static bool ends_with_plain_word(struct slice text, size_t end)
{
    static const char *const inside_names[] = { "of",  "de",  "da",  "di", "la", "le", "van",
                                                "von", "der", "den", "al", "el", "st", "and" };
    size_t start = end, i;
    struct slice word;

    while (start > 0 && is_lower(text.data[start - 1]))
        start--;
    if (end - start < 2
        || (start > 0 && text.data[start - 1] != ' ' && text.data[start - 1] != '\n'))
        return false;
    word = slice_cut(text, start, end);
    for (i = 0; i < sizeof(inside_names) / sizeof(inside_names[0]); i++)
        if (slice_is(word, inside_names[i]))
            return false;
    return true;
}

/* Whether a piece may end right after byte @at. */
static bool is_border(struct slice text, size_t at)
{
    char c = text.data[at];

    if (c == '\n' || c == ']')
        return true;
    if (c != ' ' || at == 0)
        return false;
    switch (text.data[at - 1]) {
    case '!':
    case '?':
        return true;
    case '.':
    case ',':
    case ';':
    case ':':
        return ends_with_plain_word(text, at - 1);
    default:
        return ends_with_plain_word(text, at);
    }
}

size_t segment_ready(struct slice text)
{
    size_t i, ready = 0;
    bool is_open = false;

    for (i = 0; i < text.size; i++) {
        if (text.data[i] == '[')
            is_open = true;
        else if (text.data[i] == ']')
            is_open = false;
        if (!is_open && is_border(text, i))
            ready = i + 1;
    }
    if (ready == 0 && text.size >= SEGMENT_BYTES_MAX)
        ready = utf8_whole_prefix(text);
    return ready;
}

size_t segment_lines(struct slice text)
{
    const char *end = text.size == 0 ? NULL : memrchr(text.data, '\n', text.size);

    return end == NULL ? 0 : (size_t)(end - text.data);
}

bool segment_has_word(struct slice piece)
{
    size_t i;

    for (i = 0; i < piece.size; i++) {
        char c = piece.data[i];

        if (is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
            || (unsigned char)c >= 0x80)
            return true;
    }
    return false;
}
