/* Rows of a file as floats. */
#include <string.h>

#include "base/check.h"
#include "gguf/gguf_half.h"
#include "kernels_impl.h"
#include "kernels_unpack.h"

bool kernels_has_type(enum gguf_tensor_type type)
{
    switch (type) {
    case GGUF_TENSOR_TYPE_F32:
    case GGUF_TENSOR_TYPE_F16:
    case GGUF_TENSOR_TYPE_BF16:
    case GGUF_TENSOR_TYPE_Q8_0:
    case GGUF_TENSOR_TYPE_Q4_0:
    case GGUF_TENSOR_TYPE_IQ4_NL:
        return true;
    default:
        return kernels_unpack_is_super(type);
    }
}

static void expand_blocks(float *out, enum gguf_tensor_type type, const char *row, size_t count)
{
    int zero = type == GGUF_TENSOR_TYPE_Q4_0 ? 8 : 0;
    uint32_t values, bytes;
    struct unpacked_block block;

    CHECK(gguf_tensor_type_size(type, &values, &bytes));
    for (size_t at = 0; at < count; at += BLOCK, row += bytes, out += BLOCK) {
        kernels_unpack_block(type, row, &block);
        for (unsigned i = 0; i < BLOCK; i++)
            out[i] = gguf_half_to_float(block.scale) * (float)(block.values[i] - zero);
    }
}

static void expand_supers(float *out, enum gguf_tensor_type type, const char *row, size_t count)
{
    int zero = type == GGUF_TENSOR_TYPE_Q6_K ? 32 : 0;
    uint32_t values, bytes;
    struct unpacked_super super;

    CHECK(gguf_tensor_type_size(type, &values, &bytes));
    for (size_t at = 0; at < count; at += SUPER, row += bytes) {
        kernels_unpack_super(type, row, &super);
        for (unsigned b = 0; b < SUPER_BLOCKS; b++, out += BLOCK) {
            float minimum = gguf_half_to_float(super.minimum) * super.minimums[b];

            for (unsigned i = 0; i < BLOCK; i++)
                out[i] = gguf_half_to_float(super.scale) * super.scales[b][i / 16]
                             * (float)(super.values[b][i] - zero)
                         - minimum;
        }
    }
}

void kernels_expand_row(float *out, const struct table *table, uint32_t row)
{
    const char *data = (const char *)table->data + (size_t)row * table->row_bytes;
    const uint16_t *halves = (const void *)data;

    CHECK(row < table->rows);
    if (table->type == GGUF_TENSOR_TYPE_F32)
        memcpy(out, data, table->columns * sizeof(*out));
    else if (table->type == GGUF_TENSOR_TYPE_F16)
        kernels_chosen()->expand_f16(out, data, table->columns);
    else if (table->type == GGUF_TENSOR_TYPE_BF16)
        for (size_t i = 0; i < table->columns; i++)
            out[i] = gguf_half_bf16_to_float(halves[i]);
    else if (kernels_unpack_is_super(table->type))
        expand_supers(out, table->type, data, table->columns);
    else
        expand_blocks(out, table->type, data, table->columns);
}
