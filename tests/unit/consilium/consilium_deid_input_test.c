/* Lines from a pipe: of any cut, with any end, and none that is too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "consilium_deid_input.h"

/* An input that reads @bytes and then the end. */
static void open_over(struct deid_input *input, struct slice bytes, size_t line_bytes_max)
{
    char path[] = "/tmp/consilium-input-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.data, bytes.size), (ssize_t)bytes.size);
    close(fd);
    assert_int_equal(deid_input_open(input, path, line_bytes_max, NULL), STATUS_OK);
    unlink(path);
}

static void expect(struct deid_input *input, const char *want)
{
    struct slice line;

    assert_int_equal(deid_input_next(input, &line, NULL), STATUS_OK);
    assert_true(slice_is(line, want));
}

static void expect_end(struct deid_input *input)
{
    struct slice line;

    assert_int_equal(deid_input_next(input, &line, NULL), STATUS_NOT_FOUND);
}

static void reads_lines_with_and_without_a_last_end(void **state)
{
    struct deid_input input;

    (void)state;
    open_over(&input, SLICE("a\n\nbc\nd"), 10);
    expect(&input, "a");
    expect(&input, "");
    expect(&input, "bc");
    expect(&input, "d");
    expect_end(&input);
    expect_end(&input);
    deid_input_close(&input);
}

static void leaves_a_byte_order_mark_out(void **state)
{
    struct deid_input input;

    (void)state;
    open_over(&input, SLICE("\xef\xbb\xbf{}\n\xef\xbb\xbf\n"), 10);
    expect(&input, "{}");
    expect(&input, "\xef\xbb\xbf");
    deid_input_close(&input);
}

static void skips_a_line_over_the_limit_and_goes_on(void **state)
{
    size_t size = 3 << 20;
    char *bytes = malloc(size);
    struct deid_input input;
    struct slice line;
    struct error err = { 0 };

    (void)state;
    memset(bytes, 'x', size);
    memcpy(bytes, "one\n", 4);
    memcpy(bytes + size - 5, "\ntwo\n", 5);
    open_over(&input, slice_of(bytes, size), 1 << 20);
    expect(&input, "one");
    assert_int_equal(deid_input_next(&input, &line, &err), STATUS_OUT_OF_RANGE);
    assert_int_equal(input.line, 2);
    expect(&input, "two");
    assert_int_equal(input.line, 3);
    expect_end(&input);
    assert_true(input.capacity < 3u << 20);
    deid_input_close(&input);
    free(bytes);
}

static void reads_a_line_of_many_reads(void **state)
{
    size_t size = 5 << 20;
    char *bytes = malloc(size);
    struct deid_input input;
    struct slice line;

    (void)state;
    memset(bytes, 'y', size);
    bytes[size - 2] = '\n';
    open_over(&input, slice_of(bytes, size), size);
    assert_int_equal(deid_input_next(&input, &line, NULL), STATUS_OK);
    assert_int_equal(line.size, size - 2);
    expect(&input, "y");
    expect_end(&input);
    deid_input_close(&input);
    free(bytes);
}

static void says_so_when_there_is_no_file(void **state)
{
    struct deid_input input;

    (void)state;
    assert_int_equal(deid_input_open(&input, "/no/such/file", 10, NULL), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines_with_and_without_a_last_end),
        cmocka_unit_test(leaves_a_byte_order_mark_out),
        cmocka_unit_test(skips_a_line_over_the_limit_and_goes_on),
        cmocka_unit_test(reads_a_line_of_many_reads),
        cmocka_unit_test(says_so_when_there_is_no_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
