#include "tokenizer_unicode.h"

#include <stddef.h>

static const struct {
    uint32_t first, last;
    enum tokenizer_class class;
} ranges[] = {
#include "tokenizer_unicode_table.h"
};

#define RANGES_COUNT (sizeof(ranges) / sizeof(ranges[0]))

static enum tokenizer_class class_of_ascii(uint32_t c)
{
    if ((c | 32) - 'a' < 26)
        return TOKENIZER_CLASS_LETTER;
    if (c - '0' < 10)
        return TOKENIZER_CLASS_NUMBER;
    if (c == ' ' || c - '\t' < 5)
        return TOKENIZER_CLASS_SPACE;
    return TOKENIZER_CLASS_OTHER;
}

/* White_Space beyond ASCII (PropList.txt). */
static int is_space(uint32_t c)
{
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028
           || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

enum tokenizer_class tokenizer_unicode_class(uint32_t code_point)
{
    size_t low = 0, high = RANGES_COUNT;

    if (code_point < 0x80)
        return class_of_ascii(code_point);
    if (is_space(code_point))
        return TOKENIZER_CLASS_SPACE;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (ranges[middle].last < code_point)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < RANGES_COUNT && ranges[low].first <= code_point)
        return ranges[low].class;
    return TOKENIZER_CLASS_OTHER;
}
