/* From a file's rows to groups of eight interleaved rows. Rows that a last group lacks are zeros.
 */
#include "kernels_pack.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "kernels_impl.h"
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

/* The low bits of a row's 32 values, four columns in a word. */
static void put_nibbles(uint8_t *values, unsigned r, const uint8_t *from)
{
    for (unsigned s = 0; s < BLOCK / 8; s++) {
        uint32_t low, high;

        memcpy(&low, from + s * 8, 4);
        memcpy(&high, from + s * 8 + 4, 4);
        low = (low & 0x0f0f0f0fu) | (high & 0x0f0f0f0fu) << 4;
        memcpy(values + s * 32 + r * 4, &low, 4);
    }
}

/* Bits of each of a row's 32 values, @bits of them from the fifth on, into the words of @high:
 * operand j's come at place j of those that a word has room for. */
static void put_high(uint8_t (*high)[LANES * 4], unsigned r, const uint8_t *from, unsigned bits)
{
    uint32_t words[2] = { 0, 0 }, mask = bits == 1 ? 0x01010101u : 0x03030303u, values;
    unsigned places = 8 / bits;

    for (unsigned j = 0; j < BLOCK / 4; j++) {
        memcpy(&values, from + j * 4, 4);
        words[j / places] |= (values >> 4 & mask) << (j % places * bits);
    }
    for (unsigned i = 0; i < bits; i++)
        memcpy(high[i] + r * 4, &words[i], 4);
}

/* A row's 32 values, two columns together. */
static void put_bytes(char *values, unsigned r, const int8_t *from)
{
    for (unsigned i = 0; i < BLOCK; i += 2)
        memcpy(values + i * 8 + r * 2, from + i, 2);
}

static void put_block(enum matrix_form form, void *to, unsigned r,
                      const struct unpacked_block *from)
{
    if (form == MATRIX_FORM_Q8) {
        ((struct q8_block *)to)->scale[r] = from->scale;
        put_bytes((char *)to + offsetof(struct q8_block, values), r, from->values);
    } else {
        ((struct q4_block *)to)->scale[r] = from->scale;
        put_nibbles(((struct q4_block *)to)->values, r, (const uint8_t *)from->values);
    }
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
        put_high(&to->blocks[b].high, r, from->values[b], 1);
    }
}

static void put_q6k(struct q6k_super *to, unsigned r, const struct unpacked_super *from)
{
    to->scale[r] = from->scale;
    for (unsigned b = 0; b < SUPER_BLOCKS; b++) {
        to->blocks[b].scales[0][r] = from->scales[b][0];
        to->blocks[b].scales[1][r] = from->scales[b][1];
        put_nibbles(to->blocks[b].values, r, from->values[b]);
        put_high(to->blocks[b].high, r, from->values[b], 2);
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

struct matrix kernels_pack_place(const struct table *table, void *memory)
{
    unsigned form = form_index(table->type);

    bool is_float = forms[form].bytes == 0;

    return (struct matrix){ .form = forms[form].form,
                            .rows = table->rows,
                            .columns = table->columns,
                            .stride =
                                is_float ? table->row_bytes : group_bytes(form, table->columns),
                            .data = is_float ? table->data : memory };
}

void kernels_generic_pack(const struct table *table, uint32_t row, void *group)
{
    unsigned form = form_index(table->type);

    for (uint32_t end = row + LANES; row < end && row < table->rows; row++)
        put_row(form, table, row, group);
}

void kernels_pack_groups(const struct table *table, void *memory, uint32_t first, uint32_t count)
{
    size_t stride = group_bytes(form_index(table->type), table->columns);

    for (uint32_t at = first; at < first + count; at++)
        kernels_chosen()->pack(table, at * LANES, (char *)memory + at * stride);
}

struct matrix kernels_map(const struct table *table, void *memory, const _Atomic(uint32_t) *packed)
{
    struct matrix matrix = kernels_pack_place(table, memory);

    if (matrix_is_float(&matrix))
        return matrix;
    matrix.mapped = *table;
    matrix.packed = packed;
    return matrix;
}

struct matrix kernels_map_groups(const struct matrix *matrix, void *part, uint32_t first,
                                 uint32_t count)
{
    struct matrix packed = *matrix;
    char *start = (char *)((uintptr_t)part - first * matrix->stride); /* of group 0 */

    if ((first + count) * LANES > matrix->rows)
        memset(part, 0, count * matrix->stride);
    kernels_pack_groups(&matrix->mapped, start, first, count);
    packed.data = start;
    packed.packed = NULL;
    return packed;
}

struct matrix kernels_pack(const struct table *table, void *memory)
{
    struct matrix matrix = kernels_pack_place(table, memory);

    if (!matrix_is_float(&matrix))
        kernels_pack_groups(table, memory, 0, matrix_groups(&matrix));
    return matrix;
}
