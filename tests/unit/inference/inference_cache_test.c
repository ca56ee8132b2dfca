#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "inference_cache.h"
#include "model_sample.h"

#define PAGES 4

struct fixture {
    char *bytes;
    struct inference_model *model;
    struct inference_cache *cache;
    uint32_t ids[3][INFERENCE_PAGE];
};

static int open_fixture(void **state)
{
    static struct fixture fixture;
    size_t size;

    fixture.bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size);
    fixture.model =
        inference_model_create(gguf_open_bytes(slice_of(fixture.bytes, size), NULL), NULL);
    fixture.cache = inference_cache_create(fixture.model, PAGES, NULL);
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t j = 0; j < INFERENCE_PAGE; j++)
            fixture.ids[i][j] = i * 100 + j;
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;

    inference_cache_destroy(fixture->cache);
    inference_model_destroy(fixture->model);
    free(fixture->bytes);
    return 0;
}

static void gives_each_page_once(void **state)
{
    const struct fixture *fixture = *state;
    uint32_t pages[PAGES];

    for (uint32_t i = 0; i < PAGES; i++) {
        pages[i] = inference_cache_take(fixture->cache);
        assert_true(pages[i] < PAGES);
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(pages[i], pages[j]);
        inference_cache_keys(fixture->cache, pages[i], 0)[0] = (float)i;
    }
    assert_int_equal(inference_cache_available(fixture->cache), 0);
    assert_int_equal(inference_cache_take(fixture->cache), INFERENCE_PAGE_NONE);
    for (uint32_t i = 0; i < PAGES; i++)
        assert_true(inference_cache_keys(fixture->cache, pages[i], 0)[0] == (float)i);
    inference_cache_release(fixture->cache, pages[2]);
    assert_int_equal(inference_cache_take(fixture->cache), pages[2]);
}

static void finds_a_page_by_its_ids_and_by_what_is_before_it(void **state)
{
    const struct fixture *fixture = *state;
    uint32_t first = inference_cache_take(fixture->cache);
    uint32_t second = inference_cache_take(fixture->cache);

    inference_cache_keep(fixture->cache, first, INFERENCE_PAGE_NONE, fixture->ids[0]);
    inference_cache_keep(fixture->cache, second, first, fixture->ids[1]);
    assert_int_equal(inference_cache_find(fixture->cache, INFERENCE_PAGE_NONE, fixture->ids[0]),
                     first);
    assert_int_equal(inference_cache_find(fixture->cache, first, fixture->ids[1]), second);
    assert_int_equal(inference_cache_find(fixture->cache, INFERENCE_PAGE_NONE, fixture->ids[1]),
                     INFERENCE_PAGE_NONE);
    assert_int_equal(inference_cache_find(fixture->cache, second, fixture->ids[1]),
                     INFERENCE_PAGE_NONE);
    assert_int_equal(inference_cache_find(fixture->cache, first, fixture->ids[2]),
                     INFERENCE_PAGE_NONE);
}

static void keeps_what_nobody_uses_until_its_place_is_needed(void **state)
{
    const struct fixture *fixture = *state;
    uint32_t page = inference_cache_take(fixture->cache);

    inference_cache_keep(fixture->cache, page, INFERENCE_PAGE_NONE, fixture->ids[0]);
    inference_cache_release(fixture->cache, page);
    assert_int_equal(inference_cache_available(fixture->cache), PAGES);
    assert_int_equal(inference_cache_find(fixture->cache, INFERENCE_PAGE_NONE, fixture->ids[0]),
                     page);
    inference_cache_release(fixture->cache, page);
    for (uint32_t i = 0; i < PAGES; i++) /* the last is the one that could be found */
        assert_int_equal(inference_cache_take(fixture->cache) == page, i == PAGES - 1);
    assert_int_equal(inference_cache_find(fixture->cache, INFERENCE_PAGE_NONE, fixture->ids[0]),
                     INFERENCE_PAGE_NONE);
}

/* What came after a page that is gone is not found after another page in its place. */
static void does_not_follow_a_page_that_was_replaced(void **state)
{
    const struct fixture *fixture = *state;
    uint32_t pages[PAGES], second;

    for (uint32_t i = 0; i < PAGES; i++)
        pages[i] = inference_cache_take(fixture->cache);
    inference_cache_keep(fixture->cache, pages[0], INFERENCE_PAGE_NONE, fixture->ids[0]);
    second = pages[1];
    inference_cache_keep(fixture->cache, second, pages[0], fixture->ids[1]);
    inference_cache_release(fixture->cache, pages[0]);
    assert_int_equal(inference_cache_take(fixture->cache), pages[0]);
    inference_cache_keep(fixture->cache, pages[0], INFERENCE_PAGE_NONE, fixture->ids[2]);
    assert_int_equal(inference_cache_find(fixture->cache, pages[0], fixture->ids[1]),
                     INFERENCE_PAGE_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(gives_each_page_once),
        TEST(finds_a_page_by_its_ids_and_by_what_is_before_it),
        TEST(keeps_what_nobody_uses_until_its_place_is_needed),
        TEST(does_not_follow_a_page_that_was_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
