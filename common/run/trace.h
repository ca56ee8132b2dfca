/* W3C Trace Context (https://www.w3.org/TR/trace-context/): the id that one question carries
 * through every service. */
#ifndef RUN_TRACE_H
#define RUN_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define TRACE_ID_TEXT_BYTES 33    /* 32 hex digits and a NUL */
#define TRACEPARENT_TEXT_BYTES 56 /* "00-{32}-{16}-{2}" and a NUL */

struct trace {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t parent_id[8]; /* zeros: this span is the root */
    bool is_sampled;
};

/* A new trace with random ids. Any thread. */
void trace_start(struct trace *trace);

/* Read a traceparent header and make a child span of it. False (and @trace untouched) for one that
 * the specification calls invalid. */
bool trace_continue(struct trace *trace, struct slice traceparent);

/* A child span in the same trace. */
void trace_child(struct trace *child, const struct trace *parent);

/* The header that a call under @trace carries. */
void trace_format(const struct trace *trace, char text[TRACEPARENT_TEXT_BYTES]);

void trace_format_id(const struct trace *trace, char text[TRACE_ID_TEXT_BYTES]);

#endif
