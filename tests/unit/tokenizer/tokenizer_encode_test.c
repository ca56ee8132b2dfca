#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "data.h"
#include "tokenizer_decode.h"
#include "tokenizer_encode.h"
#include "vocab_sample.h"

/* The vocabulary of a file of the shared data, or a skipped test. */
static struct tokenizer_vocab *open_shared(const char *name)
{
    const char *path = data_path(name);
    struct tokenizer_vocab *vocab;
    struct error err = { 0 };
    struct gguf *gguf;

    if (path == NULL)
        skip();
    gguf = gguf_open(path, NULL);
    assert_non_null(gguf);
    vocab = tokenizer_vocab_create(gguf, &err);
    assert_string_equal(err.text, "");
    gguf_close(gguf);
    return vocab;
}

static void assert_ids(const struct tokenizer_vocab *vocab, struct slice text, bool is_trusted,
                       const uint32_t *expected, size_t count)
{
    struct tokenizer_ids ids;
    struct error err = { 0 };
    struct arena arena;

    arena_init(&arena, 1 << 20);
    assert_int_equal(tokenizer_encode(vocab, text, is_trusted, false, &arena, &ids, &err),
                     STATUS_OK);
    assert_int_equal(ids.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ids.ids[i], expected[i]);
    arena_close(&arena);
}

#define ASSERT_IDS(vocab, text, is_trusted, ...)                                                   \
    assert_ids(vocab, SLICE(text), is_trusted, (const uint32_t[]){ __VA_ARGS__ },                  \
               sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* Decode in two pieces at every place: the same text, and it is @text. */
static void assert_round_trip(const struct tokenizer_vocab *vocab, struct slice text)
{
    struct slice first, second, state, end;
    struct tokenizer_ids ids;
    struct arena arena;

    arena_init(&arena, 64 << 20);
    assert_int_equal(tokenizer_encode(vocab, text, false, true, &arena, &ids, NULL), STATUS_OK);
    for (size_t cut = 0; cut <= ids.count; cut++) {
        char *joined;

        assert_int_equal(tokenizer_decode(vocab, ids.ids, cut, (struct slice){ 0 }, false, &arena,
                                          &first, &state, NULL),
                         STATUS_OK);
        assert_int_equal(tokenizer_decode(vocab, ids.ids + cut, ids.count - cut, state, true,
                                          &arena, &second, &end, NULL),
                         STATUS_OK);
        joined = arena_format(&arena, "%.*s%.*s", SLICE_FORMAT(first), SLICE_FORMAT(second));
        assert_true(slice_is(text, joined));
    }
    arena_close(&arena);
}

static void gives_the_published_ids_of_a_sentencepiece_vocabulary(void **state)
{
    struct tokenizer_vocab *vocab = open_shared("models/stories260K.gguf");

    (void)state;
    /* As the tokeniser of karpathy/llama2.c encodes it with tok512. */
    ASSERT_IDS(vocab, "Once upon a time", false, 403, 407, 261, 378);
    assert_int_equal(vocab->bos, 1);
    tokenizer_vocab_destroy(vocab);
}

static void gives_text_back_whole_in_any_pieces(void **state)
{
    struct tokenizer_vocab *spm = open_shared("models/stories260K.gguf");
    struct tokenizer_vocab *bpe = vocab_sample_bpe("llama-bpe");

    (void)state;
    static const char *const texts[] = {
        "",
        "a",
        " a",
        "  two  blanks ",
        "Lily's mom said, \"No!\"\n\n\tEnd.",
        "caf\xc3\xa9 \xf0\x9f\x98\x80 \xe4\xb8\xad\xe6\x96\x87 \xc2\xb5g/mL",
        "<s> </s> <|eot_id|>",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_round_trip(spm, slice_from(texts[i]));
        assert_round_trip(bpe, slice_from(texts[i]));
    }
    tokenizer_vocab_destroy(spm);
    tokenizer_vocab_destroy(bpe);
}

static void makes_control_pieces_of_trusted_text_only(void **state)
{
    struct tokenizer_vocab *vocab = vocab_sample_bpe("gpt-2");
    const uint32_t control = VOCAB_SAMPLE_IM_END;
    struct tokenizer_span spans[] = { { SLICE("a<|im_"), false }, { SLICE("end|>"), true } };
    struct tokenizer_ids ids;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    tokenizer_encode(vocab, SLICE("a<|im_end|>"), true, false, &arena, &ids, NULL);
    assert_int_equal(ids.count, 2);
    assert_int_equal(ids.ids[1], control);
    tokenizer_encode(vocab, SLICE("a<|im_end|>"), false, false, &arena, &ids, NULL);
    for (size_t i = 0; i < ids.count; i++)
        assert_int_not_equal(ids.ids[i], control);
    /* A mark that begins in one's text and ends in the other's is nobody's mark. */
    tokenizer_encode_spans(vocab, spans, 2, false, &arena, &ids, NULL);
    for (size_t i = 0; i < ids.count; i++)
        assert_int_not_equal(ids.ids[i], control);
    arena_close(&arena);
    tokenizer_vocab_destroy(vocab);
}

static void merges_by_rank_and_leftmost_first(void **state)
{
    struct tokenizer_vocab *vocab = vocab_sample_bpe("gpt-2");

    (void)state;
    /* Merges: "a b" before "b c", "ab c" after them: "abc" is ab+c → abc; "bc" is bc; "aab" is
     * a+ab. */
    ASSERT_IDS(vocab, "abc", false, VOCAB_SAMPLE_ABC);
    ASSERT_IDS(vocab, "bc", false, VOCAB_SAMPLE_BC);
    ASSERT_IDS(vocab, "aab", false, 'a', VOCAB_SAMPLE_AB);
    ASSERT_IDS(vocab, "bcbc", false, VOCAB_SAMPLE_BC, VOCAB_SAMPLE_BC);
    tokenizer_vocab_destroy(vocab);
}

/* A long run of anything ends: n log n. The count also shows that no memory limit is met. */
static void takes_long_runs_of_one_letter(void **state)
{
    struct tokenizer_vocab *spm = open_shared("models/stories260K.gguf");
    struct tokenizer_vocab *bpe = vocab_sample_bpe("qwen2");
    size_t size = 200000, count;
    char *text = malloc(size);
    static const char letters[] = { 'a', ' ', '\n', '1', '\'' };

    (void)state;
    for (size_t i = 0; i < sizeof(letters); i++) {
        memset(text, letters[i], size);
        assert_int_equal(tokenizer_encode_count(bpe, slice_of(text, size), &count, NULL),
                         STATUS_OK);
        assert_true(count > 0 && count <= size);
        assert_int_equal(tokenizer_encode_count(spm, slice_of(text, size), &count, NULL),
                         STATUS_OK);
        assert_true(count > 0 && count <= size + 1);
    }
    free(text);
    tokenizer_vocab_destroy(bpe);
    tokenizer_vocab_destroy(spm);
}

/* Also once the counts of its words are at hand; with words that end in 0xff, and those without. */
static void counts_as_many_as_it_encodes(void **state)
{
    static const char *const words[] = {
        " a",   " ab",  "1", "12", " a\xff",         " ab\xff\xff",
        "\xff", "\n\n", ".", ",;", " the patient's", " unspeakably_long"
    };
    struct tokenizer_vocab *vocab = vocab_sample_bpe("llama-bpe");
    struct tokenizer_ids ids;
    struct arena arena;
    uint32_t random = 1;
    char text[4096];
    size_t count;

    (void)state;
    for (int i = 0; i < 200; i++) {
        size_t size = 0;

        for (uint32_t kinds = 1 + random % 12; size < sizeof(text) - 32;
             random = random * 1664525u + 1013904223u) {
            const char *word = words[(random >> 16) % kinds];

            memcpy(text + size, word, strlen(word));
            size += strlen(word);
        }
        arena_init(&arena, 1 << 20);
        assert_int_equal(
            tokenizer_encode(vocab, slice_of(text, size), false, false, &arena, &ids, NULL),
            STATUS_OK);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(tokenizer_encode_count(vocab, slice_of(text, size), &count, NULL),
                             STATUS_OK);
            assert_int_equal(count, ids.count);
        }
        arena_close(&arena);
    }
    tokenizer_vocab_destroy(vocab);
}

static void refuses_ids_and_states_that_are_none(void **state)
{
    struct tokenizer_vocab *vocab = vocab_sample_bpe("gpt-2");
    const uint32_t wrong = VOCAB_SAMPLE_SIZE;
    struct slice text, after;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(
        tokenizer_decode(vocab, &wrong, 1, (struct slice){ 0 }, true, &arena, &text, &after, NULL),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(
        tokenizer_decode(vocab, NULL, 0, SLICE("x"), true, &arena, &text, &after, NULL),
        STATUS_INVALID_ARGUMENT);
    assert_int_equal(tokenizer_decode(vocab, NULL, 0,
                                      SLICE("\x10\x04"
                                            "abc"),
                                      true, &arena, &text, &after, NULL),
                     STATUS_INVALID_ARGUMENT);
    arena_close(&arena);
    tokenizer_vocab_destroy(vocab);
}

static void tells_each_id_by_its_own_bytes(void **state)
{
    struct tokenizer_vocab *vocab = vocab_sample_bpe("gpt-2");
    const uint32_t ids[] = { 0xC3, VOCAB_SAMPLE_ABC, VOCAB_SAMPLE_IM_END, 0, VOCAB_SAMPLE_SIZE };
    struct slice pieces[5];
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(tokenizer_decode_pieces(vocab, ids, 4, &arena, pieces, NULL), STATUS_OK);
    assert_true(slice_is(pieces[0], "\xc3"));
    assert_true(slice_is(pieces[1], "abc"));
    assert_true(slice_is(pieces[2], "<|im_end|>"));
    assert_true(slice_equal(pieces[3], slice_of("", 1)));
    assert_int_equal(tokenizer_decode_pieces(vocab, ids, 5, &arena, pieces, NULL),
                     STATUS_INVALID_ARGUMENT);
    arena_close(&arena);
    tokenizer_vocab_destroy(vocab);
}

static void holds_half_a_code_point_back(void **state)
{
    struct tokenizer_vocab *vocab = vocab_sample_bpe("gpt-2");
    const uint32_t halves[] = { 0xC3, 0xA9 };
    struct slice text, after, end;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    tokenizer_decode(vocab, halves, 1, (struct slice){ 0 }, false, &arena, &text, &after, NULL);
    assert_int_equal(text.size, 0);
    tokenizer_decode(vocab, halves + 1, 1, after, false, &arena, &text, &end, NULL);
    assert_true(slice_is(text, "\xc3\xa9"));
    tokenizer_decode(vocab, NULL, 0, after, true, &arena, &text, &end, NULL);
    assert_true(slice_is(text, "\xef\xbf\xbd"));
    arena_close(&arena);
    tokenizer_vocab_destroy(vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_ids_of_a_sentencepiece_vocabulary),
        cmocka_unit_test(gives_text_back_whole_in_any_pieces),
        cmocka_unit_test(makes_control_pieces_of_trusted_text_only),
        cmocka_unit_test(merges_by_rank_and_leftmost_first),
        cmocka_unit_test(takes_long_runs_of_one_letter),
        cmocka_unit_test(counts_as_many_as_it_encodes),
        cmocka_unit_test(refuses_ids_and_states_that_are_none),
        cmocka_unit_test(tells_each_id_by_its_own_bytes),
        cmocka_unit_test(holds_half_a_code_point_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
