#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "engine_run.h"

/* A request of several answers and what came of each. */
struct several {
    struct inference_request request;
    struct inference_answer answers[8];
    bool has_output;
    uint32_t ids[8][MODEL_SAMPLE_CONTEXT], counts[8];
    float logprobs[8][MODEL_SAMPLE_CONTEXT];
    struct inference_usage usage;
};

static void on_several_output(struct inference_request *request)
{
    pthread_mutex_lock(&lock);
    ((struct several *)request)->has_output = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void take_several(struct fixture *fixture, struct several *several)
{
    static struct inference_output output;

    for (bool is_last = false; !is_last;) {
        await(&several->has_output);
        while (!is_last && inference_engine_take(fixture->engine, &several->request, &output)) {
            uint32_t *count = &several->counts[output.answer];

            memcpy(several->ids[output.answer] + *count, output.ids,
                   output.count * sizeof(output.ids[0]));
            memcpy(several->logprobs[output.answer] + *count, output.logprobs,
                   output.count * sizeof(output.logprobs[0]));
            *count += output.count;
            is_last = output.is_last;
        }
    }
    several->usage = output.usage;
}

static enum status submit_several(struct fixture *fixture, struct several *several,
                                  uint32_t answers)
{
    several->request.on_output = on_several_output;
    several->request.answers = several->answers;
    several->request.answers_count = answers;
    return inference_engine_submit(fixture->engine, &several->request, NULL);
}

static uint32_t pages_used(const struct fixture *fixture)
{
    struct inference_engine_counts counts;

    inference_engine_count(fixture->engine, &counts);
    assert_int_equal(counts.running, 0);
    return counts.pages_used;
}

/* Prompts that end in the middle of a page and at its end; more answers than sequences, others
 * waiting and not. */
static void gives_several_answers_as_if_each_were_asked_for_alone(void **state)
{
    static const uint32_t prompts[] = { 20, 64, 100 };

    (void)state;
    for (uint32_t p = 0; p < 6; p++) {
        uint32_t count = prompts[p / 2], sequences = p % 2 == 0 ? 2 : 4;
        struct several several = { 0 };
        struct asked other, alone[8];
        struct fixture fixture;
        uint32_t ids[MODEL_SAMPLE_CONTEXT]; /* ask writes the prompt anew */

        open_engine(&fixture, sequences, 16);
        for (uint32_t i = 0; i < 8; i++) {
            ask(&fixture, &alone[i], count, 30, 70 + i);
            take_all(&fixture, &alone[i]);
        }
        close_engine(&fixture);
        open_engine(&fixture, sequences, 16);
        memcpy(ids, prompt, sizeof(ids));
        several.request = (struct inference_request){
            .ids = ids, .count = count, .tokens_max = 30, .sampling = alone[0].request.sampling
        };
        assert_int_equal(submit_several(&fixture, &several, 8), STATUS_OK);
        ask(&fixture, &other, 50, 40, 3);
        take_several(&fixture, &several);
        take_all(&fixture, &other);
        assert_int_equal(several.usage.prompt_tokens, count);
        assert_int_equal(several.usage.generated_tokens, 240);
        for (uint32_t i = 0; i < 8; i++) {
            assert_int_equal(several.counts[i], 30);
            assert_memory_equal(several.ids[i], alone[i].ids, 30 * sizeof(uint32_t));
            assert_memory_equal(several.logprobs[i], alone[i].logprobs, 30 * sizeof(float));
        }
        assert_int_equal(pages_used(&fixture), 0);
        close_engine(&fixture);
    }
}

/* What the model makes of @ids [count] after @position ids that were run, id by id, in double
 * precision from the logits on. */
static double plain_score(struct run *run, const float *logits, const uint32_t *ids, uint32_t count,
                          uint32_t position)
{
    double sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        double total = 0;

        for (uint32_t id = 0; id < MODEL_SAMPLE_VOCABULARY; id++)
            total += exp((double)logits[id]);
        sum += (double)logits[ids[i]] - log(total);
        if (i + 1 < count)
            logits = run_ids(run, ids + i, 1, position + i);
    }
    return sum;
}

static void scores_continuations_as_a_plain_run_does(void **state)
{
    static const enum gguf_tensor_type types[] = { GGUF_TENSOR_TYPE_F32, GGUF_TENSOR_TYPE_Q8_0 };
    static const uint32_t lengths[8] = { 1, 2, 5, 30, 45, 1, 64, 7 };

    (void)state;
    for (int t = 0; t < 4; t++) {
        struct several several = { .request = { .ids = prompt, .count = t < 2 ? 50 : 64 } };
        static float logprobs[8][MODEL_SAMPLE_CONTEXT];
        static uint32_t given[8][MODEL_SAMPLE_CONTEXT];
        struct fixture fixture;
        struct run run = { 0 };

        for (uint32_t i = 0; i < 64; i++)
            prompt[i] = i * 29 % MODEL_SAMPLE_VOCABULARY;
        open_engine_of(&fixture, types[t % 2], 3, 4);
        run_open_sample(&run, types[t % 2]);
        for (uint32_t i = 0; i < 8; i++) {
            for (uint32_t j = 0; j < lengths[i]; j++)
                given[i][j] = (i * 13 + j * 7) % MODEL_SAMPLE_VOCABULARY;
            several.answers[i] = (struct inference_answer){ .given = given[i],
                                                            .given_count = lengths[i],
                                                            .given_logprobs = logprobs[i],
                                                            .is_likeliest = true };
        }
        assert_int_equal(submit_several(&fixture, &several, 8), STATUS_OK);
        take_several(&fixture, &several);
        for (uint32_t i = 0; i < 8; i++) {
            const float *logits = run_ids(&run, prompt, several.request.count, 0);
            double plain = plain_score(&run, logits, given[i], lengths[i], several.request.count),
                   sum = 0;

            for (uint32_t j = 0; j < lengths[i]; j++)
                sum += (double)logprobs[i][j];
            assert_true(fabs(sum - plain) < 1e-4 * (1 + fabs(plain)));
        }
        assert_int_equal(several.usage.prompt_tokens, several.request.count);
        assert_int_equal(pages_used(&fixture), 0);
        run_close(&run);
        close_engine(&fixture);
    }
}

static void says_that_a_greedy_answer_is_the_likeliest(void **state)
{
    struct several several = { 0 };
    float logprobs[2][12];
    uint32_t other[12];
    struct fixture fixture;
    struct asked asked;

    (void)state;
    open_engine_of(&fixture, GGUF_TENSOR_TYPE_Q8_0, 2, 0);
    ask(&fixture, &asked, 30, 12, 0);
    take_all(&fixture, &asked);
    memcpy(other, asked.ids, sizeof(other));
    other[11] = (other[11] + 1) % MODEL_SAMPLE_VOCABULARY;
    several.request = (struct inference_request){ .ids = prompt, .count = 30 };
    several.answers[0] = (struct inference_answer){
        .given = asked.ids, .given_count = 12, .given_logprobs = logprobs[0], .is_likeliest = true
    };
    several.answers[1] = (struct inference_answer){
        .given = other, .given_count = 12, .given_logprobs = logprobs[1], .is_likeliest = true
    };
    assert_int_equal(submit_several(&fixture, &several, 2), STATUS_OK);
    take_several(&fixture, &several);
    assert_true(several.answers[0].is_likeliest);
    assert_false(several.answers[1].is_likeliest);
    assert_memory_equal(logprobs[0], asked.logprobs, sizeof(logprobs[0]));
    close_engine(&fixture);
}

static void frees_everything_of_a_cancelled_request(void **state)
{
    struct several several = { .request = { .ids = prompt, .count = 70 } };
    struct fixture fixture;

    (void)state;
    open_engine(&fixture, 3, 2);
    assert_int_equal(submit_several(&fixture, &several, 8), STATUS_OK);
    await(&several.has_output);
    inference_engine_cancel(fixture.engine, &several.request);
    several.has_output = true; /* told before, and not taken yet */
    take_several(&fixture, &several);
    for (uint32_t i = 0; i < 8; i++)
        assert_true(several.answers[i].finish != INFERENCE_FINISH_NONE);
    assert_int_equal(several.answers[7].finish, INFERENCE_FINISH_CANCELLED);
    assert_int_equal(pages_used(&fixture), 0);
    close_engine(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_several_answers_as_if_each_were_asked_for_alone),
        cmocka_unit_test(scores_continuations_as_a_plain_run_does),
        cmocka_unit_test(says_that_a_greedy_answer_is_the_likeliest),
        cmocka_unit_test(frees_everything_of_a_cancelled_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
