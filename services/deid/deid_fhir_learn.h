/* What a record knows of its patient and of its own ids, put into the map before anything is
 * redacted, so that a name in a note is found by what the Patient beside it is called. */
#ifndef DEID_FHIR_LEARN_H
#define DEID_FHIR_LEARN_H

#include "deid_redact.h"
#include "fhir/json.h"

/* Learn the resource or Bundle @root into redactor->map: an id for each resource and each urn:uuid
 * fullUrl; names, numbers and addresses of the patient, of relatives and of practitioners. @root is
 * only read. The redactor's identity is as before: deid_redactor_learn comes next. @patient is the
 * Patient's id as a view into @root, "" for one without an id, {NULL, 0} when there is none.
 * INVALID_ARGUMENT for what is no FHIR resource and for two patients in one bundle;
 * RESOURCE_EXHAUSTED when there is no room. What was learnt up to then stays in the map. The thread
 * of the redactor's call. */
enum status deid_fhir_learn(struct deid_redactor *redactor, const struct json *root,
                            struct slice *patient, struct error *err);

#endif
