#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"

static bool is_scalar(uint32_t c)
{
    return c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
}

static void writes_and_reads_every_code_point(void **state)
{
    uint32_t c;

    (void)state;
    for (c = 0; c < 0x110800; c++) {
        char bytes[4];
        size_t size = utf8_encode(c, bytes), read;

        if (!is_scalar(c)) {
            assert_int_equal(size, 0);
            continue;
        }
        assert_int_equal(size, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_int_equal(utf8_decode(slice_of(bytes, size), &read), c);
        assert_int_equal(read, size);
        assert_true(utf8_is_valid(slice_of(bytes, size)));
        assert_int_equal(utf8_whole_prefix(slice_of(bytes, size)), size);
        if (size > 1) {
            assert_int_equal(utf8_decode(slice_of(bytes, size - 1), &read), UTF8_INVALID);
            assert_int_equal(utf8_whole_prefix(slice_of(bytes, size - 1)), 0);
        }
    }
}

/* Every three bytes there are: what is accepted writes back to the same bytes, so nothing is
 * accepted twice. */
static void accepts_each_code_point_in_one_form_only(void **state)
{
    unsigned long accepted[5] = { 0 };
    uint32_t i;

    (void)state;
    for (i = 0; i < 1 << 24; i++) {
        const char bytes[3] = { (char)(i >> 16), (char)(i >> 8), (char)i };
        char back[4];
        size_t size;
        uint32_t c = utf8_decode(slice_of(bytes, 3), &size);

        if (c == UTF8_INVALID)
            continue;
        if (utf8_encode(c, back) != size || memcmp(back, bytes, size) != 0)
            fail();
        accepted[size]++;
    }
    assert_int_equal(accepted[1], 128ul << 16);
    assert_int_equal(accepted[2], 1920ul << 8);
    assert_int_equal(accepted[3], 65536 - 2048 - 2048);
    assert_int_equal(accepted[4], 0);
}

static void refuses_what_rfc_3629_rules_out(void **state)
{
    static const char *const invalid[] = {
        "\x80",         "\xc0\x80",     "\xc1\xbf",         "\xe0\x80\x80",     "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",         "\xc3",         "\xe2\x82",         "\xf0\x9f\x98",     "12345678\x80",
        "1234567\xc3",  "\xc3(",        "\xf0\x28\x8c\xbc",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        assert_false(utf8_is_valid(slice_from(invalid[i])));
    assert_true(utf8_is_valid(SLICE("")));
    assert_true(utf8_is_valid(SLICE("12345678é12345678\0x")));
}

static void counts_code_points_and_cuts_between_them(void **state)
{
    (void)state;
    assert_int_equal(utf8_count(SLICE("aé€😀")), 4);
    assert_int_equal(utf8_whole_prefix(SLICE("")), 0);
    assert_int_equal(utf8_whole_prefix(SLICE("a\xf0\x9f\x98")), 1);
    assert_int_equal(utf8_whole_prefix(SLICE("a\xe2")), 1);
    assert_int_equal(utf8_whole_prefix(SLICE("a\xff")), 2);
    assert_int_equal(utf8_whole_prefix(SLICE("a\x80\x80\x80\x80")), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_every_code_point),
        cmocka_unit_test(accepts_each_code_point_in_one_form_only),
        cmocka_unit_test(refuses_what_rfc_3629_rules_out),
        cmocka_unit_test(counts_code_points_and_cuts_between_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
