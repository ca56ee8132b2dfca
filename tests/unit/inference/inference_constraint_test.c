#include <math.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "engine_run.h"
#include "inference_constraint.h"

#define ANSWERS 4

/* An engine whose model's ids are letters, and what constrains its answers. */
struct constrained {
    struct fixture fixture;
    struct inference_constraints *constraints;
};

static void open_constrained(struct constrained *constrained, uint32_t sequences)
{
    size_t size;
    char *bytes = model_sample_of(GGUF_TENSOR_TYPE_F16, true, &size);
    struct error err = { 0 };

    for (uint32_t i = 0; i < 20; i++) /* what is said over and over is guessed at */
        prompt[i] = 17 + i % 4;
    open_engine_file(&constrained->fixture, bytes, size, sequences, 16);
    constrained->constraints =
        inference_constraints_create(inference_engine_text(constrained->fixture.engine), &err);
    assert_string_equal(err.text, "");
}

static void close_constrained(struct constrained *constrained)
{
    close_engine(&constrained->fixture);
    inference_constraints_destroy(constrained->constraints);
}

static struct inference_mask mask_of(struct constrained *constrained, const char *grammar)
{
    struct inference_constraint constraint = { .kind = INFERENCE_CONSTRAINT_GRAMMAR,
                                               .text = slice_from(grammar) };
    struct inference_mask mask;
    struct error err = { 0 };

    inference_constraints_mask(constrained->constraints, &constraint, &mask, &err);
    assert_string_equal(err.text, "");
    return mask;
}

static struct inference_mask cite_of(struct constrained *constrained, const uint32_t *facts,
                                     size_t count)
{
    struct inference_constraint constraint = { .kind = INFERENCE_CONSTRAINT_CITATIONS,
                                               .facts = facts,
                                               .facts_count = count };
    struct inference_mask mask;

    assert_true(inference_constraints_find(constrained->constraints, &constraint, &mask));
    return mask;
}

struct several {
    struct inference_request request;
    struct inference_answer answers[ANSWERS];
    struct inference_mask mask;
    bool has_output;
    uint32_t ids[ANSWERS][MODEL_SAMPLE_CONTEXT], counts[ANSWERS];
    enum inference_finish finishes[ANSWERS];
    struct error error;
};

static void on_several_output(struct inference_request *request)
{
    pthread_mutex_lock(&lock);
    ((struct several *)request)->has_output = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void start_sampled(struct constrained *constrained, struct several *several,
                          const struct inference_mask *mask, uint32_t answers,
                          const struct inference_sampling *sampling)
{
    memset(several, 0, sizeof(*several));
    if (mask != NULL)
        several->mask = *mask;
    several->request = (struct inference_request){
        .ids = prompt,
        .count = 20,
        .tokens_max = 100,
        .stop_ids = { 0 },
        .stops_count = 1,
        .mask = mask == NULL ? NULL : &several->mask,
        .sampling = *sampling,
        .answers = several->answers,
        .answers_count = answers,
        .on_output = on_several_output,
    };
    assert_int_equal(inference_engine_submit(constrained->fixture.engine, &several->request, NULL),
                     STATUS_OK);
}

static void start(struct constrained *constrained, struct several *several,
                  const struct inference_mask *mask, uint32_t answers, uint64_t seed)
{
    struct inference_sampling sampling = { .temperature = seed == 0 ? 0 : 0.8f, .seed = seed };

    start_sampled(constrained, several, mask, answers, &sampling);
}

static void finish(struct constrained *constrained, struct several *several)
{
    static struct inference_output output;

    for (bool is_last = false; !is_last;) {
        await(&several->has_output);
        while (!is_last
               && inference_engine_take(constrained->fixture.engine, &several->request, &output)) {
            uint32_t *count = &several->counts[output.answer];

            memcpy(several->ids[output.answer] + *count, output.ids,
                   output.count * sizeof(output.ids[0]));
            *count += output.count;
            several->finishes[output.answer] = output.finish;
            several->error = output.error;
            is_last = output.is_last;
        }
    }
}

static const char *text_of(const struct several *several, uint32_t answer)
{
    static char text[MODEL_SAMPLE_CONTEXT + 1];

    for (uint32_t i = 0; i < several->counts[answer]; i++)
        text[i] = model_sample_letter(several->ids[answer][i]);
    text[several->counts[answer]] = '\0';
    return text;
}

/* Id by id, one forward pass each, without an engine. */
static uint32_t run_plainly(struct inference_mask *mask, uint64_t seed, uint32_t *out)
{
    struct inference_sampling sampling = { .temperature = seed == 0 ? 0 : 0.8f, .seed = seed };
    struct inference_sampler *sampler = inference_sampler_create(MODEL_SAMPLE_VOCABULARY);
    struct inference_sample sample;
    struct inference_random random;
    struct run run = { 0 };
    const float *logits;
    uint32_t position = 20, count = 0;

    run_open_sample(&run, GGUF_TENSOR_TYPE_F16);
    inference_random_init(&random, seed);
    logits = run_ids(&run, prompt, position, 0);
    for (; count < 100; count++) {
        uint32_t bits[INFERENCE_MASK_WORDS(MODEL_SAMPLE_VOCABULARY)] = { 0 };

        assert_int_equal(mask->fill(mask->state, bits, NULL), STATUS_OK);
        bits[0] |= mask->is_done(mask->state);
        inference_sample(sampler, &sampling, &random, NULL, bits, logits, &sample);
        if (sample.id == 0)
            break;
        mask->accept(mask->state, sample.id);
        out[count] = sample.id;
        logits = run_ids(&run, out + count, 1, position++);
    }
    mask->release(mask->state);
    inference_sampler_destroy(sampler);
    run_close(&run);
    return count;
}

static const char list[] = "root ::= item (\", \" item){2,6} \".\"\n"
                           "item ::= \"0\" [1-3] | \"abcd\" [e-h]{1,9} | \"(\" root \")\"";

/* Several answers at a time, others beside them, and guesses at what comes. */
static void gives_what_a_mask_on_plain_logits_would_give(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 24; seed += ANSWERS) {
        struct constrained constrained;
        struct several several, other;
        struct inference_mask mask;

        open_constrained(&constrained, 3);
        mask = mask_of(&constrained, list);
        start(&constrained, &other, NULL, 2, seed + 1);
        start(&constrained, &several, &mask, ANSWERS, seed);
        finish(&constrained, &several);
        finish(&constrained, &other);
        for (uint32_t i = 0; i < (seed == 0 ? 1 : ANSWERS); i++) {
            struct inference_mask again = mask_of(&constrained, list);
            uint32_t plain[100];

            assert_int_equal(run_plainly(&again, seed + i, plain), several.counts[i]);
            assert_memory_equal(several.ids[i], plain, several.counts[i] * sizeof(plain[0]));
        }
        close_constrained(&constrained);
    }
}

static void ends_only_where_the_grammar_ends(void **state)
{
    struct constrained constrained;
    regex_t regex;

    (void)state;
    assert_int_equal(
        regcomp(&regex, "^((0[1-3]|x[yz]{2}), ){2,4}0[1-3]\\.$", REG_EXTENDED | REG_NOSUB), 0);
    open_constrained(&constrained, 3);
    for (uint64_t seed = 1; seed < 40; seed += ANSWERS) {
        struct inference_mask mask = mask_of(
            &constrained, "root ::= ((a | \"x\" [yz]{2}) \", \"){2,4} a \".\"\na ::= \"0\" [1-3]");
        struct several several;

        start(&constrained, &several, &mask, ANSWERS, seed);
        finish(&constrained, &several);
        for (uint32_t i = 0; i < ANSWERS; i++) {
            assert_int_equal(several.finishes[i], INFERENCE_FINISH_STOP);
            assert_int_equal(regexec(&regex, text_of(&several, i), 0, NULL, 0), 0);
        }
    }
    close_constrained(&constrained);
    regfree(&regex);
}

static const struct inference_bias never_ends = { 0, -INFINITY };

static void changes_nothing_where_it_forbids_nothing(void **state)
{
    static const uint32_t facts[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    struct constrained constrained;

    (void)state;
    open_constrained(&constrained, 2);
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct several plain, by_grammar, by_facts;
        struct inference_sampling sampling = { .temperature = seed == 0 ? 0 : 0.8f,
                                               .seed = seed,
                                               .biases = &never_ends,
                                               .biases_count = 1 };
        struct inference_mask mask = mask_of(&constrained, "root ::= [ -~]{100} [ -~]*");
        struct inference_mask cite = cite_of(&constrained, facts, 9);

        start_sampled(&constrained, &plain, NULL, 1, &sampling);
        finish(&constrained, &plain);
        start(&constrained, &by_grammar, &mask, 1, seed);
        finish(&constrained, &by_grammar);
        start_sampled(&constrained, &by_facts, &cite, 1, &sampling);
        finish(&constrained, &by_facts);
        assert_int_equal(plain.counts[0], 100);
        assert_int_equal(by_grammar.counts[0], 100);
        assert_memory_equal(plain.ids[0], by_grammar.ids[0], 100 * sizeof(uint32_t));
        if (strchr(text_of(&plain, 0), '[') == NULL)
            assert_memory_equal(plain.ids[0], by_facts.ids[0], 100 * sizeof(uint32_t));
    }
    close_constrained(&constrained);
}

/* The numbers in brackets that hold nothing else: 12 and 120 are @known. */
static void count_citations(const char *text, unsigned *known, unsigned *unknown)
{
    for (const char *at = text; (at = strchr(at, '[')) != NULL; at++) {
        const char *end = at + 1 + strspn(at + 1, "0123456789, ");

        for (const char *number = at + 1; *end == ']';) {
            number += strspn(number, ", ");
            if (number == end)
                break;
            *(atoi(number) == 12 || atoi(number) == 120 ? known : unknown) += 1;
            number += strspn(number, "0123456789");
        }
    }
}

/* Answers of brackets, digits and little else. */
static void cites_only_what_was_given(void **state)
{
    static const uint32_t facts[] = { 120, 12 };
    struct inference_bias biases[MODEL_SAMPLE_VOCABULARY];
    struct constrained constrained;
    unsigned known = 0, unknown = 0, known_freely = 0, unknown_freely = 0;

    (void)state;
    for (uint32_t id = 0; id < MODEL_SAMPLE_VOCABULARY; id++)
        biases[id] = (struct inference_bias){
            id, id > 0 && strchr("[0123], .", model_sample_letter(id)) != NULL ? 0 : -INFINITY
        };
    open_constrained(&constrained, 3);
    for (uint64_t seed = 1; seed < 40; seed++) {
        struct inference_mask mask = cite_of(&constrained, facts, 2);
        struct several held, free;
        struct inference_sampling sampling = { .temperature = 8,
                                               .seed = seed,
                                               .biases = biases,
                                               .biases_count = MODEL_SAMPLE_VOCABULARY };

        start_sampled(&constrained, &held, &mask, 1, &sampling);
        finish(&constrained, &held);
        start_sampled(&constrained, &free, NULL, 1, &sampling);
        finish(&constrained, &free);
        count_citations(text_of(&held, 0), &known, &unknown);
        count_citations(text_of(&free, 0), &known_freely, &unknown_freely);
    }
    assert_true(known > 5);
    assert_int_equal(unknown, 0);
    assert_true(unknown_freely > 20);
    close_constrained(&constrained);
}

static void says_what_is_wrong_and_keeps_what_was_compiled(void **state)
{
    struct inference_constraint wrong = { .kind = INFERENCE_CONSTRAINT_GRAMMAR,
                                          .text = SLICE("root ::= [a-") };
    struct inference_constraint right = { .kind = INFERENCE_CONSTRAINT_GRAMMAR,
                                          .text = SLICE("root ::= [a-z]") };
    struct inference_constraint none = { .kind = INFERENCE_CONSTRAINT_CITATIONS,
                                         .facts = (uint32_t[]){ 0 },
                                         .facts_count = 1 };
    struct inference_mask mask;
    struct constrained constrained;
    struct error err = { 0 };

    (void)state;
    open_constrained(&constrained, 1);
    assert_int_equal(inference_constraints_mask(constrained.constraints, &wrong, &mask, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_false(inference_constraints_find(constrained.constraints, &wrong, &mask));
    assert_int_equal(inference_constraints_mask(constrained.constraints, &none, &mask, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_false(inference_constraints_find(constrained.constraints, &right, &mask));
    mask = mask_of(&constrained, "root ::= [a-z]");
    mask.release(mask.state);
    assert_true(inference_constraints_find(constrained.constraints, &right, &mask));
    mask.release(mask.state);
    for (unsigned i = 0; i < INFERENCE_CONSTRAINTS_KEPT_MAX; i++) {
        char text[40];

        snprintf(text, sizeof(text), "root ::= [a-z]{%u}", i + 1);
        mask = mask_of(&constrained, text);
        mask.release(mask.state);
    }
    assert_false(inference_constraints_find(constrained.constraints, &right, &mask));
    close_constrained(&constrained);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_a_mask_on_plain_logits_would_give),
        cmocka_unit_test(ends_only_where_the_grammar_ends),
        cmocka_unit_test(changes_nothing_where_it_forbids_nothing),
        cmocka_unit_test(cites_only_what_was_given),
        cmocka_unit_test(says_what_is_wrong_and_keeps_what_was_compiled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
