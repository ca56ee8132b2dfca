/* All pairs in a heap, by rank, then position: n log n for any input. */
#include "tokenizer_merge.h"

/* A stretch of units that stays together. */
struct symbol {
    uint32_t id, size;       /* size 0: joined to the symbol before it */
    uint32_t previous, next; /* indexes; TOKENIZER_NO_ID at the ends */
};

/* A pair that could be joined when it was seen. It is stale when either half has changed since:
 * then the sizes differ. */
struct candidate {
    uint64_t key; /* rank, then position */
    uint32_t left, right;
    uint32_t size; /* of both */
    uint32_t merge;
};

struct heap {
    const struct tokenizer_tables *tables;
    struct symbol *symbols;
    struct candidate *items;
    uint32_t count;
    struct tokenizer_join *last; /* NULL: not asked for */
};

static void heap_push(struct heap *heap, struct candidate item)
{
    uint32_t at = heap->count++;

    while (at > 0 && heap->items[(at - 1) / 2].key > item.key) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = item;
}

static struct candidate heap_pop(struct heap *heap)
{
    struct candidate top = heap->items[0], last = heap->items[--heap->count];
    uint32_t at = 0, child;

    while ((child = 2 * at + 1) < heap->count) {
        if (child + 1 < heap->count && heap->items[child + 1].key < heap->items[child].key)
            child++;
        if (heap->items[child].key >= last.key)
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = last;
    return top;
}

static void consider(struct heap *heap, uint32_t left, uint32_t right)
{
    const struct symbol *a = &heap->symbols[left], *b = &heap->symbols[right];
    struct candidate candidate = { .left = left, .right = right, .size = a->size + b->size };
    uint32_t rank;

    candidate.merge = tokenizer_tables_pair(heap->tables, a->id, b->id);
    if (candidate.merge == TOKENIZER_NO_MERGE)
        return;
    rank = heap->tables->ranks == NULL ? candidate.merge : heap->tables->ranks[candidate.merge];
    candidate.key = (uint64_t)rank << 32 | left;
    heap_push(heap, candidate);
}

static void join(struct heap *heap, const struct candidate *candidate)
{
    struct symbol *left = &heap->symbols[candidate->left];
    struct symbol *right = &heap->symbols[candidate->right];

    if (heap->last != NULL)
        *heap->last = (struct tokenizer_join){ left->id, right->id, candidate->merge };
    left->size = candidate->size;
    left->id = tokenizer_tables_merged(heap->tables, candidate->merge);
    left->next = right->next;
    right->size = 0;
    if (left->next != TOKENIZER_NO_ID) {
        heap->symbols[left->next].previous = candidate->left;
        consider(heap, candidate->left, left->next);
    }
    if (left->previous != TOKENIZER_NO_ID)
        consider(heap, left->previous, candidate->left);
}

static void join_all(struct heap *heap)
{
    while (heap->count > 0) {
        struct candidate top = heap_pop(heap);
        const struct symbol *left = &heap->symbols[top.left], *right = &heap->symbols[top.right];

        if (left->size > 0 && right->size > 0 && left->next == top.right
            && left->size + right->size == top.size)
            join(heap, &top);
    }
}

size_t tokenizer_merge_heap(const struct tokenizer_tables *tables, const uint32_t *units,
                            size_t count, uint32_t *symbols, uint32_t *sizes, struct arena *scratch,
                            struct tokenizer_join *last)
{
    struct heap heap = { .tables = tables, .last = last };
    size_t out = 0;

    /* At the start count - 1 pairs; each join takes one candidate out and puts at most two in. */
    heap.symbols = arena_alloc(scratch, count * sizeof(*heap.symbols));
    heap.items = arena_alloc(scratch, count * 2 * sizeof(*heap.items));
    if (heap.symbols == NULL || heap.items == NULL)
        return SIZE_MAX;
    for (uint32_t i = 0; i < count; i++) {
        heap.symbols[i] = (struct symbol){ units[i], 1, i - 1, i + 1 };
        if (i + 1 == count)
            heap.symbols[i].next = TOKENIZER_NO_ID;
    }
    for (uint32_t i = 0; i + 1 < count; i++)
        consider(&heap, i, i + 1);
    join_all(&heap);
    for (uint32_t i = 0; i < count; i++) {
        if (heap.symbols[i].size == 0)
            continue;
        symbols[out] = heap.symbols[i].id;
        sizes[out++] = heap.symbols[i].size;
    }
    return out;
}
