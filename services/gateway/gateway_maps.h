/* The sealed maps of the patients asked about lately, so that a question can be redacted while its
 * record is still being recalled. Only deid can open one. Bounded in bytes, the least recently used
 * goes first. Loop thread. */
#ifndef GATEWAY_MAPS_H
#define GATEWAY_MAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct maps;

/* NULL when there is no memory. */
struct maps *maps_create(size_t bytes_max);
void maps_destroy(struct maps *maps);

/* The map of @scope and the record's version that it belongs to. The view holds until the next
 * maps_put or maps_drop. */
bool maps_find(struct maps *maps, struct slice scope, uint64_t *version, struct slice *map);

/* Keep a copy; one that is larger than the whole bound, or that memory does not allow, is not kept.
 */
void maps_put(struct maps *maps, struct slice scope, uint64_t version, struct slice map);

void maps_drop(struct maps *maps, struct slice scope);

size_t maps_bytes(const struct maps *maps);

#endif
