#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "phrasing.h"

static void every_kind_has_at_least_twelve_phrasings_and_some_held_out(void **state)
{
    int kind;

    (void)state;
    for (kind = 0; kind < QUESTION_KIND_COUNT; kind++)
        assert_true(phrasing_count(kind) >= 15);
}

static void no_phrasing_is_there_twice(void **state)
{
    unsigned i, j;
    int kind;

    (void)state;
    for (kind = 0; kind < QUESTION_KIND_COUNT; kind++)
        for (i = 0; i < phrasing_count(kind); i++)
            for (j = 0; j < i; j++)
                assert_string_not_equal(phrasing_pattern(kind, i), phrasing_pattern(kind, j));
}

/* A question names its subject in every phrasing or in none. */
static void phrasings_of_one_kind_agree_on_having_a_subject(void **state)
{
    unsigned i;
    int kind;

    (void)state;
    for (kind = 0; kind < QUESTION_KIND_COUNT; kind++)
        for (i = 0; i < phrasing_count(kind); i++)
            assert_int_equal(strchr(phrasing_pattern(kind, i), '#') != NULL,
                             strchr(phrasing_pattern(kind, 0), '#') != NULL);
}

static void fills_in_subject_and_patient(void **state)
{
    struct buffer out;
    struct chance chance;
    struct arena arena;
    int i;

    (void)state;
    arena_init(&arena, 1 << 20);
    chance_init(&chance, 5, 0);
    buffer_init(&out, &arena);
    for (i = 0; i < 500; i++) {
        phrasing_draw(i % QUESTION_KIND_COUNT, "sodium", true, &chance, &out);
        buffer_put_byte(&out, '\n');
    }
    assert_false(out.is_full);
    assert_null(memchr(out.data, '#', out.size));
    assert_null(memchr(out.data, '@', out.size));
    assert_null(memchr(out.data, '$', out.size));
    assert_null(memmem(out.data, out.size, " he ", 4));
    assert_non_null(memmem(out.data, out.size, " she ", 5));
    arena_close(&arena);
}

/* What training never sees is never drawn as training. */
static void held_out_phrasings_are_always_flagged(void **state)
{
    static const char heldout[] = "Is an intolerance of latex known?";
    struct chance chance;
    struct arena arena;
    int i, seen = 0;

    (void)state;
    arena_init(&arena, 1 << 20);
    chance_init(&chance, 6, 0);
    for (i = 0; i < 2000; i++) {
        struct buffer out;
        bool is_heldout;

        buffer_init(&out, &arena);
        is_heldout = phrasing_draw(QUESTION_ALLERGY_TO, "latex", false, &chance, &out);
        if (slice_is(buffer_slice(&out), heldout)) {
            assert_true(is_heldout);
            seen++;
        }
    }
    assert_true(seen > 0);
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_at_least_twelve_phrasings_and_some_held_out),
        cmocka_unit_test(no_phrasing_is_there_twice),
        cmocka_unit_test(phrasings_of_one_kind_agree_on_having_a_subject),
        cmocka_unit_test(fills_in_subject_and_patient),
        cmocka_unit_test(held_out_phrasings_are_always_flagged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
