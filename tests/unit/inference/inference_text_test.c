#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "gguf/gguf_write.h"
#include "inference_text.h"

static struct gguf *vocabulary_of(const char *kind, const char *const *pieces, const int32_t *types,
                                  uint32_t count, char **bytes)
{
    size_t size;
    FILE *stream = open_memstream(bytes, &size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);
    struct slice texts[16];

    for (uint32_t i = 0; i < count; i++)
        texts[i] = slice_from(pieces[i]);
    gguf_write_string(write, "tokenizer.ggml.model", slice_from(kind));
    gguf_write_strings(write, "tokenizer.ggml.tokens", texts, count);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, count);
    gguf_write_finish(write, NULL);
    fclose(stream);
    return gguf_open_bytes(slice_of(*bytes, size), NULL);
}

static void expect_texts(const char *kind, const char *const *pieces, const int32_t *types,
                         const char *const *expected, uint32_t count)
{
    char *bytes;
    struct gguf *gguf = vocabulary_of(kind, pieces, types, count, &bytes);
    struct inference_text *text = inference_text_create(gguf, count, NULL);

    assert_non_null(text);
    for (uint32_t id = 0; id < count; id++)
        assert_true(slice_is(inference_text_of(text, id), expected[id]));
    assert_true(inference_text_is_control(text, 0) && !inference_text_is_control(text, 1));
    inference_text_destroy(text);
    gguf_close(gguf);
    free(bytes);
}

static void knows_the_text_of_pieces_bytes_and_marks(void **state)
{
    static const char *const llama[] = { "<s>", "\xe2\x96\x81the", "<0x0A>", "\xe2\x96\x81" };
    static const int32_t llama_types[] = { 3, 1, 6, 4 };
    static const char *const llama_texts[] = { "", " the", "\n", " " };
    static const char *const gpt2[] = { "<|end|>", "\xc4\xa0the", "\xc4\x8a", "<x y>", "[ 3]" };
    static const int32_t gpt2_types[] = { 3, 1, 1, 4, 5 };
    static const char *const gpt2_texts[] = { "", " the", "\n", "<x y>", "[ 3]" };

    (void)state;
    expect_texts("llama", llama, llama_types, llama_texts, 4);
    expect_texts("gpt2", gpt2, gpt2_types, gpt2_texts, 5);
}

static void gives_ids_that_are_no_pieces_no_text(void **state)
{
    static const char *const pieces[] = { "a", "\xe2\x96\x81" };
    static const int32_t types[] = { 1, 1 };
    char *bytes;
    struct gguf *gguf = vocabulary_of("llama", pieces, types, 2, &bytes);
    struct inference_text *text = inference_text_create(gguf, 3, NULL);

    (void)state;
    assert_int_equal(inference_text_count(text), 3);
    assert_true(slice_is(inference_text_of(text, 1), " "));
    assert_int_equal(inference_text_of(text, 2).size, 0);
    assert_true(inference_text_drops_first_blank(text));
    inference_text_destroy(text);
    gguf_close(gguf);
    free(bytes);
}

static void refuses_a_vocabulary_that_does_not_fit(void **state)
{
    static const char *const pieces[] = { "a", "b" };
    static const int32_t types[] = { 1, 1 };
    struct error err;
    char *bytes;
    struct gguf *gguf = vocabulary_of("llama", pieces, types, 2, &bytes);

    (void)state;
    assert_null(inference_text_create(gguf, 1, &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
    gguf_close(gguf);
    free(bytes);
    gguf = vocabulary_of("t5", pieces, types, 2, &bytes);
    assert_null(inference_text_create(gguf, 2, &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
    gguf_close(gguf);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_text_of_pieces_bytes_and_marks),
        cmocka_unit_test(gives_ids_that_are_no_pieces_no_text),
        cmocka_unit_test(refuses_a_vocabulary_that_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
