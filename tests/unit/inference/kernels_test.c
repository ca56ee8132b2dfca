#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "gguf/gguf_half.h"
#include "kernels_impl.h"

#define VALUES 320

static float x[VALUES], weights[VALUES], magnitude;
static uint16_t halves[VALUES], brains[VALUES];

static void fill(void)
{
    uint32_t random = 1;

    for (int i = 0; i < VALUES; i++) {
        random = random * 1664525u + 1013904223u;
        x[i] = (float)(int32_t)random / 0x1p31f;
        random = random * 1664525u + 1013904223u;
        weights[i] = (float)(int32_t)random / 0x1p30f;
        halves[i] = gguf_half_from_float(weights[i]);
        brains[i] = gguf_half_bf16_from_float(weights[i]);
        magnitude += fabsf(x[i] * weights[i]);
    }
}

/* The order of a sum of n products moves it by n times half an ulp of their magnitudes at most. */
static void assert_near(float a, float b)
{
    assert_true(fabsf(a - b) <= magnitude * VALUES * 0x1p-24f);
}

static void agrees_with_the_generic_version_at_every_length(void **state)
{
    const struct kernels *fast = kernels_avx2(), *truth = &kernels_generic;

    (void)state;
    if (fast == NULL)
        skip();
    fill();
    for (size_t n = 0; n <= VALUES; n++) {
        assert_near(fast->dot_f32(weights, x, n), truth->dot_f32(weights, x, n));
        assert_near(fast->dot_f16(halves, x, n), truth->dot_f16(halves, x, n));
        assert_near(fast->dot_bf16(brains, x, n), truth->dot_bf16(brains, x, n));
    }
}

static void attends_as_the_generic_version_does(void **state)
{
    const struct kernels *fast = kernels_avx2(), *truth = &kernels_generic;
    float a[VALUES], b[VALUES];

    (void)state;
    if (fast == NULL)
        skip();
    for (size_t width = 4; width <= 48; width += 4) {
        for (size_t count = 1; count <= 13; count++) {
            fast->score(a, x, weights, 20, width, count, 0.25f);
            truth->score(b, x, weights, 20, width, count, 0.25f);
            for (size_t t = 0; t < count; t++)
                assert_near(a[t], b[t]);
            memset(a, 0, sizeof(a));
            memset(b, 0, sizeof(b));
            fast->mix(a, x, weights, 20, width, count);
            truth->mix(b, x, weights, 20, width, count);
            for (size_t i = 0; i < width; i++)
                assert_near(a[i], b[i]);
        }
    }
}

/* Two heads of @width values a row, of which the second is read. */
static void attends_over_8_bits_as_the_generic_version_does(void **state)
{
    const struct kernels *fast = kernels_avx2(), *truth = &kernels_generic;
    static int8_t values[13 * 2 * 96];
    static float scales[13 * 2 * 3];
    float a[VALUES], b[VALUES];

    (void)state;
    if (fast == NULL)
        skip();
    for (size_t width = 16; width <= 96; width += 16) {
        size_t blocks = kernels_kept_scales(width);
        struct kept_rows rows = { values + width, scales + blocks, 2 * width, 2 * blocks };

        for (size_t t = 0; t < 13; t++)
            kernels_keep(&rows, t, weights + t * 7, width);
        for (size_t count = 1; count <= 13; count++) {
            fast->score_kept(a, x, &rows, width, count, 0.25f);
            truth->score_kept(b, x, &rows, width, count, 0.25f);
            for (size_t t = 0; t < count; t++)
                assert_near(a[t], b[t]);
            memset(a, 0, sizeof(a));
            memset(b, 0, sizeof(b));
            fast->mix_kept(a, x, &rows, width, count);
            truth->mix_kept(b, x, &rows, width, count);
            for (size_t i = 0; i < width; i++)
                assert_near(a[i], b[i]);
        }
    }
}

/* Half a step of the 127 that the largest of 32 has. */
static void keeps_values_within_half_a_step(void **state)
{
    int8_t values[80];
    float scales[3], weight = 1;
    struct kept_rows rows = { values, scales, 80, 3 };

    (void)state;
    kernels_keep(&rows, 0, x, 80);
    for (size_t i = 0; i < 80; i++) {
        float kept = 0, largest = 0;
        struct kept_rows one = { values + i, scales + i / 32, 80, 3 };

        for (size_t j = i / 32 * 32; j < i / 32 * 32 + 32 && j < 80; j++)
            largest = fabsf(x[j]) > largest ? fabsf(x[j]) : largest;
        kernels_generic.mix_kept(&kept, &weight, &one, 1, 1);
        assert_true(fabsf(kept - x[i]) <= largest / 254 * 1.0001f);
    }
}

static void expands_to_the_same_bits(void **state)
{
    const struct kernels *fast = kernels_avx2(), *truth = &kernels_generic;
    float a[VALUES], b[VALUES];

    (void)state;
    if (fast == NULL)
        skip();
    for (size_t n = 0; n <= VALUES; n += 5) {
        fast->expand_f16(a, halves, n);
        truth->expand_f16(b, halves, n);
        assert_memory_equal(a, b, n * sizeof(*a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_generic_version_at_every_length),
        cmocka_unit_test(attends_as_the_generic_version_does),
        cmocka_unit_test(attends_over_8_bits_as_the_generic_version_does),
        cmocka_unit_test(keeps_values_within_half_a_step),
        cmocka_unit_test(expands_to_the_same_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
