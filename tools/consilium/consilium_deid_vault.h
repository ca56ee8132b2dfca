/* A map that outlives a run: sealed in a file, under a key in another. */
#ifndef CONSILIUM_DEID_VAULT_H
#define CONSILIUM_DEID_VAULT_H

#include "deid_seal.h"

struct deid_vault {
    const char *path;
    struct deid_key key;
    struct arena arena; /* of the map */
    struct deid_map map;
    bool is_new;
};

/* Open the map of @path, or begin one under @profile where there is no such file; the key is made
 * where @key_path is no file. PERMISSION_DENIED for a map that this key did not seal. The profile
 * of a map that is there stays: FAILED_PRECONDITION when @profile, other than 0, is another. */
enum status deid_vault_open(struct deid_vault *vault, const char *path, const char *key_path,
                            enum deid_profile profile, struct error *err);

/* Seal the map into its file, whole or not at all. */
enum status deid_vault_save(struct deid_vault *vault, struct error *err);

/* The key is wiped. */
void deid_vault_close(struct deid_vault *vault);

#endif
