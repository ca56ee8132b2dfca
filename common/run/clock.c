#include "run/clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic uint64_t fake_ns = CLOCK_NEVER;

static uint64_t read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_now(void)
{
    uint64_t fake = atomic_load_explicit(&fake_ns, memory_order_relaxed);

    return fake != CLOCK_NEVER ? fake : read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    uint64_t fake = atomic_load_explicit(&fake_ns, memory_order_relaxed);

    return (int64_t)((fake != CLOCK_NEVER ? fake : read_clock(CLOCK_REALTIME)) / CLOCK_NS_PER_MS);
}

void clock_fake(uint64_t ns)
{
    atomic_store_explicit(&fake_ns, ns, memory_order_relaxed);
}
