#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gguf/gguf_half.h"
#include "inference_packer.h"
#include "inference_product.h"

/* More than is packed at once, and a last group that is not whole. */
#define ROWS 4100
#define COLUMNS 1024
#define VECTORS 5
#define BLOCK_BYTES 34 /* of Q8_0 */
#define ROW_BYTES (COLUMNS / 32 * BLOCK_BYTES)

struct fixture {
    unsigned char *rows;
    struct table table;
    char *packed; /* by the caller, before */
    float *truth; /* [VECTORS][ROWS], by that */
    float *out;
    float x[VECTORS * COLUMNS];
    struct inference_crew *crew;
    struct inference_products products;
};

static uint32_t random_bits(void)
{
    static uint64_t state = 42;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static unsigned char *random_rows(void)
{
    unsigned char *rows = malloc((size_t)ROWS * ROW_BYTES);

    for (size_t i = 0; i < (size_t)ROWS * ROW_BYTES; i++)
        rows[i] = (unsigned char)random_bits();
    for (size_t at = 0; at < (size_t)ROWS * ROW_BYTES; at += BLOCK_BYTES) {
        uint16_t scale = gguf_half_from_float(0.01f + (float)(random_bits() % 1000) / 50000.0f);

        memcpy(rows + at, &scale, sizeof(scale));
    }
    return rows;
}

static void multiply(struct fixture *fixture, const struct matrix *matrix)
{
    inference_products_set(&fixture->products, fixture->x, VECTORS, COLUMNS);
    inference_products_run_each(&fixture->products, fixture->out, matrix);
}

static int open_fixture(void **state)
{
    static struct fixture fixture;
    struct matrix matrix;

    fixture = (struct fixture){ .rows = random_rows() };
    fixture.table = (struct table){ GGUF_TENSOR_TYPE_Q8_0, ROWS, COLUMNS, ROW_BYTES, fixture.rows };
    fixture.truth = calloc(VECTORS * ROWS, sizeof(*fixture.truth));
    fixture.out = calloc(VECTORS * ROWS, sizeof(*fixture.out));
    for (size_t i = 0; i < VECTORS * COLUMNS; i++)
        fixture.x[i] = (float)(random_bits() % 2000) / 1000.0f - 1.0f;
    fixture.crew = inference_crew_create(2, NULL);
    assert_int_equal(
        inference_products_init(&fixture.products, fixture.crew, VECTORS, COLUMNS, NULL),
        STATUS_OK);
    fixture.packed = calloc(1, kernels_pack_bytes(GGUF_TENSOR_TYPE_Q8_0, ROWS, COLUMNS));
    matrix = kernels_pack(&fixture.table, fixture.packed);
    multiply(&fixture, &matrix);
    memcpy(fixture.truth, fixture.out, VECTORS * ROWS * sizeof(*fixture.out));
    *state = &fixture;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *fixture = *state;

    inference_products_close(&fixture->products);
    inference_crew_destroy(fixture->crew);
    free(fixture->packed);
    free(fixture->rows);
    free(fixture->truth);
    free(fixture->out);
    return 0;
}

static void assert_product(struct fixture *fixture, const struct matrix *matrix)
{
    memset(fixture->out, 0x7f, VECTORS * ROWS * sizeof(*fixture->out));
    multiply(fixture, matrix);
    assert_memory_equal(fixture->out, fixture->truth, VECTORS * ROWS * sizeof(*fixture->out));
}

/* Also in the middle of a pair of groups, of a part, and of the last group. */
static void gives_the_same_bits_however_much_is_packed(void **state)
{
    const uint32_t counts[] = { 0, 1, 31, 64, 129, 511, 512, 513 };
    struct fixture *fixture = *state;
    size_t bytes = kernels_pack_bytes(GGUF_TENSOR_TYPE_Q8_0, ROWS, COLUMNS);
    char *memory = malloc(bytes);
    _Atomic(uint32_t) groups = 0;
    struct matrix matrix = kernels_map(&fixture->table, memory, &groups);

    assert_int_equal(matrix_groups(&matrix), 513);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        memset(memory, 0x7f, bytes); /* what is not packed is not read */
        memcpy(memory, fixture->packed, counts[i] * matrix.stride);
        atomic_store(&groups, counts[i]);
        assert_product(fixture, &matrix);
    }
    free(memory);
}

static void start(struct fixture *fixture, struct inference_packer *packer,
                  struct matrix matrices[2], bool is_mapped)
{
    struct error err = { 0 };

    *packer = (struct inference_packer){ 0 };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(inference_packer_add(packer, &fixture->table, &matrices[i], &err),
                         STATUS_OK);
        assert_int_equal(matrices[i].rows, ROWS);
    }
    assert_int_equal(inference_packer_start(packer, is_mapped, false, &err), STATUS_OK);
}

static void packs_matrices_while_they_are_multiplied(void **state)
{
    struct fixture *fixture = *state;
    struct inference_packer packer;
    struct matrix matrices[2];

    start(fixture, &packer, matrices, false);
    while (matrix_packed_groups(&matrices[1]) < matrix_groups(&matrices[1]))
        assert_product(fixture, &matrices[1]);
    inference_packer_wait(&packer);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(matrix_packed_groups(&matrices[i]), matrix_groups(&matrices[i]));
        assert_memory_equal(matrices[i].data, fixture->packed,
                            kernels_pack_bytes(GGUF_TENSOR_TYPE_Q8_0, ROWS, COLUMNS));
        assert_product(fixture, &matrices[i]);
    }
    inference_packer_close(&packer);
}

static void packs_nothing_that_is_to_stay_mapped(void **state)
{
    struct fixture *fixture = *state;
    struct inference_packer packer;
    struct matrix matrices[2];

    start(fixture, &packer, matrices, true);
    inference_packer_wait(&packer);
    assert_int_equal(matrix_packed_groups(&matrices[1]), 0);
    assert_product(fixture, &matrices[1]);
    inference_packer_close(&packer);
}

static void ends_before_all_is_packed(void **state)
{
    struct inference_packer packer;
    struct matrix matrices[2];

    start(*state, &packer, matrices, false);
    inference_packer_close(&packer);
    assert_null(packer.memory);
}

static void takes_floats_as_they_lie(void **state)
{
    float rows[4 * 32] = { 1 };
    const struct table table = { GGUF_TENSOR_TYPE_F32, 4, 32, sizeof(rows) / 4, rows };
    struct inference_packer packer = { 0 };
    struct matrix matrix;

    (void)state;
    assert_int_equal(inference_packer_add(&packer, &table, &matrix, NULL), STATUS_OK);
    assert_int_equal(inference_packer_start(&packer, false, false, NULL), STATUS_OK);
    assert_ptr_equal(matrix.data, rows);
    assert_int_equal(matrix_packed_groups(&matrix), 4);
    inference_packer_close(&packer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_bits_however_much_is_packed),
        cmocka_unit_test(packs_matrices_while_they_are_multiplied),
        cmocka_unit_test(packs_nothing_that_is_to_stay_mapped),
        cmocka_unit_test(ends_before_all_is_packed),
        cmocka_unit_test(takes_floats_as_they_lie),
    };

    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
