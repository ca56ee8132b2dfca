#include "grammar_vocab.h"

#include <stdlib.h>

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

struct grammar_vocab *grammar_vocab_create(const struct inference_text *text, struct error *err)
{
    uint32_t count = inference_text_count(text);
    struct slice *texts = calloc((size_t)count + 1, sizeof(*texts));
    struct grammar_vocab *vocab;

    if (texts == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the texts of %u pieces", count);
        return NULL;
    }
    for (uint32_t id = 0; id < count; id++)
        texts[id] = inference_text_of(text, id);
    vocab = grammar_vocab_build(texts, count, err);
    if (vocab != NULL)
        vocab->drops_first_blank = inference_text_drops_first_blank(text);
    free(texts);
    return vocab;
}
