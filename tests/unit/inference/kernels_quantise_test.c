/* What gguf_quantise writes, as the kernels read it, whose reading is checked against llama.cpp
 * (tests/golden/inference_exact.sh). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gguf/gguf_quantise.h"
#include "kernels.h"

#define VALUES 4096

static float x[VALUES];

/* About a bell, as weights are; @offset: not about zero. */
static void fill(float size, float offset)
{
    uint32_t random = 1;

    for (int i = 0; i < VALUES; i++) {
        float sum = 0;

        for (int j = 0; j < 4; j++) {
            random = random * 1664525u + 1013904223u;
            sum += (float)(random >> 8) / 0x1p23f - 1;
        }
        x[i] = size * sum + offset;
    }
}

/* √Σ(a-b)² / √Σ(b-mean)² */
static double error_of(enum gguf_tensor_type type, float offset)
{
    static unsigned char blocks[VALUES * 4];
    static float back[VALUES];
    struct table table = { type, 1, VALUES, 0, blocks };
    double wrong = 0, all = 0;

    gguf_quantise(type, x, VALUES, blocks);
    kernels_expand_row(back, &table, 0);
    for (int i = 0; i < VALUES; i++) {
        wrong += (double)(back[i] - x[i]) * (double)(back[i] - x[i]);
        all += (double)(x[i] - offset) * (double)(x[i] - offset);
    }
    return sqrt(wrong / all);
}

static const struct {
    enum gguf_tensor_type type;
    double limit; /* of the round trip */
} cases[] = {
    { GGUF_TENSOR_TYPE_Q8_0, 0.007 }, { GGUF_TENSOR_TYPE_Q6_K, 0.02 },
    { GGUF_TENSOR_TYPE_Q5_K, 0.04 },  { GGUF_TENSOR_TYPE_Q4_K, 0.08 },
    { GGUF_TENSOR_TYPE_Q4_0, 0.11 },
};

static void comes_back_within_the_steps_of_its_type(void **state)
{
    static const float sizes[] = { 1e-3f, 0.02f, 3 };

    (void)state;
    for (size_t s = 0; s < 3; s++) {
        fill(sizes[s], 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
            assert_true(error_of(cases[i].type, 0) < cases[i].limit);
    }
}

/* Values on one side of zero: only the types with a minimum keep their steps. */
static void minimums_hold_what_is_below_zero(void **state)
{
    (void)state;
    fill(0.02f, -0.1f);
    assert_true(error_of(GGUF_TENSOR_TYPE_Q4_K, -0.1f) < 0.16);
    assert_true(error_of(GGUF_TENSOR_TYPE_Q4_0, -0.1f) > 0.2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_within_the_steps_of_its_type),
        cmocka_unit_test(minimums_hold_what_is_below_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
