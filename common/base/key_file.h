/* A secret key in a file of its own: hex digits, and perhaps a line's end. */
#ifndef BASE_KEY_FILE_H
#define BASE_KEY_FILE_H

#include <stddef.h>

#include "base/error.h"

#define KEY_FILE_BYTES_MAX 64

/* Read a key of @size (at most KEY_FILE_BYTES_MAX) bytes from the 2 * @size hex digits in @path;
 * where there is no such file, make a random key and the file, mode 0600 (of several processes that
 * begin at once, one makes it and the others read it). FAILED_PRECONDITION when everybody can read
 * the file or its group can write it, and when it does not hold that. @path is in the error, its
 * content never. At start, any thread. */
enum status key_file_load(const char *path, unsigned char *key, size_t size, struct error *err);

#endif
