/* A buffer: text or bytes that grow, in an arena. Failure is remembered, so that a writer checks
 * once at the end and not after every piece. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct buffer {
    struct arena *arena;
    char *data;
    size_t size, capacity;
    bool is_full; /* the arena had no room: what follows is dropped */
};

void buffer_init(struct buffer *buffer, struct arena *arena);

void buffer_put(struct buffer *buffer, struct slice bytes);
void buffer_put_byte(struct buffer *buffer, char byte);
void buffer_put_string(struct buffer *buffer, const char *string);
void buffer_put_number(struct buffer *buffer, int64_t number);

__attribute__((format(printf, 2, 3))) void buffer_format(struct buffer *buffer, const char *format,
                                                         ...);

/* @text as a JSON string with its quotes; control characters and quotes are escaped, UTF-8 is kept.
 */
void buffer_put_json(struct buffer *buffer, struct slice text);

/* @bytes in base64 (RFC 4648), padded, without line ends. */
void buffer_put_base64(struct buffer *buffer, struct slice bytes);

/* Room for @size bytes at the end; the caller writes them and adds to buffer->size. NULL when full.
 */
char *buffer_reserve(struct buffer *buffer, size_t size);

/* What was written, as a view that holds until the next put or the arena's end. */
struct slice buffer_slice(const struct buffer *buffer);

#endif
