#include "tokenizer_encode.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "tokenizer_bpe.h"
#include "tokenizer_spm.h"

/* A symbol and two candidates take 84 bytes for each byte of a text that is one long run. */
#define SCRATCH_BYTES_MAX (2048 * MIB)

struct encoding {
    const struct tokenizer_vocab *vocab;
    struct slice text;
    const struct tokenizer_span *spans;
    size_t spans_count;
    size_t span,
        span_end; /* the span of the position that is looked at, and where it ends in the text */
    struct arena scratch;
    struct buffer ids;
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

/* The special piece at @at, or TOKENIZER_NO_ID. */
static uint32_t find_special(struct encoding *encoding, size_t at, size_t *size)
{
    struct slice rest = slice_cut(encoding->text, at, encoding->text.size);
    uint32_t id, control;
    size_t trusted, control_size;

    if (!tokenizer_vocab_may_begin_special(encoding->vocab, (unsigned char)rest.data[0]))
        return TOKENIZER_NO_ID;
    id = tokenizer_vocab_find_special(encoding->vocab, rest, 1u << TOKENIZER_PIECE_USER, size);
    trusted = trusted_bytes(encoding, at);
    if (trusted == 0)
        return id;
    control = tokenizer_vocab_find_special(encoding->vocab, slice_cut(rest, 0, trusted),
                                           1u << TOKENIZER_PIECE_CONTROL, &control_size);
    if (control == TOKENIZER_NO_ID || (id != TOKENIZER_NO_ID && *size > control_size))
        return id;
    *size = control_size;
    return control;
}

static void put_id(struct encoding *encoding, uint32_t id)
{
    buffer_put(&encoding->ids, slice_of(&id, sizeof(id)));
}

/* SentencePiece puts its blank before every stretch that begins the text or follows a special
 * piece, as llama.cpp does: that is what GGUF files are made for. */
static enum status encode_plain(struct encoding *encoding, size_t start, size_t end,
                                struct error *err)
{
    struct slice text = slice_cut(encoding->text, start, end);

    if (text.size == 0)
        return STATUS_OK;
    if (encoding->vocab->kind == TOKENIZER_KIND_SPM)
        return tokenizer_spm_encode(encoding->vocab, text, true, &encoding->scratch, &encoding->ids,
                                    err);
    return tokenizer_bpe_encode(encoding->vocab, text, &encoding->scratch, &encoding->ids, err);
}

static enum status encode_text(struct encoding *encoding, struct error *err)
{
    enum status status = STATUS_OK;
    size_t plain = 0, at = 0, size;

    encoding->span_end = encoding->spans[0].text.size;
    while (at < encoding->text.size && status == STATUS_OK) {
        uint32_t id = find_special(encoding, at, &size);

        if (id == TOKENIZER_NO_ID) {
            at++;
            continue;
        }
        status = encode_plain(encoding, plain, at, err);
        put_id(encoding, id);
        plain = at += size;
    }
    if (status == STATUS_OK)
        status = encode_plain(encoding, plain, encoding->text.size, err);
    return status;
}

enum status tokenizer_encode_spans(const struct tokenizer_vocab *vocab,
                                   const struct tokenizer_span *spans, size_t spans_count,
                                   bool has_bos, struct arena *arena, struct tokenizer_ids *ids,
                                   struct error *err)
{
    struct encoding encoding = { .vocab = vocab, .spans = spans, .spans_count = spans_count };
    enum status status;

    arena_init(&encoding.scratch, SCRATCH_BYTES_MAX);
    buffer_init(&encoding.ids, arena);
    if (has_bos && vocab->bos != TOKENIZER_NO_ID)
        put_id(&encoding, vocab->bos);
    status = join_spans(&encoding, err);
    /* Keeps a first block, so that going back to a mark does not return it to the system each time.
     */
    if (status == STATUS_OK && arena_alloc(&encoding.scratch, 1) == NULL)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    if (status == STATUS_OK && encoding.text.size > 0)
        status = encode_text(&encoding, err);
    if (status == STATUS_OK && encoding.ids.is_full)
        status = error_set(err, STATUS_RESOURCE_EXHAUSTED, "the ids are over the call's limit");
    ids->ids = (uint32_t *)(void *)encoding.ids.data;
    ids->count = encoding.ids.size / sizeof(uint32_t);
    arena_close(&encoding.scratch);
    return status;
}

enum status tokenizer_encode(const struct tokenizer_vocab *vocab, struct slice text,
                             bool is_trusted, bool has_bos, struct arena *arena,
                             struct tokenizer_ids *ids, struct error *err)
{
    struct tokenizer_span span = { text, is_trusted };

    return tokenizer_encode_spans(vocab, &span, 1, has_bos, arena, ids, err);
}

enum status tokenizer_encode_count(const struct tokenizer_vocab *vocab, struct slice text,
                                   size_t *count, struct error *err)
{
    struct tokenizer_ids ids;
    struct arena arena;
    enum status status;

    arena_init(&arena, SCRATCH_BYTES_MAX);
    status = tokenizer_encode(vocab, text, false, false, &arena, &ids, err);
    *count = ids.count;
    arena_close(&arena);
    return status;
}
