/* Facts of a record as FHIR R4 resources. What was put is not kept as it came: of each resource
 * there is what became a fact, with surrogates, and it says so (SUBSETTED, REDACTED). */
#ifndef GATEWAY_EVERYTHING_WRITE_H
#define GATEWAY_EVERYTHING_WRITE_H

#include "base/buffer.h"
#include "contract/methods.h"

/* Entries of a searchset with commas between them, one for each resource that @facts name, in the
 * order of its first fact. @base: the address before "/Condition/c1". False: no memory in @arena.
 */
bool everything_put_entries(struct buffer *out, const char *base, Consilium__V1__Fact *const *facts,
                            size_t count, struct arena *arena);

#endif
