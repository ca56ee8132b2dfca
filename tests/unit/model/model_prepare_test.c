/* From a patient and its questions to examples: what the model will see, spelt out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "model_prepare.h"
#include "model_prompt.h"
#include "tokenizer_decode.h"
#include "train_data.h"

static struct arena arena;
static char folder[] = "/tmp/model_prepare_test.XXXXXX";

static const char bundle[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\",\"gender\":\"female\",\"birthDate\":\"1957\"}},"
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\",\"code\":{\"text\":\"Creatinine\"},"
    "\"subject\":{\"reference\":\"Patient/p\"},\"effectiveDateTime\":\"2019-03-04\","
    "\"valueQuantity\":{\"value\":0.9,\"unit\":\"mg/dL\"}}},"
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o2\",\"status\":\"final\",\"code\":{\"text\":\"Hemoglobin\"},"
    "\"subject\":{\"reference\":\"Patient/p\"},\"effectiveDateTime\":\"2019-03-04\","
    "\"valueQuantity\":{\"value\":13.1,\"unit\":\"g/dL\"}}}]}";

static const char questions[] =
    "{\"bundle\":\"p.json\",\"patient\":\"p\",\"question\":\"What was the last Creatinine and Hemoglobin?\",\"kind\":\"latest\",\"split\":\"train\","
    "\"answer\":[{\"text\":\"Creatinine was 0.9 mg/dL on 2019-03-04\",\"evidence\":[\"Observation/o1\"]}]}\n"
    "{\"bundle\":\"p.json\",\"patient\":\"p\",\"question\":\"Latest Hemoglobin and Creatinine?\",\"kind\":\"latest\",\"split\":\"train\","
    "\"answer\":[{\"text\":\"Hemoglobin was 13.1 g/dL on 2019-03-04\",\"evidence\":[\"Observation/o2\"]},"
    "{\"text\":\"Creatinine was 0.9 mg/dL\",\"evidence\":[\"Observation/o1\",\"Patient/p\"]}]}\n"
    "{\"bundle\":\"p.json\",\"patient\":\"p\",\"question\":\"Is Creatinine elsewhere?\",\"kind\":\"lost\",\"split\":\"heldout\","
    "\"answer\":[{\"text\":\"It is\",\"evidence\":[\"Observation/gone\"]}]}\n";

static char *path(const char *name)
{
    return arena_format(&arena, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path(name), "w");

    fputs(text, file);
    fclose(file);
}

static struct prepare_options options_for(const char *out, const char *split)
{
    struct prepare_options options;

    prepare_options_default(&options);
    options.population = folder;
    options.vocabulary = path("vocabulary.gguf");
    options.out = path(out);
    options.split = split;
    options.vocabulary_size = 600;
    return options;
}

static struct slice text_of(const struct prompt_writer *writer, const struct example *example,
                            size_t first, size_t end)
{
    uint32_t ids[EXAMPLE_TOKENS_MAX];
    struct slice text, after;

    for (size_t i = first; i < end; i++)
        ids[i - first] = example->tokens[i];
    assert_int_equal(tokenizer_decode(writer->vocab, ids, end - first, (struct slice){ NULL, 0 },
                                      true, &arena, &text, &after, NULL),
                     STATUS_OK);
    return text;
}

static void an_example_is_the_products_prompt_and_the_answer_with_its_citations(void **state)
{
    struct prepare_options options = options_for("train.data", "train");
    struct prepare_counts counts;
    struct prompt_writer writer;
    struct data data;
    const struct example *e;

    (void)state;
    assert_int_equal(prepare_run(&options, &arena, &counts, NULL), STATUS_OK);
    assert_int_equal(counts.examples, 2);
    assert_int_equal(counts.segments, 4);
    assert_int_equal(data_open(&data, options.out, &arena, NULL), STATUS_OK);
    assert_int_equal(prompt_writer_open(&writer, options.vocabulary, NULL), STATUS_OK);
    for (size_t i = 0; i < data.examples_count; i++) {
        struct slice prompt, answer;

        e = &data.examples[i];
        assert_int_equal(e->segments_count, 2);
        prompt = text_of(&writer, e, 0, e->segments[0].answer);
        assert_non_null(strstr(arena_string(&arena, prompt),
                               "[2] 2019-03-04 observation: Creatinine 0.9 mg/dL\n"));
        for (unsigned j = 0; j < 2; j++) {
            answer = text_of(&writer, e, e->segments[j].answer, e->segments[j].end);
            assert_true(
                slice_is(answer, "Creatinine was 0.9 mg/dL on 2019-03-04 [2].")
                || slice_is(
                    answer,
                    "Creatinine was 0.9 mg/dL [1][2].\nHemoglobin was 13.1 g/dL on 2019-03-04 [3]."));
        }
    }
    prompt_writer_close(&writer);
    data_close(&data);
}

static void an_answer_stands_in_the_order_of_what_was_found(void **state)
{
    struct slice user = SLICE(
                     "Record:\n[1] x\n\nQuestion: Found:\nFound:\nB [2].\nA [1].\nMore:\nC [3].\n"),
                 as_found;

    (void)state;
    assert_true(prompt_is_found(user, SLICE("A [1].\nB [2]."), &as_found));
    assert_true(slice_is(as_found, "B [2].\nA [1]."));
    assert_false(prompt_is_found(user, SLICE("A [1]."), &as_found));
    assert_false(prompt_is_found(user, SLICE("A [1].\nB [2].\nC [3]."), &as_found));
    assert_false(prompt_is_found(user, SLICE("The record does not say."), &as_found));
    assert_true(slice_is(as_found, "The record does not say."));
}

static void only_an_answer_that_declines_is_that_nothing_was_found(void **state)
{
    struct slice nothing = SLICE("Question: x\nFound:\nnothing\nMore:\nA [1].\n"), as_found;

    (void)state;
    assert_true(prompt_is_found(nothing, SLICE("The record does not say."), &as_found));
    assert_false(prompt_is_found(nothing, SLICE("A [1]."), &as_found));
    assert_true(prompt_is_found(SLICE("Question: x\n"), SLICE("A [1]."), &as_found));
}

static void what_was_not_found_can_be_left_out(void **state)
{
    struct prepare_options options = options_for("found.data", "train");
    struct prepare_counts counts;

    (void)state;
    options.form = PROMPT_FORM_FOUND;
    assert_int_equal(prepare_run(&options, &arena, &counts, NULL), STATUS_OK);
    assert_int_equal(counts.examples, 2);
    options.not_found_share = 0;
    assert_int_equal(prepare_run(&options, &arena, &counts, NULL), STATUS_OK);
    assert_int_equal(counts.examples, 0); /* both are asked for two tests, and answered otherwise */
    assert_true(counts.not_found >= 2);
}

static void a_question_without_its_evidence_in_the_prompt_is_left_out_and_counted(void **state)
{
    struct prepare_options options = options_for("held.data", "heldout");
    struct prepare_counts counts;

    (void)state;
    assert_int_equal(prepare_run(&options, &arena, &counts, NULL), STATUS_OK);
    assert_int_equal(counts.examples, 0);
    assert_int_equal(counts.not_rendered, 1);
}

static void a_line_that_is_no_question_is_refused_with_its_number(void **state)
{
    struct prepare_options options = options_for("bad.data", NULL);
    struct prepare_counts counts;
    struct error err;

    (void)state;
    write_file("questions.ndjson", "{\"bundle\":\"p.json\",\"question\":\"x\",\"answer\":[]}\n");
    assert_int_equal(prepare_run(&options, &arena, &counts, &err), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "line 1"));
    write_file(
        "questions.ndjson",
        "{\"bundle\":\"../p.json\",\"question\":\"x\",\"answer\":[{\"text\":\"y\",\"evidence\":[]}]}\n");
    assert_int_equal(prepare_run(&options, &arena, &counts, &err), STATUS_INVALID_ARGUMENT);
    write_file("questions.ndjson", questions);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 512 * MIB);
    assert_non_null(mkdtemp(folder));
    write_file("p.json", bundle);
    write_file("questions.ndjson", questions);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "p.json",        "questions.ndjson", "vocabulary.gguf",
                                         "train.data",    "held.data",        "bad.data",
                                         "bad.data.part", "held.data.part" };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(path(names[i]));
    rmdir(folder);
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_example_is_the_products_prompt_and_the_answer_with_its_citations),
        cmocka_unit_test(an_answer_stands_in_the_order_of_what_was_found),
        cmocka_unit_test(only_an_answer_that_declines_is_that_nothing_was_found),
        cmocka_unit_test(what_was_not_found_can_be_left_out),
        cmocka_unit_test(a_question_without_its_evidence_in_the_prompt_is_left_out_and_counted),
        cmocka_unit_test(a_line_that_is_no_question_is_refused_with_its_number),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
