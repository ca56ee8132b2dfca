#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "inference_batch.h"
#include "inference_request.h"

#define SEQUENCES 4
#define CONTEXT 1024

static uint32_t ids[CONTEXT + INFERENCE_DRAFT_MAX], pages[CONTEXT / INFERENCE_PAGE];
static struct inference_request requests[SEQUENCES];
static struct inference_answer answers[SEQUENCES];
static struct inference_sequence sequences[SEQUENCES];
static struct inference_batch batch;
static uint32_t room[SEQUENCES], turn, time_ns;

static int reset(void **state)
{
    (void)state;
    memset(requests, 0, sizeof(requests));
    memset(sequences, 0, sizeof(sequences));
    memset(room, 0, sizeof(room));
    turn = time_ns = 0;
    return 0;
}

static void begin(uint32_t index, uint32_t prompt)
{
    requests[index] = (struct inference_request){ .queued_ns = ++time_ns };
    sequences[index] = (struct inference_sequence){ .request = &requests[index],
                                                    .ids = ids,
                                                    .pages = pages,
                                                    .prompt = prompt,
                                                    .known = prompt,
                                                    .count = prompt,
                                                    .count_max = CONTEXT };
    room[index] = 1;
}

/* An answer that goes on. */
static void begin_answer(uint32_t index)
{
    begin(index, 10);
    sequences[index].cached = 9;
    sequences[index].known = 9;
    sequences[index].answer = &answers[index];
}

/* One batch; ids of @index's prompt in it. */
static uint32_t step(uint32_t index)
{
    uint32_t count = 0;

    inference_batch_compose(&batch, sequences, SEQUENCES, room, &turn);
    for (uint32_t i = 0; i < batch.count; i++) {
        if (batch.sequences[i]->answer == NULL)
            batch.sequences[i]->cached += batch.segments[i].count;
        if (batch.sequences[i] == &sequences[index])
            count += batch.segments[i].count;
    }
    return count;
}

static bool is_through(uint32_t index)
{
    return sequences[index].cached == sequences[index].prompt;
}

static void brings_a_short_prompt_through_before_long_ones(void **state)
{
    unsigned steps = 0;

    (void)state;
    begin(0, 640);
    begin(1, 640);
    begin(2, 640);
    begin(3, 60);
    while (!is_through(3)) {
        step(3);
        steps++;
    }
    assert_int_equal(steps, 1);
}

/* Others come for ever, each with less left; their answers do not count here. */
static void brings_the_oldest_through_in_twice_its_chunks(void **state)
{
    unsigned steps = 0;

    (void)state;
    begin_answer(3);
    begin(0, 640);
    begin(1, 64);
    while (!is_through(0)) {
        step(0);
        steps++;
        if (is_through(1))
            begin(1, 64);
    }
    assert_true(steps <= 2 * 640 / INFERENCE_CHUNK_MAX);
}

/* Each answer waits for one chunk, however many prompts there are. */
static void computes_one_chunk_beside_an_answer(void **state)
{
    (void)state;
    begin_answer(0);
    begin(1, 640);
    begin(2, 640);
    begin(3, 640);
    for (unsigned i = 0; i < 8; i++) {
        step(0);
        assert_ptr_equal(batch.sequences[0], &sequences[0]);
        assert_int_equal(batch.count, 2);
        assert_int_equal(batch.segments[1].count, INFERENCE_CHUNK_MAX);
    }
}

static void takes_the_urgent_before_the_short(void **state)
{
    (void)state;
    begin_answer(0);
    begin(1, 640);
    begin(2, 64);
    begin(3, 640);
    requests[3].priority = INFERENCE_PRIORITY_URGENT;
    turn = 1;
    assert_int_equal(step(3), INFERENCE_CHUNK_MAX);
    assert_int_equal(step(1), INFERENCE_CHUNK_MAX); /* the oldest's turn */
    assert_int_equal(step(3), INFERENCE_CHUNK_MAX);
}

static void leaves_out_who_rests(void **state)
{
    (void)state;
    begin(0, 640);
    begin(1, 64);
    room[0] = 0;
    assert_int_equal(step(0), 0);
    assert_true(is_through(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(brings_a_short_prompt_through_before_long_ones, reset),
        cmocka_unit_test_setup(brings_the_oldest_through_in_twice_its_chunks, reset),
        cmocka_unit_test_setup(computes_one_chunk_beside_an_answer, reset),
        cmocka_unit_test_setup(takes_the_urgent_before_the_short, reset),
        cmocka_unit_test_setup(leaves_out_who_rests, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
