/* The caller's side of admission: who has been refused for want of room asks less. A server under
 * overload still pays for each call that it refuses, and where calls are cheap that alone can use
 * it up; so of a method that is refused, a caller sends little more than what the server has taken
 * of late, and refuses the rest itself (after the adaptive throttling of Google's SRE book). Nor
 * does it send much less than the server could take a while ago: where one of two replicas lags
 * behind, half of what is sent fails however little that is, and the other would be asked ever
 * less. */
#ifndef RPC_THROTTLE_H
#define RPC_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: nothing is known. Not thread-safe. */
struct throttle {
    double asked, taken;          /* calls of late: after THROTTLE_HALF_NS they count for half */
    double just_sent, just_taken; /* those of just now: after a quarter of it */
    double best;                  /* what @taken was at best: after THROTTLE_BEST_NS, half of it */
    unsigned out;                 /* that were sent and have not ended */
    uint64_t at_ns;               /* when the numbers were brought up to date */
};

#define THROTTLE_HALF_NS (1000 * (uint64_t)1000000)
#define THROTTLE_BEST_NS (8000 * (uint64_t)1000000)
#define THROTTLE_OUT_MIN 512

enum throttle_end {
    THROTTLE_END_TAKEN,
    THROTTLE_END_REFUSED, /* for want of room or time */
    THROTTLE_END_UNKNOWN,
};

/* Whether a call may be sent. @chance is uniform, from 0 to under 1. @is_short: one of those that
 * take moments, of which no more are out at once than come back in an eighth of a second (or
 * THROTTLE_OUT_MIN). */
bool throttle_may_send(struct throttle *throttle, uint64_t now_ns, bool is_short, double chance);

/* Of every call that is sent, its start and its end. */
void throttle_note_start(struct throttle *throttle);

void throttle_note_end(struct throttle *throttle, uint64_t now_ns, enum throttle_end end);

#endif
