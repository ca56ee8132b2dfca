#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit_folder.h"
#include "audit/audit_record.h"

static char path[] = "/tmp/audit-folder-XXXXXX";
static int folder;
static struct arena arena;
static struct error err;

static void put(const char *name, const void *bytes, size_t size)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size), size);
    close(file);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(path) == NULL)
        return -1;
    folder = open(path, O_RDONLY | O_DIRECTORY);
    arena_init(&arena, 16 << 20);
    error_clear(&err);
    return 0;
}

static int tear_down(void **state)
{
    char command[64];

    (void)state;
    close(folder);
    arena_close(&arena);
    snprintf(command, sizeof(command), "rm -rf %s", path);
    strcpy(path, "/tmp/audit-folder-XXXXXX");
    return system(command);
}

static void names_say_the_number_and_stand_in_order(void **state)
{
    static const uint64_t firsts[] = { 81234, 1, 1000000000000 };
    struct audit_segment *segments;
    char name[AUDIT_NAME_BYTES];
    size_t count;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        audit_segment_name(firsts[i], name);
        put(name, "", 0);
    }
    assert_int_equal(audit_segments(folder, &arena, &segments, &count, &err), STATUS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(segments[0].first, 1);
    assert_string_equal(segments[0].name, "audit-000000000001.jsonl");
    assert_int_equal(segments[1].first, 81234);
    assert_int_equal(segments[2].first, 1000000000000);
}

static void other_files_are_no_segments(void **state)
{
    static const char *const names[] = {
        "head",
        "public-key",
        "audit-.jsonl",
        "audit-1.json",
        "audit-x00000000001.jsonl",
        "audit-00000000001x.jsonl",
        "audit--1.jsonl",
        "audit-000000000001.jsonl.bak",
        "xaudit-000000000001.jsonl",
        "audit-99999999999999999999999.jsonl",
        "audit-000000000000.jsonl",
    };
    struct audit_segment *segments;
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put(names[i], "x\n", 2);
    if (audit_segments(folder, &arena, &segments, &count, &err) != STATUS_OK)
        return; /* refusing the folder is as good: it is evidence that was touched */
    for (size_t i = 0; i < count; i++) {
        char name[AUDIT_NAME_BYTES];

        audit_segment_name(segments[i].first, name);
        assert_string_equal(segments[i].name, name);
    }
}

static void an_empty_folder_has_none(void **state)
{
    struct audit_segment *segments;
    size_t count = 7;

    (void)state;
    assert_int_equal(audit_segments(folder, &arena, &segments, &count, &err), STATUS_OK);
    assert_int_equal(count, 0);
}

static void a_small_file_is_read_up_to_its_size(void **state)
{
    char bytes[4];
    size_t got;

    (void)state;
    put(AUDIT_HEAD_NAME, "abcdefgh", 8);
    assert_int_equal(audit_read_small(folder, AUDIT_HEAD_NAME, bytes, sizeof(bytes), &got, &err),
                     STATUS_OK);
    assert_int_equal(got, 4);
    assert_memory_equal(bytes, "abcd", 4);
    assert_int_equal(audit_read_small(folder, "nothing", bytes, sizeof(bytes), &got, &err),
                     STATUS_NOT_FOUND);
}

struct seen {
    unsigned lines;
    size_t bytes;
    unsigned refused; /* the number of the line that is */
};

static enum status on_line(void *arg, struct slice line, struct error *why)
{
    struct seen *seen = arg;

    seen->bytes += line.size;
    if (++seen->lines == seen->refused)
        return error_set(why, STATUS_ABORTED, "enough");
    return STATUS_OK;
}

static enum status read_lines(const void *bytes, size_t size, struct seen *seen, size_t *torn)
{
    enum status status;
    int file;

    put("lines", bytes, size);
    file = openat(folder, "lines", O_RDONLY);
    error_clear(&err);
    status = audit_lines(file, on_line, seen, torn, &err);
    close(file);
    return status;
}

static void lines_are_told_and_what_is_torn_is_counted(void **state)
{
    struct seen seen = { 0 };
    size_t torn;

    (void)state;
    assert_int_equal(read_lines("one\n\nthree\nto", 13, &seen, &torn), STATUS_OK);
    assert_int_equal(seen.lines, 3);
    assert_int_equal(seen.bytes, 8);
    assert_int_equal(torn, 2);
    seen = (struct seen){ .refused = 2 };
    assert_int_equal(read_lines("a\nb\nc\n", 6, &seen, &torn), STATUS_ABORTED);
    assert_int_equal(seen.lines, 2);
    seen = (struct seen){ 0 };
    assert_int_equal(read_lines("", 0, &seen, &torn), STATUS_OK);
    assert_int_equal(torn, 0);
}

static void a_line_that_no_record_can_be_is_a_loss(void **state)
{
    size_t size = 2 * AUDIT_LINE_BYTES_MAX;
    char *bytes = malloc(size);
    struct seen seen = { 0 };
    size_t torn;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'x', size);
    assert_int_equal(read_lines(bytes, size, &seen, &torn), STATUS_DATA_LOSS);
    bytes[size - 1] = '\n';
    assert_int_equal(read_lines(bytes, size, &seen, &torn), STATUS_DATA_LOSS);
    assert_int_equal(seen.lines, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_say_the_number_and_stand_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_files_are_no_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_folder_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_file_is_read_up_to_its_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_are_told_and_what_is_torn_is_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_no_record_can_be_is_a_loss, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
