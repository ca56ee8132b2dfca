/* JSON Web Key Sets (RFC 7517). Taken are public keys for signatures: RSA of 2048 bits and more, EC
 * on P-256 and P-384. Others in the set are left out; a private one is a leak, and refused. */
#include <jose/b64.h>
#include <stdlib.h>
#include <string.h>

#include "access/access_state.h"

#define SIGNERS_MAX 64
#define RSA_BYTES_MIN 256

static const char *text_of(const json_t *jwk, const char *key)
{
    return json_string_value(json_object_get(jwk, key));
}

static bool is_private(const json_t *jwk)
{
    return json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL;
}

static bool can_verify(const json_t *jwk)
{
    const char *kty = text_of(jwk, "kty"), *use = text_of(jwk, "use"), *crv = text_of(jwk, "crv");

    if (kty == NULL || (use != NULL && strcmp(use, "sig") != 0))
        return false;
    if (strcmp(kty, "RSA") == 0)
        return jose_b64_dec(json_object_get(jwk, "n"), NULL, 0) >= RSA_BYTES_MIN
               && jose_b64_dec(json_object_get(jwk, "n"), NULL, 0) != SIZE_MAX;
    return strcmp(kty, "EC") == 0 && crv != NULL
           && (strcmp(crv, "P-256") == 0 || strcmp(crv, "P-384") == 0);
}

static enum status take_signers(json_t *keys, struct access_issuer *issuer, struct error *err)
{
    size_t i, count = json_array_size(keys);
    json_t *jwk;

    if (count > SIGNERS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a key set holds %zu keys, the limit is %d",
                         count, SIGNERS_MAX);
    issuer->signers = calloc(count + 1, sizeof(*issuer->signers));
    issuer->signers_count = 0;
    if (issuer->signers == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a key set");
    json_array_foreach(keys, i, jwk)
    {
        if (is_private(jwk))
            return error_set(
                err, STATUS_FAILED_PRECONDITION,
                "key %zu of the set is private or secret: only public keys belong here", i + 1);
        if (can_verify(jwk))
            issuer->signers[issuer->signers_count++] =
                (struct access_signer){ jwk, text_of(jwk, "kid"), text_of(jwk, "kty"),
                                        text_of(jwk, "crv"), text_of(jwk, "alg") };
    }
    if (issuer->signers_count == 0)
        return error_set(
            err, STATUS_INVALID_ARGUMENT,
            "no key of the set can verify a signature (RSA of 2048 bits, P-256, P-384)");
    return STATUS_OK;
}

enum status access_jwks_take(struct access_issuer *issuer, json_t *jwks, struct error *err)
{
    struct access_issuer with = *issuer;
    json_t *keys = json_object_get(jwks, "keys");

    if (!json_is_array(keys))
        return error_set(err, STATUS_INVALID_ARGUMENT, "this is no key set");
    if (take_signers(keys, &with, err) != STATUS_OK) {
        free(with.signers);
        return err->status;
    }
    access_jwks_close(issuer);
    issuer->jwks = json_incref(jwks);
    issuer->signers = with.signers;
    issuer->signers_count = with.signers_count;
    return STATUS_OK;
}

enum status access_jwks_read(struct access_issuer *issuer, struct slice bytes, struct error *err)
{
    json_t *jwks = json_loadb(bytes.data, bytes.size, JSON_REJECT_DUPLICATES, NULL);
    enum status status = access_jwks_take(issuer, jwks, err);

    json_decref(jwks);
    return status;
}

enum status access_jwks_load(struct access *access, const char *path, struct access_issuer *issuer,
                             struct error *err)
{
    struct slice bytes;

    if (access_read(access, path, &bytes, err) != STATUS_OK)
        return err->status;
    if (access_jwks_read(issuer, bytes, err) != STATUS_OK)
        return error_wrap(err, "%s", path);
    return STATUS_OK;
}

void access_jwks_close(struct access_issuer *issuer)
{
    json_decref(issuer->jwks);
    free(issuer->signers);
    issuer->jwks = NULL;
    issuer->signers = NULL;
    issuer->signers_count = 0;
}

/* ---- by address ---- */

bool access_set_look(struct access *access, size_t index, struct access_set *set)
{
    for (size_t i = 0; i < access->issuers_count; i++) {
        struct access_issuer *issuer = &access->issuers[i];

        if (issuer->jwks_url == NULL || index-- > 0)
            continue;
        *set = (struct access_set){ issuer->jwks_url, issuer->jwks != NULL, *issuer->is_wanted,
                                    issuer };
        *issuer->is_wanted = false;
        return true;
    }
    return false;
}

enum status access_set_put(const struct access_set *set, struct slice bytes, struct error *err)
{
    return access_jwks_read(set->issuer, bytes, err);
}

static const struct access_issuer *find_url(const struct access *access, const char *url)
{
    for (size_t i = 0; i < access->issuers_count; i++)
        if (access->issuers[i].jwks_url != NULL && strcmp(access->issuers[i].jwks_url, url) == 0)
            return &access->issuers[i];
    return NULL;
}

void access_set_carry(struct access *access, const struct access *old)
{
    for (size_t i = 0; i < access->issuers_count; i++) {
        struct access_issuer *issuer = &access->issuers[i];
        const struct access_issuer *same =
            issuer->jwks_url == NULL ? NULL : find_url(old, issuer->jwks_url);
        struct error err;

        if (same != NULL && same->jwks != NULL)
            access_jwks_take(issuer, same->jwks, &err); /* it was taken before */
    }
}
