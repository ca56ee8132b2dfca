/* A model from a file, run in this process: for the verbs that need no mesh. */
#ifndef CONSILIUM_MODEL_H
#define CONSILIUM_MODEL_H

#include "consilium.h"
#include "inference_adapter.h"
#include "inference_forward.h"

struct consilium_model {
    struct inference_model *model;
    struct inference_crew *crew;
    struct inference_cache *cache;
    struct inference_forward *forward;
    struct inference_adapters *adapters;
    const struct inference_adapter *adapter; /* NULL: none */
    uint32_t context, sequences, pages_each; /* of a sequence */
    uint32_t *pages;                         /* [sequences][pages_each] */
};

/* @path's model with room for @sequences of @context ids (0: as many as the model can), and what
 * @config says of threads, cache and adapter. inference_model_create says what can be wrong; @err
 * names the file. */
enum status consilium_model_open(struct consilium_model *model,
                                 const struct consilium_config *config, const char *path,
                                 uint32_t sequences, uint32_t context, struct error *err);

/* The adapter in the file @path, for @model; NULL: there is none, and *adapter is NULL.
 * inference_adapters_load says what can be wrong; what is put out is the caller's in any case. */
enum status consilium_model_adapt(const struct inference_model *model, const char *path,
                                  struct inference_adapters **adapters,
                                  const struct inference_adapter **adapter, struct error *err);
void consilium_model_close(struct consilium_model *model);

/* A segment of sequence @index; logits are wanted after its last id when @has_logits. */
struct inference_segment consilium_model_segment(const struct consilium_model *model,
                                                 uint32_t index, const uint32_t *ids,
                                                 uint32_t count, uint32_t position,
                                                 bool has_logits);

/* Run @ids of sequence @index from position 0, chunk by chunk. The logits after the last. */
const float *consilium_model_prompt(struct consilium_model *model, uint32_t index,
                                    const uint32_t *ids, uint32_t count);

#endif
