#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "tokenizer_encode.h"
#include "vocab_random.h"

#define TEXT_BYTES 1500
#define LONG_TEXTS 400

/* Words of what pieces are made of, words that come again, and noise. */
static size_t put_word(struct vocab_random *random, char *text)
{
    static const char bytes[] = VOCAB_RANDOM_BYTES;
    uint32_t kind = vocab_random_below(random, 8), size = 1 + vocab_random_below(random, 24);

    if (kind == 0)
        return (size_t)sprintf(text, " stabbed");
    for (uint32_t i = 0; i < size; i++)
        text[i] = kind == 1   ? (char)(0x80 + vocab_random_below(random, 128))
                  : kind == 2 ? 'a'
                              : bytes[vocab_random_below(random, sizeof(bytes) - 1)];
    return size;
}

static size_t plain_ids(const struct vocab_random *random, struct slice text, uint32_t *ids)
{
    size_t count = 0, size;

    for (size_t at = 0; at < text.size; at += size) {
        struct slice rest = slice_cut(text, at, text.size);

        size = tokenizer_split_next(TOKENIZER_SPLIT_LLAMA3, rest);
        for (size_t i = 0; i < size; i++)
            ids[count + i] = (unsigned char)rest.data[i];
        count += vocab_random_merge(random, ids + count, size);
    }
    return count;
}

static void assert_plain(const struct tokenizer_vocab *vocab, const struct vocab_random *random,
                         struct slice text)
{
    static uint32_t plain[TEXT_BYTES + 64];
    size_t count = plain_ids(random, text, plain), counted;
    struct tokenizer_ids ids;
    struct arena arena;

    arena_init(&arena, 16 * MIB);
    assert_int_equal(tokenizer_encode(vocab, text, false, false, &arena, &ids, NULL), STATUS_OK);
    assert_int_equal(ids.count, count);
    assert_memory_equal(ids.ids, plain, count * sizeof(*plain));
    assert_int_equal(tokenizer_encode_count(vocab, text, &counted, NULL), STATUS_OK);
    assert_int_equal(counted, count);
    arena_close(&arena);
}

/* Words of letters that pieces are made of, most of them longer than short ones. */
static void put_long_words(struct vocab_random *random, char *text)
{
    size_t left = 0;

    for (size_t i = 0; i < TEXT_BYTES; i++) {
        left = left == 0 ? 8 + vocab_random_below(random, 60) : left - 1;
        text[i] = left == 0 ? ' ' : (char)('a' + vocab_random_below(random, 4));
    }
}

/* Seeds that are no multiple of three: pieces do not go before merges. */
static void gives_the_ids_of_the_plain_way_to_merge(void **state)
{
    static char text[TEXT_BYTES + 64];

    (void)state;
    for (uint64_t seed = 1; seed < 24; seed += 3) {
        struct vocab_random *random = calloc(1, sizeof(*random));
        struct tokenizer_vocab *vocab;
        struct arena arena;

        arena_init(&arena, 16 * MIB);
        assert_true(vocab_random_make(random, seed, TOKENIZER_SPLIT_LLAMA3, &arena));
        vocab = tokenizer_vocab_build(&random->parts, (struct slice){ 0 }, NULL);
        assert_non_null(vocab);
        for (int i = 0; i < 60; i++) {
            size_t size = 0;

            while (size < TEXT_BYTES)
                size += put_word(random, text + size);
            assert_plain(vocab, random, slice_of(text, TEXT_BYTES));
        }
        tokenizer_vocab_destroy(vocab);
        arena_close(&arena);
        free(random);
    }
}

/* More of them than the cache has room for, some again soon and some after they went. */
static void gives_the_ids_of_long_words_that_others_took_the_place_of(void **state)
{
    static char texts[LONG_TEXTS][TEXT_BYTES];
    struct vocab_random *random = calloc(1, sizeof(*random));
    struct tokenizer_vocab *vocab;
    struct arena arena;

    (void)state;
    arena_init(&arena, 16 * MIB);
    assert_true(vocab_random_make(random, 1, TOKENIZER_SPLIT_LLAMA3, &arena));
    vocab = tokenizer_vocab_build(&random->parts, (struct slice){ 0 }, NULL);
    assert_non_null(vocab);
    for (size_t i = 0; i < LONG_TEXTS; i++) {
        put_long_words(random, texts[i]);
        assert_plain(vocab, random, slice_of(texts[i], TEXT_BYTES));
        assert_plain(vocab, random, slice_of(texts[i / 2], TEXT_BYTES));
    }
    tokenizer_vocab_destroy(vocab);
    arena_close(&arena);
    free(random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_ids_of_long_words_that_others_took_the_place_of),
        cmocka_unit_test(gives_the_ids_of_the_plain_way_to_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
