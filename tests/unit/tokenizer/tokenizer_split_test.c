#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tokenizer_split.h"

/* The pieces of @text with "|" between them. */
static void assert_split(enum tokenizer_split split, const char *text, const char *expected)
{
    struct slice rest = slice_from(text);
    char joined[256] = "";

    while (rest.size > 0) {
        size_t size = tokenizer_split_next(split, rest);

        assert_true(size > 0 && size <= rest.size);
        strncat(joined, rest.data, size);
        rest = slice_cut(rest, size, rest.size);
        if (rest.size > 0)
            strcat(joined, "|");
    }
    assert_string_equal(joined, expected);
}

/* Expected values are what the expressions in tokenizer_split.c give when read by hand. */
static void splits_as_gpt2(void **state)
{
    (void)state;
    assert_split(TOKENIZER_SPLIT_GPT2, "Hello world", "Hello| world");
    assert_split(TOKENIZER_SPLIT_GPT2, "it's 12345 mg", "it|'s| 12345| mg");
    assert_split(TOKENIZER_SPLIT_GPT2, "IT'S", "IT|'|S");
    assert_split(TOKENIZER_SPLIT_GPT2, "a   b", "a|  | b");
    assert_split(TOKENIZER_SPLIT_GPT2, "a \n\n b ", "a| \n\n| b| ");
    assert_split(TOKENIZER_SPLIT_GPT2, "x...\ny", "x|...|\n|y");
    assert_split(TOKENIZER_SPLIT_GPT2, "\xc2\xb5g/mL", "\xc2\xb5g|/|mL");
}

static void splits_as_llama3(void **state)
{
    (void)state;
    assert_split(TOKENIZER_SPLIT_LLAMA3, "it's 12345 mg", "it|'s| |123|45| mg");
    assert_split(TOKENIZER_SPLIT_LLAMA3, "IT'LL", "IT|'LL");
    assert_split(TOKENIZER_SPLIT_LLAMA3, "(dose)\n\n  next", "(dose|)\n\n| | next");
    assert_split(TOKENIZER_SPLIT_LLAMA3, "a \n\n b", "a| \n\n| b");
    assert_split(TOKENIZER_SPLIT_LLAMA3, "a   b", "a|  | b");
    assert_split(TOKENIZER_SPLIT_LLAMA3, "x ... y", "x| ...| y");
    assert_split(TOKENIZER_SPLIT_LLAMA3, "\thi", "\thi");
    assert_split(TOKENIZER_SPLIT_LLAMA3, "o'\xc5\xbf", "o|'\xc5\xbf");
}

static void splits_as_qwen2_and_smollm(void **state)
{
    (void)state;
    assert_split(TOKENIZER_SPLIT_QWEN2, "in 2024", "in| |2|0|2|4");
    assert_split(TOKENIZER_SPLIT_SMOLLM, "in 2024", "in| |2|0|2|4");
    assert_split(TOKENIZER_SPLIT_SMOLLM, "a  5 b", "a|  |5| b");
    assert_split(TOKENIZER_SPLIT_SMOLLM, "5mg's", "5|mg|'s");
    /* U+11DE2, a number that the reference's expressions do not know yet */
    assert_split(TOKENIZER_SPLIT_SMOLLM, "a !\xf0\x91\xb7\xa2's \xf0\x91\xb7\xa2",
                 "a| !|\xf0\x91\xb7\xa2|'s| |\xf0\x91\xb7\xa2");
    assert_split(TOKENIZER_SPLIT_GPT2, "!\xf0\x91\xb7\xa2's", "!\xf0\x91\xb7\xa2'|s");
}

static void goes_on_over_bytes_that_are_no_utf8(void **state)
{
    static const char *const texts[] = { ("\xff\xfe"
                                          "a"),
                                         "a\xc3", "\xe2\x82", " \x80\x80 ", "'\xf0" };

    (void)state;
    for (int split = TOKENIZER_SPLIT_GPT2; split < TOKENIZER_SPLIT_COUNT; split++) {
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            struct slice rest = slice_from(texts[i]);

            while (rest.size > 0) {
                size_t size = tokenizer_split_next((enum tokenizer_split)split, rest);

                assert_true(size > 0 && size <= rest.size);
                rest = slice_cut(rest, size, rest.size);
            }
        }
    }
}

static void splits_as_o200k(void **state)
{
    (void)state;
    assert_split(TOKENIZER_SPLIT_O200K, "it's 12345 mg", "it's| |123|45| mg");
    assert_split(TOKENIZER_SPLIT_O200K, "FooBarBAZqux", "Foo|Bar|BAZqux");
    assert_split(TOKENIZER_SPLIT_O200K, "I'd've", "I'd|'ve");
    assert_split(TOKENIZER_SPLIT_O200K, "a).\n/b", "a|).\n/|b");
    assert_split(TOKENIZER_SPLIT_O200K,
                 "\xcc\x81"
                 "AB",
                 "\xcc\x81|AB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_as_gpt2),
        cmocka_unit_test(splits_as_llama3),
        cmocka_unit_test(splits_as_qwen2_and_smollm),
        cmocka_unit_test(splits_as_o200k),
        cmocka_unit_test(goes_on_over_bytes_that_are_no_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
