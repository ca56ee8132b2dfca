/* The file of examples comes back as it was written, and a file that is not whole is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "train_batch.h"
#include "train_data.h"

static struct arena arena;
static char folder[] = "/tmp/train_data_test.XXXXXX";
static char path[64];

static const uint16_t tokens[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const struct example_segment segments[2] = { { 4, 5, 6, 0 }, { 6, 8, 9, 1 } };

static void write_two(void)
{
    struct example both = { 9, 4, 2, segments, tokens }, plain = { 3, 3, 0, NULL, tokens };
    struct data_writer *writer = data_writer_start(path, 10, &arena, NULL);

    assert_non_null(writer);
    assert_int_equal(data_writer_kind(writer, SLICE("latest")), 0);
    assert_int_equal(data_writer_kind(writer, SLICE("trend")), 1);
    assert_int_equal(data_writer_kind(writer, SLICE("latest")), 0);
    data_writer_put(writer, &both);
    data_writer_put(writer, &plain);
    assert_int_equal(data_writer_finish(writer, NULL), STATUS_OK);
}

static void comes_back_as_it_was_written(void **state)
{
    struct data data;

    (void)state;
    write_two();
    assert_int_equal(data_open(&data, path, &arena, NULL), STATUS_OK);
    assert_int_equal(data.examples_count, 2);
    assert_int_equal(data.tokens_count, 12);
    assert_int_equal(data.vocabulary_size, 10);
    assert_string_equal(data.kinds[1], "trend");
    assert_int_equal(data.examples[0].segments_count, 2);
    assert_memory_equal(data.examples[0].segments, segments, sizeof(segments));
    assert_memory_equal(data.examples[0].tokens, tokens, sizeof(tokens));
    assert_int_equal(data.examples[1].size, 3);
    data_close(&data);
}

static size_t read_file(char *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    size_t size = fread(bytes, 1, room, file);

    fclose(file);
    return size;
}

static enum status open_bytes(const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    struct data data;
    enum status status;

    fwrite(bytes, 1, size, file);
    fclose(file);
    status = data_open(&data, path, &arena, NULL);
    data_close(&data);
    return status;
}

static void refuses_a_file_cut_anywhere(void **state)
{
    static char bytes[64 * 1024];
    size_t size;

    (void)state;
    write_two();
    size = read_file(bytes, sizeof(bytes));
    assert_int_equal(open_bytes(bytes, size), STATUS_OK);
    for (size_t cut = 0; cut < size; cut += cut + 200 < size ? 97 : 1)
        assert_int_not_equal(open_bytes(bytes, cut), STATUS_OK);
}

static void refuses_a_token_outside_the_vocabulary(void **state)
{
    static char bytes[64 * 1024];
    size_t size;

    (void)state;
    write_two();
    size = read_file(bytes, sizeof(bytes));
    bytes[size - 3] = 0x7f; /* the high byte of the last token; two bytes of padding follow */
    assert_int_equal(open_bytes(bytes, size), STATUS_DATA_LOSS);
}

static void targets_are_the_answers_and_what_precedes_them_sees_them(void **state)
{
    struct example example = { 9, 4, 2, segments, tokens };
    struct random random = { 1 };
    struct pass_target targets[9];
    size_t answers, count = batch_targets(&example, 0, &random, targets, &answers);

    (void)state;
    assert_int_equal(count, 2);
    assert_int_equal(answers, 2);
    assert_int_equal(targets[0].row, 4);
    assert_int_equal(targets[0].token, 6);
    assert_int_equal(targets[1].row, 7);
    assert_int_equal(targets[1].token, 9);
    /* Every other token too, but for the first of the record and the first of each question. */
    count = batch_targets(&example, 1, &random, targets, &answers);
    assert_int_equal(count, 3 + 1 + 2);
}

static void every_example_comes_once_a_round(void **state)
{
    struct data data;
    struct batch_order order;

    (void)state;
    write_two();
    assert_int_equal(data_open(&data, path, &arena, NULL), STATUS_OK);
    assert_int_equal(batch_order_init(&order, &data, 5, &arena, NULL), STATUS_OK);
    for (int i = 0; i < 10; i++)
        assert_ptr_not_equal(batch_order_next(&order, 100), batch_order_next(&order, 100));
    for (int i = 0; i < 10; i++)
        assert_int_equal(batch_order_next(&order, 3)->size, 3);
    data_close(&data);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MIB);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/data", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    rmdir(folder);
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was_written),
        cmocka_unit_test(refuses_a_file_cut_anywhere),
        cmocka_unit_test(refuses_a_token_outside_the_vocabulary),
        cmocka_unit_test(targets_are_the_answers_and_what_precedes_them_sees_them),
        cmocka_unit_test(every_example_comes_once_a_round),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
