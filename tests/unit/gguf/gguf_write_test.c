#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "gguf/gguf_half.h"
#include "gguf/gguf_write.h"

static const uint64_t eight[] = { 8 };
static const float values[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static void says_when_fewer_or_more_bytes_came_than_declared(void **state)
{
    const size_t sizes[] = { 31, 33 };

    (void)state;
    for (int i = 0; i < 2; i++) {
        char *bytes, data[33] = { 0 };
        size_t size;
        FILE *stream = open_memstream(&bytes, &size);
        struct gguf_write *write = gguf_write_start_stream(stream, NULL);
        struct error err = { 0 };

        gguf_write_tensor(write, "a", GGUF_TENSOR_TYPE_F32, 1, eight);
        gguf_write_data(write, data, sizes[i]);
        assert_int_equal(gguf_write_finish(write, &err), STATUS_INVALID_ARGUMENT);
        fclose(stream);
        free(bytes);
    }
}

static void makes_the_file_appear_only_when_it_is_whole(void **state)
{
    char folder[] = "/tmp/gguf_write_XXXXXX", path[64], part[80];
    struct gguf_write *write;
    struct gguf *gguf;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/m.gguf", folder);
    snprintf(part, sizeof(part), "%s.part", path);
    write = gguf_write_start(path, NULL);
    gguf_write_tensor(write, "a", GGUF_TENSOR_TYPE_F32, 1, eight);
    gguf_write_floats(write, values, 5);
    assert_int_not_equal(access(path, F_OK), 0);
    gguf_write_discard(write);
    assert_int_not_equal(access(part, F_OK), 0);

    write = gguf_write_start(path, NULL);
    gguf_write_tensor(write, "a", GGUF_TENSOR_TYPE_F32, 1, eight);
    gguf_write_floats(write, values, 5);
    gguf_write_floats(write, values + 5, 3);
    assert_int_equal(gguf_write_finish(write, NULL), STATUS_OK);
    gguf = gguf_open(path, NULL);
    assert_memory_equal(gguf_tensor_find(gguf, "a")->data, values, sizeof(values));
    gguf_close(gguf);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void rounds_every_half_as_the_compiler_does(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        uint16_t half = (uint16_t)bits;
        _Float16 theirs;
        float ours = gguf_half_to_float(half);

        memcpy(&theirs, &half, sizeof(half));
        if (isnan(ours))
            assert_true(isnan((float)theirs));
        else
            assert_true(ours == (float)theirs && gguf_half_from_float(ours) == half);
    }
    /* Floats of every exponent, at and beside the ties. */
    for (uint64_t bits = 0; bits < 0x7f800000; bits += 0x7ff) {
        float value = gguf_half_bits((uint32_t)bits);
        _Float16 theirs = (_Float16)value;
        uint16_t half;

        memcpy(&half, &theirs, sizeof(half));
        assert_int_equal(gguf_half_from_float(value), half);
        assert_int_equal(gguf_half_from_float(-value), half | 0x8000);
    }
}

static void quantises_to_half_a_step(void **state)
{
    float row[64], scale;
    unsigned char blocks[68];
    uint16_t half;

    (void)state;
    for (int i = 0; i < 64; i++)
        row[i] = sinf((float)i) * (i < 32 ? 3.0f : 0.01f);
    gguf_write_quantise_q8_0(row, 64, blocks);
    for (int i = 0; i < 64; i++) {
        const unsigned char *block = blocks + i / 32 * 34;

        memcpy(&half, block, 2);
        scale = gguf_half_to_float(half);
        assert_true(fabsf((float)(int8_t)block[2 + i % 32] * scale - row[i]) <= scale * 0.57f);
    }
}

static void copies_the_keys_of_another_file_but_some(void **state)
{
    static const char *const except[] = { "b", "no such key", NULL };
    const struct slice words[] = { SLICE("one"), SLICE(""), SLICE("three") };
    const uint64_t numbers[] = { 7, 1ull << 40 };
    char *bytes[2];
    size_t sizes[2], cursor = 0, count = 0;
    struct gguf *gguf = NULL;
    struct slice word, array;
    uint64_t number;
    bool truth;

    (void)state;
    for (int i = 0; i < 2; i++) {
        FILE *stream = open_memstream(&bytes[i], &sizes[i]);
        struct gguf_write *write = gguf_write_start_stream(stream, NULL);

        if (i == 0) {
            gguf_write_string(write, "a", SLICE("text"));
            gguf_write_u32(write, "b", 5);
            gguf_write_strings(write, "c", words, 3);
            gguf_write_array(write, "d", GGUF_TYPE_UINT64, numbers, 2);
            gguf_write_bool(write, "e", true);
        } else {
            gguf_write_entries(write, gguf, except);
            gguf_close(gguf);
        }
        assert_int_equal(gguf_write_finish(write, NULL), STATUS_OK);
        fclose(stream);
        gguf = gguf_open_bytes(slice_of(bytes[i], sizes[i]), NULL);
        assert_non_null(gguf);
    }
    assert_true(gguf_get_string(gguf, "a", &word) && slice_is(word, "text"));
    assert_false(gguf_get_u64(gguf, "b", &number));
    for (; gguf_next_string(gguf, "c", &cursor, &word); count++)
        assert_int_equal(word.size, words[count].size);
    assert_int_equal(count, 3);
    assert_true(gguf_get_array_bytes(gguf, "d", GGUF_TYPE_UINT64, &array));
    assert_memory_equal(array.data, numbers, sizeof(numbers));
    assert_true(gguf_get_bool(gguf, "e", &truth) && truth);
    gguf_close(gguf);
    free(bytes[0]);
    free(bytes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_when_fewer_or_more_bytes_came_than_declared),
        cmocka_unit_test(makes_the_file_appear_only_when_it_is_whole),
        cmocka_unit_test(rounds_every_half_as_the_compiler_does),
        cmocka_unit_test(quantises_to_half_a_step),
        cmocka_unit_test(copies_the_keys_of_another_file_but_some),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
