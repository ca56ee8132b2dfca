#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tokenizer_compile.h"
#include "tokenizer_merge.h"

#define LETTERS 4
#define UNITS_MAX 3000

static uint64_t random_state = 3;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) * n >> 31);
}

/* Pieces of a few letters with merges in no order that training would give: halves may be made
 * after what they make. */
static struct tokenizer_image *random_image(struct arena *arena, uint32_t pieces, uint32_t merges)
{
    struct tokenizer_parts parts;
    struct tokenizer_image *image;
    char text[64];

    tokenizer_parts_init(&parts, arena);
    parts.settings.kind = TOKENIZER_KIND_BPE;
    assert_int_equal(tokenizer_parts_reserve(&parts, pieces, merges, NULL), STATUS_OK);
    for (uint32_t id = 0; id < pieces; id++) {
        size_t size = 1;

        text[0] = (char)('a' + id % LETTERS);
        if (id >= LETTERS) {
            struct slice left = parts.pieces[random_below(id)],
                         right = parts.pieces[random_below(id)];

            size = left.size + right.size;
            if (size > sizeof(text))
                size = left.size = 1, right.size = 0;
            memcpy(text, left.data, left.size);
            memcpy(text + left.size, right.data, right.size);
        }
        assert_int_equal(tokenizer_parts_put_piece(&parts, id, slice_of(text, size),
                                                   TOKENIZER_PIECE_NORMAL, 0, 0, NULL),
                         STATUS_OK);
    }
    for (uint32_t i = 0; i < merges; i++) {
        struct slice whole = parts.pieces[random_below(pieces)];
        size_t cut = whole.size < 2 ? 0 : 1 + random_below((uint32_t)whole.size - 1);

        if (cut > 0)
            (void)tokenizer_parts_put_merge(&parts, slice_cut(whole, 0, cut),
                                            slice_cut(whole, cut, whole.size), NULL);
    }
    image = tokenizer_compile(&parts, (struct slice){ 0 }, NULL);
    assert_non_null(image);
    return image;
}

static void assert_merges(const struct tokenizer_tables *tables, const uint32_t *units,
                          size_t count)
{
    static uint32_t symbols[2][UNITS_MAX], sizes[2][UNITS_MAX];
    struct arena arena;
    size_t made[2];

    arena_init(&arena, 16 << 20);
    made[0] = tokenizer_merge(tables, units, count, symbols[0], sizes[0], &arena);
    made[1] = tokenizer_merge_heap(tables, units, count, symbols[1], sizes[1], &arena, NULL);
    assert_int_equal(made[0], made[1]);
    assert_memory_equal(symbols[0], symbols[1], made[0] * sizeof(uint32_t));
    assert_memory_equal(sizes[0], sizes[1], made[0] * sizeof(uint32_t));
    arena_close(&arena);
}

/* Runs, periods and noise: what makes joins reach far. */
static void put_units(uint32_t *units, size_t count)
{
    uint32_t period = 1 + random_below(40), kind = random_below(3);

    for (size_t i = 0; i < count; i++) {
        units[i] = 'a' + random_below(LETTERS);
        if (kind == 0 && i >= period)
            units[i] = units[i - period];
        if (kind == 1 && random_below(20) != 0)
            units[i] = i == 0 ? 'a' : units[i - 1];
    }
}

static void merges_windows_as_the_heap_does(void **state)
{
    static uint32_t units[UNITS_MAX];

    (void)state;
    for (int round = 0; round < 25; round++) {
        struct tokenizer_tables tables;
        struct tokenizer_image *image;
        struct arena arena;

        arena_init(&arena, 16 << 20);
        image = random_image(&arena, 8 + random_below(200), 8 + random_below(300));
        tokenizer_tables_init(&tables, image);
        for (int i = 0; i < 40; i++) {
            size_t count = 1 + random_below(i < 20 ? 40 : UNITS_MAX);

            put_units(units, count);
            assert_merges(&tables, units, count);
        }
        free(image);
        arena_close(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_windows_as_the_heap_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
