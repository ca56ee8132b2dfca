#include "base/utf8.h"

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Size of the sequence that lead byte @c begins, 0 when it begins none. */
static size_t sequence_size(unsigned char c)
{
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return 2;
    if (c >= 0xe0 && c <= 0xef)
        return 3;
    if (c >= 0xf0 && c <= 0xf4)
        return 4;
    return 0;
}

/* Whether @second may follow @lead: rules out overlong forms, surrogates and what is past U+10FFFF.
 */
static bool second_is_valid(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return is_continuation(second);
    }
}

uint32_t utf8_decode(struct slice text, size_t *size)
{
    const unsigned char *at = (const unsigned char *)text.data;
    size_t wanted = sequence_size(at[0]);
    uint32_t code_point;
    size_t i;

    *size = 1;
    if (wanted == 1)
        return at[0];
    if (wanted == 0 || wanted > text.size || !second_is_valid(at[0], at[1]))
        return UTF8_INVALID;
    code_point = at[0] & (0xffu >> (wanted + 1));
    for (i = 1; i < wanted; i++) {
        if (!is_continuation(at[i]))
            return UTF8_INVALID;
        code_point = code_point << 6 | (at[i] & 0x3f);
    }
    *size = wanted;
    return code_point;
}

size_t utf8_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        return 0;
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

bool utf8_is_valid(struct slice text)
{
    size_t i = 0, size;

    while (i < text.size) {
        uint64_t eight;

        /* Eight ASCII bytes at a time: nearly all of what arrives. */
        while (text.size - i >= 8) {
            memcpy(&eight, text.data + i, 8);
            if (eight & 0x8080808080808080u)
                break;
            i += 8;
        }
        if (i == text.size)
            break;
        if (utf8_decode(slice_cut(text, i, text.size), &size) == UTF8_INVALID)
            return false;
        i += size;
    }
    return true;
}

size_t utf8_count(struct slice text)
{
    size_t i, count = 0;

    for (i = 0; i < text.size; i++)
        count += !is_continuation((unsigned char)text.data[i]);
    return count;
}

size_t utf8_whole_prefix(struct slice text)
{
    size_t back;

    for (back = 1; back <= 3 && back <= text.size; back++) {
        unsigned char c = (unsigned char)text.data[text.size - back];

        if (is_continuation(c))
            continue;
        return sequence_size(c) > back ? text.size - back : text.size;
    }
    return text.size;
}
