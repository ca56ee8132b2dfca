/* GGUF, the file format of models (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md),
 * versions 2 and 3, read by mmap. Shared by the tokenizer (vocabulary) and inference (tensors).
 * Nothing in a file is believed: every count, length, offset and type is checked against the file's
 * size before it is used, and a cut or hostile file is refused with a sentence.
 *
 * One thread opens; afterwards any thread reads. */
#ifndef GGUF_GGUF_H
#define GGUF_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/slice.h"

/* The numbers are the file's. */
enum gguf_type {
    GGUF_TYPE_UINT8 = 0,
    GGUF_TYPE_INT8 = 1,
    GGUF_TYPE_UINT16 = 2,
    GGUF_TYPE_INT16 = 3,
    GGUF_TYPE_UINT32 = 4,
    GGUF_TYPE_INT32 = 5,
    GGUF_TYPE_FLOAT32 = 6,
    GGUF_TYPE_BOOL = 7,
    GGUF_TYPE_STRING = 8,
    GGUF_TYPE_ARRAY = 9,
    GGUF_TYPE_UINT64 = 10,
    GGUF_TYPE_INT64 = 11,
    GGUF_TYPE_FLOAT64 = 12,
};

enum gguf_tensor_type {
    GGUF_TENSOR_TYPE_F32 = 0,
    GGUF_TENSOR_TYPE_F16 = 1,
    GGUF_TENSOR_TYPE_Q4_0 = 2,
    GGUF_TENSOR_TYPE_Q4_1 = 3,
    GGUF_TENSOR_TYPE_Q5_0 = 6,
    GGUF_TENSOR_TYPE_Q5_1 = 7,
    GGUF_TENSOR_TYPE_Q8_0 = 8,
    GGUF_TENSOR_TYPE_Q2_K = 10,
    GGUF_TENSOR_TYPE_Q3_K = 11,
    GGUF_TENSOR_TYPE_Q4_K = 12,
    GGUF_TENSOR_TYPE_Q5_K = 13,
    GGUF_TENSOR_TYPE_Q6_K = 14,
    GGUF_TENSOR_TYPE_IQ4_NL = 20,
    GGUF_TENSOR_TYPE_IQ4_XS = 23,
    GGUF_TENSOR_TYPE_I8 = 24,
    GGUF_TENSOR_TYPE_I16 = 25,
    GGUF_TENSOR_TYPE_I32 = 26,
    GGUF_TENSOR_TYPE_I64 = 27,
    GGUF_TENSOR_TYPE_F64 = 28,
    GGUF_TENSOR_TYPE_BF16 = 30,
};

/* Values in a block of @type and the block's bytes; false for a number that is no type known here.
 * Knowing a type's size is enough to check a file and to read its vocabulary; inference says which
 * it computes with. */
bool gguf_tensor_type_size(enum gguf_tensor_type type, uint32_t *block_values,
                           uint32_t *block_bytes);

/* "F32", "Q8_0", …; "?" for none. Static. */
const char *gguf_tensor_type_name(enum gguf_tensor_type type);

/* The bytes of a tensor; false when the type is unknown, a dimension is 0, the first is no multiple
 * of the block, or the number overflows. */
bool gguf_tensor_bytes(enum gguf_tensor_type type, unsigned dimensions_count,
                       const uint64_t *dimensions, uint64_t *size_bytes);

#define GGUF_DIMENSIONS_MAX 4

/* @data is a view into the mapped file, valid until gguf_close. */
struct gguf_tensor {
    struct slice name;
    enum gguf_tensor_type type;
    unsigned dimensions_count;
    uint64_t
        dimensions[GGUF_DIMENSIONS_MAX]; /* innermost first, as in the file; 1 beyond the count */
    const void *data;
    size_t size_bytes;
};

struct gguf;

/* Map and check @path. NOT_FOUND, PERMISSION_DENIED, DATA_LOSS (cut or inconsistent), UNIMPLEMENTED
 * (a version or a tensor type that is not known). The path is in the error. */
struct gguf *gguf_open(const char *path, struct error *err);

/* The same over bytes that the caller keeps until gguf_close: tests and fuzzing. */
struct gguf *gguf_open_bytes(struct slice bytes, struct error *err);

void gguf_close(struct gguf *gguf);

/* Whether the bytes are those of a file, which may be let go of (MADV_DONTNEED) and come again. */
bool gguf_is_mapped(const struct gguf *gguf);

/* SHA-256 of the whole file as 64 hex digits and a NUL. Reads it all once; kept. One thread. */
const char *gguf_digest(struct gguf *gguf);

/* Begin to read it by a thread of its own: gguf_digest will find it done, or wait. Whoever may call
 * the latter. */
void gguf_digest_begin(struct gguf *gguf);

/* Metadata by key. False when the key is absent or of another kind; integers of any width are
 * converted when they fit. */
bool gguf_get_u64(const struct gguf *gguf, const char *key, uint64_t *value);
bool gguf_get_f64(const struct gguf *gguf, const char *key, double *value);
bool gguf_get_bool(const struct gguf *gguf, const char *key, bool *value);
bool gguf_get_string(const struct gguf *gguf, const char *key, struct slice *value);

/* An array's element kind and count; false when @key is no array. */
bool gguf_get_array(const struct gguf *gguf, const char *key, enum gguf_type *type,
                    uint64_t *count);

/* Walk an array of strings: start with *cursor = 0, each call gives the next. False at the end. */
bool gguf_next_string(const struct gguf *gguf, const char *key, size_t *cursor,
                      struct slice *value);

/* A fixed-width array's elements, unaligned little-endian bytes in the mapped file. */
bool gguf_get_array_bytes(const struct gguf *gguf, const char *key, enum gguf_type type,
                          struct slice *bytes);

uint64_t gguf_tensor_count(const struct gguf *gguf);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *gguf, uint64_t index);
/* NULL when there is none. */
const struct gguf_tensor *gguf_tensor_find(const struct gguf *gguf, const char *name);

#endif
