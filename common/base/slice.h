/* A slice: bytes that someone else owns. The header of whoever hands one out says until when. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *data; /* not terminated; may be NULL when size is 0 */
    size_t size;      /* bytes */
};

/* A slice of a string literal. */
#define SLICE(literal) ((struct slice){ "" literal, sizeof(literal) - 1 })

/* printf("%.*s", SLICE_FORMAT(s)) for slices under 2 GiB. */
#define SLICE_FORMAT(s) (int)(s).size, (s).data

static inline struct slice slice_of(const void *data, size_t size)
{
    return (struct slice){ (const char *)data, size };
}

static inline struct slice slice_from(const char *string)
{
    return (struct slice){ string, string == NULL ? 0 : strlen(string) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool slice_is(struct slice a, const char *string)
{
    return slice_equal(a, slice_from(string));
}

static inline bool slice_starts_with(struct slice a, struct slice prefix)
{
    return a.size >= prefix.size
           && (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}

static inline bool slice_ends_with(struct slice a, struct slice suffix)
{
    return a.size >= suffix.size
           && (suffix.size == 0
               || memcmp(a.data + a.size - suffix.size, suffix.data, suffix.size) == 0);
}

/* Bytes [@start, @end) of @a; both are cut to its size. */
static inline struct slice slice_cut(struct slice a, size_t start, size_t end)
{
    if (end > a.size)
        end = a.size;
    if (start > end)
        start = end;
    return (struct slice){ a.data == NULL ? NULL : a.data + start, end - start };
}

/* ASCII white space off both ends. */
struct slice slice_trim(struct slice a);

/* The first @byte in @a, as an index, or @a.size when there is none. */
size_t slice_find_byte(struct slice a, char byte);

/* Byte order, shorter first on a tie: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

/* ASCII letters without case. */
bool slice_equal_fold(struct slice a, struct slice b);

#endif
