/* The verbs that run a model in this process, on small models of random weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../inference/encoder_sample.h"
#include "../inference/model_sample.h"
#include "consilium.h"
#include "consilium_verbs.h"
#include "fhir/json.h"
#include "inference_encode.h"

static char folder[64], model_path[96], encoder_path[96], out_path[96], told_path[96];
static struct consilium consilium;

static void write_file(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    free(bytes);
}

static void write_text(const char *path, const char *text)
{
    write_file(path, strdup(text), strlen(text));
}

static int make_files(void **state)
{
    size_t size;
    char *bytes;

    (void)state;
    strcpy(folder, "/tmp/consilium_model_verbs_XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(model_path, sizeof(model_path), "%s/model.gguf", folder);
    snprintf(encoder_path, sizeof(encoder_path), "%s/encoder.gguf", folder);
    snprintf(out_path, sizeof(out_path), "%s/out.gguf", folder);
    snprintf(told_path, sizeof(told_path), "%s/told", folder);
    bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size);
    write_file(model_path, bytes, size);
    bytes = encoder_sample(ENCODER_SAMPLE_BERT, GGUF_TENSOR_TYPE_F32, &size);
    write_file(encoder_path, bytes, size);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(model_path);
    unlink(encoder_path);
    unlink(out_path);
    unlink(told_path);
    return rmdir(folder);
}

/* Before each run; the flags are set after it. */
static void reset(void)
{
    arena_close(&consilium.arena);
    memset(&consilium, 0, sizeof(consilium));
    arena_init(&consilium.arena, 64u << 20);
    consilium.config.threads = 1;
    consilium.config.cache_bits = 32;
}

/* Run @verb with @operands, which end with NULL; what it prints is *told until reset. */
static int run(int (*verb)(struct consilium *), struct slice *told, const char *const *operands)
{
    static char *copies[256];
    int count = 0, kept = dup(STDOUT_FILENO), status;
    size_t size;
    char *text;
    FILE *file;

    for (; operands[count] != NULL; count++)
        copies[count] = (char *)(uintptr_t)operands[count];
    consilium.operands = copies;
    consilium.operands_count = count;
    fflush(stdout);
    assert_non_null(freopen(told_path, "w", stdout));
    status = verb(&consilium);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    file = fopen(told_path, "r");
    text = arena_alloc(&consilium.arena, 1u << 20);
    size = fread(text, 1, 1u << 20, file);
    fclose(file);
    *told = slice_of(text, size);
    return status;
}

#define RUN(verb, told, ...) run(verb, told, (const char *const[]){ __VA_ARGS__, NULL })

static const struct json *parse(struct slice told)
{
    struct error err = { 0 };
    struct json *root = NULL;

    json_parse(told, &consilium.arena, &root, &err);
    assert_string_equal(err.text, "");
    return root;
}

static double number_of(const struct json *item)
{
    char text[64];

    assert_non_null(item);
    snprintf(text, sizeof(text), "%.*s", SLICE_FORMAT(item->text));
    return strtod(text, NULL);
}

static size_t read_numbers(const struct json *array, double *numbers, size_t max)
{
    size_t count = 0;

    assert_non_null(array);
    for (const struct json *item = json_first(array); item != NULL && count < max;
         item = item->next)
        numbers[count++] = number_of(item);
    return count;
}

static void logits_after(const char *first, const char *second, const char *third, double *logits)
{
    struct slice told;

    reset();
    consilium.config.json = true;
    assert_int_equal(RUN(logits_verb, &told, model_path, first, second, third), CONSILIUM_EXIT_OK);
    assert_int_equal(read_numbers(json_get(parse(told), "logits"), logits, MODEL_SAMPLE_VOCABULARY),
                     MODEL_SAMPLE_VOCABULARY);
}

static double logprob_of(const double *logits, int id)
{
    double sum = 0;

    for (int i = 0; i < MODEL_SAMPLE_VOCABULARY; i++)
        sum += exp(logits[i]);
    return logits[id] - log(sum);
}

static int likeliest_of(const double *logits)
{
    int best = 0;

    for (int i = 1; i < MODEL_SAMPLE_VOCABULARY; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}

static void generates_what_the_logits_say(void **state)
{
    double logits[MODEL_SAMPLE_VOCABULARY], ids[8];
    struct slice told;

    (void)state;
    logits_after("5", "9", "30", logits);
    reset();
    consilium.config.json = consilium.config.ids = true;
    consilium.config.tokens_max = 8;
    assert_int_equal(RUN(generate_verb, &told, model_path, "5 9, [30]"), CONSILIUM_EXIT_OK);
    assert_int_equal(read_numbers(json_get(parse(told), "ids"), ids, 8), 8);
    assert_int_equal((int)ids[0], likeliest_of(logits));
    assert_true(slice_is(json_get_string(parse(told), "finish"), "length"));
    assert_int_equal(json_get_string(parse(told), "model").size, 64);
}

/* Whatever the model would rather say. */
static void holds_an_answer_to_a_schema_or_a_grammar(void **state)
{
    static const char *const demo = "models/consilium-demo.gguf";
    const struct json *answer;
    struct slice told;

    (void)state;
    reset();
    write_text(out_path,
               "{\"type\":\"object\",\"properties\":{\"dose\":{\"enum\":[\"low\",\"high\"]}},"
               "\"required\":[\"dose\"],\"additionalProperties\":false}");
    consilium.config.json = true;
    consilium.config.tokens_max = 100;
    consilium.config.schema = out_path;
    assert_int_equal(RUN(generate_verb, &told, demo, "Name the dose."), CONSILIUM_EXIT_OK);
    answer = parse(json_get_string(parse(told), "text"));
    assert_true(slice_is(json_get_string(answer, "dose"), "low")
                || slice_is(json_get_string(answer, "dose"), "high"));
    assert_true(slice_is(json_get_string(parse(told), "finish"), "stop"));
    consilium.config.grammar = out_path;
    assert_int_equal(RUN(generate_verb, &told, demo, "x"), CONSILIUM_EXIT_REFUSED);
    write_text(out_path, "root ::= \"yes\" | \"no\"");
    consilium.config.schema = NULL;
    assert_int_equal(RUN(generate_verb, &told, demo, "Is it?"), CONSILIUM_EXIT_OK);
    assert_true(slice_is(json_get_string(parse(told), "text"), "yes")
                || slice_is(json_get_string(parse(told), "text"), "no"));
    write_text(out_path, "root ::= nothing");
    assert_int_equal(RUN(generate_verb, &told, demo, "x"), CONSILIUM_EXIT_REFUSED);
    consilium.config.ids = true;
    assert_int_equal(RUN(generate_verb, &told, model_path, "5"), CONSILIUM_EXIT_REFUSED);
    reset();
}

static void scores_what_the_logits_say(void **state)
{
    static const char line[] = "{\"prompt\":[5,9,30],\"continuations\":[[7],[%d],[11,12]]}\n";
    double logits[MODEL_SAMPLE_VOCABULARY], expected;
    char lines_path[128], lines[sizeof(line) + 16];
    const struct json *score;
    struct slice told;
    int likeliest;

    (void)state;
    logits_after("5", "9", "30", logits);
    likeliest = likeliest_of(logits);
    expected = logprob_of(logits, 7);
    snprintf(lines, sizeof(lines), line, likeliest);
    snprintf(lines_path, sizeof(lines_path), "%s/lines", folder);
    write_file(lines_path, strdup(lines), strlen(lines));
    reset();
    consilium.config.json = true;
    assert_int_equal(RUN(score_verb, &told, model_path, lines_path), CONSILIUM_EXIT_OK);
    unlink(lines_path);
    assert_int_equal((int)number_of(json_get(parse(told), "best")), 1);
    score = json_first(json_get(parse(told), "scores"));
    assert_true(fabs(number_of(json_get(score, "sum")) - expected) < 1e-4);
    assert_int_equal(json_get(score, "is_likeliest")->kind, JSON_KIND_FALSE);
    assert_int_equal(json_get(score->next, "is_likeliest")->kind, JSON_KIND_TRUE);
    assert_int_equal((int)number_of(json_get(score->next->next, "ids")), 2);
}

static void embeds_ids_with_the_length_1_or_as_they_come(void **state)
{
    static const uint32_t ids[] = { 3, 50, 2 };
    double values[ENCODER_SAMPLE_EMBEDDING];
    float wanted[ENCODER_SAMPLE_EMBEDDING];
    struct inference_encode_text text = { ids, 3, wanted };
    struct inference_encoder *encoder =
        inference_encoder_create(gguf_open(encoder_path, NULL), NULL);
    struct inference_crew *crew = inference_crew_create(1, NULL);
    struct inference_encode *encode = inference_encode_create(encoder, crew, 80, NULL);
    struct slice told;

    (void)state;
    inference_encode_run(encode, &text, 1);
    for (int raw = 1; raw >= 0; raw--) {
        if (raw == 0)
            inference_encode_scale(wanted, ENCODER_SAMPLE_EMBEDDING);
        reset();
        consilium.config.json = consilium.config.ids = true;
        consilium.config.raw = raw;
        assert_int_equal(RUN(embed_verb, &told, encoder_path, "3 50 2"), CONSILIUM_EXIT_OK);
        assert_int_equal(read_numbers(json_get(parse(told), "embedding"), values, 100),
                         ENCODER_SAMPLE_EMBEDDING);
        for (int i = 0; i < ENCODER_SAMPLE_EMBEDDING; i++)
            assert_true(fabs(values[i] - (double)wanted[i]) < 1e-5);
    }
    inference_encode_destroy(encode);
    inference_crew_destroy(crew);
    inference_encoder_destroy(encoder);
}

static void quantises_matrices_and_leaves_the_rest(void **state)
{
    struct slice told, name = { 0 };
    struct gguf *from, *to;
    double error;

    (void)state;
    reset();
    consilium.config.json = true;
    consilium.config.threads = 2;
    assert_int_equal(RUN(quantize_verb, &told, model_path, out_path, "Q8_0"), CONSILIUM_EXIT_OK);
    error = number_of(json_get(parse(told), "error"));
    assert_true(error > 1e-4 && error < 7e-3);
    from = gguf_open(model_path, NULL);
    to = gguf_open(out_path, NULL);
    assert_int_equal(gguf_tensor_count(from), gguf_tensor_count(to));
    for (uint64_t i = 0; i < gguf_tensor_count(to); i++) {
        const struct gguf_tensor *a = gguf_tensor_at(from, i), *b = gguf_tensor_at(to, i);

        assert_memory_equal(a->name.data, b->name.data, a->name.size);
        assert_int_equal(b->type,
                         a->dimensions_count == 2 ? GGUF_TENSOR_TYPE_Q8_0 : GGUF_TENSOR_TYPE_F32);
        if (b->type == a->type)
            assert_memory_equal(a->data, b->data, a->size_bytes);
    }
    assert_true(gguf_get_string(to, "general.name", &name) && slice_is(name, "sample"));
    gguf_close(from);
    gguf_close(to);
    reset();
    consilium.config.json = consilium.config.ids = true;
    consilium.config.tokens_max = 3;
    assert_int_equal(RUN(generate_verb, &told, out_path, "5 9 30"), CONSILIUM_EXIT_OK);
}

static void tells_what_the_machine_can_do_and_what_share_of_it_a_model_reaches(void **state)
{
    static const char *const limits[] = { "read_gb_per_s", "int8_gop_per_s", "f32_gop_per_s" };
    const struct json *root;
    struct slice told;
    double operations, limit, share, used;

    (void)state;
    reset();
    consilium.config.json = consilium.config.limits = true;
    assert_int_equal(RUN(bench_verb, &told, NULL), CONSILIUM_EXIT_OK);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        assert_true(number_of(json_get(parse(told), limits[i])) > 0);
    assert_int_equal((int)number_of(json_get(parse(told), "threads")), 1);

    reset();
    consilium.config.json = consilium.config.limits = true;
    consilium.config.prompt_ids = 16;
    consilium.config.answer_ids = 8;
    consilium.config.sequences = 1;
    assert_int_equal(RUN(bench_verb, &told, model_path), CONSILIUM_EXIT_OK);
    root = parse(told);
    /* Each weight of a layer's matrices is multiplied and added once an id: query and output, key
     * and value, those of the gate. */
    operations = 2.0 * MODEL_SAMPLE_LAYERS * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 96);
    limit = number_of(json_get(root, "f32_gop_per_s")); /* rounded to whole ones */
    share = number_of(json_get(root, "prompt_share"));
    used = number_of(json_get(root, "prompt_ids_per_s")) * operations / 1e9;
    assert_true(share * (limit + 0.5) > 0.98 * used - 0.001 * limit);
    assert_true(share * (limit - 0.5) < 1.02 * used + 0.001 * limit);
    assert_true(number_of(json_get(root, "answer_read_share")) > 0);
    assert_true(number_of(json_get(root, "answer_product_share")) > 0);
    consilium.config.limits = false;
    assert_int_equal(RUN(bench_verb, &told, NULL), CONSILIUM_EXIT_USAGE);
    reset();
}

static void refuses_with_the_exit_status_that_says_why(void **state)
{
    struct slice told;

    (void)state;
    reset();
    assert_int_equal(RUN(quantize_verb, &told, model_path, out_path, "Q9"), CONSILIUM_EXIT_USAGE);
    assert_int_equal(RUN(quantize_verb, &told, "/nowhere", out_path, "Q8_0"),
                     CONSILIUM_EXIT_NOT_FOUND);
    assert_int_equal(RUN(quantize_verb, &told, model_path, out_path, "Q8_0"), CONSILIUM_EXIT_OK);
    assert_int_equal(RUN(quantize_verb, &told, out_path, told_path, "Q4_0"),
                     CONSILIUM_EXIT_REFUSED);
    assert_int_equal(RUN(generate_verb, &told, "/nowhere", "x"), CONSILIUM_EXIT_NOT_FOUND);
    assert_int_equal(RUN(generate_verb, &told, model_path, "text"), CONSILIUM_EXIT_REFUSED);
    assert_int_equal(RUN(score_verb, &told, model_path, "/nowhere"), CONSILIUM_EXIT_NOT_FOUND);
    assert_int_equal(RUN(logits_verb, &told, model_path, "5x"), CONSILIUM_EXIT_REFUSED);
    assert_int_equal(RUN(logits_verb, &told, model_path, "96"), CONSILIUM_EXIT_REFUSED);
    consilium.config.ids = true;
    assert_int_equal(RUN(generate_verb, &told, model_path, "96"), CONSILIUM_EXIT_REFUSED);
    assert_int_equal(RUN(embed_verb, &told, encoder_path, "96"), CONSILIUM_EXIT_REFUSED);
    assert_int_equal(RUN(embed_verb, &told, model_path, "1"), CONSILIUM_EXIT_REFUSED);
    consilium.config.adapter = model_path;
    assert_int_not_equal(RUN(generate_verb, &told, model_path, "5"), CONSILIUM_EXIT_OK);
    reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generates_what_the_logits_say),
        cmocka_unit_test(holds_an_answer_to_a_schema_or_a_grammar),
        cmocka_unit_test(scores_what_the_logits_say),
        cmocka_unit_test(embeds_ids_with_the_length_1_or_as_they_come),
        cmocka_unit_test(quantises_matrices_and_leaves_the_rest),
        cmocka_unit_test(tells_what_the_machine_can_do_and_what_share_of_it_a_model_reaches),
        cmocka_unit_test(refuses_with_the_exit_status_that_says_why),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
