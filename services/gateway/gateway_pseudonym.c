#include "gateway_pseudonym.h"

#include <assert.h>
#include <sodium.h>

#include "base/check.h"
#include "base/key_file.h"

static_assert(PSEUDONYM_KEY_BYTES == crypto_generichash_KEYBYTES, "BLAKE2b's own key size");

enum status pseudonym_key_load(const char *path, struct pseudonym_key *key, struct error *err)
{
    CHECK(sodium_init() >= 0);
    return key_file_load(path, key->bytes, sizeof(key->bytes), err);
}

void pseudonym_make(const struct pseudonym_key *key, struct slice tenant, struct slice patient,
                    char text[PSEUDONYM_TEXT_BYTES])
{
    unsigned char hash[(PSEUDONYM_TEXT_BYTES - 1) / 2];
    crypto_generichash_state state;

    crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), sizeof(hash));
    crypto_generichash_update(&state, (const unsigned char *)tenant.data, tenant.size);
    crypto_generichash_update(&state, (const unsigned char *)"", 1);
    crypto_generichash_update(&state, (const unsigned char *)patient.data, patient.size);
    crypto_generichash_final(&state, hash, sizeof(hash));
    sodium_bin2hex(text, PSEUDONYM_TEXT_BYTES, hash, sizeof(hash));
}
