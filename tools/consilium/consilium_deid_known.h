/* What a patient is known by, in the forms that people have it in, as FHIR for the engine.
 *
 *   a FHIR resource or Bundle       {"resourceType": "Patient", "name": [...], ...}
 *   a record of names and values    {"given": "Ann", "family": "Ode", "dob": "1950-02-03"}
 *   a list of identifiers           ["Ann Ode", "555-0100", {"type": "MRN", "value": "X12"}]
 *   one identifier                  "Ann Ode"
 *
 * A string without a type is taken for what it looks like: a mail address, a date, a telephone
 * number, a street, a name, else an identifier. */
#ifndef CONSILIUM_DEID_KNOWN_H
#define CONSILIUM_DEID_KNOWN_H

#include "base/error.h"
#include "fhir/json.h"

/* @known becomes a list of FHIR resources, made in @arena and borrowing from @patient.
 * INVALID_ARGUMENT for a member of no known name: an identifier that is not understood would be one
 * that is not looked for. The error tells its place, not its name. */
enum status deid_known_read(const struct json *patient, struct arena *arena, struct json **known,
                            struct error *err);

#endif
