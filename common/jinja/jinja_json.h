/* JSON as values of a template. */
#ifndef JINJA_JINJA_JSON_H
#define JINJA_JINJA_JSON_H

#include "base/error.h"
#include "fhir/json.h"
#include "jinja/jinja_value.h"

/* Parse @bytes. Its strings and keys are trusted or not, as said; they and the rest are in @arena.
 * INVALID_ARGUMENT as json_parse, and for an integer of over 64 bits. */
enum status jinja_from_json(struct slice bytes, bool is_trusted, struct arena *arena,
                            struct jinja_value *value, struct error *err);

#endif
