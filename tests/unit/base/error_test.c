#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void carries_a_status_and_a_text(void **state)
{
    struct error err;

    (void)state;
    assert_int_equal(error_set(&err, STATUS_NOT_FOUND, "record %d", 7), STATUS_NOT_FOUND);
    assert_string_equal(err.text, "record 7");
    assert_int_equal(error_wrap(&err, "chunk %u", 3), STATUS_NOT_FOUND);
    assert_string_equal(err.text, "chunk 3: record 7");
    assert_int_equal(error_set(NULL, STATUS_ABORTED, "x"), STATUS_ABORTED);
    error_clear(&err);
    assert_int_equal(err.status, STATUS_OK);
    assert_string_equal(err.text, "");
}

static void cuts_long_text(void **state)
{
    char text[1000];
    struct error err;
    unsigned i;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    error_set(&err, STATUS_INTERNAL, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    for (i = 0; i < 100; i++)
        error_wrap(&err, "outer");
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    error_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void knows_what_errno_means(void **state)
{
    const struct {
        int number;
        enum status status;
    } rows[] = {
        { ENOENT, STATUS_NOT_FOUND },          { EACCES, STATUS_PERMISSION_DENIED },
        { ENOSPC, STATUS_RESOURCE_EXHAUSTED }, { EADDRINUSE, STATUS_ALREADY_EXISTS },
        { EMFILE, STATUS_RESOURCE_EXHAUSTED }, { ECONNREFUSED, STATUS_UNAVAILABLE },
    };
    struct error err;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(error_set_errno(&err, rows[i].number, "open"), rows[i].status);
    error_set_errno(&err, ENOENT, "open %s", "x");
    assert_string_equal(err.text, "open x: No such file or directory");
}

static void names_every_status(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < STATUS_COUNT; i++)
        assert_true(strlen(status_name((enum status)i)) > 1);
    assert_string_equal(status_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(status_name((enum status)17), "UNKNOWN");
    assert_string_equal(status_name((enum status) - 1), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_a_status_and_a_text),
        cmocka_unit_test(cuts_long_text),
        cmocka_unit_test(knows_what_errno_means),
        cmocka_unit_test(names_every_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
