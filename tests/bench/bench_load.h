/* Load on one channel: closed loop (so many calls in flight) and open loop (so many calls a second,
 * come what may). */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdint.h>

#include "rpc/client.h"

struct bench_result {
    double calls_per_s; /* that succeeded */
    double failed_per_s;
    double refused_per_s, late_per_s; /* of the failed: RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED */
    double p50_us, p99_us;            /* of those that succeeded */
    double refused_us;                /* mean until a refusal */
    uint64_t calls;                   /* that ended */
};

/* @in_flight calls of @method for @ms; what they send is @request. CLIENT_PLACE_INLINE. */
struct bench_result bench_load_closed(struct channel *channel, const struct method *method,
                                      const void *request, unsigned in_flight, uint64_t ms);

/* @calls_per_s calls begun each second for @ms, each with a deadline of @deadline_ms; no more than
 * 4096 at once. */
struct bench_result bench_load_open(struct channel *channel, const struct method *method,
                                    const void *request, double calls_per_s, uint64_t deadline_ms,
                                    uint64_t ms);

#endif
