/* One plain text, or FHIR, as a whole: redacted on stdout. */
#ifndef CONSILIUM_DEID_WHOLE_H
#define CONSILIUM_DEID_WHOLE_H

#include "consilium_deid_engine.h"

struct consilium;

/* The redacted text; on a terminal (or with --colour=always) each surrogate in colour with its
 * class behind it, and counts at the end. With --json the line that deid_lines_do writes, the path
 * as its id. The exit status. */
int deid_whole_text(const struct deid_engine *engine, const struct consilium *consilium,
                    const char *path);

/* A resource or a Bundle, or NDJSON of resources, redacted under one map. The exit status. */
int deid_whole_fhir(const struct deid_engine *engine, const struct consilium *consilium,
                    const char *path);

#endif
