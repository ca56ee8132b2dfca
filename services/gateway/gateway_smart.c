#include "gateway_smart.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <jose/b64.h>
#include <jose/jws.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

#define FILE_BYTES_MAX 16384
#define LIFE_S 300
#define RSA_BYTES_MIN 256

struct smart_key {
    json_t *jwk;
    const char *alg;
};

static const char *text_of(const json_t *jwk, const char *key)
{
    const char *text = json_string_value(json_object_get(jwk, key));

    return text == NULL ? "" : text;
}

static const char *algorithm_of(const json_t *jwk)
{
    size_t size = jose_b64_dec(json_object_get(jwk, "n"), NULL, 0);

    if (json_object_get(jwk, "d") == NULL)
        return NULL;
    if (strcmp(text_of(jwk, "kty"), "RSA") == 0 && size != SIZE_MAX && size >= RSA_BYTES_MIN)
        return "RS384";
    if (strcmp(text_of(jwk, "kty"), "EC") == 0 && strcmp(text_of(jwk, "crv"), "P-384") == 0)
        return "ES384";
    return NULL;
}

static enum status read_jwk(const char *path, json_t **jwk, struct error *err)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char text[FILE_BYTES_MAX];
    struct stat about;
    ssize_t size;

    if (file < 0)
        return error_set_errno(err, errno, "%s cannot be opened", path);
    if (fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || (about.st_mode & 0007) != 0) {
        close(file);
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "%s is no file, or one that everybody can read", path);
    }
    size = read(file, text, sizeof(text));
    close(file);
    *jwk = size <= 0 || size == sizeof(text) ? NULL : json_loadb(text, (size_t)size, 0, NULL);
    explicit_bzero(text, sizeof(text));
    return *jwk != NULL ? STATUS_OK
                        : error_set(err, STATUS_FAILED_PRECONDITION, "%s holds no JWK", path);
}

enum status smart_key_load(const char *path, struct smart_key **loaded, struct error *err)
{
    struct smart_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    if (sodium_init() >= 0 && read_jwk(path, &key->jwk, err) == STATUS_OK) {
        key->alg = algorithm_of(key->jwk);
        *loaded = key;
        if (key->alg != NULL)
            return STATUS_OK;
        error_set(err, STATUS_FAILED_PRECONDITION,
                  "%s is no private key of RSA (2048 bits or more) or P-384", path);
    }
    smart_key_destroy(key);
    *loaded = NULL;
    return err->status;
}

void smart_key_destroy(struct smart_key *key)
{
    if (key == NULL)
        return;
    json_decref(key->jwk);
    free(key);
}

/* "header.payload.signature"; NULL: it cannot be made. */
static const char *sign(const struct smart_key *key, const char *claims, struct arena *arena)
{
    json_t *jws = json_pack("{s:o}", "payload", jose_b64_enc(claims, strlen(claims)));
    json_t *header = json_pack("{s:{s:s,s:s}}", "protected", "alg", key->alg, "typ", "JWT");
    const char *kid = text_of(key->jwk, "kid"), *jwt = NULL;

    if (header != NULL && kid[0] != '\0')
        json_object_set_new(json_object_get(header, "protected"), "kid", json_string(kid));
    if (jws != NULL && header != NULL && jose_jws_sig(NULL, jws, header, key->jwk))
        jwt = arena_format(arena, "%s.%s.%s", text_of(jws, "protected"), text_of(jws, "payload"),
                           text_of(jws, "signature"));
    json_decref(jws);
    json_decref(header);
    return jwt;
}

static const char *make_claims(const char *client_id, const char *endpoint, int64_t now_s,
                               struct arena *arena)
{
    unsigned char random[16];
    char id[2 * sizeof(random) + 1];
    struct buffer out;

    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(id, sizeof(id), random, sizeof(random));
    buffer_init(&out, arena);
    buffer_put_string(&out, "{\"iss\":");
    buffer_put_json(&out, slice_from(client_id));
    buffer_put_string(&out, ",\"sub\":");
    buffer_put_json(&out, slice_from(client_id));
    buffer_put_string(&out, ",\"aud\":");
    buffer_put_json(&out, slice_from(endpoint));
    buffer_format(&out, ",\"jti\":\"%s\",\"iat\":%lld,\"exp\":%lld}", id, (long long)now_s,
                  (long long)now_s + LIFE_S);
    return out.is_full ? NULL : arena_string(arena, buffer_slice(&out));
}

enum status smart_form(const struct smart_key *key, const char *client_id, const char *endpoint,
                       int64_t now_s, struct arena *arena, const char **form, struct error *err)
{
    const char *claims = make_claims(client_id, endpoint, now_s, arena);
    const char *jwt = claims == NULL ? NULL : sign(key, claims, arena);

    *form = jwt == NULL ? NULL
                        : arena_format(arena,
                                       "grant_type=client_credentials&scope=system%%2F%%2A.rs"
                                       "&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3A"
                                       "client-assertion-type%%3Ajwt-bearer&client_assertion=%s",
                                       jwt);
    return *form != NULL ? STATUS_OK
                         : error_set(err, STATUS_INTERNAL, "an assertion cannot be signed");
}
