#include "deid_edge.h"

#include "deid_like.h"
#include "deid_scanner.h"

/* "Riverside ER": the part of the house is of its name. */
static bool is_ward(const struct deid_tokens *tokens, unsigned index)
{
    static const char *const wards[] = { "er",   "ed",    "icu", "nicu",    "picu",
                                         "micu", "sicu",  "ccu", "pacu",    "snf",
                                         "ltac", "ltach", "irf", "nursery", NULL };

    return index < tokens->count && deid_like_gap(tokens, index - 1, " ")
           && deid_like_shape(tokens, index) == DEID_SHAPE_UPPER
           && deid_scanner_is_one_of(deid_token_text(tokens, index), wards);
}

/* "at The Grove Hospital": an article with a capital inside of a sentence. */
static bool is_article(const struct deid_tokens *tokens, unsigned index)
{
    return slice_is(deid_token_text(tokens, index), "The") && deid_like_gap(tokens, index, " ")
           && !deid_like_starts(tokens, index);
}

/* "seen at Lakeside Clinic last week": when somebody was where, by the day of the text. The end of
 * it, or @index. */
static unsigned visit_end(const struct deid_tokens *tokens, unsigned index)
{
    static const char *const sides[] = { "last", "past", NULL };
    static const char *const spells[] = { "week", "month", "weekend", "fortnight", NULL };

    if (tokens->is_plain || index + 1 >= tokens->count || !deid_like_gap(tokens, index - 1, " ")
        || !deid_like_gap(tokens, index, " ")
        || !deid_scanner_is_one_of(deid_token_text(tokens, index), sides)
        || !deid_scanner_is_one_of(deid_token_text(tokens, index + 1), spells))
        return index;
    return index + 2;
}

static void widen(const struct deid_tokens *tokens, struct deid_spans *spans,
                  struct deid_span *span)
{
    unsigned first = deid_token_at(tokens, span->start),
             next = deid_token_at(tokens, span->end - 1) + 1, end;

    if (is_ward(tokens, next))
        span->end = tokens->items[next++].end;
    if (first > 0 && is_article(tokens, first - 1))
        span->start = tokens->items[first - 1].start;
    end = visit_end(tokens, next);
    if (end > next)
        deid_spans_add(spans,
                       (struct deid_span){ tokens->items[next].start, tokens->items[end - 1].end,
                                           DEID_CLASS_DATE, DEID_FORM_VALUE, DEID_SCORE_WEAK });
}

void deid_edge_widen(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from)
{
    unsigned count = spans->count;

    for (unsigned i = from; i < count && !spans->is_full; i++) {
        struct deid_span span = spans->items[i];

        if (span.class != DEID_CLASS_GEOGRAPHY || span.form != DEID_FORM_VALUE)
            continue;
        widen(tokens, spans, &span);
        spans->items[i] = span;
    }
}
