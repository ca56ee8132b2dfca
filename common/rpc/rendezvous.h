/* Which of several replicas a key belongs to: rendezvous hashing (Thaler and Ravishankar, "Using
 * Name-Based Mappings to Increase Hit Rates", 1998) with bounded loads (Mirrokni, Thorup and
 * Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018).
 *
 * Each key ranks all replicas by hash(key, replica). It goes to the first that is ready and has not
 * more than its share of the calls, a quarter above the mean. When a replica goes, only its own
 * keys move, and each to the next in its own ranking; when one comes, only those that rank it first
 * do. */
#ifndef RPC_RENDEZVOUS_H
#define RPC_RENDEZVOUS_H

#include <stdbool.h>

#include "base/slice.h"

struct rendezvous_replica {
    struct slice name; /* its address */
    bool is_ready;
    unsigned in_flight; /* calls of ours */
};

#define RENDEZVOUS_NONE SIZE_MAX

/* An index into @replicas; RENDEZVOUS_NONE: none is ready. Any thread. */
size_t rendezvous_choose(struct slice key, const struct rendezvous_replica *replicas, size_t count);

#endif
