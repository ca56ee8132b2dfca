/* JSON lines: {"id", "text", "patient"?} in, {"id", "text", "spans"} out, a line for a line, each
 * before the next is read where the input waits.
 *
 * "text" of the output is the redacted text; "start" and "end" of a span count code points of the
 * text as it was given, "end" exclusive. A line that cannot be done has no line in the output: it
 * is told on stderr by its number, the others go on, and the exit status says so. */
#ifndef CONSILIUM_DEID_LINES_H
#define CONSILIUM_DEID_LINES_H

#include "consilium_deid_engine.h"

struct consilium;

/* @path: a file, or "-" for stdin. The exit status. */
int deid_lines_run(const struct deid_engine *engine, const struct consilium *consilium,
                   const char *path);

/* One line in, one line out (with its end), in @arena. INVALID_ARGUMENT for what is not such a
 * line; the error holds nothing of it. */
enum status deid_lines_do(const struct deid_engine *engine, struct slice line, struct arena *arena,
                          struct slice *output, struct error *err);

#endif
