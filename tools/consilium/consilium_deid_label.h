/* What a label of somebody's labelled texts means here: the class it belongs to, and whether what
 * it marks has to go. */
#ifndef CONSILIUM_DEID_LABEL_H
#define CONSILIUM_DEID_LABEL_H

#include "deid_span.h"
#include "fhir/json.h"

enum deid_need {
    DEID_NEED_YES,  /* an identifier: left in is a miss */
    DEID_NEED_OPEN, /* arguable, or of no class of the eighteen: neither a miss nor a false alarm */
    DEID_NEED_NO,   /* has to stay: touched is a false alarm */
};

#define DEID_NEED_COUNT 3

struct deid_meant {
    enum deid_class class;
    enum deid_need need;
    bool is_known; /* false: the label is of no set that is known; it counts as YES of OTHER */
};

/* @text is what the label marks: an age counts from 90, a year alone is no date. @mapping: the
 * user's own, {"LABEL": "CLASS" | "open" | "stay"}, or NULL. */
struct deid_meant deid_label_read(struct slice label, struct slice text,
                                  const struct json *mapping);

/* INVALID_ARGUMENT for a mapping that is no object of known words. */
enum status deid_label_check(const struct json *mapping, struct error *err);

#endif
