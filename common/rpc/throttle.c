#include "rpc/throttle.h"

#include <math.h>

/* So many times what was taken is sent. While next to all is taken, there may be room for more;
 * else it is so little that refusing the rest does not cost a server what its calls cost. */
#define SENT_OF_TAKEN_ROOM 1.25
#define SENT_OF_TAKEN_FULL 1.05
#define REFUSED_SHARE_ROOM 0.05

/* And this share of the best: a replica that lags is sent less than it can do, and catches up. */
#define SENT_OF_BEST 0.75

/* So many may fail without anything being concluded: they come on top of what is sent, so a server
 * that does no more than a few hundred a second feels them. */
#define FREE_CALLS 16

/* Of short calls, what comes back within so many seconds may be out. */
#define OUT_S 0.125

static void age(struct throttle *throttle, uint64_t now_ns)
{
    double passed_ns = (double)(now_ns - throttle->at_ns);
    double left = exp2(-passed_ns / (double)THROTTLE_HALF_NS);

    throttle->best *= exp2(-passed_ns / (double)THROTTLE_BEST_NS);
    throttle->asked *= left;
    throttle->taken *= left;
    throttle->just_sent *= left * left * left * left;
    throttle->just_taken *= left * left * left * left;
    throttle->at_ns = now_ns;
}

/* A call counts for 1/ln 2 half-lives in all. */
static double taken_a_second(const struct throttle *throttle)
{
    return throttle->taken * M_LN2 * 1e9 / (double)THROTTLE_HALF_NS;
}

static bool has_room(const struct throttle *throttle, bool is_short, double chance)
{
    double just_refused = throttle->just_sent - throttle->just_taken;
    bool is_taken = just_refused <= REFUSED_SHARE_ROOM * throttle->just_sent;
    double more = is_taken ? SENT_OF_TAKEN_ROOM : SENT_OF_TAKEN_FULL;
    double sent = fmax(more * throttle->taken, SENT_OF_BEST * throttle->best);
    double over = throttle->asked - sent - FREE_CALLS;

    if (is_short && throttle->out >= THROTTLE_OUT_MIN
        && throttle->out > OUT_S * taken_a_second(throttle))
        return false;
    return over <= 0 || chance >= over / (throttle->asked + 1);
}

bool throttle_may_send(struct throttle *throttle, uint64_t now_ns, bool is_short, double chance)
{
    if (throttle->asked > FREE_CALLS || throttle->out >= THROTTLE_OUT_MIN) {
        age(throttle, now_ns);
        if (!has_room(throttle, is_short, chance)) {
            throttle->asked++;
            return false;
        }
    }
    return true;
}

void throttle_note_start(struct throttle *throttle)
{
    throttle->out++;
}

void throttle_note_end(struct throttle *throttle, uint64_t now_ns, enum throttle_end end)
{
    throttle->out--;
    if (end == THROTTLE_END_UNKNOWN)
        return;
    age(throttle, now_ns);
    throttle->asked++;
    throttle->just_sent++;
    throttle->taken += end == THROTTLE_END_TAKEN;
    throttle->just_taken += end == THROTTLE_END_TAKEN;
    throttle->best = fmax(throttle->best, throttle->taken);
}
