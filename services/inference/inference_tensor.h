/* The tensors of a file as the arithmetic wants them: vectors of F32 as copies, rows to be looked
 * up as views into the file, matrices packed. First all are found and their shapes are checked,
 * then the matrices are packed, while they are multiplied already (inference_packer.h). One thread.
 */
#ifndef INFERENCE_TENSOR_H
#define INFERENCE_TENSOR_H

#include "base/arena.h"
#include "base/error.h"
#include "inference_packer.h"
#include "kernels.h"

struct inference_tensors {
    const struct gguf *gguf;
    bool is_mapped; /* matrices are never packed */
    struct inference_packer packer;
    struct arena arena; /* of the vectors */
};

/* @gguf outlives @tensors. */
void inference_tensors_init(struct inference_tensors *tensors, const struct gguf *gguf);
void inference_tensors_close(struct inference_tensors *tensors);

/* DATA_LOSS: the file lacks it, or it has another shape. UNIMPLEMENTED: another type than can be
 * computed with. RESOURCE_EXHAUSTED. */
enum status inference_tensors_vector(struct inference_tensors *tensors, const char *name,
                                     uint32_t size, const float **values, struct error *err);

/* The same for what some models have: *values is left alone where the file lacks it. */
enum status inference_tensors_vector_if(struct inference_tensors *tensors, const char *name,
                                        uint32_t size, const float **values, struct error *err);

enum status inference_tensors_table(const struct inference_tensors *tensors, const char *name,
                                    uint32_t rows, uint32_t columns, struct table *table,
                                    struct error *err);

/* *matrix has its shape at once and its weights after inference_tensors_pack; it stays where it
 * is. */
enum status inference_tensors_matrix(struct inference_tensors *tensors, const char *name,
                                     uint32_t rows, uint32_t columns, struct matrix *matrix,
                                     struct error *err);

/* The same for the @rows rows from @first of a tensor that has @all. */
enum status inference_tensors_rows(struct inference_tensors *tensors, const char *name,
                                   uint32_t all, uint32_t first, uint32_t rows, uint32_t columns,
                                   struct matrix *matrix, struct error *err);

/* From here on every matrix that was found can be multiplied, and is packed unless they stay
 * mapped. RESOURCE_EXHAUSTED. */
enum status inference_tensors_pack(struct inference_tensors *tensors, struct error *err);

/* Until all are packed. */
void inference_tensors_wait(struct inference_tensors *tensors);

/* The values in all tensors of a file. */
uint64_t inference_tensors_parameters(const struct gguf *gguf);

#endif
