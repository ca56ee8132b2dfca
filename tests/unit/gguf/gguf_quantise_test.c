#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "gguf/gguf_half.h"
#include "gguf/gguf_quantise.h"

static float half_at(const unsigned char *at)
{
    uint16_t half;

    memcpy(&half, at, sizeof(half));
    return gguf_half_to_float(half);
}

/* Blocks that were worked out by hand from the format's definition. */

static void q4_0_gives_the_largest_value_the_lowest_level(void **state)
{
    float x[32] = { [0] = -4, [1] = 3.5f, [16] = 2, [17] = -0.3f };
    unsigned char block[18];

    (void)state;
    gguf_quantise(GGUF_TENSOR_TYPE_Q4_0, x, 32, block);
    assert_true(half_at(block) == 0.5f);
    assert_int_equal(block[2], 0 | 12 << 4);
    assert_int_equal(block[3], 15 | 7 << 4);
    assert_int_equal(block[4], 8 | 8 << 4);
    x[0] = 4;
    gguf_quantise(GGUF_TENSOR_TYPE_Q4_0, x, 32, block);
    assert_true(half_at(block) == -0.5f);
    assert_int_equal(block[2] & 15, 0);
}

/* All parts alike, 1 to 16 sixteenths with a minimum of none: levels and scales are exact. */
static void q4_k_is_exact_where_the_values_are_its_levels(void **state)
{
    float x[256];
    unsigned char block[144];

    (void)state;
    for (int i = 0; i < 256; i++)
        x[i] = (float)(i % 16) * 63 / 64;
    gguf_quantise(GGUF_TENSOR_TYPE_Q4_K, x, 256, block);
    assert_true(half_at(block) == 1.0f / 64 && half_at(block + 2) == 0);
    assert_int_equal(block[4] & 63, 63);
    for (int i = 0; i < 128; i++)
        assert_int_equal(block[16 + i], i % 16 * 17);
}

static uint32_t random_state;

static float random_value(void)
{
    float sum = 0;

    for (int i = 0; i < 4; i++) {
        random_state = random_state * 1664525u + 1013904223u;
        sum += (float)(random_state >> 8) / 0x1p23f - 1;
    }
    return sum;
}

/* Zeros, one value alone, and tiny and large ones: nothing but finite scales comes out. */
static void never_writes_what_is_no_number(void **state)
{
    static const enum gguf_tensor_type types[] = { GGUF_TENSOR_TYPE_Q8_0, GGUF_TENSOR_TYPE_Q4_0,
                                                   GGUF_TENSOR_TYPE_Q4_K, GGUF_TENSOR_TYPE_Q5_K,
                                                   GGUF_TENSOR_TYPE_Q6_K };
    static const float sizes[] = { 0, 1e-42f, 1e-20f, 1e-6f, 1, 6e4f };
    float x[256];
    unsigned char blocks[512];

    (void)state;
    random_state = 1;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            for (int i = 0; i < 256; i++)
                x[i] = sizes[s] * random_value() / 4;
            x[7] = sizes[s];
            gguf_quantise(types[t], x, 256, blocks);
            assert_true(
                isfinite(half_at(types[t] == GGUF_TENSOR_TYPE_Q6_K ? blocks + 208 : blocks)));
        }
    }
    assert_false(gguf_can_quantise(GGUF_TENSOR_TYPE_F16));
    assert_false(gguf_can_quantise(GGUF_TENSOR_TYPE_IQ4_NL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q4_0_gives_the_largest_value_the_lowest_level),
        cmocka_unit_test(q4_k_is_exact_where_the_values_are_its_levels),
        cmocka_unit_test(never_writes_what_is_no_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
