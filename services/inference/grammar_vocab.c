/* Three kinds of vocabulary have their own spelling of bytes: "llama" writes blanks as U+2581 and
 * single bytes as <0x0A>, "gpt2" writes every byte as a letter of its own alphabet. */
#include "grammar_vocab.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/utf8.h"

#define VOCAB_ARENA_BYTES (512 * MIB)

enum kind {
    KIND_SPM,
    KIND_BPE,
};

/* The numbers of tokenizer.ggml.token_type. */
enum piece_type {
    PIECE_NORMAL = 1,
    PIECE_USER = 4,
    PIECE_BYTE = 6,
};

/* GPT-2's alphabet: printable bytes of Latin-1 are themselves, the others follow from U+0100. */
struct alphabet {
    int16_t bytes[512]; /* of a code point; -1: none */
};

static bool is_printable(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

static void make_alphabet(struct alphabet *alphabet)
{
    unsigned next = 256;

    memset(alphabet->bytes, 0xff, sizeof(alphabet->bytes));
    for (unsigned byte = 0; byte < 256; byte++)
        alphabet->bytes[is_printable(byte) ? byte : next++] = (int16_t)byte;
}

static void put_bpe(struct buffer *out, const struct alphabet *alphabet, struct slice text)
{
    size_t size;

    for (size_t at = 0; at < text.size; at += size) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &size);

        if (point < 512 && alphabet->bytes[point] >= 0)
            buffer_put_byte(out, (char)alphabet->bytes[point]);
        else
            buffer_put(out, slice_cut(text, at, at + size));
    }
}

static void put_spm(struct buffer *out, struct slice text)
{
    static const struct slice blank = { "\xe2\x96\x81", 3 };

    for (size_t at = 0; at < text.size; at++) {
        if (slice_starts_with(slice_cut(text, at, text.size), blank)) {
            buffer_put_byte(out, ' ');
            at += blank.size - 1;
        } else {
            buffer_put_byte(out, text.data[at]);
        }
    }
}

/* "<0x0A>" */
static void put_byte(struct buffer *out, struct slice text)
{
    char digits[3] = { 0 };

    if (text.size != 6)
        return;
    memcpy(digits, text.data + 3, 2);
    buffer_put_byte(out, (char)strtol(digits, NULL, 16));
}

/* The tree
 * --------------------------------------------------------------------------------------- */

static int compare_pieces(const void *a, const void *b, void *arg)
{
    const struct grammar_vocab *vocab = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = slice_compare(grammar_vocab_piece(vocab, x), grammar_vocab_piece(vocab, y));

    return order != 0 ? order : x < y ? -1 : x > y;
}

static size_t shared_bytes(struct slice a, struct slice b)
{
    size_t i = 0;

    while (i < a.size && i < b.size && a.data[i] == b.data[i])
        i++;
    return i;
}

static uint32_t count_nodes(const struct grammar_vocab *vocab)
{
    struct slice before = { NULL, 0 };
    size_t count = 0;

    for (uint32_t i = 0; i < vocab->count; i++) {
        struct slice piece = grammar_vocab_piece(vocab, vocab->order[i]);

        count += piece.size - shared_bytes(before, piece);
        before = piece;
    }
    return (uint32_t)count;
}

/* Node by node in the order of bytes; a node is closed (skip is known) when a piece comes that does
 * not begin with it. */
static void fill_nodes(struct grammar_vocab *vocab)
{
    uint32_t open[GRAMMAR_PIECE_BYTES_MAX + 1], count = 0;
    struct slice before = { NULL, 0 };

    for (uint32_t i = 0; i < vocab->count; i++) {
        struct slice piece = grammar_vocab_piece(vocab, vocab->order[i]);
        size_t shared = shared_bytes(before, piece);

        for (size_t depth = shared; depth < before.size; depth++)
            vocab->nodes[open[depth]].skip = count;
        for (size_t depth = shared; depth < piece.size; depth++) {
            /* Only the last of these nodes has pieces. */
            vocab->nodes[count] = (struct grammar_node){ .pieces = i,
                                                         .byte = (uint8_t)piece.data[depth],
                                                         .depth = (uint8_t)depth };
            open[depth] = count++;
        }
        before = piece;
    }
    for (size_t depth = 0; depth < before.size; depth++)
        vocab->nodes[open[depth]].skip = count;
    vocab->nodes[count] = (struct grammar_node){ .pieces = vocab->count, .skip = count };
}

static bool make_tree(struct grammar_vocab *vocab)
{
    vocab->order = calloc((size_t)vocab->size + 1, sizeof(*vocab->order));
    if (vocab->order == NULL)
        return false;
    for (uint32_t id = 0; id < vocab->size; id++) {
        size_t size = grammar_vocab_piece(vocab, id).size;

        if (size > 0 && size <= GRAMMAR_PIECE_BYTES_MAX)
            vocab->order[vocab->count++] = id;
    }
    qsort_r(vocab->order, vocab->count, sizeof(*vocab->order), compare_pieces, vocab);
    vocab->nodes_count = count_nodes(vocab);
    vocab->nodes = calloc((size_t)vocab->nodes_count + 1, sizeof(*vocab->nodes));
    if (vocab->nodes == NULL)
        return false;
    fill_nodes(vocab);
    return true;
}

struct grammar_vocab *grammar_vocab_build(const struct slice *texts, uint32_t count,
                                          struct error *err)
{
    struct grammar_vocab *vocab = calloc(1, sizeof(*vocab));
    size_t bytes = 0;

    for (uint32_t id = 0; id < count; id++)
        bytes += texts[id].size;
    if (vocab != NULL) {
        vocab->size = count;
        vocab->bytes_start = calloc((size_t)count + 1, sizeof(*vocab->bytes_start));
        vocab->bytes = malloc(bytes + 1);
    }
    if (vocab == NULL || vocab->bytes_start == NULL || vocab->bytes == NULL)
        goto failed;
    for (uint32_t id = 0; id < count; id++) {
        uint32_t start = vocab->bytes_start[id];

        if (texts[id].size > 0)
            memcpy(vocab->bytes + start, texts[id].data, texts[id].size);
        vocab->bytes_start[id + 1] = start + (uint32_t)texts[id].size;
    }
    if (make_tree(vocab))
        return vocab;
failed:
    grammar_vocab_destroy(vocab);
    error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the texts of %u pieces", count);
    return NULL;
}

void grammar_vocab_destroy(struct grammar_vocab *vocab)
{
    if (vocab == NULL)
        return;
    free(vocab->order);
    free(vocab->bytes_start);
    free(vocab->bytes);
    free(vocab->nodes);
    free(vocab);
}

/* The file
 * --------------------------------------------------------------------------------------- */

static enum status read_kind(const struct gguf *gguf, enum kind *kind, struct error *err)
{
    struct slice model;

    if (!gguf_get_string(gguf, "tokenizer.ggml.model", &model))
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the model's file has no vocabulary, without which no answer can be "
                         "constrained");
    *kind = slice_is(model, "gpt2") ? KIND_BPE : KIND_SPM;
    if (!slice_is(model, "gpt2") && !slice_is(model, "llama"))
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "answers are not constrained with a vocabulary of the kind \"%.*s\"",
                         SLICE_FORMAT(slice_cut(model, 0, 40)));
    return STATUS_OK;
}

/* The text of each piece into @texts, which come empty. */
static enum status read_texts(const struct gguf *gguf, enum kind kind, struct slice *texts,
                              uint32_t size, struct arena *arena, struct error *err)
{
    struct slice types, text;
    struct alphabet alphabet;
    size_t cursor = 0;
    bool has_types =
        gguf_get_array_bytes(gguf, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, &types);

    make_alphabet(&alphabet);
    for (uint32_t id = 0; gguf_next_string(gguf, "tokenizer.ggml.tokens", &cursor, &text); id++) {
        int32_t type = PIECE_NORMAL;
        struct buffer out;

        if (id == size)
            return error_set(err, STATUS_FAILED_PRECONDITION,
                             "the vocabulary has more pieces than the model's %u ids", size);
        if (has_types && types.size / 4 > id)
            memcpy(&type, types.data + (size_t)id * 4, sizeof(type));
        buffer_init(&out, arena);
        if (type == PIECE_BYTE)
            put_byte(&out, text);
        else if (type == PIECE_USER || (type == PIECE_NORMAL && kind == KIND_SPM))
            put_spm(&out, text);
        else if (type == PIECE_NORMAL)
            put_bpe(&out, &alphabet, text);
        if (out.is_full)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u pieces", size);
        texts[id] = buffer_slice(&out);
    }
    return STATUS_OK;
}

struct grammar_vocab *grammar_vocab_create(const struct gguf *gguf, uint32_t size,
                                           struct error *err)
{
    struct grammar_vocab *vocab = NULL;
    struct slice *texts;
    struct arena arena;
    enum kind kind = KIND_SPM;

    if (read_kind(gguf, &kind, err) != STATUS_OK)
        return NULL;
    arena_init(&arena, VOCAB_ARENA_BYTES);
    texts = ARENA_ARRAY(&arena, struct slice, size);
    if (texts == NULL)
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u pieces", size);
    else if (read_texts(gguf, kind, texts, size, &arena, err) == STATUS_OK)
        vocab = grammar_vocab_build(texts, size, err);
    if (vocab != NULL) {
        vocab->drops_first_blank = kind == KIND_SPM;
        gguf_get_bool(gguf, "tokenizer.ggml.add_space_prefix", &vocab->drops_first_blank);
        vocab->drops_first_blank &= kind == KIND_SPM;
    }
    arena_close(&arena);
    return vocab;
}
