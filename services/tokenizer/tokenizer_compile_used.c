/* A vocabulary lists merges that are never made: Llama-3 has 280,147 for 128,000 pieces, every way
 * to cut a piece in two. But a symbol comes about in one way only. Until it is there, nothing has
 * joined across its ends, and the lowest pair of all, where it lies between them, is the lowest of
 * its own text too: so whatever stands around it, its text was merged as it is merged alone. One
 * merge makes it at the end, and all others that would make it can go. */
#include "tokenizer_compile_used.h"

#include <stdlib.h>

#include "tokenizer_merge.h"
#include "tokenizer_word.h"

/* 1 MiB: with more the table is not worth its place near the processor. */
#define FIRSTS_BITS_MAX 9

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

/* The merges of bytes once more, in a table that needs no search, where their ids are low: so they
 * are in all that train on bytes. */
static enum status compile_firsts(struct tokenizer_compile *compile, const struct used_list *list,
                                  struct error *err)
{
    uint32_t bits = 8, *firsts;

    if (compile->parts->settings.kind != TOKENIZER_KIND_BPE)
        return STATUS_OK;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t id = compile->header.bytes[byte];

        while (id != TOKENIZER_NO_ID && id >> bits != 0 && bits <= FIRSTS_BITS_MAX)
            bits++;
    }
    if (bits > FIRSTS_BITS_MAX)
        return STATUS_OK;
    firsts = tokenizer_compile_section(compile, TOKENIZER_SECTION_FIRSTS, (uint64_t)1 << 2 * bits,
                                       sizeof(*firsts));
    if (firsts == NULL)
        return no_memory(err);
    memset(firsts, 0xff, sizeof(*firsts) << 2 * bits);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct used *item = &list->items[i];

        if ((item->left | item->right) >> bits == 0)
            firsts[item->left << bits | item->right] = i;
    }
    return STATUS_OK;
}

/* Merges are numbered anew, in the order of their ranks; RANKS only where some are equal. */
static enum status replace_merges(struct tokenizer_compile *compile, struct used_list *list,
                                  struct error *err)
{
    uint32_t *merged =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_MERGED, list->count, sizeof(*merged));
    uint32_t *ranks = arena_alloc(&compile->arena, list->count * sizeof(*ranks) + 1);
    struct tokenizer_merge *merges =
        arena_alloc(&compile->arena, list->count * sizeof(*merges) + 1);
    bool are_equal = false;

    if (merged == NULL || ranks == NULL || merges == NULL)
        return no_memory(err);
    qsort(list->items, list->count, sizeof(*list->items), compare_ranks);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct used *item = &list->items[i];

        merges[i] = (struct tokenizer_merge){ item->left, item->right, item->merged };
        merged[i] = item->merged;
        ranks[i] = item->rank;
        are_equal = are_equal || (i > 0 && ranks[i] == ranks[i - 1]);
    }
    compile->sections[TOKENIZER_SECTION_RANKS] =
        slice_of(ranks, are_equal ? list->count * sizeof(*ranks) : 0);
    compile->header.merges_count = list->count;
    if (compile_firsts(compile, list, err) != STATUS_OK)
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
