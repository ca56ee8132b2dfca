#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway_cite.h"

/* Every citation of @text, as "id@start-end" is compared with @ids and borders. */
static size_t all(const char *text, struct cite *cites, size_t max)
{
    size_t cursor = 0, count = 0;

    while (count < max && cite_next(slice_from(text), &cursor, &cites[count]))
        count++;
    return count;
}

static void finds_single_and_listed_citations(void **state)
{
    struct cite cites[8];

    (void)state;
    assert_int_equal(all("HbA1c was 7.2 % [3]. Also [4, 12][7].", cites, 8), 4);
    assert_int_equal(cites[0].fact_id, 3);
    assert_int_equal(cites[0].start, 16);
    assert_int_equal(cites[0].end, 19);
    assert_int_equal(cites[1].fact_id, 4);
    assert_int_equal(cites[2].fact_id, 12);
    assert_int_equal(cites[1].start, cites[2].start);
    assert_int_equal(cites[2].end, cites[1].end);
    assert_int_equal(cites[3].fact_id, 7);
}

static void passes_over_brackets_that_cite_nothing(void **state)
{
    struct cite cites[8];

    (void)state;
    assert_int_equal(all("[a] [] [ , ] [1 [x2] 3] (4) [1234567] [-5]", cites, 8), 0);
    assert_int_equal(all("[[8]]", cites, 8), 1);
    assert_int_equal(cites[0].fact_id, 8);
    assert_int_equal(all("[", cites, 8), 0);
    assert_int_equal(all("", cites, 8), 0);
}

static void reads_numbers_as_written(void **state)
{
    struct cite cites[2];

    (void)state;
    assert_int_equal(all("[007] [999999]", cites, 2), 2);
    assert_int_equal(cites[0].fact_id, 7);
    assert_int_equal(cites[1].fact_id, 999999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_single_and_listed_citations),
        cmocka_unit_test(passes_over_brackets_that_cite_nothing),
        cmocka_unit_test(reads_numbers_as_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
