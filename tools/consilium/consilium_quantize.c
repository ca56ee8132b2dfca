/* consilium quantize IN OUT TYPE: the weights of a model in fewer bits. Matrices become TYPE,
 * vectors and what is no model's matrix stay as they are. Q4_K_M and Q5_K_M are Q4_K and Q5_K with
 * Q6_K where an error costs most: the output, and the values and down projections of some layers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consilium.h"
#include "consilium_verbs.h"
#include "gguf/gguf_quantise.h"
#include "gguf/gguf_write.h"
#include "inference_crew.h"
#include "kernels.h"

/* Rows that a thread takes at a time, and for each thread of a piece. */
#define PART_ROWS 4
#define PIECE_PARTS 16
/* Beyond it the scales of F16 overflow. */
#define VALUE_MAX 65504.0f

/* Types as people name them; the numbers are those of general.file_type. */
static const struct mix {
    const char *name;
    enum gguf_tensor_type type, better; /* better: for whose errors cost most */
    uint32_t file_type;
} mixes[] = {
    { "Q8_0", GGUF_TENSOR_TYPE_Q8_0, GGUF_TENSOR_TYPE_Q8_0, 7 },
    { "Q4_0", GGUF_TENSOR_TYPE_Q4_0, GGUF_TENSOR_TYPE_Q4_0, 2 },
    { "Q4_K", GGUF_TENSOR_TYPE_Q4_K, GGUF_TENSOR_TYPE_Q4_K, 14 },
    { "Q4_K_M", GGUF_TENSOR_TYPE_Q4_K, GGUF_TENSOR_TYPE_Q6_K, 15 },
    { "Q5_K", GGUF_TENSOR_TYPE_Q5_K, GGUF_TENSOR_TYPE_Q5_K, 16 },
    { "Q5_K_M", GGUF_TENSOR_TYPE_Q5_K, GGUF_TENSOR_TYPE_Q6_K, 17 },
    { "Q6_K", GGUF_TENSOR_TYPE_Q6_K, GGUF_TENSOR_TYPE_Q6_K, 18 },
};

struct quantize {
    const struct gguf *gguf;
    const struct mix *mix;
    struct gguf_write *write;
    struct inference_crew *crew;
    struct error *err;
    uint32_t layers;
    bool has_output;
    uint64_t bytes_before, bytes_after;
    double wrong, all; /* Σ(a-b)² and Σb² over what is quantised */
};

/* What becomes of a tensor
 * ----------------------------------------------------------------------------- */

static bool is_float(enum gguf_tensor_type type)
{
    return type == GGUF_TENSOR_TYPE_F32 || type == GGUF_TENSOR_TYPE_F16
           || type == GGUF_TENSOR_TYPE_BF16;
}

/* Matrices that vectors are multiplied by, and the embedding of tokens. */
static bool is_matrix(const struct gguf_tensor *tensor)
{
    struct slice ending = SLICE(".weight");

    return tensor->dimensions_count == 2 && tensor->dimensions[1] > 1
           && slice_ends_with(tensor->name, ending)
           && !slice_is(tensor->name, "position_embd.weight")
           && !slice_is(tensor->name, "token_types.weight");
}

#define NO_LAYER UINT32_MAX
#define LAYERS_MAX 65536

/* Of blk.LAYER.…, or NO_LAYER. */
static uint32_t layer_of(struct slice name)
{
    unsigned layer;
    char text[32];

    snprintf(text, sizeof(text), "%.*s", SLICE_FORMAT(slice_cut(name, 0, sizeof(text) - 1)));
    return sscanf(text, "blk.%5u.", &layer) == 1 && layer < LAYERS_MAX ? layer : NO_LAYER;
}

/* The first and the last eighth of the layers, and every third between them. */
static bool is_better_layer(uint32_t layer, uint32_t layers)
{
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

static bool wants_better(const struct quantize *quantize, struct slice name)
{
    uint32_t layer = layer_of(name);

    if (layer == NO_LAYER)
        return slice_is(name, quantize->has_output ? "output.weight" : "token_embd.weight");
    return (slice_ends_with(name, SLICE(".attn_v.weight"))
            || slice_ends_with(name, SLICE(".ffn_down.weight")))
           && is_better_layer(layer, quantize->layers);
}

/* Rows that are no whole blocks of a K type are Q8_0; no whole blocks of that either: as they are.
 */
static enum gguf_tensor_type type_of(const struct quantize *quantize,
                                     const struct gguf_tensor *tensor)
{
    enum gguf_tensor_type type =
        wants_better(quantize, tensor->name) ? quantize->mix->better : quantize->mix->type;
    uint32_t values, bytes;

    if (!is_matrix(tensor))
        return tensor->type;
    if (gguf_tensor_type_size(type, &values, &bytes) && tensor->dimensions[0] % values == 0)
        return type;
    return tensor->dimensions[0] % 32 == 0 ? GGUF_TENSOR_TYPE_Q8_0 : tensor->type;
}

/* The work
 * ---------------------------------------------------------------------------------------------- */

/* Successive rows of a tensor. */
struct piece {
    struct table from, to; /* all rows; the piece's */
    char *out;
    uint32_t first, rows;
    float *floats; /* [members][2][columns] */
    double wrong[INFERENCE_CREW_MAX], all[INFERENCE_CREW_MAX];
    bool is_bad[INFERENCE_CREW_MAX];
};

static void quantise_row(struct piece *piece, uint32_t row, unsigned member)
{
    size_t columns = piece->from.columns;
    float *x = piece->floats + member * 2 * columns, *back = x + columns;

    kernels_expand_row(x, &piece->from, piece->first + row);
    for (size_t i = 0; i < columns; i++) {
        if (!(fabsf(x[i]) <= VALUE_MAX)) {
            piece->is_bad[member] = true;
            return;
        }
    }
    gguf_quantise(piece->to.type, x, columns, piece->out + row * piece->to.row_bytes);
    kernels_expand_row(back, &piece->to, row);
    for (size_t i = 0; i < columns; i++) {
        piece->wrong[member] += (double)(back[i] - x[i]) * (double)(back[i] - x[i]);
        piece->all[member] += (double)x[i] * (double)x[i];
    }
}

static void run_piece(void *task, uint32_t part, unsigned member)
{
    struct piece *piece = task;
    uint32_t end = (part + 1) * PART_ROWS;

    for (uint32_t row = part * PART_ROWS; row < (end < piece->rows ? end : piece->rows); row++)
        quantise_row(piece, row, member);
}

static enum status settle(struct quantize *quantize, struct piece *piece,
                          const struct gguf_tensor *tensor)
{
    for (unsigned i = 0; i < inference_crew_size(quantize->crew); i++) {
        if (piece->is_bad[i])
            return error_set(quantize->err, STATUS_DATA_LOSS,
                             "the tensor %.*s has values that are no numbers or beyond %.0f",
                             SLICE_FORMAT(slice_cut(tensor->name, 0, 64)), (double)VALUE_MAX);
        quantize->wrong += piece->wrong[i];
        quantize->all += piece->all[i];
        piece->wrong[i] = piece->all[i] = 0;
    }
    gguf_write_data(quantize->write, piece->out, piece->rows * piece->to.row_bytes);
    return STATUS_OK;
}

static enum status quantise_pieces(struct quantize *quantize, struct piece *piece,
                                   const struct gguf_tensor *tensor)
{
    uint32_t rows_max = PART_ROWS * PIECE_PARTS * inference_crew_size(quantize->crew);

    piece->out = malloc(rows_max * piece->to.row_bytes);
    piece->to.data = piece->out;
    piece->floats = calloc((size_t)inference_crew_size(quantize->crew) * 2 * piece->from.columns,
                           sizeof(float));
    if (piece->out == NULL || piece->floats == NULL)
        return error_set(quantize->err, STATUS_RESOURCE_EXHAUSTED, "no memory for rows of %u",
                         piece->from.columns);
    for (; piece->first < piece->from.rows; piece->first += piece->rows) {
        uint32_t left = piece->from.rows - piece->first;

        piece->rows = left < rows_max ? left : rows_max;
        piece->to.rows = piece->rows;
        inference_crew_run(quantize->crew, (piece->rows + PART_ROWS - 1) / PART_ROWS, run_piece,
                           piece);
        if (settle(quantize, piece, tensor) != STATUS_OK)
            return quantize->err->status;
    }
    return STATUS_OK;
}

static enum status quantise_tensor(struct quantize *quantize, const struct gguf_tensor *tensor)
{
    enum gguf_tensor_type type = type_of(quantize, tensor);
    uint32_t columns = (uint32_t)tensor->dimensions[0], values, bytes;
    struct piece *piece;
    enum status status;

    quantize->bytes_before += tensor->size_bytes;
    if (type == tensor->type) {
        quantize->bytes_after += tensor->size_bytes;
        gguf_write_data(quantize->write, tensor->data, tensor->size_bytes);
        return STATUS_OK;
    }
    piece = calloc(1, sizeof(*piece));
    if (piece == NULL)
        return error_set(quantize->err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    gguf_tensor_type_size(type, &values, &bytes);
    piece->from = (struct table){ tensor->type, (uint32_t)tensor->dimensions[1], columns,
                                  tensor->size_bytes / tensor->dimensions[1], tensor->data };
    piece->to = (struct table){ type, 0, columns, columns / values * (size_t)bytes, NULL };
    quantize->bytes_after += piece->from.rows * piece->to.row_bytes;
    status = quantise_pieces(quantize, piece, tensor);
    free(piece->out);
    free(piece->floats);
    free(piece);
    return status;
}

/* The files
 * ---------------------------------------------------------------------------------------------- */

static enum status check(struct quantize *quantize)
{
    for (uint64_t i = 0; i < gguf_tensor_count(quantize->gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(quantize->gguf, i);
        uint32_t layer = layer_of(tensor->name);

        if (is_matrix(tensor) && !is_float(tensor->type))
            return error_set(quantize->err, STATUS_INVALID_ARGUMENT,
                             "the tensor %.*s is %s already: F32, F16 or BF16 is wanted",
                             SLICE_FORMAT(slice_cut(tensor->name, 0, 64)),
                             gguf_tensor_type_name(tensor->type));
        if (tensor->dimensions[0] > UINT32_MAX || tensor->dimensions[1] > UINT32_MAX)
            return error_set(quantize->err, STATUS_DATA_LOSS, "a tensor of absurd size");
        if (layer != NO_LAYER && layer >= quantize->layers)
            quantize->layers = layer + 1;
    }
    return STATUS_OK;
}

static void declare(struct quantize *quantize)
{
    static const char *const own[] = { "general.file_type", "general.quantization_version",
                                       "general.alignment", NULL };
    char name[256];

    gguf_write_entries(quantize->write, quantize->gguf, own);
    gguf_write_u32(quantize->write, "general.file_type", quantize->mix->file_type);
    gguf_write_u32(quantize->write, "general.quantization_version", 2);
    for (uint64_t i = 0; i < gguf_tensor_count(quantize->gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(quantize->gguf, i);

        snprintf(name, sizeof(name), "%.*s", SLICE_FORMAT(tensor->name));
        gguf_write_tensor(quantize->write, name, type_of(quantize, tensor),
                          tensor->dimensions_count, tensor->dimensions);
    }
}

static enum status run(struct quantize *quantize, const char *out)
{
    enum status status;

    quantize->layers = 0;
    quantize->has_output = gguf_tensor_find(quantize->gguf, "output.weight") != NULL;
    if (check(quantize) != STATUS_OK)
        return quantize->err->status;
    quantize->write = gguf_write_start(out, quantize->err);
    if (quantize->write == NULL)
        return quantize->err->status;
    declare(quantize);
    for (uint64_t i = 0; i < gguf_tensor_count(quantize->gguf); i++) {
        status = quantise_tensor(quantize, gguf_tensor_at(quantize->gguf, i));
        if (status != STATUS_OK) {
            gguf_write_discard(quantize->write);
            return status;
        }
    }
    return gguf_write_finish(quantize->write, quantize->err);
}

static void print(const struct consilium *consilium, const struct quantize *quantize)
{
    double error = quantize->all > 0 ? sqrt(quantize->wrong / quantize->all) : 0;

    printf(consilium->config.json
               ? "{\"type\":\"%s\",\"bytes_before\":%llu,\"bytes_after\":%llu,\"error\":%.3e}\n"
               : "%s: tensors of %llu bytes in %llu; error %.3e of the weights\n",
           quantize->mix->name, (unsigned long long)quantize->bytes_before,
           (unsigned long long)quantize->bytes_after, error);
}

static const struct mix *find_mix(const char *name)
{
    for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++) {
        if (strcmp(mixes[i].name, name) == 0)
            return &mixes[i];
    }
    return NULL;
}

int quantize_verb(struct consilium *consilium)
{
    struct error err = { 0 };
    struct quantize quantize = { .err = &err };
    struct gguf *gguf = NULL;

    if (consilium->operands_count != 3
        || (quantize.mix = find_mix(consilium->operands[2])) == NULL) {
        fputs("consilium quantize: IN OUT and one of Q8_0, Q4_0, Q4_K, Q4_K_M, Q5_K, Q5_K_M, Q6_K "
              "are wanted\n",
              stderr);
        return CONSILIUM_EXIT_USAGE;
    }
    quantize.crew = inference_crew_create((unsigned)consilium->config.threads, &err);
    if (quantize.crew != NULL)
        quantize.gguf = gguf = gguf_open(consilium->operands[0], &err);
    if (gguf != NULL && run(&quantize, consilium->operands[1]) == STATUS_OK)
        print(consilium, &quantize);
    gguf_close(gguf);
    if (quantize.crew != NULL)
        inference_crew_destroy(quantize.crew);
    if (err.status == STATUS_OK)
        return CONSILIUM_EXIT_OK;
    fprintf(stderr, "consilium quantize: %s\n", err.text);
    return consilium_exit_of(err.status);
}
