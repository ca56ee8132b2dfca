/* base64 (RFC 4648), as FHIR's attachments carry it. */
#ifndef FHIR_BASE64_H
#define FHIR_BASE64_H

#include <stdbool.h>

#include "base/arena.h"

/* Decode @text into @arena; white space is skipped, padding may be missing. False for anything else
 * than base64, or when the arena is full. */
bool fhir_base64_decode(struct slice text, struct arena *arena, struct slice *bytes);

#endif
