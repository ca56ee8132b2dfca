#include "train_checkpoint.h"

#include <errno.h>
#include <stdio.h>

static const char checkpoint_magic[8] = { 'C', 'O', 'N', 'S', 'C', 'K', 'P', '1' };

struct file_header {
    char magic[8];
    struct shape shape;
    uint64_t steps, tokens, seed;
    double progress;
};

enum status checkpoint_init(struct checkpoint *checkpoint, const struct shape *shape,
                            struct arena *arena, struct error *err)
{
    size_t count = weights_count(shape);
    float *memory = ARENA_ARRAY(arena, float, count);

    *checkpoint = (struct checkpoint){ 0 };
    checkpoint->adam.first = ARENA_ARRAY(arena, float, count);
    checkpoint->adam.second = ARENA_ARRAY(arena, float, count);
    if (memory == NULL || checkpoint->adam.first == NULL || checkpoint->adam.second == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu parameters", count);
    weights_bind(&checkpoint->weights, shape, memory);
    return STATUS_OK;
}

static bool write_all(const struct checkpoint *c, FILE *file)
{
    struct file_header header = { { 0 },     c->weights.shape, c->adam.steps,
                                  c->tokens, c->seed,          c->progress };
    size_t count = c->weights.count;

    memcpy(header.magic, checkpoint_magic, sizeof(checkpoint_magic));
    return fwrite(&header, sizeof(header), 1, file) == 1
           && fwrite(c->weights.all, sizeof(float), count, file) == count
           && fwrite(c->adam.first, sizeof(float), count, file) == count
           && fwrite(c->adam.second, sizeof(float), count, file) == count;
}

enum status checkpoint_write(const struct checkpoint *checkpoint, const char *path,
                             struct error *err)
{
    char part[4096];
    FILE *file;
    bool is_written;

    if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
        return error_set(err, STATUS_INVALID_ARGUMENT, "a path of %zu bytes", strlen(path));
    file = fopen(part, "wb");
    if (file == NULL)
        return error_set_errno(err, errno, "%s", part);
    is_written = write_all(checkpoint, file);
    if (fclose(file) != 0 || !is_written)
        return error_set(err, STATUS_UNAVAILABLE, "%s could not be written", part);
    if (rename(part, path) != 0)
        return error_set_errno(err, errno, "%s", path);
    return STATUS_OK;
}

static enum status read_all(struct checkpoint *c, FILE *file, struct arena *arena,
                            struct error *err)
{
    struct file_header header;
    enum status status;
    size_t count;

    if (fread(&header, sizeof(header), 1, file) != 1
        || memcmp(header.magic, checkpoint_magic, sizeof(checkpoint_magic)) != 0)
        return error_set(err, STATUS_DATA_LOSS, "no checkpoint of this version");
    status = weights_check_shape(&header.shape, err);
    if (status == STATUS_OK)
        status = checkpoint_init(c, &header.shape, arena, err);
    if (status != STATUS_OK)
        return status;
    count = c->weights.count;
    c->adam.steps = header.steps;
    c->tokens = header.tokens;
    c->seed = header.seed;
    c->progress = header.progress;
    if (fread(c->weights.all, sizeof(float), count, file) != count
        || fread(c->adam.first, sizeof(float), count, file) != count
        || fread(c->adam.second, sizeof(float), count, file) != count)
        return error_set(err, STATUS_DATA_LOSS, "cut short");
    return STATUS_OK;
}

enum status checkpoint_read(struct checkpoint *checkpoint, const char *path, struct arena *arena,
                            struct error *err)
{
    FILE *file = fopen(path, "rb");
    enum status status;

    if (file == NULL)
        return error_set_errno(err, errno, "%s", path);
    status = read_all(checkpoint, file, arena, err);
    fclose(file);
    if (status != STATUS_OK && err != NULL)
        error_wrap(err, "%s", path);
    return status;
}
