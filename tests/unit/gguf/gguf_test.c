#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "data.h"
#include "gguf/gguf_write.h"

static const uint64_t matrix[] = { 4, 2 }, vector[] = { 3 }, blocks[] = { 32, 2 };
static const float numbers[72] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* Metadata of every kind and three tensors. The caller frees it. */
static char *sample(size_t *size)
{
    const struct slice words[] = { SLICE("one"), SLICE(""), SLICE("three") };
    const int32_t kinds[] = { 7, -8, 9 };
    char *bytes;
    FILE *stream = open_memstream(&bytes, size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);

    gguf_write_string(write, "general.architecture", SLICE("llama"));
    gguf_write_u32(write, "count", 42);
    gguf_write_f32(write, "epsilon", 0.5f);
    gguf_write_bool(write, "flag", true);
    gguf_write_strings(write, "words", words, 3);
    gguf_write_array(write, "kinds", GGUF_TYPE_INT32, kinds, 3);
    gguf_write_tensor(write, "a", GGUF_TENSOR_TYPE_F32, 2, matrix);
    gguf_write_tensor(write, "b", GGUF_TENSOR_TYPE_F16, 1, vector);
    gguf_write_tensor(write, "c", GGUF_TENSOR_TYPE_Q8_0, 2, blocks);
    gguf_write_floats(write, numbers, 8);
    gguf_write_floats(write, numbers, 3);
    gguf_write_floats(write, numbers, 64);
    assert_int_equal(gguf_write_finish(write, NULL), STATUS_OK);
    fclose(stream);
    return bytes;
}

/* Opened from a copy of exactly @size bytes, so that the sanitizer sees a read beyond them. */
static enum status open_copy(const char *bytes, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    struct error err = { 0 };
    struct gguf *gguf;

    memcpy(copy, bytes, size);
    gguf = gguf_open_bytes(slice_of(copy, size), &err);
    if (gguf == NULL)
        assert_true(err.status != STATUS_OK && err.text[0] != '\0');
    gguf_close(gguf);
    free(copy);
    return gguf == NULL ? err.status : STATUS_OK;
}

static void reads_what_was_written(void **state)
{
    size_t size, cursor = 0;
    char *bytes = sample(&size);
    struct gguf *gguf = gguf_open_bytes(slice_of(bytes, size), NULL);
    struct slice text;
    uint64_t number, count;
    double decimal;
    bool flag;
    enum gguf_type type;

    (void)state;
    assert_non_null(gguf);
    assert_true(gguf_get_string(gguf, "general.architecture", &text) && slice_is(text, "llama"));
    assert_true(gguf_get_u64(gguf, "count", &number) && number == 42);
    assert_true(gguf_get_f64(gguf, "epsilon", &decimal) && decimal == 0.5);
    assert_true(gguf_get_f64(gguf, "count", &decimal) && decimal == 42);
    assert_true(gguf_get_bool(gguf, "flag", &flag) && flag);
    assert_false(gguf_get_u64(gguf, "epsilon", &number));
    assert_false(gguf_get_string(gguf, "absent", &text));
    assert_true(gguf_get_array(gguf, "words", &type, &count));
    assert_true(type == GGUF_TYPE_STRING && count == 3);
    assert_true(gguf_next_string(gguf, "words", &cursor, &text) && slice_is(text, "one"));
    assert_true(gguf_next_string(gguf, "words", &cursor, &text) && text.size == 0);
    assert_true(gguf_next_string(gguf, "words", &cursor, &text) && slice_is(text, "three"));
    assert_false(gguf_next_string(gguf, "words", &cursor, &text));
    assert_true(gguf_get_array_bytes(gguf, "kinds", GGUF_TYPE_INT32, &text) && text.size == 12);
    assert_false(gguf_get_array_bytes(gguf, "kinds", GGUF_TYPE_FLOAT32, &text));
    gguf_close(gguf);
    free(bytes);
}

static void gives_tensors_by_name_and_place(void **state)
{
    size_t size;
    char *bytes = sample(&size);
    struct gguf *gguf = gguf_open_bytes(slice_of(bytes, size), NULL);
    const struct gguf_tensor *a = gguf_tensor_find(gguf, "a");

    (void)state;
    assert_int_equal(gguf_tensor_count(gguf), 3);
    assert_ptr_equal(a, gguf_tensor_at(gguf, 0));
    assert_int_equal(a->size_bytes, 32);
    assert_memory_equal(a->data, numbers, 32);
    assert_int_equal(gguf_tensor_find(gguf, "c")->size_bytes, 68);
    assert_null(gguf_tensor_find(gguf, "d"));
    assert_int_equal(strlen(gguf_digest(gguf)), 64);
    gguf_close(gguf);
    free(bytes);
}

/* What OpenSSL's one call says; and a file may be closed while it is read. */
static void a_digest_that_was_begun_is_the_file_s(void **state)
{
    unsigned char hash[32];
    char hex[65];
    size_t size;
    char *bytes = sample(&size);
    struct gguf *gguf = gguf_open_bytes(slice_of(bytes, size), NULL);

    (void)state;
    assert_int_equal(EVP_Digest(bytes, size, hash, NULL, EVP_sha256(), NULL), 1);
    for (size_t i = 0; i < sizeof(hash); i++)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    gguf_digest_begin(gguf);
    gguf_digest_begin(gguf);
    assert_string_equal(gguf_digest(gguf), hex);
    gguf_digest_begin(gguf);
    assert_string_equal(gguf_digest(gguf), hex);
    gguf_close(gguf);
    gguf = gguf_open_bytes(slice_of(bytes, size), NULL);
    gguf_digest_begin(gguf);
    gguf_close(gguf);
    free(bytes);
}

static void refuses_a_file_cut_anywhere(void **state)
{
    size_t size;
    char *bytes = sample(&size);

    (void)state;
    assert_int_equal(open_copy(bytes, size), STATUS_OK);
    /* The last tensor's padding is not needed. */
    for (size_t cut = 0; cut < size - 28; cut++)
        assert_int_equal(open_copy(bytes, cut), STATUS_DATA_LOSS);
    free(bytes);
}

/* Each 4 and 8 byte number of the header set to hostile values: refused or read, never a wild
 * access. */
static void survives_every_number_being_twisted(void **state)
{
    static const uint64_t hostile[] = { 0,          1,         0x7fffffff,     0xffffffff,
                                        UINT64_MAX, INT64_MAX, UINT64_MAX / 2, 1ull << 61,
                                        1ull << 32, 31 };
    size_t size;
    char *bytes = sample(&size), kept[8];

    (void)state;
    for (size_t at = 0; at + 8 <= size; at++) {
        for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
            for (size_t width = 1; width <= 8; width *= 2) {
                memcpy(kept, bytes + at, 8);
                memcpy(bytes + at, &hostile[i], width);
                open_copy(bytes, size);
                memcpy(bytes + at, kept, 8);
            }
        }
    }
    free(bytes);
}

/* Where the declaration of the tensor @name begins: after its name. */
static char *declaration(char *bytes, size_t size, char name)
{
    const char pattern[] = { 1, 0, 0, 0, 0, 0, 0, 0, name };

    return (char *)memmem(bytes, size, pattern, sizeof(pattern)) + sizeof(pattern);
}

static void refuses_tensors_that_overlap(void **state)
{
    size_t size;
    char *bytes = sample(&size);
    uint64_t zero = 0;

    (void)state;
    memcpy(declaration(bytes, size, 'b') + 4 + 8 + 4, &zero, sizeof(zero));
    assert_int_equal(open_copy(bytes, size), STATUS_DATA_LOSS);
    free(bytes);
}

static void refuses_an_offset_between_the_steps_of_the_alignment(void **state)
{
    size_t size;
    char *bytes = sample(&size);

    (void)state;
    declaration(bytes, size, 'b')[4 + 8 + 4] += 1;
    assert_int_equal(open_copy(bytes, size), STATUS_DATA_LOSS);
    free(bytes);
}

static void refuses_two_tensors_of_one_name(void **state)
{
    size_t size;
    char *bytes = sample(&size);

    (void)state;
    declaration(bytes, size, 'b')[-1] = 'a';
    assert_int_equal(open_copy(bytes, size), STATUS_DATA_LOSS);
    free(bytes);
}

static void names_a_version_and_a_type_that_it_does_not_know(void **state)
{
    size_t size;
    char *bytes = sample(&size);

    (void)state;
    bytes[4] = 1;
    assert_int_equal(open_copy(bytes, size), STATUS_UNIMPLEMENTED);
    bytes[4] = 2;
    assert_int_equal(open_copy(bytes, size), STATUS_OK);
    declaration(bytes, size, 'b')[4 + 8] = 99;
    assert_int_equal(open_copy(bytes, size), STATUS_UNIMPLEMENTED);
    free(bytes);
}

static void names_a_file_that_is_not_there(void **state)
{
    struct error err;

    (void)state;
    assert_null(gguf_open("/nowhere/model.gguf", &err));
    assert_int_equal(err.status, STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nowhere/model.gguf"));
    assert_null(gguf_open("/", &err));
    assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
}

static void reads_files_that_others_made(void **state)
{
    static const struct {
        const char *name;
        uint64_t tensors, tokens;
    } files[] = { { "models/stories260K.gguf", 47, 512 },
                  { "models/TinyStories-656K-F32.gguf", 20, 2048 } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *path = data_path(files[i].name);
        enum gguf_type type;
        uint64_t count;
        struct error err = { 0 };
        struct gguf *gguf;

        if (path == NULL)
            skip();
        gguf = gguf_open(path, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(gguf_tensor_count(gguf), files[i].tensors);
        assert_true(gguf_get_array(gguf, "tokenizer.ggml.tokens", &type, &count));
        assert_int_equal(count, files[i].tokens);
        gguf_close(gguf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(gives_tensors_by_name_and_place),
        cmocka_unit_test(a_digest_that_was_begun_is_the_file_s),
        cmocka_unit_test(refuses_a_file_cut_anywhere),
        cmocka_unit_test(survives_every_number_being_twisted),
        cmocka_unit_test(refuses_tensors_that_overlap),
        cmocka_unit_test(refuses_an_offset_between_the_steps_of_the_alignment),
        cmocka_unit_test(refuses_two_tensors_of_one_name),
        cmocka_unit_test(names_a_version_and_a_type_that_it_does_not_know),
        cmocka_unit_test(names_a_file_that_is_not_there),
        cmocka_unit_test(reads_files_that_others_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
