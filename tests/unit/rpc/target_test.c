#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rpc/target.h"

static void check(const char *text, const char *target_expected, const char *authority_expected)
{
    struct error err = { 0 };
    char *target, *authority;

    assert_int_equal(target_parse(text, &target, &authority, &err), STATUS_OK);
    assert_string_equal(target, target_expected);
    assert_string_equal(authority, authority_expected);
    free(target);
    free(authority);
}

static void check_refused(const char *text)
{
    struct error err = { 0 };
    char *target, *authority;

    assert_int_equal(target_parse(text, &target, &authority, &err), STATUS_INVALID_ARGUMENT);
    assert_true(strlen(err.text) > 0);
}

static void takes_one_address(void **state)
{
    (void)state;
    check("127.0.0.1:7101", "ipv4:127.0.0.1:7101", "127.0.0.1:7101");
    check("[::1]:7101", "ipv6:[::1]:7101", "[::1]:7101");
    check("localhost:7101", "ipv4:127.0.0.1:7101", "localhost:7101");
    check("deid:7101", "dns:deid:7101", "deid:7101");
    check("ipv4:10.0.0.1:80", "ipv4:10.0.0.1:80", "10.0.0.1:80");
}

static void takes_a_list_and_names_its_first_as_the_authority(void **state)
{
    (void)state;
    check("127.0.0.1:1,127.0.0.1:2, 10.0.0.3:65535", "ipv4:127.0.0.1:1,127.0.0.1:2,10.0.0.3:65535",
          "127.0.0.1:1");
    check("[::1]:1,[fe80::2]:2", "ipv6:[::1]:1,[fe80::2]:2", "[::1]:1");
}

static void takes_dns_names_and_sockets(void **state)
{
    (void)state;
    check("dns:///deid:7101", "dns:///deid:7101", "deid:7101");
    check("dns://10.0.0.10:53/deid.mesh:7101", "dns://10.0.0.10:53/deid.mesh:7101",
          "deid.mesh:7101");
    check("unix:/run/deid.sock", "unix:/run/deid.sock", "localhost");
}

static void refuses_what_is_no_address(void **state)
{
    static const char *const bad[] = {
        "",
        "deid",
        "127.0.0.1",
        ":7101",
        "127.0.0.1:",
        "a:0",
        "a:65536",
        "a:+1",
        "a:999999999999",
        "a b:1",
        "a:1,",
        ",a:1",
        "127.0.0.1:1,,",
        "http://a:1",
        "dns:///",
        "dns:///a",
        "xds:///a:1",
        "127.0.0.1:1,a:1",
        "a:1,b:2",
        "[::1]:1,127.0.0.1:2",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_refused(bad[i]);
}

static void refuses_lists_and_names_without_end(void **state)
{
    char text[8192] = "127.0.0.1:1";
    int i;

    (void)state;
    for (i = 0; i < 100; i++)
        strcat(text, ",127.0.0.1:1");
    check_refused(text);
    memset(text, 'a', sizeof(text) - 1);
    check_refused(text);
    strcpy(text + 300, ":1");
    check_refused(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_address),
        cmocka_unit_test(takes_a_list_and_names_its_first_as_the_authority),
        cmocka_unit_test(takes_dns_names_and_sockets),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(refuses_lists_and_names_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
