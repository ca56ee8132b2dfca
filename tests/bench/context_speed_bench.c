/* How fast a record is read, kept and asked:
 *
 *     context_speed_bench [ROUNDS] BUNDLE... [< QUESTIONS]
 *
 * cold: from the bytes of the bundles to a record that can be asked, by stage, median of ROUNDS in
 * processor time of this thread, beside Python's parser of JSON, which takes its turn in every
 * round; then the size of the compiled record, and what using one that was stored costs. warm: each
 * line of stdin is a question (some of our own where there is none), asked of that image, packed
 * into 4,000 tokens of four characters; p50, p99 and the worst. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zstd.h>

#include "base/limits.h"
#include "context_image.h"
#include "context_prompt.h"
#include "context_slice.h"
#include "fhir/json.h"

#define ROUNDS_MAX 1000
#define QUESTIONS_MAX 4096

enum stage {
    STAGE_PYTHON,
    STAGE_JSON,
    STAGE_PARSE,
    STAGE_MERGE,
    STAGE_INDEX,
    STAGE_COURSES,
    STAGE_ALL,
    STAGES
};

static const char *const stage_names[] = {
    "Python's json.loads", "json alone", "json and facts", "merge", "index", "courses", "cold, all"
};

static const char *const own_questions[] = {
    "What is the latest hemoglobin A1c?",
    "Which medications is the patient taking for high blood pressure?",
    "Has the patient ever had a heart attack or a stroke?",
    "Is the kidney function good enough for metformin?",
    "Which vaccines are missing?",
    "When was the last colonoscopy and what did it show?",
    "Is the patient allergic to penicillin?",
    "How did the weight change over the last five years?",
};

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec * 1e-6;
}

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    rewind(file);
    data = malloc((size_t)size + 1);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size)
        exit(2);
    fclose(file);
    return slice_of(data, (size_t)size);
}

struct bench {
    struct slice *bundles;
    char **paths;
    size_t count, bytes;
    double took[STAGES][ROUNDS_MAX];
};

static void must(enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

/* The whole way, in @arena. */
static void read_cold(struct bench *bench, size_t round, struct arena *arena, struct record *record,
                      struct courses *courses)
{
    struct record so_far = { 0 };
    double start = now(), at = start, facts = 0, merge = 0;
    struct error err;

    for (size_t i = 0; i < bench->count; i++) {
        struct parsed *parsed = ARENA_NEW(arena, struct parsed);
        uint32_t as_facts;

        must(context_parse(bench->bundles[i], arena, parsed, &err), &err);
        facts += now() - at;
        at = now();
        must(context_merge(&so_far, parsed, arena, &so_far.facts, &so_far.count, &as_facts, &err),
             &err);
        merge += now() - at;
        at = now();
    }
    bench->took[STAGE_PARSE][round] = facts;
    bench->took[STAGE_MERGE][round] = merge;
    must(record_index(so_far.facts, so_far.count, arena, record, &err), &err);
    bench->took[STAGE_INDEX][round] = now() - at;
    at = now();
    must(courses_make(record, arena, courses, &err), &err);
    bench->took[STAGE_COURSES][round] = now() - at;
    bench->took[STAGE_ALL][round] = now() - start;
}

/* The yardstick, in the same minute: other programs take this machine's time too. */
static void read_with_python(struct bench *bench, size_t round)
{
    static const char program[] =
        "python3 -c \"import sys,time,json\nt=0\n"
        "for p in sys.argv[1:]:\n b=open(p).read()\n s=time.process_time()\n json.loads(b)\n "
        "t+=time.process_time()-s\nprint(1000*t)\"";
    char command[8192];
    size_t size = (size_t)snprintf(command, sizeof(command), "%s", program);
    FILE *python;

    for (size_t i = 0; i < bench->count && size < sizeof(command); i++)
        size += (size_t)snprintf(command + size, sizeof(command) - size, " '%s'", bench->paths[i]);
    python = size < sizeof(command) ? popen(command, "r") : NULL;
    if (python == NULL || fscanf(python, "%lf", &bench->took[STAGE_PYTHON][round]) != 1)
        bench->took[STAGE_PYTHON][round] = 0;
    if (python != NULL)
        pclose(python);
}

static void read_json(struct bench *bench, size_t round)
{
    double start = now();

    for (size_t i = 0; i < bench->count; i++) {
        struct arena arena;
        struct json *root;
        struct error err;

        arena_init(&arena, 4096 * MIB);
        must(json_parse(bench->bundles[i], &arena, &root, &err), &err);
        arena_close(&arena);
    }
    bench->took[STAGE_JSON][round] = now() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double at_share(double *took, size_t count, double share)
{
    qsort(took, count, sizeof(*took), compare);
    return took[(size_t)((double)(count - 1) * share)];
}

static size_t read_questions(char **questions)
{
    char line[4096];
    size_t count = 0;

    while (count < QUESTIONS_MAX && fgets(line, sizeof(line), stdin) != NULL)
        if (slice_trim(slice_from(line)).size > 0)
            questions[count++] = strdup(line);
    for (size_t i = 0; count == 0 && i < sizeof(own_questions) / sizeof(own_questions[0]); i++)
        questions[i] = strdup(own_questions[i]);
    return count > 0 ? count : sizeof(own_questions) / sizeof(own_questions[0]);
}

static void measure_warm(const struct record *record, const struct courses *courses, size_t rounds)
{
    static char *questions[QUESTIONS_MAX];
    size_t count = read_questions(questions), at = 0;
    double *took = calloc(count * rounds, sizeof(*took));
    struct slice_measure measure = { .bytes_per_token = 4 };
    struct arena arena;

    arena_init(&arena, 512 * MIB);
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < count; i++) {
            struct slice_text text;
            struct error err;
            double start = now();

            arena_reuse(&arena, 512 * MIB);
            must(context_slice(record, courses, slice_trim(slice_from(questions[i])), 4000,
                               &measure, 0, &arena, &text, &err),
                 &err);
            took[at++] = now() - start;
        }
    printf("warm, 4,000 tokens: %zu questions: p50 %.2f ms, p99 %.2f ms, worst %.2f ms\n", count,
           at_share(took, at, 0.5), at_share(took, at, 0.99), at_share(took, at, 1));
    arena_close(&arena);
}

static void report(struct bench *bench, size_t rounds, const struct record *record)
{
    double python = at_share(bench->took[STAGE_PYTHON], rounds, 0.5);

    printf("%zu bytes of JSON, %zu facts\n", bench->bytes, record->live);
    for (int i = 0; i < STAGES; i++) {
        double best = at_share(bench->took[i], rounds, 0),
               half = at_share(bench->took[i], rounds, 0.5);

        printf("%-19s best %7.2f ms, median %7.2f ms (%.0f MB/s, %.1f times as fast as Python)\n",
               stage_names[i], best, half, (double)bench->bytes / half / 1e3, python / half);
    }
}

/* What a warm question without the record in memory costs: decrypting apart, unpack the stored
 * bytes, check the image, and use it where it lies. @opened and @courses are views into @arena. */
static void measure_open(const struct bench *bench, const struct record *record,
                         const struct courses *compiled, size_t rounds, struct arena *arena,
                         struct record *opened, struct courses *courses)
{
    static double took[4][ROUNDS_MAX];
    struct buffer image;
    size_t room, size;
    char *packed, *plain;
    struct error err;

    buffer_init(&image, arena);
    image_encode(record, compiled, &image);
    room = ZSTD_compressBound(image.size);
    packed = arena_alloc(arena, room);
    plain = arena_alloc(arena, image.size);
    for (size_t round = 0; round < rounds; round++) {
        double start = now(), at;
        struct buffer again;
        struct arena work;

        arena_init(&work, 1024 * MIB);
        buffer_init(&again, &work);
        image_encode(record, compiled, &again);
        arena_close(&work);
        at = now();
        took[0][round] = at - start;
        size = ZSTD_compress(packed, room, image.data, image.size, 3);
        start = now();
        took[1][round] = start - at;
        ZSTD_decompress(plain, image.size, packed, size);
        at = now();
        took[2][round] = at - start;
        must(image_check(slice_of(plain, image.size), &err), &err);
        image_open(slice_of(plain, image.size), opened, courses);
        took[3][round] = now() - at;
    }
    printf("compiled: %zu bytes, 1/%.1f of the JSON; packed for Redis %zu\n", image.size,
           (double)bench->bytes / (double)image.size, size);
    printf("image: made in %.2f ms, packed in %.2f ms; unpacked in %.2f ms, checked and opened in "
           "%.2f ms (medians)\n",
           at_share(took[0], rounds, 0.5), at_share(took[1], rounds, 0.5),
           at_share(took[2], rounds, 0.5), at_share(took[3], rounds, 0.5));
}

int main(int argc, char **argv)
{
    static struct bench bench;
    size_t rounds = argc > 1 && isdigit((unsigned char)argv[1][0]) ? strtoul(argv[1], NULL, 10) : 0;
    char **paths = argv + 1 + (rounds > 0);
    struct record record, opened;
    struct courses courses, of_image;
    struct arena arena, image;

    rounds = rounds == 0 ? 11 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    bench.count = (size_t)(argv + argc - paths);
    if (bench.count == 0) {
        fprintf(stderr, "usage: %s [ROUNDS] BUNDLE... [< QUESTIONS]\n", argv[0]);
        return 2;
    }
    bench.paths = paths;
    bench.bundles = calloc(bench.count, sizeof(*bench.bundles));
    for (size_t i = 0; i < bench.count; i++) {
        bench.bundles[i] = read_file(paths[i]);
        bench.bytes += bench.bundles[i].size;
    }
    arena_init(&arena, 4096 * MIB);
    for (size_t round = 0; round < rounds; round++) {
        read_with_python(&bench, round);
        read_json(&bench, round);
        arena_reuse(&arena, 4096 * MIB);
        read_cold(&bench, round, &arena, &record, &courses);
    }
    report(&bench, rounds, &record);
    arena_init(&image, 1024 * MIB);
    measure_open(&bench, &record, &courses, rounds, &image, &opened, &of_image);
    measure_warm(&opened, &of_image, rounds);
    arena_close(&image);
    arena_close(&arena);
    return 0;
}
