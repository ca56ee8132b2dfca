/* text → blanks become U+2581, one more in front → stretches that no merge leaves → characters → merged by score → ids; what has no piece
 * becomes its bytes, or the unknown piece, one for a run of unknown characters. */
#include "tokenizer_spm.h"

#include "base/utf8.h"
#include "tokenizer_merge.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */
#define BLANK_BYTES 3

static bool escape(struct slice text, bool has_prefix, struct arena *scratch, struct slice *out)
{
    size_t blanks = has_prefix ? 1 : 0;
    char *at;

    for (size_t i = 0; i < text.size; i++)
        blanks += text.data[i] == ' ';
    at = arena_alloc(scratch, text.size + blanks * BLANK_BYTES);
    if (at == NULL)
        return false;
    out->data = at;
    if (has_prefix)
        at = (char *)memcpy(at, BLANK, BLANK_BYTES) + BLANK_BYTES;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == ' ')
            at = (char *)memcpy(at, BLANK, BLANK_BYTES) + BLANK_BYTES;
        else
            *at++ = text.data[i];
    }
    out->size = (size_t)(at - out->data);
    return true;
}

static bool is_blank(struct slice text, size_t at)
{
    return slice_starts_with(slice_cut(text, at, text.size), SLICE(BLANK));
}

/* The end of the stretch that begins at @at: blanks, then everything to the next blank. */
static size_t stretch_end(const struct tokenizer_vocab *vocab, struct slice text, size_t at)
{
    if (!vocab->is_blank_first)
        return text.size;
    while (at < text.size && is_blank(text, at))
        at += BLANK_BYTES;
    while (at < text.size && !is_blank(text, at))
        at++;
    return at;
}

static bool merge_by_score(const struct tokenizer_vocab *vocab, struct slice text,
                           const struct tokenizer_symbol *left,
                           const struct tokenizer_symbol *right, uint32_t *rank, uint32_t *merged)
{
    size_t size = (size_t)left->size + right->size;

    if (size > vocab->piece_bytes_max)
        return false;
    *merged = tokenizer_vocab_find(vocab, slice_of(text.data + left->at, size));
    if (*merged == TOKENIZER_NO_ID)
        return false;
    *rank = tokenizer_vocab_rank(vocab, *merged);
    return true;
}

static void put_id(struct buffer *ids, uint32_t id)
{
    buffer_put(ids, slice_of(&id, sizeof(id)));
}

static enum status put_bytes(const struct tokenizer_vocab *vocab, struct slice text,
                             bool *was_unknown, struct buffer *ids, struct error *err)
{
    bool has_bytes = true;

    for (size_t i = 0; i < text.size; i++)
        has_bytes = has_bytes && vocab->bytes[(unsigned char)text.data[i]] != TOKENIZER_NO_ID;
    if (has_bytes) {
        for (size_t i = 0; i < text.size; i++)
            put_id(ids, vocab->bytes[(unsigned char)text.data[i]]);
        *was_unknown = false;
        return STATUS_OK;
    }
    if (vocab->unknown == TOKENIZER_NO_ID)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "the vocabulary has no piece for a character of the text");
    if (!*was_unknown)
        put_id(ids, vocab->unknown);
    *was_unknown = true;
    return STATUS_OK;
}

static enum status encode_stretch(const struct tokenizer_vocab *vocab, struct slice text,
                                  bool *was_unknown, struct arena *scratch, struct buffer *ids,
                                  struct error *err)
{
    struct tokenizer_symbol *symbols =
        arena_alloc(scratch, text.size * sizeof(struct tokenizer_symbol));
    enum status status = STATUS_OK;
    uint32_t count = 0;
    size_t size;

    if (symbols == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    for (size_t at = 0; at < text.size; at += size) {
        utf8_decode(slice_cut(text, at, text.size), &size);
        symbols[count++] = (struct tokenizer_symbol){
            .at = (uint32_t)at,
            .size = (uint32_t)size,
            .id = tokenizer_vocab_find(vocab, slice_of(text.data + at, size)),
        };
    }
    if (!tokenizer_merge(vocab, text, symbols, count, merge_by_score, scratch))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        if (symbols[i].size == 0)
            continue;
        if (symbols[i].id != TOKENIZER_NO_ID) {
            put_id(ids, symbols[i].id);
            *was_unknown = false;
        } else {
            status = put_bytes(vocab, slice_of(text.data + symbols[i].at, symbols[i].size),
                               was_unknown, ids, err);
        }
    }
    return status;
}

enum status tokenizer_spm_encode(const struct tokenizer_vocab *vocab, struct slice text,
                                 bool has_prefix, struct arena *scratch, struct buffer *ids,
                                 struct error *err)
{
    struct arena_mark start = arena_mark(scratch), mark;
    enum status status = STATUS_OK;
    bool was_unknown = false;
    struct slice escaped;
    size_t end;

    if (!escape(text, has_prefix && vocab->adds_space_prefix, scratch, &escaped))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    mark = arena_mark(scratch);
    for (size_t at = 0; at < escaped.size && status == STATUS_OK; at = end) {
        end = stretch_end(vocab, escaped, at);
        status =
            encode_stretch(vocab, slice_cut(escaped, at, end), &was_unknown, scratch, ids, err);
        arena_rewind(scratch, mark);
    }
    arena_rewind(scratch, start);
    return status;
}
