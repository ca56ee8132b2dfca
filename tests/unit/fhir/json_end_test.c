/* Where a value ends that comes in pieces, beside a reading byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fhir/json_end.h"

#define TEXTS_COUNT 20000
#define TEXT_BYTES 700

static size_t end_by_bytes(const char *text, size_t size)
{
    size_t depth = 0;
    int is_string = 0;

    for (size_t at = 0; at < size; at++) {
        if (text[at] == '\\' && at + 1 < size && strchr("\"\\", text[at + 1]) != NULL)
            at++;
        else if (text[at] == '"')
            is_string = !is_string;
        else if (!is_string && strchr("{[", text[at]) != NULL)
            depth++;
        else if (!is_string && strchr("}]", text[at]) != NULL && --depth == 0)
            return at + 1;
    }
    return 0;
}

/* Its end where it is given in steps of @step bytes; 0: it has none. */
static size_t end_by_steps(const char *text, size_t size, size_t step)
{
    struct json_end end = { .depth = 1 };

    for (size_t at = 1; at < size; at += step) {
        struct slice piece = slice_of(text + at, size - at < step ? size - at : step);
        size_t taken = json_end_take(&end, piece);

        if (end.depth == 0)
            return at + taken;
        assert_int_equal(taken, piece.size);
    }
    return 0;
}

static void finds_the_end_that_a_reading_byte_by_byte_finds(void **state)
{
    static const char bytes[] = "{[}]{}[]\"\"\\\\a:, \n1";
    static const size_t steps[] = { 1, 7, 64, 65, 1000 };
    char text[TEXT_BYTES];
    unsigned ended = 0;

    (void)state;
    srand(7);
    for (unsigned i = 0; i < TEXTS_COUNT; i++) {
        size_t size = 2 + (size_t)rand() % (TEXT_BYTES - 2), end;
        unsigned plain = (unsigned)rand() % 10; /* how much stands between what matters */

        for (size_t at = 0; at < size; at++)
            text[at] = (unsigned)rand() % 10 < plain ? 'x' : bytes[rand() % 18];
        text[0] = '{';
        end = end_by_bytes(text, size);
        ended += end > 0;
        for (unsigned j = 0; j < sizeof(steps) / sizeof(steps[0]); j++)
            assert_int_equal(end_by_steps(text, size, steps[j]), end);
    }
    assert_true(ended > TEXTS_COUNT / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_end_that_a_reading_byte_by_byte_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
