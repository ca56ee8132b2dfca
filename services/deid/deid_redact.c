#include "deid_redact.h"

#include "deid_date.h"
#include "deid_piece.h"
#include "deid_resolve.h"
#include "deid_restore.h"
#include "deid_token.h"

#define SCRATCH_BYTES_MAX ((size_t)512 << 20)

enum status deid_redactor_init(struct deid_redactor *redactor, const struct deid_rules *rules,
                               struct deid_map *map, struct arena *arena, struct error *err)
{
    *redactor = (struct deid_redactor){ .rules = rules, .map = map, .arena = arena };
    arena_init(&redactor->scratch, SCRATCH_BYTES_MAX);
    return deid_identity_init(&redactor->identity, map, &rules->lexicon, arena, err);
}

void deid_redactor_close(struct deid_redactor *redactor)
{
    arena_close(&redactor->scratch);
}

enum status deid_redactor_learn(struct deid_redactor *redactor, struct error *err)
{
    return deid_identity_learn(&redactor->identity, err);
}

/* What reads like a surrogate is replaced itself: put back, it is what the caller wrote. */
static void surrogates_scan(const struct deid_redactor *redactor, const struct deid_tokens *tokens,
                            struct deid_spans *spans)
{
    struct deid_surrogate surrogate;
    unsigned i;

    for (i = 0; i < tokens->count; i++)
        if (deid_surrogate_may_begin(redactor->map, tokens->text, tokens->items[i].start)
            && deid_surrogate_read(tokens->text, tokens->items[i].start, redactor->map, &surrogate))
            deid_spans_add(spans, (struct deid_span){ surrogate.is_id ? tokens->items[i].start
                                                                      : (uint32_t)surrogate.start,
                                                      (uint32_t)surrogate.end, DEID_CLASS_OTHER,
                                                      DEID_FORM_VALUE, DEID_SCORE_KNOWN });
}

/* What the finders see in the folded text. */
static enum status inspect(struct deid_redactor *redactor, const struct deid_text *normal,
                           struct deid_spans *spans, struct error *err)
{
    struct arena *scratch = &redactor->scratch;
    struct deid_tokens tokens;
    enum status status =
        deid_tokens_read(normal->folded, &redactor->rules->lexicon, scratch, &tokens, err);

    deid_spans_init(spans, scratch);
    tokens.is_alone = redactor->is_alone;
    if (status == STATUS_OK)
        status = deid_scan(redactor->rules, &tokens, spans, err);
    if (status == STATUS_OK)
        status = deid_identity_scan(&redactor->identity, &tokens, spans, err);
    if (status != STATUS_OK)
        return status;
    surrogates_scan(redactor, &tokens, spans);
    if (redactor->policy != NULL)
        deid_policy_scan(redactor->policy, normal->folded, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    deid_resolve(spans, normal->folded);
    if (redactor->policy != NULL)
        deid_policy_allow(redactor->policy, normal->folded, spans);
    return STATUS_OK;
}

/* @text as one view of it. */
static enum status view_read(struct deid_redactor *redactor, struct slice text, bool is_markup,
                             struct deid_view *view, struct error *err)
{
    struct arena *scratch = &redactor->scratch;
    enum status status = is_markup ? deid_normal_markup(text, scratch, &view->normal, err)
                                   : deid_normal(text, scratch, &view->normal, err);

    return status == STATUS_OK ? inspect(redactor, &view->normal, &view->spans, err) : status;
}

/* Of markup: as its source shows it, as a reader sees it, and what neither of them reads. */
#define VIEWS_MAX 3

/* Names of HTML's own that somebody may be called, too. */
static bool is_markup_name(struct slice word)
{
    static const char *const names[] = { "center", "small", "strong", "ruby",  "mark", "main",
                                         "base",   "head",  "link",   "map",   "menu", "code",
                                         "span",   "title", "label",  "frame", "font", "section",
                                         "button", "style", "param",  "time",  "data", "body" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_equal_fold(word, slice_from(names[i])))
            return true;
    return false;
}

/* In the names of tags and attributes only who the patient is is looked for, letter by letter. */
static enum status hidden_inspect(struct deid_redactor *redactor, struct deid_view *view,
                                  struct error *err)
{
    struct slice folded = view->normal.folded;
    struct deid_tokens tokens;
    enum status status =
        deid_tokens_read(folded, &redactor->rules->lexicon, &redactor->scratch, &tokens, err);
    unsigned kept = 0;

    deid_spans_init(&view->spans, &redactor->scratch);
    if (status == STATUS_OK)
        status = deid_identity_scan_exact(&redactor->identity, &tokens, &view->spans, err);
    if (status != STATUS_OK)
        return status;
    for (unsigned i = 0; i < view->spans.count; i++) {
        struct deid_span span = view->spans.items[i];

        if (!is_markup_name(slice_cut(folded, span.start, span.end)))
            view->spans.items[kept++] = span;
    }
    view->spans.count = kept;
    deid_resolve(&view->spans, folded);
    return STATUS_OK;
}

/* What any of the ways to read a text finds goes. */
static enum status text_views_read(struct deid_redactor *redactor, struct slice text,
                                   struct deid_view *views, unsigned *count, struct error *err)
{
    enum status status = view_read(redactor, text, false, &views[0], err);

    *count = 1;
    if (status != STATUS_OK || !deid_normal_has_control(text))
        return status;
    status = deid_normal_joined(text, &redactor->scratch, &views[1].normal, err);
    if (status == STATUS_OK)
        status = inspect(redactor, &views[1].normal, &views[1].spans, err);
    *count = 2;
    return status;
}

/* The same of markup. A reader may see other words than stand between the tags. */
static enum status views_read(struct deid_redactor *redactor, struct slice text, bool is_markup,
                              struct deid_view *views, unsigned *count, struct error *err)
{
    struct deid_view *view = &views[1];
    bool is_other = false;
    enum status status;

    if (!is_markup)
        return text_views_read(redactor, text, views, count, err);
    *count = 1;
    status = view_read(redactor, text, true, &views[0], err);
    if (status != STATUS_OK)
        return status;
    status = deid_normal_reading(text, &redactor->scratch, &view->normal, &is_other, err);
    if (status == STATUS_OK && is_other) {
        status = inspect(redactor, &view->normal, &view->spans, err);
        view++;
    }
    if (status == STATUS_OK)
        status = deid_normal_hidden(text, &redactor->scratch, &view->normal, err);
    if (status == STATUS_OK)
        status = hidden_inspect(redactor, view, err);
    *count = (unsigned)(view + 1 - views);
    return status;
}

/* What is to be replaced, as any of @views finds it. */
static enum status pieces_read(struct deid_redactor *redactor, const struct deid_view *views,
                               unsigned count, struct deid_pieces *pieces, struct error *err)
{
    enum status status = deid_pieces_open(pieces, views, count, 0, &redactor->scratch, err);

    if (status == STATUS_OK && count > 1)
        deid_pieces_merge(pieces, false);
    return status;
}

enum status deid_inspect_text(struct deid_redactor *redactor, struct slice text,
                              struct deid_spans *spans, struct error *err)
{
    struct arena_mark mark = arena_mark(&redactor->scratch);
    struct deid_view views[VIEWS_MAX];
    struct deid_pieces pieces = { NULL, 0 };
    unsigned count;
    enum status status = text_views_read(redactor, text, views, &count, err);

    if (status == STATUS_OK)
        status = pieces_read(redactor, views, count, &pieces, err);
    deid_spans_init(spans, redactor->arena);
    for (unsigned i = 0; i < pieces.count; i++)
        deid_spans_add(spans, pieces.items[i].span);
    arena_rewind(&redactor->scratch, mark);
    if (status == STATUS_OK && spans->is_full)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", pieces.count);
    return status;
}

static enum status found_add(struct deid_redactor *redactor, const struct deid_span *span,
                             struct slice surrogate, bool is_general, struct error *err)
{
    struct deid_found *found;

    redactor->counts[span->class]++;
    if (!redactor->keep_spans)
        return STATUS_OK;
    found = ARENA_NEW(redactor->arena, struct deid_found);
    if (found == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for more spans");
    *found = (struct deid_found){ *span, arena_copy(redactor->arena, surrogate), is_general,
                                  redactor->path, redactor->found };
    redactor->found = found;
    return STATUS_OK;
}

/* What of a text is to be written: all of it but in a stream. */
struct part {
    size_t start, end;
};

/* What was written, and what the key holder gets of it. */
struct written {
    struct slice output;
    struct slice back; /* the part itself, but for what was only generalized; data NULL: all of it
                          is the part itself */
};

/* Put surrogates in place of @pieces, and write @part. */
static enum status replace(struct deid_redactor *redactor, struct slice text,
                           const struct part *part, const struct deid_pieces *pieces, bool is_coded,
                           struct written *written, struct error *err)
{
    struct buffer out, back;
    size_t at = part->start, same = part->start; /* of the text, put into @back up to there */
    unsigned i;

    buffer_init(&out, redactor->arena);
    buffer_init(&back, &redactor->scratch);
    buffer_reserve(&out, (part->end - part->start) + (part->end - part->start) / 8 + 16);
    for (i = 0; i < pieces->count; i++) {
        struct deid_span span = pieces->items[i].span;
        size_t before;
        bool is_general;
        enum status status;

        if (span.end <= at || span.start >= part->end)
            continue;
        if (span.start < at) /* one character, folded to several bytes, in two spans */
            span.start = (uint32_t)at;
        if (span.end > part->end)
            span.end = (uint32_t)part->end;
        buffer_put(&out, slice_cut(text, at, span.start));
        before = out.size;
        status = deid_surrogate_put(redactor->map, &span, slice_cut(text, span.start, span.end),
                                    pieces->items[i].folded, is_coded, &out, &is_general, err);
        if (status == STATUS_OK)
            status = found_add(redactor, &span, slice_cut(buffer_slice(&out), before, out.size),
                               is_general, err);
        if (status != STATUS_OK)
            return status;
        if (is_general) {
            buffer_put(&back, slice_cut(text, same, span.start));
            buffer_put(&back, slice_cut(buffer_slice(&out), before, out.size));
            same = span.end;
        }
        at = span.end;
    }
    buffer_put(&out, slice_cut(text, at, part->end));
    if (same > part->start)
        buffer_put(&back, slice_cut(text, same, part->end));
    if (out.is_full || back.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a redacted text of %zu bytes",
                         text.size);
    written->output = out.size == 0 ? SLICE("") : buffer_slice(&out);
    written->back = buffer_slice(&back);
    return STATUS_OK;
}

/* Widen @spans to whole words and make one of those that then touch: a surrogate is read back only
 * where a word begins, and to where it ends ("0(919) 555-7821" holds a telephone number that does
 * not begin one). */
static void widen(struct deid_spans *spans, struct slice folded)
{
    unsigned i, count = 0;

    for (i = 0; i < spans->count; i++) {
        struct deid_span span = spans->items[i],
                         *last = count > 0 ? &spans->items[count - 1] : NULL;

        while (span.start > 0 && deid_is_word(folded.data[span.start - 1]))
            span.start--;
        while (span.end < folded.size && deid_is_word(folded.data[span.end]))
            span.end++;
        if (last == NULL || span.start > last->end) {
            spans->items[count++] = span;
            continue;
        }
        last->end = span.end > last->end ? span.end : last->end;
        last->form = DEID_FORM_VALUE;
    }
    spans->count = count;
}

/* Whether the key holder gets back what was given: a date whose neighbours became surrogates may
 * now read otherwise. */
static bool comes_back(struct deid_redactor *redactor, struct slice part,
                       const struct written *written)
{
    struct slice restored;

    return deid_restore_text(redactor->map, written->output, &redactor->scratch, &restored, NULL)
               == STATUS_OK
           && slice_equal(restored, written->back.data == NULL ? part : written->back);
}

/* Where the span of a date or of what looks like a surrogate ends that the way back reads at @at of
 * @folded; @at where it reads none. */
static size_t way_back_read(const struct deid_redactor *redactor, struct slice folded, size_t at)
{
    bool is_start =
        deid_is_word(folded.data[at]) && (at == 0 || !deid_is_word(folded.data[at - 1]));
    bool is_dashes = slice_starts_with(slice_cut(folded, at, folded.size), SLICE("--"));
    struct deid_surrogate surrogate;
    struct deid_date date;

    if (is_start && deid_surrogate_read(folded, at, redactor->map, &surrogate))
        return surrogate.end;
    if ((is_start || is_dashes) && deid_date_read(folded, at, &date))
        return date.end;
    return at;
}

/* What the way back would change in a text itself, as it reads it: it knows of no markup, so also
 * what stands in a broken tag, or in a style. */
static void way_back_scan(const struct deid_redactor *redactor, struct slice folded,
                          struct deid_spans *spans)
{
    size_t at = 0, end;

    for (; at<folded.size; at = end> at ? end : at + 1) {
        end = way_back_read(redactor, folded, at);
        if (end > at)
            deid_spans_add(spans, (struct deid_span){ (uint32_t)at, (uint32_t)end, DEID_CLASS_DATE,
                                                      DEID_FORM_VALUE, DEID_SCORE_SHAPE });
    }
}

static enum status replace_plainly(struct deid_redactor *redactor, struct slice text,
                                   const struct part *part, const struct deid_view *views,
                                   unsigned count, struct written *written, struct error *err)
{
    struct deid_pieces pieces;
    enum status status = pieces_read(redactor, views, count, &pieces, err);

    return status == STATUS_OK ? replace(redactor, text, part, &pieces, false, written, err)
                               : status;
}

/* With a code as well for everything that the way back would read in the text itself. */
static enum status replace_coded(struct deid_redactor *redactor, struct slice text,
                                 const struct part *part, struct deid_view *views, unsigned count,
                                 struct written *written, struct error *err)
{
    struct deid_text plain;
    struct deid_spans read;
    struct deid_pieces pieces;
    enum status status;

    deid_spans_init(&read, &redactor->scratch);
    status = deid_normal(text, &redactor->scratch, &plain, err);
    if (status == STATUS_OK) {
        way_back_scan(redactor, plain.folded, &read);
        widen(&read, plain.folded);
    }
    if (status == STATUS_OK && read.is_full)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", read.count);
    for (unsigned i = 0; i < count; i++)
        widen(&views[i].spans, views[i].normal.folded);
    if (status == STATUS_OK)
        status = deid_pieces_open(&pieces, views, count, read.count, &redactor->scratch, err);
    if (status != STATUS_OK)
        return status;
    for (unsigned i = 0; i < read.count; i++)
        deid_pieces_put(&pieces, &plain, read.items[i]);
    deid_pieces_widen(&pieces, text);
    deid_pieces_merge(&pieces, true);
    return replace(redactor, text, part, &pieces, true, written, err);
}

/* One code for all of @part: broken beyond reading, but nothing of it is lost. */
static enum status replace_whole(struct deid_redactor *redactor, struct slice text,
                                 const struct part *part, struct written *written,
                                 struct error *err)
{
    struct deid_piece piece = { { (uint32_t)part->start, (uint32_t)part->end, DEID_CLASS_OTHER,
                                  DEID_FORM_VALUE, DEID_SCORE_KNOWN },
                                slice_cut(text, part->start, part->end) };
    struct deid_pieces pieces = { &piece, 1 };

    return replace(redactor, text, part, &pieces, true, written, err);
}

/* Surrogates in @part, by views that are read; the way back is tried, and codes taken where it
 * fails: for what is read otherwise on the way back, at last for all of it. */
static enum status part_write(struct deid_redactor *redactor, struct slice text,
                              const struct part *part, struct deid_view *views, unsigned count,
                              struct slice *output, struct error *err)
{
    struct slice original = slice_cut(text, part->start, part->end);
    struct deid_found *found = redactor->found;
    enum deid_style style = redactor->map->style;
    struct written written;
    uint32_t counts[DEID_CLASS_COUNT];
    enum status status;

    memcpy(counts, redactor->counts, sizeof(counts));
    status = replace_plainly(redactor, text, part, views, count, &written, err);
    for (int attempt = 0; status == STATUS_OK && style != DEID_STYLE_MASKS
                          && !comes_back(redactor, original, &written);
         attempt++) {
        memcpy(redactor->counts, counts, sizeof(counts));
        redactor->found = found;
        redactor->map->style = DEID_STYLE_CODES;
        if (attempt == 0)
            status = replace_coded(redactor, text, part, views, count, &written, err);
        else if (attempt == 1)
            status = replace_whole(redactor, text, part, &written, err);
        else
            status = error_set(err, STATUS_INTERNAL, "a text of %zu bytes that would not come back",
                               original.size);
        redactor->map->style = style;
    }
    *output = status == STATUS_OK ? written.output : SLICE("");
    return status;
}

enum status deid_redact_text(struct deid_redactor *redactor, struct slice text, bool is_markup,
                             struct slice *output, struct error *err)
{
    struct arena_mark mark = arena_mark(&redactor->scratch);
    struct part whole = { 0, text.size };
    struct deid_view views[VIEWS_MAX];
    unsigned count;
    enum status status = views_read(redactor, text, is_markup, views, &count, err);

    if (status == STATUS_OK)
        status = part_write(redactor, text, &whole, views, count, output, err);
    arena_rewind(&redactor->scratch, mark);
    return status;
}

/* How good a place @at is to cut a text: 4 after a blank line, 3 after a line, 2 after a sentence,
 * 1 between words, 0 not at all. */
static unsigned cut_rank(struct slice text, size_t at)
{
    char before = text.data[at - 1], earlier = at > 1 ? text.data[at - 2] : '\n';

    if (before == '\n')
        return earlier == '\n' || (earlier == '\r' && at > 2 && text.data[at - 3] == '\n') ? 4 : 3;
    if (before != ' ' && before != '\t' && before != '\r')
        return 0;
    return earlier == '.' || earlier == '!' || earlier == '?' ? 2 : 1;
}

/* Whether @at is inside of none of @view's spans. *@left of them, from the first, begin before the
 * place that was asked for last, which was behind @at: their number to begin with. */
static bool is_outside(const struct deid_view *view, unsigned *left, size_t at)
{
    const struct deid_span *spans = view->spans.items;

    while (*left > 0 && deid_normal_start(&view->normal, spans[*left - 1].start) >= at)
        (*left)--;
    return *left == 0 || deid_normal_end(&view->normal, spans[*left - 1].end) <= at;
}

/* The best place to cut in (@from, @to], the last of the best, outside of every span of @views; 0:
 * there is none. */
static size_t cut_find(const struct deid_view *views, unsigned count, struct slice text,
                       size_t from, size_t to)
{
    unsigned left[VIEWS_MAX], best = 0;
    size_t found = 0;

    for (unsigned i = 0; i < count; i++)
        left[i] = views[i].spans.count;
    for (size_t at = to; at > from && best < 4; at--) {
        unsigned rank = cut_rank(text, at), i = 0;

        if (rank <= best)
            continue;
        while (i < count && is_outside(&views[i], &left[i], at))
            i++;
        if (i < count)
            continue;
        best = rank;
        found = at;
    }
    return found;
}

enum status deid_redact_window(struct deid_redactor *redactor, struct slice text, size_t start,
                               size_t end_min, size_t end_max, size_t *end, struct slice *output,
                               struct error *err)
{
    struct arena_mark mark = arena_mark(&redactor->scratch);
    struct part part = { start, text.size };
    struct deid_view views[VIEWS_MAX];
    unsigned count;
    enum status status = text_views_read(redactor, text, views, &count, err);

    if (status == STATUS_OK && end_max < text.size) {
        part.end = cut_find(views, count, text, end_min, end_max);
        if (part.end == 0)
            part.end = cut_find(views, count, text, start, end_min);
        if (part.end == 0)
            status = error_set(err, STATUS_RESOURCE_EXHAUSTED,
                               "%zu bytes of text without a place to cut", text.size);
    }
    if (status == STATUS_OK)
        status = part_write(redactor, text, &part, views, count, output, err);
    *end = part.end;
    arena_rewind(&redactor->scratch, mark);
    return status;
}

static enum status inspect_code(struct deid_redactor *redactor, struct slice text,
                                struct deid_text *normal, struct deid_spans *spans,
                                struct error *err)
{
    struct arena *scratch = &redactor->scratch;
    struct deid_tokens tokens;
    enum status status = deid_normal(text, scratch, normal, err);

    deid_spans_init(spans, scratch);
    if (status == STATUS_OK)
        status = deid_tokens_read(normal->folded, &redactor->rules->lexicon, scratch, &tokens, err);
    if (status == STATUS_OK)
        status = deid_identity_scan_exact(&redactor->identity, &tokens, spans, err);
    if (status != STATUS_OK)
        return status;
    surrogates_scan(redactor, &tokens, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    deid_resolve(spans, normal->folded);
    return STATUS_OK;
}

enum status deid_redact_code(struct deid_redactor *redactor, struct slice text,
                             struct slice *output, bool *is_restored, struct error *err)
{
    struct arena_mark mark = arena_mark(&redactor->scratch);
    struct written written = { text, { NULL, 0 } };
    struct deid_view view;
    enum status status = inspect_code(redactor, text, &view.normal, &view.spans, err);

    if (status == STATUS_OK && view.spans.count > 0)
        status = replace_plainly(redactor, text, &(struct part){ 0, text.size }, &view, 1, &written,
                                 err);
    if (status == STATUS_OK)
        *is_restored =
            redactor->map->style == DEID_STYLE_MASKS || comes_back(redactor, text, &written);
    *output = written.output;
    arena_rewind(&redactor->scratch, mark);
    return status;
}

bool deid_redact_knows(struct deid_redactor *redactor, struct slice text)
{
    struct arena_mark mark = arena_mark(&redactor->scratch);
    struct deid_view view;
    enum status status = inspect_code(redactor, text, &view.normal, &view.spans, NULL);

    arena_rewind(&redactor->scratch, mark);
    return status != STATUS_OK || view.spans.count > 0;
}
