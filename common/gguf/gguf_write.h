/* Writing GGUF files, version 3, aligned to 32 bytes.
 *
 * start → metadata and the tensors' names and shapes, in any order → the tensors' bytes, in the
 * order in which they were declared, in pieces of any size → finish. A failure is remembered and
 * told by finish, so that the writer checks once. The file appears under its name only when finish
 * succeeds; before, it is PATH.part beside it.
 *
 * One thread at a time. */
#ifndef GGUF_GGUF_WRITE_H
#define GGUF_GGUF_WRITE_H

#include <stdio.h>

#include "gguf/gguf.h"

struct gguf_write;

/* NULL and @err when the file cannot be made. */
struct gguf_write *gguf_write_start(const char *path, struct error *err);

/* The same into @stream, which stays the caller's. */
struct gguf_write *gguf_write_start_stream(FILE *stream, struct error *err);

void gguf_write_u32(struct gguf_write *write, const char *key, uint32_t value);
void gguf_write_f32(struct gguf_write *write, const char *key, float value);
void gguf_write_bool(struct gguf_write *write, const char *key, bool value);
void gguf_write_string(struct gguf_write *write, const char *key, struct slice value);
void gguf_write_strings(struct gguf_write *write, const char *key, const struct slice *values,
                        uint64_t count);

/* An array of a fixed-width @type; @values holds @count of them. */
void gguf_write_array(struct gguf_write *write, const char *key, enum gguf_type type,
                      const void *values, uint64_t count);

/* Every key of @gguf that is not among @except, which ends with NULL. */
void gguf_write_entries(struct gguf_write *write, const struct gguf *gguf,
                        const char *const *except);

/* Declare a tensor, innermost dimension first: a matrix that maps n values to m is { n, m }. */
void gguf_write_tensor(struct gguf_write *write, const char *name, enum gguf_tensor_type type,
                       unsigned dimensions_count, const uint64_t *dimensions);

/* The next bytes of the tensors, in their type's layout. After the first, nothing more can be
 * declared. */
void gguf_write_data(struct gguf_write *write, const void *bytes, size_t size);

/* @count floats as the next values of the tensors, converted to the tensor's type: F32, F16, BF16
 * or Q8_0 (then in whole blocks of 32). They must not cross from one tensor into the next. */
void gguf_write_floats(struct gguf_write *write, const float *values, size_t count);

/* Close, rename, free. INVALID_ARGUMENT when fewer or more bytes came than were declared; what went
 * wrong otherwise. */
enum status gguf_write_finish(struct gguf_write *write, struct error *err);

/* Give up: nothing is left on disk. NULL is harmless. */
void gguf_write_discard(struct gguf_write *write);

/* Q8_0: blocks of 32 values as an F16 scale and 32 signed bytes (34 bytes a block); @count is a
 * multiple of 32. */
void gguf_write_quantise_q8_0(const float *values, size_t count, void *blocks);

#endif
