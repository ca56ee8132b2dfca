#include "deid_piece.h"

#include <stdlib.h>

#include "deid_token.h"

void deid_pieces_put(struct deid_pieces *pieces, const struct deid_text *normal,
                     struct deid_span span)
{
    struct slice folded = slice_cut(normal->folded, span.start, span.end);

    span.start = deid_normal_start(normal, span.start);
    span.end = deid_normal_end(normal, span.end);
    pieces->items[pieces->count++] = (struct deid_piece){ span, folded };
}

enum status deid_pieces_open(struct deid_pieces *pieces, const struct deid_view *views,
                             unsigned count, unsigned more, struct arena *arena, struct error *err)
{
    size_t total = more + 1;

    for (unsigned i = 0; i < count; i++)
        total += views[i].spans.count;
    *pieces = (struct deid_pieces){ arena_alloc(arena, total * sizeof(struct deid_piece)), 0 };
    if (pieces->items == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu spans", total);
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = 0; j < views[i].spans.count; j++)
            deid_pieces_put(pieces, &views[i].normal, views[i].spans.items[j]);
    return STATUS_OK;
}

static int piece_compare(const void *left, const void *right)
{
    const struct deid_span *a = &((const struct deid_piece *)left)->span,
                           *b = &((const struct deid_piece *)right)->span;

    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end > b->end ? -1 : a->end < b->end;
}

/* @into takes @piece in: what holds the other stays what it is, two that only overlap are a value.
 */
static void piece_join(struct deid_piece *into, const struct deid_piece *piece)
{
    bool is_person = into->span.form == DEID_FORM_PERSON && piece->span.form == DEID_FORM_PERSON;

    if (piece->span.end <= into->span.end)
        return;
    if (piece->span.score > into->span.score)
        into->span.class = piece->span.class;
    into->span.form = is_person ? DEID_FORM_PERSON : DEID_FORM_VALUE;
    into->span.end = piece->span.end;
}

void deid_pieces_merge(struct deid_pieces *pieces, bool is_touching)
{
    unsigned kept = 0;

    if (pieces->count == 0)
        return;
    qsort(pieces->items, pieces->count, sizeof(pieces->items[0]), piece_compare);
    for (unsigned i = 1; i < pieces->count; i++) {
        struct deid_piece *last = &pieces->items[kept], *piece = &pieces->items[i];

        if (piece->span.start < last->span.end
            || (is_touching && piece->span.start == last->span.end))
            piece_join(last, piece);
        else
            pieces->items[++kept] = *piece;
    }
    pieces->count = kept + 1;
}

static bool is_word_byte(char c)
{
    return deid_is_word(c) || (unsigned char)c >= 0x80;
}

void deid_pieces_widen(struct deid_pieces *pieces, struct slice text)
{
    for (unsigned i = 0; i < pieces->count; i++) {
        struct deid_span *span = &pieces->items[i].span;

        while (span->start > 0 && is_word_byte(text.data[span->start - 1]))
            span->start--;
        while (span->end < text.size && is_word_byte(text.data[span->end]))
            span->end++;
    }
}
