#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "run/address.h"

static void reads_what_people_type(void **state)
{
    struct address address;
    struct error err;

    (void)state;
    assert_int_equal(address_parse("127.0.0.1:6379", &address, &err), STATUS_OK);
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 6379);
    assert_int_equal(address_parse("[::1]:0", &address, &err), STATUS_OK);
    assert_string_equal(address.host, "::1");
    assert_int_equal(address.port, 0);
    assert_int_equal(address_parse("redis.hospital:65535", &address, &err), STATUS_OK);
    assert_int_equal(address.port, 65535);
    assert_false(address.is_unix);
    assert_int_equal(address_parse("unix:/run/a:b.sock", &address, &err), STATUS_OK);
    assert_true(address.is_unix);
    assert_string_equal(address.host, "/run/a:b.sock");
}

static void refuses_the_rest(void **state)
{
    static const char *const invalid[] = {
        "",        ":",        "host",        "host:", ":1",    "host:-1", "host:65536",
        "host:1x", "::1:6379", "host:999999", "[]:1",  "unix:", "[::1]"
    };
    char text[600];
    struct address address;
    struct error err;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        if (address_parse(invalid[i], &address, &err) != STATUS_INVALID_ARGUMENT)
            fail_msg("accepted %s", invalid[i]);
    memset(text, 'h', sizeof(text));
    strcpy(text + 300, ":1");
    assert_int_equal(address_parse(text, &address, &err), STATUS_INVALID_ARGUMENT);
    memcpy(text, "unix:", 5);
    assert_int_equal(address_parse(text, &address, &err), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_people_type),
        cmocka_unit_test(refuses_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
