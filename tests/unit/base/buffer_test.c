#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"

static void grows_and_keeps_what_was_written(void **state)
{
    struct arena arena;
    struct buffer buffer;
    size_t i;

    (void)state;
    arena_init(&arena, 1 << 22);
    buffer_init(&buffer, &arena);
    for (i = 0; i < 100000; i++)
        buffer_put_byte(&buffer, (char)('a' + i % 26));
    assert_false(buffer.is_full);
    assert_int_equal(buffer_slice(&buffer).size, 100000);
    for (i = 0; i < 100000; i++)
        assert_int_equal(buffer.data[i], 'a' + i % 26);
    arena_close(&arena);
}

static void writes_numbers_and_formats(void **state)
{
    struct arena arena;
    struct buffer buffer;

    (void)state;
    arena_init(&arena, 1 << 16);
    buffer_init(&buffer, &arena);
    buffer_put_number(&buffer, INT64_MIN);
    buffer_format(&buffer, " %s-%d", "x", 7);
    buffer_put_string(&buffer, "");
    assert_true(slice_is(buffer_slice(&buffer), "-9223372036854775808 x-7"));
    arena_close(&arena);
}

/* Eight bytes are looked at together: every place of every byte that must be escaped. */
static void escapes_json_wherever_it_stands(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 16 << 20);
    for (unsigned c = 0; c < 256; c++)
        for (size_t at = 0; at < 17; at++) {
            char text[17];
            struct buffer buffer;
            bool is_plain = c >= 0x20 && c != '"' && c != '\\';

            memset(text, 'a' + (int)(at % 3), sizeof(text));
            text[at] = (char)c;
            buffer_init(&buffer, &arena);
            buffer_put_json(&buffer, slice_of(text, sizeof(text)));
            assert_int_equal(buffer.size > sizeof(text) + 2, !is_plain);
            assert_memory_equal(buffer.data + 1, text, at);
            assert_int_equal(buffer.data[at + 1], is_plain ? (char)c : '\\');
            assert_int_equal(buffer.data[buffer.size - 1], '"');
        }
    arena_close(&arena);
}

static void escapes_json(void **state)
{
    struct arena arena;
    struct buffer buffer;

    (void)state;
    arena_init(&arena, 1 << 16);
    buffer_init(&buffer, &arena);
    buffer_put_json(&buffer, SLICE("a\"\\\b\f\n\r\t\x01\x1f\0é/"));
    assert_true(
        slice_is(buffer_slice(&buffer), "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u0000é/\""));
    arena_close(&arena);
}

/* The test vectors of RFC 4648, section 10. */
static void writes_base64(void **state)
{
    static const char *const rows[][2] = { { "", "" },
                                           { "f", "Zg==" },
                                           { "fo", "Zm8=" },
                                           { "foo", "Zm9v" },
                                           { "foob", "Zm9vYg==" },
                                           { "fooba", "Zm9vYmE=" },
                                           { "foobar", "Zm9vYmFy" },
                                           { "\xfb\xff\xfe", "+//+" } };
    struct arena arena;

    (void)state;
    arena_init(&arena, 10000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buffer buffer;

        buffer_init(&buffer, &arena);
        buffer_put_base64(&buffer, slice_from(rows[i][0]));
        assert_true(slice_is(buffer_slice(&buffer), rows[i][1]));
    }
    arena_close(&arena);
}

static void remembers_that_it_was_full(void **state)
{
    struct arena arena;
    struct buffer buffer;
    size_t i, size;

    (void)state;
    arena_init(&arena, 10000);
    buffer_init(&buffer, &arena);
    for (i = 0; i < 10000; i++)
        buffer_put_string(&buffer, "0123456789");
    assert_true(buffer.is_full);
    size = buffer.size;
    buffer_put_byte(&buffer, 'x');
    assert_int_equal(buffer.size, size);
    assert_null(buffer_reserve(&buffer, 0));
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_what_was_written),
        cmocka_unit_test(writes_numbers_and_formats),
        cmocka_unit_test(escapes_json),
        cmocka_unit_test(escapes_json_wherever_it_stands),
        cmocka_unit_test(writes_base64),
        cmocka_unit_test(remembers_that_it_was_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
