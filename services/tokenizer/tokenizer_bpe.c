/* text → pre-tokens → bytes → merged by rank → ids. */
#include "tokenizer_bpe.h"

#include "tokenizer_merge.h"

static bool merge_by_rank(const struct tokenizer_vocab *vocab, struct slice text,
                          const struct tokenizer_symbol *left, const struct tokenizer_symbol *right,
                          uint32_t *rank, uint32_t *merged)
{
    (void)text;
    return tokenizer_vocab_merge(vocab, left->id, right->id, rank, merged);
}

static void put_id(struct buffer *ids, uint32_t id)
{
    buffer_put(ids, slice_of(&id, sizeof(id)));
}

/* A byte without a piece (a byte that no UTF-8 holds, in vocabularies cut down to what text needs)
 * is the unknown piece. */
static enum status byte_id(const struct tokenizer_vocab *vocab, unsigned char byte, uint32_t *id,
                           struct error *err)
{
    *id = vocab->bytes[byte];
    if (*id == TOKENIZER_NO_ID)
        *id = vocab->unknown;
    if (*id == TOKENIZER_NO_ID)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the vocabulary has no piece for a byte");
    return STATUS_OK;
}

static enum status encode_pretoken(const struct tokenizer_vocab *vocab, struct slice text,
                                   struct arena *scratch, struct buffer *ids, struct error *err)
{
    struct tokenizer_symbol *symbols;
    uint32_t id;

    if (vocab->ignores_merges && text.size <= vocab->piece_bytes_max) {
        id = tokenizer_vocab_find(vocab, text);
        if (id != TOKENIZER_NO_ID) {
            put_id(ids, id);
            return STATUS_OK;
        }
    }
    symbols = arena_alloc(scratch, text.size * sizeof(struct tokenizer_symbol));
    if (symbols == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    for (size_t i = 0; i < text.size; i++) {
        symbols[i] = (struct tokenizer_symbol){ .at = (uint32_t)i, .size = 1 };
        if (byte_id(vocab, (unsigned char)text.data[i], &symbols[i].id, err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
    }
    if (!tokenizer_merge(vocab, text, symbols, (uint32_t)text.size, merge_by_rank, scratch))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
    for (size_t i = 0; i < text.size; i++) {
        if (symbols[i].size > 0)
            put_id(ids, symbols[i].id);
    }
    return STATUS_OK;
}

enum status tokenizer_bpe_encode(const struct tokenizer_vocab *vocab, struct slice text,
                                 struct arena *scratch, struct buffer *ids, struct error *err)
{
    struct arena_mark mark = arena_mark(scratch);
    enum status status = STATUS_OK;

    while (text.size > 0 && status == STATUS_OK) {
        size_t size = tokenizer_split_next(vocab->split, text);

        status = encode_pretoken(vocab, slice_cut(text, 0, size), scratch, ids, err);
        text = slice_cut(text, size, text.size);
        arena_rewind(scratch, mark);
    }
    return status;
}
