#include "consilium_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"

enum status file_read(const char *path, size_t limit_bytes, struct arena *arena,
                      struct slice *bytes, struct error *err)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    struct buffer buffer;
    size_t got = 1;

    if (file == NULL)
        return error_set_errno(err, errno, "open %s", path);
    error_clear(err);
    buffer_init(&buffer, arena);
    while (got > 0 && err->status == STATUS_OK) {
        char *at = buffer_reserve(&buffer, 64 * KIB);

        if (at == NULL || buffer.size > limit_bytes)
            error_set(err, STATUS_RESOURCE_EXHAUSTED, "%s has more than %zu bytes", path,
                      limit_bytes);
        else
            buffer.size += got = fread(at, 1, 64 * KIB, file);
    }
    if (err->status == STATUS_OK && ferror(file))
        error_set_errno(err, errno, "read %s", path);
    if (file != stdin)
        fclose(file);
    *bytes = buffer_slice(&buffer);
    return err->status;
}
