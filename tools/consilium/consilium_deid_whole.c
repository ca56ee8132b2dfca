#include "consilium_deid_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_deid_sink.h"
#include "consilium_deid_view.h"
#include "consilium_paint.h"
#include "deid_stream.h"

#define CHUNK_BYTES ((size_t)256 << 10)

struct whole {
    const struct deid_engine *engine;
    const struct consilium_config *config;
    int fd;
    char *chunk;
    struct arena arena; /* of the map, where the engine has none */
    struct deid_map own, *map;
    struct deid_sink sink;
    struct deid_stream *stream;
};

static enum status read_chunk(struct whole *whole, struct slice *bytes, struct error *err)
{
    ssize_t got;

    do
        got = read(whole->fd, whole->chunk, CHUNK_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(err, errno, "read");
    *bytes = slice_of(whole->chunk, (size_t)got);
    return STATUS_OK;
}

static enum status write_out(void *data, struct slice output, struct error *err)
{
    struct whole *whole = data;

    return deid_sink_put(&whole->sink, output, err);
}

static enum status whole_open(struct whole *whole, const char *path, struct error *err)
{
    arena_init(&whole->arena, DEID_ENGINE_ARENA_BYTES);
    whole->chunk = malloc(CHUNK_BYTES);
    whole->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (whole->chunk == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu bytes", CHUNK_BYTES);
    if (whole->fd < 0)
        return error_set_errno(err, errno, "open %s", path);
    whole->map = deid_engine_map(whole->engine, NULL, &whole->own, &whole->arena, err);
    if (whole->map == NULL)
        return err->status;
    return deid_sink_open(&whole->sink, whole->config->own.output, err);
}

static enum status stream_open(struct whole *whole, enum deid_stream_kind kind, struct error *err)
{
    struct deid_stream_options options = {
        .kind = kind,
        .policy = whole->engine->policy,
        .write = write_out,
        .data = whole,
        .has_many = whole->config->many,
    };

    whole->stream = deid_stream_create(&whole->engine->rules, whole->map, &options, err);
    return whole->stream == NULL ? err->status : STATUS_OK;
}

static int whole_end(struct whole *whole, const struct error *err)
{
    deid_stream_destroy(whole->stream);
    deid_sink_drop(&whole->sink);
    if (whole->fd > STDIN_FILENO)
        close(whole->fd);
    free(whole->chunk);
    arena_close(&whole->arena);
    if (err->status != STATUS_OK)
        fprintf(stderr, "consilium: %s: %s\n", status_name(err->status), err->text);
    return consilium_exit_of(err->status);
}

/* Feed @first and what follows it. */
static enum status feed_all(struct whole *whole, struct slice bytes, struct error *err)
{
    while (bytes.size > 0)
        if (deid_stream_feed(whole->stream, bytes, err) != STATUS_OK
            || read_chunk(whole, &bytes, err) != STATUS_OK)
            return err->status;
    if (deid_stream_finish(whole->stream, err) != STATUS_OK)
        return err->status;
    return deid_sink_finish(&whole->sink, err);
}

/* ---- text ---- */

int deid_whole_text(const struct deid_engine *engine, const struct consilium *consilium,
                    const char *path)
{
    struct whole whole = { .engine = engine, .config = &consilium->config };
    struct error err = { 0 };
    struct slice first;

    if (consilium->config.own.output == NULL
        && (consilium->config.json || paint(PAINT_BOLD)[0] != '\0'))
        return deid_view_run(engine, consilium, path);
    if (whole_open(&whole, path, &err) == STATUS_OK
        && stream_open(&whole, DEID_STREAM_TEXT, &err) == STATUS_OK
        && read_chunk(&whole, &first, &err) == STATUS_OK)
        feed_all(&whole, first, &err);
    return whole_end(&whole, &err);
}

/* ---- FHIR ---- */

/* NDJSON where the first line is a whole document and another follows. */
static enum deid_stream_kind kind_of(struct slice first)
{
    size_t line = slice_find_byte(first, '\n');
    struct slice rest = slice_trim(slice_cut(first, line, first.size));
    struct arena arena;
    struct json *root;
    bool is_whole;

    if (rest.size == 0 || rest.data[0] != '{')
        return DEID_STREAM_FHIR;
    arena_init(&arena, 64 * MIB);
    is_whole = json_parse(slice_cut(first, 0, line), &arena, &root, NULL) == STATUS_OK;
    arena_close(&arena);
    return is_whole ? DEID_STREAM_NDJSON : DEID_STREAM_FHIR;
}

/* The first pass over a file; then back to its start. */
static enum status learn_all(struct whole *whole, struct slice *first, struct error *err)
{
    struct slice bytes = *first;

    while (bytes.size > 0)
        if (deid_stream_learn(whole->stream, bytes, err) != STATUS_OK
            || read_chunk(whole, &bytes, err) != STATUS_OK)
            return err->status;
    if (deid_stream_learnt(whole->stream, err) != STATUS_OK)
        return err->status;
    if (lseek(whole->fd, 0, SEEK_SET) != 0)
        return error_set_errno(err, errno, "read again");
    return read_chunk(whole, first, err);
}

static bool is_file(int fd)
{
    struct stat about;

    return fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
}

int deid_whole_fhir(const struct deid_engine *engine, const struct consilium *consilium,
                    const char *path)
{
    struct whole whole = { .engine = engine, .config = &consilium->config };
    struct error err = { 0 };
    struct slice first;
    bool is_twice;

    if (whole_open(&whole, path, &err) != STATUS_OK)
        return whole_end(&whole, &err);
    is_twice = is_file(whole.fd);
    if (read_chunk(&whole, &first, &err) == STATUS_OK
        && stream_open(&whole, kind_of(first), &err) == STATUS_OK
        && (!is_twice || learn_all(&whole, &first, &err) == STATUS_OK))
        feed_all(&whole, first, &err);
    return whole_end(&whole, &err);
}
