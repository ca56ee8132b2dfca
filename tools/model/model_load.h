/* A finished model's weights, back from its GGUF file to go on with: of the kind that model_file
 * writes (Llama, tied embedding, F32, F16 or Q8_0). */
#ifndef MODEL_LOAD_H
#define MODEL_LOAD_H

#include "base/arena.h"
#include "train_weights.h"

/* @weights gets its shape and memory in @arena. NOT_FOUND; UNIMPLEMENTED: another architecture or
 * type; DATA_LOSS: a tensor is missing or has another shape. */
enum status model_load(const char *path, struct arena *arena, struct weights *weights,
                       struct error *err);

#endif
