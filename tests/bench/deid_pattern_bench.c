/* The pattern set of de-identification beside two well-known matchers, on the same expressions:
 *
 *     deid_pattern_bench TEXT [ROUNDS]
 *
 * Ours and PCRE2 (compiled to machine code, each expression by itself) are asked where a digit, a
 * capital, '+' or '(' begins a word; vectorscan reads every byte, without and with the starts of
 * what it finds. MB (1,000,000 bytes) for each second of the process's own processor time, the
 * median. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs/hs.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "deid_pattern.h"
#include "deid_token.h"

#define PATTERNS_MAX 128
#define ROUNDS_MAX 100
#define TEXT_BYTES_MAX ((size_t)256 << 20)

struct bench {
    struct slice text;
    const char *expressions[PATTERNS_MAX];
    bool is_any_case[PATTERNS_MAX];
    unsigned count;
    int rounds;
    struct deid_patterns patterns;
    pcre2_code *codes[PATTERNS_MAX];
    pcre2_match_data *match;
    hs_database_t *database;
    hs_scratch_t *scratch;
};

static double cpu_seconds(void)
{
    struct timespec at;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static bool is_start(struct slice text, size_t at)
{
    char c = text.data[at];

    return (at == 0 || !deid_is_word(text.data[at - 1]))
           && (deid_is_digit(c) || (c >= 'A' && c <= 'Z') || c == '+' || c == '(');
}

static unsigned long run_ours(struct bench *bench)
{
    unsigned long found = 0;
    struct deid_span span;

    for (size_t at = 0; at < bench->text.size; at++)
        if (is_start(bench->text, at))
            found += deid_patterns_find(&bench->patterns, bench->text, at, &span);
    return found;
}

static unsigned long run_pcre(struct bench *bench)
{
    unsigned long found = 0;

    for (size_t at = 0; at < bench->text.size; at++)
        for (unsigned i = 0; i < bench->count && is_start(bench->text, at); i++)
            found += pcre2_match(bench->codes[i], (PCRE2_SPTR)bench->text.data, bench->text.size,
                                 at, 0, bench->match, NULL)
                     >= 0;
    return found;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
    (void)id, (void)from, (void)to, (void)flags;
    ++*(unsigned long *)context;
    return 0;
}

static unsigned long run_hyperscan(struct bench *bench)
{
    unsigned long found = 0;

    hs_scan(bench->database, bench->text.data, (unsigned)bench->text.size, 0, bench->scratch,
            on_match, &found);
    return found;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

static void measure(struct bench *bench, const char *name, double built_s,
                    unsigned long (*run)(struct bench *bench))
{
    double rates[ROUNDS_MAX];
    unsigned long found = 0;

    for (int i = 0; i < bench->rounds; i++) {
        double start = cpu_seconds();

        found = run(bench);
        rates[i] = (double)bench->text.size / 1e6 / (cpu_seconds() - start);
    }
    qsort(rates, (size_t)bench->rounds, sizeof(rates[0]), compare);
    printf("%-24s built in %7.1f ms %8.1f MB/s  %lu found\n", name, built_s * 1e3,
           rates[bench->rounds / 2], found);
}

static void bench_pcre(struct bench *bench)
{
    double start = cpu_seconds();

    for (unsigned i = 0; i < bench->count; i++) {
        size_t offset;
        int number;

        bench->codes[i] = pcre2_compile(
            (PCRE2_SPTR)bench->expressions[i], PCRE2_ZERO_TERMINATED,
            PCRE2_ANCHORED | (bench->is_any_case[i] ? PCRE2_CASELESS : 0), &number, &offset, NULL);
        if (bench->codes[i] == NULL) {
            fprintf(stderr, "PCRE2 does not take expression %u\n", i);
            return;
        }
        pcre2_jit_compile(bench->codes[i], PCRE2_JIT_COMPLETE);
    }
    bench->match = pcre2_match_data_create(64, NULL);
    measure(bench, "PCRE2, compiled", cpu_seconds() - start, run_pcre);
}

static void bench_hyperscan(struct bench *bench, const char *name, unsigned flag)
{
    unsigned flags[PATTERNS_MAX], ids[PATTERNS_MAX];
    hs_compile_error_t *err;
    double start = cpu_seconds();

    for (unsigned i = 0; i < bench->count; i++) {
        flags[i] = flag | (bench->is_any_case[i] ? HS_FLAG_CASELESS : 0);
        ids[i] = i;
    }
    if (hs_compile_multi(bench->expressions, flags, ids, bench->count, HS_MODE_BLOCK, NULL,
                         &bench->database, &err)
            != HS_SUCCESS
        || hs_alloc_scratch(bench->database, &bench->scratch) != HS_SUCCESS) {
        fprintf(stderr, "vectorscan does not take the expressions\n");
        return;
    }
    measure(bench, name, cpu_seconds() - start, run_hyperscan);
    hs_free_scratch(bench->scratch);
    hs_free_database(bench->database);
    bench->scratch = NULL;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    char *bytes = malloc(TEXT_BYTES_MAX);
    struct arena arena;
    double start;

    if (file == NULL || bytes == NULL) {
        fprintf(stderr, "usage: deid_pattern_bench TEXT [ROUNDS]\n");
        return 2;
    }
    bench.text = slice_of(bytes, fread(bytes, 1, TEXT_BYTES_MAX, file));
    bench.rounds = argc > 2 ? atoi(argv[2]) : 5;
    if (bench.rounds < 1 || bench.rounds > ROUNDS_MAX || bench.text.size == 0)
        return 2;
    while (bench.count < PATTERNS_MAX
           && (bench.expressions[bench.count] =
                   deid_patterns_expression(bench.count, &bench.is_any_case[bench.count]))
                  != NULL)
        bench.count++;
    arena_init(&arena, (size_t)64 << 20);
    start = cpu_seconds();
    if (deid_patterns_init(&bench.patterns, &arena, NULL) != STATUS_OK)
        return 1;
    printf("%u expressions, %.2f MB of text; ours: %u states, %.2f MB\n", bench.count,
           (double)bench.text.size / 1e6, bench.patterns.automaton.states,
           bench.patterns.automaton.states * bench.patterns.automaton.classes * 2e-6);
    measure(&bench, "ours", cpu_seconds() - start, run_ours);
    bench_pcre(&bench);
    bench_hyperscan(&bench, "vectorscan", 0);
    bench_hyperscan(&bench, "vectorscan, with starts", HS_FLAG_SOM_LEFTMOST);
    return 0;
}
