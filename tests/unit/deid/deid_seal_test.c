/* The sealed map: what comes back, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>
#include <string.h>
#include <cmocka.h>

#include "deid_seal.h"
#include "deid_surrogate.h"

static struct arena arena;
static struct deid_key key, other_key;

static struct slice sealed_map(void)
{
    struct deid_map map;
    struct deid_entry *entry;
    struct slice sealed;

    deid_map_init(&map, DEID_PROFILE_LIMITED, &arena);
    assert_int_equal(deid_surrogate_person(&map, SLICE("Ada Quill"), true, true, &entry, NULL),
                     STATUS_OK);
    assert_int_equal(
        deid_surrogate_value(&map, DEID_CLASS_PHONE, SLICE("555-0100"), true, &entry, NULL),
        STATUS_OK);
    assert_non_null(deid_map_id(&map, 'o', SLICE("7c1e8a50-0000-4000-8000-0000000000a1")));
    assert_int_equal(deid_seal(&map, &key, SLICE("tenant/p"), &arena, &sealed, NULL), STATUS_OK);
    return sealed;
}

static enum status open_as(struct slice sealed, const struct deid_key *with, const char *scope,
                           struct deid_map *map)
{
    return deid_unseal(sealed, with, slice_from(scope), &arena, map, NULL);
}

static void comes_back_whole(void **state)
{
    struct deid_map map;

    (void)state;
    assert_int_equal(open_as(sealed_map(), &key, "tenant/p", &map), STATUS_OK);
    assert_int_equal(map.entries_count, 2);
    assert_int_equal(map.ids_count, 1);
    assert_non_null(deid_map_find(&map, SLICE("555-0100")));
    assert_true(deid_map_find(&map, SLICE("555-0100"))->is_known);
    assert_non_null(deid_map_find_id(&map, SLICE("7c1e8a50-0000-4000-8000-0000000000a1")));
    assert_false(map.is_changed);
}

static void refuses_another_scope_and_another_key(void **state)
{
    struct deid_map map;

    (void)state;
    assert_int_equal(open_as(sealed_map(), &key, "tenant/q", &map), STATUS_PERMISSION_DENIED);
    assert_int_equal(open_as(sealed_map(), &other_key, "tenant/p", &map), STATUS_PERMISSION_DENIED);
}

static void refuses_a_change_at_any_byte(void **state)
{
    struct slice sealed = sealed_map();
    struct deid_map map;
    size_t i;

    (void)state;
    for (i = 0; i < sealed.size; i++) {
        struct slice changed = arena_copy(&arena, sealed);

        ((char *)changed.data)[i] ^= 1;
        assert_int_equal(open_as(changed, &key, "tenant/p", &map), STATUS_PERMISSION_DENIED);
    }
}

static void refuses_a_cut_at_any_byte(void **state)
{
    struct slice sealed = sealed_map();
    struct deid_map map;
    size_t i;

    (void)state;
    for (i = 0; i < sealed.size; i++)
        assert_int_equal(open_as(slice_cut(sealed, 0, i), &key, "tenant/p", &map),
                         STATUS_PERMISSION_DENIED);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    memset(&other_key, 7, sizeof(other_key));
    return sodium_init() < 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_whole),
        cmocka_unit_test(refuses_another_scope_and_another_key),
        cmocka_unit_test(refuses_a_change_at_any_byte),
        cmocka_unit_test(refuses_a_cut_at_any_byte),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
