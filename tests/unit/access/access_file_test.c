/* What an access file may say. Whoever writes one is trusted; what a slip of theirs would let in,
 * or lock out unnoticed, is refused, and nothing of the file is repeated in the refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/access_state.h"

#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define KEY(more)                                                                                  \
    "{\"keys\":[{\"name\":\"ehr\",\"tenant\":\"t\",\"scopes\":[\"put\"],\"hash\":\"" HASH          \
    "\"" more "}]}"
#define SECRET "hunter2"

static char folder[] = "/tmp/access-file-XXXXXX";
static char path[64];
static struct error err;

static void put_file(const char *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static struct access *load(const char *text)
{
    put_file(text, strlen(text));
    error_clear(&err);
    return access_load(path, &err);
}

static void refuses(const char *text)
{
    struct access *access = load(text);

    if (access != NULL)
        fail_msg("taken: %s", text);
    assert_int_not_equal(err.status, STATUS_OK);
    assert_null(strstr(err.text, SECRET));
    assert_null(strstr(err.text, HASH));
}

static void takes(const char *text)
{
    struct access *access = load(text);

    if (access == NULL)
        fail_msg("%s: %s", err.text, text);
    access_destroy(access);
}

static void an_empty_object_lets_nobody_in(void **state)
{
    struct access *access = load("{}");

    (void)state;
    assert_non_null(access);
    assert_int_equal(access->keys_count + access->issuers_count + access->certificates_count, 0);
    assert_false(access->has_anyone);
    access_destroy(access);
}

static void a_key_has_a_name_a_tenant_scopes_and_a_hash(void **state)
{
    struct access *access = load(KEY(",\"expires\":\"2027-01-01T00:00:00Z\","
                                     "\"requests_per_minute\":7,\"tokens_per_minute\":999999999"));

    (void)state;
    assert_non_null(access);
    assert_int_equal(access->keys[0].identity.scopes, ACCESS_SCOPE_PUT);
    assert_int_equal(access->keys[0].identity.requests_per_minute, 7);
    assert_int_equal(access->keys[0].expires_s, 1798761600);
    assert_int_equal(access->keys[0].hash[31], 0xef);
    access_destroy(access);
}

static void a_slip_is_refused_and_not_passed_over(void **state)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "null",
        "\"" SECRET "\"",
        "{",
        "{\"keys\":{}}",
        "{\"keys\":[[]]}",
        "{\"keys\":[null]}",
        "{\"key\":[]}",                              /* misspelt: it would be a file without keys */
        KEY(",\"expire\":\"2027-01-01T00:00:00Z\""), /* a key that never expires */
        KEY(",\"expires\":\"2027-01-01\""),
        KEY(",\"expires\":\"tomorrow\""),
        KEY(",\"expires\":1798761600"),
        KEY(",\"expires\":\"\""),
        KEY(",\"expires\":null"),
        KEY(",\"expires\":\"2027-01-01T00:00:00Zjunk\""),
        KEY(",\"expires\":\"9999999999999999999999999999999999-01-01T00:00:00Z\""),
        KEY(",\"requests_per_minute\":0"),
        KEY(",\"requests_per_minute\":-1"),
        KEY(",\"requests_per_minute\":1e3"),
        KEY(",\"requests_per_minute\":\"7\""),
        KEY(",\"requests_per_minute\":4294967296"),
        KEY(",\"tenant\":\"other\""), /* twice */
        "{\"keys\":[{\"name\":\"" SECRET
        "\",\"tenant\":\"t\",\"scopes\":[\"put\"],\"hash\":\"\"}]}",
        "{\"keys\":[{\"name\":\"a\",\"tenant\":\"t\",\"scopes\":[\"put\"],\"hash\":\"" SECRET
        "\"}]}",
        "{\"keys\":[{\"name\":\"a\",\"tenant\":\"t\",\"scopes\":[\"put\"],\"hash\":\"" HASH
        "00\"}]}",
        "{\"keys\":[{\"name\":\"a\",\"tenant\":\"t\",\"scopes\":[\"put\"],\"hash\":\"g" HASH
        "\"}]}",
        "{\"keys\":[{\"name\":\"a\",\"scopes\":[\"put\"],\"hash\":\"" HASH "\"}]}",
        "{\"keys\":[{\"name\":\"\",\"tenant\":\"t\",\"scopes\":[\"put\"],\"hash\":\"" HASH "\"}]}",
        "{\"keys\":[{\"name\":\"a\\u0000b\",\"tenant\":\"t\",\"scopes\":[\"put\"],\"hash\":\"" HASH
        "\"}]}",
        "{\"keys\":[{\"name\":\"a\",\"tenant\":[\"t\"],\"scopes\":[\"put\"],\"hash\":\"" HASH
        "\"}]}",
        "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[\"PUT\"]}}",
        "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[\"*\"]}}",
        "{\"anyone\":{\"tenant\":\"t\",\"scopes\":\"ask\"}}",
        "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[1]}}",
        "{\"anyone\":{\"tenant\":\"t\",\"scopes\":[\"ask put\"]}}",
        "{\"anyone\":true}",
        "{\"anyone\":{\"tenant\":\"t\"}}",
        "{\"certificates\":[{\"tenant\":\"t\",\"scopes\":[]}]}",
        "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"scopes\":[],\"tenant\":\"t\"}]}",
        "{\"issuers\":[{\"issuer\":\"i\",\"scopes\":[],\"tenant\":\"t\",\"jwks_url\":\"https://i/k\"}]}",
        "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"scopes\":[],\"jwks_url\":\"https://i/k\"}]}",
        "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"scopes\":[],\"tenant\":\"t\",\"tenant_claim\":\"c\",\"jwks_url\":\"https://i/k\"}]}",
        "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"scopes\":[],\"tenant\":\"t\",\"jwks_url\":\"https://i/k\",\"jwks_file\":\"k\"}]}",
        "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"scopes\":[],\"tenant\":\"t\",\"jwks_file\":\"../../nowhere\"}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        refuses(wrong[i]);
    takes(KEY(""));
    takes("{\"anyone\":{\"tenant\":\"t\",\"scopes\":[]}}");
    takes(
        "{\"issuers\":[{\"issuer\":\"i\",\"audience\":\"a\",\"scopes\":[],\"tenant\":\"t\",\"jwks_url\":\"https://i/k\"}]}");
}

/* Every file that is cut short is refused, and no byte that changes makes anything fall over. */
static void a_damaged_file_is_refused_or_another_file(void **state)
{
    static const char whole[] = KEY(",\"expires\":\"2027-01-01T00:00:00Z\"");
    char spoilt[sizeof(whole)];

    (void)state;
    for (size_t size = 0; size + 1 < sizeof(whole); size++) {
        put_file(whole, size);
        assert_null(access_load(path, &err));
    }
    srand(3);
    for (unsigned i = 0; i < 2000; i++) {
        struct access *access;

        memcpy(spoilt, whole, sizeof(whole));
        spoilt[(size_t)rand() % (sizeof(whole) - 1)] = (char)rand();
        put_file(spoilt, sizeof(whole) - 1);
        access = access_load(path, &err);
        if (access != NULL)
            access_destroy(access);
    }
}

static void what_is_no_file_or_too_large_is_not_read(void **state)
{
    char fifo[80];
    char *large = calloc(1, ACCESS_FILE_BYTES_MAX + 1);

    (void)state;
    assert_null(access_load(folder, &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
    snprintf(fifo, sizeof(fifo), "%s/fifo", folder);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_null(access_load(fifo, &err)); /* and does not wait for a writer */
    unlink(fifo);
    memset(large, ' ', ACCESS_FILE_BYTES_MAX + 1);
    put_file(large, ACCESS_FILE_BYTES_MAX + 1);
    assert_null(access_load(path, &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
    free(large);
    unlink(path);
    assert_null(access_load(path, &err));
}

static void a_file_that_is_replaced_or_gone_has_changed(void **state)
{
    struct access *access = load("{}");

    (void)state;
    assert_false(access_has_changed(access));
    put_file("{ }", 3);
    assert_true(access_has_changed(access));
    access_destroy(access);
    access = load("{}");
    unlink(path);
    assert_true(access_has_changed(access));
    access_destroy(access);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/access.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_object_lets_nobody_in),
        cmocka_unit_test(a_key_has_a_name_a_tenant_scopes_and_a_hash),
        cmocka_unit_test(a_slip_is_refused_and_not_passed_over),
        cmocka_unit_test(a_damaged_file_is_refused_or_another_file),
        cmocka_unit_test(what_is_no_file_or_too_large_is_not_read),
        cmocka_unit_test(a_file_that_is_replaced_or_gone_has_changed),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
