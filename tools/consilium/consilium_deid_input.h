/* Lines from a file or a pipe, of any number and of a bounded size each. One thread; blocks. */
#ifndef CONSILIUM_DEID_INPUT_H
#define CONSILIUM_DEID_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

struct deid_input {
    int fd;
    size_t line_bytes_max;
    char *bytes;
    size_t start, end, capacity;
    uint64_t line; /* the number of the line handed out last, from 1 */
    bool is_at_end;
    void (*before_wait)(void *arg); /* called before each read: what is done so far can go out */
    void *arg;
};

/* @path "-" is stdin. NOT_FOUND and others as open(2) says. */
enum status deid_input_open(struct deid_input *input, const char *path, size_t line_bytes_max,
                            struct error *err);
void deid_input_close(struct deid_input *input);

/* The next line without its end, which holds until the next call; a byte order mark before the
 * first is left out. NOT_FOUND after the last; OUT_OF_RANGE for a line that is too long, which is
 * skipped: the one after it comes next. */
enum status deid_input_next(struct deid_input *input, struct slice *line, struct error *err);

#endif
