/* The pseudonym under which the rest of the mesh knows a patient: the caller's own id goes no
 * further than the gateway. */
#ifndef GATEWAY_PSEUDONYM_H
#define GATEWAY_PSEUDONYM_H

#include "base/error.h"
#include "base/slice.h"

#define PSEUDONYM_KEY_BYTES 32
#define PSEUDONYM_TEXT_BYTES 33 /* 32 hex digits and a NUL */

struct pseudonym_key {
    unsigned char bytes[PSEUDONYM_KEY_BYTES];
};

/* Read (or make) the key in the file @path, and ready libsodium: base/key_file.h says how, and what
 * fails. */
enum status pseudonym_key_load(const char *path, struct pseudonym_key *key, struct error *err);

/* BLAKE2b keyed over tenant, a NUL and patient, 128 bits of it as hex. */
void pseudonym_make(const struct pseudonym_key *key, struct slice tenant, struct slice patient,
                    char text[PSEUDONYM_TEXT_BYTES]);

#endif
