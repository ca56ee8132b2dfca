#include "tokenizer_special.h"

static void put_pair(struct tokenizer_special *special, unsigned pair)
{
    special->pairs[pair / 8] |= (uint8_t)(1 << pair % 8);
}

static void put_first(struct tokenizer_special *special, unsigned char first)
{
    if (first < 0x80)
        tokenizer_byte_set_put(&special->ascii_firsts, first);
    else
        special->has_other_firsts = true;
    for (unsigned i = 0; i < special->firsts_count && i < TOKENIZER_SPECIAL_FIRSTS_MAX; i++) {
        if (special->firsts[i] == first)
            return;
    }
    if (special->firsts_count < TOKENIZER_SPECIAL_FIRSTS_MAX)
        special->firsts[special->firsts_count] = first;
    special->firsts_count++;
}

void tokenizer_special_init(struct tokenizer_special *special,
                            const struct tokenizer_tables *tables, unsigned types)
{
    *special = (struct tokenizer_special){ .tables = tables };
    for (uint32_t i = 0; i < tables->image->specials_count; i++) {
        struct slice text = tokenizer_tables_piece(tables, tables->specials[i]);
        unsigned char first = (unsigned char)text.data[0];

        if ((types >> tokenizer_tables_special_type(tables, tables->specials[i]) & 1) == 0)
            continue;
        put_first(special, first);
        if (text.size > 1)
            put_pair(special, first * 256u + (unsigned char)text.data[1]);
        for (unsigned next = 0; text.size == 1 && next < 256; next++)
            put_pair(special, first * 256u + next);
    }
}

static bool may_begin(const struct tokenizer_special *special, struct slice text, size_t at)
{
    unsigned next = at + 1 < text.size ? (unsigned char)text.data[at + 1] : 0;
    unsigned pair = (unsigned char)text.data[at] * 256u + next;

    return at + 1 >= text.size || (special->pairs[pair / 8] >> pair % 8 & 1) != 0;
}

#if TOKENIZER_HAS_AVX2
#define STEP_BYTES 32

/* From @at on, where one may begin among bytes that are looked at together: or where those end. */
TOKENIZER_AVX2 static size_t next_avx2(const struct tokenizer_special *special, struct slice text,
                                       size_t at)
{
    for (; text.size - at >= STEP_BYTES; at += STEP_BYTES) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(text.data + at));
        uint32_t bits =
            (uint32_t)_mm256_movemask_epi8(tokenizer_bytes_in(bytes, &special->ascii_firsts));

        if (special->has_other_firsts)
            bits |= (uint32_t)_mm256_movemask_epi8(bytes);
        for (; bits != 0; bits &= bits - 1) {
            if (may_begin(special, text, at + (size_t)__builtin_ctz(bits)))
                return at + (size_t)__builtin_ctz(bits);
        }
    }
    return at;
}
#endif

size_t tokenizer_special_next(const struct tokenizer_special *special, struct slice text, size_t at)
{
    if (special->firsts_count == 0)
        return text.size;
    if (special->firsts_count == 1) {
        for (; at < text.size; at++) {
            const char *found = memchr(text.data + at, special->firsts[0], text.size - at);

            if (found == NULL)
                return text.size;
            at = (size_t)(found - text.data);
            if (may_begin(special, text, at))
                return at;
        }
        return text.size;
    }
#if TOKENIZER_HAS_AVX2
    if (tokenizer_cpu_has_avx2())
        at = next_avx2(special, text, at);
#endif
    while (at < text.size && !may_begin(special, text, at))
        at++;
    return at;
}

/* The byte of a piece at @depth, plus one; 0: there is none. */
static unsigned byte_at(const struct tokenizer_tables *tables, uint32_t i, size_t depth)
{
    struct slice text = tokenizer_tables_piece(tables, tables->specials[i]);

    return text.size > depth ? (unsigned char)text.data[depth] + 1u : 0;
}

/* In the sorted pieces of [low, high), whose first @depth bytes are the text's: those whose next
 * byte is @byte. */
static void narrow(const struct tokenizer_tables *tables, size_t depth, unsigned char byte,
                   uint32_t *low, uint32_t *high)
{
    uint32_t bounds[2];

    if (byte_at(tables, *high - 1, depth) < byte + 1u) { /* mostly so */
        *low = *high;
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        uint32_t a = *low, b = *high;

        while (a < b) {
            uint32_t middle = a + (b - a) / 2;

            if (byte_at(tables, middle, depth) < byte + 1u + i)
                a = middle + 1;
            else
                b = middle;
        }
        bounds[i] = a;
    }
    *low = bounds[0];
    *high = bounds[1];
}

uint32_t tokenizer_special_at(const struct tokenizer_tables *tables, struct slice text,
                              unsigned types)
{
    uint32_t low, high, found = TOKENIZER_NO_ID;

    if (text.size == 0)
        return TOKENIZER_NO_ID;
    low = tables->specials_at[(unsigned char)text.data[0]];
    high = tables->specials_at[(unsigned char)text.data[0] + 1];
    for (size_t depth = 0; depth < text.size && low < high; depth++) {
        if (depth > 0)
            narrow(tables, depth, (unsigned char)text.data[depth], &low, &high);
        for (uint32_t i = low; i < high; i++) {
            uint32_t id = tables->specials[i];

            if (tokenizer_tables_piece(tables, id).size != depth + 1)
                break;
            if ((types >> tokenizer_tables_special_type(tables, id) & 1) != 0) {
                found = id;
                break;
            }
        }
    }
    return found;
}
