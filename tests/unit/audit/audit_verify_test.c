/* A log of nine records in three segments, and what may be done to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit_verify.h"
#include "audit/audit_writer.h"

static char folder[] = "/tmp/audit-verify-XXXXXX";
static char log_path[64], key_path[64];
static struct audit_writer writer;
static struct audit_verdict verdict;
static struct error err;

static const char *path_of(const char *name)
{
    static char path[160];

    snprintf(path, sizeof(path), "%s/%s", log_path, name);
    return path;
}

static struct audit_options options(void)
{
    return (struct audit_options){ log_path, key_path, "test", NULL, 800, NULL };
}

static void open_writer(void)
{
    struct audit_options wanted = options();

    assert_int_equal(audit_writer_open(&writer, &wanted, &err), STATUS_OK);
}

static void write_one(void)
{
    audit_writer_begin(&writer);
    assert_true(audit_writer_add(&writer, SLICE("\"action\":\"ask\",\"outcome\":\"OK\"")));
    assert_int_equal(audit_writer_end(&writer, &err), STATUS_OK);
}

static int make_log(void **state)
{
    (void)state;
    open_writer(); /* and its start is the first record */
    for (unsigned i = 1; i < 9; i++)
        write_one();
    audit_writer_close(&writer);
    return 0;
}

static int remove_log(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", log_path);
    return system(command);
}

static enum status verify(void)
{
    error_clear(&err);
    return audit_verify(log_path, writer.key.public_key, 1, NULL, NULL, &verdict, &err);
}

static char *read_file(const char *name, size_t *size)
{
    FILE *file = fopen(path_of(name), "r");
    char *bytes = malloc(1 << 16);

    assert_non_null(file);
    *size = fread(bytes, 1, 1 << 16, file);
    fclose(file);
    return bytes;
}

static void write_file(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* The lines of a segment anew, in the order of @order ("021": the second and third swapped). */
static void reorder(const char *name, const char *order)
{
    size_t size, out = 0, begins[16] = { 0 }, count = 0;
    char *bytes = read_file(name, &size), *made = malloc(1 << 16);

    for (size_t i = 0; i < size; i++)
        if (bytes[i] == '\n')
            begins[++count] = i + 1;
    for (; *order != '\0'; order++) {
        unsigned at = (unsigned)(*order - '0');

        assert_true(at < count);
        memcpy(made + out, bytes + begins[at], begins[at + 1] - begins[at]);
        out += begins[at + 1] - begins[at];
    }
    write_file(name, made, out);
    free(bytes);
    free(made);
}

#define FIRST "audit-000000000001.jsonl"
#define SECOND "audit-000000000004.jsonl"
#define THIRD "audit-000000000007.jsonl"

static void assert_bad(uint64_t record, const char *segment)
{
    char wanted[64];

    assert_int_equal(verify(), STATUS_DATA_LOSS);
    snprintf(wanted, sizeof(wanted), "record %u (%s): ", (unsigned)record, segment);
    assert_memory_equal(err.text, wanted, strlen(wanted));
    assert_int_equal(verdict.bad, record);
    assert_int_equal(verdict.last, record - 1);
}

static void a_whole_log_stands(void **state)
{
    (void)state;
    assert_int_equal(verify(), STATUS_OK);
    assert_int_equal(verdict.last, 9);
    assert_int_equal(verdict.segments, 3);
    assert_int_equal(verdict.bad, 0);
}

static void an_edit_is_found_where_it_was_made(void **state)
{
    size_t size;
    char *bytes = read_file(SECOND, &size), *at;

    (void)state;
    at = strstr(strchr(bytes, '\n'), "\"OK\"");
    memcpy(at, "\"NO\"", 4);
    write_file(SECOND, bytes, size);
    assert_bad(5, SECOND);
    free(bytes);
}

static void a_dropped_record_is_found(void **state)
{
    (void)state;
    reorder(SECOND, "02");
    assert_bad(5, SECOND);
}

static void a_dropped_last_record_of_a_segment_is_found(void **state)
{
    (void)state;
    reorder(FIRST, "01");
    assert_bad(3, SECOND);
}

static void a_swap_is_found(void **state)
{
    (void)state;
    reorder(SECOND, "021");
    assert_bad(5, SECOND);
}

static void a_record_put_in_twice_is_found(void **state)
{
    (void)state;
    reorder(SECOND, "0112");
    assert_bad(6, SECOND);
}

static void a_cut_end_is_found(void **state)
{
    size_t size;
    char *bytes;

    (void)state;
    reorder(THIRD, "01");
    assert_bad(9, THIRD);
    bytes = read_file(THIRD, &size);
    write_file(THIRD, bytes, size - 10);
    free(bytes);
    assert_bad(8, THIRD);
    unlink(path_of(THIRD));
    assert_bad(7, SECOND);
}

static void a_lost_segment_is_found(void **state)
{
    (void)state;
    unlink(path_of(SECOND));
    assert_bad(4, THIRD);
    unlink(path_of(FIRST));
    assert_bad(1, THIRD);
}

static void a_lost_head_and_a_foreign_one_are_found(void **state)
{
    static const struct audit_link link = { .seq = 5 };
    char text[AUDIT_HEAD_BYTES + 1];
    struct audit_key stranger = writer.key;

    (void)state;
    stranger.secret[0] ^= 1;
    audit_head_format(&stranger, &link, text);
    write_file("head", text, AUDIT_HEAD_BYTES);
    assert_int_equal(verify(), STATUS_DATA_LOSS);
    audit_head_format(&writer.key, &link, text); /* its number fits, its digest does not */
    write_file("head", text, AUDIT_HEAD_BYTES);
    assert_bad(5, SECOND);
    unlink(path_of("head"));
    assert_int_equal(verify(), STATUS_DATA_LOSS);
}

static void segments_that_were_moved_away_are_not_missed_when_told(void **state)
{
    (void)state;
    unlink(path_of(FIRST));
    assert_int_equal(audit_verify(log_path, writer.key.public_key, 4, NULL, NULL, &verdict, &err),
                     STATUS_OK);
    assert_int_equal(verdict.first, 4);
    assert_int_equal(verdict.last, 9);
}

static void what_a_killed_process_left_in_part_is_cut_and_told(void **state)
{
    size_t size;
    char *bytes = read_file(THIRD, &size);

    (void)state;
    memcpy(bytes + size, "{\"seq\":10,\"action\"", 18);
    write_file(THIRD, bytes, size + 18);
    free(bytes);
    assert_int_equal(verify(), STATUS_OK); /* nobody was told that it stands */
    open_writer();
    write_one();
    audit_writer_close(&writer);
    assert_int_equal(verify(), STATUS_OK);
    assert_int_equal(verdict.last, 12); /* recover, start, ask */
    bytes = read_file("audit-000000000010.jsonl", &size);
    assert_non_null(strstr(bytes, "\"action\":\"recover\""));
    assert_non_null(strstr(bytes, "\"count\":18"));
    free(bytes);
}

static void a_log_goes_on_after_a_segment_that_nothing_was_written_to(void **state)
{
    (void)state;
    write_file("audit-000000000010.jsonl", "", 0);
    open_writer();
    write_one();
    audit_writer_close(&writer);
    assert_int_equal(verify(), STATUS_OK);
    assert_int_equal(verdict.last, 11);
    assert_int_equal(verdict.segments, 4);
}

static void a_log_that_was_touched_is_not_written_to(void **state)
{
    struct audit_options wanted = options();

    (void)state;
    reorder(THIRD, "01");
    error_clear(&err);
    assert_int_equal(audit_writer_open(&writer, &wanted, &err), STATUS_DATA_LOSS);
    assert_string_equal(err.text, "the audit log ends with record 8, its head names 9");
    reorder(THIRD, "10");
    error_clear(&err);
    assert_int_equal(audit_writer_open(&writer, &wanted, &err), STATUS_DATA_LOSS);
}

static void a_folder_has_one_writer_and_one_key(void **state)
{
    struct audit_options wanted = options();
    static struct audit_writer second;

    (void)state;
    open_writer();
    assert_int_equal(audit_writer_open(&second, &wanted, &err), STATUS_FAILED_PRECONDITION);
    audit_writer_close(&writer);
    wanted.key_file = path_of("another-key");
    error_clear(&err);
    assert_int_equal(audit_writer_open(&second, &wanted, &err), STATUS_FAILED_PRECONDITION);
    open_writer();
    audit_writer_close(&writer);
}

static enum status stop_at_three(void *arg, uint64_t seq, struct slice line, struct error *stop)
{
    (void)line;
    *(uint64_t *)arg = seq;
    return seq == 3 ? error_set(stop, STATUS_CANCELLED, "enough") : STATUS_OK;
}

static void records_are_told_in_order_until_the_reader_has_enough(void **state)
{
    uint64_t last = 0;

    (void)state;
    assert_int_equal(
        audit_verify(log_path, writer.key.public_key, 1, stop_at_three, &last, &verdict, &err),
        STATUS_CANCELLED);
    assert_int_equal(last, 3);
    assert_int_equal(verdict.bad, 0);
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, make_log, remove_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOG(a_whole_log_stands),
        WITH_LOG(an_edit_is_found_where_it_was_made),
        WITH_LOG(a_dropped_record_is_found),
        WITH_LOG(a_dropped_last_record_of_a_segment_is_found),
        WITH_LOG(a_swap_is_found),
        WITH_LOG(a_record_put_in_twice_is_found),
        WITH_LOG(a_cut_end_is_found),
        WITH_LOG(a_lost_segment_is_found),
        WITH_LOG(a_lost_head_and_a_foreign_one_are_found),
        WITH_LOG(segments_that_were_moved_away_are_not_missed_when_told),
        WITH_LOG(what_a_killed_process_left_in_part_is_cut_and_told),
        WITH_LOG(a_log_goes_on_after_a_segment_that_nothing_was_written_to),
        WITH_LOG(a_log_that_was_touched_is_not_written_to),
        WITH_LOG(a_folder_has_one_writer_and_one_key),
        WITH_LOG(records_are_told_in_order_until_the_reader_has_enough),
    };
    int failed;

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(log_path, sizeof(log_path), "%s/log", folder);
    snprintf(key_path, sizeof(key_path), "%s/key", folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(key_path);
    rmdir(folder);
    return failed;
}
