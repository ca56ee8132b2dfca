/* Who calls, and what they may: API keys, bearer tokens (JWT) of the hospital's identity provider,
 * and certificates, as one file lists them.
 *
 *   {
 *     "keys": [{ "name": "ehr", "hash": "<SHA-256 of the key, hex>", "tenant": "default",
 *                "scopes": ["ask", "put"], "expires": "2027-01-01T00:00:00Z" }],
 *     "issuers": [{ "issuer": "https://idp.hospital.example", "audience": "consilium",
 *                   "jwks_file": "jwks.json", "tenant_claim": "tenant", "scopes": ["ask"] }],
 *     "certificates": [{ "name": "spiffe://hospital/ehr", "tenant": "default",
 *                        "scopes": ["ask", "restore"] }],
 *     "anyone": { "tenant": "default", "scopes": ["ask"] }
 *   }
 *
 * An issuer names "tenant" (all its callers are of it) or "tenant_claim" (the token says); "scopes"
 * bounds what its tokens can give, the token's own "scope" or "scp" says which of them it gives.
 * Each entry may have "requests_per_minute" and "tokens_per_minute", of each of its callers. A
 * "jwks_file" without a leading '/' lies beside the file. "anyone" is who shows nothing; without it
 * they are refused. What is shown and is wrong is refused, whatever "anyone" may. */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define ACCESS_FILE_BYTES_MAX ((size_t)4 << 20)
#define ACCESS_TOKEN_BYTES_MAX ((size_t)16 << 10)

enum access_scope {
    ACCESS_SCOPE_ASK = 1,     /* questions, timelines */
    ACCESS_SCOPE_PUT = 2,     /* records: put and forget */
    ACCESS_SCOPE_RESTORE = 4, /* originals instead of surrogates */
    ACCESS_SCOPE_ADMIN = 8,   /* what the gateway runs with, and its audit log */
};

#define ACCESS_SCOPES_ALL 15u

struct access;

/* What a caller shows. Slices and strings that are empty or NULL: not shown. */
struct access_shown {
    struct slice authorization; /* the header: "Bearer " and a key or a token */
    struct slice api_key;       /* the header api-key or x-api-key */
    const char *spiffe_id, *certificate_name;
};

/* Who that is. Strings live in the arena given to access_identify. */
struct access_identity {
    const char *name; /* of the key or certificate; "issuer subject" of a token; NULL: anyone */
    const char *tenant;
    unsigned scopes;                                 /* of enum access_scope */
    uint32_t requests_per_minute, tokens_per_minute; /* 0: not said */
};

/* Read the file at @path and the key sets that it names. INVALID_ARGUMENT says which entry and
 * member cannot be used; FAILED_PRECONDITION for a key set that holds a private key. NULL then. */
struct access *access_load(const char *path, struct error *err);

void access_destroy(struct access *access);

/* Tell who @shown is at @now_s (seconds since 1970). UNAUTHENTICATED with a sentence that says what
 * is wrong with what was shown, and never shows it. Any thread. */
enum status access_identify(const struct access *access, const struct access_shown *shown,
                            int64_t now_s, struct arena *arena, struct access_identity *identity,
                            struct error *err);

/* PERMISSION_DENIED unless @identity may @scope (one of them, where several are given), for
 * @tenant (empty: theirs). */
enum status access_require(const struct access_identity *identity, unsigned scopes,
                           const char *tenant, struct error *err);

/* A new key of 256 random bits as the text that its caller shows, and what the file says of it. */
#define ACCESS_KEY_TEXT_BYTES 48
#define ACCESS_HASH_TEXT_BYTES 65

void access_key_make(char key[ACCESS_KEY_TEXT_BYTES], char hash[ACCESS_HASH_TEXT_BYTES]);

/* "ask", "put", …; 0 for another word. */
unsigned access_scope_parse(struct slice word);
const char *access_scope_name(enum access_scope scope);

/* Whom the file lets in, one after the other: keys, issuers, certificates, anyone. Views into
 * @access. */
struct access_entry {
    const char *kind; /* "key", "issuer", "certificate", "anyone" */
    struct slice name;
    const char *tenant; /* NULL: an issuer's tokens say */
    unsigned scopes;
    uint32_t requests_per_minute, tokens_per_minute; /* 0: not said */
};

/* False: there are not so many. */
bool access_entry_get(const struct access *access, size_t index, struct access_entry *entry);

/* Whether a file that @access was read from has changed since. */
bool access_has_changed(const struct access *access);

/* Key sets by address ("jwks_url" in place of "jwks_file") are fetched by whoever has a loop, and
 * given here; until one is there its issuer's tokens are refused. Of each, in any order. */
struct access_set {
    const char *url;
    bool is_there;  /* a set is in use */
    bool is_wanted; /* a token has named a key that is not in it, since it was last looked at */
    void *issuer;
};

/* Set @index of those that have an address; false: there is none. Takes is_wanted away. */
bool access_set_look(struct access *access, size_t index, struct access_set *set);

/* The set as it was fetched takes the place of the old. INVALID_ARGUMENT and FAILED_PRECONDITION as
 * access_load; the old one stays then. */
enum status access_set_put(const struct access_set *set, struct slice bytes, struct error *err);

/* Give the sets of @old to those of @access that have the same address. */
void access_set_carry(struct access *access, const struct access *old);

#endif
