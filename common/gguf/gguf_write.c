#include "gguf/gguf_write.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "gguf/gguf_half.h"
#include "gguf/gguf_state.h"

#define WRITE_ALIGNMENT 32
/* The metadata of a vocabulary of 256,000 tokens with its merges is about 20 MiB; a buffer that
 * doubles takes four times that. */
#define WRITE_METADATA_BYTES_MAX (256 * MIB)

struct tensor {
    enum gguf_tensor_type type;
    uint64_t size_bytes;
    struct tensor *next;
};

struct gguf_write {
    struct arena arena;
    struct buffer metadata, declarations;
    uint64_t metadata_count, tensors_count;
    uint64_t data_bytes; /* declared, with padding */
    struct tensor *first, *last;
    struct tensor *current; /* whose bytes are being written */
    uint64_t current_bytes; /* of it, written */
    bool is_in_data;
    FILE *stream;
    bool is_own_stream;
    char *path, *path_part;
    struct error failure; /* the first */
};

static void fail(struct gguf_write *write, enum status status, const char *text)
{
    if (write->failure.status == STATUS_OK)
        error_set(&write->failure, status, "%s", text);
}

static struct gguf_write *start(struct error *err)
{
    struct gguf_write *write = calloc(1, sizeof(*write));

    if (write == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    arena_init(&write->arena, WRITE_METADATA_BYTES_MAX);
    buffer_init(&write->metadata, &write->arena);
    buffer_init(&write->declarations, &write->arena);
    return write;
}

struct gguf_write *gguf_write_start_stream(FILE *stream, struct error *err)
{
    struct gguf_write *write = start(err);

    if (write != NULL)
        write->stream = stream;
    return write;
}

struct gguf_write *gguf_write_start(const char *path, struct error *err)
{
    struct gguf_write *write = start(err);

    if (write == NULL)
        return NULL;
    write->path = arena_format(&write->arena, "%s", path);
    write->path_part = arena_format(&write->arena, "%s.part", path);
    if (write->path != NULL && write->path_part != NULL)
        write->stream = fopen(write->path_part, "wbe");
    if (write->stream == NULL) {
        error_set_errno(err, errno, "%s.part", path);
        write->path_part = NULL;
        gguf_write_discard(write);
        return NULL;
    }
    write->is_own_stream = true;
    return write;
}

/* Metadata
 * ----------------------------------------------------------------------------------------- */

static void put_u32(struct buffer *buffer, uint32_t value)
{
    buffer_put(buffer, slice_of(&value, sizeof(value)));
}

static void put_u64(struct buffer *buffer, uint64_t value)
{
    buffer_put(buffer, slice_of(&value, sizeof(value)));
}

static void put_string(struct buffer *buffer, struct slice string)
{
    put_u64(buffer, string.size);
    buffer_put(buffer, string);
}

static void put_key(struct gguf_write *write, const char *key, enum gguf_type type)
{
    if (write->is_in_data)
        fail(write, STATUS_INVALID_ARGUMENT, "metadata after the first tensor's bytes");
    put_string(&write->metadata, slice_from(key));
    put_u32(&write->metadata, type);
    write->metadata_count++;
}

void gguf_write_u32(struct gguf_write *write, const char *key, uint32_t value)
{
    put_key(write, key, GGUF_TYPE_UINT32);
    put_u32(&write->metadata, value);
}

void gguf_write_f32(struct gguf_write *write, const char *key, float value)
{
    put_key(write, key, GGUF_TYPE_FLOAT32);
    buffer_put(&write->metadata, slice_of(&value, sizeof(value)));
}

void gguf_write_bool(struct gguf_write *write, const char *key, bool value)
{
    put_key(write, key, GGUF_TYPE_BOOL);
    buffer_put_byte(&write->metadata, value ? 1 : 0);
}

void gguf_write_string(struct gguf_write *write, const char *key, struct slice value)
{
    put_key(write, key, GGUF_TYPE_STRING);
    put_string(&write->metadata, value);
}

void gguf_write_strings(struct gguf_write *write, const char *key, const struct slice *values,
                        uint64_t count)
{
    put_key(write, key, GGUF_TYPE_ARRAY);
    put_u32(&write->metadata, GGUF_TYPE_STRING);
    put_u64(&write->metadata, count);
    for (uint64_t i = 0; i < count; i++)
        put_string(&write->metadata, values[i]);
}

void gguf_write_array(struct gguf_write *write, const char *key, enum gguf_type type,
                      const void *values, uint64_t count)
{
    static const unsigned widths[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

    CHECK((unsigned)type < sizeof(widths) / sizeof(widths[0]) && widths[type] > 0);
    put_key(write, key, GGUF_TYPE_ARRAY);
    put_u32(&write->metadata, type);
    put_u64(&write->metadata, count);
    buffer_put(&write->metadata, slice_of(values, (size_t)count * widths[type]));
}

static bool is_among(struct slice key, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        if (slice_is(key, *keys))
            return true;
    }
    return false;
}

static void put_entry(struct gguf_write *write, const struct gguf_entry *entry)
{
    put_string(&write->metadata, entry->key);
    put_u32(&write->metadata, entry->type);
    write->metadata_count++;
    if (entry->type == GGUF_TYPE_STRING)
        return put_string(&write->metadata, entry->value);
    if (entry->type == GGUF_TYPE_ARRAY) {
        put_u32(&write->metadata, entry->element_type);
        put_u64(&write->metadata, entry->count);
    }
    buffer_put(&write->metadata, entry->value);
}

void gguf_write_entries(struct gguf_write *write, const struct gguf *gguf,
                        const char *const *except)
{
    if (write->is_in_data)
        fail(write, STATUS_INVALID_ARGUMENT, "metadata after the first tensor's bytes");
    for (uint64_t i = 0; i < gguf->entries_count; i++) {
        if (!is_among(gguf->entries[i].key, except))
            put_entry(write, &gguf->entries[i]);
    }
}

/* Tensors
 * ------------------------------------------------------------------------------------------ */

static uint64_t padded(uint64_t size)
{
    return (size + WRITE_ALIGNMENT - 1) / WRITE_ALIGNMENT * WRITE_ALIGNMENT;
}

void gguf_write_tensor(struct gguf_write *write, const char *name, enum gguf_tensor_type type,
                       unsigned dimensions_count, const uint64_t *dimensions)
{
    struct tensor *tensor = ARENA_NEW(&write->arena, struct tensor);

    if (write->is_in_data)
        fail(write, STATUS_INVALID_ARGUMENT, "a tensor declared after the first tensor's bytes");
    if (tensor == NULL)
        return fail(write, STATUS_RESOURCE_EXHAUSTED, "no memory for the tensors' index");
    tensor->type = type;
    if (!gguf_tensor_bytes(type, dimensions_count, dimensions, &tensor->size_bytes))
        return fail(write, STATUS_INVALID_ARGUMENT, "a tensor of impossible dimensions");
    put_string(&write->declarations, slice_from(name));
    put_u32(&write->declarations, dimensions_count);
    for (unsigned i = 0; i < dimensions_count; i++)
        put_u64(&write->declarations, dimensions[i]);
    put_u32(&write->declarations, type);
    put_u64(&write->declarations, write->data_bytes);
    write->data_bytes += padded(tensor->size_bytes);
    write->tensors_count++;
    if (write->last == NULL)
        write->first = tensor;
    else
        write->last->next = tensor;
    write->last = tensor;
}

static void emit(struct gguf_write *write, const void *bytes, size_t size)
{
    if (write->failure.status != STATUS_OK || size == 0)
        return;
    if (fwrite(bytes, 1, size, write->stream) != size)
        error_set_errno(&write->failure, errno, "writing");
}

static void emit_padding(struct gguf_write *write, uint64_t size)
{
    static const char zeros[WRITE_ALIGNMENT];

    emit(write, zeros, (size_t)(padded(size) - size));
}

static void emit_header(struct gguf_write *write)
{
    const uint32_t magic_version[] = { 0x46554747u, 3 };
    const uint64_t counts[] = { write->tensors_count, write->metadata_count };

    write->is_in_data = true;
    write->current = write->first;
    if (write->metadata.is_full || write->declarations.is_full)
        fail(write, STATUS_RESOURCE_EXHAUSTED, "the metadata is over its limit");
    emit(write, magic_version, sizeof(magic_version));
    emit(write, counts, sizeof(counts));
    emit(write, write->metadata.data, write->metadata.size);
    emit(write, write->declarations.data, write->declarations.size);
    emit_padding(write, sizeof(magic_version) + sizeof(counts) + write->metadata.size
                            + write->declarations.size);
}

void gguf_write_data(struct gguf_write *write, const void *bytes, size_t size)
{
    if (!write->is_in_data)
        emit_header(write);
    while (size > 0) {
        uint64_t left, step;

        if (write->current == NULL)
            return fail(write, STATUS_INVALID_ARGUMENT, "more bytes than the tensors have");
        left = write->current->size_bytes - write->current_bytes;
        step = size < left ? size : left;
        emit(write, bytes, (size_t)step);
        bytes = (const char *)bytes + step;
        size -= (size_t)step;
        write->current_bytes += step;
        if (step < left)
            return;
        emit_padding(write, write->current->size_bytes);
        write->current = write->current->next;
        write->current_bytes = 0;
    }
}

void gguf_write_quantise_q8_0(const float *values, size_t count, void *blocks)
{
    unsigned char *out = blocks;

    CHECK(count % 32 == 0);
    for (size_t block = 0; block < count; block += 32, out += 34) {
        float largest = 0, scale, inverse;
        uint16_t half;

        for (size_t i = 0; i < 32; i++)
            largest = fmaxf(largest, fabsf(values[block + i]));
        scale = largest / 127;
        inverse = scale > 0 ? 1 / scale : 0;
        half = gguf_half_from_float(scale);
        memcpy(out, &half, sizeof(half));
        for (size_t i = 0; i < 32; i++)
            out[2 + i] = (unsigned char)(int8_t)lrintf(values[block + i] * inverse);
    }
}

/* Convert up to 256 values, a multiple of every block that is written here. Returns the bytes, 0
 * for a type that is not. */
static size_t convert(enum gguf_tensor_type type, const float *values, size_t count, void *out)
{
    uint16_t *halves = out;

    switch (type) {
    case GGUF_TENSOR_TYPE_F32:
        memcpy(out, values, count * sizeof(*values));
        return count * sizeof(*values);
    case GGUF_TENSOR_TYPE_F16:
        for (size_t i = 0; i < count; i++)
            halves[i] = gguf_half_from_float(values[i]);
        return count * sizeof(*halves);
    case GGUF_TENSOR_TYPE_BF16:
        for (size_t i = 0; i < count; i++)
            halves[i] = gguf_half_bf16_from_float(values[i]);
        return count * sizeof(*halves);
    case GGUF_TENSOR_TYPE_Q8_0:
        if (count % 32 != 0)
            return 0;
        gguf_write_quantise_q8_0(values, count, out);
        return count / 32 * 34;
    default:
        return 0;
    }
}

void gguf_write_floats(struct gguf_write *write, const float *values, size_t count)
{
    union {
        float values[256];
        uint16_t halves[256];
    } piece;

    if (!write->is_in_data)
        emit_header(write);
    while (count > 0) {
        size_t step = count < 256 ? count : 256, size;

        if (write->current == NULL)
            return fail(write, STATUS_INVALID_ARGUMENT, "more values than the tensors have");
        size = convert(write->current->type, values, step, &piece);
        if (size == 0)
            return fail(write, STATUS_INVALID_ARGUMENT,
                        "values cannot be written in this tensor's type");
        if (size > write->current->size_bytes - write->current_bytes)
            return fail(write, STATUS_INVALID_ARGUMENT, "values that cross into the next tensor");
        gguf_write_data(write, &piece, size);
        values += step;
        count -= step;
    }
}

/* Ending
 * ------------------------------------------------------------------------------------------- */

static void finish_stream(struct gguf_write *write)
{
    if (!write->is_in_data)
        emit_header(write);
    if (write->current != NULL)
        fail(write, STATUS_INVALID_ARGUMENT, "fewer bytes than the tensors have");
    if (fflush(write->stream) != 0 && write->failure.status == STATUS_OK)
        error_set_errno(&write->failure, errno, "writing");
    if (!write->is_own_stream || write->failure.status != STATUS_OK)
        return;
    if (fsync(fileno(write->stream)) != 0 || rename(write->path_part, write->path) != 0)
        error_set_errno(&write->failure, errno, "%s", write->path);
    else
        write->path_part = NULL;
}

enum status gguf_write_finish(struct gguf_write *write, struct error *err)
{
    enum status status;

    finish_stream(write);
    status = write->failure.status;
    if (status != STATUS_OK && err != NULL)
        *err = write->failure;
    gguf_write_discard(write);
    return status;
}

void gguf_write_discard(struct gguf_write *write)
{
    if (write == NULL)
        return;
    if (write->is_own_stream)
        fclose(write->stream);
    if (write->path_part != NULL)
        unlink(write->path_part);
    arena_close(&write->arena);
    free(write);
}
