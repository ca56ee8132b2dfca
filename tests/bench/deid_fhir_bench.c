/* How fast FHIR is de-identified:
 *
 *     deid_fhir_bench [--profile=safe-harbor] [--rounds=N] BUNDLE.json...
 *
 * Every file is a call of its own: a new map, all of it learnt, redacted and written; beside it, in
 * the same rounds, the reading and writing of JSON alone. Figures are in MB (1,000,000 bytes of the
 * input) for each second of the process's own processor time, the median of the rounds. Exits with
 * 1 when a file is refused. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "deid_fhir.h"
#include "fhir/json.h"

#define ARENA_BYTES ((size_t)4 << 30)
#define ROUNDS_MAX 99

static struct deid_rules rules;
static enum deid_profile profile = DEID_PROFILE_LIMITED;

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static struct slice file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = NULL;
    long size = 0;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) > 0) {
        rewind(file);
        bytes = malloc((size_t)size);
        if (bytes != NULL && fread(bytes, 1, (size_t)size, file) != (size_t)size)
            bytes = NULL;
    }
    if (file != NULL)
        fclose(file);
    return slice_of(bytes, bytes == NULL ? 0 : (size_t)size);
}

static bool redact(struct slice bytes, struct arena *arena, size_t *written)
{
    struct deid_redactor redactor;
    struct deid_map map;
    struct slice output = SLICE(""), patient;
    struct error err = { 0 };
    enum status status;

    deid_map_init(&map, profile, arena);
    status = deid_redactor_init(&redactor, &rules, &map, arena, &err);
    if (status == STATUS_OK)
        status = deid_fhir_redact(&redactor, bytes, &output, &patient, &err);
    deid_redactor_close(&redactor);
    if (status != STATUS_OK)
        fprintf(stderr, "%s: %s\n", status_name(status), err.text);
    *written += output.size;
    return status == STATUS_OK;
}

static bool copy(struct slice bytes, struct arena *arena, size_t *written)
{
    struct json *root;
    struct buffer out;

    if (json_parse(bytes, arena, &root, NULL) != STATUS_OK)
        return false;
    buffer_init(&out, arena);
    json_write(root, &out);
    *written += out.size;
    return !out.is_full;
}

static double round_seconds(bool (*work)(struct slice, struct arena *, size_t *),
                            const struct slice *files, unsigned count, struct arena *arena,
                            size_t *written)
{
    double before = cpu_seconds();

    for (unsigned i = 0; i < count; i++) {
        arena_reuse(arena, ARENA_BYTES);
        if (!work(files[i], arena, written))
            exit(1);
    }
    return cpu_seconds() - before;
}

static int compare(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}

int main(int argc, char **argv)
{
    double seconds[2][ROUNDS_MAX];
    struct slice *files = calloc((size_t)argc, sizeof(*files));
    unsigned count = 0, rounds = 5;
    size_t bytes = 0, written = 0;
    struct rusage usage;
    struct arena arena = { 0 };
    struct error err = { 0 };

    for (int i = 1; i < argc && files != NULL; i++) {
        if (strcmp(argv[i], "--profile=safe-harbor") == 0)
            profile = DEID_PROFILE_SAFE_HARBOR;
        else if (strncmp(argv[i], "--rounds=", 9) == 0)
            rounds = (unsigned)atoi(argv[i] + 9);
        else
            files[count++] = file_read(argv[i]);
    }
    if (count == 0 || rounds == 0 || rounds > ROUNDS_MAX || sodium_init() < 0
        || deid_rules_init(&rules, &err) != STATUS_OK) {
        fprintf(stderr, "usage: deid_fhir_bench [--profile=safe-harbor] [--rounds=N] FILE...\n");
        return 2;
    }
    for (unsigned i = 0; i < count; i++)
        bytes += files[i].size;
    for (unsigned i = 0; i < rounds; i++) {
        seconds[0][i] = round_seconds(copy, files, count, &arena, &written);
        seconds[1][i] = round_seconds(redact, files, count, &arena, &written);
    }
    for (unsigned i = 0; i < 2; i++)
        qsort(seconds[i], rounds, sizeof(double), compare);
    getrusage(RUSAGE_SELF, &usage);
    printf("%u files, %.1f MB, %u rounds\n", count, (double)bytes / 1e6, rounds);
    printf("json alone  %7.1f MB/s\n", (double)bytes / 1e6 / seconds[0][rounds / 2]);
    printf("redact      %7.1f MB/s\n", (double)bytes / 1e6 / seconds[1][rounds / 2]);
    printf("rss         %7.1f MB, the files among it\n", (double)usage.ru_maxrss / 1e3);
    deid_rules_close(&rules);
    return written == 0;
}
