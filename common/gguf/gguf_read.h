/* A reader over the bytes of a GGUF file: each take is checked against what is left. Only for files
 * of common/gguf. */
#ifndef GGUF_GGUF_READ_H
#define GGUF_GGUF_READ_H

#include "gguf/gguf.h"

struct gguf_reader {
    const char *start, *at, *end;
};

/* False, and nothing moves, when fewer bytes are left. */
static inline bool gguf_read_bytes(struct gguf_reader *reader, uint64_t size, struct slice *bytes)
{
    if ((uint64_t)(reader->end - reader->at) < size)
        return false;
    *bytes = slice_of(reader->at, (size_t)size);
    reader->at += size;
    return true;
}

static inline bool gguf_read_u32(struct gguf_reader *reader, uint32_t *value)
{
    struct slice bytes;

    if (!gguf_read_bytes(reader, sizeof(*value), &bytes))
        return false;
    memcpy(value, bytes.data, sizeof(*value));
    return true;
}

static inline bool gguf_read_u64(struct gguf_reader *reader, uint64_t *value)
{
    struct slice bytes;

    if (!gguf_read_bytes(reader, sizeof(*value), &bytes))
        return false;
    memcpy(value, bytes.data, sizeof(*value));
    return true;
}

/* A length and that many bytes. */
static inline bool gguf_read_string(struct gguf_reader *reader, struct slice *string)
{
    const char *before = reader->at;
    uint64_t size;

    if (gguf_read_u64(reader, &size) && gguf_read_bytes(reader, size, string))
        return true;
    reader->at = before;
    return false;
}

#endif
