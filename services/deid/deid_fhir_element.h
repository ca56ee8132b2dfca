/* What an element of FHIR says of itself: a resource its type, a telecom or an identifier its
 * class, an attachment whether its data is text, and that text. Nothing here knows the map. Any
 * thread. */
#ifndef DEID_FHIR_ELEMENT_H
#define DEID_FHIR_ELEMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "deid_span.h"
#include "fhir/json.h"

#define DEID_FHIR_ELEMENT_LETTER_UNKNOWN 'x'

/* The resourceType, as a view into @resource; empty for what is no resource. */
struct slice deid_fhir_element_type(const struct json *resource);

/* The letter that the ids of resources of @type begin with: the type's first, small, or
 * DEID_FHIR_ELEMENT_LETTER_UNKNOWN. */
char deid_fhir_element_letter(struct slice type);

/* All given names and the family name of a HumanName, in @arena; empty for one that has neither.
 * False: no room. */
bool deid_fhir_element_whole_name(const struct json *name, struct arena *arena,
                                  struct slice *whole);

/* By its system; a phone when that tells nothing. */
enum deid_class deid_fhir_element_telecom_class(const struct json *telecom);

/* By the v2-0203 code of its type, then its system; OTHER when neither tells. */
enum deid_class deid_fhir_element_identifier_class(const struct json *identifier);

/* Whether an attachment of this contentType holds text. */
bool deid_fhir_element_is_text(struct slice content_type);

/* The bytes of an attachment's data, in @arena; white space between the letters is skipped.
 * INVALID_ARGUMENT for what is not base64 to the letter (padded, no stray bits at the end),
 * RESOURCE_EXHAUSTED when there is no room: what cannot be read and what does not fit are different
 * things to a caller who removes the former. */
enum status deid_fhir_element_decode(struct slice text, struct arena *arena, struct slice *bytes);

/* @bytes as an attachment's data, padded, in @arena. RESOURCE_EXHAUSTED when there is no room. */
enum status deid_fhir_element_encode(struct slice bytes, struct arena *arena, struct slice *text);

#endif
