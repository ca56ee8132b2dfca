/* The way back for a FHIR R4 resource: originals in place of their surrogates, string by string. */
#ifndef DEID_FHIR_RESTORE_H
#define DEID_FHIR_RESTORE_H

#include "deid_map.h"

/* The way back, for what deid_fhir_redact wrote in the limited profile, as compact JSON in @arena;
 * what it removed and was too large for the map stays away. INVALID_ARGUMENT for what is no JSON
 * object with a resourceType, RESOURCE_EXHAUSTED when there is no room. */
enum status deid_fhir_restore(struct deid_map *map, struct slice json, struct arena *arena,
                              struct slice *output, struct error *err);

#endif
