/* A tally in words and as JSON. */
#ifndef CONSILIUM_DEID_REPORT_H
#define CONSILIUM_DEID_REPORT_H

#include "base/buffer.h"
#include "consilium_deid_tally.h"

struct deid_report {
    const struct deid_tally *tally;
    bool is_recall_only; /* labels are known not to be complete: what is found beside them is no
                          * false alarm, and nothing is said of precision */
    uint64_t missing;    /* documents of which nothing was predicted, not even nothing */
    uint64_t strange;    /* predictions of no document */
};

/* Tables for people. */
void deid_report_text(const struct deid_report *report, struct buffer *out);

/* One JSON object on one line. Shares are [value, low, high], null where there is nothing to share.
 */
void deid_report_json(const struct deid_report *report, struct buffer *out);

#endif
