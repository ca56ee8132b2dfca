#include "base/slice.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice a)
{
    while (a.size > 0 && is_space(a.data[0])) {
        a.data++;
        a.size--;
    }
    while (a.size > 0 && is_space(a.data[a.size - 1]))
        a.size--;
    return a;
}

size_t slice_find_byte(struct slice a, char byte)
{
    const char *at = a.size == 0 ? NULL : memchr(a.data, byte, a.size);

    return at == NULL ? a.size : (size_t)(at - a.data);
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool slice_equal_fold(struct slice a, struct slice b)
{
    size_t i;

    if (a.size != b.size)
        return false;
    for (i = 0; i < a.size; i++)
        if (fold(a.data[i]) != fold(b.data[i]))
            return false;
    return true;
}
