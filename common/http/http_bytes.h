/* Bytes that grow and are used from the front, outside of any arena: what a connection holds. */
#ifndef HTTP_BYTES_H
#define HTTP_BYTES_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

struct http_bytes {
    char *data;
    size_t size, capacity;
};

/* Room for @more bytes at the end. */
static inline bool http_bytes_reserve(struct http_bytes *bytes, size_t more)
{
    size_t capacity = bytes->capacity == 0 ? 1024 : bytes->capacity;
    char *data;

    while (capacity - bytes->size < more)
        capacity *= 2;
    if (capacity == bytes->capacity)
        return true;
    data = realloc(bytes->data, capacity);
    if (data == NULL)
        return false;
    bytes->data = data;
    bytes->capacity = capacity;
    return true;
}

static inline bool http_bytes_put(struct http_bytes *bytes, struct slice more)
{
    if (more.size == 0)
        return true;
    if (!http_bytes_reserve(bytes, more.size))
        return false;
    memcpy(bytes->data + bytes->size, more.data, more.size);
    bytes->size += more.size;
    return true;
}

static inline struct slice http_bytes_slice(const struct http_bytes *bytes)
{
    return slice_of(bytes->data, bytes->size);
}

/* Drop @count bytes off the front. */
static inline void http_bytes_drop(struct http_bytes *bytes, size_t count)
{
    bytes->size -= count;
    if (bytes->size > 0 && count > 0)
        memmove(bytes->data, bytes->data + count, bytes->size);
}

static inline void http_bytes_close(struct http_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct http_bytes){ 0 };
}

#endif
