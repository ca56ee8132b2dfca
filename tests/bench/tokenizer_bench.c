/* What texts to ids costs on one core: user seconds of the process, medians of several passes.
 *
 *     tokenizer_bench VOCABULARY [FILE]...
 *     tokenizer_bench --open VOCABULARY FOLDER
 *
 * For each file: the first pass (nothing remembered), passes that follow, and counting; whole, and
 * in notes of 4 KiB. Then texts that are made to be hard, a megabyte each, with nothing remembered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/limits.h"
#include "tokenizer_encode.h"
#include "tokenizer_file.h"
#include "tokenizer_open.h"
#include "tokenizer_state.h"

#define PASSES 5
#define NOTE_BYTES 4096
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

typedef size_t (*work_fn)(const struct tokenizer_vocab *vocab, struct slice text,
                          struct arena *arena);

/* MB/s over @text in pieces of @bytes; *ids gets the number of ids. */
static double pass(const struct tokenizer_vocab *vocab, work_fn work, struct slice text,
                   size_t bytes, struct arena *arena, size_t *ids)
{
    double start = cpu_seconds();

    *ids = 0;
    for (size_t at = 0; at < text.size; at += bytes)
        *ids += work(vocab, slice_cut(text, at, at + bytes), arena);
    return (double)text.size / 1e6 / (cpu_seconds() - start);
}

static double passes(const struct tokenizer_vocab *vocab, work_fn work, struct slice text,
                     size_t bytes, bool is_cold)
{
    double speeds[PASSES];
    struct arena arena;
    size_t ids;

    arena_init(&arena, 1024 * MIB);
    for (int i = 0; i < PASSES; i++) {
        if (is_cold)
            tokenizer_vocab_forget(vocab);
        speeds[i] = pass(vocab, work, text, bytes, &arena, &ids);
    }
    arena_close(&arena);
    return median(speeds, PASSES);
}

static void measure(const struct tokenizer_vocab *vocab, const char *name, struct slice text)
{
    struct arena arena;
    size_t ids;

    arena_init(&arena, 1024 * MIB);
    pass(vocab, encode, text, text.size, &arena, &ids);
    arena_close(&arena);
    printf("%-28s %5.1f MB  %8zu ids   first %4.0f   warm %4.0f   4 KiB %4.0f (%.1f us)   count "
           "%4.0f   count 4 KiB %4.0f\n",
           name, (double)text.size / 1e6, ids, passes(vocab, encode, text, text.size, true),
           passes(vocab, encode, text, text.size, false),
           passes(vocab, encode, text, NOTE_BYTES, false),
           NOTE_BYTES / passes(vocab, encode, text, NOTE_BYTES, false),
           passes(vocab, count, text, text.size, false),
           passes(vocab, count, text, NOTE_BYTES, false));
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

static void measure_hard(const struct tokenizer_vocab *vocab)
{
    static const char *const names[] = {
        "one letter",    "blanks",      "newlines",       "random a-z", "base64", "random CJK",
        "marks",         "emoji",       "random Unicode", "a and b",    "digits", "signs",
        "random Hangul", "white space", "random bytes",   "quotes"
    };
    static char bytes[(1 << 20) + 8];

    for (size_t kind = 0; kind < sizeof(names) / sizeof(names[0]); kind++) {
        size_t size = 0;
        struct slice text;

        while (size < 1 << 20)
            size += put_hard(bytes + size, (int)kind);
        text = slice_of(bytes, size);
        printf("%-28s %5.1f MB                 first %4.0f   warm %4.0f   count %4.0f\n",
               names[kind], (double)size / 1e6, passes(vocab, encode, text, size, true),
               passes(vocab, encode, text, size, false), passes(vocab, count, text, size, false));
    }
}

static int measure_texts(int argc, char **argv)
{
    struct error err = { 0 };
    double start = cpu_seconds();
    struct tokenizer_vocab *vocab = argc < 2 ? NULL : tokenizer_open(argv[1], &err);

    if (vocab == NULL) {
        fprintf(stderr, "%s\n",
                argc < 2 ? "usage: tokenizer_bench VOCABULARY [FILE]..." : err.text);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s: %u pieces, read and compiled in %.1f ms; MB/s follow\n", argv[1], vocab->size,
           (cpu_seconds() - start) * 1e3);
    for (int i = 2; i < argc; i++) {
        struct slice text = read_file(argv[i]);
        const char *name = strrchr(argv[i], '/');

        measure(vocab, name == NULL ? argv[i] : name + 1, text);
        free((void *)(uintptr_t)text.data);
    }
    if (argc == 2)
        measure_hard(vocab);
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
    if (argc == 4 && strcmp(argv[1], "--open") == 0)
        return measure_open(argv[2], argv[3]);
    return measure_texts(argc, argv);
}
