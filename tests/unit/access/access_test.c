/* Tokens and key sets are made here with OpenSSL alone, which is not what verifies them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/access.h"

#define NOW 1800000000
#define CLAIMS                                                                                     \
    "\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"dr-1\",\"tenant\":\"north\"," \
    "\"scope\":\"openid ask put\",\"iat\":1799999990,\"exp\":1800000300"

static char folder[] = "/tmp/access-XXXXXX";
static EVP_PKEY *rsa, *ec256, *ec384, *stranger;
static struct access *access_now;
static struct arena arena;
static struct error err;
static struct access_identity identity;

static const char *path_of(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void base64url(const unsigned char *bytes, size_t size, char *out)
{
    size_t end = (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)size);

    while (end > 0 && out[end - 1] == '=')
        out[--end] = '\0';
    for (size_t i = 0; i < end; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
}

static void put_number(EVP_PKEY *key, const char *param, int size, char *out)
{
    unsigned char bytes[1024];
    BIGNUM *number = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, param, &number), 1);
    if (size == 0)
        size = BN_num_bytes(number);
    assert_int_equal(BN_bn2binpad(number, bytes, size), size);
    base64url(bytes, (size_t)size, out);
    BN_free(number);
}

static void rsa_jwk(EVP_PKEY *key, const char *more, char *out, size_t size)
{
    char n[1400], e[16];

    put_number(key, OSSL_PKEY_PARAM_RSA_N, 0, n);
    put_number(key, OSSL_PKEY_PARAM_RSA_E, 0, e);
    snprintf(out, size, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}", n, e, more);
}

static void ec_jwk(EVP_PKEY *key, const char *crv, int bytes, const char *more, char *out,
                   size_t size)
{
    char x[128], y[128];

    put_number(key, OSSL_PKEY_PARAM_EC_PUB_X, bytes, x);
    put_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes, y);
    snprintf(out, size, "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s}", crv, x, y,
             more);
}

/* JOSE wants r and s side by side, OpenSSL gives them in DER. */
static size_t plain_signature(const unsigned char *der, size_t size, int bytes, unsigned char *out)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);

    assert_non_null(pair);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, bytes);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + bytes, bytes);
    ECDSA_SIG_free(pair);
    return 2 * (size_t)bytes;
}

static size_t sign(const char *alg, EVP_PKEY *key, const char *text, unsigned char *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = strstr(alg, "384") != NULL ? EVP_sha384() : EVP_sha256();
    unsigned char signature[1024];
    size_t size = sizeof(signature);

    assert_int_equal(EVP_DigestSignInit(context, NULL, digest, NULL, key), 1);
    assert_int_equal(
        EVP_DigestSign(context, signature, &size, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(context);
    if (alg[0] == 'E')
        return plain_signature(signature, size, strcmp(alg, "ES256") == 0 ? 32 : 48, out);
    memcpy(out, signature, size);
    return size;
}

static char *token_of(const char *header, const char *claims, const char *alg, EVP_PKEY *key)
{
    static char token[8192];
    unsigned char signature[1024];
    char part[4096];

    base64url((const unsigned char *)header, strlen(header), token);
    base64url((const unsigned char *)claims, strlen(claims), part);
    strcat(strcat(token, "."), part);
    base64url(signature, sign(alg, key, token, signature), part);
    return strcat(strcat(token, "."), part);
}

static enum status show(const char *bearer)
{
    char header[16384];
    struct access_shown shown = { 0 };

    snprintf(header, sizeof(header), "Bearer %s", bearer);
    shown.authorization = slice_from(header);
    error_clear(&err);
    return access_identify(access_now, &shown, NOW, &arena, &identity, &err);
}

static const char *good_token(void)
{
    return token_of("{\"alg\":\"RS256\",\"kid\":\"r1\"}", "{" CLAIMS "}", "RS256", rsa);
}

static void put_keys(void)
{
    char one[2048], two[512], three[512], all[4096];

    rsa_jwk(rsa, ",\"kid\":\"r1\",\"use\":\"sig\"", one, sizeof(one));
    ec_jwk(ec256, "P-256", 32, ",\"kid\":\"e256\"", two, sizeof(two));
    ec_jwk(ec384, "P-384", 48, ",\"kid\":\"e384\",\"alg\":\"ES384\"", three, sizeof(three));
    snprintf(all, sizeof(all),
             "{\"keys\":[%s,%s,%s,{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}]}", one, two,
             three);
    put_file("jwks.json", all);
}

static char api_key[ACCESS_KEY_TEXT_BYTES], expired_key[ACCESS_KEY_TEXT_BYTES];

static void put_access(void)
{
    char hash[ACCESS_HASH_TEXT_BYTES], other[ACCESS_HASH_TEXT_BYTES], text[2048];

    access_key_make(api_key, hash);
    access_key_make(expired_key, other);
    snprintf(
        text, sizeof(text),
        "{\"keys\":[{\"name\":\"ehr\",\"hash\":\"%s\",\"tenant\":\"south\",\"scopes\":[\"put\"],"
        "\"requests_per_minute\":60},"
        "{\"name\":\"old\",\"hash\":\"%s\",\"tenant\":\"south\",\"scopes\":[\"ask\"],"
        "\"expires\":\"2020-01-01T00:00:00Z\"}],"
        "\"issuers\":[{\"issuer\":\"https://idp.example\",\"audience\":\"consilium\","
        "\"jwks_file\":\"jwks.json\",\"tenant_claim\":\"tenant\","
        "\"scopes\":[\"ask\",\"restore\"],\"tokens_per_minute\":100000}],"
        "\"certificates\":[{\"name\":\"spiffe://hospital/console\",\"tenant\":\"north\","
        "\"scopes\":[\"ask\",\"restore\"]}]}",
        hash, other);
    put_file("access.json", text);
}

static int load(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    put_keys();
    put_access();
    access_now = access_load(path_of("access.json"), &err);
    if (access_now == NULL)
        print_message("%s\n", err.text);
    return access_now == NULL ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    access_destroy(access_now);
    arena_close(&arena);
    return 0;
}

static void a_token_of_a_known_issuer_says_who_and_what(void **state)
{
    (void)state;
    assert_int_equal(show(good_token()), STATUS_OK);
    assert_string_equal(identity.name, "https://idp.example dr-1");
    assert_string_equal(identity.tenant, "north");
    assert_int_equal(identity.scopes, ACCESS_SCOPE_ASK); /* put is not this issuer's to give */
    assert_int_equal(identity.tokens_per_minute, 100000);
    assert_int_equal(identity.requests_per_minute, 0);
}

static void every_algorithm_of_the_list_is_taken(void **state)
{
    (void)state;
    assert_int_equal(show(token_of("{\"alg\":\"RS384\"}", "{" CLAIMS "}", "RS384", rsa)),
                     STATUS_OK);
    assert_int_equal(
        show(token_of("{\"alg\":\"ES256\",\"kid\":\"e256\"}", "{" CLAIMS "}", "ES256", ec256)),
        STATUS_OK);
    assert_int_equal(show(token_of("{\"alg\":\"ES384\"}", "{" CLAIMS "}", "ES384", ec384)),
                     STATUS_OK);
}

static void assert_refused(const char *token, const char *why)
{
    assert_int_equal(show(token), STATUS_UNAUTHENTICATED);
    assert_string_equal(err.text, why);
}

static void a_token_without_a_signature_is_refused(void **state)
{
    char *token = token_of("{\"alg\":\"none\"}", "{" CLAIMS "}", "RS256", rsa);

    (void)state;
    assert_refused(token, "the token is not signed with RS256, RS384, ES256 or ES384");
    *(strrchr(token, '.') + 1) = '\0';
    assert_refused(token, "the token is not three parts with a signature");
    *strrchr(token, '.') = '\0';
    assert_int_equal(show(token), STATUS_UNAUTHENTICATED);
}

/* The public key is known to everybody: as the secret of an HMAC it proves nothing. */
static void hmac_with_the_public_key_is_refused(void **state)
{
    char token[8192], part[4096];
    unsigned char mac[64], *der = NULL;
    unsigned size = 0;
    int der_size = i2d_PUBKEY(rsa, &der);

    (void)state;
    base64url((const unsigned char *)"{\"alg\":\"HS256\",\"kid\":\"r1\"}", 26, token);
    base64url((const unsigned char *)"{" CLAIMS "}", strlen("{" CLAIMS "}"), part);
    strcat(strcat(token, "."), part);
    HMAC(EVP_sha256(), der, der_size, (const unsigned char *)token, strlen(token), mac, &size);
    base64url(mac, size, part);
    strcat(strcat(token, "."), part);
    assert_refused(token, "the token is not signed with RS256, RS384, ES256 or ES384");
    OPENSSL_free(der);
}

static void another_key_and_changed_claims_are_refused(void **state)
{
    const char *header = "{\"alg\":\"RS256\",\"kid\":\"r1\"}",
               *why = "the token is not signed by its issuer";
    char good[8192], forged[8192];

    (void)state;
    assert_refused(token_of(header, "{" CLAIMS "}", "RS256", stranger), why);
    /* the payload of one and the signature of another */
    strcpy(good, token_of(header, "{" CLAIMS "}", "RS256", rsa));
    strcpy(forged, token_of(header, "{" CLAIMS ",\"admin\":true}", "RS256", stranger));
    strcpy(strrchr(forged, '.'), strrchr(good, '.'));
    assert_refused(forged, why);
    assert_refused(token_of("{\"alg\":\"RS256\",\"kid\":\"r2\"}", "{" CLAIMS "}", "RS256", rsa),
                   why);
    assert_refused(token_of("{\"alg\":\"ES256\",\"kid\":\"e384\"}", "{" CLAIMS "}", "ES256", ec256),
                   why);
    /* an issuer's P-384 key says ES384 and is good for nothing else */
    assert_refused(token_of("{\"alg\":\"ES256\"}", "{" CLAIMS "}", "ES384", ec384), why);
}

static void times_audience_and_issuer_are_checked(void **state)
{
    static const struct {
        const char *claims, *why;
    } wrong[] = {
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"tenant\":\"t\",\"exp\":1799999000}",
          "the token has expired" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"tenant\":\"t\"}",
          "the token does not say when it ends" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"tenant\":\"t\",\"exp\":\"1800000300\"}",
          "the token does not say when it ends" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"tenant\":\"t\",\"exp\":1800000300,\"nbf\":1800000100}",
          "the token is not valid yet" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"tenant\":\"t\",\"exp\":1800000300,\"iat\":1800000100}",
          "the token was made in the future" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"billing\",\"sub\":\"a\",\"tenant\":\"t\",\"exp\":1800000300}",
          "the token is for another audience" },
        { "{\"iss\":\"https://idp.example\",\"aud\":[\"billing\",7],\"sub\":\"a\",\"tenant\":\"t\",\"exp\":1800000300}",
          "the token is for another audience" },
        { "{\"iss\":\"https://idp.example\",\"sub\":\"a\",\"tenant\":\"t\",\"exp\":1800000300}",
          "the token is for another audience" },
        { "{\"iss\":\"https://evil.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"tenant\":\"t\",\"exp\":1800000300}",
          "the token is of an issuer that is not known here" },
        { "{\"aud\":\"consilium\",\"sub\":\"a\",\"exp\":1800000300}",
          "the token is of an issuer that is not known here" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"tenant\":\"t\",\"exp\":1800000300}",
          "the token names no subject" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"exp\":1800000300}",
          "the token names no tenant" },
        { "{\"iss\":\"https://idp.example\",\"aud\":\"consilium\",\"sub\":\"a\",\"tenant\":\"t\\u0000x\",\"exp\":1800000300}",
          "the token names no tenant" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_refused(token_of("{\"alg\":\"RS256\"}", wrong[i].claims, "RS256", rsa),
                       wrong[i].why);
    assert_int_equal(
        show(token_of(
            "{\"alg\":\"RS256\"}",
            "{\"iss\":\"https://idp.example\",\"aud\":[\"billing\",\"consilium\"],\"sub\":\"a\","
            "\"tenant\":\"t\",\"exp\":1799999960.5,\"scp\":[\"restore\",\"ask\"]}",
            "RS256", rsa)),
        STATUS_OK); /* a minute of leeway */
    assert_int_equal(identity.scopes, ACCESS_SCOPE_ASK | ACCESS_SCOPE_RESTORE);
}

static void what_cannot_be_read_is_refused(void **state)
{
    static const char *const odd[] = { ".",           "..",
                                       "a.b",         "a.b.c",
                                       "a.b.c.d",     "....",
                                       "e30.e30.e30", "eyJhbGciOiJSUzI1NiJ9.!!!!.AAAA" };
    char long_token[ACCESS_TOKEN_BYTES_MAX / 2];
    const char *good;

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_int_equal(show(odd[i]), STATUS_UNAUTHENTICATED);
    memset(long_token, '.', sizeof(long_token) - 1);
    long_token[sizeof(long_token) - 1] = '\0';
    assert_int_equal(show(long_token), STATUS_UNAUTHENTICATED);
    assert_refused(token_of("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", "{" CLAIMS "}",
                            "RS256", rsa),
                   "the token has critical extensions, and none is known here");
    good = good_token();
    for (size_t size = strlen(good) - 1; size > strlen(good) - 40; size--) {
        char *cut = strndup(good, size);

        assert_int_equal(show(cut), STATUS_UNAUTHENTICATED);
        free(cut);
    }
}

static void a_key_says_who_and_an_old_or_unknown_one_is_refused(void **state)
{
    struct access_shown shown = { .api_key = slice_from(api_key) };

    (void)state;
    assert_int_equal(show(api_key), STATUS_OK);
    assert_string_equal(identity.name, "ehr");
    assert_string_equal(identity.tenant, "south");
    assert_int_equal(identity.scopes, ACCESS_SCOPE_PUT);
    assert_int_equal(identity.requests_per_minute, 60);
    assert_int_equal(access_identify(access_now, &shown, NOW, &arena, &identity, &err), STATUS_OK);
    assert_refused(expired_key, "the API key has expired");
    api_key[10] ^= 1;
    assert_refused(api_key, "the API key is not known");
    assert_null(strstr(err.text, "csk_"));
}

static void a_certificate_counts_where_nothing_else_is_shown(void **state)
{
    struct access_shown shown = { .spiffe_id = "spiffe://hospital/console" };

    (void)state;
    assert_int_equal(access_identify(access_now, &shown, NOW, &arena, &identity, &err), STATUS_OK);
    assert_string_equal(identity.name, "spiffe://hospital/console");
    shown.api_key = SLICE("csk_wrong");
    assert_int_equal(access_identify(access_now, &shown, NOW, &arena, &identity, &err),
                     STATUS_UNAUTHENTICATED);
    shown = (struct access_shown){ .spiffe_id = "spiffe://hospital/stranger" };
    assert_int_equal(access_identify(access_now, &shown, NOW, &arena, &identity, &err),
                     STATUS_UNAUTHENTICATED);
    shown = (struct access_shown){ .authorization = SLICE("Basic dXNlcjpwYXNz") };
    assert_int_equal(access_identify(access_now, &shown, NOW, &arena, &identity, &err),
                     STATUS_UNAUTHENTICATED);
}

static void a_caller_may_what_its_scopes_say_in_its_tenant(void **state)
{
    struct access_identity who = { .tenant = "north", .scopes = ACCESS_SCOPE_ASK };

    (void)state;
    assert_int_equal(access_require(&who, ACCESS_SCOPE_ASK, "", &err), STATUS_OK);
    assert_int_equal(access_require(&who, ACCESS_SCOPE_ASK, "north", &err), STATUS_OK);
    assert_int_equal(access_require(&who, ACCESS_SCOPE_ASK, "south", &err),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(access_require(&who, ACCESS_SCOPE_RESTORE, "north", &err),
                     STATUS_PERMISSION_DENIED);
    assert_string_equal(err.text, "this caller lacks the scope 'restore'");
}

static void a_file_that_cannot_be_used_is_refused_with_the_entry(void **state)
{
    static const struct {
        const char *text, *why;
    } wrong[] = {
        { "{", "" },
        { "[]", "it is no object" },
        { "{\"key\":[]}", "it has a member that is not known" },
        { "{\"keys\":[{\"name\":\"a\",\"hash\":\"00\",\"tenant\":\"t\",\"scopes\":[]}]}",
          "entry 1 of keys: hash cannot be used" },
        { "{\"keys\":[{\"name\":\"a\",\"tenant\":\"t\",\"scopes\":[\"everything\"]}]}",
          "entry 1 of keys: scopes takes ask, put, restore and admin" },
        { "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"jwks_file\":\"private.json\",\"tenant\":\"t\",\"scopes\":[]}]}",
          "key 1 of the set is private or secret" },
        { "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"jwks_file\":\"small.json\",\"tenant\":\"t\",\"scopes\":[]}]}",
          "no key of the set can verify a signature" },
        { "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"jwks_file\":\"jwks.json\",\"scopes\":[]}]}",
          "entry 1 of issuers: one of tenant and tenant_claim is needed" },
        { "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"jwks_file\":\"no.json\",\"tenant\":\"t\",\"scopes\":[]}]}",
          "no.json cannot be opened" },
        { "{\"anyone\":{\"scopes\":[]}}", "anyone: tenant cannot be used" },
        { "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[],\"requests_per_minute\":0}}",
          "anyone: requests_per_minute cannot be used" },
        { "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[],\"requests_per_minute\":-1}}",
          "anyone: requests_per_minute cannot be used" },
        { "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[],\"tokens_per_minute\":1.5}}",
          "anyone: tokens_per_minute cannot be used" },
        { "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[],\"tokens_per_minute\":\"9\"}}",
          "anyone: tokens_per_minute cannot be used" },
        { "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[],\"tokens_per_minute\":9999999999}}",
          "anyone: tokens_per_minute cannot be used" },
    };
    EVP_PKEY *small = EVP_RSA_gen(1024);
    char jwk[1024], set[1100];

    (void)state;
    rsa_jwk(small, "", jwk, sizeof(jwk));
    snprintf(set, sizeof(set), "{\"keys\":[%s]}", jwk);
    put_file("small.json", set);
    put_file("private.json", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}");
    EVP_PKEY_free(small);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        put_file("wrong.json", wrong[i].text);
        error_clear(&err);
        assert_null(access_load(path_of("wrong.json"), &err));
        assert_non_null(strstr(err.text, wrong[i].why));
    }
    unlink(path_of("wrong.json"));
    unlink(path_of("small.json"));
    unlink(path_of("private.json"));
}

static void a_changed_file_or_key_set_is_noticed(void **state)
{
    (void)state;
    assert_false(access_has_changed(access_now));
    put_file("jwks.json", "{\"keys\":[]}");
    assert_true(access_has_changed(access_now));
    put_keys();
}

#define WITH_ACCESS(test) cmocka_unit_test_setup_teardown(test, load, unload)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ACCESS(a_token_of_a_known_issuer_says_who_and_what),
        WITH_ACCESS(every_algorithm_of_the_list_is_taken),
        WITH_ACCESS(a_token_without_a_signature_is_refused),
        WITH_ACCESS(hmac_with_the_public_key_is_refused),
        WITH_ACCESS(another_key_and_changed_claims_are_refused),
        WITH_ACCESS(times_audience_and_issuer_are_checked),
        WITH_ACCESS(what_cannot_be_read_is_refused),
        WITH_ACCESS(a_key_says_who_and_an_old_or_unknown_one_is_refused),
        WITH_ACCESS(a_certificate_counts_where_nothing_else_is_shown),
        WITH_ACCESS(a_caller_may_what_its_scopes_say_in_its_tenant),
        WITH_ACCESS(a_file_that_cannot_be_used_is_refused_with_the_entry),
        WITH_ACCESS(a_changed_file_or_key_set_is_noticed),
    };
    int failed;

    if (mkdtemp(folder) == NULL)
        return 1;
    rsa = EVP_RSA_gen(2048);
    stranger = EVP_RSA_gen(2048);
    ec256 = EVP_EC_gen("P-256");
    ec384 = EVP_EC_gen("P-384");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(stranger);
    EVP_PKEY_free(ec256);
    EVP_PKEY_free(ec384);
    unlink(path_of("jwks.json"));
    unlink(path_of("access.json"));
    rmdir(folder);
    return failed;
}
