#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "context_cache.h"

#define CACHE_BYTES (64 * KIB)

/* About 16 KiB. */
static struct cache_entry *make(const char *patient, bool is_durable)
{
    struct cache_entry *entry = cache_entry_create(SLICE("t"), slice_from(patient), MIB);

    assert_non_null(entry);
    assert_non_null(arena_alloc(&entry->arena, 10 * KIB));
    entry->is_durable = is_durable;
    entry->expires_ms = 1000;
    return entry;
}

static enum status insert(struct cache *cache, const char *patient, bool is_durable)
{
    struct cache_entry *entry = make(patient, is_durable);
    struct error err;
    enum status status = cache_insert(cache, entry, &err);

    cache_entry_release(entry);
    return status;
}

static struct cache_entry *find(struct cache *cache, const char *patient)
{
    return cache_find(cache, SLICE("t"), slice_from(patient), 0);
}

static void the_one_not_used_for_longest_goes_first(void **state)
{
    (void)state;
    struct cache *cache = cache_create(CACHE_BYTES);
    const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    size_t entries, bytes, unsaved;

    insert(cache, "first", true);
    for (size_t i = 0; i < 8; i++) {
        insert(cache, names[i], true);
        assert_non_null(find(cache, "first"));
    }
    assert_null(find(cache, "a"));
    assert_non_null(find(cache, "h"));
    cache_count(cache, &entries, &bytes, &unsaved);
    assert_true(bytes <= CACHE_BYTES);
    assert_int_equal(unsaved, 0);
    cache_destroy(cache);
}

static void what_only_memory_holds_stays_until_there_is_no_room(void **state)
{
    (void)state;
    struct cache *cache = cache_create(CACHE_BYTES);
    const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    size_t held = 0;

    while (held < 8 && insert(cache, names[held], false) == STATUS_OK)
        held++;
    assert_in_range(held, 1, 7);
    assert_int_equal(insert(cache, "late", false), STATUS_RESOURCE_EXHAUSTED);
    insert(cache, "durable", true);
    for (size_t i = 0; i < held; i++)
        assert_non_null(find(cache, names[i]));
    cache_set_durable(cache, find(cache, "a"));
    assert_ptr_not_equal(cache_find_unsaved(cache), find(cache, "a"));
    cache_destroy(cache);
}

static void an_expired_entry_is_gone_unless_nobody_else_has_it(void **state)
{
    (void)state;
    struct cache *cache = cache_create(CACHE_BYTES);

    insert(cache, "a", true);
    insert(cache, "b", false);
    assert_null(cache_find(cache, SLICE("t"), SLICE("a"), 1000));
    assert_non_null(cache_find(cache, SLICE("t"), SLICE("b"), 1000));
    cache_destroy(cache);
}

static void an_entry_outlives_its_place_while_it_is_read(void **state)
{
    (void)state;
    struct cache *cache = cache_create(CACHE_BYTES);
    struct cache_entry *entry;

    insert(cache, "a", true);
    entry = find(cache, "a");
    entry->references++;
    insert(cache, "a", true);
    assert_ptr_not_equal(find(cache, "a"), entry);
    assert_false(entry->is_cached);
    assert_true(slice_is(entry->patient, "a"));
    cache_entry_release(entry);
    cache_destroy(cache);
}

static void tenants_do_not_see_each_other(void **state)
{
    (void)state;
    struct cache *cache = cache_create(CACHE_BYTES);

    insert(cache, "a", true);
    assert_null(cache_find(cache, SLICE("u"), SLICE("a"), 0));
    cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_not_used_for_longest_goes_first),
        cmocka_unit_test(what_only_memory_holds_stays_until_there_is_no_room),
        cmocka_unit_test(an_expired_entry_is_gone_unless_nobody_else_has_it),
        cmocka_unit_test(an_entry_outlives_its_place_while_it_is_read),
        cmocka_unit_test(tenants_do_not_see_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
