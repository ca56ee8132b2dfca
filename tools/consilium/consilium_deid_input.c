#include "consilium_deid_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES ((size_t)256 << 10)

enum status deid_input_open(struct deid_input *input, const char *path, size_t line_bytes_max,
                            struct error *err)
{
    *input = (struct deid_input){ .fd = STDIN_FILENO, .line_bytes_max = line_bytes_max };
    if (strcmp(path, "-") != 0)
        input->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0)
        return error_set_errno(err, errno, "open %s", path);
    return STATUS_OK;
}

void deid_input_close(struct deid_input *input)
{
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    free(input->bytes);
    *input = (struct deid_input){ .fd = -1 };
}

/* Room for READ_BYTES at the end: what was handed out goes first. */
static enum status make_room(struct deid_input *input, struct error *err)
{
    char *bytes;

    if (input->start > 0) {
        memmove(input->bytes, input->bytes + input->start, input->end - input->start);
        input->end -= input->start;
        input->start = 0;
    }
    if (input->capacity - input->end >= READ_BYTES)
        return STATUS_OK;
    bytes = realloc(input->bytes, input->capacity * 2 + READ_BYTES);
    if (bytes == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a line of %zu bytes",
                         input->end);
    input->bytes = bytes;
    input->capacity = input->capacity * 2 + READ_BYTES;
    return STATUS_OK;
}

static enum status read_more(struct deid_input *input, struct error *err)
{
    ssize_t got;

    if (make_room(input, err) != STATUS_OK)
        return err->status;
    if (input->before_wait != NULL)
        input->before_wait(input->arg);
    do
        got = read(input->fd, input->bytes + input->end, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(err, errno, "read");
    input->is_at_end = got == 0;
    input->end += (size_t)got;
    return STATUS_OK;
}

/* Throw away up to and with the next line end. */
static enum status skip_line(struct deid_input *input, struct error *err)
{
    for (;;) {
        struct slice rest = slice_of(input->bytes + input->start, input->end - input->start);
        size_t end = slice_find_byte(rest, '\n');

        input->start += end;
        if (end < rest.size) {
            input->start++;
            return STATUS_OK;
        }
        if (input->is_at_end)
            return STATUS_OK;
        if (read_more(input, err) != STATUS_OK)
            return err->status;
    }
}

static enum status refuse_line(struct deid_input *input, struct error *err)
{
    if (skip_line(input, err) != STATUS_OK)
        return err->status;
    return error_set(err, STATUS_OUT_OF_RANGE, "over %zu bytes; --line-max allows more",
                     input->line_bytes_max);
}

enum status deid_input_next(struct deid_input *input, struct slice *line, struct error *err)
{
    size_t looked = 0;

    input->line++;
    for (;;) {
        struct slice rest = slice_of(input->bytes + input->start, input->end - input->start);
        size_t end = looked + slice_find_byte(slice_cut(rest, looked, rest.size), '\n');

        if (end > input->line_bytes_max)
            return refuse_line(input, err);
        if (end < rest.size || (input->is_at_end && rest.size > 0)) {
            *line = slice_cut(rest, 0, end);
            input->start += end < rest.size ? end + 1 : end;
            if (input->line == 1 && slice_starts_with(*line, SLICE("\xef\xbb\xbf")))
                *line = slice_cut(*line, 3, line->size);
            return STATUS_OK;
        }
        if (input->is_at_end)
            return error_set(err, STATUS_NOT_FOUND, "no more lines");
        looked = rest.size;
        if (read_more(input, err) != STATUS_OK)
            return err->status;
    }
}
