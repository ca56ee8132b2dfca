/* A record of the audit log as FHIR R4 AuditEvent (https://hl7.org/fhir/R4/auditevent.html). */
#ifndef CONSILIUM_AUDIT_EVENT_H
#define CONSILIUM_AUDIT_EVENT_H

#include "base/buffer.h"
#include "fhir/json.h"

/* @record is a line of the log, parsed. Codes are DICOM's (PS3.16, "Audit Event ID" and "Audit
 * Event Type Code"); patients and facts stand as in the log, by pseudonym and surrogate. */
void audit_event_put(const struct json *record, struct buffer *out);

#endif
