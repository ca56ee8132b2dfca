#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vocab_sample.h"

static void refuses_a_pre_tokeniser_that_it_does_not_know_by_name(void **state)
{
    struct error err = { 0 };

    (void)state;
    assert_null(vocab_sample_create("viking", NULL, &err));
    assert_int_equal(err.status, STATUS_UNIMPLEMENTED);
    assert_non_null(strstr(err.text, "viking"));
    assert_null(vocab_sample_create(NULL, NULL, &err));
    assert_int_equal(err.status, STATUS_UNIMPLEMENTED);
}

/* Metadata of a vocabulary that contradicts itself: opened as a file, refused as a vocabulary. */
static enum status try(void (*write_rest)(struct gguf_write *write), const char *model)
{
    const struct slice pieces[] = { SLICE("a"), SLICE("b"), SLICE("<0x0A>") };
    struct tokenizer_vocab *vocab;
    struct error err = { 0 };
    struct gguf *gguf;
    size_t size;
    char *bytes;
    FILE *stream = open_memstream(&bytes, &size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);

    gguf_write_string(write, "tokenizer.ggml.model", slice_from(model));
    gguf_write_string(write, "tokenizer.ggml.pre", SLICE("gpt-2"));
    gguf_write_strings(write, "tokenizer.ggml.tokens", pieces, 3);
    write_rest(write);
    assert_int_equal(gguf_write_finish(write, NULL), STATUS_OK);
    fclose(stream);
    gguf = gguf_open_bytes(slice_of(bytes, size), NULL);
    vocab = tokenizer_vocab_create(gguf, &err);
    gguf_close(gguf);
    free(bytes);
    tokenizer_vocab_destroy(vocab);
    return vocab == NULL ? err.status : STATUS_OK;
}

static const float scores[] = { 0, -1, 0 };

static void nothing(struct gguf_write *write)
{
    (void)write;
}

static void good_scores(struct gguf_write *write)
{
    gguf_write_array(write, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores, 3);
}

static void few_scores(struct gguf_write *write)
{
    gguf_write_array(write, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores, 2);
}

static void bad_type(struct gguf_write *write)
{
    const int32_t types[] = { 1, 9, 1 };

    good_scores(write);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, 3);
}

static void bad_byte(struct gguf_write *write)
{
    const int32_t types[] = { 6, 1, 6 };

    good_scores(write);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, 3);
}

static void bad_bos(struct gguf_write *write)
{
    good_scores(write);
    gguf_write_u32(write, "tokenizer.ggml.bos_token_id", 3);
}

static void merge_of_nothing(struct gguf_write *write)
{
    const struct slice merges[] = { SLICE("a b") };

    gguf_write_strings(write, "tokenizer.ggml.merges", merges, 1);
}

static void merge_of_one(struct gguf_write *write)
{
    const struct slice merges[] = { SLICE("ab") };

    gguf_write_strings(write, "tokenizer.ggml.merges", merges, 1);
}

static void refuses_vocabularies_that_contradict_themselves(void **state)
{
    (void)state;
    assert_int_equal(try(good_scores, "llama"), STATUS_OK);
    assert_int_equal(try(nothing, "llama"), STATUS_DATA_LOSS);
    assert_int_equal(try(few_scores, "llama"), STATUS_DATA_LOSS);
    assert_int_equal(try(bad_type, "llama"), STATUS_DATA_LOSS);
    assert_int_equal(try(bad_byte, "llama"), STATUS_DATA_LOSS);
    assert_int_equal(try(bad_bos, "llama"), STATUS_DATA_LOSS);
    assert_int_equal(try(nothing, "gpt2"), STATUS_DATA_LOSS);
    assert_int_equal(try(merge_of_nothing, "gpt2"), STATUS_DATA_LOSS);
    assert_int_equal(try(merge_of_one, "gpt2"), STATUS_DATA_LOSS);
    assert_int_equal(try(good_scores, "t5"), STATUS_UNIMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_a_pre_tokeniser_that_it_does_not_know_by_name),
        cmocka_unit_test(refuses_vocabularies_that_contradict_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
