#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "certificates.h"
#include "tls/pem.h"

static char folder[64];

static int make(void **state)
{
    (void)state;
    certificates_open(folder);
    if (!certificates_authority(folder, "ca") || !certificates_authority(folder, "other")
        || !certificates_leaf(folder, "ca", "good", "DNS:deid", 1)
        || !certificates_leaf(folder, "ca", "second", "DNS:deid", 1)
        || !certificates_leaf(folder, "ca", "old", "DNS:deid", -1))
        return -1;
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    certificates_remove(folder);
    return 0;
}

static enum status check(const char *certificate, const char *key, const char *authority,
                         struct error *err)
{
    struct pem_set set;
    enum status status;

    status =
        pem_set_read(certificate == NULL ? NULL : certificates_path(folder, certificate),
                     key == NULL ? NULL : certificates_path(folder, key),
                     authority == NULL ? NULL : certificates_path(folder, authority), &set, err);
    if (status != STATUS_OK)
        return status;
    status = pem_set_check(&set, err);
    pem_set_close(&set);
    return status;
}

static void assert_refused(const char *certificate, const char *key, const char *authority,
                           const char *why)
{
    struct error err = { 0 };

    assert_int_equal(check(certificate, key, authority, &err), STATUS_FAILED_PRECONDITION);
    if (strstr(err.text, why) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, why);
}

static void a_pair_that_fits_is_good(void **state)
{
    struct error err = { 0 };

    (void)state;
    assert_int_equal(check("good.crt", "good.key", "ca.crt", &err), STATUS_OK);
    assert_int_equal(check("good.crt", "good.key", NULL, &err), STATUS_OK);
    assert_int_equal(check(NULL, NULL, "ca.crt", &err), STATUS_OK);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
    (void)state;
    assert_refused("good.crt", "second.key", "ca.crt", "not the certificate's");
}

static void half_a_pair_is_refused(void **state)
{
    (void)state;
    assert_refused("good.crt", NULL, "ca.crt", "needs its key");
    assert_refused(NULL, "good.key", "ca.crt", "needs its key");
}

static void files_cut_anywhere_are_refused(void **state)
{
    size_t bytes;

    (void)state;
    for (bytes = 1; bytes < 220; bytes += 37) {
        certificates_copy(folder, "good.crt", "cut.crt", bytes);
        certificates_copy(folder, "good.key", "cut.key", bytes);
        certificates_copy(folder, "ca.crt", "cutca.crt", bytes);
        assert_refused("cut.crt", "good.key", NULL, "chain does not parse");
        assert_refused("good.crt", "cut.key", NULL, "not a PEM key");
        assert_refused("good.crt", "good.key", "cutca.crt", "authorities do not parse");
    }
}

static void concatenate(const char *first, const char *second, size_t second_bytes, const char *to)
{
    FILE *out = fopen(certificates_path(folder, to), "w");
    const char *names[] = { first, second };
    char text[8192];
    int i;

    for (i = 0; i < 2; i++) {
        FILE *in = fopen(certificates_path(folder, names[i]), "r");
        size_t size = fread(text, 1, i == 1 && second_bytes != 0 ? second_bytes : sizeof(text), in);

        fwrite(text, 1, size, out);
        fclose(in);
    }
    fclose(out);
}

static void a_chain_is_checked_link_by_link_to_its_end(void **state)
{
    struct error err = { 0 };

    (void)state;
    concatenate("good.crt", "ca.crt", 0, "chain.crt");
    assert_int_equal(check("chain.crt", "good.key", NULL, &err), STATUS_OK);
    concatenate("good.crt", "other.crt", 0, "chain.crt");
    assert_refused("chain.crt", "good.key", NULL, "did not issue");
    concatenate("good.crt", "ca.crt", 200, "chain.crt");
    assert_refused("chain.crt", "good.key", NULL, "chain does not parse");
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    assert_refused("old.crt", "old.key", "ca.crt", "expired");
}

static void a_missing_file_is_not_found_by_name(void **state)
{
    struct error err = { 0 };

    (void)state;
    assert_int_equal(check("nowhere.crt", "good.key", NULL, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "nowhere.crt"));
}

static void a_set_with_another_byte_has_another_digest(void **state)
{
    struct error err = { 0 };
    struct pem_set a, b;

    (void)state;
    pem_set_read(certificates_path(folder, "good.crt"), NULL, NULL, &a, &err);
    pem_set_read(certificates_path(folder, "second.crt"), NULL, NULL, &b, &err);
    assert_true(a.digest != b.digest);
    pem_set_close(&a);
    pem_set_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_that_fits_is_good),
        cmocka_unit_test(a_key_of_another_certificate_is_refused),
        cmocka_unit_test(half_a_pair_is_refused),
        cmocka_unit_test(files_cut_anywhere_are_refused),
        cmocka_unit_test(a_chain_is_checked_link_by_link_to_its_end),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(a_missing_file_is_not_found_by_name),
        cmocka_unit_test(a_set_with_another_byte_has_another_digest),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
