/* A redacted text for the eye: each surrogate in colour with its class behind it, and counts. */
#ifndef CONSILIUM_DEID_VIEW_H
#define CONSILIUM_DEID_VIEW_H

#include "consilium_deid_engine.h"

struct consilium;

/* With --json the line that deid_lines_do writes instead, the path as its id. The text is held
 * whole: RESOURCE_EXHAUSTED from 64 MiB. The exit status. */
int deid_view_run(const struct deid_engine *engine, const struct consilium *consilium,
                  const char *path);

#endif
