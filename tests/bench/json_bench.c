/* How fast a library gets a document into our tree: json_bench_LIBRARY FILE [ROUNDS] prints the
 * best and the median round. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "json_bench.h"

#define ROUNDS_MAX 1000

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
        perror(path);
        exit(1);
    }
    rewind(file);
    data = malloc((size_t)size + 1);
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size)
        exit(1);
    data[size] = '\0';
    fclose(file);
    return slice_of(data, (size_t)size);
}

static double now(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

static size_t count_nodes(const struct json *root)
{
    size_t count = 1;

    for (const struct json *item = json_first(root); item != NULL; item = item->next)
        count += count_nodes(item);
    return count;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static double seconds[ROUNDS_MAX];
    int rounds = argc > 2 ? atoi(argv[2]) : 30;
    size_t nodes = 0;
    struct slice bytes;

    if (argc < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: %s FILE [ROUNDS]\n", argv[0]);
        return 2;
    }
    bytes = read_file(argv[1]);
    for (int i = 0; i < rounds; i++) {
        struct arena arena;
        double start = now();
        struct json *root;

        arena_init(&arena, 1024 * MIB);
        root = json_bench_read(bytes, &arena);
        seconds[i] = now() - start;
        if (root == NULL) {
            fprintf(stderr, "%s: refused\n", json_bench_name);
            return 1;
        }
        nodes = count_nodes(root);
        arena_close(&arena);
    }
    qsort(seconds, (size_t)rounds, sizeof(double), compare);
    printf("%-9s %zu bytes, %zu nodes: best %.2f ms (%.0f MB/s), median %.2f ms (%.0f MB/s)\n",
           json_bench_name, bytes.size, nodes, seconds[0] * 1e3,
           (double)bytes.size / seconds[0] / 1e6, seconds[rounds / 2] * 1e3,
           (double)bytes.size / seconds[rounds / 2] / 1e6);
    return 0;
}
