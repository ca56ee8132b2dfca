/* The index of near words against a look at every known word: no word that is near enough is
 * missed, whatever its edits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "deid_near.h"

#define WORDS_COUNT 300

static struct arena arena;
static struct deid_near near;
static struct slice words[WORDS_COUNT];

static char random_letter(void)
{
    return (char)('a' + rand() % 26);
}

static struct slice random_word(void)
{
    char letters[16];
    size_t size = 5 + (size_t)rand() % 9, i;

    for (i = 0; i < size; i++)
        letters[i] = random_letter();
    return arena_copy(&arena, slice_of(letters, size));
}

/* One edit of @word in @letters, at a place that is neither the first nor the last letter. */
static size_t edit(char *letters, size_t size)
{
    size_t at = 1 + (size_t)rand() % (size - 2);
    char swap = letters[at];

    switch (rand() % 4) {
    case 0:
        letters[at] = random_letter();
        return size;
    case 1:
        memmove(letters + at, letters + at + 1, size - at - 1);
        return size - 1;
    case 2:
        memmove(letters + at + 1, letters + at, size - at);
        letters[at] = random_letter();
        return size + 1;
    default:
        if (at + 2 < size) {
            letters[at] = letters[at + 1];
            letters[at + 1] = swap;
        }
        return size;
    }
}

static int setup(void **state)
{
    unsigned i;

    (void)state;
    srand(7);
    arena_init(&arena, (size_t)16 << 20);
    if (!deid_near_init(&near, WORDS_COUNT, &arena))
        return 1;
    for (i = 0; i < WORDS_COUNT; i++) {
        words[i] = random_word();
        deid_near_add(&near, words[i]);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static void finds_every_known_word_with_an_edit(void **state)
{
    unsigned i, round;

    (void)state;
    for (i = 0; i < WORDS_COUNT; i++)
        for (round = 0; round < 40; round++) {
            char letters[32];
            size_t size = words[i].size;

            memcpy(letters, words[i].data, size);
            size = edit(letters, size);
            assert_true(deid_near_has(&near, slice_of(letters, size)));
        }
}

static void finds_long_words_with_two_edits(void **state)
{
    unsigned i, round;

    (void)state;
    for (i = 0; i < WORDS_COUNT; i++)
        for (round = 0; round < 40 && words[i].size >= 8; round++) {
            char letters[32];
            size_t size = words[i].size, at = 1 + (size_t)rand() % (size - 2);

            memcpy(letters, words[i].data, size);
            letters[at] = random_letter();
            size = edit(letters, size);
            assert_true(deid_near_has(&near, slice_of(letters, size)));
        }
}

/* What the index says is what a look at every word says. */
static void agrees_with_a_look_at_every_word(void **state)
{
    unsigned round, i, hits = 0;

    (void)state;
    for (round = 0; round < 4000; round++) {
        char letters[32];
        size_t size = words[round % WORDS_COUNT].size, edits = (size_t)rand() % 4;
        bool is_any = false;

        memcpy(letters, words[round % WORDS_COUNT].data, size);
        for (; edits > 0 && size > 4; edits--)
            size = edit(letters, size);
        for (i = 0; i < WORDS_COUNT && !is_any; i++) {
            unsigned max = words[i].size >= 8 ? 2 : 1;

            is_any = (letters[0] == words[i].data[0]
                      || letters[size - 1] == words[i].data[words[i].size - 1])
                     && deid_near_distance(slice_of(letters, size), words[i], max) <= max;
        }
        if (deid_near_has(&near, slice_of(letters, size)))
            assert_true(is_any);
        hits += is_any;
    }
    assert_true(hits > 1000 && hits < 4000);
}

static void counts_edits(void **state)
{
    (void)state;
    assert_int_equal(deid_near_distance(SLICE("smith"), SLICE("Smith"), 2), 0);
    assert_int_equal(deid_near_distance(SLICE("smtih"), SLICE("smith"), 2), 1);
    assert_int_equal(deid_near_distance(SLICE("smth"), SLICE("smith"), 2), 1);
    assert_int_equal(deid_near_distance(SLICE("smythe"), SLICE("smith"), 2), 2);
    assert_int_equal(deid_near_distance(SLICE("brown"), SLICE("smith"), 2), 3);
    assert_int_equal(deid_near_distance(SLICE(""), SLICE("abc"), 2), 3);
}

static void is_near_to_nothing_when_nothing_is_known(void **state)
{
    struct deid_near none = { 0 };

    (void)state;
    assert_false(deid_near_has(&none, SLICE("hollingsworth")));
    assert_false(deid_near_has(&none, SLICE("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_known_word_with_an_edit),
        cmocka_unit_test(finds_long_words_with_two_edits),
        cmocka_unit_test(agrees_with_a_look_at_every_word),
        cmocka_unit_test(counts_edits),
        cmocka_unit_test(is_near_to_nothing_when_nothing_is_known),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
