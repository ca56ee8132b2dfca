#include "rpc/rendezvous.h"

#include "base/hash.h"

/* Calls that a replica may have with one more: a quarter over the mean of those that are ready,
 * rounded up, so that there is always one with room. */
static unsigned share(const struct rendezvous_replica *replicas, size_t count)
{
    unsigned ready = 0, calls = 1;

    for (size_t i = 0; i < count; i++)
        if (replicas[i].is_ready) {
            ready++;
            calls += replicas[i].in_flight;
        }
    return ready == 0 ? 0 : (calls * 5 + ready * 4 - 1) / (ready * 4);
}

size_t rendezvous_choose(struct slice key, const struct rendezvous_replica *replicas, size_t count)
{
    unsigned most = share(replicas, count);
    uint64_t seed = hash_bytes(key, 0), best = 0;
    size_t chosen = RENDEZVOUS_NONE;

    for (size_t i = 0; i < count; i++) {
        uint64_t score = hash_bytes(replicas[i].name, seed);

        if (!replicas[i].is_ready || replicas[i].in_flight >= most)
            continue;
        if (chosen == RENDEZVOUS_NONE || score > best) {
            chosen = i;
            best = score;
        }
    }
    return chosen;
}
