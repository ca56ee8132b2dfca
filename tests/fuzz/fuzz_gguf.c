/* GGUF: a file that opens has every tensor and every value inside its bytes. */
#include <stdlib.h>

#include "base/check.h"
#include "fuzz_target.h"
#include "gguf/gguf.h"

static const char *const keys[] = { "general.architecture",
                                    "general.alignment",
                                    "tokenizer.ggml.tokens",
                                    "tokenizer.ggml.merges",
                                    "tokenizer.ggml.scores",
                                    "llama.context_length",
                                    "k" };

/* Read each byte, so that AddressSanitizer sees one that is not there. */
static void touch(struct slice bytes)
{
    volatile char sum = 0;

    for (size_t i = 0; i < bytes.size; i++)
        sum = (char)(sum + bytes.data[i]);
}

static void check_inside(struct slice file, struct slice bytes)
{
    if (bytes.size == 0)
        return;
    CHECK(bytes.data >= file.data && bytes.size <= file.size);
    CHECK(bytes.data - file.data <= (ptrdiff_t)(file.size - bytes.size));
    touch(bytes);
}

static void check_tensor(struct slice file, const struct gguf_tensor *tensor)
{
    uint64_t size_bytes;

    CHECK(tensor->dimensions_count <= GGUF_DIMENSIONS_MAX);
    CHECK(
        gguf_tensor_bytes(tensor->type, tensor->dimensions_count, tensor->dimensions, &size_bytes));
    CHECK(size_bytes == tensor->size_bytes);
    check_inside(file, tensor->name);
    check_inside(file, slice_of(tensor->data, tensor->size_bytes));
}

static void check_key(const struct gguf *gguf, struct slice file, const char *key)
{
    struct slice value;
    enum gguf_type type;
    uint64_t number, count;
    size_t cursor = 0;
    double real;
    bool truth;

    gguf_get_u64(gguf, key, &number);
    gguf_get_f64(gguf, key, &real);
    gguf_get_bool(gguf, key, &truth);
    if (gguf_get_string(gguf, key, &value))
        check_inside(file, value);
    if (!gguf_get_array(gguf, key, &type, &count))
        return;
    if (gguf_get_array_bytes(gguf, key, type, &value))
        check_inside(file, value);
    for (number = 0; gguf_next_string(gguf, key, &cursor, &value); number++)
        check_inside(file, value);
    CHECK(type == GGUF_TYPE_STRING ? number == count : number == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice file = slice_of(data, size);
    struct error err = { 0 };
    struct gguf *gguf = gguf_open_bytes(file, &err);

    if (gguf == NULL) {
        CHECK(err.status == STATUS_DATA_LOSS || err.status == STATUS_UNIMPLEMENTED
              || err.status == STATUS_RESOURCE_EXHAUSTED);
        return 0;
    }
    for (uint64_t i = 0; i < gguf_tensor_count(gguf); i++)
        check_tensor(file, gguf_tensor_at(gguf, i));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        check_key(gguf, file, keys[i]);
    gguf_close(gguf);
    return 0;
}
