#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "gateway_pseudonym.h"

static char folder[] = "/tmp/pseudonym-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void makes_a_key_once_for_the_owner_alone(void **state)
{
    struct pseudonym_key made, read;
    struct error err;
    struct stat about;

    (void)state;
    assert_int_equal(pseudonym_key_load(path_of("key"), &made, &err), STATUS_OK);
    assert_int_equal(pseudonym_key_load(path_of("key"), &read, &err), STATUS_OK);
    assert_memory_equal(made.bytes, read.bytes, sizeof(made.bytes));
    assert_int_equal(stat(path_of("key"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    unlink(path_of("key"));
}

static void refuses_a_file_that_holds_no_key(void **state)
{
    struct pseudonym_key key;
    struct error err;
    FILE *file = fopen(path_of("bad"), "w");

    (void)state;
    fputs("0123456789abcdef", file);
    fclose(file);
    assert_int_equal(pseudonym_key_load(path_of("bad"), &key, &err), STATUS_FAILED_PRECONDITION);
    unlink(path_of("bad"));
    assert_int_equal(pseudonym_key_load(path_of("no/such/folder"), &key, &err), STATUS_NOT_FOUND);
}

static void same_patient_same_pseudonym_and_tenants_do_not_run_together(void **state)
{
    struct pseudonym_key key = { { 1, 2, 3 } }, other = { { 3, 2, 1 } };
    char a[PSEUDONYM_TEXT_BYTES], b[PSEUDONYM_TEXT_BYTES];

    (void)state;
    pseudonym_make(&key, SLICE("north"), SLICE("MRN-1"), a);
    pseudonym_make(&key, SLICE("north"), SLICE("MRN-1"), b);
    assert_string_equal(a, b);
    assert_int_equal(strlen(a), PSEUDONYM_TEXT_BYTES - 1);
    pseudonym_make(&key, SLICE("nort"), SLICE("hMRN-1"), b);
    assert_string_not_equal(a, b);
    pseudonym_make(&other, SLICE("north"), SLICE("MRN-1"), b);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_key_once_for_the_owner_alone),
        cmocka_unit_test(refuses_a_file_that_holds_no_key),
        cmocka_unit_test(same_patient_same_pseudonym_and_tenants_do_not_run_together),
    };
    int failed;

    if (mkdtemp(folder) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
