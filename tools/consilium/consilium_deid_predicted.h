/* What some program found, by document: JSON lines {"id", "spans": [{"start", "end", "label"?}]},
 * in any order. Held whole: ids and offsets, no text. */
#ifndef CONSILIUM_DEID_PREDICTED_H
#define CONSILIUM_DEID_PREDICTED_H

#include "consilium_deid_gold.h"

struct deid_predicted_row {
    struct slice id;
    struct deid_gold_span *spans; /* in order; of class by their labels */
    unsigned count;
    bool is_used;
    struct deid_predicted_row *next; /* of the same slot */
};

struct deid_predicted {
    struct arena arena;
    struct deid_predicted_row **slots;
    uint64_t rows, used;
};

/* INVALID_ARGUMENT for a line that is none, and for an id that comes twice. */
enum status deid_predicted_load(struct deid_predicted *predicted, const char *path,
                                const struct json *mapping, struct error *err);
void deid_predicted_close(struct deid_predicted *predicted);

/* The row of @id, or NULL; it is used from then on. */
const struct deid_predicted_row *deid_predicted_find(struct deid_predicted *predicted,
                                                     struct slice id);

#endif
