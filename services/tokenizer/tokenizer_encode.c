#include "tokenizer_encode.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "tokenizer_bpe.h"
#include "tokenizer_spm.h"
#include "tokenizer_state.h"
#include "tokenizer_unicode.h"
#include "tokenizer_wordpiece.h"

/* A symbol, two candidates and what goes with them take a hundred bytes for each byte of a text
 * whose merges reach further than a window. */
#define SCRATCH_BYTES_MAX (2048 * MIB)

struct encoding {
    const struct tokenizer_vocab *vocab;
    const struct tokenizer_special *special; /* what may be cut out */
    struct slice text;
    const struct tokenizer_span *spans;
    size_t spans_count;
    size_t span,
        span_end; /* the span of the position that is looked at, and where it ends in the text */
    struct arena scratch;
    struct tokenizer_run run;
};

static enum status join_spans(struct encoding *encoding, struct error *err)
{
    struct buffer joined;
    size_t size = 0;

    for (size_t i = 0; i < encoding->spans_count; i++) {
        size += encoding->spans[i].text.size;
        if (encoding->spans[i].text.size > TOKENIZER_TEXT_BYTES_MAX
            || size > TOKENIZER_TEXT_BYTES_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "a text of over %u bytes",
                             TOKENIZER_TEXT_BYTES_MAX);
    }
    if (encoding->spans_count == 1) {
        encoding->text = encoding->spans[0].text;
        return STATUS_OK;
    }
    buffer_init(&joined, &encoding->scratch);
    for (size_t i = 0; i < encoding->spans_count; i++)
        buffer_put(&joined, encoding->spans[i].text);
    if (joined.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    encoding->text = buffer_slice(&joined);
    return STATUS_OK;
}

/* From @at, how far the text is trusted: 0 when it is not. @at never falls. */
static size_t trusted_bytes(struct encoding *encoding, size_t at)
{
    size_t last, end;

    while (at >= encoding->span_end && encoding->span + 1 < encoding->spans_count)
        encoding->span_end += encoding->spans[++encoding->span].text.size;
    if (!encoding->spans[encoding->span].is_trusted)
        return 0;
    end = encoding->span_end;
    for (last = encoding->span + 1; last < encoding->spans_count; last++) {
        if (!encoding->spans[last].is_trusted)
            break;
        end += encoding->spans[last].text.size;
    }
    return end - at;
}

/* Special pieces
 * ---------------------------------------------------------------------------------- */

static bool is_word(uint32_t point)
{
    enum tokenizer_class class = tokenizer_unicode_class(point);

    return class != TOKENIZER_CLASS_SPACE
           && (class != TOKENIZER_CLASS_OTHER
               || tokenizer_unicode_category(point) == TOKENIZER_CATEGORY_PC);
}

/* The code point that ends at @end. */
static uint32_t point_before(struct slice text, size_t end)
{
    size_t at = end - 1, step;

    while (at > 0 && end - at < 4 && ((unsigned char)text.data[at] & 0xc0) == 0x80)
        at--;
    return utf8_decode(slice_cut(text, at, end), &step);
}

/* Whether a letter, number or _ touches [start, end) of @text. */
static bool is_in_word(struct slice text, size_t start, size_t end)
{
    size_t step;

    if (start > 0 && is_word(point_before(text, start)))
        return true;
    return end < text.size && is_word(utf8_decode(slice_cut(text, end, text.size), &step));
}

/* The special piece at @at, or TOKENIZER_NO_ID. */
static uint32_t find_special(struct encoding *encoding, size_t at, size_t *size)
{
    struct slice rest = slice_cut(encoding->text, at, encoding->text.size);
    size_t trusted = trusted_bytes(encoding, at), control_size;
    uint32_t id, control;

    id = tokenizer_vocab_find_special(encoding->vocab, rest, 1u << TOKENIZER_PIECE_USER, size);
    if (trusted > 0) {
        control = tokenizer_vocab_find_special(encoding->vocab, slice_cut(rest, 0, trusted),
                                               1u << TOKENIZER_PIECE_CONTROL, &control_size);
        if (control != TOKENIZER_NO_ID && (id == TOKENIZER_NO_ID || *size <= control_size)) {
            *size = control_size;
            id = control;
        }
    }
    if (id != TOKENIZER_NO_ID
        && (tokenizer_vocab_flags(encoding->vocab, id) & TOKENIZER_PIECE_WORD) != 0
        && is_in_word(encoding->text, at, at + *size))
        return TOKENIZER_NO_ID;
    return id;
}

/* White space before @at, as far as @start; and from @at on. */
static size_t strip_left(struct slice text, size_t start, size_t at)
{
    size_t step;

    while (at > start && tokenizer_unicode_class(point_before(text, at)) == TOKENIZER_CLASS_SPACE)
        for (step = 1, at--;
             at > start && step < 4 && ((unsigned char)text.data[at] & 0xc0) == 0x80; step++)
            at--;
    return at;
}

static size_t strip_right(struct slice text, size_t at)
{
    size_t step;

    while (at < text.size
           && tokenizer_unicode_class(utf8_decode(slice_cut(text, at, text.size), &step))
                  == TOKENIZER_CLASS_SPACE)
        at += step;
    return at;
}

/* What is between them
 * --------------------------------------------------------------------------- */

static void encode_plain(struct encoding *encoding, size_t start, size_t end)
{
    struct slice text = slice_cut(encoding->text, start, end), given = text;
    const struct tokenizer_settings *settings = encoding->vocab->settings;
    struct arena_mark mark = arena_mark(&encoding->scratch);

    if (text.size == 0 || !tokenizer_run_goes_on(&encoding->run))
        return;
    if (settings->normal == TOKENIZER_NORMAL_NFC)
        text = tokenizer_unicode_nfc(text, &encoding->scratch);
    if (text.data == NULL) {
        encoding->run.status = error_set(encoding->run.err, STATUS_RESOURCE_EXHAUSTED,
                                         "the text needs too much memory");
        return;
    }
    if (settings->kind == TOKENIZER_KIND_SPM)
        tokenizer_spm_run(&encoding->run, text,
                          text.data == given.data ? encoding->text.size - start : text.size,
                          settings->prefix == TOKENIZER_PREFIX_EVERY
                              || (settings->prefix == TOKENIZER_PREFIX_FIRST && start == 0));
    else if (settings->kind == TOKENIZER_KIND_WORDPIECE)
        tokenizer_wordpiece_run(&encoding->run, settings, text);
    else
        tokenizer_bpe_run(&encoding->run, text);
    if (text.data != given.data)
        tokenizer_run_settle(&encoding->run);
    arena_rewind(&encoding->scratch, mark);
}

static void encode_text(struct encoding *encoding)
{
    struct slice text = encoding->text;
    size_t plain = 0, at = 0, size;

    encoding->span_end = encoding->spans[0].text.size;
    while (tokenizer_run_goes_on(&encoding->run)) {
        uint32_t id;
        unsigned flags;

        at = tokenizer_special_next(encoding->special, text, at);
        if (at == text.size)
            break;
        id = find_special(encoding, at, &size);
        if (id == TOKENIZER_NO_ID) {
            at++;
            continue;
        }
        flags = tokenizer_vocab_flags(encoding->vocab, id);
        encode_plain(encoding, plain,
                     (flags & TOKENIZER_PIECE_LSTRIP) != 0 ? strip_left(text, plain, at) : at);
        tokenizer_run_put_id(&encoding->run, id);
        at += size;
        if ((flags & TOKENIZER_PIECE_RSTRIP) != 0)
            at = strip_right(text, at);
        plain = at;
    }
    encode_plain(encoding, plain, text.size);
}

static bool has_trusted(const struct tokenizer_span *spans, size_t count)
{
    bool is_trusted = false;

    for (size_t i = 0; i < count; i++)
        is_trusted = is_trusted || spans[i].is_trusted;
    return is_trusted;
}

/* Encoders want a text between CLS and SEP; what a model is to go on from has no end. */
static bool ends_with_eos(const struct tokenizer_vocab *vocab)
{
    return vocab->kind == TOKENIZER_KIND_WORDPIECE && vocab->settings->adds_eos
           && vocab->settings->eos != TOKENIZER_NO_ID;
}

/* The ids or, without @arena, their number up to @limit: in encoding->run. */
static enum status encode(struct encoding *encoding, bool has_bos, size_t limit,
                          struct arena *arena, struct error *err)
{
    struct tokenizer_state *state = encoding->vocab->state;
    struct tokenizer_run_word words[TOKENIZER_RUN_WORDS_MAX];
    struct tokenizer_lease lease;
    enum status status;

    encoding->special =
        has_trusted(encoding->spans, encoding->spans_count) ? &state->any : &state->user;
    arena_init(&encoding->scratch, SCRATCH_BYTES_MAX);
    lease = tokenizer_pool_take(&state->pool);
    tokenizer_run_init(&encoding->run, &state->tables, lease.cache, words, arena,
                       &encoding->scratch, err);
    encoding->run.limit = limit;
    status = join_spans(encoding, err);
    if (status == STATUS_OK) {
        tokenizer_run_expect(&encoding->run, encoding->text.size);
        if (has_bos && encoding->vocab->bos != TOKENIZER_NO_ID)
            tokenizer_run_put_id(&encoding->run, encoding->vocab->bos);
        if (encoding->text.size > 0)
            encode_text(encoding);
        tokenizer_run_settle(&encoding->run);
        if (has_bos && ends_with_eos(encoding->vocab))
            tokenizer_run_put_id(&encoding->run, encoding->vocab->settings->eos);
        status = encoding->run.status;
    }
    tokenizer_pool_give(&state->pool, lease);
    arena_close(&encoding->scratch);
    return status;
}

enum status tokenizer_encode_spans(const struct tokenizer_vocab *vocab,
                                   const struct tokenizer_span *spans, size_t spans_count,
                                   bool has_bos, struct arena *arena, struct tokenizer_ids *ids,
                                   struct error *err)
{
    struct encoding encoding = { .vocab = vocab, .spans = spans, .spans_count = spans_count };
    enum status status;

    *ids = (struct tokenizer_ids){ 0 };
    if (spans_count == 0)
        return STATUS_OK;
    status = encode(&encoding, has_bos, SIZE_MAX, arena, err);
    if (status == STATUS_OK)
        *ids = (struct tokenizer_ids){ encoding.run.ids, encoding.run.count };
    return status;
}

enum status tokenizer_encode(const struct tokenizer_vocab *vocab, struct slice text,
                             bool is_trusted, bool has_bos, struct arena *arena,
                             struct tokenizer_ids *ids, struct error *err)
{
    struct tokenizer_span span = { text, is_trusted };

    return tokenizer_encode_spans(vocab, &span, 1, has_bos, arena, ids, err);
}

enum status tokenizer_encode_count_to(const struct tokenizer_vocab *vocab, struct slice text,
                                      size_t limit, size_t *count, struct error *err)
{
    struct tokenizer_span span = { text, false };
    struct encoding encoding = { .vocab = vocab, .spans = &span, .spans_count = 1 };
    enum status status = encode(&encoding, false, limit, NULL, err);

    *count = status == STATUS_OK ? encoding.run.count : 0;
    return status;
}

enum status tokenizer_encode_count(const struct tokenizer_vocab *vocab, struct slice text,
                                   size_t *count, struct error *err)
{
    return tokenizer_encode_count_to(vocab, text, SIZE_MAX - 1, count, err);
}
