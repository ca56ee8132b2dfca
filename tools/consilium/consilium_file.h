/* Whole files for a verb. */
#ifndef CONSILIUM_FILE_H
#define CONSILIUM_FILE_H

#include "base/arena.h"
#include "base/error.h"

/* The bytes of @path, or of stdin for "-", in @arena. NOT_FOUND and the like; RESOURCE_EXHAUSTED
 * over @limit_bytes. */
enum status file_read(const char *path, size_t limit_bytes, struct arena *arena,
                      struct slice *bytes, struct error *err);

#endif
