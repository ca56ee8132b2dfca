/* The model as GGUF: a vocabulary alone (which the tokenizer reads, and prepare with it), and
 * weights with the vocabulary of such a file. */
#ifndef MODEL_FILE_H
#define MODEL_FILE_H

#include "train_weights.h"
#include "vocabulary_learn.h"

/* The turns are written as <|im_start|>role\n...<|im_end|>\n. */
#define MODEL_TURN_START "<|im_start|>"
#define MODEL_TURN_END "<|im_end|>"

/* Write tokenizer.ggml.* and the chat template. */
enum status model_file_write_vocabulary(const char *path, const struct vocabulary *vocabulary,
                                        struct error *err);

enum model_file_type {
    MODEL_FILE_TYPE_F32,
    MODEL_FILE_TYPE_F16,
    MODEL_FILE_TYPE_Q8_0,
};

/* "f32", "f16", "q8_0". */
bool model_file_type_parse(const char *word, enum model_file_type *type);

struct model_file_about {
    const char *name, *description;
    enum model_file_type type; /* of the matrices; norms are F32 */
};

/* A matrix or a norm as the file has it: rows of one of ours. */
struct model_tensor {
    char name[64];
    const float *values; /* in weights->all */
    uint64_t columns, rows;
    bool is_norm;
};

#define MODEL_TENSORS_PER_LAYER 9
#define MODEL_TENSORS_MAX (2 + MODEL_TENSORS_PER_LAYER * SHAPE_LAYERS_MAX)

/* The tensors of @weights in the order of the file; @list has room for MODEL_TENSORS_MAX. Their
 * number. */
size_t model_file_tensors(const struct weights *weights, struct model_tensor *list);

/* INVALID_ARGUMENT when the vocabulary of @vocabulary_path has another size. */
enum status model_file_write(const char *path, const struct weights *weights,
                             const char *vocabulary_path, const struct model_file_about *about,
                             struct arena *arena, struct error *err);

#endif
