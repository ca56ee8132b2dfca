#include "deid_tagger_scan.h"

#include "deid_facility.h"
#include "deid_like.h"

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
        || (!is_name && is_large(scan->tokens, first, end))
        || (tag >= DEID_TAG_HOUSE_BEGIN && deid_facility_is_quoted(scan->tokens, first)))
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

/* What is hardly ever a name. */
#define FLAGS_PLAIN                                                                                \
    (DEID_WORD_MEDICAL | DEID_WORD_MONTH | DEID_WORD_WEEKDAY | DEID_WORD_NATION                    \
     | DEID_WORD_CREDENTIAL | DEID_WORD_TITLE | DEID_WORD_ID_LABEL | DEID_WORD_STOP)
#define STEPS_RARE 5 /* of a name that is also such a word */
#define ODDS_LOWER 8 /* quarters of a bit: from here a word in small letters may be a name */

/* Whether there is anything to decide: most sentences have no such word. */
static bool is_candidate(const struct deid_tokens *tokens, unsigned index, bool is_first)
{
    const struct deid_token *token = &tokens->items[index];
    const struct deid_facts *facts = token->facts;

    if (token->shape == DEID_SHAPE_NUMBER || token->shape == DEID_SHAPE_INITIAL
        || (deid_like_shape(tokens, index) == DEID_SHAPE_OTHER
            && (tokens->text.data[token->start] | 32) < 'a')) /* "2nd", a bullet */
        return false;
    if (token->shape == DEID_SHAPE_LOWER)
        return facts->odds >= ODDS_LOWER && !(facts->flags & DEID_WORD_ENGLISH);
    if (facts->flags & FLAGS_PLAIN)
        return facts->given + facts->family > STEPS_RARE;
    return !is_first || !(facts->flags & DEID_WORD_ENGLISH) || facts->odds > 0;
}

static bool is_sentence_end(const struct deid_tokens *tokens, unsigned index)
{
    return deid_token_ends_line(tokens, index)
           || (tokens->items[index].shape == DEID_SHAPE_LOWER
               && slice_starts_with(deid_tokens_gap(tokens, index), SLICE(". ")));
}

static void range_scan(const struct deid_tagger *tagger, struct scan *scan, unsigned first,
                       unsigned end)
{
    struct deid_tagged tagged[DEID_TAGGER_CHUNK];

    while (first < end) {
        unsigned stop = deid_tagger_chunk(scan->tokens, first, end);

        deid_tagger_run(tagger, scan->tokens, first, stop, tagged);
        chunk_scan(scan, first, stop - first, tagged);
        first = stop;
    }
}

/* A sentence is read when it has a candidate, or stands beside one that has: lines of an address
 * have their sense from each other. Among medicine only lines do. */
struct reading {
    unsigned from;     /* where the sentences begin that are to be read at once */
    unsigned previous; /* the sentence before */
    bool is_open, is_after;
};

static void sentence_scan(const struct deid_tagger *tagger, struct scan *scan,
                          struct reading *reading, unsigned first, bool is_wanted)
{
    bool is_line =
        scan->tokens->is_plain || (first > 0 && deid_token_ends_line(scan->tokens, first - 1));

    if (is_wanted && !reading->is_open)
        reading->from = is_line ? reading->previous : first;
    if (!is_wanted && reading->is_open && !(reading->is_after && is_line)) {
        range_scan(tagger, scan, reading->from, first);
        reading->is_open = false;
    }
    reading->is_open |= is_wanted;
    reading->is_after = is_wanted;
    reading->previous = first;
}

void deid_tagger_scan(const struct deid_tagger *tagger, const struct deid_tokens *tokens,
                      const struct deid_tagger_least *least, struct deid_spans *spans)
{
    struct scan scan = { tokens, least, spans, has_capitals(tokens, 0, tokens->count) };
    struct reading reading = { 0, 0, false, false };
    unsigned first = 0, i;
    bool is_wanted = false;

    for (i = 0; i < tokens->count; i++) {
        is_wanted |= is_candidate(tokens, i, i == first);
        if (!is_sentence_end(tokens, i))
            continue;
        sentence_scan(tagger, &scan, &reading, first, is_wanted);
        first = i + 1;
        is_wanted = false;
    }
    if (reading.is_open)
        range_scan(tagger, &scan, reading.from, tokens->count);
}
