#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
    fixture.cache = inference_cache_create(fixture.model, PAGES, INFERENCE_CACHE_FORM_F32, NULL);
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

#define HEAD 16
#define KV_HEADS 2

/* The first value of the first position's first head in the last layer. */
static void write_page(struct inference_cache *cache, uint32_t page, float value)
{
    float zeros[KV_HEADS * HEAD] = { 0 }, values[KV_HEADS * HEAD] = { value };

    inference_cache_put(cache, page, MODEL_SAMPLE_LAYERS - 1, 0, zeros, values);
}

static float read_page(const struct inference_cache *cache, uint32_t page)
{
    struct inference_cache_stretch stretch = { page, MODEL_SAMPLE_LAYERS - 1, 0, 0, 1 };
    float out[HEAD] = { 0 }, weight = 1;

    inference_cache_mix(cache, &stretch, out, &weight);
    return out[0];
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
        write_page(fixture->cache, pages[i], (float)i);
    }
    assert_int_equal(inference_cache_available(fixture->cache), 0);
    assert_int_equal(inference_cache_take(fixture->cache), INFERENCE_PAGE_NONE);
    for (uint32_t i = 0; i < PAGES; i++)
        assert_true(read_page(fixture->cache, pages[i]) == (float)i);
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

/* Every head of every position of two layers has values of its own. */
static float value_of(uint32_t layer, uint32_t at, uint32_t i)
{
    return (float)((layer * 7 + at * 5 + i * 3) % 41) / 20 - 1;
}

static void fill_page(struct inference_cache *cache, uint32_t page)
{
    float keys[KV_HEADS * HEAD], values[KV_HEADS * HEAD];

    for (uint32_t layer = 0; layer < MODEL_SAMPLE_LAYERS; layer++) {
        for (uint32_t at = 0; at < INFERENCE_PAGE; at++) {
            for (uint32_t i = 0; i < KV_HEADS * HEAD; i++) {
                keys[i] = value_of(layer, at, i);
                values[i] = -value_of(layer, at, i);
            }
            inference_cache_put(cache, page, layer, at, keys, values);
        }
    }
}

/* @limit: half a step of a value, times what it is multiplied by. */
static void assert_kept(const struct inference_cache *cache, uint32_t page, float limit)
{
    float q[HEAD] = { [3] = 1 }, scores[INFERENCE_PAGE], out[HEAD];

    for (uint32_t layer = 0; layer < MODEL_SAMPLE_LAYERS; layer++) {
        for (uint32_t head = 0; head < KV_HEADS; head++) {
            struct inference_cache_stretch all = { page, layer, head, 2, INFERENCE_PAGE - 2 };

            inference_cache_score(cache, &all, scores, q, 2);
            for (uint32_t t = 0; t < all.count; t++) {
                struct inference_cache_stretch one = { page, layer, head, 2 + t, 1 };
                float weight = 2;

                assert_true(fabsf(scores[t] - 2 * value_of(layer, 2 + t, head * HEAD + 3))
                            <= limit);
                memset(out, 0, sizeof(out));
                inference_cache_mix(cache, &one, out, &weight);
                for (uint32_t i = 0; i < HEAD; i++)
                    assert_true(fabsf(out[i] + 2 * value_of(layer, 2 + t, head * HEAD + i))
                                <= limit);
            }
        }
    }
}

static void keeps_what_it_is_given_exactly_or_in_8_bits(void **state)
{
    const struct fixture *fixture = *state;
    struct inference_cache *small =
        inference_cache_create(fixture->model, 2, INFERENCE_CACHE_FORM_Q8, NULL);
    uint32_t page = inference_cache_take(fixture->cache), first = inference_cache_take(small),
             second = inference_cache_take(small);

    fill_page(fixture->cache, page);
    assert_kept(fixture->cache, page, 0);
    fill_page(small, first);
    inference_cache_copy(small, second, first);
    assert_kept(small, second, 2.0f / 254 * 1.0001f);
    /* A head of 16 has a scale to itself; of 64, two: 9 bits a value in place of 32. */
    assert_true(inference_cache_page_bytes(small) * 3 < inference_cache_page_bytes(fixture->cache));
    inference_cache_destroy(small);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)
    const struct CMUnitTest tests[] = {
        TEST(gives_each_page_once),
        TEST(keeps_what_it_is_given_exactly_or_in_8_bits),
        TEST(finds_a_page_by_its_ids_and_by_what_is_before_it),
        TEST(keeps_what_nobody_uses_until_its_place_is_needed),
        TEST(does_not_follow_a_page_that_was_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
