/* What a file of access holds. Only for access*.c. */
#ifndef ACCESS_STATE_H
#define ACCESS_STATE_H

#include <jansson.h>
#include <sys/stat.h>

#include "access/access.h"
#include "fhir/json.h"

#define ACCESS_KEY_HASH_BYTES 32

struct access_key {
    unsigned char hash[ACCESS_KEY_HASH_BYTES];
    struct access_identity identity;
    int64_t expires_s; /* 0: never */
};

/* One public key of an issuer. */
struct access_signer {
    json_t *jwk;                       /* borrowed from the issuer's set */
    const char *kid, *kty, *crv, *alg; /* NULL: not said */
};

struct access_issuer {
    struct slice issuer, audience;
    const char *tenant; /* NULL: the claim says */
    struct slice tenant_claim;
    unsigned scopes;
    uint32_t requests_per_minute, tokens_per_minute;
    const char *jwks_url; /* NULL: from a file */
    bool *is_wanted;      /* a key that is not in the set */
    json_t *jwks;
    struct access_signer *signers; /* free */
    size_t signers_count;
};

struct access_certificate {
    struct access_identity identity;
};

/* A file that was read, as it was then. */
struct access_source {
    const char *path;
    struct timespec changed;
    off_t size;
    ino_t inode;
    struct access_source *next;
};

struct access {
    struct arena arena; /* all strings and tables */
    struct access_key *keys;
    size_t keys_count;
    struct access_issuer *issuers;
    size_t issuers_count;
    struct access_certificate *certificates;
    size_t certificates_count;
    bool has_anyone;
    struct access_identity anyone;
    struct access_source *sources;
};

/* access_file.c: read a whole file into the access's arena and remember it as a source. */
enum status access_read(struct access *access, const char *path, struct slice *bytes,
                        struct error *err);

/* access_jwks.c: the keys of an issuer that can verify a signature. */
enum status access_jwks_load(struct access *access, const char *path, struct access_issuer *issuer,
                             struct error *err);
/* The set in @bytes, or @jwks, of which a reference is taken, in place of the issuer's. */
enum status access_jwks_read(struct access_issuer *issuer, struct slice bytes, struct error *err);
enum status access_jwks_take(struct access_issuer *issuer, json_t *jwks, struct error *err);
void access_jwks_close(struct access_issuer *issuer);

/* access_token.c */
enum status access_token_identify(const struct access *access, struct slice token, int64_t now_s,
                                  struct arena *arena, struct access_identity *identity,
                                  struct error *err);

/* access_key.c */
enum status access_key_identify(const struct access *access, struct slice key, int64_t now_s,
                                struct access_identity *identity, struct error *err);

/* access_file.c: "2027-01-01T00:00:00Z" in seconds since 1970; false for anything else. */
bool access_time_parse(struct slice text, int64_t *seconds);

#endif
