#include "deid.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define KEY_HEX_BYTES (2 * DEID_KEY_BYTES)

static enum status key_write(int fd, const char *path, const struct deid_key *key, struct error *err)
{
    char hex[KEY_HEX_BYTES + 2];
    ssize_t written;

    sodium_bin2hex(hex, KEY_HEX_BYTES + 1, key->bytes, DEID_KEY_BYTES);
    hex[KEY_HEX_BYTES] = '\n';
    written = write(fd, hex, KEY_HEX_BYTES + 1);
    sodium_memzero(hex, sizeof(hex));
    if (written != KEY_HEX_BYTES + 1 || fsync(fd) != 0)
        return error_set_errno(err, written < 0 ? errno : ENOSPC, "the key file %s cannot be written", path);
    return STATUS_OK;
}

/* A new key where the file does not exist. ALREADY_EXISTS when another process made it first. */
static enum status key_create(const char *path, struct deid_key *key, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum status status;

    if (fd < 0)
        return error_set_errno(err, errno, "the key file %s cannot be made", path);
    randombytes_buf(key->bytes, DEID_KEY_BYTES);
    status = key_write(fd, path, key, err);
    close(fd);
    if (status != STATUS_OK)
        unlink(path);
    else
        log_info("key_created");
    return status;
}

static enum status key_read(int fd, const char *path, struct deid_key *key, struct error *err)
{
    char hex[KEY_HEX_BYTES + 2];
    ssize_t size = read(fd, hex, sizeof(hex));
    size_t bytes = 0;
    struct stat info;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return error_set(err, STATUS_FAILED_PRECONDITION, "the key file %s is no file", path);
    if (info.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the key file %s can be opened by others: chmod 600 it", path);
    if (size == KEY_HEX_BYTES + 1 && hex[KEY_HEX_BYTES] == '\n')
        size--;
    if (size != KEY_HEX_BYTES
        || sodium_hex2bin(key->bytes, DEID_KEY_BYTES, hex, KEY_HEX_BYTES, NULL, &bytes, NULL) != 0
        || bytes != DEID_KEY_BYTES)
        return error_set(err, STATUS_FAILED_PRECONDITION, "the key file %s does not hold %d hex digits",
                         path, KEY_HEX_BYTES);
    sodium_memzero(hex, sizeof(hex));
    return STATUS_OK;
}

static enum status key_load(const char *path, struct deid_key *key, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status status;

    if (fd < 0 && errno == ENOENT) {
        status = key_create(path, key, err);
        if (status != STATUS_ALREADY_EXISTS)
            return status;
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd < 0)
        return error_set_errno(err, errno, "the key file %s cannot be opened", path);
    status = key_read(fd, path, key, err);
    close(fd);
    return status;
}

static enum status profile_parse(const char *word, enum deid_profile *profile, struct error *err)
{
    if (word == NULL || strcmp(word, "limited") == 0)
        *profile = DEID_PROFILE_LIMITED;
    else if (strcmp(word, "safe-harbor") == 0)
        *profile = DEID_PROFILE_SAFE_HARBOR;
    else
        return error_set(err, STATUS_INVALID_ARGUMENT, "profile is limited or safe-harbor");
    return STATUS_OK;
}

struct deid *deid_create(const struct deid_options *options, struct error *err)
{
    struct deid *deid = calloc(1, sizeof(*deid));

    if (deid == NULL || sodium_init() < 0) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the service");
        free(deid);
        return NULL;
    }
    if (profile_parse(options->profile, &deid->profile_default, err) == STATUS_OK
        && key_load(options->key_file, &deid->key, err) == STATUS_OK
        && deid_rules_init(&deid->rules, err) == STATUS_OK)
        return deid;
    deid_destroy(deid);
    return NULL;
}

void deid_destroy(struct deid *deid)
{
    if (deid == NULL)
        return;
    sodium_memzero(&deid->key, sizeof(deid->key));
    deid_rules_close(&deid->rules);
    free(deid);
}
