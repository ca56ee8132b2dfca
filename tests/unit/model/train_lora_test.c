/* An adapter: its gradient beside differences, what it learns, and that the file and the product
 * make of it what the trainer did. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "gguf/gguf.h"
#include "model_load.h"
#include "train_batch.h"
#include "train_loop.h"
#include "train_lora.h"
#include "train_team.h"

#define TOKENS 12

static struct arena arena;
static const struct shape shape = { 16, 32, 2, 4, 2, 64, 64, 10000, 1e-5f };

static uint16_t tokens[TOKENS] = { 4, 5, 6, 7, 8, 9, 5, 1, 5, 8, 1, 8 };
static struct example_segment segments[2] = { { 6, 8, 9, 0 }, { 9, 11, 12, 0 } };
static const struct example example = { TOKENS, 6, 2, segments, tokens };

static void start(struct weights *weights)
{
    weights_bind(weights, &shape, ARENA_ARRAY(&arena, float, weights_count(&shape)));
    weights_init(weights, 9);
}

static double loss_of(struct team *team, const struct weights *weights, bool is_learning)
{
    static struct pass_target targets[TOKENS];
    struct random random = { 1 };
    struct team_job job = { .example = &example, .targets = targets };
    size_t answers;
    double loss = 0;

    job.targets_count = batch_targets(&example, 1, &random, targets, &answers);
    for (size_t i = 0; i < job.targets_count; i++)
        targets[i].weight = 0.2f;
    team_run(team, weights, &job, 1, TEAM_DEAL_FIXED, is_learning);
    for (size_t i = 0; i < job.targets_count; i++)
        loss += 0.2 * (double)targets[i].loss;
    return loss;
}

/* A step of rate 0 gives the gradient and the sum, and changes nothing. */
static const struct adam_step no_step = { 0, 0.9f, 0.98f, 1e-9f, 0, 1e9 };

static double slope(struct team *team, struct lora *lora, struct weights *weights, float *value)
{
    float was = *value;
    double after, before;

    *value = was + 0.01f;
    lora_take_step(lora, &no_step, weights, team_gradient(team));
    after = loss_of(team, weights, false);
    *value = was - 0.01f;
    lora_take_step(lora, &no_step, weights, team_gradient(team));
    before = loss_of(team, weights, false);
    *value = was;
    return (after - before) / 0.02;
}

static void its_gradient_is_that_of_the_loss(void **state)
{
    (void)state;
    struct weights weights;
    struct lora lora;
    struct team *team;
    struct random random = { 5 };
    float *gradient;

    start(&weights);
    assert_int_equal(lora_init(&lora, &weights, 3, 6, 4, &arena, NULL), STATUS_OK);
    for (size_t i = 0; i < lora.count; i++)
        lora.values[i] = 0.3f * (float)(random_unit(&random) - 0.5);
    team = team_start(&shape, 1, 64, &arena, NULL);
    lora_take_step(&lora, &no_step, &weights, team_gradient(team)); /* the sum */
    loss_of(team, &weights, true);
    lora_take_step(&lora, &no_step, &weights, team_gradient(team));
    gradient = ARENA_ARRAY(&arena, float, lora.count);
    memcpy(gradient, lora.gradient, lora.count * sizeof(float));
    for (size_t i = 0; i < lora.parts_count; i++) {
        double by_a = 0, off_a = 0, by_b = 0, off_b = 0;

        for (size_t j = 0; j < 6; j++) {
            float *a = lora.parts[i].a + random_below(&random, 3 * (uint32_t)lora.parts[i].columns);
            float *b = lora.parts[i].b + random_below(&random, 3 * (uint32_t)lora.parts[i].rows);
            double of_a = slope(team, &lora, &weights, a), of_b = slope(team, &lora, &weights, b);

            by_a += fabs(of_a);
            off_a += fabs(of_a - (double)gradient[a - lora.values]);
            by_b += fabs(of_b);
            off_b += fabs(of_b - (double)gradient[b - lora.values]);
        }
        assert_true(off_a <= 0.02 * by_a + 2e-4);
        assert_true(off_b <= 0.02 * by_b + 2e-4);
    }
    team_stop(team);
}

static void it_begins_as_nothing_and_learns(void **state)
{
    (void)state;
    static const struct adam_step step = { 0.01f, 0.9f, 0.98f, 1e-9f, 0, 1 };
    struct weights weights;
    struct lora lora;
    struct team *team;
    double first, last = 0;

    start(&weights);
    assert_int_equal(lora_init(&lora, &weights, 4, 8, 4, &arena, NULL), STATUS_OK);
    team = team_start(&shape, 1, 64, &arena, NULL);
    first = loss_of(team, &weights, true);
    lora_take_step(&lora, &no_step, &weights, team_gradient(team));
    assert_memory_equal(weights.all, lora.base, weights.count * sizeof(float));
    for (int i = 0; i < 60; i++) {
        last = loss_of(team, &weights, true);
        lora_take_step(&lora, &step, &weights, team_gradient(team));
    }
    team_stop(team);
    assert_true(last < first / 2);
    assert_memory_equal(weights.embedding, lora.base, 16 * 32 * sizeof(float));
}

/* The sum, from the two files: alpha / rank B A + W. */
static void the_file_has_what_was_added(void **state)
{
    (void)state;
    char path[] = "/tmp/train_lora_test.XXXXXX";
    struct weights weights;
    struct random random = { 5 };
    const struct gguf_tensor *a, *b;
    struct gguf *gguf;
    struct lora lora;
    struct team *team;
    struct error err;
    double alpha;

    start(&weights);
    assert_int_equal(lora_init(&lora, &weights, 3, 6, 4, &arena, NULL), STATUS_OK);
    for (size_t i = 0; i < lora.count; i++)
        lora.values[i] = (float)(random_unit(&random) - 0.5);
    team = team_start(&shape, 1, 64, &arena, NULL);
    lora_take_step(&lora, &no_step, &weights, team_gradient(team));
    team_stop(team);
    close(mkstemp(path));
    assert_int_equal(lora_write(&lora, path, "one", &err), STATUS_OK);
    gguf = gguf_open(path, &err);
    unlink(path);
    assert_non_null(gguf);
    assert_true(gguf_get_f64(gguf, "adapter.lora.alpha", &alpha));
    a = gguf_tensor_find(gguf, "blk.1.attn_k.weight.lora_a");
    b = gguf_tensor_find(gguf, "blk.1.attn_k.weight.lora_b");
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(a->dimensions[0], 32);
    assert_int_equal(a->dimensions[1], 3);
    assert_int_equal(b->dimensions[0], 3);
    assert_int_equal(b->dimensions[1], 16); /* two key heads of eight */
    for (size_t row = 0; row < 16; row++)
        for (size_t column = 0; column < 32; column++) {
            size_t at = (size_t)(weights.layers[1].qkv - weights.all) + (32 + row) * 32 + column;
            double sum = (double)lora.base[at];

            for (size_t r = 0; r < 3; r++)
                sum += alpha / 3 * (double)((const float *)b->data)[row * 3 + r]
                       * (double)((const float *)a->data)[r * 32 + column];
            assert_float_equal(sum, weights.all[at], 1e-5);
        }
    gguf_close(gguf);
}

static void refuses_a_rank_out_of_bounds(void **state)
{
    (void)state;
    struct weights weights;
    struct lora lora;
    struct error err;

    start(&weights);
    assert_int_equal(lora_init(&lora, &weights, 0, 8, 1, &arena, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(lora_init(&lora, &weights, LORA_RANK_MAX + 1, 8, 1, &arena, &err),
                     STATUS_INVALID_ARGUMENT);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_gradient_is_that_of_the_loss),
        cmocka_unit_test(it_begins_as_nothing_and_learns),
        cmocka_unit_test(the_file_has_what_was_added),
        cmocka_unit_test(refuses_a_rank_out_of_bounds),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
