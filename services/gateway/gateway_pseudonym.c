#include "gateway_pseudonym.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

static_assert(PSEUDONYM_KEY_BYTES == crypto_generichash_KEYBYTES, "BLAKE2b's own key size");

#define HEX_BYTES (2 * PSEUDONYM_KEY_BYTES)

static enum status make_key(const char *path, struct pseudonym_key *key, struct error *err)
{
    char hex[HEX_BYTES + 1];
    ssize_t written;
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (file < 0)
        return error_set_errno(err, errno, "make key file %s", path);
    randombytes_buf(key->bytes, sizeof(key->bytes));
    sodium_bin2hex(hex, sizeof(hex), key->bytes, sizeof(key->bytes));
    written = write(file, hex, HEX_BYTES);
    if (written != HEX_BYTES || fsync(file) != 0 || close(file) != 0) {
        unlink(path);
        return error_set_errno(err, written < 0 ? errno : EIO, "write key file %s", path);
    }
    return STATUS_OK;
}

enum status pseudonym_key_load(const char *path, struct pseudonym_key *key, struct error *err)
{
    char hex[HEX_BYTES];
    size_t size = 0;
    ssize_t got;
    int file;

    CHECK(sodium_init() >= 0);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return make_key(path, key, err);
    if (file < 0)
        return error_set_errno(err, errno, "open key file %s", path);
    got = read(file, hex, sizeof(hex));
    close(file);
    if (got != HEX_BYTES
        || sodium_hex2bin(key->bytes, sizeof(key->bytes), hex, sizeof(hex), NULL, &size, NULL) != 0
        || size != sizeof(key->bytes))
        return error_set(err, STATUS_FAILED_PRECONDITION, "key file %s does not begin with %d hex digits",
                         path, HEX_BYTES);
    return STATUS_OK;
}

void pseudonym_make(const struct pseudonym_key *key, struct slice tenant, struct slice patient,
                    char text[PSEUDONYM_TEXT_BYTES])
{
    unsigned char hash[(PSEUDONYM_TEXT_BYTES - 1) / 2];
    crypto_generichash_state state;

    crypto_generichash_init(&state, key->bytes, sizeof(key->bytes), sizeof(hash));
    crypto_generichash_update(&state, (const unsigned char *)tenant.data, tenant.size);
    crypto_generichash_update(&state, (const unsigned char *)"", 1);
    crypto_generichash_update(&state, (const unsigned char *)patient.data, patient.size);
    crypto_generichash_final(&state, hash, sizeof(hash));
    sodium_bin2hex(text, PSEUDONYM_TEXT_BYTES, hash, sizeof(hash));
}
