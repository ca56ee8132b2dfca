/* deid restore: originals in place of their surrogates, for who holds the map and its key. */
#ifndef CONSILIUM_DEID_BACK_H
#define CONSILIUM_DEID_BACK_H

struct consilium;

/* @path: JSON lines {"id", "text"}, with --text a text, with --fhir a resource, a Bundle or NDJSON
 * of them. That the map was opened is said on stderr. The exit status. */
int deid_back_run(const struct consilium *consilium, const char *path);

#endif
