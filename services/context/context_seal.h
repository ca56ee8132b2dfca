/* Values leave the process compressed (zstd) and encrypted (XChaCha20-Poly1305), bound to the
 * tenant, patient and version that they belong to: a value moved under another key does not open.
 * Any thread. */
#ifndef CONTEXT_SEAL_H
#define CONTEXT_SEAL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define SEAL_KEY_BYTES 32

struct seal_key {
    unsigned char bytes[SEAL_KEY_BYTES];
};

/* What a value belongs to. */
struct seal_name {
    struct slice tenant, patient;
    const char *what; /* "record", "map" */
    uint64_t version;
};

/* Read (or make) the key in the file @path, and ready libsodium: base/key_file.h says how, and what
 * fails. */
enum status seal_key_load(const char *path, struct seal_key *key, struct error *err);

/* @sealed is in @arena. */
enum status seal_close(const struct seal_key *key, const struct seal_name *name, struct slice plain,
                       struct arena *arena, struct slice *sealed, struct error *err);

/* @plain is in @arena, aligned to 16; what is only needed on the way is in @work. DATA_LOSS when
 * @sealed was not closed with this key under this name. */
enum status seal_open(const struct seal_key *key, const struct seal_name *name, struct slice sealed,
                      struct arena *work, struct arena *arena, struct slice *plain,
                      struct error *err);

#endif
