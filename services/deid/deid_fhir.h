/* A FHIR R4 resource or Bundle: first what the record itself knows of its patient is learnt
 * (deid_fhir_learn.h), then the tree is walked and every string dealt with by the path profile. The
 * way back is deid_fhir_restore.h. */
#ifndef DEID_FHIR_H
#define DEID_FHIR_H

#include "deid_redact.h"

/* The redacted resource as compact JSON in redactor->arena. INVALID_ARGUMENT for what is no FHIR
 * JSON and for two patients in one bundle. @patient is the surrogate id of the Patient in it, "p0"
 * for one without an id, {NULL, 0} when there is none. */
enum status deid_fhir_redact(struct deid_redactor *redactor, struct slice json,
                             struct slice *output, struct slice *patient, struct error *err);

#endif
