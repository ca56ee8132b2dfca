/* An evaluation as a table, as JSON, and as one HTML file that needs nothing else. They hold
 * figures and names of kinds, and no text of a record. */
#ifndef CONSILIUM_EVAL_REPORT_H
#define CONSILIUM_EVAL_REPORT_H

#include "base/buffer.h"
#include "consilium_eval_score.h"

#define EVAL_GROUPS_MAX 96

/* Questions of one kind, one split, or all. */
struct eval_group {
    const char *name;
    struct eval_tally tally;
};

struct eval_report {
    const char *questions; /* the file */
    const char *model, *digest;
    size_t patients, asked, failed;
    struct eval_group all;
    /* Of splits the last may be of questions about conditions that are held out, whatever their
     * phrasing. */
    struct eval_group kinds[EVAL_GROUPS_MAX], splits[EVAL_GROUPS_MAX];
    size_t kinds_count, splits_count;
    double *first_ms, *whole_ms; /* of each answer, until its first text and its end */
    size_t times_count;
};

/* Put one verdict where it counts. A kind or a split over the limit counts in all alone. */
void eval_report_add(struct eval_report *report, const struct eval_question *question,
                     const struct eval_verdict *verdict);

/* The @share (0 to 1) smallest of @values end here; sorts them. 0 of none. */
double eval_quantile(double *values, size_t count, double share);

void eval_report_table(struct eval_report *report, struct buffer *out);
void eval_report_json(struct eval_report *report, struct buffer *out);
void eval_report_html(struct eval_report *report, struct buffer *out);

#endif
