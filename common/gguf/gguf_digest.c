/* The digest of a file, by the thread that asks for it or by one of its own that was begun before;
 * by libcrypto, which has the processor's own instructions for it. */
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/check.h"
#include "base/limits.h"
#include "gguf/gguf.h"
#include "gguf/gguf_state.h"

/* So often it looks whether the file is being closed, and lets go of the pages that it has read: a
 * file that is copied meanwhile is not to be in memory twice. A multiple of every page's size. */
#define STEP_BYTES (4 * MIB)

static bool update(struct gguf *gguf, EVP_MD_CTX *context)
{
    struct slice bytes = gguf->bytes;

    for (size_t at = 0; at < bytes.size; at += STEP_BYTES) {
        size_t size = bytes.size - at < STEP_BYTES ? bytes.size - at : STEP_BYTES;

        if (atomic_load(&gguf->is_closing))
            return false;
        CHECK(EVP_DigestUpdate(context, bytes.data + at, size) == 1);
        if (gguf->is_mapped)
            madvise((void *)(uintptr_t)(bytes.data + at), size, MADV_DONTNEED);
    }
    return true;
}

static void compute(struct gguf *gguf)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char hash[32];

    CHECK(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    if (update(gguf, context)) {
        CHECK(EVP_DigestFinal_ex(context, hash, NULL) == 1);
        for (size_t i = 0; i < sizeof(hash); i++)
            snprintf(gguf->digest + 2 * i, 3, "%02x", hash[i]);
    }
    EVP_MD_CTX_free(context);
}

static void *run(void *arg)
{
    compute(arg);
    return NULL;
}

void gguf_digest_begin(struct gguf *gguf)
{
    if (!gguf->is_digesting && gguf->digest[0] == '\0')
        gguf->is_digesting = pthread_create(&gguf->digesting, NULL, run, gguf) == 0;
}

void gguf_digest_end(struct gguf *gguf)
{
    if (gguf->is_digesting)
        pthread_join(gguf->digesting, NULL);
    gguf->is_digesting = false;
}

const char *gguf_digest(struct gguf *gguf)
{
    gguf_digest_end(gguf);
    if (gguf->digest[0] == '\0')
        compute(gguf);
    return gguf->digest;
}
