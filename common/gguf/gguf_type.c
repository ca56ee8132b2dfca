/* The types of tensors: how many values share a block and how many bytes a block takes. */
#include "gguf/gguf.h"

static const struct {
    enum gguf_tensor_type type;
    const char *name;
    uint32_t block_values, block_bytes;
} types[] = {
    { GGUF_TENSOR_TYPE_F32, "F32", 1, 4 },         { GGUF_TENSOR_TYPE_F16, "F16", 1, 2 },
    { GGUF_TENSOR_TYPE_Q4_0, "Q4_0", 32, 18 },     { GGUF_TENSOR_TYPE_Q4_1, "Q4_1", 32, 20 },
    { GGUF_TENSOR_TYPE_Q5_0, "Q5_0", 32, 22 },     { GGUF_TENSOR_TYPE_Q5_1, "Q5_1", 32, 24 },
    { GGUF_TENSOR_TYPE_Q8_0, "Q8_0", 32, 34 },     { GGUF_TENSOR_TYPE_Q2_K, "Q2_K", 256, 84 },
    { GGUF_TENSOR_TYPE_Q3_K, "Q3_K", 256, 110 },   { GGUF_TENSOR_TYPE_Q4_K, "Q4_K", 256, 144 },
    { GGUF_TENSOR_TYPE_Q5_K, "Q5_K", 256, 176 },   { GGUF_TENSOR_TYPE_Q6_K, "Q6_K", 256, 210 },
    { GGUF_TENSOR_TYPE_IQ4_NL, "IQ4_NL", 32, 18 }, { GGUF_TENSOR_TYPE_IQ4_XS, "IQ4_XS", 256, 136 },
    { GGUF_TENSOR_TYPE_I8, "I8", 1, 1 },           { GGUF_TENSOR_TYPE_I16, "I16", 1, 2 },
    { GGUF_TENSOR_TYPE_I32, "I32", 1, 4 },         { GGUF_TENSOR_TYPE_I64, "I64", 1, 8 },
    { GGUF_TENSOR_TYPE_F64, "F64", 1, 8 },         { GGUF_TENSOR_TYPE_BF16, "BF16", 1, 2 },
};

#define TYPES_COUNT (sizeof(types) / sizeof(types[0]))

bool gguf_tensor_type_size(enum gguf_tensor_type type, uint32_t *block_values,
                           uint32_t *block_bytes)
{
    for (size_t i = 0; i < TYPES_COUNT; i++) {
        if (types[i].type != type)
            continue;
        *block_values = types[i].block_values;
        *block_bytes = types[i].block_bytes;
        return true;
    }
    return false;
}

const char *gguf_tensor_type_name(enum gguf_tensor_type type)
{
    for (size_t i = 0; i < TYPES_COUNT; i++) {
        if (types[i].type == type)
            return types[i].name;
    }
    return "?";
}

bool gguf_tensor_bytes(enum gguf_tensor_type type, unsigned dimensions_count,
                       const uint64_t *dimensions, uint64_t *size_bytes)
{
    uint32_t block_values, block_bytes;
    uint64_t size;

    if (dimensions_count == 0 || dimensions_count > GGUF_DIMENSIONS_MAX)
        return false;
    if (!gguf_tensor_type_size(type, &block_values, &block_bytes))
        return false;
    if (dimensions[0] == 0 || dimensions[0] % block_values != 0)
        return false;
    if (__builtin_mul_overflow(dimensions[0] / block_values, (uint64_t)block_bytes, &size))
        return false;
    for (unsigned i = 1; i < dimensions_count; i++) {
        if (dimensions[i] == 0 || __builtin_mul_overflow(size, dimensions[i], &size))
            return false;
    }
    *size_bytes = size;
    return true;
}
