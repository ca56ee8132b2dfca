/* What texts to ids costs on one core: processor seconds of the process, medians of several passes,
 * in which the ways to do it take turns.
 *
 *     tokenizer_bench VOCABULARY [FILE]...
 *     tokenizer_bench --hard VOCABULARY [KIND]
 *     tokenizer_bench --open VOCABULARY FOLDER
 *
 * For each file: the first pass (nothing remembered), passes that follow, and counting; whole, and
 * in notes of 4 KiB. --hard: texts that are made to be hard, a megabyte each. A processor that is
 * shared runs at any speed: beside each speed are the cycles for a byte, by a chain of additions
 * that is timed before and after, and above all the speed of memcpy. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/limits.h"
#include "tokenizer_encode.h"
#include "tokenizer_file.h"
#include "tokenizer_open.h"
#include "tokenizer_state.h"

#define PASSES 9
#define NOTE_BYTES 4096
#define BUDGET 256
#define TEXT_BYTES_MAX (4u << 20)

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare_doubles);
    return values[count / 2];
}

static size_t encode(const struct tokenizer_vocab *vocab, struct slice text, struct arena *arena)
{
    struct tokenizer_ids ids;
    struct error err = { 0 };

    arena_reuse(arena, 1024 * MIB);
    if (tokenizer_encode(vocab, text, false, false, arena, &ids, &err) != STATUS_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return ids.count;
}

static size_t count(const struct tokenizer_vocab *vocab, struct slice text, struct arena *arena)
{
    size_t ids = 0;

    (void)arena;
    tokenizer_encode_count(vocab, text, &ids, NULL);
    return ids;
}

/* Is it over a budget of about a quarter of a note? */
static size_t count_to(const struct tokenizer_vocab *vocab, struct slice text, struct arena *arena)
{
    size_t ids = 0;

    (void)arena;
    tokenizer_encode_count_to(vocab, text, BUDGET, &ids, NULL);
    return ids;
}

/* Yardsticks
 * ------------------------------------------------------------------------------------------- */

/* Cycles a second: an addition that waits for the one before it takes one. */
static double clock_speed(void)
{
    const long count = 1000000;
    double start = cpu_seconds();
    unsigned long x = 0;

    for (long i = 0; i < count; i++) {
        x++;
        __asm__ volatile("" : "+r"(x));
    }
    return (double)count / (cpu_seconds() - start);
}

static double copy_speed(void)
{
    static char from[1 << 20], to[1 << 20];
    double start = cpu_seconds();

    for (int i = 0; i < 100; i++) {
        memcpy(to, from, sizeof(to));
        __asm__ volatile("" ::"r"(to) : "memory");
    }
    return 100 * sizeof(to) / (cpu_seconds() - start);
}

/* Passes
 * -----------------------------------------------------------------------------------------------
 */

typedef size_t (*work_fn)(const struct tokenizer_vocab *vocab, struct slice text,
                          struct arena *arena);

struct way {
    const char *name;
    work_fn work;
    size_t bytes; /* of a call; 0: the whole text */
    bool is_cold;
    double speeds[PASSES], cycles[PASSES]; /* MB/s; for a byte */
};

static void work(const struct tokenizer_vocab *vocab, const struct way *way, struct slice text,
                 struct arena *arena)
{
    size_t bytes = way->bytes == 0 ? text.size : way->bytes;

    for (size_t at = 0; at < text.size; at += bytes)
        way->work(vocab, slice_cut(text, at, at + bytes), arena);
}

/* What is not cold has been done once since the last cold pass. */
static void pass(const struct tokenizer_vocab *vocab, struct way *way, struct slice text,
                 struct arena *arena, int i)
{
    double clock, start, seconds;

    if (way->is_cold)
        tokenizer_vocab_forget(vocab);
    else
        work(vocab, way, text, arena);
    clock = clock_speed();
    start = cpu_seconds();
    work(vocab, way, text, arena);
    seconds = cpu_seconds() - start;
    clock = (clock + clock_speed()) / 2;
    way->speeds[i] = (double)text.size / 1e6 / seconds;
    way->cycles[i] = clock * seconds / (double)text.size;
}

/* A cold pass comes before the warm ones. */
static void measure(const struct tokenizer_vocab *vocab, const char *name, struct slice text,
                    struct way *ways, size_t count)
{
    struct arena arena;

    arena_init(&arena, 1024 * MIB);
    printf("%-16s %4.1f MB %8zu ids", name, (double)text.size / 1e6, encode(vocab, text, &arena));
    for (int i = 0; i < PASSES; i++)
        for (size_t way = 0; way < count; way++)
            pass(vocab, &ways[way], text, &arena, i);
    arena_close(&arena);
    for (size_t way = 0; way < count; way++)
        printf("   %s %4.0f (%.1f)", ways[way].name, median(ways[way].speeds, PASSES),
               median(ways[way].cycles, PASSES));
    printf("\n");
}

static void measure_file(const struct tokenizer_vocab *vocab, const char *name, struct slice text)
{
    struct way ways[] = {
        { "first", encode, 0, true, { 0 }, { 0 } },
        { "warm", encode, 0, false, { 0 }, { 0 } },
        { "count", count, 0, false, { 0 }, { 0 } },
        { "4 KiB", encode, NOTE_BYTES, false, { 0 }, { 0 } },
        { "count", count, NOTE_BYTES, false, { 0 }, { 0 } },
        { "to 256", count_to, NOTE_BYTES, false, { 0 }, { 0 } },
    };

    measure(vocab, name, text, ways, sizeof(ways) / sizeof(ways[0]));
    printf("%-16s %.1f us a note, counted %.1f, to a budget %.1f\n", "",
           NOTE_BYTES / median(ways[3].speeds, PASSES), NOTE_BYTES / median(ways[4].speeds, PASSES),
           NOTE_BYTES / median(ways[5].speeds, PASSES));
}

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(TEXT_BYTES_MAX);
    size_t size = file == NULL || bytes == NULL ? 0 : fread(bytes, 1, TEXT_BYTES_MAX, file);

    if (size == 0) {
        fprintf(stderr, "%s: not read\n", path);
        exit(1);
    }
    fclose(file);
    return slice_of(bytes, size);
}

/* Hard texts
 * --------------------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) * n >> 31);
}

static size_t put_letter(char *at, const char *letters)
{
    *at = letters[random_below((uint32_t)strlen(letters))];
    return 1;
}

static size_t put_point(char *at, uint32_t point)
{
    if (point < 0x80) {
        at[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        at[0] = (char)(0xc0 | point >> 6);
        at[1] = (char)(0x80 | (point & 63));
        return 2;
    }
    if (point < 0x10000) {
        at[0] = (char)(0xe0 | point >> 12);
        at[1] = (char)(0x80 | (point >> 6 & 63));
        at[2] = (char)(0x80 | (point & 63));
        return 3;
    }
    at[0] = (char)(0xf0 | point >> 18);
    at[1] = (char)(0x80 | (point >> 12 & 63));
    at[2] = (char)(0x80 | (point >> 6 & 63));
    at[3] = (char)(0x80 | (point & 63));
    return 4;
}

static uint32_t any_point(void)
{
    uint32_t point = 1 + random_below(0x10FFFF);

    return point >= 0xD800 && point < 0xE000 ? 'x' : point;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZ" LOWER "0123456789+/"

static size_t put_hard(char *at, int kind)
{
    switch (kind) {
    case 0:
        *at = 'a';
        return 1;
    case 1:
        *at = ' ';
        return 1;
    case 2:
        *at = '\n';
        return 1;
    case 3:
        return put_letter(at, LOWER);
    case 4:
        return put_letter(at, BASE64);
    case 5:
        return put_point(at, 0x4E00 + random_below(0x5000));
    case 6:
        return put_point(at, 0x300 + random_below(0x70));
    case 7:
        return put_point(at, 0x1F300 + random_below(0x300));
    case 8:
        return put_point(at, any_point());
    case 9:
        return put_letter(at, "ab");
    case 10:
        return put_letter(at, "0123456789");
    case 11:
        return put_letter(at, "!@#$%^&*()-=_+[]{};:'\",.<>/?");
    case 12:
        return put_point(at, 0xAC00 + random_below(11172));
    case 13:
        return put_letter(at, " \n\t");
    case 14:
        *at = (char)random_below(256);
        return 1;
    default:
        return put_letter(at, "'sS ");
    }
}

static void measure_hard(const struct tokenizer_vocab *vocab, const char *only)
{
    static const char *const names[] = {
        "one letter",    "blanks",      "newlines",       "random a-z", "base64", "random CJK",
        "marks",         "emoji",       "random Unicode", "a and b",    "digits", "signs",
        "random Hangul", "white space", "random bytes",   "quotes"
    };
    static char bytes[(1 << 20) + 8];

    for (size_t kind = 0; kind < sizeof(names) / sizeof(names[0]); kind++) {
        struct way ways[] = {
            { "first", encode, 0, true, { 0 }, { 0 } },
            { "warm", encode, 0, false, { 0 }, { 0 } },
            { "count", count, 0, false, { 0 }, { 0 } },
        };
        size_t size = 0;

        if (only != NULL && strcmp(only, names[kind]) != 0)
            continue;
        while (size < 1 << 20)
            size += put_hard(bytes + size, (int)kind);
        measure(vocab, names[kind], slice_of(bytes, size), ways, sizeof(ways) / sizeof(ways[0]));
    }
}

static struct tokenizer_vocab *open_vocab(const char *path)
{
    struct error err = { 0 };
    double start = cpu_seconds();
    struct tokenizer_vocab *vocab = tokenizer_open(path, &err);

    if (vocab == NULL) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s: %u pieces, read and compiled in %.1f ms; %.2f GHz, memcpy %.1f GB/s\n"
           "MB/s (cycles a byte):\n",
           path, vocab->size, (cpu_seconds() - start) * 1e3, clock_speed() / 1e9,
           copy_speed() / 1e9);
    return vocab;
}

static int measure_texts(int argc, char **argv)
{
    struct tokenizer_vocab *vocab = open_vocab(argv[1]);

    for (int i = 2; i < argc; i++) {
        struct slice text = read_file(argv[i]);
        const char *name = strrchr(argv[i], '/');

        measure_file(vocab, name == NULL ? argv[i] : name + 1, text);
        free((void *)(uintptr_t)text.data);
    }
    tokenizer_vocab_destroy(vocab);
    return 0;
}

static double wall_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int measure_open(const char *path, const char *folder)
{
    double times[21], cpu[21];
    size_t image_bytes = 0;
    struct error err = { 0 };

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        double start = wall_seconds(), cpu_start = cpu_seconds();
        struct tokenizer_vocab *vocab = tokenizer_file_open(path, folder, &err);

        times[i] = (wall_seconds() - start) * 1e3;
        cpu[i] = (cpu_seconds() - cpu_start) * 1e3;
        if (vocab == NULL) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        image_bytes = vocab->state->image->size_bytes;
        tokenizer_vocab_destroy(vocab);
    }
    printf("%s: first %.1f ms; then %.2f ms, of it %.2f ms of processor (medians of 20), %.1f MB "
           "mapped\n",
           path, times[0], median(times + 1, 20), median(cpu + 1, 20), (double)image_bytes / 1e6);
    return 0;
}

int main(int argc, char **argv)
{
    struct tokenizer_vocab *vocab;

    if (argc == 4 && strcmp(argv[1], "--open") == 0)
        return measure_open(argv[2], argv[3]);
    if (argc < 2 || (strcmp(argv[1], "--hard") == 0 && argc < 3)) {
        fprintf(stderr, "usage: tokenizer_bench [--hard] VOCABULARY [FILE]...\n");
        return 1;
    }
    if (strcmp(argv[1], "--hard") != 0)
        return measure_texts(argc, argv);
    vocab = open_vocab(argv[2]);
    measure_hard(vocab, argc < 4 ? NULL : argv[3]);
    tokenizer_vocab_destroy(vocab);
    return 0;
}
