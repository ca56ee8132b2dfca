/* What a call costs, beside gRPC's C++ server; and what is left of a server that is offered four
 * times what it can do.
 *
 *     rpc_bench echo|overload FOLDER [--ms N] [--repeats N] [--in-flight N]     FOLDER holds
 * echo_server and echo_server_cpp
 *
 * The load comes from common/rpc's client, one thread, one connection, and is the same for both
 * servers; the servers have a processor, the load has the others. Repeats are interleaved, so that
 * whatever else the machine does meets both. The figures are medians over the repeats; a ratio is
 * the median of the ratios of neighbours. */
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
#define CAPACITY_IN_FLIGHT 4

struct sample {
    double calls_per_s, p50_us, p99_us, cpu_us;
};

static struct client *client;
static uint64_t run_ms = 2000;
static unsigned repeats = 5;
static unsigned only_in_flight; /* 0: all of them */

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

#define MEDIAN_OF(samples, field)                                                                  \
    ({                                                                                             \
        double values_[REPEATS_MAX];                                                               \
        for (unsigned i_ = 0; i_ < repeats; i_++)                                                  \
            values_[i_] = (samples)[i_].field;                                                     \
        median(values_);                                                                           \
    })

static void print_row(const char *name, unsigned in_flight, const struct sample *samples)
{
    printf("%-10s %9u %10.0f %9.0f %9.0f %12.1f\n", name, in_flight,
           MEDIAN_OF(samples, calls_per_s), MEDIAN_OF(samples, p50_us), MEDIAN_OF(samples, p99_us),
           MEDIAN_OF(samples, cpu_us));
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

/* Capacity before and after, so that a machine that grows slower meanwhile is not taken for a
 * server that does. */
static struct bench_result offer_too_much(struct channel *channel, double *capacity)
{
    Consilium__V1__CountRequest request = CONSILIUM__V1__COUNT_REQUEST__INIT;
    struct bench_result before, over, after;

    before = bench_load_closed(channel, &method_tokenizer_count, &request, CAPACITY_IN_FLIGHT,
                               run_ms / 2);
    over = bench_load_open(channel, &method_tokenizer_count, &request,
                           before.calls_per_s * OVERLOAD, OVERLOAD_DEADLINE_MS, run_ms);
    after = bench_load_closed(channel, &method_tokenizer_count, &request, CAPACITY_IN_FLIGHT,
                              run_ms / 2);
    *capacity = (before.calls_per_s + after.calls_per_s) / 2;
    return over;
}

static void overload(const struct bench_process *c)
{
    struct channel *channel = connect_to(c);
    struct bench_result over[REPEATS_MAX];
    double share[REPEATS_MAX], capacity[REPEATS_MAX];
    unsigned i;

    printf(
        "overload: 2 ms of work a call, %d times the capacity offered, deadline %d ms, %u repeats of %.1f s\n"
        "%10s %10s %10s %10s %10s %10s %12s\n",
        OVERLOAD, OVERLOAD_DEADLINE_MS, repeats, (double)run_ms / 1000, "capacity", "goodput",
        "share", "late/s", "p50 us", "p99 us", "refused in us");
    for (i = 0; i < repeats; i++) {
        over[i] = offer_too_much(channel, &capacity[i]);
        share[i] = over[i].calls_per_s / capacity[i];
        printf("%10.0f %10.0f %9.1f%% %10.0f %10.0f %10.0f %12.0f\n", capacity[i],
               over[i].calls_per_s, 100 * share[i], over[i].late_per_s, over[i].p50_us,
               over[i].p99_us, over[i].refused_us);
        fflush(stdout);
    }
    channel_destroy(channel);
    printf("median: capacity %.0f calls/s, goodput %.0f calls/s = %.1f %% of capacity\n",
           median(capacity), MEDIAN_OF(over, calls_per_s), 100 * median(share));
}

static int usage(void)
{
    fprintf(stderr,
            "usage: rpc_bench echo|overload FOLDER [--ms N] [--repeats N] [--in-flight N]\n");
    return 2;
}

static bool read_flags(int argc, char **argv)
{
    int i;

    for (i = 3; i + 1 < argc; i += 2) {
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

static void echo(const struct bench_process *c, const struct bench_process *cpp)
{
    static const unsigned in_flight[] = { 1, 8, 64 };
    size_t i;

    printf("echo of %d bytes, median of %u repeats of %.1f s\n%-10s %9s %10s %9s %9s %12s\n",
           ECHO_BYTES, repeats, (double)run_ms / 1000, "server", "in flight", "calls/s", "p50 us",
           "p99 us", "CPU us/call");
    for (i = 0; i < sizeof(in_flight) / sizeof(in_flight[0]); i++)
        if (only_in_flight == 0 || only_in_flight == in_flight[i])
            compare_servers(c, cpp, in_flight[i]);
}

static bool start(struct bench_process *process, const char *name, const char *folder,
                  const char *program)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, program);
    return bench_process_start(process, name, path);
}

int main(int argc, char **argv)
{
    struct bench_process c = { 0 }, cpp = { 0 };
    struct error err = { 0 };
    bool is_echo, is_started;

    if (argc < 3 || !read_flags(argc, argv)
        || (strcmp(argv[1], "echo") != 0 && strcmp(argv[1], "overload") != 0))
        return usage();
    is_echo = strcmp(argv[1], "echo") == 0;
    if (is_echo)
        bench_process_part();
    is_started = start(&c, "consilium", argv[2], "echo_server")
                 && (!is_echo || start(&cpp, "cpp", argv[2], "echo_server_cpp"));
    client = is_started ? client_create(NULL, CLIENT_PLACE_INLINE, 1, &err) : NULL;
    if (client != NULL && is_echo)
        echo(&c, &cpp);
    else if (client != NULL)
        overload(&c);
    if (client != NULL)
        client_destroy(client);
    bench_process_stop(&c);
    bench_process_stop(&cpp);
    return client == NULL ? 1 : 0;
}
