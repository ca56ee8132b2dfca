/* A key is 256 random bits, so one digest is enough: nobody can go through them. The table holds
 * digests, and finding one in it tells nothing of a key that would give another. */
#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "access/access_state.h"
#include "base/check.h"

#define KEY_PREFIX "csk_"
#define KEY_RANDOM_BYTES 32

static_assert(ACCESS_KEY_HASH_BYTES == crypto_hash_sha256_BYTES, "SHA-256");

void access_key_make(char key[ACCESS_KEY_TEXT_BYTES], char hash[ACCESS_HASH_TEXT_BYTES])
{
    unsigned char random[KEY_RANDOM_BYTES], digest[ACCESS_KEY_HASH_BYTES];
    char text[ACCESS_KEY_TEXT_BYTES - sizeof(KEY_PREFIX) + 1];

    CHECK(sodium_init() >= 0);
    randombytes_buf(random, sizeof(random));
    sodium_bin2base64(text, sizeof(text), random, sizeof(random),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(key, ACCESS_KEY_TEXT_BYTES, KEY_PREFIX "%s", text);
    crypto_hash_sha256(digest, (const unsigned char *)key, strlen(key));
    sodium_bin2hex(hash, ACCESS_HASH_TEXT_BYTES, digest, sizeof(digest));
    sodium_memzero(random, sizeof(random));
    sodium_memzero(text, sizeof(text));
}

enum status access_key_identify(const struct access *access, struct slice key, int64_t now_s,
                                struct access_identity *identity, struct error *err)
{
    unsigned char hash[ACCESS_KEY_HASH_BYTES];
    const struct access_key *found = NULL;

    crypto_hash_sha256(hash, (const unsigned char *)key.data, key.size);
    for (size_t i = 0; i < access->keys_count; i++)
        if (sodium_memcmp(access->keys[i].hash, hash, sizeof(hash)) == 0)
            found = &access->keys[i];
    if (found == NULL)
        return error_set(err, STATUS_UNAUTHENTICATED, "the API key is not known");
    if (found->expires_s != 0 && now_s >= found->expires_s)
        return error_set(err, STATUS_UNAUTHENTICATED, "the API key has expired");
    *identity = found->identity;
    return STATUS_OK;
}
