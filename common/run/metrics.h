/* Metrics, in the Prometheus text format or as OpenMetrics. Counters and gauges are atomics;
 * histograms have fixed buckets. A label's value is a name that the program made up, never a
 * caller's text. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buffer.h"
#include "run/trace.h"

enum metric_kind {
    METRIC_KIND_COUNTER,
    METRIC_KIND_GAUGE,
    METRIC_KIND_HISTOGRAM, /* of seconds; observed in microseconds */
};

/* Upper bounds of the buckets: 25 µs doubling to about 105 s, then +Inf. */
#define METRIC_BUCKETS 23

struct metric;

/* Register a series "@name{@labels}"; @labels is the text between the braces
 * ("method=\"Deid.Redact\""), or
 * "". The same name and labels give the same metric. Both strings stay valid for ever. Any thread;
 * takes a lock, so do it once and keep the pointer. */
struct metric *metric_register(enum metric_kind kind, const char *name, const char *help,
                               const char *labels);

void metric_add(struct metric *metric, int64_t amount); /* counter, gauge */
void metric_set(struct metric *metric, int64_t value);  /* gauge */
void metric_observe(struct metric *metric, uint64_t microseconds);

/* The same of something that @trace tells more of: where that is sampled, one a second is kept as
 * the exemplar of its bucket. */
void metric_observe_of(struct metric *metric, uint64_t microseconds, const struct trace *trace);

int64_t metric_value(const struct metric *metric); /* a histogram's count */

enum metrics_form {
    METRICS_FORM_PROMETHEUS, /* text format 0.0.4 */
    METRICS_FORM_OPEN,       /* OpenMetrics 1.0: with exemplars */
};

/* Every series, grouped by name, # HELP and # TYPE first, and the process's own (memory, CPU, open
 * files, start time). Any thread. */
void metrics_format(struct buffer *buffer, enum metrics_form form);

#endif
