/* Merges come as a list in the order of their ranks, or follow from scores: then any two symbols
 * join whose text together is a piece, at the rank of that piece. */
#include "tokenizer_compile_pairs.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/utf8.h"
#include "tokenizer_tables.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */
#define BLANK_POINT 0x2581u

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
}

/* Symbols of code points (SPM)
 * ------------------------------------------------------------------- */

static uint64_t *point_slot(uint64_t *points, uint32_t slots, uint32_t point)
{
    uint32_t at = (point * 0x9e3779b1u) >> 8 & (slots - 1);

    while (points[at] != UINT64_MAX && points[at] >> 32 != point)
        at = (at + 1) & (slots - 1);
    return &points[at];
}

/* How many code points the normal pieces are made of; 0 when there is no memory. */
static uint32_t count_points(struct tokenizer_compile *compile)
{
    const struct tokenizer_parts *parts = compile->parts;
    uint8_t *seen = arena_alloc_zero(&compile->arena, 0x110000, 1);
    uint32_t count = 0;
    size_t step;

    for (uint32_t id = 0; id < parts->size && seen != NULL; id++) {
        struct slice text = parts->pieces[id];

        for (size_t at = 0; at < text.size; at += step) {
            uint32_t point = utf8_decode(slice_cut(text, at, text.size), &step);

            if (point == UTF8_INVALID || seen[point])
                continue;
            seen[point] = 1;
            count++;
        }
    }
    return count;
}

static enum status put_point(struct tokenizer_compile *compile, uint64_t *points, uint32_t slots,
                             struct slice text, uint32_t point, struct error *err)
{
    uint64_t *slot = point_slot(points, slots, point);
    uint32_t id;

    if (*slot != UINT64_MAX)
        return STATUS_OK;
    id = tokenizer_parts_find(compile->parts, text);
    if (id == TOKENIZER_NO_ID)
        id = compile->symbols_count++;
    if (id >= TOKENIZER_NO_SYMBOL)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of too many symbols");
    *slot = (uint64_t)point << 32 | id;
    return STATUS_OK;
}

/* A blank in a text is U+2581 in a piece: both are the same symbol. */
static void put_blank(uint64_t *points, uint32_t slots)
{
    uint64_t blank = *point_slot(points, slots, BLANK_POINT);

    if (blank != UINT64_MAX)
        *point_slot(points, slots, ' ') = (uint64_t)' ' << 32 | (uint32_t)blank;
}

static enum status compile_points(struct tokenizer_compile *compile, struct error *err)
{
    const struct tokenizer_parts *parts = compile->parts;
    uint32_t slots = tokenizer_compile_slots(count_points(compile) + 1);
    uint64_t *points;
    size_t step;

    points = tokenizer_compile_section(compile, TOKENIZER_SECTION_POINTS, slots, sizeof(*points));
    if (points == NULL)
        return no_memory(err);
    memset(points, 0xff, slots * sizeof(*points));
    for (uint32_t id = 0; id < parts->size; id++) {
        struct slice text = parts->pieces[id];

        if (parts->types[id] != TOKENIZER_PIECE_NORMAL)
            continue;
        for (size_t at = 0; at < text.size; at += step) {
            uint32_t point = utf8_decode(slice_cut(text, at, text.size), &step);

            if (point != UTF8_INVALID
                && put_point(compile, points, slots, slice_of(text.data + at, step), point, err)
                       != STATUS_OK)
                return STATUS_DATA_LOSS;
        }
    }
    put_blank(points, slots);
    return STATUS_OK;
}

/* Where pieces hold one byte directly after another, at a border of two symbols. In SPM a blank
 * stands for U+2581. */
static void put_adjacent_bytes(uint8_t *adjacent, struct slice text)
{
    for (size_t at = 1; at < text.size; at++) {
        unsigned before = (unsigned char)text.data[at - 1], after = (unsigned char)text.data[at];

        adjacent[before * 32 + after / 8] |= (uint8_t)(1 << after % 8);
    }
}

static void put_adjacent(uint8_t *adjacent, struct slice text)
{
    unsigned char before = 0;
    size_t step;

    for (size_t at = 0; at < text.size; at += step) {
        bool is_blank = utf8_decode(slice_cut(text, at, text.size), &step) == BLANK_POINT;
        unsigned char after = is_blank ? ' ' : (unsigned char)text.data[at];

        if (at > 0)
            adjacent[before * 32 + after / 8] |= (uint8_t)(1 << after % 8);
        before = is_blank ? ' ' : (unsigned char)text.data[at + step - 1];
    }
}

static enum status compile_adjacent(struct tokenizer_compile *compile, struct error *err)
{
    const struct tokenizer_parts *parts = compile->parts;
    uint8_t *adjacent = tokenizer_compile_section(compile, TOKENIZER_SECTION_ADJACENT, 8192, 1);

    if (adjacent == NULL)
        return no_memory(err);
    for (uint32_t id = 0; id < parts->size; id++) {
        if (parts->types[id] != TOKENIZER_PIECE_NORMAL)
            continue;
        if (parts->settings.kind == TOKENIZER_KIND_SPM)
            put_adjacent(adjacent, parts->pieces[id]);
        else
            put_adjacent_bytes(adjacent, parts->pieces[id]);
    }
    return STATUS_OK;
}

/* Merges by score
 * ---------------------------------------------------------------------------------- */

/* The symbol that @text is, or TOKENIZER_NO_SYMBOL. */
static uint32_t symbol_of(struct tokenizer_compile *compile, struct slice text)
{
    struct slice points = compile->sections[TOKENIZER_SECTION_POINTS];
    uint32_t id = tokenizer_parts_find(compile->parts, text), point;
    uint64_t slot;
    size_t step;

    if (id != TOKENIZER_NO_ID)
        return id;
    point = utf8_decode(text, &step);
    if (step != text.size || point == UTF8_INVALID)
        return TOKENIZER_NO_SYMBOL;
    slot = *point_slot((uint64_t *)(uintptr_t)points.data, (uint32_t)(points.size / sizeof(slot)),
                       point);
    return slot == UINT64_MAX ? TOKENIZER_NO_SYMBOL : (uint32_t)slot;
}

struct merge_list {
    struct tokenizer_merge *merges;
    uint32_t *orders; /* the index of each merge in MERGED; NULL: its own */
    uint32_t count, max;
};

/* Every way to cut the text of @id into two symbols. False when there are more than the list has
 * room for. */
static bool put_cuts(struct tokenizer_compile *compile, struct merge_list *list, uint32_t id,
                     uint32_t order)
{
    struct slice text = compile->parts->pieces[id];
    size_t step;

    for (size_t at = 0; at < text.size; at += step) {
        uint32_t left, right;

        utf8_decode(slice_cut(text, at, text.size), &step);
        if (at == 0)
            continue;
        left = symbol_of(compile, slice_cut(text, 0, at));
        right = symbol_of(compile, slice_cut(text, at, text.size));
        if (left == TOKENIZER_NO_SYMBOL || right == TOKENIZER_NO_SYMBOL)
            continue;
        if (list->count == list->max)
            return false;
        list->merges[list->count] = (struct tokenizer_merge){ left, right, id };
        list->orders[list->count++] = order;
    }
    return true;
}

static int compare_scores(const void *a, const void *b, void *arg)
{
    const struct tokenizer_parts *parts = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    if (parts->scores[x] != parts->scores[y])
        return parts->scores[x] > parts->scores[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Ranks from scores: pieces of one score share a rank, and the leftmost of them joins first. The
 * section stays empty where no two do. */
static enum status put_ranks(struct tokenizer_compile *compile, const uint32_t *ids, uint32_t count,
                             struct error *err)
{
    const float *scores = compile->parts->scores;
    uint32_t *merged =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_MERGED, count + 1, sizeof(*merged));
    uint32_t *ranks = arena_alloc(&compile->arena, count * sizeof(*ranks) + 1);
    uint32_t rank = 0;

    if (merged == NULL || ranks == NULL)
        return no_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        rank += i > 0 && scores[ids[i]] < scores[ids[i - 1]];
        ranks[i] = rank;
        merged[i] = ids[i];
    }
    if (count > 0 && rank + 1 < count)
        compile->sections[TOKENIZER_SECTION_RANKS] = slice_of(ranks, count * sizeof(*ranks));
    return STATUS_OK;
}

static enum status merges_by_score(struct tokenizer_compile *compile, struct merge_list *list,
                                   struct error *err)
{
    struct tokenizer_parts *parts = compile->parts;
    uint32_t *ids = arena_alloc(&compile->arena, parts->size * sizeof(*ids));
    uint32_t count = 0, kept = 0, before;

    list->max = TOKENIZER_MERGES_MAX;
    list->merges = arena_alloc(&compile->arena, (size_t)list->max * sizeof(*list->merges));
    list->orders = arena_alloc(&compile->arena, (size_t)list->max * sizeof(*list->orders));
    if (ids == NULL || list->merges == NULL || list->orders == NULL)
        return no_memory(err);
    for (uint32_t id = 0; id < parts->size; id++) {
        if (parts->types[id] == TOKENIZER_PIECE_NORMAL
            && tokenizer_parts_find(parts, parts->pieces[id]) == id)
            ids[count++] = id;
    }
    qsort_r(ids, count, sizeof(*ids), compare_scores, parts);
    /* Pieces that nothing merges to need no rank. */
    for (uint32_t i = 0; i < count; i++) {
        before = list->count;
        if (!put_cuts(compile, list, ids[i], kept))
            return error_set(err, STATUS_DATA_LOSS, "the vocabulary has more than %u merges",
                             TOKENIZER_MERGES_MAX);
        if (list->count > before)
            ids[kept++] = ids[i];
    }
    return put_ranks(compile, ids, kept, err);
}

/* Merges from a list
 * ------------------------------------------------------------------------------- */

static enum status merges_as_listed(struct tokenizer_compile *compile, struct merge_list *list,
                                    struct error *err)
{
    const struct tokenizer_parts *parts = compile->parts;
    uint32_t *merged = tokenizer_compile_section(
        compile, TOKENIZER_SECTION_MERGED, (uint64_t)parts->merges_count + 1, sizeof(*merged));

    if (merged == NULL)
        return no_memory(err);
    list->merges = parts->merges;
    list->count = parts->merges_count;
    for (uint32_t i = 0; i < list->count; i++)
        merged[i] = list->merges[i].merged;
    return STATUS_OK;
}

enum status tokenizer_compile_put_pairs(struct tokenizer_compile *compile,
                                        const struct tokenizer_merge *merges,
                                        const uint32_t *orders, uint32_t count, struct error *err)
{
    uint32_t slots = tokenizer_compile_slots(count), all = slots + TOKENIZER_PAIR_SLOTS, at, shift;
    uint64_t *pairs =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_PAIRS, all, sizeof(*pairs));
    uint64_t *filter =
        tokenizer_compile_filter(compile, TOKENIZER_SECTION_PAIR_FILTER, count, &shift);

    if (pairs == NULL || filter == NULL)
        return no_memory(err);
    memset(pairs, 0xff, all * sizeof(*pairs));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = tokenizer_pair_key(merges[i].left, merges[i].right);
        uint64_t hash = tokenizer_pair_hash(key);

        tokenizer_compile_put_hash(filter, shift, hash);
        at = tokenizer_pair_slot(hash, slots - 1);
        while (pairs[at] != UINT64_MAX && pairs[at] >> TOKENIZER_PAIR_BITS != key)
            at = (at + 1) & (slots - 1);
        if (pairs[at] == UINT64_MAX)
            pairs[at] = key << TOKENIZER_PAIR_BITS | (orders == NULL ? i : orders[i]);
    }
    return STATUS_OK;
}

enum status tokenizer_compile_pairs(struct tokenizer_compile *compile, struct error *err)
{
    const struct tokenizer_settings *settings = &compile->parts->settings;
    struct merge_list list = { 0 };
    enum status status = STATUS_OK;

    compile->symbols_count = compile->parts->size;
    if (settings->kind == TOKENIZER_KIND_SPM)
        status = compile_points(compile, err);
    if (status == STATUS_OK)
        status = compile_adjacent(compile, err);
    if (status == STATUS_OK)
        status = settings->kind == TOKENIZER_KIND_SPM && settings->merges_by_score
                     ? merges_by_score(compile, &list, err)
                     : merges_as_listed(compile, &list, err);
    if (status == STATUS_OK)
        status = tokenizer_compile_put_pairs(compile, list.merges, list.orders, list.count, err);
    return status;
}
