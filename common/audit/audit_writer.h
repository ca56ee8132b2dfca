/* The files of a log that is written: seal records into a batch, put the batch at the end of the
 * newest segment, make it durable, renew the head. One thread at a time. Only for audit_log.c. */
#ifndef AUDIT_WRITER_H
#define AUDIT_WRITER_H

#include "audit/audit_log.h"

struct audit_writer {
    struct audit_key key;
    int folder, segment, head;
    uint64_t segment_bytes_max;
    uint64_t segment_bytes; /* of whole records; more than that is cut before the next write */
    bool is_torn;           /* a write failed and what it left could not be cut yet */
    struct audit_link link; /* of the last durable record */

    /* The batch. */
    struct audit_link next;
    struct arena arena;
    struct buffer lines;
};

/* As audit_open. */
enum status audit_writer_open(struct audit_writer *writer, const struct audit_options *options,
                              struct error *err);

void audit_writer_close(struct audit_writer *writer);

/* A record of what the log itself does, written at once, as a batch of its own. */
enum status audit_writer_say(struct audit_writer *writer, const char *source,
                             enum audit_action action, uint64_t count, const char *detail,
                             struct error *err);

/* An empty batch. */
void audit_writer_begin(struct audit_writer *writer);

/* Seal a record into the batch. False when the batch is full, and then the record is not in it; the
 * first one always fits. */
bool audit_writer_add(struct audit_writer *writer, struct slice members);

/* Write the batch and wait until the disk has it. On failure nothing of it is in the log. */
enum status audit_writer_end(struct audit_writer *writer, struct error *err);

#endif
