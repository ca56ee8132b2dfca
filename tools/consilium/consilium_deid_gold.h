/* Labelled texts, whatever form they come in, one document after the other.
 *
 *   JSON lines    {"id", "text", "spans": [{"start", "end", "label", "safe_harbor"?}], "patient"?,
 *                  "hard_negative"?: true, "not_phi_traps"?: [{"start", "end"}]}
 *                 offsets in code points, end exclusive; "safe_harbor" is "yes", "no" or "arguable"
 *                 and wins over what the label says
 *   i2b2 2006     one XML of <RECORD ID><TEXT> with <PHI TYPE> around each identifier
 *   i2b2 2014     a folder of XML, <TEXT> and <TAGS> with start and end
 *
 * A line that is none of these is an error: a score over what happened to be readable is none. */
#ifndef CONSILIUM_DEID_GOLD_H
#define CONSILIUM_DEID_GOLD_H

#include "consilium_deid_input.h"
#include "consilium_deid_label.h"

struct deid_gold_span {
    uint32_t start, end; /* code points */
    struct slice label;
    struct deid_meant meant;
};

struct deid_gold {
    struct slice id, text;
    const struct json *patient; /* NULL: not known */
    bool is_hard_negative;
    struct deid_gold_span *spans;
    unsigned spans_count;
    struct deid_gold_span *traps; /* what looks like an identifier and is none */
    unsigned traps_count;
};

/* Takes each document; it lives in @arena, which is emptied after it returns. What it returns other
 * than STATUS_OK ends the reading. */
typedef enum status (*deid_gold_cb)(void *arg, const struct deid_gold *gold, struct arena *arena,
                                    struct error *err);

/* Read @path (a file, a folder, or "-" for JSON lines on stdin). @mapping as deid_label_read has
 * it. Errors tell the line or file. */
enum status deid_gold_read(const char *path, const struct json *mapping, deid_gold_cb take,
                           void *arg, struct error *err);

/* Spans of a JSON array {"start", "end", "label"?} within a text of @points code points; in order.
 * INVALID_ARGUMENT by the number of the span. */
enum status deid_gold_spans(const struct json *array, size_t points, struct arena *arena,
                            struct deid_gold_span **spans, unsigned *count, struct error *err);

/* The bytes of a valid @text between two code points. */
struct slice deid_gold_cut(struct slice text, uint32_t start, uint32_t end);

#endif
