/* JSON Web Tokens as bearer tokens (RFC 7519, RFC 8725 for what to refuse, RFC 9068 for their
 * profile): compact form, asymmetric signature, the issuer's own key. The signature is libjose's
 * work; what may be believed before it is verified is only which issuer's keys to try. */
#include <jose/jws.h>
#include <sodium.h>
#include <string.h>

#include "access/access_state.h"

#define LEEWAY_S 60
#define SCOPE_WORDS_MAX 256

/* The algorithms that are taken, each with the keys that it goes with: a token cannot choose to be
 * verified in another way than its issuer's key is for. */
static const struct {
    const char *alg, *kty, *crv;
} algorithms[] = {
    { "RS256", "RSA", NULL },
    { "RS384", "RSA", NULL },
    { "ES256", "EC", "P-256" },
    { "ES384", "EC", "P-384" },
};

#define ALGORITHMS_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

struct token {
    struct slice parts[3]; /* header, payload, signature; base64url */
    struct json *header, *claims;
    size_t algorithm; /* into algorithms */
};

static enum status refuse(struct error *err, const char *why)
{
    return error_set(err, STATUS_UNAUTHENTICATED, "the token %s", why);
}

static enum status parse_part(struct slice part, struct arena *arena, struct json **root,
                              struct error *err)
{
    unsigned char *bytes = arena_alloc(arena, part.size);
    size_t size;

    if (bytes == NULL
        || sodium_base642bin(bytes, part.size, part.data, part.size, NULL, &size, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING)
               != 0
        || json_parse(slice_of(bytes, size), arena, root, err) != STATUS_OK
        || (*root)->kind != JSON_KIND_OBJECT)
        return refuse(err, "cannot be read");
    return STATUS_OK;
}

static enum status split(struct slice text, struct token *token, struct error *err)
{
    for (size_t i = 0; i < 3; i++) {
        size_t dot = slice_find_byte(text, '.');

        token->parts[i] = slice_cut(text, 0, dot);
        if (token->parts[i].size == 0 || (i < 2) != (dot < text.size))
            return refuse(err, "is not three parts with a signature");
        text = slice_cut(text, dot + 1, text.size);
    }
    return STATUS_OK;
}

static enum status read_header(struct token *token, struct arena *arena, struct error *err)
{
    struct slice alg;

    if (parse_part(token->parts[0], arena, &token->header, err) != STATUS_OK)
        return err->status;
    if (json_get(token->header, "crit") != NULL)
        return refuse(err, "has critical extensions, and none is known here");
    alg = json_get_string(token->header, "alg");
    for (token->algorithm = 0; token->algorithm < ALGORITHMS_COUNT; token->algorithm++)
        if (slice_is(alg, algorithms[token->algorithm].alg))
            return STATUS_OK;
    return refuse(err, "is not signed with RS256, RS384, ES256 or ES384");
}

static const struct access_issuer *find_issuer(const struct access *access,
                                               const struct token *token)
{
    struct slice name = json_get_string(token->claims, "iss");

    for (size_t i = 0; name.size > 0 && i < access->issuers_count; i++)
        if (slice_equal(access->issuers[i].issuer, name))
            return &access->issuers[i];
    return NULL;
}

static bool is_for(const struct access_signer *signer, const struct token *token)
{
    const struct json *kid = json_get(token->header, "kid");
    const char *crv = algorithms[token->algorithm].crv;

    if (strcmp(signer->kty, algorithms[token->algorithm].kty) != 0
        || (crv != NULL && strcmp(signer->crv, crv) != 0)
        || (signer->alg != NULL && strcmp(signer->alg, algorithms[token->algorithm].alg) != 0))
        return false;
    return kid == NULL || signer->kid == NULL || slice_is(kid->text, signer->kid);
}

/* Whether a key that the token names is among the issuer's: else the issuer may have a new one. */
static bool has_key(const struct access_issuer *issuer, const struct token *token)
{
    for (size_t i = 0; i < issuer->signers_count; i++)
        if (is_for(&issuer->signers[i], token))
            return true;
    return false;
}

static enum status verify(const struct access_issuer *issuer, const struct token *token,
                          struct error *err)
{
    const struct slice *parts = token->parts;
    json_t *jws =
        json_pack("{s:s%,s:s%,s:s%}", "protected", parts[0].data, parts[0].size, "payload",
                  parts[1].data, parts[1].size, "signature", parts[2].data, parts[2].size);
    bool is_signed = false;

    for (size_t i = 0; jws != NULL && i < issuer->signers_count && !is_signed; i++)
        is_signed = is_for(&issuer->signers[i], token)
                    && jose_jws_ver(NULL, jws, NULL, issuer->signers[i].jwk, false);
    json_decref(jws);
    if (is_signed)
        return STATUS_OK;
    if (issuer->is_wanted != NULL && !has_key(issuer, token))
        *issuer->is_wanted = true;
    return issuer->jwks == NULL
               ? refuse(err, "cannot be verified: its issuer's keys are not here yet")
               : refuse(err, "is not signed by its issuer");
}

/* A NumericDate: seconds, perhaps with a fraction. False when there is none or it is no date. */
static bool get_time(const struct json *claims, const char *key, int64_t *seconds)
{
    const struct json *item = json_get(claims, key);
    size_t i;

    if (item == NULL || item->kind != JSON_KIND_NUMBER)
        return false;
    *seconds = 0;
    for (i = 0; i < item->text.size && item->text.data[i] >= '0' && item->text.data[i] <= '9';
         i++) {
        if (i == 12)
            return false;
        *seconds = *seconds * 10 + (item->text.data[i] - '0');
    }
    return i > 0 && (i == item->text.size || item->text.data[i] == '.');
}

static enum status check_times(const struct json *claims, int64_t now_s, struct error *err)
{
    int64_t expires, begins;

    if (!get_time(claims, "exp", &expires))
        return refuse(err, "does not say when it ends");
    if (now_s >= expires + LEEWAY_S)
        return refuse(err, "has expired");
    if (json_get(claims, "nbf") != NULL
        && (!get_time(claims, "nbf", &begins) || now_s < begins - LEEWAY_S))
        return refuse(err, "is not valid yet");
    if (json_get(claims, "iat") != NULL
        && (!get_time(claims, "iat", &begins) || now_s < begins - LEEWAY_S))
        return refuse(err, "was made in the future");
    return STATUS_OK;
}

static bool is_audience(const struct json *claims, struct slice audience)
{
    const struct json *item = json_get(claims, "aud");

    if (item != NULL && item->kind == JSON_KIND_ARRAY)
        item = item->first;
    else if (item != NULL)
        return item->kind == JSON_KIND_STRING && slice_equal(item->text, audience);
    for (; item != NULL; item = item->next)
        if (item->kind == JSON_KIND_STRING && slice_equal(item->text, audience))
            return true;
    return false;
}

static unsigned scopes_of(const struct json *claims)
{
    struct slice words = json_get_string(claims, "scope");
    const struct json *item;
    unsigned scopes = 0;

    for (unsigned i = 0; words.size > 0 && i < SCOPE_WORDS_MAX; i++) {
        size_t end = slice_find_byte(words, ' ');

        scopes |= access_scope_parse(slice_cut(words, 0, end));
        words = slice_cut(words, end + 1, words.size);
    }
    for (item = json_first(json_get(claims, "scp")); item != NULL; item = item->next)
        if (item->kind == JSON_KIND_STRING)
            scopes |= access_scope_parse(item->text);
    return scopes;
}

static enum status identify(const struct access_issuer *issuer, const struct json *claims,
                            struct arena *arena, struct access_identity *identity,
                            struct error *err)
{
    struct slice subject = json_get_string(claims, "sub");
    struct slice tenant = json_find(claims, issuer->tenant_claim) == NULL
                              ? (struct slice){ NULL, 0 }
                              : json_find(claims, issuer->tenant_claim)->text;

    if (subject.size == 0)
        return refuse(err, "names no subject");
    if (issuer->tenant == NULL
        && (tenant.size == 0 || memchr(tenant.data, '\0', tenant.size) != NULL))
        return refuse(err, "names no tenant");
    identity->name =
        arena_format(arena, "%.*s %.*s", SLICE_FORMAT(issuer->issuer), SLICE_FORMAT(subject));
    identity->tenant = issuer->tenant != NULL ? issuer->tenant : arena_string(arena, tenant);
    identity->scopes = scopes_of(claims) & issuer->scopes;
    identity->requests_per_minute = issuer->requests_per_minute;
    identity->tokens_per_minute = issuer->tokens_per_minute;
    if (identity->name == NULL || identity->tenant == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for another caller");
    return STATUS_OK;
}

enum status access_token_identify(const struct access *access, struct slice text, int64_t now_s,
                                  struct arena *arena, struct access_identity *identity,
                                  struct error *err)
{
    const struct access_issuer *issuer;
    struct token token;

    if (text.size > ACCESS_TOKEN_BYTES_MAX)
        return refuse(err, "is too long");
    if (split(text, &token, err) != STATUS_OK || read_header(&token, arena, err) != STATUS_OK
        || parse_part(token.parts[1], arena, &token.claims, err) != STATUS_OK)
        return err->status;
    issuer = find_issuer(access, &token);
    if (issuer == NULL)
        return refuse(err, "is of an issuer that is not known here");
    if (verify(issuer, &token, err) != STATUS_OK
        || check_times(token.claims, now_s, err) != STATUS_OK)
        return err->status;
    if (!is_audience(token.claims, issuer->audience))
        return refuse(err, "is for another audience");
    return identify(issuer, token.claims, arena, identity, err);
}
