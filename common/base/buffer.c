#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

#define CAPACITY_MIN 256

void buffer_init(struct buffer *buffer, struct arena *arena)
{
    *buffer = (struct buffer){ .arena = arena };
}

char *buffer_reserve(struct buffer *buffer, size_t size)
{
    size_t capacity = buffer->capacity < CAPACITY_MIN ? CAPACITY_MIN : buffer->capacity;
    char *data;

    if (buffer->is_full)
        return NULL;
    if (buffer->data != NULL && size <= buffer->capacity - buffer->size)
        return buffer->data + buffer->size;
    while (capacity - buffer->size < size) {
        if (capacity > SIZE_MAX / 2) {
            buffer->is_full = true;
            return NULL;
        }
        capacity *= 2;
    }
    data = arena_alloc(buffer->arena, capacity);
    if (data == NULL) {
        buffer->is_full = true;
        return NULL;
    }
    if (buffer->size > 0)
        memcpy(data, buffer->data, buffer->size);
    buffer->data = data;
    buffer->capacity = capacity;
    return data + buffer->size;
}

void buffer_put(struct buffer *buffer, struct slice bytes)
{
    char *at = bytes.size == 0 ? NULL : buffer_reserve(buffer, bytes.size);

    if (at == NULL)
        return;
    memcpy(at, bytes.data, bytes.size);
    buffer->size += bytes.size;
}

void buffer_put_byte(struct buffer *buffer, char byte)
{
    buffer_put(buffer, slice_of(&byte, 1));
}

void buffer_put_string(struct buffer *buffer, const char *string)
{
    buffer_put(buffer, slice_from(string));
}

void buffer_put_number(struct buffer *buffer, int64_t number)
{
    char digits[20], *at = digits + sizeof(digits);
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        buffer_put_byte(buffer, '-');
    buffer_put(buffer, slice_of(at, (size_t)(digits + sizeof(digits) - at)));
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    int size;
    char *at;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0 || (at = buffer_reserve(buffer, (size_t)size + 1)) == NULL)
        return;
    va_start(args, format);
    vsnprintf(at, (size_t)size + 1, format, args);
    va_end(args);
    buffer->size += (size_t)size;
}

/* The two-character escape of @c, or 0. */
static char json_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Whether one of eight bytes is a quote, a backslash or below a blank. */
static bool has_json_escape(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';

    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)
            | ((word - ones * 0x20) & ~word))
           & highs;
}

/* Where the next byte stands that a JSON string cannot hold, from @at on. */
static size_t json_plain_end(struct slice text, size_t at)
{
    uint64_t word;

    for (; text.size - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, text.data + at, sizeof(word));
        if (has_json_escape(word))
            break;
    }
    while (at < text.size && (unsigned char)text.data[at] >= 0x20 && text.data[at] != '"'
           && text.data[at] != '\\')
        at++;
    return at;
}

void buffer_put_json(struct buffer *buffer, struct slice text)
{
    size_t i, plain = 0;

    buffer_reserve(buffer, text.size + 2);
    buffer_put_byte(buffer, '"');
    for (i = json_plain_end(text, 0); i < text.size; i = json_plain_end(text, i + 1)) {
        unsigned char c = (unsigned char)text.data[i];
        char escape = json_escape(c);

        buffer_put(buffer, slice_cut(text, plain, i));
        plain = i + 1;
        if (escape != 0)
            buffer_format(buffer, "\\%c", escape);
        else
            buffer_format(buffer, "\\u%04x", c);
    }
    buffer_put(buffer, slice_cut(text, plain, text.size));
    buffer_put_byte(buffer, '"');
}

void buffer_put_base64(struct buffer *buffer, struct slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)bytes.data;

    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        unsigned word = (unsigned)at[i] << 16 | (left > 1 ? (unsigned)at[i + 1] << 8 : 0)
                        | (left > 2 ? at[i + 2] : 0);
        char four[4] = { digits[word >> 18], digits[word >> 12 & 63],
                         left > 1 ? digits[word >> 6 & 63] : '=',
                         left > 2 ? digits[word & 63] : '=' };

        buffer_put(buffer, slice_of(four, 4));
    }
}

struct slice buffer_slice(const struct buffer *buffer)
{
    return slice_of(buffer->data, buffer->size);
}
