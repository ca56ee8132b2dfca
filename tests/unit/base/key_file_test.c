#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/key_file.h"

static char folder[] = "/tmp/key-file-XXXXXX";
static struct error err;

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static void makes_a_key_once_for_the_owner_alone(void **state)
{
    unsigned char made[32] = { 0 }, read[32] = { 0 }, none[32] = { 0 };
    struct stat about;

    (void)state;
    assert_int_equal(key_file_load(path_of("key"), made, sizeof(made), &err), STATUS_OK);
    assert_int_equal(key_file_load(path_of("key"), read, sizeof(read), &err), STATUS_OK);
    assert_memory_equal(made, read, sizeof(made));
    assert_memory_not_equal(made, none, sizeof(made));
    assert_int_equal(stat(path_of("key"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(about.st_size, 65);
    unlink(path_of("key"));
}

static void reads_hex_in_either_case_with_a_lines_end_or_without(void **state)
{
    static const unsigned char wanted[4] = { 0x01, 0xab, 0xCD, 0xff };
    static const char *const texts[] = { "01abcdff", "01ABCDFF\n", "01AbCdfF" };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        unsigned char key[4];

        put("key", texts[i], i == 0 ? 0440 : 0600);
        assert_int_equal(key_file_load(path_of("key"), key, sizeof(key), &err), STATUS_OK);
        assert_memory_equal(key, wanted, sizeof(key));
    }
    unlink(path_of("key"));
}

static void refuses_what_is_no_key_and_does_not_show_it(void **state)
{
    static const char *const texts[] = { "",           "secret",   "01abcdf",  "01abcdff\n\n",
                                         "01abcdff00", "01abcdfg", "01abcdff " };
    unsigned char key[4];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put("key", texts[i], 0600);
        assert_int_equal(key_file_load(path_of("key"), key, sizeof(key), &err),
                         STATUS_FAILED_PRECONDITION);
        assert_null(strstr(err.text, "secret"));
        assert_null(strstr(err.text, "01abc"));
    }
    unlink(path_of("key"));
    assert_int_equal(key_file_load(folder, key, sizeof(key), &err), STATUS_FAILED_PRECONDITION);
    assert_int_equal(key_file_load(path_of("no/such/folder"), key, sizeof(key), &err),
                     STATUS_NOT_FOUND);
}

static void refuses_a_file_that_everybody_reads(void **state)
{
    unsigned char key[4];

    (void)state;
    put("key", "01abcdff", 0644);
    assert_int_equal(key_file_load(path_of("key"), key, sizeof(key), &err),
                     STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "chmod 600"));
    put("key", "01abcdff", 0660);
    assert_int_equal(key_file_load(path_of("key"), key, sizeof(key), &err),
                     STATUS_FAILED_PRECONDITION);
    unlink(path_of("key"));
}

static void processes_that_begin_at_once_get_one_key(void **state)
{
    enum { PROCESSES = 8 };
    unsigned char keys[PROCESSES][32];
    int pipes[PROCESSES][2];

    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        if (fork() == 0) {
            unsigned char key[32];
            int is_good = key_file_load(path_of("key"), key, sizeof(key), NULL) == STATUS_OK
                          && write(pipes[i][1], key, sizeof(key)) == (ssize_t)sizeof(key);

            _exit(!is_good);
        }
        close(pipes[i][1]);
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(read(pipes[i][0], keys[i], sizeof(keys[i])), sizeof(keys[i]));
        assert_memory_equal(keys[i], keys[0], sizeof(keys[0]));
        close(pipes[i][0]);
        wait(NULL);
    }
    unlink(path_of("key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_key_once_for_the_owner_alone),
        cmocka_unit_test(reads_hex_in_either_case_with_a_lines_end_or_without),
        cmocka_unit_test(refuses_what_is_no_key_and_does_not_show_it),
        cmocka_unit_test(refuses_a_file_that_everybody_reads),
        cmocka_unit_test(processes_that_begin_at_once_get_one_key),
    };
    int failed;

    if (mkdtemp(folder) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
