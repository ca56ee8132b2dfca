/* What the gateway puts into the audit log (audit/audit_log.h): a record for every put, ask, read
 * and forget, with its outcome. What succeeded leaves only when its record is durable; what failed
 * is told at once. Loop thread. */
#ifndef GATEWAY_AUDIT_H
#define GATEWAY_AUDIT_H

#include "audit/audit_log.h"
#include "gateway.h"

/* Open the log that the configuration names, and say so in it. As audit_open. */
enum status gateway_audit_open(struct gateway *gateway, struct error *err);

/* The record of @call: who, in which trace, about whom. Strings live as long as the call and
 * @patient; the rest of the record is the caller's to fill. */
struct audit_record gateway_record(struct call *call, enum audit_action action,
                                   const struct patient_name *patient);

/* End @call with @message when @record is durable; with the log's failure when it will not be. */
void gateway_settle(struct call *call, const struct audit_record *record, const void *message);

/* End @call with @err, which becomes @record's outcome. */
void gateway_settle_failed(struct call *call, struct audit_record record, const struct error *err);

/* Append without waiting; a failure is logged. */
void gateway_note(struct gateway *gateway, const struct audit_record *record);

/* The same for what the gateway runs with: it has changed, @changed, or what should take its place
 * cannot be used, @kept (both are static). */
void gateway_note_change(struct gateway *gateway, const struct error *err, const char *changed,
                         const char *kept);

#endif
