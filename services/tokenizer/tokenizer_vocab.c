/* From metadata to tables:
 *
 *     model, pre                         load_kind
 *     tokens, scores, token_type         load_pieces → load_ranks
 *     merges                             load_merges
 *     bos, eos, unknown, flags           load_settings
 *
 * Tables are open-addressed, at most half full. They hold what the operator's file says, not what
 * callers send. */
#include "tokenizer_vocab.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"

/* The largest vocabularies published have 262,144 pieces and 450,000 merges. */
#define PIECES_MAX (1u << 20)
#define MERGES_MAX (1u << 22)
#define PIECE_BYTES_MAX 4096
#define VOCAB_BYTES_MAX (1024 * MIB)
#define SPECIAL_SIZES_MAX 256

struct merge {
    uint32_t left, right, rank, merged; /* left is TOKENIZER_NO_ID in a free slot */
};

struct table {
    uint32_t *slots; /* ids, TOKENIZER_NO_ID in a free one */
    uint32_t mask;
};

struct tokenizer_tables {
    struct arena arena;
    struct slice *pieces;
    uint8_t *types;
    uint32_t *ranks; /* SPM */
    struct table normal, special;
    struct merge *merges; /* BPE */
    uint32_t merges_mask;
    uint16_t special_sizes[SPECIAL_SIZES_MAX]; /* distinct, falling */
    unsigned special_sizes_count;
    bool special_first[256];
    char digest[65];
};

struct slice tokenizer_vocab_piece(const struct tokenizer_vocab *vocab, uint32_t id)
{
    CHECK(id < vocab->size);
    return vocab->tables->pieces[id];
}

enum tokenizer_piece_type tokenizer_vocab_type(const struct tokenizer_vocab *vocab, uint32_t id)
{
    CHECK(id < vocab->size);
    return vocab->tables->types[id];
}

uint32_t tokenizer_vocab_rank(const struct tokenizer_vocab *vocab, uint32_t id)
{
    return vocab->tables->ranks[id];
}

/* Tables of texts
 * ---------------------------------------------------------------------------------- */

/* A power of two, at least twice @count. */
static uint32_t slots_for(uint32_t count)
{
    uint32_t slots = 16;

    while (slots < 2 * count)
        slots *= 2;
    return slots;
}

static bool table_init(struct table *table, struct arena *arena, uint32_t count)
{
    uint32_t slots = slots_for(count);

    table->mask = slots - 1;
    table->slots = arena_alloc(arena, slots * sizeof(*table->slots));
    if (table->slots == NULL)
        return false;
    memset(table->slots, 0xff, slots * sizeof(*table->slots));
    return true;
}

/* The slot of @text: it holds the text's id or is free. */
static uint32_t *table_slot(const struct table *table, const struct slice *pieces,
                            struct slice text)
{
    uint32_t at = (uint32_t)hash_bytes(text, 0) & table->mask;

    while (table->slots[at] != TOKENIZER_NO_ID && !slice_equal(pieces[table->slots[at]], text))
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

uint32_t tokenizer_vocab_find(const struct tokenizer_vocab *vocab, struct slice text)
{
    return *table_slot(&vocab->tables->normal, vocab->tables->pieces, text);
}

bool tokenizer_vocab_may_begin_special(const struct tokenizer_vocab *vocab, unsigned char byte)
{
    return vocab->tables->special_first[byte];
}

uint32_t tokenizer_vocab_find_special(const struct tokenizer_vocab *vocab, struct slice text,
                                      unsigned types, size_t *size)
{
    const struct tokenizer_tables *tables = vocab->tables;

    for (unsigned i = 0; i < tables->special_sizes_count; i++) {
        uint32_t id;

        *size = tables->special_sizes[i];
        if (*size > text.size)
            continue;
        id = *table_slot(&tables->special, tables->pieces, slice_cut(text, 0, *size));
        if (id != TOKENIZER_NO_ID && (types >> tables->types[id] & 1) != 0)
            return id;
    }
    return TOKENIZER_NO_ID;
}

/* Kind
 * --------------------------------------------------------------------------------------------- */

static enum status load_bpe_kind(struct tokenizer_vocab *vocab, const struct gguf *gguf,
                                 struct error *err)
{
    struct slice pre;

    vocab->kind = TOKENIZER_KIND_BPE;
    if (!gguf_get_string(gguf, "tokenizer.ggml.pre", &pre))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "the vocabulary does not name its pre-tokeniser (tokenizer.ggml.pre)");
    if (!tokenizer_split_parse(pre, &vocab->split))
        return error_set(err, STATUS_UNIMPLEMENTED, "the pre-tokeniser \"%.*s\" is not known",
                         SLICE_FORMAT(slice_cut(pre, 0, 40)));
    /* The file has no key for it: it is a property of the family. */
    vocab->ignores_merges = vocab->split == TOKENIZER_SPLIT_LLAMA3;
    vocab->adds_bos = vocab->split == TOKENIZER_SPLIT_LLAMA3;
    return STATUS_OK;
}

static enum status load_kind(struct tokenizer_vocab *vocab, const struct gguf *gguf,
                             struct error *err)
{
    struct slice model;

    if (!gguf_get_string(gguf, "tokenizer.ggml.model", &model))
        return error_set(err, STATUS_DATA_LOSS,
                         "the file has no vocabulary (tokenizer.ggml.model)");
    if (slice_is(model, "gpt2"))
        return load_bpe_kind(vocab, gguf, err);
    if (!slice_is(model, "llama"))
        return error_set(err, STATUS_UNIMPLEMENTED,
                         "vocabularies of the kind \"%.*s\" are not read",
                         SLICE_FORMAT(slice_cut(model, 0, 40)));
    vocab->kind = TOKENIZER_KIND_SPM;
    vocab->adds_bos = true;
    vocab->adds_space_prefix = true;
    return STATUS_OK;
}

/* Pieces
 * ------------------------------------------------------------------------------------------- */

/* GPT-2 writes each byte as a printable character: itself where it is printable in Latin-1, else
 * U+0100 and up in order. */
static int byte_of(uint32_t code_point)
{
    int hidden = 0;

    if ((code_point >= '!' && code_point <= '~') || (code_point >= 0xA1 && code_point <= 0xAC)
        || (code_point >= 0xAE && code_point <= 0xFF))
        return (int)code_point;
    for (int byte = 0; byte < 256; byte++) {
        if ((byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE)
            continue;
        if (code_point == 0x100u + (unsigned)hidden++)
            return byte;
    }
    return -1;
}

/* The bytes that @text stands for; @text itself where it is not in that alphabet. {NULL, 0}: no
 * memory. */
static struct slice unmask(struct arena *arena, struct slice text)
{
    char *bytes = arena_alloc(arena, text.size);
    size_t size = 0, step;

    if (bytes == NULL)
        return (struct slice){ 0 };
    for (size_t at = 0; at < text.size; at += step) {
        int byte = byte_of(utf8_decode(slice_cut(text, at, text.size), &step));

        if (byte < 0) {
            memcpy(bytes, text.data, text.size);
            return slice_of(bytes, text.size);
        }
        bytes[size++] = (char)byte;
    }
    return slice_of(bytes, size);
}

#define BLANK "\xe2\x96\x81" /* U+2581 */

/* Special pieces are looked for in the text as it is, where blanks are blanks. */
static struct slice unescape(struct arena *arena, struct slice text)
{
    char *bytes = arena_alloc(arena, text.size);
    size_t size = 0;

    if (bytes == NULL)
        return (struct slice){ 0 };
    for (size_t at = 0; at < text.size; at++) {
        if (slice_starts_with(slice_cut(text, at, text.size), SLICE(BLANK))) {
            bytes[size++] = ' ';
            at += 2;
        } else {
            bytes[size++] = text.data[at];
        }
    }
    return slice_of(bytes, size);
}

static bool is_special(uint8_t type)
{
    return type == TOKENIZER_PIECE_CONTROL || type == TOKENIZER_PIECE_USER;
}

/* "<0x0A>" → 10; -1 for anything else. */
static int parse_byte_piece(struct slice text)
{
    char digits[3] = { 0 }, *end;
    long value;

    if (text.size != 6 || !slice_starts_with(text, SLICE("<0x")) || text.data[5] != '>')
        return -1;
    memcpy(digits, text.data + 3, 2);
    value = strtol(digits, &end, 16);
    return end == digits + 2 ? (int)value : -1;
}

/* A piece with a blank after something that is not one: merges may then cross from word to word. */
static bool has_inner_blank(struct slice text)
{
    bool is_after = false;

    for (size_t at = 0; at < text.size; at++) {
        if (slice_starts_with(slice_cut(text, at, text.size), SLICE(BLANK))) {
            if (is_after)
                return true;
            at += 2;
        } else {
            is_after = true;
        }
    }
    return false;
}

static struct slice piece_text(struct tokenizer_vocab *vocab, struct slice text, uint8_t type)
{
    struct arena *arena = &vocab->tables->arena;

    if (vocab->kind == TOKENIZER_KIND_BPE && !is_special(type))
        return unmask(arena, text);
    if (vocab->kind == TOKENIZER_KIND_SPM && is_special(type))
        return unescape(arena, text);
    return arena_copy(arena, text);
}

static enum status load_piece(struct tokenizer_vocab *vocab, uint32_t id, struct slice text,
                              struct error *err)
{
    struct tokenizer_tables *tables = vocab->tables;
    uint8_t type = tables->types[id];
    uint32_t *slot;
    int byte;

    if (text.size > PIECE_BYTES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "piece %u of the vocabulary has %zu bytes", id,
                         text.size);
    tables->pieces[id] = piece_text(vocab, text, type);
    if (tables->pieces[id].data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    text = tables->pieces[id];
    if (type == TOKENIZER_PIECE_BYTE) {
        byte = parse_byte_piece(text);
        if (byte < 0)
            return error_set(err, STATUS_DATA_LOSS, "piece %u should be a byte and is not", id);
        if (vocab->bytes[byte] == TOKENIZER_NO_ID)
            vocab->bytes[byte] = id;
        return STATUS_OK;
    }
    if (text.size == 0 || (type != TOKENIZER_PIECE_NORMAL && !is_special(type)))
        return STATUS_OK;
    if (type == TOKENIZER_PIECE_NORMAL && text.size > vocab->piece_bytes_max)
        vocab->piece_bytes_max = (uint32_t)text.size;
    if (type == TOKENIZER_PIECE_NORMAL && vocab->is_blank_first && has_inner_blank(text))
        vocab->is_blank_first = false;
    slot = table_slot(is_special(type) ? &tables->special : &tables->normal, tables->pieces, text);
    if (*slot == TOKENIZER_NO_ID)
        *slot = id;
    return STATUS_OK;
}

static int compare_sizes(const void *a, const void *b)
{
    return (int)*(const uint16_t *)b - (int)*(const uint16_t *)a;
}

/* The sizes and first bytes of special pieces, so that a search asks the table once a size. */
static enum status load_special_sizes(struct tokenizer_vocab *vocab, struct error *err)
{
    struct tokenizer_tables *tables = vocab->tables;
    bool seen[PIECE_BYTES_MAX + 1] = { false };

    for (uint32_t id = 0; id < vocab->size; id++) {
        struct slice text = tables->pieces[id];

        if (!is_special(tables->types[id]) || text.size == 0)
            continue;
        tables->special_first[(unsigned char)text.data[0]] = true;
        if (seen[text.size])
            continue;
        seen[text.size] = true;
        if (tables->special_sizes_count == SPECIAL_SIZES_MAX)
            return error_set(err, STATUS_DATA_LOSS,
                             "special pieces of more than %d different sizes", SPECIAL_SIZES_MAX);
        tables->special_sizes[tables->special_sizes_count++] = (uint16_t)text.size;
    }
    qsort(tables->special_sizes, tables->special_sizes_count, sizeof(tables->special_sizes[0]),
          compare_sizes);
    return STATUS_OK;
}

static enum status load_types(struct tokenizer_vocab *vocab, const struct gguf *gguf,
                              struct error *err)
{
    struct slice bytes;
    int32_t type;

    memset(vocab->tables->types, TOKENIZER_PIECE_NORMAL, vocab->size);
    if (!gguf_get_array_bytes(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, &bytes))
        return STATUS_OK;
    if (bytes.size != vocab->size * sizeof(type))
        return error_set(err, STATUS_DATA_LOSS, "%zu types for %u pieces",
                         bytes.size / sizeof(type), vocab->size);
    for (uint32_t id = 0; id < vocab->size; id++) {
        memcpy(&type, bytes.data + id * sizeof(type), sizeof(type));
        if (type < TOKENIZER_PIECE_NORMAL || type > TOKENIZER_PIECE_BYTE)
            return error_set(err, STATUS_DATA_LOSS, "piece %u is of the unknown type %d", id, type);
        vocab->tables->types[id] = (uint8_t)type;
    }
    return STATUS_OK;
}

static enum status load_pieces(struct tokenizer_vocab *vocab, const struct gguf *gguf,
                               struct error *err)
{
    static const char key[] = "tokenizer.ggml.tokens";
    struct tokenizer_tables *tables = vocab->tables;
    enum status status;
    enum gguf_type type;
    struct slice text;
    uint64_t count;
    size_t cursor = 0;

    if (!gguf_get_array(gguf, key, &type, &count) || type != GGUF_TYPE_STRING)
        return error_set(err, STATUS_DATA_LOSS, "the file has no pieces (%s)", key);
    if (count == 0 || count > PIECES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "a vocabulary of %llu pieces: 1 to %u are read",
                         (unsigned long long)count, PIECES_MAX);
    vocab->size = (uint32_t)count;
    tables->pieces = ARENA_ARRAY(&tables->arena, struct slice, count);
    tables->types = ARENA_ARRAY(&tables->arena, uint8_t, count);
    if (tables->pieces == NULL || tables->types == NULL
        || !table_init(&tables->normal, &tables->arena, vocab->size)
        || !table_init(&tables->special, &tables->arena, vocab->size))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    status = load_types(vocab, gguf, err);
    for (uint32_t id = 0; id < vocab->size && status == STATUS_OK; id++) {
        CHECK(gguf_next_string(gguf, key, &cursor, &text));
        status = load_piece(vocab, id, text, err);
    }
    return status == STATUS_OK ? load_special_sizes(vocab, err) : status;
}

/* SPM: scores to ranks
 * ----------------------------------------------------------------------------- */

struct scored {
    float score;
    uint32_t id;
};

static int compare_scores(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;

    return x > y ? -1 : x < y;
}

static enum status load_ranks(struct tokenizer_vocab *vocab, const struct gguf *gguf,
                              struct error *err)
{
    struct tokenizer_tables *tables = vocab->tables;
    struct arena_mark mark;
    struct scored *scored;
    struct slice bytes;
    uint32_t rank = 0;

    if (!gguf_get_array_bytes(gguf, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, &bytes)
        || bytes.size != vocab->size * sizeof(float))
        return error_set(err, STATUS_DATA_LOSS, "the pieces have no scores, or not as many");
    tables->ranks = ARENA_ARRAY(&tables->arena, uint32_t, vocab->size);
    mark = arena_mark(&tables->arena);
    scored = ARENA_ARRAY(&tables->arena, struct scored, vocab->size);
    if (tables->ranks == NULL || scored == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    for (uint32_t id = 0; id < vocab->size; id++) {
        memcpy(&scored[id].score, bytes.data + id * sizeof(float), sizeof(float));
        scored[id].id = id;
        if (scored[id].score != scored[id].score)
            return error_set(err, STATUS_DATA_LOSS, "the score of piece %u is not a number", id);
    }
    qsort(scored, vocab->size, sizeof(*scored), compare_scores);
    for (uint32_t i = 0; i < vocab->size; i++) {
        if (i > 0 && scored[i].score < scored[i - 1].score)
            rank++;
        tables->ranks[scored[i].id] = rank;
    }
    arena_rewind(&tables->arena, mark);
    return STATUS_OK;
}

/* BPE: merges
 * -------------------------------------------------------------------------------------- */

static struct merge *merge_slot(const struct tokenizer_tables *tables, uint32_t left,
                                uint32_t right)
{
    uint64_t key = ((uint64_t)left << 32 | right) * 0x9e3779b97f4a7c15u;
    uint32_t at = (uint32_t)(key >> 32) & tables->merges_mask;

    while (tables->merges[at].left != TOKENIZER_NO_ID
           && (tables->merges[at].left != left || tables->merges[at].right != right))
        at = (at + 1) & tables->merges_mask;
    return &tables->merges[at];
}

bool tokenizer_vocab_merge(const struct tokenizer_vocab *vocab, uint32_t left, uint32_t right,
                           uint32_t *rank, uint32_t *merged)
{
    const struct merge *merge = merge_slot(vocab->tables, left, right);

    if (merge->left == TOKENIZER_NO_ID)
        return false;
    *rank = merge->rank;
    *merged = merge->merged;
    return true;
}

/* "left right" in GPT-2's alphabet, in which a blank never occurs inside. */
static enum status load_merge(struct tokenizer_vocab *vocab, uint32_t rank, struct slice text,
                              struct error *err)
{
    struct tokenizer_tables *tables = vocab->tables;
    struct arena_mark mark = arena_mark(&tables->arena);
    size_t blank = slice_find_byte(text, ' ');
    struct slice left, right;
    struct merge merge = { .rank = rank }, *slot;
    char joined[2 * PIECE_BYTES_MAX];

    if (blank == 0 || blank >= text.size - 1 || text.size > 2 * PIECE_BYTES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "merge %u is not two pieces", rank);
    left = unmask(&tables->arena, slice_cut(text, 0, blank));
    right = unmask(&tables->arena, slice_cut(text, blank + 1, text.size));
    if (left.data == NULL || right.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    memcpy(joined, left.data, left.size);
    memcpy(joined + left.size, right.data, right.size);
    merge.left = tokenizer_vocab_find(vocab, left);
    merge.right = tokenizer_vocab_find(vocab, right);
    merge.merged = tokenizer_vocab_find(vocab, slice_of(joined, left.size + right.size));
    arena_rewind(&tables->arena, mark);
    if (merge.left == TOKENIZER_NO_ID || merge.right == TOKENIZER_NO_ID
        || merge.merged == TOKENIZER_NO_ID)
        return error_set(err, STATUS_DATA_LOSS, "merge %u names a piece that the vocabulary lacks",
                         rank);
    slot = merge_slot(tables, merge.left, merge.right);
    if (slot->left == TOKENIZER_NO_ID)
        *slot = merge;
    return STATUS_OK;
}

static enum status load_merges(struct tokenizer_vocab *vocab, const struct gguf *gguf,
                               struct error *err)
{
    static const char key[] = "tokenizer.ggml.merges";
    struct tokenizer_tables *tables = vocab->tables;
    enum status status = STATUS_OK;
    enum gguf_type type;
    struct slice text;
    uint64_t count;
    size_t cursor = 0;

    if (!gguf_get_array(gguf, key, &type, &count) || type != GGUF_TYPE_STRING || count > MERGES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "the vocabulary has no merges, or too many");
    tables->merges_mask = slots_for((uint32_t)count) - 1;
    tables->merges =
        arena_alloc(&tables->arena, (tables->merges_mask + 1) * sizeof(*tables->merges));
    if (tables->merges == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    memset(tables->merges, 0xff, (tables->merges_mask + 1) * sizeof(*tables->merges));
    for (uint32_t rank = 0; rank < count && status == STATUS_OK; rank++) {
        CHECK(gguf_next_string(gguf, key, &cursor, &text));
        status = load_merge(vocab, rank, text, err);
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        char character = (char)byte;

        vocab->bytes[byte] = tokenizer_vocab_find(vocab, slice_of(&character, 1));
    }
    return status;
}

/* Settings
 * ----------------------------------------------------------------------------------------- */

static enum status load_id(const struct tokenizer_vocab *vocab, const struct gguf *gguf,
                           const char *key, uint32_t *id, struct error *err)
{
    uint64_t value;

    *id = TOKENIZER_NO_ID;
    if (!gguf_get_u64(gguf, key, &value) || value == TOKENIZER_NO_ID)
        return STATUS_OK;
    if (value >= vocab->size)
        return error_set(err, STATUS_DATA_LOSS, "%s is %llu, but the vocabulary has %u pieces", key,
                         (unsigned long long)value, vocab->size);
    *id = (uint32_t)value;
    return STATUS_OK;
}

static enum status load_settings(struct tokenizer_vocab *vocab, struct gguf *gguf,
                                 struct error *err)
{
    struct tokenizer_tables *tables = vocab->tables;

    if (load_id(vocab, gguf, "tokenizer.ggml.bos_token_id", &vocab->bos, err) != STATUS_OK
        || load_id(vocab, gguf, "tokenizer.ggml.eos_token_id", &vocab->eos, err) != STATUS_OK
        || load_id(vocab, gguf, "tokenizer.ggml.unknown_token_id", &vocab->unknown, err)
               != STATUS_OK)
        return STATUS_DATA_LOSS;
    gguf_get_bool(gguf, "tokenizer.ggml.add_bos_token", &vocab->adds_bos);
    gguf_get_bool(gguf, "tokenizer.ggml.add_space_prefix", &vocab->adds_space_prefix);
    if (gguf_get_string(gguf, "tokenizer.chat_template", &vocab->chat_template)) {
        vocab->chat_template = arena_copy(&tables->arena, vocab->chat_template);
        if (vocab->chat_template.data == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
    }
    memcpy(tables->digest, gguf_digest(gguf), sizeof(tables->digest));
    vocab->digest = tables->digest;
    return STATUS_OK;
}

static enum status load(struct tokenizer_vocab *vocab, struct gguf *gguf, struct error *err)
{
    enum status status = load_kind(vocab, gguf, err);

    if (status == STATUS_OK)
        status = load_pieces(vocab, gguf, err);
    if (status == STATUS_OK)
        status = vocab->kind == TOKENIZER_KIND_SPM ? load_ranks(vocab, gguf, err)
                                                   : load_merges(vocab, gguf, err);
    if (status == STATUS_OK)
        status = load_settings(vocab, gguf, err);
    return status;
}

struct tokenizer_vocab *tokenizer_vocab_create(struct gguf *gguf, struct error *err)
{
    struct tokenizer_vocab *vocab = calloc(1, sizeof(*vocab));
    struct tokenizer_tables *tables = calloc(1, sizeof(*tables));

    if (vocab == NULL || tables == NULL) {
        free(vocab);
        free(tables);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
        return NULL;
    }
    arena_init(&tables->arena, VOCAB_BYTES_MAX);
    vocab->tables = tables;
    vocab->is_blank_first = true;
    memset(vocab->bytes, 0xff, sizeof(vocab->bytes));
    if (load(vocab, gguf, err) != STATUS_OK) {
        tokenizer_vocab_destroy(vocab);
        return NULL;
    }
    return vocab;
}

void tokenizer_vocab_destroy(struct tokenizer_vocab *vocab)
{
    if (vocab == NULL)
        return;
    arena_close(&vocab->tables->arena);
    free(vocab->tables);
    free(vocab);
}
