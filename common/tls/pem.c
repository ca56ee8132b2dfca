#include "tls/pem.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* Longer chains are a mistake; bundles of authorities have a few hundred. */
#define CERTIFICATES_MAX 1000

static enum status read_file(const char *path, char **text, struct error *err)
{
    FILE *file = fopen(path, "re");
    size_t size;

    if (file == NULL)
        return error_set_errno(err, errno, "%s", path);
    *text = malloc(PEM_BYTES_MAX + 1);
    if (*text == NULL) {
        fclose(file);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %s", path);
    }
    size = fread(*text, 1, PEM_BYTES_MAX + 1, file);
    if (ferror(file) || size == 0 || size > PEM_BYTES_MAX || memchr(*text, '\0', size) != NULL) {
        bool is_bad = ferror(file) != 0;

        fclose(file);
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         is_bad ? "%s: cannot be read" : "%s: not a PEM text of 1 to %d bytes",
                         path, PEM_BYTES_MAX);
    }
    fclose(file);
    (*text)[size] = '\0';
    return STATUS_OK;
}

enum status pem_set_read(const char *certificate_file, const char *key_file,
                         const char *authority_file, struct pem_set *set, struct error *err)
{
    const char *files[] = { certificate_file, key_file, authority_file };
    char **texts[] = { &set->certificate, &set->key, &set->authority };
    enum status status;
    unsigned i;

    *set = (struct pem_set){ 0 };
    for (i = 0; i < 3; i++) {
        if (files[i] == NULL)
            continue;
        status = read_file(files[i], texts[i], err);
        if (status != STATUS_OK) {
            pem_set_close(set);
            return status;
        }
        set->digest = hash_bytes(slice_from(*texts[i]), set->digest + i + 1);
    }
    return STATUS_OK;
}

static void wipe(char *text)
{
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void pem_set_close(struct pem_set *set)
{
    free(set->certificate);
    wipe(set->key);
    free(set->authority);
    *set = (struct pem_set){ 0 };
}

/* No passphrase is ever asked for: the terminal is not ours. */
static int no_passphrase(char *buffer, int size, int is_writing, void *arg)
{
    (void)buffer, (void)size, (void)is_writing, (void)arg;
    return -1;
}

static void free_chain(X509 **chain, unsigned count)
{
    while (count > 0)
        X509_free(chain[--count]);
}

/* Every certificate of @text; 0 when there is none, or one does not parse. */
static unsigned read_chain(const char *text, X509 **chain, unsigned count_max)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    unsigned count = 0;
    bool is_whole = false;

    ERR_clear_error();
    while (bio != NULL && count < count_max) {
        chain[count] = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (chain[count] == NULL) {
            is_whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            break;
        }
        count++;
    }
    ERR_clear_error();
    BIO_free(bio);
    if (is_whole)
        return count;
    free_chain(chain, count);
    return 0;
}

static EVP_PKEY *read_key(const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    ERR_clear_error();
    BIO_free(bio);
    return key;
}

static enum status check_leaf(X509 *leaf, const char *key_text, struct error *err)
{
    EVP_PKEY *key = read_key(key_text);
    bool fits;

    if (key == NULL)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the key is not a PEM key without a passphrase");
    fits = X509_check_private_key(leaf, key) == 1;
    ERR_clear_error();
    EVP_PKEY_free(key);
    if (!fits)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the key is not the certificate's");
    if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the certificate is not valid yet");
    if (X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the certificate has expired");
    return STATUS_OK;
}

static enum status check_chain(const struct pem_set *set, X509 **chain, struct error *err)
{
    unsigned count = read_chain(set->certificate, chain, CERTIFICATES_MAX);
    enum status status;
    unsigned i;

    if (count == 0)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the certificate chain does not parse");
    status = check_leaf(chain[0], set->key, err);
    for (i = 1; i < count && status == STATUS_OK; i++)
        if (X509_check_issued(chain[i], chain[i - 1]) != X509_V_OK)
            status =
                error_set(err, STATUS_FAILED_PRECONDITION,
                          "certificate %u of the chain did not issue the one before it", i + 1);
    free_chain(chain, count);
    return status;
}

enum status pem_set_check(const struct pem_set *set, struct error *err)
{
    X509 **chain = calloc(CERTIFICATES_MAX, sizeof(X509 *));
    enum status status = STATUS_OK;
    unsigned count;

    if (chain == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory to check certificates");
    if ((set->certificate == NULL) != (set->key == NULL))
        status = error_set(err, STATUS_FAILED_PRECONDITION,
                           "a certificate needs its key, and a key its certificate");
    else if (set->certificate != NULL)
        status = check_chain(set, chain, err);
    if (status == STATUS_OK && set->authority != NULL) {
        count = read_chain(set->authority, chain, CERTIFICATES_MAX);
        free_chain(chain, count);
        if (count == 0)
            status = error_set(err, STATUS_FAILED_PRECONDITION, "the authorities do not parse");
    }
    free(chain);
    return status;
}
