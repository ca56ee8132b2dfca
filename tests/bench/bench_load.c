#include "bench_load.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "run/clock.h"

#define SAMPLES_MAX (1u << 21)
#define OPEN_MAX 4096

struct load {
    struct channel *channel;
    const struct method *method;
    const void *request;
    uint64_t end_ns, deadline_ms;
    bool is_open;
    float *samples_us; /* of the polling thread */
    unsigned samples;
    uint64_t failed, refused, late, refused_ns;
    atomic_uint in_flight;
    sem_t is_over;
};

struct slot {
    struct load *load;
    uint64_t started_ns;
};

static void on_reply(void *arg, const void *reply, const struct error *err);

static void begin(struct slot *slot)
{
    struct load *load = slot->load;
    struct rpc_options options = { .attempts_max = 1 };
    struct error err = { 0 };

    slot->started_ns = clock_now();
    options.deadline_ns = slot->started_ns + load->deadline_ms * CLOCK_NS_PER_MS;
    CHECK(rpc_call(load->channel, load->method, load->request, &options, on_reply, slot, NULL, &err)
          == STATUS_OK);
}

static void end(struct slot *slot)
{
    struct load *load = slot->load;

    if (load->is_open)
        free(slot);
    if (atomic_fetch_sub(&load->in_flight, 1) == 1)
        sem_post(&load->is_over);
}

static void count_failed(struct load *load, enum status status, uint64_t ns)
{
    load->failed++;
    if (status == STATUS_DEADLINE_EXCEEDED)
        load->late++;
    if (status != STATUS_RESOURCE_EXHAUSTED)
        return;
    load->refused++;
    load->refused_ns += ns;
}

static void on_reply(void *arg, const void *reply, const struct error *err)
{
    struct slot *slot = arg;
    struct load *load = slot->load;
    uint64_t now_ns = clock_now();

    (void)reply;
    if (err->status != STATUS_OK)
        count_failed(load, err->status, now_ns - slot->started_ns);
    else if (load->samples < SAMPLES_MAX)
        load->samples_us[load->samples++] = (float)(now_ns - slot->started_ns) / 1000;
    if (load->is_open || now_ns >= load->end_ns)
        end(slot);
    else
        begin(slot);
}

static void load_open(struct load *load, struct channel *channel, const struct method *method,
                      const void *request)
{
    *load = (struct load){ .channel = channel, .method = method, .request = request };
    load->samples_us = malloc(SAMPLES_MAX * sizeof(float));
    CHECK(load->samples_us != NULL);
    sem_init(&load->is_over, 0, 0);
    atomic_init(&load->in_flight, 1); /* ours, until everything has been begun */
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Waits for the calls that still run. */
static struct bench_result load_close(struct load *load, uint64_t started_ns)
{
    struct bench_result result = { 0 };
    double seconds;

    if (atomic_fetch_sub(&load->in_flight, 1) != 1)
        sem_wait(&load->is_over);
    seconds = (double)(clock_now() - started_ns) / 1e9;
    result.calls = load->samples + load->failed;
    result.calls_per_s = load->samples / seconds;
    result.failed_per_s = (double)load->failed / seconds;
    result.refused_per_s = (double)load->refused / seconds;
    result.late_per_s = (double)load->late / seconds;
    if (load->refused > 0)
        result.refused_us = (double)load->refused_ns / 1000 / (double)load->refused;
    qsort(load->samples_us, load->samples, sizeof(float), compare);
    if (load->samples > 0) {
        result.p50_us = load->samples_us[load->samples / 2];
        result.p99_us = load->samples_us[(uint64_t)load->samples * 99 / 100];
    }
    free(load->samples_us);
    sem_destroy(&load->is_over);
    return result;
}

struct bench_result bench_load_closed(struct channel *channel, const struct method *method,
                                      const void *request, unsigned in_flight, uint64_t ms)
{
    struct slot *slots = calloc(in_flight, sizeof(*slots));
    struct bench_result result;
    struct load load;
    uint64_t started_ns;
    unsigned i;

    CHECK(slots != NULL);
    load_open(&load, channel, method, request);
    started_ns = clock_now();
    load.end_ns = started_ns + ms * CLOCK_NS_PER_MS;
    load.deadline_ms = ms + 10000;
    for (i = 0; i < in_flight; i++) {
        slots[i].load = &load;
        atomic_fetch_add(&load.in_flight, 1);
        begin(&slots[i]);
    }
    result = load_close(&load, started_ns);
    free(slots);
    return result;
}

static void sleep_until(uint64_t ns)
{
    struct timespec at = { .tv_sec = (time_t)(ns / CLOCK_NS_PER_S),
                           .tv_nsec = (long)(ns % CLOCK_NS_PER_S) };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

struct bench_result bench_load_open(struct channel *channel, const struct method *method,
                                    const void *request, double calls_per_s, uint64_t deadline_ms,
                                    uint64_t ms)
{
    uint64_t started_ns, count = (uint64_t)(calls_per_s * (double)ms / 1000), i;
    struct load load;

    load_open(&load, channel, method, request);
    load.is_open = true;
    load.deadline_ms = deadline_ms;
    started_ns = clock_now();
    for (i = 0; i < count; i++) {
        struct slot *slot;

        sleep_until(started_ns + (uint64_t)((double)i / calls_per_s * 1e9));
        if (atomic_load(&load.in_flight) > OPEN_MAX)
            continue;
        slot = calloc(1, sizeof(*slot));
        CHECK(slot != NULL);
        slot->load = &load;
        atomic_fetch_add(&load.in_flight, 1);
        begin(slot);
    }
    return load_close(&load, started_ns);
}
