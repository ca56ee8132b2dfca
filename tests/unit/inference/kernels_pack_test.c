#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gguf/gguf_half.h"
#include "kernels_impl.h"

#define ROWS 19 /* two groups and some */
#define COLUMNS 512
#define VECTORS 27 /* a panel is opened for the first 24 */

/* A quantised tensor of random blocks whose scales are numbers, as a file would have it. */
struct sample {
    struct table table;
    struct matrix matrix;
    unsigned char *data, *packed;
};

static uint32_t random_bits(void)
{
    static uint64_t state = 42;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static void put_scale(unsigned char *at)
{
    uint16_t half = gguf_half_from_float(0.01f + (float)(random_bits() % 1000) / 50000.0f);

    memcpy(at, &half, sizeof(half));
}

static void open_sample(struct sample *sample, enum gguf_tensor_type type)
{
    uint32_t values, bytes;
    size_t row_bytes;

    assert_true(gguf_tensor_type_size(type, &values, &bytes));
    row_bytes = (size_t)COLUMNS / values * bytes;
    sample->data = malloc(ROWS * row_bytes);
    for (size_t i = 0; i < ROWS * row_bytes; i++)
        sample->data[i] = (unsigned char)random_bits();
    for (size_t at = 0; at < ROWS * row_bytes; at += bytes) {
        put_scale(sample->data + at + (type == GGUF_TENSOR_TYPE_Q6_K ? 208 : 0));
        if (type == GGUF_TENSOR_TYPE_Q4_K || type == GGUF_TENSOR_TYPE_Q5_K)
            put_scale(sample->data + at + 2);
    }
    sample->table = (struct table){ type, ROWS, COLUMNS, row_bytes, sample->data };
    sample->packed = calloc(1, kernels_pack_bytes(type, ROWS, COLUMNS));
    sample->matrix = kernels_pack(&sample->table, sample->packed);
}

static void close_sample(struct sample *sample)
{
    free(sample->data);
    free(sample->packed);
}

static float x[VECTORS * COLUMNS];
static char q8[VECTORS * COLUMNS * 2], q16[VECTORS * COLUMNS * 3];

static struct vectors some_vectors(uint32_t first, uint32_t n, enum matrix_form form)
{
    struct vectors vectors = {
        .x = x + (size_t)first * COLUMNS, .n = n, .columns = COLUMNS, .q8 = q8, .q16 = q16
    };

    assert_true(kernels_q8_bytes(VECTORS, COLUMNS) <= sizeof(q8));
    assert_true(kernels_q16_bytes(VECTORS, COLUMNS) <= sizeof(q16));
    for (size_t i = 0; i < VECTORS * COLUMNS; i++)
        x[i] = (float)(i * 2654435761u % 2000) / 1000.0f - 1.0f + (i % 97 == 0 ? 5.0f : 0.0f);
    kernels_quantise(&vectors, form);
    return vectors;
}

static const enum gguf_tensor_type types[] = { GGUF_TENSOR_TYPE_Q8_0, GGUF_TENSOR_TYPE_IQ4_NL,
                                               GGUF_TENSOR_TYPE_Q4_0, GGUF_TENSOR_TYPE_Q4_K,
                                               GGUF_TENSOR_TYPE_Q5_K, GGUF_TENSOR_TYPE_Q6_K };
#define TYPES (sizeof(types) / sizeof(types[0]))

/* Σ |weight · x| of a row and a vector: what rounding is measured by. */
static double magnitude_of(const float *row, const float *vector, double *product)
{
    double magnitude = 0;

    *product = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        *product += (double)row[i] * vector[i];
        magnitude += fabs((double)row[i] * vector[i]);
    }
    return magnitude;
}

/* The rows that are expanded one by one are the independent way. With 16 bits a value is rounded by
 * 2^-16 of the largest of its block at most, with 8 by 2^-8, and the errors do not all fall one
 * way. */
static void multiplies_by_the_rows_of_the_file(void **state)
{
    float out[VECTORS * ROWS], row[COLUMNS];

    (void)state;
    for (size_t t = 0; t < TYPES; t++) {
        struct sample sample;
        struct vectors vectors;

        open_sample(&sample, types[t]);
        vectors = some_vectors(0, VECTORS, sample.matrix.form);
        kernels_multiply(out, &sample.matrix, &vectors, 0, matrix_groups(&sample.matrix));
        for (uint32_t r = 0; r < ROWS; r++) {
            kernels_expand_row(row, &sample.table, r);
            for (uint32_t i = 0; i < VECTORS; i++) {
                double product, magnitude = magnitude_of(row, x + (size_t)i * COLUMNS, &product);
                double limit = sample.matrix.form == MATRIX_FORM_Q8 ? 0x1p-15 : 0x1p-7;

                assert_true(fabs(out[i * ROWS + r] - product) <= magnitude * limit);
            }
        }
        close_sample(&sample);
    }
}

static void agrees_with_the_generic_version(void **state)
{
    const struct kernels *fast = kernels_avx2();
    float out[VECTORS * ROWS], truth[VECTORS * ROWS], row[COLUMNS];

    (void)state;
    if (fast == NULL)
        skip();
    for (size_t t = 0; t < TYPES; t++) {
        struct sample sample;
        struct vectors vectors;

        open_sample(&sample, types[t]);
        vectors = some_vectors(0, VECTORS, sample.matrix.form);
        fast->multiply[sample.matrix.form](out, &sample.matrix, &vectors, 0, 3);
        kernels_generic_multiply(truth, &sample.matrix, &vectors, 0, 3);
        for (uint32_t at = 0; at < VECTORS * ROWS; at++) {
            double product, magnitude;

            kernels_expand_row(row, &sample.table, at % ROWS);
            magnitude = magnitude_of(row, x + (size_t)(at / ROWS) * COLUMNS, &product);
            assert_true(fabsf(out[at] - truth[at]) <= (float)magnitude * 0x1p-20f);
        }
        close_sample(&sample);
    }
}

static void gives_the_same_bits_in_any_company(void **state)
{
    float out[VECTORS * ROWS], alone[ROWS];

    (void)state;
    for (size_t t = 0; t < TYPES; t++) {
        struct sample sample;
        struct vectors vectors;

        open_sample(&sample, types[t]);
        vectors = some_vectors(0, VECTORS, sample.matrix.form);
        kernels_multiply(out, &sample.matrix, &vectors, 0, 3);
        for (uint32_t i = 0; i < VECTORS; i++) {
            vectors = some_vectors(i, 1, sample.matrix.form);
            for (uint32_t group = 0; group < 3; group++)
                kernels_multiply(alone, &sample.matrix, &vectors, group, 1);
            assert_memory_equal(alone, out + (size_t)i * ROWS, sizeof(alone));
        }
        close_sample(&sample);
    }
}

/* What is multiplied as it lies, which may be nothing; the last group is not whole. */
static void assert_rows(const struct matrix *mapped, const float *truth)
{
    struct vectors vectors = some_vectors(0, 1, mapped->form);

    for (uint32_t first = 0; first < 3; first++) {
        float out[ROWS];
        uint32_t done = kernels_multiply_mapped(out, mapped, &vectors, first, 3 - first);

        assert_true(done < 3 - first);
        assert_memory_equal(out + first * 8, truth + first * 8, done * 8 * sizeof(*out));
        if (mapped->mapped.type == GGUF_TENSOR_TYPE_Q8_0 && kernels_avx2() != NULL)
            assert_int_equal(done, 2 - first);
    }
}

/* In memory that has been used before, from the first group on and from the second. */
static void gives_the_same_bits_without_being_packed_before(void **state)
{
    float out[VECTORS * ROWS], mapped_out[VECTORS * ROWS];
    _Atomic(uint32_t) none = 0;

    (void)state;
    for (size_t t = 0; t < TYPES; t++) {
        struct sample sample;
        struct vectors vectors;
        struct matrix mapped, part;
        size_t bytes = kernels_pack_bytes(types[t], ROWS, COLUMNS);
        char *memory = malloc(bytes);

        open_sample(&sample, types[t]);
        vectors = some_vectors(0, VECTORS, sample.matrix.form);
        kernels_multiply(out, &sample.matrix, &vectors, 0, 3);
        memset(memory, 0x7f, bytes);
        mapped = kernels_map(&sample.table, NULL, &none);
        assert_int_equal(matrix_packed_groups(&mapped), 0);
        part = kernels_map_groups(&mapped, memory, 0, 1);
        kernels_multiply(mapped_out, &part, &vectors, 0, 1);
        part = kernels_map_groups(&mapped, memory, 1, 2);
        kernels_multiply(mapped_out, &part, &vectors, 1, 2);
        assert_memory_equal(out, mapped_out, sizeof(out));
        assert_rows(&mapped, out);
        free(memory);
        close_sample(&sample);
    }
}

static void reads_rows_out_of_what_is_packed(void **state)
{
    float truth[COLUMNS], row[COLUMNS];

    (void)state;
    for (size_t t = 0; t < TYPES; t++) {
        _Atomic(uint32_t) two = 2;
        struct sample sample;
        struct matrix some;

        open_sample(&sample, types[t]);
        some = kernels_map(&sample.table, sample.packed, &two);
        for (uint32_t r = 0; r < ROWS; r++) {
            kernels_expand_row(truth, &sample.table, r);
            assert_true(kernels_expand_packed_row(row, &sample.matrix, r));
            assert_memory_equal(row, truth, sizeof(row));
            assert_int_equal(kernels_expand_packed_row(row, &some, r), r < 16);
        }
        close_sample(&sample);
    }
}

static void quantises_as_the_generic_version_does(void **state)
{
    const struct kernels *fast = kernels_avx2(), *truth = &kernels_generic;
    char other[COLUMNS * 3 * 3];

    (void)state;
    if (fast == NULL)
        skip();
    some_vectors(0, VECTORS, MATRIX_FORM_Q4);
    memset(x + 64, 0, 32 * sizeof(*x)); /* a block of nothing */
    for (unsigned width = 1; width <= 3; width++) {
        for (unsigned i = 0; i < width; i++) {
            truth->quantise_8(x + (size_t)i * COLUMNS, COLUMNS, other, width, i);
            fast->quantise_8(x + (size_t)i * COLUMNS, COLUMNS, q8, width, i);
        }
        assert_memory_equal(other, q8, kernels_q8_bytes(width, COLUMNS));
        for (unsigned i = 0; i < width; i++) {
            truth->quantise_16(x + (size_t)i * COLUMNS, COLUMNS, other, width, i);
            fast->quantise_16(x + (size_t)i * COLUMNS, COLUMNS, q16, width, i);
        }
        assert_memory_equal(other, q16, kernels_q16_bytes(width, COLUMNS));
    }
}

/* ggml's own definitions on a block written by hand: values 0 and 16 of Q4_0 share a byte; the
 * fourth and later scales of Q4_K are split over two bytes. */
static void reads_blocks_as_ggml_lays_them_out(void **state)
{
    unsigned char q4_0[18] = { 0 }, q4_k[144] = { 0 };
    float out[256];
    struct table table = { GGUF_TENSOR_TYPE_Q4_0, 1, 32, 18, q4_0 };
    uint16_t one = gguf_half_from_float(1.0f);

    (void)state;
    memcpy(q4_0, &one, 2);
    q4_0[2] = 0x3f;
    kernels_expand_row(out, &table, 0);
    assert_true(out[0] == 7.0f && out[16] == -5.0f && out[1] == -8.0f);
    memcpy(q4_k, &one, 2);
    memcpy(q4_k + 2, &one, 2);
    q4_k[4] = 0x80 | 5;       /* scale 0 is 5; scale 4 has 2 << 4 */
    q4_k[4 + 4] = 0x40 | 3;   /* minimum 0 is 3; minimum 4 has 1 << 4 */
    q4_k[4 + 8] = 0x21;       /* scale 4 has 1, minimum 4 has 2 */
    q4_k[16] = 0x02;          /* block 0, value 0 */
    q4_k[16 + 64 + 1] = 0x04; /* block 4, value 1 */
    table = (struct table){ GGUF_TENSOR_TYPE_Q4_K, 1, 256, 144, q4_k };
    kernels_expand_row(out, &table, 0);
    assert_true(out[0] == 5.0f * 2 - 3 && out[1] == -3.0f);
    assert_true(out[128] == -18.0f && out[129] == 33.0f * 4 - 18);
}

/* A row after the other is the truth. */
static void packs_the_bytes_of_the_plain_way(void **state)
{
    (void)state;
    for (size_t t = 0; t < TYPES; t++) {
        struct sample sample;
        char *plain;

        open_sample(&sample, types[t]);
        plain = calloc(1, kernels_pack_bytes(types[t], ROWS, COLUMNS));
        for (uint32_t row = 0; row < ROWS; row += MATRIX_GROUP_ROWS)
            kernels_generic_pack(&sample.table, row,
                                 plain + row / MATRIX_GROUP_ROWS * sample.matrix.stride);
        assert_memory_equal(sample.packed, plain, kernels_pack_bytes(types[t], ROWS, COLUMNS));
        free(plain);
        close_sample(&sample);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiplies_by_the_rows_of_the_file),
        cmocka_unit_test(packs_the_bytes_of_the_plain_way),
        cmocka_unit_test(agrees_with_the_generic_version),
        cmocka_unit_test(gives_the_same_bits_in_any_company),
        cmocka_unit_test(gives_the_same_bits_without_being_packed_before),
        cmocka_unit_test(reads_rows_out_of_what_is_packed),
        cmocka_unit_test(quantises_as_the_generic_version_does),
        cmocka_unit_test(reads_blocks_as_ggml_lays_them_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
