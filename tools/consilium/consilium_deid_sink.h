/* Where output goes: stdout, or a file that is there whole or not at all. What is small enough is
 * held back until all of it is ready, so that a run that fails leaves nothing behind on stdout
 * either; what is larger leaves as it comes, and the exit status says whether it is whole. */
#ifndef CONSILIUM_DEID_SINK_H
#define CONSILIUM_DEID_SINK_H

#include <stdio.h>

#include "base/error.h"
#include "base/slice.h"

#define DEID_SINK_HELD_BYTES ((size_t)8 << 20)

struct deid_sink {
    const char *path; /* NULL: stdout */
    char temporary[4096];
    FILE *file;
    char *held;
    size_t held_bytes;
};

/* @path: NULL is stdout. Errors as open(2) says. */
enum status deid_sink_open(struct deid_sink *sink, const char *path, struct error *err);

enum status deid_sink_put(struct deid_sink *sink, struct slice bytes, struct error *err);

/* All is there: out with it. The sink is closed, whatever comes of it. */
enum status deid_sink_finish(struct deid_sink *sink, struct error *err);

/* Nothing of it is wanted: what is held goes, and so does a file. After a finish: nothing to do. */
void deid_sink_drop(struct deid_sink *sink);

#endif
