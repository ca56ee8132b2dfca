#include "inference_text.h"

#include <stdlib.h>

#include "base/utf8.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */

/* tokenizer.ggml.token_type */
enum piece {
    PIECE_NORMAL = 1,
    PIECE_UNKNOWN = 2,
    PIECE_CONTROL = 3,
    PIECE_USER = 4,
    PIECE_UNUSED = 5,
    PIECE_BYTE = 6,
};

struct inference_text {
    uint32_t count;
    bool drops_first_blank;
    char *bytes;
    size_t *ends;     /* [count] of each text in bytes */
    bool *is_control; /* [count] */
};

/* GPT-2 writes each byte as a printable character: itself where it is printable in Latin-1, else
 * U+0100 and up in order. */
static int byte_of(uint32_t point)
{
    uint32_t hidden = point - 0x100;

    if ((point >= '!' && point <= '~') || (point >= 0xA1 && point <= 0xAC)
        || (point >= 0xAE && point <= 0xFF))
        return (int)point;
    if (hidden < 33)
        return (int)hidden; /* 0x00 … 0x20 */
    if (hidden < 67)
        return (int)hidden - 33 + 0x7F; /* 0x7F … 0xA0 */
    return hidden == 67 ? 0xAD : -1;
}

static size_t put_plain(char *out, struct slice piece)
{
    memcpy(out, piece.data, piece.size);
    return piece.size;
}

/* What is not in that alphabet stands for itself. */
static size_t put_masked(char *out, struct slice piece)
{
    size_t size = 0, step;

    for (size_t at = 0; at < piece.size; at += step) {
        int byte = byte_of(utf8_decode(slice_cut(piece, at, piece.size), &step));

        if (byte < 0)
            return put_plain(out, piece);
        out[size++] = (char)byte;
    }
    return size;
}

static size_t put_blanks(char *out, struct slice piece)
{
    size_t size = 0;

    for (size_t at = 0; at < piece.size; at++) {
        bool is_blank = slice_starts_with(slice_cut(piece, at, piece.size), SLICE(BLANK));

        out[size++] = is_blank ? ' ' : piece.data[at];
        at += is_blank ? 2 : 0;
    }
    return size;
}

/* "<0x0A>" */
static size_t put_byte(char *out, struct slice piece)
{
    char digits[3] = { 0 };

    if (piece.size != 6 || !slice_starts_with(piece, SLICE("<0x")))
        return 0;
    memcpy(digits, piece.data + 3, 2);
    *out = (char)strtol(digits, NULL, 16);
    return 1;
}

static size_t put_piece(char *out, struct slice piece, int32_t type, bool is_bytes)
{
    switch (type) {
    case PIECE_CONTROL:
    case PIECE_UNKNOWN:
        return 0;
    case PIECE_BYTE:
        return put_byte(out, piece);
    case PIECE_USER:
        break;
    default:
        if (is_bytes)
            return put_masked(out, piece);
    }
    if (!is_bytes)
        return put_blanks(out, piece);
    return put_plain(out, piece);
}

static enum status check_kind(const struct gguf *gguf, uint32_t vocabulary, bool *is_bytes,
                              struct error *err)
{
    enum gguf_type type;
    uint64_t count;
    struct slice kind;

    if (!gguf_get_string(gguf, "tokenizer.ggml.model", &kind)
        || !gguf_get_array(gguf, "tokenizer.ggml.tokens", &type, &count)
        || type != GGUF_TYPE_STRING)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the model's file has no vocabulary");
    *is_bytes = slice_is(kind, "gpt2");
    if (!*is_bytes && !slice_is(kind, "llama"))
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the model's vocabulary is of a kind that is not read");
    if (count > vocabulary)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the vocabulary has %llu pieces, the model %u ids",
                         (unsigned long long)count, vocabulary);
    return STATUS_OK;
}

static size_t size_of_pieces(const struct gguf *gguf)
{
    size_t cursor = 0, size = 0;
    struct slice piece;

    while (gguf_next_string(gguf, "tokenizer.ggml.tokens", &cursor, &piece))
        size += piece.size;
    return size;
}

static void read_pieces(struct inference_text *text, const struct gguf *gguf, bool is_bytes)
{
    struct slice types = { 0 }, piece;
    size_t cursor = 0, end = 0;

    if (!gguf_get_array_bytes(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, &types)
        || types.size / 4 > text->count)
        types = (struct slice){ 0 };
    for (uint32_t id = 0; id < text->count; id++) {
        int32_t type = PIECE_NORMAL;

        if (types.size / 4 > id)
            memcpy(&type, types.data + (size_t)id * 4, sizeof(type));
        if (gguf_next_string(gguf, "tokenizer.ggml.tokens", &cursor, &piece))
            end += put_piece(text->bytes + end, piece, type, is_bytes);
        text->ends[id] = end;
        text->is_control[id] = type == PIECE_CONTROL;
    }
}

struct inference_text *inference_text_create(const struct gguf *gguf, uint32_t vocabulary,
                                             struct error *err)
{
    struct inference_text *text;
    bool is_bytes = false;

    if (check_kind(gguf, vocabulary, &is_bytes, err) != STATUS_OK)
        return NULL;
    text = calloc(1, sizeof(*text));
    if (text != NULL) {
        text->count = vocabulary;
        text->bytes = malloc(size_of_pieces(gguf) + 1);
        text->ends = calloc(vocabulary, sizeof(*text->ends));
        text->is_control = calloc(vocabulary, sizeof(*text->is_control));
    }
    if (text == NULL || text->bytes == NULL || text->ends == NULL || text->is_control == NULL) {
        inference_text_destroy(text);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a vocabulary of %u", vocabulary);
        return NULL;
    }
    read_pieces(text, gguf, is_bytes);
    text->drops_first_blank = true;
    gguf_get_bool(gguf, "tokenizer.ggml.add_space_prefix", &text->drops_first_blank);
    text->drops_first_blank &= !is_bytes;
    return text;
}

void inference_text_destroy(struct inference_text *text)
{
    if (text == NULL)
        return;
    free(text->bytes);
    free(text->ends);
    free(text->is_control);
    free(text);
}

struct slice inference_text_of(const struct inference_text *text, uint32_t id)
{
    size_t start = id == 0 ? 0 : text->ends[id - 1];

    return slice_of(text->bytes + start, text->ends[id] - start);
}

uint32_t inference_text_count(const struct inference_text *text)
{
    return text->count;
}

bool inference_text_drops_first_blank(const struct inference_text *text)
{
    return text->drops_first_blank;
}

bool inference_text_is_control(const struct inference_text *text, uint32_t id)
{
    return text->is_control[id];
}
