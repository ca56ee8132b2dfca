#include "http/http_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/list.h"
#include "base/log.h"
#include "tls/pem.h"

#define WATCH_MS 1000

struct http_tls_files {
    struct timer timer;
    char *certificate_file, *key_file;
    uint64_t digest, refused;
    void (*on_look)(void *arg, const struct error *err); /* NULL: nobody is told */
    void *arg;
    SSL_CTX *context; /* connections hold theirs: it is replaced, not changed */
};

struct http_tls {
    SSL *ssl;
    BIO *in, *out; /* the SSL's */
};

/* The protocols that we speak, ours first, as ALPN writes them. */
static const unsigned char alpn[] = "\x02h2\x08http/1.1";

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                           const unsigned char *in, unsigned in_size, void *arg)
{
    unsigned char *chosen;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_size, alpn, sizeof(alpn) - 1, in, in_size)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool use_chain(SSL_CTX *context, const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    bool is_good = certificate != NULL && SSL_CTX_use_certificate(context, certificate) == 1;

    X509_free(certificate);
    while (is_good && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        is_good = SSL_CTX_add1_chain_cert(context, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(bio);
    return is_good;
}

static bool use_key(SSL_CTX *context, const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    bool is_good = key != NULL && SSL_CTX_use_PrivateKey(context, key) == 1;

    EVP_PKEY_free(key);
    BIO_free(bio);
    return is_good;
}

/* NULL: OpenSSL does not take the pair. */
static SSL_CTX *make_context(const struct pem_set *set)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (context == NULL)
        return NULL;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION
                                     | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    /* What HTTP/2 allows under TLS 1.2 (RFC 9113, 9.2.2): ephemeral keys and AEADs. */
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    if (!use_chain(context, set->certificate) || !use_key(context, set->key)) {
        SSL_CTX_free(context);
        context = NULL;
    }
    ERR_clear_error();
    return context;
}

/* Read, check and use the files. OK when they are what is used already. */
static enum status load(struct http_tls_files *files, uint64_t *digest, struct error *err)
{
    struct pem_set set;
    enum status status = pem_set_read(files->certificate_file, files->key_file, NULL, &set, err);
    SSL_CTX *context;

    *digest = 0;
    if (status != STATUS_OK)
        return status;
    *digest = set.digest;
    if (set.digest != files->digest || files->context == NULL) {
        status = pem_set_check(&set, err);
        context = status == STATUS_OK ? make_context(&set) : NULL;
        if (status == STATUS_OK && context == NULL)
            status = error_set(err, STATUS_FAILED_PRECONDITION, "the pair cannot serve TLS");
        if (context != NULL) {
            SSL_CTX_free(files->context);
            files->context = context;
            files->digest = set.digest;
        }
    }
    pem_set_close(&set);
    return status;
}

static void tell(const struct http_tls_files *files, const struct error *err)
{
    if (files->on_look != NULL)
        files->on_look(files->arg, err);
}

void http_tls_files_on_look(struct http_tls_files *files,
                            void (*on_look)(void *arg, const struct error *err), void *arg)
{
    files->on_look = on_look;
    files->arg = arg;
}

static void look(struct timer *timer)
{
    struct http_tls_files *files = LIST_ITEM(timer, struct http_tls_files, timer);
    uint64_t before = files->digest, digest;
    struct error err = { 0 };

    if (load(files, &digest, &err) == STATUS_OK) {
        files->refused = 0;
        if (files->digest == before)
            return;
        log_info("http_certificate_replaced");
        tell(files, &err);
    } else if (files->refused != digest + 1) {
        /* Files that are being replaced may stay bad for long: once for each content. */
        files->refused = digest + 1;
        log_warn("http_certificate_refused", LOG_ERROR(&err));
        tell(files, &err);
    }
}

static void free_files(struct http_tls_files *files)
{
    SSL_CTX_free(files->context);
    free(files->certificate_file);
    free(files->key_file);
    free(files);
}

struct http_tls_files *http_tls_files_open(struct loop *loop, const char *certificate_file,
                                           const char *key_file, struct error *err)
{
    struct http_tls_files *files = calloc(1, sizeof(*files));
    uint64_t digest;

    if (files == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for TLS");
        return NULL;
    }
    files->certificate_file = strdup(certificate_file);
    files->key_file = strdup(key_file);
    if (files->certificate_file == NULL || files->key_file == NULL
        || load(files, &digest, err) != STATUS_OK) {
        if (err != NULL)
            err->status = STATUS_FAILED_PRECONDITION;
        free_files(files);
        return NULL;
    }
    timer_init(&files->timer, loop, look);
    timer_start(&files->timer, WATCH_MS, WATCH_MS);
    return files;
}

static void on_timer_closed(struct timer *timer)
{
    free_files(LIST_ITEM(timer, struct http_tls_files, timer));
}

void http_tls_files_close(struct http_tls_files *files)
{
    timer_close(&files->timer, on_timer_closed);
}

struct http_tls *http_tls_create(struct http_tls_files *files)
{
    struct http_tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    tls->ssl = SSL_new(files->context);
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL) {
        SSL_free(tls->ssl);
        BIO_free(tls->in);
        BIO_free(tls->out);
        free(tls);
        return NULL;
    }
    SSL_set_bio(tls->ssl, tls->in, tls->out);
    SSL_set_accept_state(tls->ssl);
    return tls;
}

void http_tls_destroy(struct http_tls *tls)
{
    SSL_free(tls->ssl);
    free(tls);
}

bool http_tls_receive(struct http_tls *tls, struct slice bytes)
{
    return bytes.size == 0 || BIO_write(tls->in, bytes.data, (int)bytes.size) == (int)bytes.size;
}

enum http_tls_got http_tls_read(struct http_tls *tls, char *out, size_t capacity, size_t *size)
{
    int rc;

    ERR_clear_error();
    rc = SSL_read_ex(tls->ssl, out, capacity, size);
    if (rc == 1)
        return HTTP_TLS_GOT_BYTES;
    *size = 0;
    rc = SSL_get_error(tls->ssl, rc);
    ERR_clear_error();
    return rc == SSL_ERROR_WANT_READ ? HTTP_TLS_GOT_NOTHING : HTTP_TLS_GOT_END;
}

bool http_tls_write(struct http_tls *tls, struct slice plain)
{
    size_t size;

    while (plain.size > 0) {
        ERR_clear_error();
        if (SSL_write_ex(tls->ssl, plain.data, plain.size, &size) != 1) {
            ERR_clear_error();
            return false;
        }
        plain = slice_cut(plain, size, plain.size);
    }
    return true;
}

void http_tls_end(struct http_tls *tls)
{
    ERR_clear_error();
    if (SSL_is_init_finished(tls->ssl))
        SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

bool http_tls_take(struct http_tls *tls, struct http_bytes *wire)
{
    size_t waiting = BIO_ctrl_pending(tls->out);
    int got;

    if (waiting == 0)
        return true;
    if (!http_bytes_reserve(wire, waiting))
        return false;
    got = BIO_read(tls->out, wire->data + wire->size, (int)waiting);
    if (got > 0)
        wire->size += (size_t)got;
    return got > 0;
}

bool http_tls_is_ready(const struct http_tls *tls)
{
    return SSL_is_init_finished(tls->ssl);
}

bool http_tls_is_http2(const struct http_tls *tls)
{
    const unsigned char *name;
    unsigned size;

    SSL_get0_alpn_selected(tls->ssl, &name, &size);
    return size == 2 && memcmp(name, "h2", 2) == 0;
}
