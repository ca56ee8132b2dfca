/* From a file's rows to groups of eight interleaved rows. Rows that a last group lacks are zeros.
 */
#include "kernels_pack.h"

#include "base/check.h"
#include "kernels_unpack.h"

static const struct {
    enum gguf_tensor_type type;
    enum matrix_form form;
    uint32_t columns, bytes; /* a block or super-block of eight rows; 0: lies as in the file */
} forms[] = {
    { GGUF_TENSOR_TYPE_F32, MATRIX_FORM_F32, 1, 0 },
    { GGUF_TENSOR_TYPE_F16, MATRIX_FORM_F16, 1, 0 },
    { GGUF_TENSOR_TYPE_BF16, MATRIX_FORM_BF16, 1, 0 },
    { GGUF_TENSOR_TYPE_Q8_0, MATRIX_FORM_Q8, BLOCK, sizeof(struct q8_block) },
    { GGUF_TENSOR_TYPE_IQ4_NL, MATRIX_FORM_Q8, BLOCK, sizeof(struct q8_block) },
    { GGUF_TENSOR_TYPE_Q4_0, MATRIX_FORM_Q4, BLOCK, sizeof(struct q4_block) },
    { GGUF_TENSOR_TYPE_Q4_K, MATRIX_FORM_Q4K, SUPER, sizeof(struct q4k_super) },
    { GGUF_TENSOR_TYPE_Q5_K, MATRIX_FORM_Q5K, SUPER, sizeof(struct q5k_super) },
    { GGUF_TENSOR_TYPE_Q6_K, MATRIX_FORM_Q6K, SUPER, sizeof(struct q6k_super) },
};

static unsigned form_index(enum gguf_tensor_type type)
{
    unsigned i = 0;

    while (i < sizeof(forms) / sizeof(forms[0]) && forms[i].type != type)
        i++;
    CHECK(i < sizeof(forms) / sizeof(forms[0]));
    return i;
}

static size_t group_bytes(unsigned form, uint32_t columns)
{
    return (size_t)(columns / forms[form].columns) * forms[form].bytes;
}

size_t kernels_pack_bytes(enum gguf_tensor_type type, uint32_t rows, uint32_t columns)
{
    return group_bytes(form_index(type), columns) * ((rows + LANES - 1) / LANES);
}

/* The low bits of a row's 32 values. */
static void put_nibbles(uint8_t *values, unsigned r, const uint8_t *from)
{
    for (unsigned s = 0; s < BLOCK / 8; s++) {
        for (unsigned i = 0; i < 4; i++)
            values[s * 32 + r * 4 + i] =
                (uint8_t)((from[s * 8 + i] & 15) | from[s * 8 + 4 + i] << 4);
    }
}

/* Which of a block's operands a column is in: two in each 32 bytes. */
static unsigned operand(unsigned column)
{
    return column / 4;
}

static void put_block(enum matrix_form form, void *to, unsigned r,
                      const struct unpacked_block *from)
{
    struct q8_block *q8 = to;
    struct q4_block *q4 = to;

    if (form == MATRIX_FORM_Q8) {
        q8->scale[r] = from->scale;
        for (unsigned i = 0; i < BLOCK; i++)
            q8->values[i / 2 * 16 + r * 2 + i % 2] = from->values[i];
        return;
    }
    q4->scale[r] = from->scale;
    put_nibbles(q4->values, r, (const uint8_t *)from->values);
}

static void put_q4k(struct q4k_super *to, unsigned r, const struct unpacked_super *from)
{
    to->scale[r] = from->scale;
    to->minimum[r] = from->minimum;
    for (unsigned b = 0; b < SUPER_BLOCKS; b++) {
        to->blocks[b].scales[r] = (uint8_t)from->scales[b][0];
        to->blocks[b].minimums[r] = from->minimums[b];
        put_nibbles(to->blocks[b].values, r, from->values[b]);
    }
}

static void put_q5k(struct q5k_super *to, unsigned r, const struct unpacked_super *from)
{
    to->scale[r] = from->scale;
    to->minimum[r] = from->minimum;
    for (unsigned b = 0; b < SUPER_BLOCKS; b++) {
        to->blocks[b].scales[r] = (uint8_t)from->scales[b][0];
        to->blocks[b].minimums[r] = from->minimums[b];
        put_nibbles(to->blocks[b].values, r, from->values[b]);
        for (unsigned i = 0; i < BLOCK; i++)
            to->blocks[b].high[r * 4 + i % 4] |= (uint8_t)((from->values[b][i] >> 4) << operand(i));
    }
}

static void put_q6k(struct q6k_super *to, unsigned r, const struct unpacked_super *from)
{
    to->scale[r] = from->scale;
    for (unsigned b = 0; b < SUPER_BLOCKS; b++) {
        to->blocks[b].scales[0][r] = from->scales[b][0];
        to->blocks[b].scales[1][r] = from->scales[b][1];
        put_nibbles(to->blocks[b].values, r, from->values[b]);
        for (unsigned i = 0; i < BLOCK; i++) {
            unsigned j = operand(i);

            to->blocks[b].high[j / 4][r * 4 + i % 4] |=
                (uint8_t)((from->values[b][i] >> 4) << (j % 4 * 2));
        }
    }
}

static void put_super(enum matrix_form form, void *to, unsigned r,
                      const struct unpacked_super *from)
{
    if (form == MATRIX_FORM_Q4K)
        put_q4k(to, r, from);
    else if (form == MATRIX_FORM_Q5K)
        put_q5k(to, r, from);
    else
        put_q6k(to, r, from);
}

static void put_row(unsigned form, const struct table *table, uint32_t row, char *group)
{
    const char *data = (const char *)table->data + (size_t)row * table->row_bytes;
    uint32_t values, bytes;

    CHECK(gguf_tensor_type_size(table->type, &values, &bytes));
    for (uint32_t at = 0; at < table->columns; at += values, data += bytes) {
        struct unpacked_block block;
        struct unpacked_super super;

        if (kernels_unpack_is_super(table->type)) {
            kernels_unpack_super(table->type, data, &super);
            put_super(forms[form].form, group, row % LANES, &super);
        } else {
            kernels_unpack_block(table->type, data, &block);
            put_block(forms[form].form, group, row % LANES, &block);
        }
        group += forms[form].bytes;
    }
}

struct matrix kernels_pack(const struct table *table, void *memory)
{
    unsigned form = form_index(table->type);
    size_t stride = group_bytes(form, table->columns);

    if (forms[form].bytes == 0)
        return (struct matrix){ forms[form].form, table->rows, table->columns, table->row_bytes,
                                table->data };
    for (uint32_t row = 0; row < table->rows; row++)
        put_row(form, table, row, (char *)memory + row / LANES * stride);
    return (struct matrix){ forms[form].form, table->rows, table->columns, stride, memory };
}
