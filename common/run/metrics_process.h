/* The process's own metrics, under the names that Prometheus clients share. metrics_format calls
 * it. */
#ifndef RUN_METRICS_PROCESS_H
#define RUN_METRICS_PROCESS_H

#include "base/buffer.h"
#include "run/metrics.h"

/* Memory, CPU, threads, open files, start time. What the kernel does not tell is left out. Any
 * thread. */
void metrics_process_format(struct buffer *buffer, enum metrics_form form);

#endif
