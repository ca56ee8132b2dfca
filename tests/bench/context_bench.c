/* Every bundle of a folder into a record, and a question against each:
 *
 *     context_bench FOLDER [QUESTION [BUDGET_TOKENS]]      sums, and what it took
 *     context_bench FILE QUESTION [BUDGET_TOKENS]          the two turns, as a model sees them
 *
 * Exits with 1 when a bundle is refused, or when facts and reasons do not add up to its resources.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/limits.h"
#include "context_image.h"
#include "context_prompt.h"

struct sums {
    unsigned bundles, refused, unbalanced;
    uint64_t resources, facts, bytes, encoded;
    struct reasons reasons;
    double parse_s, open_s, assemble_s, assemble_max_s;
};

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0)
        return (struct slice){ NULL, 0 };
    rewind(file);
    data = malloc((size_t)size + 1);
    if (data != NULL && fread(data, 1, (size_t)size, file) != (size_t)size)
        size = 0;
    fclose(file);
    return slice_of(data, (size_t)size);
}

/* A reason's name is in the arena of its bundle: keep one of each. */
static void add_reasons(struct sums *sums, const struct reasons *reasons)
{
    for (size_t i = 0; i < reasons->count; i++) {
        const char *reason = reasons->items[i].reason;

        for (size_t j = 0; j < sums->reasons.count; j++)
            if (strcmp(sums->reasons.items[j].reason, reason) == 0)
                reason = sums->reasons.items[j].reason;
        if (reason == reasons->items[i].reason)
            reason = strdup(reason);
        reasons_add(&sums->reasons, reason, reasons->items[i].count);
    }
}

static void measure_assemble(struct sums *sums, const struct record *record,
                             const struct courses *courses, const char *question, uint32_t budget,
                             bool is_shown)
{
    const struct prompt_request request = { .question = slice_from(question),
                                            .budget_tokens = budget,
                                            .form = PROMPT_FORM_FACTS };
    struct arena arena;
    struct prompt prompt;
    struct error err;
    double start, took;

    arena_init(&arena, 64 * MIB);
    start = now();
    if (context_assemble(record, courses, &request, &arena, &prompt, &err) != STATUS_OK) {
        fprintf(stderr, "assemble: %s\n", err.text);
    } else {
        took = now() - start;
        sums->assemble_s += took;
        sums->assemble_max_s = took > sums->assemble_max_s ? took : sums->assemble_max_s;
        if (is_shown)
            printf("%s\n\n%s\n\n(%zu of %zu facts considered, %zu in the record, %.0f us)\n",
                   prompt.system, prompt.user, prompt.count, prompt.considered, record->live,
                   took * 1e6);
    }
    arena_close(&arena);
}

static void measure(struct sums *sums, const char *path, const char *question, uint32_t budget,
                    bool is_shown)
{
    struct slice bytes = read_file(path);
    struct arena arena, again;
    struct record record, opened;
    struct courses courses;
    struct parsed parsed;
    struct buffer buffer;
    struct error err;
    uint32_t as_facts;
    double start = now();

    arena_init(&arena, 1024 * MIB);
    arena_init(&again, 1024 * MIB);
    sums->bundles++;
    if (context_read_bundle(bytes, &arena, &record, &parsed, &as_facts, &err) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n", path, err.text);
        sums->refused++;
    } else {
        sums->parse_s += now() - start;
        sums->bytes += bytes.size;
        sums->resources += parsed.resources;
        sums->facts += as_facts;
        sums->unbalanced += as_facts + reasons_total(&parsed.reasons) != parsed.resources
                            || as_facts != record.live;
        add_reasons(sums, &parsed.reasons);
        courses_make(&record, &again, &courses, &err);
        buffer_init(&buffer, &arena);
        image_encode(&record, &courses, &buffer);
        sums->encoded += buffer.size;
        start = now();
        if (image_check(buffer_slice(&buffer), &err) != STATUS_OK
            || !image_open(buffer_slice(&buffer), &opened, &courses) || opened.live != record.live)
            sums->unbalanced++;
        sums->open_s += now() - start;
        measure_assemble(sums, &opened, &courses, question, budget, is_shown);
    }
    arena_close(&arena);
    arena_close(&again);
    free((void *)bytes.data);
}

static void measure_folder(struct sums *sums, const char *folder, const char *question,
                           uint32_t budget)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    char path[4096];

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (slice_ends_with(slice_from(path), SLICE(".json")))
            measure(sums, path, question, budget, false);
    }
    if (entries != NULL)
        closedir(entries);
}

int main(int argc, char **argv)
{
    static struct sums sums;
    struct stat about;
    const char *question = argc > 2 ? argv[2] : "What is the latest blood pressure?";
    uint32_t budget = argc > 3 ? (uint32_t)atoi(argv[3]) : 1500;

    if (argc < 2 || stat(argv[1], &about) != 0) {
        fprintf(stderr, "usage: %s FOLDER|FILE [QUESTION [BUDGET_TOKENS]]\n", argv[0]);
        return 2;
    }
    if (S_ISDIR(about.st_mode))
        measure_folder(&sums, argv[1], question, budget);
    else
        measure(&sums, argv[1], question, budget, true);
    printf("%u bundles, %u refused, %u that do not add up\n", sums.bundles, sums.refused,
           sums.unbalanced);
    printf("%llu resources = %llu facts + %u under a reason\n", (unsigned long long)sums.resources,
           (unsigned long long)sums.facts, reasons_total(&sums.reasons));
    for (size_t i = 0; i < sums.reasons.count; i++)
        printf("  %8u %s\n", sums.reasons.items[i].count, sums.reasons.items[i].reason);
    printf(
        "to a record: %.1f MB/s; encoded %.1f KB each; decode %.2f ms each; assemble %.0f us each, %.0f us at most\n",
        (double)sums.bytes / sums.parse_s / 1e6, (double)sums.encoded / sums.bundles / 1e3,
        sums.open_s / sums.bundles * 1e3, sums.assemble_s / sums.bundles * 1e6,
        sums.assemble_max_s * 1e6);
    return sums.refused > 0 || sums.unbalanced > 0;
}
