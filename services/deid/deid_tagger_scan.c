#include "deid_tagger_scan.h"

/* What everybody in a country shares. */
#define FLAGS_LARGE                                                                                \
    (DEID_WORD_COUNTRY | DEID_WORD_NATION | DEID_WORD_STATE | DEID_WORD_STATE_ABBR                 \
     | DEID_WORD_STATE_FIRST | DEID_WORD_TITLE | DEID_WORD_STOP)

struct scan {
    const struct deid_tokens *tokens;
    const struct deid_tagger_least *least;
    struct deid_spans *spans;
    bool has_capitals; /* the chunk is written with capitals, so names have one */
};

static int least_of(const struct deid_tagger_least *least, unsigned tag)
{
    return tag <= DEID_TAG_NAME_INSIDE    ? least->name
           : tag <= DEID_TAG_PLACE_INSIDE ? least->place
                                          : least->house;
}

static bool is_large(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    unsigned i;

    for (i = first; i < end; i++)
        if (!(tokens->items[i].flags & FLAGS_LARGE))
            return false;
    return true;
}

/* Some word of it begins with a capital or is a number, or is in a script without them. */
static bool is_proper(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    unsigned i;

    for (i = first; i < end; i++)
        if (tokens->items[i].shape != DEID_SHAPE_LOWER)
            return true;
    return false;
}

static float score_of(int margin)
{
    return margin >= 5 * DEID_TAGGER_UNIT   ? DEID_SCORE_SHAPE
           : margin >= 2 * DEID_TAGGER_UNIT ? DEID_SCORE_LIST
                                            : DEID_SCORE_WEAK;
}

static void span_add(const struct scan *scan, unsigned first, unsigned end, unsigned tag,
                     int margin)
{
    bool is_name = tag <= DEID_TAG_NAME_INSIDE;

    if ((scan->least->is_capital && scan->has_capitals && !is_proper(scan->tokens, first, end))
        || (!is_name && is_large(scan->tokens, first, end)))
        return;
    deid_spans_add(scan->spans,
                   (struct deid_span){ .start = scan->tokens->items[first].start,
                                       .end = scan->tokens->items[end - 1].end,
                                       .class = is_name ? DEID_CLASS_NAME : DEID_CLASS_GEOGRAPHY,
                                       .form = is_name ? DEID_FORM_PERSON : DEID_FORM_VALUE,
                                       .score = score_of(margin) });
}

/* Runs of one kind, each token above what is asked of its kind; a begin tag begins another. */
static void chunk_scan(const struct scan *scan, unsigned start, unsigned count,
                       const struct deid_tagged *tagged)
{
    unsigned i = 0;

    while (i < count) {
        unsigned tag = tagged[i].likely, end = i + 1;
        int margin = tagged[i].margin;

        if (margin <= least_of(scan->least, tag)) {
            i++;
            continue;
        }
        tag = deid_tag_is_begin(tag) ? tag : tag - 1;
        while (end < count && tagged[end].likely == tag + 1
               && tagged[end].margin > least_of(scan->least, tag)) {
            margin = tagged[end].margin < margin ? tagged[end].margin : margin;
            end++;
        }
        span_add(scan, start + i, start + end, tag, margin);
        i = end;
    }
}

static bool has_capitals(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    unsigned capitals = 0, lower = 0, i;

    for (i = first; i < end; i++) {
        capitals += tokens->items[i].shape == DEID_SHAPE_CAPITAL;
        lower += tokens->items[i].shape == DEID_SHAPE_LOWER;
    }
    return capitals * 16 > lower;
}

void deid_tagger_scan(const struct deid_tagger *tagger, const struct deid_tokens *tokens,
                      const struct deid_tagger_least *least, struct deid_spans *spans)
{
    struct scan scan = { tokens, least, spans, true };
    struct deid_tagged tagged[DEID_TAGGER_CHUNK];
    unsigned first = 0;

    while (first < tokens->count) {
        unsigned end = deid_tagger_chunk(tokens, first, tokens->count);

        scan.has_capitals = has_capitals(tokens, first, end);
        deid_tagger_run(tagger, tokens, first, end, tagged);
        chunk_scan(&scan, first, end - first, tagged);
        first = end;
    }
}
