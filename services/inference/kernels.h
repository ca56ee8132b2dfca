/* The arithmetic of the forward pass on one thread: all that the model sees. The generic files are
 * the truth; a faster version is chosen when the process starts and checked against it in the
 * tests.
 *
 * A product of a matrix and a vector depends on the two alone, to the last bit: not on how many
 * vectors are multiplied at one time, nor on how the rows are dealt out. */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gguf/gguf.h"

/* Tables: rows of a file
 * ---------------------------------------------------------------------------------------------- */

/* A tensor in the file's own layout, a row after the other; for looking up single rows. */
struct table {
    enum gguf_tensor_type type;
    uint32_t rows, columns;
    size_t row_bytes;
    const void *data;
};

/* Whether the kernels compute with tensors of @type: F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K, Q6_K,
 * IQ4_NL. */
bool kernels_has_type(enum gguf_tensor_type type);

/* "avx2" or "generic". */
const char *kernels_name(void);

/* out[columns] = row @row as floats */
void kernels_expand_row(float *out, const struct table *table, uint32_t row);

/* Matrices: what vectors are multiplied by
 * ---------------------------------------------------------------------------------------------- */

/* How the weights lie in memory. The float forms are a table's rows; in the others eight rows are
 * interleaved (kernels_pack.h). */
enum matrix_form {
    MATRIX_FORM_F32,
    MATRIX_FORM_F16,
    MATRIX_FORM_BF16,
    MATRIX_FORM_Q8,  /* of Q8_0 and IQ4_NL: 8 bits, a scale for 32 values */
    MATRIX_FORM_Q4,  /* of Q4_0: 4 bits, a scale for 32 */
    MATRIX_FORM_Q4K, /* of Q4_K: 4 bits, scale and minimum for 32 */
    MATRIX_FORM_Q5K, /* of Q5_K: 5 bits, likewise */
    MATRIX_FORM_Q6K, /* of Q6_K: 6 bits, a scale for 16 */
    MATRIX_FORM_COUNT,
};

#define MATRIX_GROUP_ROWS 8

/* It maps a vector of @columns values to one of @rows. */
struct matrix {
    enum matrix_form form;
    uint32_t rows, columns;
    size_t stride; /* bytes from a row, or a group of eight, to the next */
    const void *data;
    struct table mapped;             /* where there is @packed: the same rows as a file has them */
    const _Atomic(uint32_t) *packed; /* groups that are in @data, and more may follow; NULL: all */
};

static inline bool matrix_is_float(const struct matrix *matrix)
{
    return matrix->form <= MATRIX_FORM_BF16;
}

/* Rows of what is dealt out to threads: 1 or 8. */
static inline uint32_t matrix_groups(const struct matrix *matrix)
{
    return matrix_is_float(matrix) ? matrix->rows
                                   : (matrix->rows + MATRIX_GROUP_ROWS - 1) / MATRIX_GROUP_ROWS;
}

/* Groups from the first that kernels_multiply takes now. */
static inline uint32_t matrix_packed_groups(const struct matrix *matrix)
{
    return matrix->packed == NULL ? matrix_groups(matrix)
                                  : atomic_load_explicit(matrix->packed, memory_order_acquire);
}

/* Bytes that kernels_pack wants for a tensor of this type and shape; 0 for the float types, which
 * are multiplied as they lie in the file. */
size_t kernels_pack_bytes(enum gguf_tensor_type type, uint32_t rows, uint32_t columns);

/* The matrix of @table: its own rows, or a copy of them in @memory, which is cleared, in the form
 * that is multiplied fast. */
struct matrix kernels_pack(const struct table *table, void *memory);

/* The same in parts, on any threads: where the matrix will be, and @count of its groups from @first
 * on (matrix_groups). Not for the float types, which lie as they are. */
struct matrix kernels_pack_place(const struct table *table, void *memory);
void kernels_pack_groups(const struct table *table, void *memory, uint32_t first, uint32_t count);

/* The matrix of @table while no more than its first *packed groups are in @memory. kernels_multiply
 * takes those; @count of the others from @first on are packed into @part, room for so many, by
 * kernels_map_groups, which returns the matrix as far as it can be multiplied then. The products
 * are the same to the last bit. Any thread may pack groups into @memory and count them in *packed
 * afterwards, which others may read at any time (matrix_packed_groups). */
struct matrix kernels_map(const struct table *table, void *memory, const _Atomic(uint32_t) *packed);
struct matrix kernels_map_groups(const struct matrix *matrix, void *part, uint32_t first,
                                 uint32_t count);

/* What kernels_expand_row gives of the rows that the matrix was packed from, to the last bit;
 * false: the row is not packed. */
bool kernels_expand_packed_row(float *out, const struct matrix *matrix, uint32_t row);

/* Vectors
 * ---------------------------------------------------------------------------------------------- */

/* What is multiplied: @n vectors, and their values in 8 and 16 bits for the forms that want those
 * (kernels_pack.h says how they lie). */
struct vectors {
    const float *x; /* [n][columns] */
    uint32_t n, columns;
    bool has_q8, has_q16;
    char *q8, *q16; /* kernels_q8_bytes and kernels_q16_bytes of (n, columns) */
};

size_t kernels_q8_bytes(size_t n, size_t columns);
size_t kernels_q16_bytes(size_t n, size_t columns);

/* Make the 8 or 16 bits that @form is multiplied by, unless they are there; nothing for the float
 * forms. */
void kernels_quantise(struct vectors *vectors, enum matrix_form form);

/* The same in parts, on any threads: of @count vectors from @first on. Whether there is something
 * to do; and it has been done for all. */
bool kernels_quantise_is_due(const struct vectors *vectors, enum matrix_form form);
void kernels_quantise_part(const struct vectors *vectors, enum matrix_form form, uint32_t first,
                           uint32_t count);
void kernels_quantise_done(struct vectors *vectors, enum matrix_form form);

/* out[i][row] = matrix · x[i], for the rows of @groups groups from @first and every i < vectors->n;
 * rows of @out are matrix->rows apart. The vectors have been quantised for the matrix's form. */
void kernels_multiply(float *out, const struct matrix *matrix, const struct vectors *vectors,
                      uint32_t first, uint32_t groups);

/* How many of the @groups groups from @first on were multiplied as they lie in the file, as
 * kernels_multiply would have: those for which that is faster than packing them. */
uint32_t kernels_multiply_mapped(float *out, const struct matrix *matrix,
                                 const struct vectors *vectors, uint32_t first, uint32_t groups);

/* out[count][columns] = rows first … first + count - 1 of a float form as floats */
void kernels_expand_rows(float *out, const struct matrix *matrix, uint32_t first, uint32_t count);

/* The rest of the layer
 * ---------------------------------------------------------------------------------------------- */

/* Attention over the rows of a cache, @stride apart: out[t] = scale Σ q[i] rows[t][i] for t <
 * count, i < width */
void kernels_score(float *out, const float *q, const float *rows, size_t stride, size_t width,
                   size_t count, float scale);

/* out[i] += Σ weights[t] rows[t][i] */
void kernels_mix(float *out, const float *weights, const float *rows, size_t stride, size_t width,
                 size_t count);

/* The same over rows that are kept in 8 bits, with a scale for each 32 values of a head; the last
 * block of a head may be shorter. */
struct kept_rows {
    int8_t *values; /* [count][stride] */
    float *scales;  /* [count][scales_stride] */
    size_t stride, scales_stride;
};

/* Scales of a head of @width values. */
static inline size_t kernels_kept_scales(size_t width)
{
    return (width + 31) / 32;
}

/* x[width] to row @row. */
void kernels_keep(const struct kept_rows *rows, size_t row, const float *x, size_t width);

void kernels_score_kept(float *out, const float *q, const struct kept_rows *rows, size_t width,
                        size_t count, float scale);
void kernels_mix_kept(float *out, const float *weights, const struct kept_rows *rows, size_t width,
                      size_t count);

/* out[i] += scale x[i] */
void kernels_add_scaled(float *out, const float *x, float scale, size_t count);

/* out[i] = x[i] / √(mean(x²) + epsilon) · weight[i] */
void kernels_normalise(float *out, const float *x, const float *weight, float epsilon,
                       size_t count);

/* x[i] = exp(x[i]) / Σ exp(x), without overflow */
void kernels_softmax(float *x, size_t count);

/* gate[i] = gate[i] · sigmoid(gate[i]) · up[i] */
void kernels_gate_silu(float *gate, const float *up, size_t count);

/* gate[i] = gelu(gate[i]) · up[i], by the tanh formula */
void kernels_gate_gelu(float *gate, const float *up, size_t count);

/* x[i] = cap · tanh(x[i] / cap) */
void kernels_soft_cap(float *x, float cap, size_t count);

/* Turn the pairs (x[2i], x[2i+1]) by position · frequencies[i]; @pairs of them. */
void kernels_rotate(float *x, const float *frequencies, size_t pairs, uint32_t position);

/* The same for the pairs (x[i], x[i + pairs]), as the NeoX family has them. */
void kernels_rotate_halves(float *x, const float *frequencies, size_t pairs, uint32_t position);

#endif
