/* How fast texts are de-identified, stage by stage, each with all the stages before it:
 *
 *     deid_bench NOTES.jsonl [SECONDS [STAGE]]   {"text": "..."} a line; SECONDS of each stage, 2
 *
 * Every text is a call of its own: a map, a redactor, an arena that is emptied. Figures are in MB
 * (1,000,000 bytes of the original) for each second of the process's own processor time, the median
 * of the rounds. Exits with 1 when a text is refused. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "deid_redact.h"
#include "fhir/json.h"

#define ROUNDS_MAX 2048

struct bench {
    struct deid_rules rules;
    struct arena arena; /* the texts */
    struct slice *texts;
    size_t count, capacity, bytes;
    uint64_t found; /* so that no stage's work is for nothing */
};

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static bool texts_add(struct bench *bench, struct slice line)
{
    struct json *record;
    struct slice text, *larger;
    struct error err;

    if (json_parse(arena_copy(&bench->arena, line), &bench->arena, &record, &err) != STATUS_OK)
        return false;
    text = json_get_string(record, "text");
    if (bench->count == bench->capacity) {
        bench->capacity = bench->capacity == 0 ? 1024 : bench->capacity * 2;
        larger = realloc(bench->texts, bench->capacity * sizeof(*larger));
        if (larger == NULL)
            return false;
        bench->texts = larger;
    }
    bench->texts[bench->count++] = text;
    bench->bytes += text.size;
    return true;
}

static bool texts_read(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    bool is_good = file != NULL;

    while (is_good && (size = getline(&line, &capacity, file)) > 0)
        is_good = texts_add(bench, slice_of(line, (size_t)size));
    free(line);
    if (file != NULL)
        fclose(file);
    return is_good && bench->bytes > 0;
}

static enum status stage_normal(struct bench *bench, struct slice text, struct arena *arena)
{
    struct deid_text normal;
    enum status status = deid_normal(text, arena, &normal, NULL);

    bench->found += normal.folded.size;
    return status;
}

static enum status stage_tokens(struct bench *bench, struct slice text, struct arena *arena)
{
    struct deid_text normal;
    struct deid_tokens tokens;
    enum status status = deid_normal(text, arena, &normal, NULL);

    if (status == STATUS_OK)
        status = deid_tokens_read(normal.folded, &bench->rules.lexicon, arena, &tokens, NULL);
    if (status == STATUS_OK)
        bench->found += tokens.count;
    return status;
}

static enum status stage_inspect(struct bench *bench, struct slice text, struct arena *arena)
{
    struct deid_map map;
    struct deid_redactor redactor;
    struct deid_spans spans;
    enum status status;

    deid_map_init(&map, DEID_PROFILE_SAFE_HARBOR, arena);
    status = deid_redactor_init(&redactor, &bench->rules, &map, arena, NULL);
    if (status == STATUS_OK)
        status = deid_inspect_text(&redactor, text, &spans, NULL);
    if (status == STATUS_OK)
        bench->found += spans.count;
    deid_redactor_close(&redactor);
    return status;
}

static enum status redact(struct bench *bench, struct slice text, enum deid_profile profile,
                          struct arena *arena)
{
    struct deid_map map;
    struct deid_redactor redactor;
    struct slice output = { NULL, 0 };
    enum status status;

    deid_map_init(&map, profile, arena);
    status = deid_redactor_init(&redactor, &bench->rules, &map, arena, NULL);
    if (status == STATUS_OK)
        status = deid_redact_text(&redactor, text, false, &output, NULL);
    bench->found += output.size;
    deid_redactor_close(&redactor);
    return status;
}

static enum status stage_safe_harbor(struct bench *bench, struct slice text, struct arena *arena)
{
    return redact(bench, text, DEID_PROFILE_SAFE_HARBOR, arena);
}

static enum status stage_limited(struct bench *bench, struct slice text, struct arena *arena)
{
    return redact(bench, text, DEID_PROFILE_LIMITED, arena);
}

static const struct stage {
    const char *name;
    enum status (*run)(struct bench *bench, struct slice text, struct arena *arena);
} stages[] = {
    { "normal", stage_normal },           { "words", stage_tokens },
    { "spans", stage_inspect },           { "redact, safe-harbor", stage_safe_harbor },
    { "redact, limited", stage_limited },
};

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

/* All texts through @stage once. False: one was refused. */
static bool round_run(struct bench *bench, const struct stage *stage, struct arena *arena)
{
    for (size_t i = 0; i < bench->count; i++) {
        arena_reuse(arena, 1024 * MIB);
        if (stage->run(bench, bench->texts[i], arena) != STATUS_OK) {
            fprintf(stderr, "%s: text %zu is refused\n", stage->name, i);
            return false;
        }
    }
    return true;
}

static bool stage_measure(struct bench *bench, const struct stage *stage, double seconds)
{
    double rates[ROUNDS_MAX], begun = cpu_seconds();
    struct arena arena;
    int rounds = 0;
    bool is_good = true;

    arena_init(&arena, 1024 * MIB);
    bench->found = 0;
    while (is_good && rounds < ROUNDS_MAX && (rounds < 3 || cpu_seconds() - begun < seconds)) {
        double start = cpu_seconds(), took;

        is_good = round_run(bench, stage, &arena);
        took = cpu_seconds() - start;
        rates[rounds++] = (double)bench->bytes / 1e6 / (took > 1e-6 ? took : 1e-6);
    }
    qsort(rates, (size_t)rounds, sizeof(rates[0]), compare);
    printf("%-20s %8.1f MB/s  %8.0f texts/s  (%d rounds, %.0f found)\n", stage->name,
           rates[rounds / 2], rates[rounds / 2] * 1e6 * (double)bench->count / (double)bench->bytes,
           rounds, (double)bench->found / rounds);
    arena_close(&arena);
    return is_good;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct rusage usage;
    double start = cpu_seconds();
    bool is_good = true;

    if (argc < 2 || sodium_init() < 0 || deid_rules_init(&bench.rules, NULL) != STATUS_OK) {
        fprintf(stderr, "usage: deid_bench NOTES.jsonl [SECONDS [STAGE]]\n");
        return 2;
    }
    getrusage(RUSAGE_SELF, &usage);
    printf("ready in %.1f ms of processor time, resident %.1f MB\n", (cpu_seconds() - start) * 1e3,
           (double)usage.ru_maxrss / 1e3);
    arena_init(&bench.arena, 4096 * MIB);
    if (!texts_read(&bench, argv[1])) {
        fprintf(stderr, "no texts in the file\n");
        return 2;
    }
    printf("%zu texts, %.2f MB\n", bench.count, (double)bench.bytes / 1e6);
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && is_good; i++)
        if (argc < 4 || strcmp(argv[3], stages[i].name) == 0)
            is_good = stage_measure(&bench, &stages[i], argc > 2 ? atof(argv[2]) : 2);
    getrusage(RUSAGE_SELF, &usage);
    printf("resident at most %.1f MB, the texts and their JSON included\n",
           (double)usage.ru_maxrss / 1e3);
    deid_rules_close(&bench.rules);
    arena_close(&bench.arena);
    free(bench.texts);
    return is_good ? 0 : 1;
}
