#include "tokenizer_merge.h"

/* A pair that could be joined when it was seen. It is stale when either half has changed since:
 * then the sizes differ. */
struct candidate {
    uint64_t key; /* rank, then position */
    uint32_t left, right;
    uint32_t size; /* of both */
    uint32_t merged;
};

struct heap {
    struct candidate *items;
    uint32_t count;
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

struct merging {
    const struct tokenizer_vocab *vocab;
    struct slice text;
    struct tokenizer_symbol *symbols;
    tokenizer_merge_cb merge;
    struct heap heap;
};

static void consider(struct merging *merging, uint32_t left, uint32_t right)
{
    const struct tokenizer_symbol *a = &merging->symbols[left], *b = &merging->symbols[right];
    struct candidate candidate = { .left = left, .right = right, .size = a->size + b->size };
    uint32_t rank;

    if (!merging->merge(merging->vocab, merging->text, a, b, &rank, &candidate.merged))
        return;
    candidate.key = (uint64_t)rank << 32 | left;
    heap_push(&merging->heap, candidate);
}

static void join(struct merging *merging, const struct candidate *candidate)
{
    struct tokenizer_symbol *left = &merging->symbols[candidate->left];
    struct tokenizer_symbol *right = &merging->symbols[candidate->right];

    left->size = candidate->size;
    left->id = candidate->merged;
    left->next = right->next;
    right->size = 0;
    if (left->next != TOKENIZER_NO_ID) {
        merging->symbols[left->next].previous = candidate->left;
        consider(merging, candidate->left, left->next);
    }
    if (left->previous != TOKENIZER_NO_ID)
        consider(merging, left->previous, candidate->left);
}

bool tokenizer_merge(const struct tokenizer_vocab *vocab, struct slice text,
                     struct tokenizer_symbol *symbols, uint32_t count, tokenizer_merge_cb merge,
                     struct arena *scratch)
{
    struct merging merging = { vocab, text, symbols, merge, { 0 } };

    /* At the start count - 1 pairs; each join takes one candidate out and puts at most two in. */
    merging.heap.items = arena_alloc(scratch, (size_t)count * 2 * sizeof(*merging.heap.items));
    if (merging.heap.items == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        symbols[i].previous = i == 0 ? TOKENIZER_NO_ID : i - 1;
        symbols[i].next = i + 1 == count ? TOKENIZER_NO_ID : i + 1;
    }
    for (uint32_t i = 0; i + 1 < count; i++)
        consider(&merging, i, i + 1);
    while (merging.heap.count > 0) {
        struct candidate top = heap_pop(&merging.heap);
        const struct tokenizer_symbol *left = &symbols[top.left], *right = &symbols[top.right];

        if (left->size > 0 && right->size > 0 && left->next == top.right
            && left->size + right->size == top.size)
            join(&merging, &top);
    }
    return true;
}
