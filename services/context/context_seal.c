/* A sealed value: "S1", a nonce of 24 bytes, the ciphertext and its tag. Inside: the plain size (8
 * bytes, little-endian), zstd. */
#include "context_seal.h"

#include <sodium.h>
#include <zstd.h>

#include "base/check.h"
#include "base/key_file.h"
#include "base/limits.h"

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_BYTES (2 + NONCE_BYTES)

/* Level 3: a record of 100 KB takes about half a millisecond and shrinks to a sixth. */
#define ZSTD_LEVEL 3

/* What a value may unfold to. */
#define PLAIN_BYTES_MAX (256 * MIB)

enum status seal_key_load(const char *path, struct seal_key *key, struct error *err)
{
    CHECK(sodium_init() >= 0);
    return key_file_load(path, key->bytes, sizeof(key->bytes), err);
}

/* The name as bytes: no part can run into the next, since names hold no line's end. */
static struct slice name_bytes(const struct seal_name *name, struct arena *arena)
{
    return slice_from(arena_format(arena, "%.*s\n%.*s\n%s\n%llu", SLICE_FORMAT(name->tenant),
                                   SLICE_FORMAT(name->patient), name->what,
                                   (unsigned long long)name->version));
}

static struct slice compress(struct slice plain, struct arena *arena)
{
    size_t room = ZSTD_compressBound(plain.size), size;
    uint64_t plain_size = plain.size;
    char *out = arena_alloc(arena, room + sizeof(plain_size));

    if (out == NULL)
        return (struct slice){ NULL, 0 };
    memcpy(out, &plain_size, sizeof(plain_size));
    size = ZSTD_compress(out + sizeof(plain_size), room, plain.data, plain.size, ZSTD_LEVEL);
    return ZSTD_isError(size) ? (struct slice){ NULL, 0 }
                              : slice_of(out, size + sizeof(plain_size));
}

enum status seal_close(const struct seal_key *key, const struct seal_name *name, struct slice plain,
                       struct arena *arena, struct slice *sealed, struct error *err)
{
    struct slice packed = compress(plain, arena), bound = name_bytes(name, arena);
    unsigned char *out =
        packed.data == NULL ? NULL : arena_alloc(arena, HEAD_BYTES + packed.size + TAG_BYTES);

    if (out == NULL || bound.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to seal %zu bytes", plain.size);
    memcpy(out, "S1", 2);
    randombytes_buf(out + 2, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        out + HEAD_BYTES, NULL, (const unsigned char *)packed.data, packed.size,
        (const unsigned char *)bound.data, bound.size, NULL, out + 2, key->bytes);
    *sealed = slice_of(out, HEAD_BYTES + packed.size + TAG_BYTES);
    return STATUS_OK;
}

static enum status expand(struct slice packed, struct arena *arena, struct slice *plain,
                          struct error *err)
{
    uint64_t size;
    char *out;

    if (packed.size < sizeof(size))
        return error_set(err, STATUS_DATA_LOSS, "stored value: cut short");
    memcpy(&size, packed.data, sizeof(size));
    if (size > PLAIN_BYTES_MAX)
        return error_set(err, STATUS_DATA_LOSS, "stored value: claims more than %zu bytes",
                         (size_t)PLAIN_BYTES_MAX);
    out = arena_alloc(arena, size);
    if (out == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a stored value of %llu bytes",
                         (unsigned long long)size);
    if (ZSTD_decompress(out, size, packed.data + sizeof(size), packed.size - sizeof(size)) != size)
        return error_set(err, STATUS_DATA_LOSS, "stored value: damaged");
    *plain = slice_of(out, size);
    return STATUS_OK;
}

enum status seal_open(const struct seal_key *key, const struct seal_name *name, struct slice sealed,
                      struct arena *work, struct arena *arena, struct slice *plain,
                      struct error *err)
{
    struct slice bound = name_bytes(name, work);
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    unsigned char *packed;
    size_t size;

    if (!slice_starts_with(sealed, SLICE("S1")) || sealed.size < HEAD_BYTES + TAG_BYTES)
        return error_set(err, STATUS_DATA_LOSS, "stored value of %zu bytes: not a sealed one",
                         sealed.size);
    size = sealed.size - HEAD_BYTES - TAG_BYTES;
    packed = arena_alloc(work, size);
    if (packed == NULL || bound.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a stored value of %zu bytes",
                         sealed.size);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            packed, NULL, NULL, bytes + HEAD_BYTES, size + TAG_BYTES,
            (const unsigned char *)bound.data, bound.size, bytes + 2, key->bytes)
        != 0)
        return error_set(
            err, STATUS_DATA_LOSS,
            "stored value of %zu bytes: sealed with another key, or for another record",
            sealed.size);
    return expand(slice_of(packed, size), arena, plain, err);
}
