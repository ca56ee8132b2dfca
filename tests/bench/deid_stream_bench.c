/* How fast a document of any size is de-identified, and in how much memory:
 *
 *     deid_stream_bench text|fhir|ndjson [--passes=2] [--profile=safe-harbor] FILE
 *
 * The file is read in pieces of 64 KiB and what comes out is counted. Figures are in MB (1,000,000
 * bytes of the input) for each second of the process's own processor time. Exits with 1 when it is
 * refused. */
#include <sodium.h>
#include <stdio.h>
#include <sys/resource.h>

#include "deid_stream.h"

#define STEP_BYTES 65536

static size_t bytes_in, bytes_out;

static enum status take(void *data, struct slice output, struct error *err)
{
    (void)data;
    (void)err;
    bytes_out += output.size;
    return STATUS_OK;
}

static double cpu_seconds(long *rss_kb)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    *rss_kb = usage.ru_maxrss;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static enum status pass(struct deid_stream *stream, const char *path,
                        enum status (*give)(struct deid_stream *, struct slice, struct error *),
                        struct error *err)
{
    static char bytes[STEP_BYTES];
    FILE *file = fopen(path, "rb");
    enum status status = STATUS_OK;
    size_t size;

    if (file == NULL)
        return error_set(err, STATUS_NOT_FOUND, "the file cannot be opened");
    bytes_in = 0;
    while (status == STATUS_OK && (size = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        bytes_in += size;
        status = give(stream, slice_of(bytes, size), err);
    }
    fclose(file);
    return status;
}

static enum status run(struct deid_stream *stream, const char *path, bool has_two,
                       struct error *err)
{
    enum status status = STATUS_OK;

    if (has_two) {
        status = pass(stream, path, deid_stream_learn, err);
        if (status == STATUS_OK)
            status = deid_stream_learnt(stream, err);
    }
    if (status == STATUS_OK)
        status = pass(stream, path, deid_stream_feed, err);
    return status == STATUS_OK ? deid_stream_finish(stream, err) : status;
}

static void tell(const struct deid_map *map, double ready, double seconds, long rss_start,
                 long rss_kb)
{
    printf("%.1f MB in, %.1f MB out, %u entries and %u ids in the map\n", (double)bytes_in / 1e6,
           (double)bytes_out / 1e6, map->entries_count, map->ids_count);
    printf("redact  %8.1f MB/s\n", (double)bytes_in / 1e6 / seconds);
    printf("rss     %8.1f MB, %.1f of it before the first byte\n", (double)rss_kb / 1e3,
           (double)rss_start / 1e3);
    printf("ready   %8.1f ms\n", ready * 1e3);
}

int main(int argc, char **argv)
{
    struct deid_stream_options options = { .kind = DEID_STREAM_TEXT, .write = take };
    enum deid_profile profile = DEID_PROFILE_LIMITED;
    struct deid_stream *stream;
    struct deid_rules rules;
    struct deid_map map;
    struct arena arena;
    struct error err = { 0 };
    bool has_two = false;
    const char *path = NULL;
    double ready, seconds;
    long rss_start, rss_kb;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--passes=2") == 0)
            has_two = true;
        else if (strcmp(argv[i], "--profile=safe-harbor") == 0)
            profile = DEID_PROFILE_SAFE_HARBOR;
        else if (i == 1)
            options.kind = strcmp(argv[i], "fhir") == 0     ? DEID_STREAM_FHIR
                           : strcmp(argv[i], "ndjson") == 0 ? DEID_STREAM_NDJSON
                                                            : DEID_STREAM_TEXT;
        else
            path = argv[i];
    }
    if (path == NULL || sodium_init() < 0) {
        fprintf(stderr, "usage: deid_stream_bench text|fhir|ndjson [--passes=2] FILE\n");
        return 2;
    }
    options.has_many = true;
    arena_init(&arena, (size_t)4 << 30);
    deid_map_init(&map, profile, &arena);
    if (deid_rules_init(&rules, &err) != STATUS_OK
        || (stream = deid_stream_create(&rules, &map, &options, &err)) == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    ready = cpu_seconds(&rss_start);
    if (run(stream, path, has_two, &err) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", status_name(err.status), err.text);
        return 1;
    }
    seconds = cpu_seconds(&rss_kb) - ready;
    tell(&map, ready, seconds, rss_start, rss_kb);
    deid_stream_destroy(stream);
    deid_rules_close(&rules);
    arena_close(&arena);
    return 0;
}
