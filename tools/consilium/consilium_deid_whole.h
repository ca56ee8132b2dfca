/* One document, a text or FHIR, of any size: redacted as it is read, in bounded memory. */
#ifndef CONSILIUM_DEID_WHOLE_H
#define CONSILIUM_DEID_WHOLE_H

#include "consilium_deid_engine.h"

struct consilium;

/* The redacted text; on a terminal (or with --colour=always) as consilium_deid_view.h shows it. The
 * exit status. */
int deid_whole_text(const struct deid_engine *engine, const struct consilium *consilium,
                    const char *path);

/* A resource, a Bundle, or NDJSON of them, which it is by its first line. A file is read twice,
 * first for who the patient is; of a pipe the patient has to come before what speaks of him. The
 * exit status. */
int deid_whole_fhir(const struct deid_engine *engine, const struct consilium *consilium,
                    const char *path);

#endif
