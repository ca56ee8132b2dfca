/* Time. One place to ask, so that a test can hold it still. */
#ifndef RUN_CLOCK_H
#define RUN_CLOCK_H

#include <stdint.h>

#define CLOCK_NS_PER_US 1000ull
#define CLOCK_NS_PER_MS 1000000ull
#define CLOCK_NS_PER_S 1000000000ull

/* No deadline. */
#define CLOCK_NEVER UINT64_MAX

/* Nanoseconds of CLOCK_MONOTONIC, or of the fake clock. Any thread. */
uint64_t clock_now(void);

/* Milliseconds since 1970, or of the fake clock. Any thread. */
int64_t clock_wall_ms(void);

/* Stop the clock at @ns (both clocks then read it); CLOCK_NEVER lets it run again. Tests only. */
void clock_fake(uint64_t ns);

#endif
