/* The audit log as a process writes it: append-only, hash-chained, signed, durable before anyone is
 * told. One process writes to a folder.
 *
 * A thread of its own writes: what was appended while it wrote goes out with one write and one
 * fdatasync, then the head is renewed, then those who wait are told, on the loop. When the disk
 * does not take a record, whoever appended it is told so and nothing of it stays. */
#ifndef AUDIT_LOG_H
#define AUDIT_LOG_H

#include "audit/audit_chain.h"
#include "audit/audit_record.h"
#include "run/mailbox.h"

/* Records that may wait for the disk. */
#define AUDIT_WAITING_MAX 8192

struct audit_options {
    const char *folder;     /* made where it is not there */
    const char *key_file;   /* made where it is not there */
    const char *source;     /* the service and host that stand in each record */
    const char *detail;     /* of the record that says that writing began: a digest of settings */
    uint64_t segment_bytes; /* a new segment begins when the newest has more */
    struct mailbox *home;
};

struct audit_log;

/* Called once on the loop: the record is durable (@err->status is STATUS_OK), or it is not there.
 */
typedef void (*audit_done_cb)(void *arg, const struct error *err);

/* Open the folder, go on where its log ends, and begin the writing thread. What a process that was
 * killed left in part is cut and the cut recorded. FAILED_PRECONDITION when another process writes
 * here; DATA_LOSS when the newest segment does not stand or the head names a record that is not
 * there: such a folder is evidence, and is not written to. Loop thread. */
struct audit_log *audit_open(const struct audit_options *options, struct error *err);

/* Append @record. RESOURCE_EXHAUSTED when too much waits or the record is too large, and then
 * @done is not called. @done may be NULL: the record may then wait a tenth of a second for others,
 * and a failure is logged. Loop thread. */
enum status audit_append(struct audit_log *log, const struct audit_record *record,
                         audit_done_cb done, void *arg, struct error *err);

const struct audit_key *audit_log_key(const struct audit_log *log);

/* Write what waits and that the process stops, end the thread, close the folder. Every @done is
 * posted to the mailbox before this returns. Blocks for the last write. Loop thread. */
void audit_close(struct audit_log *log);

#endif
