/* The gradients against finite differences. The pass computes in float, so a difference along a
 * random direction of one part of the weights is compared, with a step large enough to stand out of
 * the rounding: within 1 % of the length that is expected. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "train_pass.h"
#include "train_random.h"

#define TOKENS 100

struct bench {
    struct arena arena;
    struct shape shape;
    struct weights weights, gradient;
    struct pass pass;
    uint16_t tokens[TOKENS];
    struct example_segment segments[2];
    struct example example;
    struct pass_target targets[TOKENS];
    size_t targets_count;
};

static struct bench bench;

static void add_target(size_t row, size_t token, float weight)
{
    bench.targets[bench.targets_count++] = (struct pass_target){ .row = (uint32_t)row,
                                                                 .token = bench.tokens[token],
                                                                 .weight = weight };
}

static void set_up(uint32_t kv_heads)
{
    struct random random = { 7 };
    struct shape shape = { 30, 16, 2, 4, kv_heads, 24, 128, 10000, 1e-5f };

    bench = (struct bench){ .shape = shape };
    arena_init(&bench.arena, 64 * MIB);
    assert_int_equal(weights_check_shape(&shape, NULL), STATUS_OK);
    weights_bind(&bench.weights, &shape, ARENA_ARRAY(&bench.arena, float, weights_count(&shape)));
    weights_bind(&bench.gradient, &shape, ARENA_ARRAY(&bench.arena, float, weights_count(&shape)));
    weights_init(&bench.weights, 3);
    assert_int_equal(pass_init(&bench.pass, &shape, TOKENS, &bench.arena, NULL), STATUS_OK);
    for (size_t i = 0; i < TOKENS; i++)
        bench.tokens[i] = (uint16_t)random_below(&random, shape.vocabulary_size);
    bench.segments[0] = (struct example_segment){ 70, 75, 82, 0 };
    bench.segments[1] = (struct example_segment){ 82, 90, 100, 0 };
    bench.example = (struct example){ TOKENS, 70, 2, bench.segments, bench.tokens };
    for (size_t i = 0; i < 69; i += 3)
        add_target(i, i + 1, 0.02f);
    for (size_t i = 74; i < 81; i++)
        add_target(i, i + 1, 0.1f);
    for (size_t i = 89; i < 99; i++)
        add_target(i, i + 1, 0.1f);
}

static double loss(void)
{
    return pass_run(&bench.pass, &bench.weights, &bench.example, bench.targets, bench.targets_count,
                    NULL);
}

static void check_part(const struct weights_part *part, struct random *random)
{
    float *w = bench.weights.all + part->offset, *g = bench.gradient.all + part->offset;
    size_t count = part->rows * part->columns;
    float *direction = ARENA_ARRAY(&bench.arena, float, count),
          *kept = ARENA_ARRAY(&bench.arena, float, count);
    double step = 2e-3, expected = 0, above, below, size = 0;

    memcpy(kept, w, count * sizeof(float));
    for (size_t i = 0; i < count; i++) {
        direction[i] = (float)random_normal(random);
        size += (double)g[i] * g[i];
    }
    /* Along the gradient and a little at random: a large difference that still sees every entry. */
    for (size_t i = 0; i < count; i++) {
        direction[i] = (float)(direction[i] / sqrt((double)count) + g[i] / sqrt(size));
        expected += (double)direction[i] * g[i];
    }
    for (size_t i = 0; i < count; i++)
        w[i] = kept[i] + (float)step * direction[i];
    above = loss();
    for (size_t i = 0; i < count; i++)
        w[i] = kept[i] - (float)step * direction[i];
    below = loss();
    memcpy(w, kept, count * sizeof(float));
    assert_true(size > 0);
    assert_true(fabs((above - below) / (2 * step) - expected) < 0.01 * fabs(expected) + 1e-4);
}

static void check_gradients(uint32_t kv_heads)
{
    struct random random = { 11 };
    struct weights_part part;
    size_t parts = 0, floats = 0;

    set_up(kv_heads);
    /* The scaled-down start leaves later parts with tiny gradients: draw everything at a lively
     * size. */
    for (size_t i = 0; i < bench.weights.count; i++)
        bench.weights.all[i] =
            (float)(0.3 * random_normal(&random)) + (bench.weights.all[i] == 1 ? 1.0f : 0.0f);
    pass_run(&bench.pass, &bench.weights, &bench.example, bench.targets, bench.targets_count,
             &bench.gradient);
    for (; weights_part_at(&bench.weights, parts, &part); parts++) {
        assert_int_equal(part.offset, floats);
        floats += part.rows * part.columns;
        check_part(&part, &random);
    }
    assert_int_equal(parts, 2 + 6 * 2);
    assert_int_equal(floats, bench.weights.count);
    arena_close(&bench.arena);
}

static void gradients_agree_with_finite_differences(void **state)
{
    (void)state;
    check_gradients(4);
}

static void gradients_agree_where_heads_share_keys(void **state)
{
    (void)state;
    check_gradients(2);
}

/* A segment on its own behind the prefix gives the loss that it gives beside another segment. */
static void segments_do_not_see_each_other(void **state)
{
    uint16_t alone[TOKENS];
    struct example_segment segment = { 70, 78, 88, 0 };
    struct example example = { 88, 70, 1, &segment, alone };
    struct pass_target targets[10];

    (void)state;
    set_up(4);
    loss();
    memcpy(alone, bench.tokens, sizeof(alone));
    memcpy(alone + 70, bench.tokens + 82, 18 * sizeof(alone[0]));
    for (size_t i = 0; i < 10; i++) {
        targets[i] = bench.targets[bench.targets_count - 10 + i];
        targets[i].row -= 12;
    }
    pass_run(&bench.pass, &bench.weights, &example, targets, 10, NULL);
    for (size_t i = 0; i < 10; i++)
        assert_true(fabsf(targets[i].loss - bench.targets[bench.targets_count - 10 + i].loss)
                    < 1e-4f);
    arena_close(&bench.arena);
}

/* What comes later does not change what was predicted before. */
static void no_token_sees_the_future(void **state)
{
    float before[TOKENS];

    (void)state;
    set_up(4);
    loss();
    for (size_t i = 0; i < bench.targets_count; i++)
        before[i] = bench.targets[i].loss;
    for (size_t i = 40; i < TOKENS; i++)
        bench.tokens[i] = (uint16_t)((bench.tokens[i] + 1) % bench.shape.vocabulary_size);
    loss();
    for (size_t i = 0; i < bench.targets_count && bench.targets[i].row < 39; i++)
        assert_true(fabsf(before[i] - bench.targets[i].loss) < 1e-6f);
    arena_close(&bench.arena);
}

static void refuses_a_shape_that_does_not_fit_together(void **state)
{
    struct shape shape = { 30, 16, 2, 3, 3, 24, 128, 10000, 1e-5f };
    struct error err;

    (void)state;
    assert_int_equal(weights_check_shape(&shape, &err), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_agree_with_finite_differences),
        cmocka_unit_test(gradients_agree_where_heads_share_keys),
        cmocka_unit_test(segments_do_not_see_each_other),
        cmocka_unit_test(no_token_sees_the_future),
        cmocka_unit_test(refuses_a_shape_that_does_not_fit_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
