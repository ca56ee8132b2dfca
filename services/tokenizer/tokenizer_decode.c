/* The state: a version and flags byte, how many bytes are held (0 to 3), and they. */
#include "tokenizer_decode.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/utf8.h"

#define STATE_FLAGS 0x10   /* the version, in the upper half */
#define STATE_IS_STARTED 1 /* text has come: a leading blank stays */
#define REPLACEMENT "\xef\xbf\xbd"
#define BLANK "\xe2\x96\x81" /* U+2581 */

static enum status read_state(struct slice state, bool *is_started, struct slice *held,
                              struct error *err)
{
    *is_started = false;
    *held = (struct slice){ 0 };
    if (state.size == 0)
        return STATUS_OK;
    if (state.size != TOKENIZER_STATE_BYTES || (state.data[0] & ~STATE_IS_STARTED) != STATE_FLAGS
        || (unsigned char)state.data[1] > 3)
        return error_set(err, STATUS_INVALID_ARGUMENT, "not a decoder's state (%zu bytes)",
                         state.size);
    *is_started = (state.data[0] & STATE_IS_STARTED) != 0;
    *held = slice_cut(state, 2, 2 + (size_t)state.data[1]);
    return STATUS_OK;
}

static struct slice write_state(struct arena *arena, bool is_started, struct slice held)
{
    char state[TOKENIZER_STATE_BYTES] = { STATE_FLAGS, (char)held.size };

    if (is_started)
        state[0] |= STATE_IS_STARTED;
    if (held.size > 0)
        memcpy(state + 2, held.data, held.size);
    return arena_copy(arena, slice_of(state, sizeof(state)));
}

bool tokenizer_decode_is_whole(struct slice state)
{
    struct slice held;
    bool is_started;

    return read_state(state, &is_started, &held, NULL) == STATUS_OK && held.size == 0;
}

/* An SPM piece with its blanks; the first blank of the stream is left out. */
static void put_spm(struct buffer *bytes, struct slice piece, bool is_first)
{
    for (size_t at = 0; at < piece.size; at++) {
        if (!slice_starts_with(slice_cut(piece, at, piece.size), SLICE(BLANK))) {
            buffer_put_byte(bytes, piece.data[at]);
            continue;
        }
        if (at > 0 || !is_first)
            buffer_put_byte(bytes, ' ');
        at += 2;
    }
}

/* "##" marks what goes on in a word; all else begins one. */
static void put_wordpiece(struct buffer *bytes, struct slice piece, bool is_first)
{
    if (slice_starts_with(piece, SLICE("##")) && piece.size > 2) {
        buffer_put(bytes, slice_cut(piece, 2, piece.size));
        return;
    }
    if (!is_first)
        buffer_put_byte(bytes, ' ');
    buffer_put(bytes, piece);
}

/* "<0x0A>": tokenizer_vocab_create has checked the two digits. */
static char byte_of(struct slice piece)
{
    char digits[3] = { piece.data[3], piece.data[4], '\0' };

    return (char)strtol(digits, NULL, 16);
}

static void put_piece(const struct tokenizer_vocab *vocab, uint32_t id, bool is_first,
                      struct buffer *bytes)
{
    struct slice piece = tokenizer_vocab_piece(vocab, id);

    switch (tokenizer_vocab_type(vocab, id)) {
    case TOKENIZER_PIECE_CONTROL:
        return;
    case TOKENIZER_PIECE_UNKNOWN:
        buffer_put_string(bytes, REPLACEMENT);
        return;
    case TOKENIZER_PIECE_BYTE:
        buffer_put_byte(bytes, byte_of(piece));
        return;
    case TOKENIZER_PIECE_NORMAL:
    case TOKENIZER_PIECE_USER:
    case TOKENIZER_PIECE_UNUSED:
        break;
    }
    if (vocab->kind == TOKENIZER_KIND_WORDPIECE)
        put_wordpiece(bytes, piece, is_first);
    else if (vocab->kind == TOKENIZER_KIND_SPM)
        put_spm(bytes, piece, is_first && vocab->adds_space_prefix);
    else
        buffer_put(bytes, piece);
}

/* Whole code points; what is none becomes U+FFFD. */
static void put_clean(struct buffer *text, struct slice bytes)
{
    size_t size;

    for (size_t at = 0; at < bytes.size; at += size) {
        uint32_t point = utf8_decode(slice_cut(bytes, at, bytes.size), &size);

        if (point == UTF8_INVALID || point == 0)
            buffer_put_string(text, REPLACEMENT);
        else
            buffer_put(text, slice_of(bytes.data + at, size));
    }
}

static enum status check_id(const struct tokenizer_vocab *vocab, uint32_t id, struct error *err)
{
    if (id < vocab->size)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID_ARGUMENT, "id %u is outside the vocabulary of %u pieces",
                     id, vocab->size);
}

enum status tokenizer_decode_pieces(const struct tokenizer_vocab *vocab, const uint32_t *ids,
                                    size_t count, struct arena *arena, struct slice *pieces,
                                    struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        enum tokenizer_piece_type type;
        struct buffer bytes;

        if (check_id(vocab, ids[i], err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
        type = tokenizer_vocab_type(vocab, ids[i]);
        buffer_init(&bytes, arena);
        if (type == TOKENIZER_PIECE_CONTROL || type == TOKENIZER_PIECE_UNKNOWN)
            buffer_put(&bytes, tokenizer_vocab_piece(vocab, ids[i]));
        else
            put_piece(vocab, ids[i], false, &bytes);
        if (bytes.is_full)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                             "the pieces are over the call's limit");
        pieces[i] = buffer_slice(&bytes);
    }
    return STATUS_OK;
}

enum status tokenizer_decode(const struct tokenizer_vocab *vocab, const uint32_t *ids, size_t count,
                             struct slice state, bool is_last, struct arena *arena,
                             struct slice *text, struct slice *state_after, struct error *err)
{
    struct buffer bytes, clean;
    struct slice held, all;
    bool is_started;
    size_t whole;

    if (read_state(state, &is_started, &held, err) != STATUS_OK)
        return STATUS_INVALID_ARGUMENT;
    buffer_init(&bytes, arena);
    buffer_put(&bytes, held);
    for (size_t i = 0; i < count; i++) {
        if (check_id(vocab, ids[i], err) != STATUS_OK)
            return STATUS_INVALID_ARGUMENT;
        put_piece(vocab, ids[i], !is_started, &bytes);
        if (tokenizer_vocab_type(vocab, ids[i]) != TOKENIZER_PIECE_CONTROL)
            is_started = true;
    }
    all = buffer_slice(&bytes);
    whole = is_last ? all.size : utf8_whole_prefix(all);
    buffer_init(&clean, arena);
    put_clean(&clean, slice_cut(all, 0, whole));
    *text = buffer_slice(&clean);
    *state_after = write_state(arena, is_started, slice_cut(all, whole, all.size));
    if (bytes.is_full || clean.is_full || state_after->data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the text is over the call's limit");
    return STATUS_OK;
}
