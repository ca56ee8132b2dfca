#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "gateway_maps.h"

static void finds_what_was_put_and_its_version(void **state)
{
    struct maps *maps = maps_create(1 << 20);
    struct slice map;
    uint64_t version;

    (void)state;
    assert_false(maps_find(maps, SLICE("a/1"), &version, &map));
    maps_put(maps, SLICE("a/1"), 7, SLICE("sealed"));
    maps_put(maps, SLICE("a/2"), 8, SLICE(""));
    assert_true(maps_find(maps, SLICE("a/1"), &version, &map));
    assert_int_equal(version, 7);
    assert_true(slice_is(map, "sealed"));
    assert_true(maps_find(maps, SLICE("a/2"), &version, &map));
    assert_int_equal(map.size, 0);
    maps_put(maps, SLICE("a/1"), 9, SLICE("newer"));
    assert_true(maps_find(maps, SLICE("a/1"), &version, &map));
    assert_int_equal(version, 9);
    maps_drop(maps, SLICE("a/1"));
    assert_false(maps_find(maps, SLICE("a/1"), &version, &map));
    maps_destroy(maps);
}

static void takes_a_view_of_its_own_as_the_new_map(void **state)
{
    struct maps *maps = maps_create(1 << 20);
    struct slice map;
    uint64_t version;

    (void)state;
    maps_put(maps, SLICE("a/1"), 1, SLICE("sealed"));
    assert_true(maps_find(maps, SLICE("a/1"), &version, &map));
    maps_put(maps, SLICE("a/1"), 2, map);
    assert_true(maps_find(maps, SLICE("a/1"), &version, &map));
    assert_true(slice_is(map, "sealed"));
    maps_destroy(maps);
}

static void drops_the_least_recently_used_first_and_stays_in_its_bound(void **state)
{
    char map[1000] = { 0 }, scope[16];
    struct maps *maps = maps_create(5500);
    struct slice found;
    uint64_t version;
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        snprintf(scope, sizeof(scope), "t/%d", i);
        maps_put(maps, slice_from(scope), 1, slice_of(map, sizeof(map)));
    }
    assert_true(maps_find(maps, SLICE("t/0"), &version, &found));
    maps_put(maps, SLICE("t/5"), 1, slice_of(map, sizeof(map)));
    assert_true(maps_bytes(maps) <= 5500);
    assert_true(maps_find(maps, SLICE("t/0"), &version, &found));
    assert_false(maps_find(maps, SLICE("t/1"), &version, &found));
    maps_destroy(maps);
}

static void does_not_keep_what_is_larger_than_the_bound(void **state)
{
    char map[1000] = { 0 };
    struct maps *maps = maps_create(500);
    struct slice found;
    uint64_t version;

    (void)state;
    maps_put(maps, SLICE("t/1"), 1, SLICE("small"));
    maps_put(maps, SLICE("t/1"), 2, slice_of(map, sizeof(map)));
    assert_false(maps_find(maps, SLICE("t/1"), &version, &found));
    assert_int_equal(maps_bytes(maps), 0);
    maps_destroy(maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put_and_its_version),
        cmocka_unit_test(takes_a_view_of_its_own_as_the_new_map),
        cmocka_unit_test(drops_the_least_recently_used_first_and_stays_in_its_bound),
        cmocka_unit_test(does_not_keep_what_is_larger_than_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
