/* One event of the audit log: who did what, when, to which patient, on which facts, with which
 * model, and how it ended. No record holds patient text: patients stand by their pseudonym,
 * questions by a keyed digest, facts by their references in the redacted record. */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

/* A record is a line; what is longer is refused. An answer on the largest prompt names some
 * thousand facts of 60 bytes. */
#define AUDIT_LINE_BYTES_MAX (256 * 1024)

enum audit_action {
    AUDIT_ACTION_START,     /* the process began to write; @detail is the digest of its settings */
    AUDIT_ACTION_STOP,      /* and ended in order */
    AUDIT_ACTION_RECOVER,   /* what had been written in part, and acknowledged to nobody, was cut */
    AUDIT_ACTION_CONFIGURE, /* a model, a key pair or a setting changed while it ran */
    AUDIT_ACTION_PUT,
    AUDIT_ACTION_ASK,    /* an answer may begin to leave */
    AUDIT_ACTION_ANSWER, /* and how it ended */
    AUDIT_ACTION_READ,   /* a timeline; with a method, what an operator looked at */
    AUDIT_ACTION_FORGET,
    AUDIT_ACTION_EMBED,  /* vectors of texts */
    AUDIT_ACTION_REFUSE, /* somebody was not let in, or not let do it */
    AUDIT_ACTION_COUNT,
};

struct audit_fact {
    uint32_t id;           /* as the prompt numbered it */
    const char *reference; /* "Observation/o17" */
};

/* Members that are NULL or 0 are left out of the line. Strings are ids and names of bounded size
 * (AUDIT_TEXT_BYTES_MAX; longer ones are cut), in UTF-8. */
struct audit_record {
    enum audit_action action;
    enum status outcome;
    const char *caller; /* SPIFFE id, subject or name of who asked; NULL: nobody said */
    const char *tenant;
    const char *patient;  /* the pseudonym */
    const char *method;   /* of what was refused, or looked at */
    const char *trace;    /* trace id, hex */
    const char *question; /* keyed digest, hex (audit_digest) */
    const char *model;    /* SHA-256 of the weights, hex */
    const char *adapter;  /* of the adapter that they were refined by */
    const char *detail;   /* what the action says of it */
    uint64_t version;     /* of the patient's record */
    uint64_t count;       /* resources put, bytes cut, tokens answered */
    bool is_restored;     /* originals were put back for the caller */
    const struct audit_fact *facts;
    size_t facts_count;
};

#define AUDIT_TEXT_BYTES_MAX 256

const char *audit_action_name(enum audit_action action);

/* The record's members as JSON, without the braces and without the number that the log gives it:
 * what is then sealed (audit_chain.h). @time_ms since 1970. RESOURCE_EXHAUSTED when it is longer
 * than AUDIT_LINE_BYTES_MAX or the arena is full. */
enum status audit_record_format(const struct audit_record *record, int64_t time_ms,
                                const char *source, struct buffer *members, struct error *err);

#endif
