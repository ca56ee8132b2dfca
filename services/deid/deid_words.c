#include "deid_words.h"

/* U+00C0 to U+017F without their accents; '*' where a letter becomes two or is no letter. */
static const char latin[] = "aaaaaa*ceeeeiiiidnooooo*ouuuuy**aaaaaa*ceeeeiiiidnooooo*ouuuuy*y"
                            "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkklllllll"
                            "lllnnnnnnnnnoooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static const char *latin_pair(unsigned char first, unsigned char second)
{
    unsigned code = (unsigned)(first & 31) << 6 | (second & 63);

    switch (code) {
    case 0xc6:
    case 0xe6:
        return "ae";
    case 0xdf:
        return "ss";
    case 0xde:
    case 0xfe:
        return "th";
    case 0x152:
    case 0x153:
        return "oe";
    default:
        return NULL;
    }
}

/* One character that is not ASCII at @at; the bytes it takes in @word. */
static unsigned fold_wide(struct slice word, size_t at, char *folded, unsigned *size)
{
    unsigned char first = (unsigned char)word.data[at];
    unsigned char second = at + 1 < word.size ? (unsigned char)word.data[at + 1] : 0;
    const char *pair;

    if (first < 0xc3 || first > 0xc5 || (second & 0xc0) != 0x80) {
        folded[(*size)++] = (char)first;
        return 1;
    }
    pair = latin_pair(first, second);
    if (pair != NULL) {
        folded[(*size)++] = pair[0];
        folded[(*size)++] = pair[1];
    } else {
        folded[(*size)++] = latin[(unsigned)(first - 0xc3) << 6 | (second & 63)];
    }
    return 2;
}

static unsigned fold_slowly(struct slice word, char folded[DEID_WORDS_BYTES_MAX + 8])
{
    unsigned size = 0;
    size_t at = 0;

    while (at < word.size) {
        unsigned char c = (unsigned char)word.data[at];

        if (c >= 0x80) {
            at += fold_wide(word, at, folded, &size);
            continue;
        }
        folded[size] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
        size += c != '\'';
        at++;
    }
    memset(folded + size, 0, 8);
    return size;
}

#define EACH(byte) (0x0101010101010101u * (byte))

/* Up to eight bytes at @data, zeros behind them; no byte past the end is read. */
static inline uint64_t load(const char *data, size_t size)
{
    uint64_t word = 0;
    uint32_t low, high;

    if (size >= 8) {
        memcpy(&word, data, 8);
    } else if (size >= 4) {
        memcpy(&low, data, 4);
        memcpy(&high, data + size - 4, 4);
        word = low | (uint64_t)high << (8 * (size - 4));
    } else {
        word = (unsigned char)data[0];
        word |= (uint64_t)(unsigned char)data[size / 2] << (8 * (size / 2));
        word |= (uint64_t)(unsigned char)data[size - 1] << (8 * (size - 1));
    }
    return word;
}

/* Eight bytes at a time; what is not ASCII or has an apostrophe is folded a character at a time. */
unsigned deid_words_fold(struct slice word, char folded[DEID_WORDS_BYTES_MAX + 8])
{
    size_t at;

    if (word.size > DEID_WORDS_BYTES_MAX)
        return 0;
    for (at = 0; at < word.size; at += 8) {
        uint64_t bytes = load(word.data + at, word.size - at);
        uint64_t quotes = bytes ^ EACH('\'');
        uint64_t upper = (bytes + EACH(0x80 - 'A')) & ~(bytes + EACH(0x7f - 'Z')) & EACH(0x80);

        if ((bytes | ((quotes - EACH(1)) & ~quotes)) & EACH(0x80))
            return fold_slowly(word, folded);
        bytes |= upper >> 2;
        memcpy(folded + at, &bytes, 8);
    }
    return (unsigned)word.size;
}
