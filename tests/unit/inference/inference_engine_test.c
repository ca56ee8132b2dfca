#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "adapter_sample.h"
#include "engine_run.h"
#include "inference_engine_state.h"

static void gives_the_same_ids_alone_and_among_others(void **state)
{
    struct fixture fixture;
    struct asked alone, many[12];

    (void)state;
    open_engine(&fixture, 1, 0);
    ask(&fixture, &alone, 20, 30, 7);
    take_all(&fixture, &alone);
    assert_int_equal(alone.count, 30);
    assert_int_equal(alone.finish, INFERENCE_FINISH_LENGTH);
    close_engine(&fixture);

    open_engine(&fixture, 4, 12);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(ask(&fixture, &many[i], i % 2 == 0 ? 20 : 90 + i, 30, i % 2 == 0 ? 7 : i),
                         STATUS_OK);
    for (uint32_t i = 0; i < 12; i++) {
        take_all(&fixture, &many[i]);
        assert_int_equal(many[i].count, 30);
        if (i % 2 == 0)
            assert_memory_equal(many[i].ids, alone.ids, 30 * sizeof(alone.ids[0]));
    }
    close_engine(&fixture);
}

/* Id by id, one forward pass each, without an engine. */
static void run_plainly(enum gguf_tensor_type type, uint64_t seed, uint32_t *out, uint32_t count)
{
    struct inference_sampling sampling = { .temperature = seed == 0 ? 0 : 0.6f, .seed = seed };
    struct inference_sampler *sampler = inference_sampler_create(MODEL_SAMPLE_VOCABULARY);
    struct inference_sample sample;
    struct inference_random random;
    struct run run = { 0 };
    const float *logits = NULL;
    uint32_t position = 20;

    run_open_sample(&run, type);
    inference_random_init(&random, seed);
    logits = run_ids(&run, prompt, position, 0);
    for (uint32_t i = 0; i < count; i++) {
        inference_sample(sampler, &sampling, &random, NULL, NULL, logits, &sample);
        out[i] = sample.id;
        logits = run_ids(&run, out + i, 1, position++);
    }
    inference_sampler_destroy(sampler);
    run_close(&run);
}

/* The prompt says the same thing over and over, so there is always something to guess. */
static void gives_the_ids_that_it_would_give_without_guesses(void **state)
{
    static const enum gguf_tensor_type types[] = { GGUF_TENSOR_TYPE_F32, GGUF_TENSOR_TYPE_F16,
                                                   GGUF_TENSOR_TYPE_Q8_0 };

    (void)state;
    for (size_t t = 0; t < 3; t++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct fixture fixture;
            struct asked asked = { 0 };
            uint32_t plain[120];

            for (uint32_t i = 0; i < 20; i++)
                prompt[i] = i % 4;
            run_plainly(types[t], seed, plain, 120);
            open_engine_of(&fixture, types[t], 2, 2);
            asked.request.ids = prompt;
            asked.request.count = 20;
            asked.request.tokens_max = 120;
            asked.request.sampling =
                (struct inference_sampling){ .temperature = seed == 0 ? 0 : 0.6f, .seed = seed };
            submit(&fixture, &asked);
            take_all(&fixture, &asked);
            assert_int_equal(asked.count, 120);
            assert_memory_equal(asked.ids, plain, sizeof(plain));
            close_engine(&fixture);
        }
    }
}

static void computes_what_a_kept_prompt_shares_only_once(void **state)
{
    struct fixture fixture;
    struct asked first, second;

    (void)state;
    open_engine(&fixture, 2, 0);
    ask(&fixture, &first, 100, 5, 0);
    take_all(&fixture, &first);
    assert_int_equal(first.usage.reused_tokens, 0);
    ask(&fixture, &second, 100, 5, 0);
    take_all(&fixture, &second);
    assert_int_equal(second.usage.reused_tokens, 64);
    /* To the last bit. */
    assert_memory_equal(second.ids, first.ids, 5 * sizeof(first.ids[0]));
    assert_memory_equal(second.logprobs, first.logprobs, 5 * sizeof(first.logprobs[0]));
    close_engine(&fixture);
}

static void ends_at_a_stop_id_without_giving_it(void **state)
{
    struct fixture fixture;
    struct asked free_run, stopped;
    uint32_t at = 4;

    (void)state;
    open_engine(&fixture, 1, 0);
    ask(&fixture, &free_run, 10, 20, 3);
    take_all(&fixture, &free_run);
    for (uint32_t i = 0; i < at; i++) {
        if (free_run.ids[i] == free_run.ids[at])
            at = i;
    }
    memset(&stopped, 0, sizeof(stopped));
    stopped.request = (struct inference_request){ .ids = prompt,
                                                  .count = 10,
                                                  .tokens_max = 20,
                                                  .sampling = free_run.request.sampling,
                                                  .stop_ids = { free_run.ids[at] },
                                                  .stops_count = 1 };
    assert_int_equal(submit(&fixture, &stopped), STATUS_OK);
    take_all(&fixture, &stopped);
    assert_int_equal(stopped.finish, INFERENCE_FINISH_STOP);
    assert_int_equal(stopped.count, at);
    close_engine(&fixture);
}

/* A mask that lets an answer count upwards by twos from 10 and end after five ids. */
struct twos {
    uint32_t next, accepted, released;
};

static enum status twos_fill(void *state, uint32_t *bits, struct error *err)
{
    const struct twos *twos = state;

    if (twos->next >= MODEL_SAMPLE_VOCABULARY)
        return error_set(err, STATUS_INTERNAL, "it counts no further");
    bits[twos->next / 32] |= 1u << twos->next % 32;
    return STATUS_OK;
}

static void twos_accept(void *state, uint32_t id)
{
    struct twos *twos = state;

    assert_int_equal(id, twos->next);
    twos->next += 2;
    twos->accepted++;
}

static uint32_t twos_follow(void *state, const uint32_t *ids, uint32_t count)
{
    const struct twos *twos = state;
    uint32_t followed = 0;

    while (followed < count && ids[followed] == twos->next + 2 * followed)
        followed++;
    return followed;
}

static bool twos_is_done(void *state)
{
    return ((struct twos *)state)->accepted >= 5;
}

static void twos_release(void *state)
{
    ((struct twos *)state)->released++;
}

static void says_only_what_its_mask_allows(void **state)
{
    struct twos twos = { .next = 10 };
    const struct inference_mask mask = { .state = &twos,
                                         .fill = twos_fill,
                                         .accept = twos_accept,
                                         .follow = twos_follow,
                                         .is_done = twos_is_done,
                                         .release = twos_release };
    struct fixture fixture;
    struct asked asked = { .request = { .ids = prompt,
                                        .count = 10,
                                        .stop_ids = { 16, MODEL_SAMPLE_VOCABULARY + 7 },
                                        .stops_count = 2,
                                        .mask = &mask } };

    (void)state;
    open_engine(&fixture, 1, 0);
    assert_int_equal(submit(&fixture, &asked), STATUS_OK);
    take_all(&fixture, &asked);
    /* 16 is a stop id, and not done yet: nothing can follow. */
    assert_int_equal(asked.finish, INFERENCE_FINISH_FAILED);
    assert_int_equal(asked.count, 3);
    assert_int_equal(twos.released, 1);

    /* 3 ends it once it may. */
    twos = (struct twos){ .next = 10 };
    asked = (struct asked){ .request = {
                                .ids = prompt, .count = 10, .stops_count = 1, .mask = &mask } };
    asked.request.stop_ids[0] = 3;
    asked.request.sampling = (struct inference_sampling){ .temperature = 2, .seed = 5 };
    assert_int_equal(submit(&fixture, &asked), STATUS_OK);
    take_all(&fixture, &asked);
    assert_true(asked.count >= 5);
    for (uint32_t i = 0; i < asked.count; i++)
        assert_int_equal(asked.ids[i], 10 + 2 * i);
    close_engine(&fixture);
}

static void goes_to_the_end_of_the_context(void **state)
{
    struct fixture fixture;
    struct asked asked;

    (void)state;
    open_engine(&fixture, 1, 0);
    ask(&fixture, &asked, 150, 0, 0);
    take_all(&fixture, &asked);
    assert_int_equal(asked.count, MODEL_SAMPLE_CONTEXT - 150);
    assert_int_equal(asked.finish, INFERENCE_FINISH_LENGTH);
    close_engine(&fixture);
}

static void refuses_what_cannot_be_run(void **state)
{
    struct fixture fixture;
    struct asked asked;

    (void)state;
    open_engine(&fixture, 1, 0);
    assert_int_equal(ask(&fixture, &asked, 0, 0, 0), STATUS_INVALID_ARGUMENT);
    assert_int_equal(ask(&fixture, &asked, MODEL_SAMPLE_CONTEXT, 0, 0), STATUS_INVALID_ARGUMENT);
    asked.request.count = 1;
    asked.request.ids = (const uint32_t[]){ MODEL_SAMPLE_VOCABULARY };
    assert_int_equal(submit(&fixture, &asked), STATUS_INVALID_ARGUMENT);
    asked.request.ids = prompt;
    asked.request.sampling.temperature = NAN;
    assert_int_equal(submit(&fixture, &asked), STATUS_INVALID_ARGUMENT);
    asked.request.sampling = (struct inference_sampling){ .top_p = 2 };
    assert_int_equal(submit(&fixture, &asked), STATUS_INVALID_ARGUMENT);
    close_engine(&fixture);
}

/* Nobody takes what the first has made: it rests when its output is full, and holds the only
 * sequence. */
static void refuses_beyond_the_queue_and_ends_the_cancelled(void **state)
{
    struct fixture fixture;
    struct asked first, second, third;

    (void)state;
    open_engine(&fixture, 1, 1);
    assert_int_equal(ask(&fixture, &first, 10, 0, 0), STATUS_OK);
    await(&first.has_output); /* it has the sequence */
    assert_int_equal(ask(&fixture, &second, 10, 3, 0), STATUS_OK);
    assert_int_equal(ask(&fixture, &third, 10, 3, 0), STATUS_RESOURCE_EXHAUSTED);
    inference_engine_cancel(fixture.engine, &second.request);
    take_all(&fixture, &second);
    assert_int_equal(second.finish, INFERENCE_FINISH_CANCELLED);
    assert_int_equal(second.count, 0);
    assert_int_equal(ask(&fixture, &third, 10, 3, 0), STATUS_OK);
    inference_engine_cancel(fixture.engine, &first.request);
    first.has_output = true; /* told before, and not taken yet */
    take_all(&fixture, &first);
    assert_int_equal(first.finish, INFERENCE_FINISH_CANCELLED);
    take_all(&fixture, &third);
    assert_int_equal(third.count, 3);
    close_engine(&fixture);
}

/* As if a request had its sequence for ten seconds: the second one's turn comes after as many, the
 * third one's after twenty. */
static void refuses_whose_turn_would_come_too_late(void **state)
{
    struct asked first, second, third;
    struct fixture fixture;

    (void)state;
    open_engine(&fixture, 1, 8);
    assert_int_equal(ask(&fixture, &first, 10, 0, 0), STATUS_OK);
    await(&first.has_output); /* it has the sequence, and rests when its output is full */
    fixture.engine->options.wait_max_ms = 15000;
    fixture.engine->served_us = 10000000;
    assert_int_equal(ask(&fixture, &second, 10, 3, 0), STATUS_OK);
    assert_int_equal(ask(&fixture, &third, 10, 3, 0), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(inference_engine_retry_ms(fixture.engine), 20000);
    inference_engine_cancel(fixture.engine, &first.request);
    first.has_output = true;
    take_all(&fixture, &first);
    take_all(&fixture, &second);
    assert_int_equal(second.count, 3);
    close_engine(&fixture);
}

static void rests_while_paused(void **state)
{
    struct fixture fixture;
    struct asked paused, other;

    (void)state;
    open_engine(&fixture, 2, 0);
    ask(&fixture, &paused, 10, 0, 0);
    take(&fixture, &paused);
    inference_engine_pause(fixture.engine, &paused.request, true);
    ask(&fixture, &other, 10, 60, 0);
    take_all(&fixture, &other);
    assert_int_equal(other.count, 60);
    assert_true(paused.finish == INFERENCE_FINISH_NONE);
    inference_engine_pause(fixture.engine, &paused.request, false);
    take_all(&fixture, &paused);
    assert_int_equal(paused.count, MODEL_SAMPLE_CONTEXT - 10);
    close_engine(&fixture);
}

static void ends_every_request_when_it_stops(void **state)
{
    struct fixture fixture;
    struct asked asked[3];

    (void)state;
    open_engine(&fixture, 1, 4);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&fixture, &asked[i], 10, 0, 0), STATUS_OK);
    inference_engine_stop(fixture.engine);
    for (int i = 0; i < 3; i++)
        take_all(&fixture, &asked[i]);
    assert_int_equal(asked[2].finish, INFERENCE_FINISH_CANCELLED);
    assert_int_equal(ask(&fixture, &asked[0], 10, 0, 0), STATUS_UNAVAILABLE);
    close_engine(&fixture);
}

static struct inference_adapters *load_adapter(struct fixture *fixture, uint64_t seed)
{
    struct adapter_sample sample = { .seed = seed, .type = GGUF_TENSOR_TYPE_F32 };
    struct inference_adapters *adapters =
        inference_adapters_load(inference_engine_model(fixture->engine), NULL, NULL);
    size_t size;
    char *bytes = adapter_sample(&sample, &size);
    struct gguf *gguf = gguf_open_bytes(slice_of(bytes, size), NULL);

    assert_int_equal(inference_adapters_add(adapters, SLICE("one"), gguf, NULL), STATUS_OK);
    gguf_close(gguf);
    free(bytes);
    return adapters;
}

static void ask_adapted(struct fixture *fixture, struct asked *asked,
                        const struct inference_adapter *adapter)
{
    memset(asked, 0, sizeof(*asked));
    asked->request.ids = prompt;
    asked->request.count = 100;
    asked->request.tokens_max = 12;
    asked->request.adapter = adapter;
    assert_int_equal(submit(fixture, asked), STATUS_OK);
}

static void shares_pages_within_an_adapter_and_not_with_the_model_as_it_is(void **state)
{
    static struct asked alone[2], together[2], warm;
    const struct inference_adapter *kinds[2] = { NULL };
    struct fixture fixture;
    struct inference_adapters *adapters;

    (void)state;
    open_engine(&fixture, 2, 4);
    adapters = load_adapter(&fixture, 5);
    kinds[1] = inference_adapters_at(adapters, 0);
    ask(&fixture, &warm, 100, 1, 0); /* sets the prompt; its first page is kept */
    take_all(&fixture, &warm);
    for (int i = 0; i < 2; i++) {
        ask_adapted(&fixture, &alone[i], kinds[i]);
        take_all(&fixture, &alone[i]);
        assert_int_equal(alone[i].usage.reused_tokens, i == 0 ? INFERENCE_PAGE : 0);
        assert_int_equal(alone[i].count, 12);
    }
    assert_memory_not_equal(alone[0].logprobs, alone[1].logprobs, 12 * sizeof(float));
    for (int i = 0; i < 2; i++)
        ask_adapted(&fixture, &together[i], kinds[i]);
    for (int i = 0; i < 2; i++) {
        take_all(&fixture, &together[i]);
        assert_int_equal(together[i].usage.reused_tokens, INFERENCE_PAGE);
        assert_memory_equal(together[i].ids, alone[i].ids, 12 * sizeof(uint32_t));
        assert_memory_equal(together[i].logprobs, alone[i].logprobs, 12 * sizeof(float));
    }
    close_engine(&fixture);
    inference_adapters_destroy(adapters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_ids_alone_and_among_others),
        cmocka_unit_test(gives_the_ids_that_it_would_give_without_guesses),
        cmocka_unit_test(computes_what_a_kept_prompt_shares_only_once),
        cmocka_unit_test(ends_at_a_stop_id_without_giving_it),
        cmocka_unit_test(says_only_what_its_mask_allows),
        cmocka_unit_test(goes_to_the_end_of_the_context),
        cmocka_unit_test(refuses_what_cannot_be_run),
        cmocka_unit_test(refuses_beyond_the_queue_and_ends_the_cancelled),
        cmocka_unit_test(refuses_whose_turn_would_come_too_late),
        cmocka_unit_test(rests_while_paused),
        cmocka_unit_test(ends_every_request_when_it_stops),
        cmocka_unit_test(shares_pages_within_an_adapter_and_not_with_the_model_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
