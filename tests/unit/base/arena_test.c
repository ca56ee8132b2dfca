#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/arena_spare.h"
#include "base/fault.h"
#include "base/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

static void gives_aligned_memory_that_does_not_overlap(void **state)
{
    struct arena arena;
    unsigned char *pieces[200];
    unsigned i, j;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (i = 0; i < 200; i++) {
        pieces[i] = arena_alloc(&arena, i);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i);
    }
    for (i = 0; i < 200; i++)
        for (j = 0; j < i; j++)
            assert_int_equal(pieces[i][j], i);
    arena_close(&arena);
    assert_int_equal(arena.used_bytes, 0);
}

static void stops_at_its_limit_and_goes_on_below_it(void **state)
{
    struct arena arena;
    size_t given = 0;

    (void)state;
    arena_init(&arena, 100000);
    while (arena_alloc(&arena, 1000) != NULL)
        given += 1000;
    assert_true(given > 50000 && given <= 100000);
    assert_true(arena.used_bytes <= 100000);
    assert_null(arena_alloc(&arena, 100000));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 20));
    assert_null(arena_alloc_zero(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_string(&arena, (struct slice){ "x", SIZE_MAX }));
    arena_close(&arena);
    assert_non_null(arena_alloc(&arena, 50000));
    arena_close(&arena);
}

static void rewinds_to_a_mark(void **state)
{
    struct arena arena;
    struct arena_mark start, mark;
    char *kept, *again;
    size_t used;

    (void)state;
    arena_init(&arena, 1 << 22);
    start = arena_mark(&arena);
    kept = arena_format(&arena, "%s %d", "kept", 7);
    used = arena.used_bytes;
    mark = arena_mark(&arena);
    again = arena_alloc(&arena, 64);
    assert_non_null(arena_alloc(&arena, 1 << 20));
    arena_rewind(&arena, mark);
    assert_int_equal(arena.used_bytes, used);
    assert_string_equal(kept, "kept 7");
    assert_ptr_equal(arena_alloc(&arena, 64), again);
    arena_rewind(&arena, start);
    assert_int_equal(arena.used_bytes, 0);
    arena_close(&arena);
}

static void poisons_what_it_has_not_given_out(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    struct arena arena;
    struct arena_mark mark;
    char *at;

    arena_init(&arena, 1 << 20);
    arena_alloc(&arena, 1);
    mark = arena_mark(&arena);
    at = arena_alloc(&arena, 10);
    assert_false(__asan_address_is_poisoned(at));
    assert_false(__asan_address_is_poisoned(at + 9));
    assert_true(__asan_address_is_poisoned(at + 10));
    arena_alloc(&arena, 10);
    assert_true(__asan_address_is_poisoned(at + 10));
    arena_rewind(&arena, mark);
    assert_true(__asan_address_is_poisoned(at));
    arena_close(&arena);
#else
    skip();
#endif
}

static void copies_and_terminates(void **state)
{
    struct slice copy;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    copy = arena_copy(&arena, SLICE("a\0b"));
    assert_int_equal(copy.size, 3);
    assert_memory_equal(copy.data, "a\0b", 4);
    copy = arena_copy(&arena, (struct slice){ NULL, 0 });
    assert_non_null(copy.data);
    assert_int_equal(copy.data[0], 0);
    arena_close(&arena);
}

static void fails_where_the_system_has_no_memory(void **state)
{
    (void)state;
#ifdef CONSILIUM_FAULTS
    struct arena arena;

    arena_init(&arena, 1 << 20);
    fault_after(0);
    assert_null(arena_alloc(&arena, 1));
    assert_int_equal(fault_count(), 1);
    assert_non_null(arena_alloc(&arena, 1));
    assert_int_equal(fault_count(), 2);
    fault_after(1);
    assert_non_null(arena_alloc(&arena, 20000));
    assert_null(arena_alloc(&arena, 100000));
    assert_non_null(arena_alloc(&arena, 1));
    fault_after(-1);
    arena_close(&arena);
#else
    skip();
#endif
}

static void is_used_again_with_another_limit(void **state)
{
    struct arena arena;
    char *at;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_non_null(arena_alloc(&arena, 100));
    assert_non_null(arena_alloc(&arena, 100000));
    arena_reuse(&arena, 64 << 10);
    assert_true(arena.used_bytes <= 8 << 10);
    assert_null(arena_alloc(&arena, 100000));
    at = arena_alloc(&arena, 100);
    assert_non_null(at);
    memset(at, 1, 100);
    arena_reuse(&arena, 1000);
    assert_null(arena_alloc(&arena, 1001));
    assert_non_null(arena_alloc(&arena, 500));
    arena_close(&arena);
}

static void keeps_as_many_spare_blocks_as_it_may(void **state)
{
    void *blocks[ARENA_SPARE_BLOCKS_MAX + 1];
    unsigned i;

    (void)state;
    while ((blocks[0] = arena_spare_take()) != NULL)
        free(blocks[0]);
    for (i = 0; i < ARENA_SPARE_BLOCKS_MAX + 1; i++) {
        blocks[i] = malloc(ARENA_BLOCK_BYTES_MAX);
        assert_non_null(blocks[i]);
    }
    for (i = 0; i < ARENA_SPARE_BLOCKS_MAX + 1; i++)
        arena_spare_give(blocks[i]);
    for (i = ARENA_SPARE_BLOCKS_MAX; i-- > 0;) {
        assert_ptr_equal(arena_spare_take(), blocks[i]);
        free(blocks[i]);
    }
    assert_null(arena_spare_take());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_memory_that_does_not_overlap),
        cmocka_unit_test(stops_at_its_limit_and_goes_on_below_it),
        cmocka_unit_test(rewinds_to_a_mark),
        cmocka_unit_test(is_used_again_with_another_limit),
        cmocka_unit_test(poisons_what_it_has_not_given_out),
        cmocka_unit_test(copies_and_terminates),
        cmocka_unit_test(fails_where_the_system_has_no_memory),
        cmocka_unit_test(keeps_as_many_spare_blocks_as_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
