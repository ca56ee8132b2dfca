/* What a call costs, beside gRPC's C++ server; and what is left of a server that is offered four times what it can do.
 *
 *     rpc_bench FOLDER [--ms N] [--repeats N] [--in-flight N]     FOLDER holds echo_server and echo_server_cpp
 *
 * The load comes from common/rpc's client, one thread, one connection, and is the same for both servers. Repeats are
 * interleaved, so that whatever else the machine does meets both. The figures are medians over the repeats; a ratio is the
 * median of the ratios of neighbours. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_load.h"
#include "bench_process.h"
#include "run/clock.h"

#define REPEATS_MAX 32
#define ECHO_BYTES 200
#define WARM_MS 300
#define OVERLOAD 4
#define OVERLOAD_DEADLINE_MS 200

struct sample {
    double calls_per_s, p50_us, p99_us, cpu_us;
};

static struct client *client;
static uint64_t run_ms = 2000;
static unsigned repeats = 5;
static unsigned only_in_flight; /* 0: all of them, and the overload */

static struct channel *connect_to(const struct bench_process *server)
{
    char target[64];
    struct channel_options options = { .service = server->name, .target = target };
    struct error err = { 0 };
    struct channel *channel;

    snprintf(target, sizeof(target), "127.0.0.1:%d", server->port);
    channel = channel_create(client, &options, &err);
    if (channel == NULL) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return channel;
}

static struct sample measure(const struct bench_process *server, unsigned in_flight)
{
    static uint8_t bytes[ECHO_BYTES];
    Consilium__V1__DecodeRequest request = CONSILIUM__V1__DECODE_REQUEST__INIT;
    struct channel *channel = connect_to(server);
    struct bench_result result;
    uint64_t cpu_ns;

    request.state = (ProtobufCBinaryData){ .len = sizeof(bytes), .data = bytes };
    bench_load_closed(channel, &method_tokenizer_decode, &request, in_flight, WARM_MS);
    cpu_ns = bench_process_cpu_ns(server);
    result = bench_load_closed(channel, &method_tokenizer_decode, &request, in_flight, run_ms);
    cpu_ns = bench_process_cpu_ns(server) - cpu_ns;
    channel_destroy(channel);
    if (result.failed_per_s > 0)
        fprintf(stderr, "%s: %.0f calls a second failed\n", server->name, result.failed_per_s);
    return (struct sample){ result.calls_per_s, result.p50_us, result.p99_us,
                            (double)cpu_ns / 1000 / (double)result.calls };
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const double *values)
{
    double sorted[REPEATS_MAX];

    memcpy(sorted, values, repeats * sizeof(double));
    qsort(sorted, repeats, sizeof(double), compare);
    return sorted[repeats / 2];
}

#define MEDIAN_OF(samples, field)                        \
    ({                                                   \
        double values_[REPEATS_MAX];                     \
        for (unsigned i_ = 0; i_ < repeats; i_++)        \
            values_[i_] = (samples)[i_].field;           \
        median(values_);                                 \
    })

static void print_row(const char *name, unsigned in_flight, const struct sample *samples)
{
    printf("%-10s %9u %10.0f %9.0f %9.0f %12.1f\n", name, in_flight, MEDIAN_OF(samples, calls_per_s),
           MEDIAN_OF(samples, p50_us), MEDIAN_OF(samples, p99_us), MEDIAN_OF(samples, cpu_us));
}

static void compare_servers(const struct bench_process *c, const struct bench_process *cpp,
                            unsigned in_flight)
{
    struct sample ours[REPEATS_MAX], theirs[REPEATS_MAX];
    double calls[REPEATS_MAX], cpu[REPEATS_MAX];
    unsigned i;

    for (i = 0; i < repeats; i++) {
        /* Who goes first changes. */
        if (i % 2 == 0)
            ours[i] = measure(c, in_flight);
        theirs[i] = measure(cpp, in_flight);
        if (i % 2 != 0)
            ours[i] = measure(c, in_flight);
        calls[i] = ours[i].calls_per_s / theirs[i].calls_per_s;
        cpu[i] = ours[i].cpu_us / theirs[i].cpu_us;
    }
    print_row("consilium", in_flight, ours);
    print_row("c++ async", in_flight, theirs);
    printf("%-10s %9u %9.2fx %31.2fx\n", "ratio", in_flight, median(calls), median(cpu));
    fflush(stdout);
}

static void overload(const struct bench_process *c)
{
    Consilium__V1__CountRequest request = CONSILIUM__V1__COUNT_REQUEST__INIT;
    struct channel *channel = connect_to(c);
    double goodput[REPEATS_MAX], p50[REPEATS_MAX], share[REPEATS_MAX], capacity[REPEATS_MAX];
    unsigned i;

    for (i = 0; i < repeats; i++) {
        struct bench_result full, over;

        full = bench_load_closed(channel, &method_tokenizer_count, &request, 4, run_ms);
        over = bench_load_open(channel, &method_tokenizer_count, &request,
                               full.calls_per_s * OVERLOAD, OVERLOAD_DEADLINE_MS, run_ms);
        capacity[i] = full.calls_per_s;
        goodput[i] = over.calls_per_s;
        p50[i] = over.p50_us;
        share[i] = over.calls_per_s / full.calls_per_s;
    }
    channel_destroy(channel);
    printf("\noverload: 2 ms of work, capacity %.0f calls/s, %dx offered, deadline %d ms\n"
           "goodput %.0f calls/s = %.1f %% of capacity, p50 %.0f us\n",
           median(capacity), OVERLOAD, OVERLOAD_DEADLINE_MS, median(goodput), 100 * median(share),
           median(p50));
}

static int usage(void)
{
    fprintf(stderr, "usage: rpc_bench FOLDER [--ms N] [--repeats N] [--in-flight N]\n");
    return 2;
}

static bool read_flags(int argc, char **argv)
{
    int i;

    for (i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--ms") == 0)
            run_ms = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--repeats") == 0)
            repeats = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--in-flight") == 0)
            only_in_flight = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else
            return false;
    }
    return i == argc && run_ms > 0 && repeats > 0 && repeats <= REPEATS_MAX;
}

int main(int argc, char **argv)
{
    static const unsigned in_flight[] = { 1, 8, 64 };
    struct bench_process c, cpp;
    struct error err = { 0 };
    char path[4096];
    size_t i;

    if (argc < 2 || !read_flags(argc, argv))
        return usage();
    snprintf(path, sizeof(path), "%s/echo_server", argv[1]);
    if (!bench_process_start(&c, "consilium", path))
        return 1;
    snprintf(path, sizeof(path), "%s/echo_server_cpp", argv[1]);
    if (!bench_process_start(&cpp, "cpp", path)) {
        bench_process_stop(&c);
        return 1;
    }
    client = client_create(NULL, CLIENT_PLACE_INLINE, 1, &err);
    printf("echo of %d bytes, median of %u repeats of %.1f s\n%-10s %9s %10s %9s %9s %12s\n", ECHO_BYTES,
           repeats, (double)run_ms / 1000, "server", "in flight", "calls/s", "p50 us", "p99 us",
           "CPU us/call");
    for (i = 0; i < sizeof(in_flight) / sizeof(in_flight[0]); i++)
        if (only_in_flight == 0 || only_in_flight == in_flight[i])
            compare_servers(&c, &cpp, in_flight[i]);
    if (only_in_flight == 0)
        overload(&c);
    client_destroy(client);
    bench_process_stop(&c);
    bench_process_stop(&cpp);
    return 0;
}
