/* The small files of the unit tests with the keys that llama.cpp wants besides:
 *
 *     inference_samples model FILE
 *     inference_samples adapter FILE               for that model
 *     inference_samples encoder KIND TYPE FILE     KIND: 0 bert, 1 bert with joined tensors, 2
 * nomic
 *
 * and what two quantised files have made of the weights of a third:
 *
 *     inference_samples compare EXACT OURS THEIRS */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/inference/adapter_sample.h"
#include "../unit/inference/encoder_sample.h"
#include "kernels.h"

static int write_with_keys(const char *path, char *bytes, size_t size, const char *vocabulary_key,
                           uint32_t vocabulary)
{
    static const char *const none[] = { NULL };
    struct error err = { 0 };
    struct gguf *gguf = gguf_open_bytes(slice_of(bytes, size), &err);
    struct gguf_write *write = gguf == NULL ? NULL : gguf_write_start(path, &err);
    char name[64];

    if (write == NULL) {
        fprintf(stderr, "inference_samples: %s\n", err.text);
        return 1;
    }
    gguf_write_entries(write, gguf, none);
    if (vocabulary_key != NULL) {
        gguf_write_string(write, "tokenizer.ggml.model", SLICE("none"));
        gguf_write_u32(write, "tokenizer.ggml.token_type_count", 2);
        gguf_write_u32(write, vocabulary_key, vocabulary);
    }
    for (uint64_t i = 0; i < gguf_tensor_count(gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(gguf, i);

        snprintf(name, sizeof(name), "%.*s", SLICE_FORMAT(tensor->name));
        gguf_write_tensor(write, name, tensor->type, tensor->dimensions_count, tensor->dimensions);
    }
    for (uint64_t i = 0; i < gguf_tensor_count(gguf); i++)
        gguf_write_data(write, gguf_tensor_at(gguf, i)->data, gguf_tensor_at(gguf, i)->size_bytes);
    gguf_write_finish(write, &err);
    gguf_close(gguf);
    free(bytes);
    return err.status != STATUS_OK;
}

static enum gguf_tensor_type type_of(const char *name)
{
    for (int i = 0; i <= GGUF_TENSOR_TYPE_BF16; i++) {
        if (strcmp(gguf_tensor_type_name(i), name) == 0)
            return i;
    }
    return GGUF_TENSOR_TYPE_F32;
}

/* What a tensor leaves of @exact's values; NULL: nothing, so the squares of those. */
static double squares_of(const struct gguf_tensor *exact, const struct gguf_tensor *tensor)
{
    uint32_t rows = (uint32_t)exact->dimensions[1], columns = (uint32_t)exact->dimensions[0];
    struct table table = { .rows = rows, .columns = columns };
    float *back = calloc(columns, sizeof(*back));
    double wrong = 0;

    if (tensor != NULL)
        table =
            (struct table){ tensor->type, rows, columns, tensor->size_bytes / rows, tensor->data };
    for (uint32_t row = 0; row < rows; row++) {
        const float *x = (const float *)exact->data + (size_t)row * columns;

        if (tensor != NULL)
            kernels_expand_row(back, &table, row);
        for (uint32_t i = 0; i < columns; i++)
            wrong += (double)(back[i] - x[i]) * (double)(back[i] - x[i]);
    }
    free(back);
    return wrong;
}

struct comparison {
    double all, our_wrong, their_wrong;
    size_t bytes, same;
    const char *type;
};

static void compare_tensor(struct comparison *comparison, const struct gguf_tensor *exact,
                           const struct gguf_tensor *ours, const struct gguf_tensor *theirs)
{
    comparison->type = gguf_tensor_type_name(ours->type);
    comparison->all += squares_of(exact, NULL);
    comparison->our_wrong += squares_of(exact, ours);
    comparison->their_wrong += squares_of(exact, theirs);
    comparison->bytes += ours->size_bytes;
    for (size_t i = 0; i < ours->size_bytes; i++)
        comparison->same += ((const char *)ours->data)[i] == ((const char *)theirs->data)[i];
}

/* Over the matrices that both have quantised to the same type. */
static int compare(const char *exact_path, const char *ours_path, const char *theirs_path)
{
    struct gguf *exact = gguf_open(exact_path, NULL), *ours = gguf_open(ours_path, NULL);
    struct gguf *theirs = gguf_open(theirs_path, NULL);
    struct comparison comparison = { .type = "none" };

    if (exact == NULL || ours == NULL || theirs == NULL)
        return 1;
    for (uint64_t i = 0; i < gguf_tensor_count(exact); i++) {
        const struct gguf_tensor *from = gguf_tensor_at(exact, i), *a, *b;
        char name[64];

        snprintf(name, sizeof(name), "%.*s", SLICE_FORMAT(from->name));
        a = gguf_tensor_find(ours, name);
        b = gguf_tensor_find(theirs, name);
        if (from->dimensions_count == 2 && a != NULL && b != NULL && a->type == b->type)
            compare_tensor(&comparison, from, a, b);
    }
    printf("quantize %-15s ours %.4e  theirs %.4e  bytes alike %.2f %%\n", comparison.type,
           sqrt(comparison.our_wrong / comparison.all),
           sqrt(comparison.their_wrong / comparison.all),
           100.0 * (double)comparison.same / (double)comparison.bytes);
    return comparison.bytes == 0 || !(comparison.our_wrong <= comparison.their_wrong * 1.02);
}

int main(int argc, char **argv)
{
    struct adapter_sample adapter = { .seed = 5, .type = GGUF_TENSOR_TYPE_F32 };
    size_t size;
    char *bytes;

    if (argc == 3 && strcmp(argv[1], "model") == 0) {
        bytes = model_sample(GGUF_TENSOR_TYPE_F32, &size);
        return write_with_keys(argv[2], bytes, size, "llama.vocab_size", MODEL_SAMPLE_VOCABULARY);
    }
    if (argc == 3 && strcmp(argv[1], "adapter") == 0) {
        bytes = adapter_sample(&adapter, &size);
        return write_with_keys(argv[2], bytes, size, NULL, 0);
    }
    if (argc == 5 && strcmp(argv[1], "encoder") == 0) {
        int kind = atoi(argv[2]);

        bytes = encoder_sample(kind, type_of(argv[3]), &size);
        return write_with_keys(argv[4], bytes, size,
                               kind == ENCODER_SAMPLE_NOMIC ? "nomic-bert.vocab_size"
                                                            : "bert.vocab_size",
                               ENCODER_SAMPLE_VOCABULARY);
    }
    if (argc == 5 && strcmp(argv[1], "compare") == 0)
        return compare(argv[2], argv[3], argv[4]);
    fputs("usage: inference_samples model FILE | adapter FILE | encoder KIND TYPE FILE\n", stderr);
    return 2;
}
