#include "deid_redact.h"

#include "deid_resolve.h"
#include "deid_restore.h"
#include "deid_token.h"

#define SCRATCH_BYTES_MAX ((size_t)512 << 20)

enum status deid_redactor_init(struct deid_redactor *redactor, const struct deid_rules *rules, struct deid_map *map,
                               struct arena *arena, struct error *err)
{
    *redactor = (struct deid_redactor){ .rules = rules, .map = map, .arena = arena };
    arena_init(&redactor->scratch, SCRATCH_BYTES_MAX);
    return deid_redactor_learn(redactor, err);
}

void deid_redactor_close(struct deid_redactor *redactor)
{
    arena_close(&redactor->scratch);
}

enum status deid_redactor_learn(struct deid_redactor *redactor, struct error *err)
{
    return deid_identity_init(&redactor->identity, redactor->map, &redactor->rules->lexicon, redactor->arena, err);
}

/* What reads like a surrogate is replaced itself: put back, it is what the caller wrote. */
static void surrogates_scan(const struct deid_redactor *redactor, const struct deid_tokens *tokens,
                            struct deid_spans *spans)
{
    struct deid_surrogate surrogate;
    unsigned i;

    for (i = 0; i < tokens->count; i++)
        if (deid_surrogate_read(tokens->text, tokens->items[i].start, redactor->map, &surrogate))
            deid_spans_add(spans, (struct deid_span){ tokens->items[i].start, (uint32_t)surrogate.end,
                                                      DEID_CLASS_OTHER, DEID_FORM_VALUE, DEID_SCORE_KNOWN });
}

enum status deid_inspect_text(struct deid_redactor *redactor, struct slice text, bool is_markup,
                              struct deid_text *normal, struct deid_spans *spans, struct error *err)
{
    struct arena *scratch = &redactor->scratch;
    struct deid_tokens tokens;
    enum status status;

    deid_spans_init(spans, scratch);
    status = is_markup ? deid_normal_markup(text, scratch, normal, err) : deid_normal(text, scratch, normal, err);
    if (status == STATUS_OK)
        status = deid_tokens_read(normal->folded, &redactor->rules->lexicon, scratch, &tokens, err);
    if (status == STATUS_OK)
        status = deid_scan(redactor->rules, &tokens, spans, err);
    if (status == STATUS_OK)
        status = deid_identity_scan(&redactor->identity, &tokens, scratch, spans, err);
    if (status != STATUS_OK)
        return status;
    surrogates_scan(redactor, &tokens, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    deid_resolve(spans, normal->folded);
    return STATUS_OK;
}

static enum status found_add(struct deid_redactor *redactor, const struct deid_span *span, struct slice surrogate,
                             struct error *err)
{
    struct deid_found *found;

    redactor->counts[span->class]++;
    if (!redactor->keep_spans)
        return STATUS_OK;
    found = ARENA_NEW(redactor->arena, struct deid_found);
    if (found == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for more spans");
    *found = (struct deid_found){ *span, arena_copy(redactor->arena, surrogate), redactor->path, redactor->found };
    redactor->found = found;
    return STATUS_OK;
}

/* Put surrogates in place of @spans. */
static enum status replace(struct deid_redactor *redactor, const struct deid_text *text,
                           const struct deid_spans *spans, bool is_coded, struct slice *output, struct error *err)
{
    struct buffer out;
    size_t at = 0;
    unsigned i;

    buffer_init(&out, redactor->arena);
    buffer_reserve(&out, text->original.size + text->original.size / 8 + 16);
    for (i = 0; i < spans->count; i++) {
        struct deid_span span = spans->items[i];
        struct slice folded = slice_cut(text->folded, span.start, span.end);
        size_t before;
        enum status status;

        span.start = deid_normal_start(text, span.start);
        span.end = deid_normal_end(text, span.end);
        if (span.start < at) /* one character, folded to several bytes, in two spans */
            span.start = (uint32_t)at;
        buffer_put(&out, slice_cut(text->original, at, span.start));
        before = out.size;
        status = deid_surrogate_put(redactor->map, &span, slice_cut(text->original, span.start, span.end), folded,
                                    is_coded, &out, err);
        if (status == STATUS_OK)
            status = found_add(redactor, &span, slice_cut(buffer_slice(&out), before, out.size), err);
        if (status != STATUS_OK)
            return status;
        at = span.end;
    }
    buffer_put(&out, slice_cut(text->original, at, text->original.size));
    if (out.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a redacted text of %zu bytes",
                         text->original.size);
    *output = buffer_slice(&out);
    return STATUS_OK;
}

/* Widen @spans to whole words and make one of those that then touch: a surrogate is read back only where a word begins, and to where it
 * ends ("0(919) 555-7821" holds a telephone number that does not begin one). */
static void widen(struct deid_spans *spans, struct slice folded)
{
    unsigned i, count = 0;

    for (i = 0; i < spans->count; i++) {
        struct deid_span span = spans->items[i], *last = count > 0 ? &spans->items[count - 1] : NULL;

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

/* Whether the key holder gets back what was given: a date whose neighbours became surrogates may now read otherwise. */
static bool comes_back(struct deid_redactor *redactor, struct slice text, struct slice output)
{
    struct slice restored;

    return deid_restore_text(redactor->map, output, &redactor->scratch, &restored, NULL) == STATUS_OK
        && slice_equal(restored, text);
}

enum status deid_redact_text(struct deid_redactor *redactor, struct slice text, bool is_markup, struct slice *output,
                             struct error *err)
{
    struct arena_mark mark = arena_mark(&redactor->scratch);
    struct deid_found *found = redactor->found;
    uint32_t counts[DEID_CLASS_COUNT];
    struct deid_text normal;
    struct deid_spans spans;
    enum status status;

    memcpy(counts, redactor->counts, sizeof(counts));
    status = deid_inspect_text(redactor, text, is_markup, &normal, &spans, err);
    if (status == STATUS_OK)
        status = replace(redactor, &normal, &spans, false, output, err);
    if (status == STATUS_OK && redactor->map->profile == DEID_PROFILE_LIMITED
        && !comes_back(redactor, text, *output)) {
        memcpy(redactor->counts, counts, sizeof(counts));
        redactor->found = found;
        widen(&spans, normal.folded);
        status = replace(redactor, &normal, &spans, true, output, err);
    }
    arena_rewind(&redactor->scratch, mark);
    return status;
}

static enum status inspect_code(struct deid_redactor *redactor, struct slice text, struct deid_text *normal,
                                struct deid_spans *spans, struct error *err)
{
    struct arena *scratch = &redactor->scratch;
    struct deid_tokens tokens;
    enum status status = deid_normal(text, scratch, normal, err);

    deid_spans_init(spans, scratch);
    if (status == STATUS_OK)
        status = deid_tokens_read(normal->folded, &redactor->rules->lexicon, scratch, &tokens, err);
    if (status == STATUS_OK)
        status = deid_identity_scan_exact(&redactor->identity, &tokens, scratch, spans, err);
    if (status != STATUS_OK)
        return status;
    surrogates_scan(redactor, &tokens, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    deid_resolve(spans, normal->folded);
    return STATUS_OK;
}

enum status deid_redact_code(struct deid_redactor *redactor, struct slice text, struct slice *output, bool *is_restored,
                             struct error *err)
{
    struct arena_mark mark = arena_mark(&redactor->scratch);
    struct deid_text normal;
    struct deid_spans spans;
    enum status status = inspect_code(redactor, text, &normal, &spans, err);

    *output = text;
    if (status == STATUS_OK && spans.count > 0)
        status = replace(redactor, &normal, &spans, false, output, err);
    if (status == STATUS_OK)
        *is_restored = redactor->map->profile != DEID_PROFILE_LIMITED || comes_back(redactor, text, *output);
    arena_rewind(&redactor->scratch, mark);
    return status;
}
