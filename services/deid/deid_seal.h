/* The sealed map: the bytes that travel. A version byte, a random nonce, and the map encrypted and
 * authenticated (XChaCha20-Poly1305) under the service's key, bound to the scope that it was made
 * for. Ids that are UUIDs take 16 bytes. It is not compressed: most of it is random. */
#ifndef DEID_SEAL_H
#define DEID_SEAL_H

#include "deid_map.h"

#define DEID_KEY_BYTES 32
#define DEID_SCOPE_BYTES_MAX 512
#define DEID_SEALED_BYTES_MAX (64u << 20)

struct deid_key {
    uint8_t bytes[DEID_KEY_BYTES];
};

/* Seal @map for @scope into @arena. */
enum status deid_seal(const struct deid_map *map, const struct deid_key *key, struct slice scope,
                      struct arena *arena, struct slice *sealed, struct error *err);

/* Open @sealed into @map. PERMISSION_DENIED for bytes that this key did not seal for this scope:
 * tampered, cut, foreign, another scope; which of them it is not said. RESOURCE_EXHAUSTED when the
 * arena is full. */
enum status deid_unseal(struct slice sealed, const struct deid_key *key, struct slice scope,
                        struct arena *arena, struct deid_map *map, struct error *err);

#endif
