/* A small model learns a small task, the same way each time, and goes on from a checkpoint. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "train_loop.h"
#include "train_random.h"
#include "train_score.h"

#define EXAMPLES 64

static struct arena arena;
static char folder[] = "/tmp/train_loop_test.XXXXXX";
static char data_path[64], single_path[64], checkpoint_path[64];
static struct data data, single;

/* "a b c | a": the answer is the token of the record that the question names, then the end. The
 * first @questions of two are asked. */
static void write_examples(const char *path, uint32_t questions)
{
    struct data_writer *writer = data_writer_start(path, 16, &arena, NULL);
    struct random random = { 4 };

    data_writer_kind(writer, SLICE("copy"));
    for (int i = 0; i < EXAMPLES; i++) {
        uint16_t tokens[12];
        struct example_segment segments[2] = { { 6, 8, 9, 0 }, { 9, 11, 12, 0 } };
        struct example example = { 6 + 3 * questions, 6, questions, segments, tokens };

        for (int j = 0; j < 12; j++)
            tokens[j] = (uint16_t)(4 + random_below(&random, 8));
        for (int j = 0; j < 2; j++) {
            tokens[6 + 3 * j + 1] = 1;
            tokens[6 + 3 * j + 2] = tokens[6 + 3 * j];
        }
        data_writer_put(writer, &example);
    }
    assert_int_equal(data_writer_finish(writer, NULL), STATUS_OK);
}

static struct loop_options options_for(uint64_t steps)
{
    struct loop_options options;

    loop_options_default(&options);
    options.steps = steps;
    options.batch_tokens = 96;
    options.rate = 5e-3;
    options.warm_up = 5;
    options.checkpoint_path = checkpoint_path;
    return options;
}

static void start(struct checkpoint *state)
{
    struct shape shape = { 16, 32, 2, 4, 4, 64, 64, 10000, 1e-5f };

    assert_int_equal(checkpoint_init(state, &shape, &arena, NULL), STATUS_OK);
    weights_init(&state->weights, 9);
    state->seed = 9;
}

static void train(struct checkpoint *state, uint64_t steps)
{
    struct loop_options options = options_for(steps);
    struct error err;

    assert_int_equal(loop_run(state, &data, &data, &options, &arena, &err), STATUS_OK);
}

static void learns_to_answer_from_the_question(void **state)
{
    struct checkpoint trained;
    struct team *team;
    struct score score;

    (void)state;
    start(&trained);
    train(&trained, 400);
    team = team_start(&trained.weights.shape, 2, 64, &arena, NULL);
    score_data(team, &trained.weights, &data, EXAMPLES, 64, &arena, &score);
    team_stop(team);
    assert_int_equal(score.answers, 2 * EXAMPLES);
    assert_true(score.answers_exact > score.answers * 9 / 10);
}

/* The answers of @single are one token, where the model chooses. */
static void a_choice_counts_what_its_weight_says(void **state)
{
    struct checkpoint counted, ignored;
    struct loop_options options = options_for(10);
    struct weights *weights = &ignored.weights;

    (void)state;
    options.prompt_share = options.decay = 0;
    start(&counted);
    assert_int_equal(loop_run(&counted, &single, NULL, &options, &arena, NULL), STATUS_OK);
    options.choice_weight = 0;
    start(&ignored);
    assert_int_equal(loop_run(&ignored, &single, NULL, &options, &arena, NULL), STATUS_OK);
    assert_memory_not_equal(weights->all, counted.weights.all, weights->count * sizeof(float));
    start(&counted);
    assert_memory_equal(weights->all, counted.weights.all, weights->count * sizeof(float));
}

static void the_same_seed_gives_the_same_weights(void **state)
{
    struct checkpoint a, b;

    (void)state;
    start(&a);
    start(&b);
    train(&a, 12);
    train(&b, 12);
    assert_memory_equal(a.weights.all, b.weights.all, a.weights.count * sizeof(float));
}

static void a_checkpoint_holds_all_that_training_needs(void **state)
{
    struct checkpoint before, after;

    (void)state;
    start(&before);
    train(&before, 10);
    assert_int_equal(checkpoint_read(&after, checkpoint_path, &arena, NULL), STATUS_OK);
    assert_int_equal(after.adam.steps, 10);
    assert_int_equal(after.tokens, before.tokens);
    assert_memory_equal(after.weights.all, before.weights.all,
                        before.weights.count * sizeof(float));
    assert_memory_equal(after.adam.second, before.adam.second,
                        before.weights.count * sizeof(float));
    train(&before, 5);
    train(&after, 5);
    assert_memory_equal(after.weights.all, before.weights.all,
                        before.weights.count * sizeof(float));
}

static void refuses_a_checkpoint_that_is_cut(void **state)
{
    struct checkpoint read;
    struct error err;

    (void)state;
    assert_int_equal(truncate(checkpoint_path, 5000), 0);
    assert_int_equal(checkpoint_read(&read, checkpoint_path, &arena, &err), STATUS_DATA_LOSS);
    assert_int_equal(truncate(checkpoint_path, 10), 0);
    assert_int_equal(checkpoint_read(&read, checkpoint_path, &arena, &err), STATUS_DATA_LOSS);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 512 * MIB);
    assert_non_null(mkdtemp(folder));
    snprintf(data_path, sizeof(data_path), "%s/data", folder);
    snprintf(single_path, sizeof(single_path), "%s/single", folder);
    snprintf(checkpoint_path, sizeof(checkpoint_path), "%s/checkpoint", folder);
    write_examples(data_path, 2);
    write_examples(single_path, 1);
    assert_int_equal(data_open(&data, data_path, &arena, NULL), STATUS_OK);
    assert_int_equal(data_open(&single, single_path, &arena, NULL), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    data_close(&data);
    data_close(&single);
    unlink(data_path);
    unlink(single_path);
    unlink(checkpoint_path);
    rmdir(folder);
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_to_answer_from_the_question),
        cmocka_unit_test(a_choice_counts_what_its_weight_says),
        cmocka_unit_test(the_same_seed_gives_the_same_weights),
        cmocka_unit_test(a_checkpoint_holds_all_that_training_needs),
        cmocka_unit_test(refuses_a_checkpoint_that_is_cut),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
