/* A vocabulary lists merges that are never made: Llama-3 has 280,147 for 128,000 pieces, every way
 * to cut a piece in two. But a symbol comes about in one way only. Until it is there, nothing has
 * joined across its ends, and the lowest pair of all, where it lies between them, is the lowest of
 * its own text too: so whatever stands around it, its text was merged as it is merged alone. One
 * merge makes it at the end, and all others that would make it can go. */
#include "tokenizer_compile_used.h"

#include <stdlib.h>

#include "base/check.h"
#include "tokenizer_merge.h"
#include "tokenizer_word.h"

struct used {
    uint32_t left, right, merged, rank;
};

struct used_list {
    struct used *items;
    uint32_t count;
};

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
}

/* How @text is merged: whether to one symbol, which, and by what at last. */
static enum status merge_piece(struct tokenizer_compile *compile,
                               const struct tokenizer_tables *tables, struct slice text,
                               uint32_t *symbol, struct tokenizer_join *last, struct error *err)
{
    struct arena_mark mark = arena_mark(&compile->arena);
    uint32_t *units = arena_alloc(&compile->arena, text.size * sizeof(*units));
    uint32_t *symbols = arena_alloc(&compile->arena, text.size * sizeof(*symbols));
    uint32_t *sizes = arena_alloc(&compile->arena, text.size * sizeof(*sizes));
    size_t count, made = SIZE_MAX;

    if (units != NULL && symbols != NULL && sizes != NULL) {
        count = tokenizer_word_units(tables, text, units);
        made = count == 0 ? 0
                          : tokenizer_merge_heap(tables, units, count, symbols, sizes,
                                                 &compile->arena, last);
    }
    *symbol = made == 1 ? symbols[0] : TOKENIZER_NO_SYMBOL;
    arena_rewind(&compile->arena, mark);
    return made == SIZE_MAX ? no_memory(err) : STATUS_OK;
}

static void put_used(struct used_list *list, const struct tokenizer_tables *tables, uint32_t merged,
                     const struct tokenizer_join *last)
{
    list->items[list->count++] =
        (struct used){ last->left, last->right, merged,
                       tables->ranks == NULL ? last->merge : tables->ranks[last->merge] };
}

static enum status find_used(struct tokenizer_compile *compile,
                             const struct tokenizer_tables *tables, struct used_list *list,
                             struct error *err)
{
    uint8_t *types = (uint8_t *)(uintptr_t)compile->sections[TOKENIZER_SECTION_TYPES].data;
    struct tokenizer_join last;
    enum status status = STATUS_OK;
    uint32_t symbol;

    for (uint32_t id = 0; id < tables->image->pieces_count && status == STATUS_OK; id++) {
        struct slice text = tokenizer_tables_piece(tables, id);

        if (types[id] != TOKENIZER_PIECE_NORMAL || text.size == 0)
            continue;
        last.merge = TOKENIZER_NO_MERGE;
        status = merge_piece(compile, tables, text, &symbol, &last, err);
        if (status != STATUS_OK || symbol != id)
            continue;
        types[id] |= TOKENIZER_TYPE_IS_WHOLE;
        if (last.merge != TOKENIZER_NO_MERGE)
            put_used(list, tables, symbol, &last);
    }
    return status;
}

static int compare_ranks(const void *a, const void *b)
{
    const struct used *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->merged < y->merged ? -1 : x->merged > y->merged;
}

/* Symbols anew
 * ----------------------------------------------------------------------------------- */

/* The new number of each symbol, by its old one, and the old one by the new. */
struct numbers {
    uint32_t *now, *before;
    uint32_t count;
};

static void put_number(struct numbers *numbers, uint32_t symbol)
{
    numbers->before[numbers->count] = symbol;
    numbers->now[symbol] = numbers->count++;
}

/* Bytes are numbered as they are. */
static void number_bytes(struct numbers *numbers, const uint32_t *bytes)
{
    for (; numbers->count < 256; numbers->count++) {
        numbers->before[numbers->count] = bytes[numbers->count];
        if (bytes[numbers->count] != TOKENIZER_NO_ID)
            numbers->now[bytes[numbers->count]] = numbers->count;
    }
}

/* A blank and U+2581 are one symbol. */
static void number_points(struct numbers *numbers, struct slice section)
{
    uint64_t *points = (uint64_t *)(uintptr_t)section.data;

    for (size_t i = 0; i < section.size / sizeof(*points); i++) {
        uint32_t symbol = (uint32_t)points[i];

        if (points[i] == UINT64_MAX)
            continue;
        if (numbers->now[symbol] == TOKENIZER_NO_ID)
            put_number(numbers, symbol);
        points[i] = points[i] >> 32 << 32 | numbers->now[symbol];
    }
}

/* SECTION_SYMBOLS, and in @numbers what is numbered how. */
static enum status number(struct tokenizer_compile *compile, const struct used_list *list,
                          struct numbers *numbers, struct error *err)
{
    size_t symbols = compile->symbols_count, most = symbols + 256;
    uint32_t pieces = compile->parts->size, *ids;

    numbers->now = arena_alloc(&compile->arena, symbols * sizeof(*numbers->now));
    numbers->before = arena_alloc(&compile->arena, most * sizeof(*numbers->before));
    if (numbers->now == NULL || numbers->before == NULL)
        return no_memory(err);
    memset(numbers->now, 0xff, symbols * sizeof(*numbers->now));
    if (compile->parts->settings.kind == TOKENIZER_KIND_BPE)
        number_bytes(numbers, compile->header.bytes);
    else
        number_points(numbers, compile->sections[TOKENIZER_SECTION_POINTS]);
    compile->header.units_count = numbers->count;
    for (uint32_t i = 0; i < list->count; i++)
        put_number(numbers, list->items[i].merged);
    if (numbers->count > TOKENIZER_NO_SYMBOL)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of too many symbols");
    ids =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_SYMBOLS, numbers->count, sizeof(*ids));
    if (ids == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < numbers->count; i++)
        ids[i] = numbers->before[i] < pieces ? numbers->before[i] : TOKENIZER_NO_ID;
    return STATUS_OK;
}

/* The merges of two bytes once more, in a table that needs no search. */
static enum status compile_firsts(struct tokenizer_compile *compile,
                                  const struct tokenizer_merge *merges, uint32_t count,
                                  struct error *err)
{
    uint32_t *firsts;

    if (compile->parts->settings.kind != TOKENIZER_KIND_BPE)
        return STATUS_OK;
    firsts = tokenizer_compile_section(compile, TOKENIZER_SECTION_FIRSTS, 65536, sizeof(*firsts));
    if (firsts == NULL)
        return no_memory(err);
    memset(firsts, 0xff, 65536 * sizeof(*firsts));
    for (uint32_t i = 0; i < count; i++)
        if ((merges[i].left | merges[i].right) < 256)
            firsts[merges[i].left << 8 | merges[i].right] = i;
    return STATUS_OK;
}

/* Merges and symbols are numbered anew, in the order of their ranks; RANKS only where some are
 * equal. */
static enum status replace_merges(struct tokenizer_compile *compile, struct used_list *list,
                                  struct error *err)
{
    struct tokenizer_merge *merges =
        arena_alloc(&compile->arena, list->count * sizeof(*merges) + 1);
    uint32_t *ranks = arena_alloc(&compile->arena, list->count * sizeof(*ranks) + 1);
    struct numbers numbers = { 0 };
    bool are_equal = false;

    if (ranks == NULL || merges == NULL)
        return no_memory(err);
    qsort(list->items, list->count, sizeof(*list->items), compare_ranks);
    if (number(compile, list, &numbers, err) != STATUS_OK)
        return STATUS_DATA_LOSS;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct used *item = &list->items[i];

        merges[i] = (struct tokenizer_merge){ numbers.now[item->left], numbers.now[item->right],
                                              numbers.now[item->merged] };
        /* Both were made, or are units. */
        CHECK(merges[i].left != TOKENIZER_NO_ID && merges[i].right != TOKENIZER_NO_ID);
        ranks[i] = item->rank;
        are_equal = are_equal || (i > 0 && ranks[i] == ranks[i - 1]);
    }
    compile->sections[TOKENIZER_SECTION_MERGED] = (struct slice){ 0 };
    compile->sections[TOKENIZER_SECTION_RANKS] =
        slice_of(ranks, are_equal ? list->count * sizeof(*ranks) : 0);
    compile->header.merges_count = list->count;
    if (compile_firsts(compile, merges, list->count, err) != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    return tokenizer_compile_put_pairs(compile, merges, NULL, list->count, err);
}

enum status tokenizer_compile_used(struct tokenizer_compile *compile,
                                   const struct tokenizer_image *image, struct error *err)
{
    struct tokenizer_tables *tables = arena_alloc(&compile->arena, sizeof(*tables));
    struct used_list list = { 0 };
    enum status status;

    list.items = arena_alloc(&compile->arena, image->pieces_count * sizeof(*list.items));
    if (tables == NULL || list.items == NULL)
        return no_memory(err);
    tokenizer_tables_init(tables, image);
    status = find_used(compile, tables, &list, err);
    return status == STATUS_OK ? replace_merges(compile, &list, err) : status;
}
