/* A new key is written under a name of its own and then linked to @path, so that nobody ever reads
 * half a key. */
#include "base/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

/* Digits, a line's end, and one byte more, so that a longer file is seen to be longer. */
#define TEXT_BYTES_MAX (2 * KEY_FILE_BYTES_MAX + 2)

static void hex_write(const unsigned char *key, size_t size, char *hex)
{
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = "0123456789abcdef"[key[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[key[i] & 15];
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_read(const char *hex, unsigned char *key, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0)
            return -1;
        key[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

static enum status write_digits(int fd, const char *path, const unsigned char *key, size_t size,
                                struct error *err)
{
    char text[TEXT_BYTES_MAX];
    ssize_t written;

    hex_write(key, size, text);
    text[2 * size] = '\n';
    written = write(fd, text, 2 * size + 1);
    explicit_bzero(text, sizeof(text));
    if (written != (ssize_t)(2 * size + 1) || fsync(fd) != 0)
        return error_set_errno(err, written >= 0 ? ENOSPC : errno, "key file %s cannot be written",
                               path);
    return STATUS_OK;
}

/* ALREADY_EXISTS when another process was first. */
static enum status make(const char *path, unsigned char *key, size_t size, struct error *err)
{
    char part[4096];
    enum status status;
    int fd;

    if (snprintf(part, sizeof(part), "%s.%d.part", path, (int)getpid()) >= (int)sizeof(part))
        return error_set(err, STATUS_INVALID_ARGUMENT, "the path of the key file is too long");
    if (getrandom(key, size, 0) != (ssize_t)size)
        return error_set_errno(err, errno, "no random bytes for key file %s", path);
    fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, errno, "key file %s cannot be made", path);
    status = write_digits(fd, path, key, size, err);
    close(fd);
    if (status == STATUS_OK && link(part, path) != 0)
        status = errno == EEXIST ? STATUS_ALREADY_EXISTS
                                 : error_set_errno(err, errno, "key file %s cannot be made", path);
    unlink(part);
    return status;
}

static enum status read_open(int fd, const char *path, unsigned char *key, size_t size,
                             struct error *err)
{
    char text[TEXT_BYTES_MAX];
    struct stat about;
    ssize_t got;
    int is_key;

    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return error_set(err, STATUS_FAILED_PRECONDITION, "key file %s is no file", path);
    if (about.st_mode
        & (S_IWGRP | S_IRWXO)) /* a secret mounted by Kubernetes is read through its group */
        return error_set(
            err, STATUS_FAILED_PRECONDITION,
            "key file %s can be read by everybody or written by its group: chmod 600 it", path);
    got = read(fd, text, sizeof(text));
    is_key =
        (got == (ssize_t)(2 * size) || (got == (ssize_t)(2 * size + 1) && text[2 * size] == '\n'))
        && hex_read(text, key, size) == 0;
    explicit_bzero(text, sizeof(text));
    if (!is_key)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "key file %s does not hold %zu hex digits", path, 2 * size);
    return STATUS_OK;
}

enum status key_file_load(const char *path, unsigned char *key, size_t size, struct error *err)
{
    enum status status;
    int fd;

    CHECK(size <= KEY_FILE_BYTES_MAX);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        status = make(path, key, size, err);
        if (status != STATUS_ALREADY_EXISTS)
            return status;
        fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    if (fd < 0)
        return error_set_errno(err, errno, "key file %s cannot be opened", path);
    status = read_open(fd, path, key, size, err);
    close(fd);
    return status;
}
