#include "consilium_deid_tally.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "consilium_deid_share.h"

#define LETTER 1 /* a letter or a digit */
#define YES 2    /* inside a label that has to go */
#define OPEN 4   /* inside one that is open */
#define FOUND 8

/* A text as flags, one for each code point. */
struct view {
    uint8_t *flags;
    uint32_t size;
};

/* What a document adds, of which the bootstrap draws. */
struct addition {
    struct deid_interval_part parts[DEID_LEVEL_COUNT];
};

void deid_tally_init(struct deid_tally *tally, double share_min)
{
    *tally = (struct deid_tally){ .share_min = share_min };
}

void deid_tally_close(struct deid_tally *tally)
{
    unsigned level;

    for (level = 0; level < DEID_LEVEL_COUNT; level++)
        free(tally->parts[level]);
}

/* ---- the text as flags ---- */

static bool is_letter(uint32_t point)
{
    if (point < 0x80)
        return (point >= '0' && point <= '9') || ((point | 32) >= 'a' && (point | 32) <= 'z');
    if (point < 0xc0)
        return point == 0xaa || point == 0xb5 || point == 0xba;
    return point != 0xd7 && point != 0xf7 && !(point >= 0x2000 && point <= 0x206f)
           && !(point >= 0x3000 && point <= 0x303f) && !(point >= 0xfe00 && point <= 0xfe0f)
           && point != 0xfeff && point != 0xfffd;
}

static void flags_set(struct view *view, const struct deid_gold_span *span, uint8_t flag)
{
    uint32_t at;

    for (at = span->start; at < span->end && at < view->size; at++)
        view->flags[at] |= flag;
}

static enum status view_open(struct view *view, const struct deid_gold *gold,
                             const struct deid_gold_span *found, unsigned found_count,
                             struct arena *arena, struct error *err)
{
    struct slice text = gold->text;
    size_t at = 0, size;
    unsigned i;

    *view = (struct view){ ARENA_ARRAY(arena, uint8_t, text.size), 0 };
    if (view->flags == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a text of %zu bytes",
                         text.size);
    for (; at < text.size; at += size) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &size);

        view->flags[view->size++] = is_letter(point) ? LETTER : 0;
    }
    for (i = 0; i < gold->spans_count; i++)
        if (gold->spans[i].meant.need != DEID_NEED_NO)
            flags_set(view, &gold->spans[i],
                      gold->spans[i].meant.need == DEID_NEED_YES ? YES : OPEN);
    for (i = 0; i < found_count; i++)
        flags_set(view, &found[i], FOUND);
    return STATUS_OK;
}

/* A span without what is no letter at its ends. */
static struct deid_gold_span trim(const struct view *view, const struct deid_gold_span *span)
{
    struct deid_gold_span trimmed = *span;

    while (trimmed.start < trimmed.end && !(view->flags[trimmed.start] & LETTER))
        trimmed.start++;
    while (trimmed.end > trimmed.start && !(view->flags[trimmed.end - 1] & LETTER))
        trimmed.end--;
    return trimmed;
}

static bool has_letter(const struct view *view, const struct deid_gold_span *span, uint8_t flag)
{
    uint32_t at;

    for (at = span->start; at < span->end; at++)
        if ((view->flags[at] & (LETTER | flag)) == (LETTER | flag))
            return true;
    return false;
}

static bool has_letter_without(const struct view *view, const struct deid_gold_span *span,
                               uint8_t flag)
{
    uint32_t at;

    for (at = span->start; at < span->end; at++)
        if ((view->flags[at] & (LETTER | flag)) == LETTER)
            return true;
    return false;
}

/* The next run of letters within [@at, @end) as a span; false: no more. */
static bool next_token(const struct view *view, uint32_t at, uint32_t end,
                       struct deid_gold_span *token)
{
    while (at < end && !(view->flags[at] & LETTER))
        at++;
    token->start = at;
    while (at < end && view->flags[at] & LETTER)
        at++;
    token->end = at;
    return token->end > token->start;
}

static bool is_same(const struct view *view, const struct deid_gold_span *a,
                    const struct deid_gold_span *b)
{
    struct deid_gold_span x = trim(view, a), y = trim(view, b);

    return x.start == y.start && x.end == y.end;
}

static bool has_same(const struct view *view, const struct deid_gold_span *span,
                     const struct deid_gold_span *others, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++)
        if (others[i].start < span->end && span->start < others[i].end
            && (others[i].meant.need == DEID_NEED_YES) && is_same(view, span, &others[i]))
            return true;
    return false;
}

/* ---- counting ---- */

static void count_recall(struct deid_tally_sums *sums, struct addition *addition, unsigned level,
                         bool is_found)
{
    sums->wanted[level]++;
    sums->found[level] += is_found;
    if (addition != NULL) {
        addition->parts[level].wanted++;
        addition->parts[level].found += is_found;
    }
}

static void count_precision(struct deid_tally_sums *sums, struct addition *addition, unsigned level,
                            bool is_right)
{
    sums->reported[level]++;
    sums->right[level] += is_right;
    if (addition != NULL) {
        addition->parts[level].reported++;
        addition->parts[level].right += is_right;
    }
}

/* What was found of one labelled span. */
struct finding {
    bool is_whole, is_touched, is_exact;
};

static struct finding find(const struct view *view, const struct deid_gold_span *span,
                           const struct deid_gold_span *found, unsigned found_count)
{
    return (struct finding){
        .is_whole = !has_letter_without(view, span, FOUND),
        .is_touched = has_letter(view, span, FOUND),
        .is_exact = has_same(view, span, found, found_count),
    };
}

static void count_wanted(struct deid_tally_sums *sums, struct addition *addition,
                         const struct view *view, const struct deid_gold_span *span,
                         const struct finding *finding, bool with_tokens)
{
    struct deid_gold_span token = { .end = span->start };

    count_recall(sums, addition, DEID_LEVEL_WHOLLY, finding->is_whole);
    count_recall(sums, addition, DEID_LEVEL_OVERLAP, finding->is_touched);
    count_recall(sums, addition, DEID_LEVEL_EXACT, finding->is_exact);
    while (with_tokens && next_token(view, token.end, span->end, &token))
        count_recall(sums, addition, DEID_LEVEL_TOKEN, !has_letter_without(view, &token, FOUND));
}

static void count_reported(struct deid_tally_sums *sums, struct addition *addition,
                           const struct view *view, const struct deid_gold *gold,
                           const struct deid_gold_span *span, bool with_tokens)
{
    bool is_right = has_letter(view, span, YES);
    struct deid_gold_span token = { .end = span->start };

    if (!is_right && has_letter(view, span, OPEN))
        return;
    count_precision(sums, addition, DEID_LEVEL_WHOLLY, is_right);
    count_precision(sums, addition, DEID_LEVEL_OVERLAP, is_right);
    count_precision(sums, addition, DEID_LEVEL_EXACT,
                    has_same(view, span, gold->spans, gold->spans_count));
    while (with_tokens && next_token(view, token.end, span->end, &token))
        if (has_letter(view, &token, YES) || !has_letter(view, &token, OPEN))
            count_precision(sums, addition, DEID_LEVEL_TOKEN, has_letter(view, &token, YES));
}

/* Each run of letters once, however many spans it is in. */
static void count_tokens(struct deid_tally_sums *sums, struct addition *addition,
                         const struct view *view)
{
    struct deid_gold_span token = { .end = 0 };

    while (next_token(view, token.end, view->size, &token)) {
        bool is_gold = has_letter(view, &token, YES), is_found = has_letter(view, &token, FOUND);

        if (is_gold)
            count_recall(sums, addition, DEID_LEVEL_TOKEN,
                         !has_letter_without(view, &token, FOUND));
        if (is_found && (is_gold || !has_letter(view, &token, OPEN)))
            count_precision(sums, addition, DEID_LEVEL_TOKEN, is_gold);
    }
}

static struct deid_tally_label *label_of(struct deid_tally *tally,
                                         const struct deid_gold_span *span)
{
    struct deid_tally_label *label;
    unsigned i;

    for (i = 0; i < tally->labels_count; i++)
        if (slice_equal(slice_cut(span->label, 0, sizeof(label->name) - 1),
                        slice_from(tally->labels[i].name)))
            return &tally->labels[i];
    if (tally->labels_count == DEID_TALLY_LABELS_MAX)
        return NULL;
    label = &tally->labels[tally->labels_count++];
    *label = (struct deid_tally_label){ .meant = span->meant };
    snprintf(label->name, sizeof(label->name), "%.*s", SLICE_FORMAT(span->label));
    return label;
}

static enum status add_labelled(struct deid_tally *tally, struct addition *addition,
                                const struct view *view, const struct deid_gold_span *span,
                                const struct deid_gold_span *found, unsigned found_count,
                                struct error *err)
{
    struct deid_tally_label *label = label_of(tally, span);
    struct finding finding = find(view, span, found, found_count);

    if (label == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "more than %u labels",
                         DEID_TALLY_LABELS_MAX);
    label->needs[span->meant.need]++;
    label->touched[span->meant.need] += finding.is_touched;
    if (span->meant.need != DEID_NEED_YES)
        return STATUS_OK;
    count_wanted(&label->sums, NULL, view, span, &finding, true);
    count_wanted(&tally->classes[span->meant.class], NULL, view, span, &finding, true);
    count_wanted(&tally->all, addition, view, span, &finding, false);
    return STATUS_OK;
}

static enum status addition_keep(struct deid_tally *tally, const struct addition *addition,
                                 struct error *err)
{
    unsigned level;

    if (tally->documents == tally->capacity) {
        uint32_t capacity = tally->capacity * 2 + 1024;

        for (level = 0; level < DEID_LEVEL_COUNT; level++) {
            void *grown = realloc(tally->parts[level], capacity * sizeof(*tally->parts[level]));

            if (grown == NULL)
                return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u documents",
                                 capacity);
            tally->parts[level] = grown;
        }
        tally->capacity = capacity;
    }
    for (level = 0; level < DEID_LEVEL_COUNT; level++)
        tally->parts[level][tally->documents] = addition->parts[level];
    tally->documents++;
    return STATUS_OK;
}

/* @level: DEID_LEVEL_SHARE or _JOINED. */
static void add_share(struct deid_tally *tally, struct addition *addition, enum deid_level level,
                      const struct deid_gold *gold, const struct deid_gold_span *found,
                      unsigned found_count, struct arena *scratch)
{
    struct deid_interval_part part = deid_share_compare(gold, found, found_count, tally->share_min,
                                                        level == DEID_LEVEL_JOINED, scratch);

    addition->parts[level] = part;
    tally->all.found[level] += part.found;
    tally->all.wanted[level] += part.wanted;
    tally->all.right[level] += part.right;
    tally->all.reported[level] += part.reported;
}

enum status deid_tally_add(struct deid_tally *tally, const struct deid_gold *gold,
                           const struct deid_gold_span *found, unsigned found_count,
                           struct arena *scratch, struct error *err)
{
    struct addition addition = { 0 };
    struct view view;
    unsigned i;

    if (view_open(&view, gold, found, found_count, scratch, err) != STATUS_OK)
        return err->status;
    for (i = 0; i < gold->spans_count; i++)
        if (add_labelled(tally, &addition, &view, &gold->spans[i], found, found_count, err)
            != STATUS_OK)
            return err->status;
    for (i = 0; i < found_count; i++) {
        count_reported(&tally->all, &addition, &view, gold, &found[i], false);
        count_reported(&tally->classes[found[i].meant.class], NULL, &view, gold, &found[i], true);
    }
    count_tokens(&tally->all, &addition, &view);
    add_share(tally, &addition, DEID_LEVEL_SHARE, gold, found, found_count, scratch);
    add_share(tally, &addition, DEID_LEVEL_JOINED, gold, found, found_count, scratch);
    tally->negatives += gold->is_hard_negative;
    tally->negatives_touched += gold->is_hard_negative && found_count > 0;
    tally->traps += gold->traps_count;
    for (i = 0; i < gold->traps_count; i++)
        tally->traps_touched += has_letter(&view, &gold->traps[i], FOUND);
    return addition_keep(tally, &addition, err);
}

bool deid_tally_is_gone(const struct deid_gold *gold, const struct deid_gold_span *span,
                        const struct deid_gold_span *found, unsigned found_count)
{
    struct slice text = deid_gold_cut(gold->text, span->start, span->end);
    uint32_t point = span->start;
    size_t at = 0, size;
    unsigned i;

    for (; at < text.size; at += size, point++) {
        bool is_found = !is_letter(utf8_decode(slice_cut(text, at, text.size), &size));

        for (i = 0; i < found_count && !is_found; i++)
            is_found = found[i].start <= point && point < found[i].end;
        if (!is_found)
            return false;
    }
    return true;
}
