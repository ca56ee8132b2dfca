/* Made-up values of the same kind: a name for a name with the same words where the words were the
 * same, a town for a town, and for anything else the same shape in other digits and letters. None
 * of it says anything of the original: it follows from the number that the entry has in the map,
 * under a secret that only the map holds. */
#ifndef DEID_PSEUDONYM_H
#define DEID_PSEUDONYM_H

#include "base/buffer.h"
#include "deid_map.h"

/* The made-up value of @entry, which is of @map, made the first time and kept with it. {NULL, 0}
 * when none could be made that stands for nothing else: a code must do. */
struct slice deid_pseudonym_of(struct deid_map *map, struct deid_entry *entry);

/* The entry whose made-up value stands in @text with its first word at @at, the longest; NULL:
 * none. @start and @end are where it stands. */
struct deid_entry *deid_pseudonym_read(const struct deid_map *map, struct slice text, size_t at,
                                       size_t *start, size_t *end);

#endif
