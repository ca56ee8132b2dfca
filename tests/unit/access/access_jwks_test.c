/* Key sets as an issuer, or who stands in its place, may send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/access_state.h"

#define EC "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"
#define SET(keys) "{\"keys\":[" keys "]}"

static struct access_issuer issuer;
static struct error err;

static enum status read_set(const char *text)
{
    error_clear(&err);
    return access_jwks_read(&issuer, slice_from(text), &err);
}

static int tear_down(void **state)
{
    (void)state;
    access_jwks_close(&issuer);
    return 0;
}

/* An RSA key of @bytes, which begins with a byte that is not zero. */
static const char *rsa(size_t bytes)
{
    static char text[2048];
    char n[1024];
    size_t size = bytes * 4 / 3 + (bytes * 4 % 3 != 0);

    memset(n, 'x', size);
    snprintf(text, sizeof(text), SET("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%.*s\"}"), (int)size,
             n);
    return text;
}

static void public_keys_for_signatures_are_taken_and_others_left_out(void **state)
{
    (void)state;
    assert_int_equal(
        read_set(SET(EC ",{\"kty\":\"EC\",\"crv\":\"P-521\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\"},"
                        "{\"kty\":\"EC\",\"crv\":\"P-384\",\"use\":\"enc\"},7,\"x\",[],null,{}")),
        STATUS_OK);
    assert_int_equal(issuer.signers_count, 1);
    assert_int_equal(read_set(rsa(256)), STATUS_OK);
}

static void weak_secret_and_private_keys_are_refused(void **state)
{
    static const char *const wrong[] = {
        SET("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"),     /* HMAC */
        SET(EC ",{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"), /* beside a good one */
        SET("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"d\":\"AA\"}"),
        SET("{\"kty\":\"RSA\",\"n\":\"!!!!\",\"e\":\"AQAB\"}"),
        SET("{\"kty\":\"RSA\",\"n\":7}"),
        SET("{\"kty\":[\"RSA\"]}"),
        SET("{\"kty\":\"none\"}"),
        SET(""),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_not_equal(read_set(wrong[i]), STATUS_OK);
    assert_int_not_equal(read_set(rsa(255)), STATUS_OK);
    assert_int_not_equal(read_set(rsa(128)), STATUS_OK);
}

static void what_is_no_key_set_is_refused(void **state)
{
    static const char *const wrong[] = { "",
                                         "{",
                                         "[]",
                                         "null",
                                         "{}",
                                         "{\"keys\":{}}",
                                         "{\"keys\":\"x\"}",
                                         "{\"keys\":[],\"keys\":[" EC "]}",
                                         "<html>",
                                         "\xff\xfe" };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(read_set(wrong[i]), STATUS_INVALID_ARGUMENT);
}

static void a_set_of_too_many_keys_is_refused(void **state)
{
    char text[8192] = "{\"keys\":[" EC;

    (void)state;
    for (int i = 0; i < 64; i++)
        strcat(text, "," EC);
    assert_int_not_equal(read_set(strcat(text, "]}")), STATUS_OK);
}

static void a_set_that_cannot_be_used_leaves_the_one_before(void **state)
{
    (void)state;
    assert_int_equal(read_set(SET(EC)), STATUS_OK);
    assert_int_not_equal(read_set(SET("{\"kty\":\"oct\",\"k\":\"AA\"}")), STATUS_OK);
    assert_int_not_equal(read_set("{"), STATUS_OK);
    assert_int_equal(issuer.signers_count, 1);
    assert_string_equal(issuer.signers[0].crv, "P-256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(public_keys_for_signatures_are_taken_and_others_left_out,
                                  tear_down),
        cmocka_unit_test_teardown(weak_secret_and_private_keys_are_refused, tear_down),
        cmocka_unit_test_teardown(what_is_no_key_set_is_refused, tear_down),
        cmocka_unit_test_teardown(a_set_of_too_many_keys_is_refused, tear_down),
        cmocka_unit_test_teardown(a_set_that_cannot_be_used_leaves_the_one_before, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
