#include "consilium_deid_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status deid_sink_open(struct deid_sink *sink, const char *path, struct error *err)
{
    int fd;

    *sink = (struct deid_sink){ .path = path, .file = stdout };
    if (path == NULL) {
        sink->held = malloc(DEID_SINK_HELD_BYTES);
        return STATUS_OK; /* without room to hold back, it leaves as it comes */
    }
    if (snprintf(sink->temporary, sizeof(sink->temporary), "%s.XXXXXX", path)
        >= (int)sizeof(sink->temporary))
        return error_set(err, STATUS_INVALID_ARGUMENT, "the path of the output is too long");
    fd = mkostemp(sink->temporary, O_CLOEXEC);
    sink->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (sink->file == NULL)
        return error_set_errno(err, errno, "write %s", path);
    return STATUS_OK;
}

static enum status write_out(struct deid_sink *sink, struct slice bytes, struct error *err)
{
    if (bytes.size == 0 || fwrite(bytes.data, 1, bytes.size, sink->file) == bytes.size)
        return STATUS_OK;
    return error_set_errno(err, errno, "write %s", sink->path == NULL ? "stdout" : sink->path);
}

static enum status write_held(struct deid_sink *sink, struct error *err)
{
    enum status status = write_out(sink, slice_of(sink->held, sink->held_bytes), err);

    free(sink->held);
    sink->held = NULL;
    sink->held_bytes = 0;
    return status;
}

enum status deid_sink_put(struct deid_sink *sink, struct slice bytes, struct error *err)
{
    if (sink->held == NULL)
        return write_out(sink, bytes, err);
    if (sink->held_bytes + bytes.size > DEID_SINK_HELD_BYTES) {
        if (write_held(sink, err) != STATUS_OK)
            return err->status;
        return write_out(sink, bytes, err);
    }
    memcpy(sink->held + sink->held_bytes, bytes.data, bytes.size);
    sink->held_bytes += bytes.size;
    return STATUS_OK;
}

enum status deid_sink_finish(struct deid_sink *sink, struct error *err)
{
    enum status status = write_held(sink, err);

    if (status == STATUS_OK && fflush(sink->file) != 0)
        status =
            error_set_errno(err, errno, "write %s", sink->path == NULL ? "stdout" : sink->path);
    if (status == STATUS_OK && sink->path != NULL
        && (fsync(fileno(sink->file)) != 0 || rename(sink->temporary, sink->path) != 0))
        status = error_set_errno(err, errno, "write %s", sink->path);
    if (status == STATUS_OK)
        sink->temporary[0] = '\0';
    deid_sink_drop(sink);
    return status;
}

void deid_sink_drop(struct deid_sink *sink)
{
    free(sink->held);
    sink->held = NULL;
    if (sink->path != NULL && sink->file != NULL)
        fclose(sink->file);
    if (sink->path != NULL && sink->temporary[0] != '\0')
        unlink(sink->temporary);
    sink->file = NULL;
    sink->temporary[0] = '\0';
}
