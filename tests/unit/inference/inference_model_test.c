#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "data.h"
#include "inference_model.h"
#include "model_sample.h"

static enum status try(const char *bytes, size_t size)
{
    struct error err = { 0 };
    struct gguf *gguf = gguf_open_bytes(slice_of(bytes, size), &err);
    struct inference_model *model = gguf == NULL ? NULL : inference_model_create(gguf, &err);

    if (model == NULL)
        assert_true(err.status != STATUS_OK && err.text[0] != '\0');
    inference_model_destroy(model);
    return model == NULL ? err.status : STATUS_OK;
}

static void reads_the_sizes_of_a_model_that_others_made(void **state)
{
    const char *path = data_path("models/stories260K.gguf");
    struct inference_model *model;

    (void)state;
    if (path == NULL)
        skip();
    model = inference_model_create(gguf_open(path, NULL), NULL);
    assert_non_null(model);
    assert_int_equal(model->layers_count, 5);
    assert_int_equal(model->heads, 8);
    assert_int_equal(model->kv_heads, 4);
    assert_int_equal(model->vocabulary, 512);
    assert_ptr_equal(model->output.data, model->token_embedding.data);
    inference_model_destroy(model);
}

static void assert_cuts_refused(const char *bytes, size_t size)
{
    assert_int_equal(try(bytes, size), STATUS_OK);
    for (size_t i = 0; i < 200; i++) {
        size_t cut = size * i / 200;
        char *copy = malloc(cut == 0 ? 1 : cut);

        memcpy(copy, bytes, cut);
        assert_int_equal(try(copy, cut), STATUS_DATA_LOSS);
        free(copy);
    }
}

static void refuses_a_model_cut_anywhere(void **state)
{
    size_t size;
    char *bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size);

    (void)state;
    assert_cuts_refused(bytes, size);
    free(bytes);
}

static void refuses_a_model_that_others_made_cut_anywhere(void **state)
{
    const char *path = data_path("models/stories260K.gguf");
    size_t size_max = 4 << 20, size;
    char *bytes;
    FILE *file;

    (void)state;
    if (path == NULL)
        skip();
    bytes = malloc(size_max);
    file = fopen(path, "rb");
    size = fread(bytes, 1, size_max, file);
    fclose(file);
    assert_cuts_refused(bytes, size);
    free(bytes);
}

/* Where the value of @key begins, which is a uint32 or a string's length. */
static char *value_of(char *bytes, size_t size, const char *key)
{
    return (char *)memmem(bytes, size, key, strlen(key)) + strlen(key) + 4;
}

static void refuses_sizes_that_do_not_fit(void **state)
{
    static const char *const keys[] = { "llama.block_count", "llama.embedding_length",
                                        "llama.feed_forward_length", "llama.attention.head_count" };
    static const uint32_t values[] = { 0, 1, 3, 7, 65, 4096, 0x7fffffff, 0xffffffff };
    size_t size;
    char *bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size), kept[4];

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        for (size_t v = 0; v < 8; v++) {
            char *at = value_of(bytes, size, keys[k]);

            memcpy(kept, at, 4);
            memcpy(at, &values[v], 4);
            if (!(k == 0 && values[v] == 1))
                assert_int_equal(try(bytes, size), STATUS_DATA_LOSS);
            memcpy(at, kept, 4);
        }
    }
    free(bytes);
}

static void names_an_architecture_that_it_does_not_compute(void **state)
{
    size_t size;
    char *bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size);

    (void)state;
    memcpy(value_of(bytes, size, "general.architecture") + 8, "gemma", 5);
    assert_int_equal(try(bytes, size), STATUS_UNIMPLEMENTED);
    free(bytes);
}

static void names_a_tensor_that_is_missing(void **state)
{
    size_t size;
    char *bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size);
    struct error err = { 0 };

    (void)state;
    memcpy(memmem(bytes, size, "blk.1.ffn_up", 12), "blk.1.ffn_xx", 12);
    assert_null(inference_model_create(gguf_open_bytes(slice_of(bytes, size), NULL), &err));
    assert_int_equal(err.status, STATUS_DATA_LOSS);
    assert_non_null(strstr(err.text, "blk.1.ffn_up.weight"));
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_sizes_of_a_model_that_others_made),
        cmocka_unit_test(refuses_a_model_cut_anywhere),
        cmocka_unit_test(refuses_a_model_that_others_made_cut_anywhere),
        cmocka_unit_test(refuses_sizes_that_do_not_fit),
        cmocka_unit_test(names_an_architecture_that_it_does_not_compute),
        cmocka_unit_test(names_a_tensor_that_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
