/* What is to be replaced in a text, gathered from several ways to read it: places in the caller's
 * bytes, in order and disjoint. Used by deid_redact alone. */
#ifndef DEID_PIECE_H
#define DEID_PIECE_H

#include "base/error.h"
#include "deid_normal.h"
#include "deid_span.h"

/* One way to read a text, and what was found so. */
struct deid_view {
    struct deid_text normal;
    struct deid_spans spans;
};

/* A part of the original to be replaced: a span in its bytes, and what the finders read there. */
struct deid_piece {
    struct deid_span span;
    struct slice folded;
};

struct deid_pieces {
    struct deid_piece *items;
    unsigned count;
};

/* The spans of all of @views, one view after the other, with room for @more in @arena. */
enum status deid_pieces_open(struct deid_pieces *pieces, const struct deid_view *views,
                             unsigned count, unsigned more, struct arena *arena, struct error *err);

/* One more, of those that there is room for: @span is in bytes of normal->folded. */
void deid_pieces_put(struct deid_pieces *pieces, const struct deid_text *normal,
                     struct deid_span span);

/* Bring them in order, and make one of those that overlap; @is_touching: of those that touch as
 * well. */
void deid_pieces_merge(struct deid_pieces *pieces, bool is_touching);

/* Widen them to the words of @text itself: a view of markup does not see the name of a tag
 * ("<h@x"), and what it does not see must not be glued to a code. */
void deid_pieces_widen(struct deid_pieces *pieces, struct slice text);

#endif
