#include "fhir/fhir_base64.h"

#include <stdint.h>

/* The six bits of a letter, or -1. */
static int bits_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool fhir_base64_decode(struct slice text, struct arena *arena, struct slice *bytes)
{
    char *out = arena_alloc(arena, text.size / 4 * 3 + 3);
    uint32_t bits = 0;
    size_t size = 0, letters = 0, i;

    if (out == NULL)
        return false;
    for (i = 0; i < text.size && text.data[i] != '='; i++) {
        int six = bits_of(text.data[i]);

        if (six < 0 && is_space(text.data[i]))
            continue;
        if (six < 0)
            return false;
        bits = bits << 6 | (uint32_t)six;
        letters++;
        if (letters % 4 != 1)
            out[size++] = (char)(bits >> (letters % 4 == 2 ? 4 : letters % 4 == 3 ? 2 : 0));
    }
    for (; i < text.size; i++)
        if (text.data[i] != '=' && !is_space(text.data[i]))
            return false;
    *bytes = slice_of(out, size);
    return letters % 4 != 1;
}
