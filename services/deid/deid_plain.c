#include "deid_plain.h"

#include <stdint.h>

#define LATIN_FIRST 0xc0
#define LATIN_LAST 0x17f

/* The letter under the accent, sixteen code points a row, from U+00C0 to U+017F. '*' is no letter.
 */
static const char bases[] = "aaaaaaaceeeeiiii"
                            "dnooooo*ouuuuyts"
                            "aaaaaaaceeeeiiii"
                            "dnooooo*ouuuuyty"
                            "aaaaaaccccccccdd"
                            "ddeeeeeeeeeegggg"
                            "gggghhhhiiiiiiii"
                            "iiiijjkkklllllll"
                            "lllnnnnnnnnnoooo"
                            "oooorrrrrrssssss"
                            "ssttttttuuuuuuuu"
                            "uuuuwwyyyzzzzzzs";

/* A capital of two bytes in Greek or Cyrillic as its small letter, which has two as well. */
static uint32_t small_of(uint32_t code)
{
    if ((code >= 0x391 && code <= 0x3a9) || (code >= 0x410 && code <= 0x42f))
        return code + 0x20;
    if (code >= 0x400 && code <= 0x40f)
        return code + 0x50;
    return code;
}

struct slice deid_plain(struct slice word, char *out)
{
    size_t size = 0, i;

    for (i = 0; i < word.size; i++) {
        unsigned char c = (unsigned char)word.data[i];
        uint32_t code;

        if (c < 0xc2 || c > 0xdf || i + 1 == word.size) {
            out[size++] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
            continue;
        }
        code = small_of((uint32_t)(c & 31) << 6 | ((unsigned char)word.data[++i] & 63));
        if (code >= LATIN_FIRST && code <= LATIN_LAST && bases[code - LATIN_FIRST] != '*') {
            out[size++] = bases[code - LATIN_FIRST];
            continue;
        }
        out[size++] = (char)(0xc0 | code >> 6);
        out[size++] = (char)(0x80 | (code & 63));
    }
    return slice_of(out, size);
}
