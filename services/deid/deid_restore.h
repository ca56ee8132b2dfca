/* Originals in place of their surrogates. */
#ifndef DEID_RESTORE_H
#define DEID_RESTORE_H

#include "deid_surrogate.h"

/* @text with every surrogate that @map knows replaced, dates moved back (limited profile), ids of
 * resources after their type; what is unknown stays. In @arena, or @text itself when nothing was
 * found. INVALID_ARGUMENT for what is not UTF-8. */
enum status deid_restore_text(struct deid_map *map, struct slice text, struct arena *arena,
                              struct slice *output, struct error *err);

#endif
