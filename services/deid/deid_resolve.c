#include "deid_resolve.h"

#include <stdlib.h>

#include "deid_token.h"

static int span_compare(const void *left, const void *right)
{
    const struct deid_span *a = left, *b = right;

    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end > b->end ? -1 : a->end < b->end;
}

static bool is_date(const struct deid_span *span)
{
    return span->form == DEID_FORM_DATE || span->form == DEID_FORM_MONTH_DAY;
}

static void span_widen(struct deid_span *span, struct slice text)
{
    if (is_date(span))
        return;
    while (span->start > 0 && deid_is_word(text.data[span->start])
           && deid_is_word(text.data[span->start - 1]))
        span->start--;
    while (span->end < text.size && deid_is_word(text.data[span->end - 1])
           && deid_is_word(text.data[span->end]))
        span->end++;
}

static bool is_stronger(const struct deid_span *a, const struct deid_span *b)
{
    if (a->score != b->score)
        return a->score > b->score;
    return a->end - a->start > b->end - b->start;
}

/* Whether nothing but a blank or a period and a blank lies between two parts of a name. */
static bool is_one_name(const struct deid_span *a, const struct deid_span *b, struct slice text)
{
    struct slice gap = slice_cut(text, a->end, b->start);

    return a->form == DEID_FORM_PERSON && b->form == DEID_FORM_PERSON
           && (slice_is(gap, " ") || slice_is(gap, "-") || slice_is(gap, ""));
}

/* Whether two parts of one place stand together: "Mercy Clinic" in "Royal Oak", "MI 48073". */
static bool is_one_place(const struct deid_span *a, const struct deid_span *b, struct slice text)
{
    struct slice gap = slice_cut(text, a->end, b->start);

    return a->class == DEID_CLASS_GEOGRAPHY && b->class == DEID_CLASS_GEOGRAPHY
           && a->form == DEID_FORM_VALUE && b->form == DEID_FORM_VALUE
           && (slice_is(gap, " in ") || slice_is(gap, ", ") || slice_is(gap, " ")
               || slice_is(gap, " of ") || slice_is(gap, ",\n") || slice_is(gap, ",")
               || slice_is(gap, "-"));
}

/* @into takes @span in: the whole is of the stronger's kind; a date that became part of something
 * else is a value. */
static void span_join(struct deid_span *into, const struct deid_span *span)
{
    struct deid_span whole = is_stronger(span, into) ? *span : *into;
    bool is_same = whole.start == into->start && whole.end >= span->end && whole.end >= into->end;

    whole.start = into->start;
    whole.end = span->end > into->end ? span->end : into->end;
    if (!is_same
        && (is_date(&whole) || whole.form == DEID_FORM_AGE || whole.form == DEID_FORM_POSTAL))
        whole.form = DEID_FORM_VALUE;
    *into = whole;
}

void deid_resolve(struct deid_spans *spans, struct slice folded)
{
    unsigned kept = 0, i;

    if (spans->count == 0)
        return;
    for (i = 0; i < spans->count; i++)
        span_widen(&spans->items[i], folded);
    qsort(spans->items, spans->count, sizeof(spans->items[0]), span_compare);
    for (i = 1; i < spans->count; i++) {
        struct deid_span *last = &spans->items[kept], *span = &spans->items[i];

        if (span->start < last->end || is_one_name(last, span, folded)
            || is_one_place(last, span, folded))
            span_join(last, span);
        else
            spans->items[++kept] = *span;
    }
    spans->count = kept + 1;
}
