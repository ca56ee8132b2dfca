#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "adapter_sample.h"
#include "model_run.h"

#define IDS 70

static uint32_t ids[IDS];

/* √Σ(a-b)² / √Σb² */
static double error_of(const float *a, const float *b)
{
    double wrong = 0, all = 0;

    for (int i = 0; i < MODEL_SAMPLE_VOCABULARY; i++) {
        wrong += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
        all += (double)b[i] * (double)b[i];
    }
    return sqrt(wrong / all);
}

static void fill_ids(void)
{
    for (uint32_t i = 0; i < IDS; i++)
        ids[i] = i * 37 % MODEL_SAMPLE_VOCABULARY;
}

static struct inference_adapters *load(const struct inference_model *model,
                                       const struct adapter_sample *sample, struct error *err)
{
    struct inference_adapters *adapters = inference_adapters_load(model, NULL, err);
    struct gguf *gguf;
    size_t size;
    char *bytes = adapter_sample(sample, &size);

    assert_non_null(adapters);
    gguf = gguf_open_bytes(slice_of(bytes, size), err);
    assert_non_null(gguf);
    if (inference_adapters_add(adapters, SLICE("one"), gguf, err) != STATUS_OK) {
        inference_adapters_destroy(adapters);
        adapters = NULL;
    }
    gguf_close(gguf);
    free(bytes);
    return adapters;
}

/* The logits after the last of @count ids, in chunks of at most @chunk. */
static const float *run_adapted(struct run *run, const struct inference_adapter *adapter,
                                uint32_t count, uint32_t chunk)
{
    const float *logits = NULL;

    for (uint32_t at = 0; at < count; at += chunk) {
        struct inference_segment segment = { .ids = ids + at,
                                             .count = count - at < chunk ? count - at : chunk,
                                             .position = at,
                                             .pages = run->pages,
                                             .logits_count = 1,
                                             .adapter = adapter };

        logits = inference_forward_run(run->forward, &segment, 1);
    }
    return logits;
}

static void equals_weights_that_the_adapter_was_merged_into(void **state)
{
    struct adapter_sample sample = { .seed = 5, .type = GGUF_TENSOR_TYPE_F32 };
    struct run run = { 0 }, merged = { 0 };
    struct inference_adapters *adapters;
    const struct inference_adapter *adapter;
    struct gguf *gguf, *adapter_gguf;
    float wanted[MODEL_SAMPLE_VOCABULARY], plain[MODEL_SAMPLE_VOCABULARY];
    size_t size, adapter_size;
    char *adapter_bytes = adapter_sample(&sample, &adapter_size);

    (void)state;
    fill_ids();
    merged.bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size);
    gguf = gguf_open_bytes(slice_of(merged.bytes, size), NULL);
    adapter_gguf = gguf_open_bytes(slice_of(adapter_bytes, adapter_size), NULL);
    adapter_sample_merge(gguf, adapter_gguf);
    gguf_close(adapter_gguf);
    free(adapter_bytes);
    run_open(&merged, gguf, 1);
    memcpy(wanted, run_adapted(&merged, NULL, IDS, 64), sizeof(wanted));

    run_open_sample(&run, GGUF_TENSOR_TYPE_F32);
    adapters = load(run.model, &sample, NULL);
    adapter = inference_adapters_find(adapters, "one");
    assert_int_equal(strlen(adapter->digest), 64);
    assert_true(error_of(run_adapted(&run, adapter, IDS, 64), wanted) < 1e-5);
    assert_true(error_of(run_adapted(&run, adapter, IDS, 1), wanted) < 1e-5);
    memcpy(plain, run_adapted(&run, NULL, IDS, 64), sizeof(plain));
    assert_true(error_of(plain, wanted) > 0.1);
    inference_adapters_destroy(adapters);
    run_close(&run);
    run_close(&merged);
}

static void gives_the_same_bits_beside_other_adapters_and_none(void **state)
{
    struct adapter_sample first = { .seed = 5, .type = GGUF_TENSOR_TYPE_F16 };
    struct adapter_sample second = { .seed = 6, .type = GGUF_TENSOR_TYPE_F32 };
    struct run run = { 0 };
    struct inference_adapters *adapters[3] = { NULL };
    struct inference_segment segments[3];
    float alone[3][MODEL_SAMPLE_VOCABULARY];
    uint32_t pages[3];
    const float *logits;

    (void)state;
    fill_ids();
    run_open_sample(&run, GGUF_TENSOR_TYPE_Q8_0);
    adapters[1] = load(run.model, &first, NULL);
    adapters[2] = load(run.model, &second, NULL);
    for (uint32_t i = 0; i < 3; i++) {
        pages[i] = run.pages[i];
        segments[i] = (struct inference_segment){
            .ids = ids + i, .count = i == 0 ? 1 : 10 + i, .pages = &pages[i], .logits_count = 1
        };
        segments[i].adapter = i == 0 ? NULL : inference_adapters_find(adapters[i], "one");
        memcpy(alone[i], inference_forward_run(run.forward, &segments[i], 1), sizeof(alone[i]));
    }
    logits = inference_forward_run(run.forward, segments, 3);
    assert_memory_equal(logits, alone, sizeof(alone));
    inference_adapters_destroy(adapters[1]);
    inference_adapters_destroy(adapters[2]);
    run_close(&run);
}

/* Bytes @from in the file become @to, of the same length. */
static enum status add_changed(const struct adapter_sample *sample, const char *from,
                               const char *to)
{
    struct run run = { 0 };
    struct inference_adapters *adapters;
    struct error err = { 0 };
    struct gguf *gguf;
    size_t size;
    char *bytes = adapter_sample(sample, &size), *at = memmem(bytes, size, from, strlen(from));

    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    run_open_sample(&run, GGUF_TENSOR_TYPE_F32);
    adapters = inference_adapters_load(run.model, "", &err);
    gguf = gguf_open_bytes(slice_of(bytes, size), &err);
    if (gguf != NULL)
        inference_adapters_add(adapters, SLICE("one"), gguf, &err);
    assert_int_equal(inference_adapters_count(adapters), err.status == STATUS_OK);
    gguf_close(gguf);
    inference_adapters_destroy(adapters);
    run_close(&run);
    free(bytes);
    return err.status;
}

static void refuses_files_that_are_not_for_the_model(void **state)
{
    struct adapter_sample sample = { .seed = 5,
                                     .type = GGUF_TENSOR_TYPE_F32,
                                     .only = "blk.1.attn_k.weight" };
    struct adapter_sample embedding = { .seed = 5,
                                        .type = GGUF_TENSOR_TYPE_F32,
                                        .only = "token_embd.weight" };

    (void)state;
    assert_int_equal(add_changed(&sample, "lora", "lora"), STATUS_OK);
    assert_int_equal(add_changed(&sample, "adapter.type", "adapter.typo"), STATUS_DATA_LOSS);
    assert_int_equal(add_changed(&sample, "general.type", "general.typo"), STATUS_DATA_LOSS);
    assert_int_equal(add_changed(&sample, "llama", "qwen2"), STATUS_DATA_LOSS);
    assert_int_equal(add_changed(&sample, "lora.alpha", "lora.alphe"), STATUS_DATA_LOSS);
    assert_int_equal(add_changed(&sample, "weight.lora_b", "weight.lora_c"), STATUS_DATA_LOSS);
    /* The shapes of another matrix, and a layer that the model does not have. */
    assert_int_equal(add_changed(&sample, "attn_k.weight.lora_a", "attn_q.weight.lora_a"),
                     STATUS_DATA_LOSS);
    assert_int_equal(
        add_changed(&sample, "blk.1.attn_k.weight.lora_b", "blk.1.attn_q.weight.lora_b"),
        STATUS_DATA_LOSS);
    assert_int_equal(add_changed(&embedding, "lora", "lora"), STATUS_UNIMPLEMENTED);
}

static void refuses_lists_that_cannot_be_read(void **state)
{
    static const struct {
        const char *list;
        enum status status;
    } cases[] = { { "name", STATUS_INVALID_ARGUMENT },
                  { "=file", STATUS_INVALID_ARGUMENT },
                  { "name=", STATUS_INVALID_ARGUMENT },
                  { "name=/nowhere/adapter.gguf", STATUS_NOT_FOUND } };
    struct run run = { 0 };

    (void)state;
    run_open_sample(&run, GGUF_TENSOR_TYPE_F32);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = { 0 };

        assert_null(inference_adapters_load(run.model, cases[i].list, &err));
        assert_int_equal(err.status, cases[i].status);
    }
    run_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_weights_that_the_adapter_was_merged_into),
        cmocka_unit_test(gives_the_same_bits_beside_other_adapters_and_none),
        cmocka_unit_test(refuses_files_that_are_not_for_the_model),
        cmocka_unit_test(refuses_lists_that_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
