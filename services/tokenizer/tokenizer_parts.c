#include "tokenizer_parts.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/utf8.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */

/* Pieces by text, normal ones before others: open addressing, at most half full. Made by the first
 * search. */
struct tokenizer_parts_index {
    uint32_t mask;
    uint32_t slots[]; /* ids, TOKENIZER_NO_ID in a free one */
};

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
}

void tokenizer_parts_init(struct tokenizer_parts *parts, struct arena *arena)
{
    struct tokenizer_settings *settings = &parts->settings;

    *parts = (struct tokenizer_parts){ .arena = arena };
    settings->bos = settings->eos = settings->unknown = settings->pad = TOKENIZER_NO_ID;
    settings->sep = settings->cls = settings->mask = TOKENIZER_NO_ID;
    settings->word_points_max = 100;
}

enum status tokenizer_parts_reserve(struct tokenizer_parts *parts, uint64_t size,
                                    uint64_t merges_max, struct error *err)
{
    if (size == 0 || size > TOKENIZER_PIECES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of %llu pieces: 1 to %u are read",
                         (unsigned long long)size, TOKENIZER_PIECES_MAX);
    if (merges_max > TOKENIZER_MERGES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of %llu merges: at most %u are read",
                         (unsigned long long)merges_max, TOKENIZER_MERGES_MAX);
    parts->size = (uint32_t)size;
    parts->merges_max = (uint32_t)merges_max;
    parts->pieces = ARENA_ARRAY(parts->arena, struct slice, size);
    parts->types = ARENA_ARRAY(parts->arena, uint8_t, size);
    parts->flags = ARENA_ARRAY(parts->arena, uint8_t, size);
    parts->scores = ARENA_ARRAY(parts->arena, float, size);
    parts->merges = ARENA_ARRAY(parts->arena, struct tokenizer_merge, merges_max);
    if (parts->pieces == NULL || parts->types == NULL || parts->flags == NULL
        || parts->scores == NULL || parts->merges == NULL)
        return no_memory(err);
    memset(parts->types, TOKENIZER_PIECE_UNUSED, size);
    return STATUS_OK;
}

/* Texts
 * -------------------------------------------------------------------------------------------- */

/* GPT-2 writes each byte as a printable character: itself where it is printable in Latin-1, else
 * U+0100 and up in order. */
static int byte_of(uint32_t code_point)
{
    uint32_t hidden = code_point - 0x100;

    if ((code_point >= '!' && code_point <= '~') || (code_point >= 0xA1 && code_point <= 0xAC)
        || (code_point >= 0xAE && code_point <= 0xFF))
        return (int)code_point;
    if (hidden < 33)
        return (int)hidden; /* 0x00 … 0x20 */
    if (hidden < 67)
        return (int)hidden - 33 + 0x7F; /* 0x7F … 0xA0 */
    return hidden == 67 ? 0xAD : -1;
}

/* The bytes that @text stands for, into @bytes (room for text.size); false where @text is not in
 * that alphabet. */
static bool unmask(struct slice text, char *bytes, size_t *size)
{
    size_t step;

    *size = 0;
    for (size_t at = 0; at < text.size; at += step) {
        int byte = byte_of(utf8_decode(slice_cut(text, at, text.size), &step));

        if (byte < 0)
            return false;
        bytes[(*size)++] = (char)byte;
    }
    return true;
}

/* Special pieces are looked for in the text as it is, where blanks are blanks. */
static size_t unescape(struct slice text, char *bytes)
{
    size_t size = 0;

    for (size_t at = 0; at < text.size; at++) {
        if (slice_starts_with(slice_cut(text, at, text.size), SLICE(BLANK))) {
            bytes[size++] = ' ';
            at += 2;
        } else {
            bytes[size++] = text.data[at];
        }
    }
    return size;
}

static bool is_special(unsigned type)
{
    return type == TOKENIZER_PIECE_CONTROL || type == TOKENIZER_PIECE_USER;
}

/* @text as it appears in a text, in the arena. {NULL, 0}: no memory. In byte-level BPE a normal
 * piece that is not written in the alphabet of bytes is never made of a text. */
static struct slice plain_text(const struct tokenizer_parts *parts, struct slice text,
                               enum tokenizer_piece_type *type)
{
    char *bytes = arena_alloc(parts->arena, text.size + 1);
    size_t size = text.size;

    if (bytes == NULL)
        return (struct slice){ 0 };
    if (parts->settings.kind == TOKENIZER_KIND_SPM && is_special(*type))
        return slice_of(bytes, unescape(text, bytes));
    if (parts->settings.kind == TOKENIZER_KIND_BPE && !is_special(*type)) {
        if (unmask(text, bytes, &size))
            return slice_of(bytes, size);
        if (*type == TOKENIZER_PIECE_NORMAL)
            *type = TOKENIZER_PIECE_UNUSED;
    }
    memcpy(bytes, text.data, text.size);
    return slice_of(bytes, text.size);
}

int tokenizer_parts_byte(struct slice text)
{
    char digits[3] = { 0 }, *end;
    long value;

    if (text.size != 6 || !slice_starts_with(text, SLICE("<0x")) || text.data[5] != '>')
        return -1;
    memcpy(digits, text.data + 3, 2);
    value = strtol(digits, &end, 16);
    return end == digits + 2 && digits[0] != '-' && digits[0] != '+' && digits[0] != ' '
               ? (int)value
               : -1;
}

enum status tokenizer_parts_put_piece(struct tokenizer_parts *parts, uint32_t id, struct slice text,
                                      enum tokenizer_piece_type type, unsigned flags, float score,
                                      struct error *err)
{
    if (id >= parts->size)
        return error_set(err, STATUS_DATA_LOSS, "piece %u of a vocabulary of %u pieces", id,
                         parts->size);
    if (text.size > TOKENIZER_PIECE_BYTES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "piece %u of the vocabulary has %zu bytes", id,
                         text.size);
    if (type == TOKENIZER_PIECE_BYTE && tokenizer_parts_byte(text) < 0)
        return error_set(err, STATUS_DATA_LOSS, "piece %u should be a byte and is not", id);
    if (score != score)
        return error_set(err, STATUS_DATA_LOSS, "the score of piece %u is not a number", id);
    parts->pieces[id] = plain_text(parts, text, &type);
    if (parts->pieces[id].data == NULL)
        return no_memory(err);
    parts->types[id] = (uint8_t)type;
    parts->flags[id] = (uint8_t)flags;
    parts->scores[id] = score;
    parts->index = NULL;
    return STATUS_OK;
}

/* Search
 * ------------------------------------------------------------------------------------------- */

static uint32_t *index_slot(const struct tokenizer_parts *parts, struct slice text)
{
    struct tokenizer_parts_index *index = parts->index;
    uint32_t at = (uint32_t)hash_bytes(text, 0) & index->mask;

    while (index->slots[at] != TOKENIZER_NO_ID
           && !slice_equal(parts->pieces[index->slots[at]], text))
        at = (at + 1) & index->mask;
    return &index->slots[at];
}

static void put_in_index(struct tokenizer_parts *parts, bool is_normal)
{
    for (uint32_t id = 0; id < parts->size; id++) {
        uint32_t *slot;

        if ((parts->types[id] == TOKENIZER_PIECE_NORMAL) != is_normal
            || parts->pieces[id].size == 0)
            continue;
        slot = index_slot(parts, parts->pieces[id]);
        if (*slot == TOKENIZER_NO_ID)
            *slot = id;
    }
}

static bool make_index(struct tokenizer_parts *parts)
{
    uint32_t slots = 16;

    while (slots < 2 * parts->size)
        slots *= 2;
    parts->index =
        arena_alloc(parts->arena, sizeof(*parts->index) + slots * sizeof(parts->index->slots[0]));
    if (parts->index == NULL)
        return false;
    parts->index->mask = slots - 1;
    memset(parts->index->slots, 0xff, slots * sizeof(parts->index->slots[0]));
    put_in_index(parts, true);
    put_in_index(parts, false);
    return true;
}

static uint32_t find_any(struct tokenizer_parts *parts, struct slice text)
{
    if (parts->index == NULL && !make_index(parts))
        return TOKENIZER_NO_ID;
    return *index_slot(parts, text);
}

uint32_t tokenizer_parts_find(struct tokenizer_parts *parts, struct slice text)
{
    uint32_t id = find_any(parts, text);

    return id != TOKENIZER_NO_ID && parts->types[id] == TOKENIZER_PIECE_NORMAL ? id
                                                                               : TOKENIZER_NO_ID;
}

/* Merges
 * ------------------------------------------------------------------------------------------- */

/* @text of a merge into @bytes as it appears in a text. */
static struct slice plain_half(const struct tokenizer_parts *parts, struct slice text, char *bytes)
{
    size_t size;

    if (parts->settings.kind == TOKENIZER_KIND_BPE && unmask(text, bytes, &size))
        return slice_of(bytes, size);
    memcpy(bytes, text.data, text.size);
    return slice_of(bytes, text.size);
}

/* The piece that @text is in a merge: special pieces hold blanks where merges have U+2581. */
static uint32_t find_half(struct tokenizer_parts *parts, struct slice text)
{
    uint32_t id = find_any(parts, text);
    char bytes[2 * TOKENIZER_PIECE_BYTES_MAX];

    if (id != TOKENIZER_NO_ID || parts->settings.kind != TOKENIZER_KIND_SPM)
        return id;
    return find_any(parts, slice_of(bytes, unescape(text, bytes)));
}

enum status tokenizer_parts_put_merge(struct tokenizer_parts *parts, struct slice left,
                                      struct slice right, struct error *err)
{
    uint32_t rank = parts->merges_count;
    char joined[2 * TOKENIZER_PIECE_BYTES_MAX];
    struct tokenizer_merge merge;

    CHECK(rank < parts->merges_max);
    if (left.size == 0 || right.size == 0 || left.size > TOKENIZER_PIECE_BYTES_MAX
        || right.size > TOKENIZER_PIECE_BYTES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "merge %u is not two pieces", rank);
    left = plain_half(parts, left, joined);
    right = plain_half(parts, right, joined + left.size);
    merge.left = find_half(parts, left);
    merge.right = find_half(parts, right);
    merge.merged = find_half(parts, slice_of(joined, left.size + right.size));
    if (parts->index == NULL)
        return no_memory(err);
    if (merge.left == TOKENIZER_NO_ID || merge.right == TOKENIZER_NO_ID
        || merge.merged == TOKENIZER_NO_ID)
        return error_set(err, STATUS_DATA_LOSS, "merge %u names a piece that the vocabulary lacks",
                         rank);
    if (parts->types[merge.left] == TOKENIZER_PIECE_NORMAL
        && parts->types[merge.right] == TOKENIZER_PIECE_NORMAL
        && parts->types[merge.merged] == TOKENIZER_PIECE_NORMAL)
        parts->merges[parts->merges_count++] = merge;
    return STATUS_OK;
}
