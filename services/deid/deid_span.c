#include "deid_span.h"

#include <string.h>

#define SPANS_CAPACITY_FIRST 16

void deid_spans_init(struct deid_spans *spans, struct arena *arena)
{
    *spans = (struct deid_spans){ .arena = arena };
}

static bool spans_grow(struct deid_spans *spans)
{
    unsigned capacity = spans->capacity == 0 ? SPANS_CAPACITY_FIRST : spans->capacity * 2;
    struct deid_span *items = arena_alloc(spans->arena, capacity * sizeof(*items));

    if (items == NULL)
        return false;
    if (spans->count > 0)
        memcpy(items, spans->items, spans->count * sizeof(*items));
    spans->items = items;
    spans->capacity = capacity;
    return true;
}

void deid_spans_add(struct deid_spans *spans, struct deid_span span)
{
    if (span.start >= span.end || spans->is_full)
        return;
    if (spans->count == spans->capacity && !spans_grow(spans)) {
        spans->is_full = true;
        return;
    }
    spans->items[spans->count++] = span;
}
