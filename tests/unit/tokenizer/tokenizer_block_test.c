#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "tokenizer_block.h"

#define TEXT_BYTES 256

static uint32_t random_below(uint32_t n)
{
    static uint64_t state = 7;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) * n >> 31);
}

/* Texts of what borders hang on: the classes of all scripts, their neighbours, what is no UTF-8. */
static void put_random(char *text)
{
    static const char *const parts[] = {
        " ",
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "a",
        "b",
        "the",
        "Z",
        "QRS",
        "s",
        "'",
        "'s",
        "'ll",
        "'LL",
        "'ve",
        "'re",
        "'d",
        "''",
        "1",
        "12",
        "2024",
        "98765432",
        ".",
        "(",
        ").",
        "...",
        "/",
        "/\n",
        ".\n",
        "_",
        "\xc3\xa9",
        "\xc3\x89",
        "\xc2\xb5",
        "\xc2\xb0",
        "\xe2\x80\x93",
        "\xe2\x80\x99",
        "\xe4\xb8\xad",
        "\xd9\x85",
        "\xc2\xa0",
        "\xe3\x80\x80",
        "\xcc\x81",
        "\xc2\xb2",
        "\xf0\x9f\x98\x80",
        "\xc5\xbf",
        "\xff",
        "\xe2\x80",
        "\xc7\x85",
        "\xca\xb0",
    };
    unsigned alphabet = 3 + random_below(sizeof(parts) / sizeof(parts[0]) - 2);
    unsigned first = random_below(sizeof(parts) / sizeof(parts[0]));
    size_t size = 0;

    while (size < TEXT_BYTES) {
        const char *part =
            parts[(first + random_below(alphabet)) % (sizeof(parts) / sizeof(parts[0]))];
        size_t part_size = strlen(part);

        if (part_size > TEXT_BYTES - size)
            part_size = TEXT_BYTES - size;
        memcpy(text + size, part, part_size);
        size += part_size;
    }
}

/* Everything that a block says at the front of @text is what the expression says there. */
static void assert_block(enum tokenizer_split split, struct slice text, size_t *known)
{
    struct tokenizer_block block = tokenizer_block_split(split, text.data);
    size_t at = 0;

    assert_true(block.size < TOKENIZER_BLOCK_BYTES);
    *known += block.size;
    for (uint64_t starts = block.starts; starts != 0; starts &= starts - 1) {
        assert_int_equal(__builtin_ctzll(starts), at);
        at += tokenizer_split_next(split, slice_cut(text, at, text.size));
    }
    if (block.size > 0)
        assert_int_equal(block.size, at);
}

static void cuts_as_the_expressions_do(void **state)
{
    char text[TEXT_BYTES];
    size_t known, whole;

    (void)state;
    for (int split = 0; split < TOKENIZER_SPLIT_COUNT; split++) {
        if (!tokenizer_block_knows((enum tokenizer_split)split))
            continue;
        known = whole = 0;
        for (int i = 0; i < 1500; i++) {
            put_random(text);
            for (size_t at = 0; at + TOKENIZER_BLOCK_BYTES <= TEXT_BYTES; whole++) {
                struct slice rest = slice_of(text + at, TEXT_BYTES - at);

                assert_block((enum tokenizer_split)split, rest, &known);
                at += tokenizer_split_next((enum tokenizer_split)split, rest);
            }
        }
        /* Blocks are of use: they do not leave everything to the other. */
        assert_true(known > whole * 10);
    }
}

static void knows_nothing_of_other_expressions(void **state)
{
    char text[TOKENIZER_BLOCK_BYTES];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_false(tokenizer_block_knows(TOKENIZER_SPLIT_SMOLLM));
    assert_int_equal(tokenizer_block_split(TOKENIZER_SPLIT_SMOLLM, text).size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_as_the_expressions_do),
        cmocka_unit_test(knows_nothing_of_other_expressions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
