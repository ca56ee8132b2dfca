/* What Encode of a 4 KiB note costs over gRPC, beside the rpc layer's empty call:
 *
 *     tokenizer_rpc_bench FOLDER VOCABULARY [IN_FLIGHT]     FOLDER holds tokenizer and echo_server
 *
 * Same client, one connection, interleaved repeats; medians, and the median of the ratios of
 * neighbours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_load.h"
#include "bench_process.h"

#define REPEATS 5
#define RUN_MS 1500
#define WARM_MS 500
#define LOAD_MS_MAX 30000 /* a large vocabulary is read in about a second */
#define LOAD_STEP_MS 50
#define NOTE_BYTES 4096

static struct client *client;

/* Prose with numbers, no two lines alike. */
static const char *make_note(void)
{
    static char note[NOTE_BYTES + 256];
    size_t at = 0;

    for (unsigned day = 1; at < NOTE_BYTES; day++)
        at += (size_t)snprintf(
            note + at, 256,
            "Day %u: blood pressure %u/%u mmHg, heart rate %u/min, creatinine 1.%u mg/dL; the patient "
            "denies chest pain and takes metformin %u mg twice daily.\n",
            day, 120 + day % 37, 70 + day % 19, 60 + day % 31, day % 10, 250 * (1 + day % 4));
    note[NOTE_BYTES] = '\0';
    return note;
}

/* A script that says the port and becomes the service: bench_process wants it said. */
static bool start_tokenizer(struct bench_process *process, const char *folder,
                            const char *vocabulary)
{
    char path[] = "/tmp/tokenizer_rpc_bench_XXXXXX";
    int file = mkstemp(path), port = 20000 + (int)(getpid() % 10000);
    FILE *script = file < 0 ? NULL : fdopen(file, "w");
    bool is_started;

    if (script == NULL)
        return false;
    fprintf(
        script,
        "#!/bin/sh\necho port %d\nexec %s/tokenizer --model '%s' --listen 127.0.0.1:%d --log-level error\n",
        port, folder, vocabulary, port);
    fclose(script);
    chmod(path, 0700);
    is_started = bench_process_start(process, "tokenizer", path);
    sleep(1); /* the shell has opened the script by then */
    unlink(path);
    return is_started;
}

static struct channel *connect_to(const struct bench_process *server)
{
    char target[64];
    struct channel_options options = { .service = server->name, .target = target };
    struct error err = { 0 };
    struct channel *channel;

    snprintf(target, sizeof(target), "127.0.0.1:%d", server->port);
    channel = channel_create(client, &options, &err);
    if (channel == NULL)
        fprintf(stderr, "%s\n", err.text);
    return channel;
}

/* Until it has read its vocabulary, it refuses. */
static bool wait_for_first(struct channel *channel, const void *request)
{
    for (unsigned waited = 0; waited < LOAD_MS_MAX; waited += LOAD_STEP_MS) {
        struct bench_result result =
            bench_load_closed(channel, &method_tokenizer_encode, request, 1, LOAD_STEP_MS);

        if (result.calls_per_s > 0)
            return true;
    }
    fprintf(stderr, "no call has succeeded in %d s\n", LOAD_MS_MAX / 1000);
    return false;
}

struct sample {
    double calls_per_s, cpu_us;
};

static struct sample measure(const struct bench_process *server, struct channel *channel,
                             const struct method *method, const void *request, unsigned in_flight)
{
    struct bench_result result;
    uint64_t cpu_ns;

    bench_load_closed(channel, method, request, in_flight, WARM_MS);
    cpu_ns = bench_process_cpu_ns(server);
    result = bench_load_closed(channel, method, request, in_flight, RUN_MS);
    cpu_ns = bench_process_cpu_ns(server) - cpu_ns;
    if (result.failed_per_s > 0)
        fprintf(stderr, "%s: %.0f calls a second failed\n", server->name, result.failed_per_s);
    return (struct sample){ result.calls_per_s, (double)cpu_ns / 1000 / (double)result.calls };
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, REPEATS, sizeof(*values), compare);
    return values[REPEATS / 2];
}

static bool run(const struct bench_process *tokenizer, const struct bench_process *echo,
                unsigned in_flight)
{
    Consilium__V1__EncodeRequest encode = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    Consilium__V1__DecodeRequest empty = CONSILIUM__V1__DECODE_REQUEST__INIT;
    struct channel *to_tokenizer = connect_to(tokenizer), *to_echo = connect_to(echo);
    double notes[REPEATS], calls[REPEATS], rate[REPEATS], notes_cpu[REPEATS], calls_cpu[REPEATS],
        cpu[REPEATS];

    encode.text = (char *)(uintptr_t)make_note();
    if (!wait_for_first(to_tokenizer, &encode)) {
        channel_destroy(to_tokenizer);
        channel_destroy(to_echo);
        return false;
    }
    for (unsigned i = 0; i < REPEATS; i++) {
        struct sample a =
            measure(tokenizer, to_tokenizer, &method_tokenizer_encode, &encode, in_flight);
        struct sample b = measure(echo, to_echo, &method_tokenizer_decode, &empty, in_flight);

        notes[i] = a.calls_per_s;
        notes_cpu[i] = a.cpu_us;
        calls[i] = b.calls_per_s;
        calls_cpu[i] = b.cpu_us;
        rate[i] = b.calls_per_s / a.calls_per_s;
        cpu[i] = a.cpu_us / b.cpu_us;
    }
    printf(
        "%u in flight         calls/s   CPU us/call\nEncode 4 KiB    %10.0f  %10.1f\nempty call      %10.0f  %10.1f\n"
        "cost               %6.2fx  %9.2fx\n",
        in_flight, median(notes), median(notes_cpu), median(calls), median(calls_cpu), median(rate),
        median(cpu));
    channel_destroy(to_tokenizer);
    channel_destroy(to_echo);
    return true;
}

int main(int argc, char **argv)
{
    struct bench_process tokenizer = { 0 }, echo = { 0 };
    char path[4096];
    struct error err;
    bool has_run;

    if (argc < 3) {
        fprintf(stderr, "usage: tokenizer_rpc_bench FOLDER VOCABULARY [IN_FLIGHT]\n");
        return 2;
    }
    bench_process_part();
    snprintf(path, sizeof(path), "%s/echo_server", argv[1]);
    client = client_create(NULL, CLIENT_PLACE_INLINE, 1, &err);
    if (client == NULL || !bench_process_start(&echo, "echo", path)
        || !start_tokenizer(&tokenizer, argv[1], argv[2]))
        return 1;
    has_run = run(&tokenizer, &echo, argc > 3 ? (unsigned)atoi(argv[3]) : 64);
    bench_process_stop(&tokenizer);
    bench_process_stop(&echo);
    client_destroy(client);
    return has_run ? 0 : 1;
}
