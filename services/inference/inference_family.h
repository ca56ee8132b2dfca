/* The families of models: what each calls its keys and what it does differently. A family is a row
 * of a table; everything that the forward pass does is told by fields of the model. */
#ifndef INFERENCE_FAMILY_H
#define INFERENCE_FAMILY_H

#include "inference_model.h"

struct inference_family {
    const char *architecture; /* general.architecture, and the prefix of its keys */
    bool is_rope_halves;
    bool has_head_norms; /* of queries and keys */
    bool has_post_norms;
    bool has_scaled_embedding; /* by √embedding */
    enum inference_gate gate;
    double attention_cap, logit_cap; /* where the file does not say; 0: none */
    uint32_t window_period;          /* of so many layers all but the last see a window; 0: none */
    uint32_t window_default;
    double window_rope_base; /* of the layers with a window; 0: as the others */
    uint32_t wide_layers;    /* with so many layers attention is scaled by the width of the model */
};

/* The sizes, scales and rotations of @model from its file's keys, and its layers, whose tensors are
 * still missing. UNIMPLEMENTED, DATA_LOSS, RESOURCE_EXHAUSTED as inference_model_create says. */
enum status inference_family_load(struct inference_model *model,
                                  const struct inference_family **family, struct error *err);

#endif
