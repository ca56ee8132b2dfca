/* Read a log and prove it whole: every record where it belongs, unchanged, signed, and none missing
 * up to the head. Needs the public key, which a verifier holds from elsewhere: who can replace the
 * whole folder can replace the key in it too. Any thread. */
#ifndef AUDIT_VERIFY_H
#define AUDIT_VERIFY_H

#include "audit/audit_chain.h"

/* Told of each record that stands, in order. A status other than OK ends the reading with it. */
typedef enum status (*audit_on_record)(void *arg, uint64_t seq, struct slice line,
                                       struct error *err);

struct audit_verdict {
    uint64_t first, last; /* records that stand; 0: none */
    uint64_t segments;
    uint64_t bad;           /* the first record that does not stand; 0: all do */
    char segment[40];       /* and where it is */
    struct audit_link link; /* of the last that stands */
};

/* Read the folder @path. @first_seq is the record that the oldest segment here must begin with: 1,
 * or a later one where older segments were moved away. DATA_LOSS with the first bad record in
 * @verdict and in @err; other statuses where the folder cannot be read. @on_record may be NULL. */
enum status audit_verify(const char *path, const unsigned char public_key[AUDIT_PUBLIC_BYTES],
                         uint64_t first_seq, audit_on_record on_record, void *arg,
                         struct audit_verdict *verdict, struct error *err);

#endif
