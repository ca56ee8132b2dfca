#include "rpc/rpc_retry.h"

#include <stdlib.h>

#include "run/clock.h"

#define ATTEMPTS_DEFAULT 3
#define BACKOFF_NS_FIRST (100 * CLOCK_NS_PER_MS)
#define BACKOFF_NS_MAX CLOCK_NS_PER_S

/* As long as it takes to connect anew, and in all half a second. */
#define UNSEEN_MAX 8
#define UNSEEN_BACKOFF_NS_FIRST (2 * CLOCK_NS_PER_MS)

void retries_init(struct retries *retries, const struct method *method,
                  const struct rpc_options *options)
{
    unsigned attempts = options->attempts_max == 0 ? ATTEMPTS_DEFAULT : options->attempts_max;

    retries->left = method->is_repeatable ? attempts - 1 : 0;
    retries->unseen_left = UNSEEN_MAX;
    retries->backoff_ns = BACKOFF_NS_FIRST;
    retries->unseen_backoff_ns = UNSEEN_BACKOFF_NS_FIRST;
}

void retries_note(const struct rpc *rpc, enum status status)
{
    if (rpc->is_unseen)
        channel_nudge(rpc->channel);
    else
        channel_note(rpc->channel, status != STATUS_UNAVAILABLE);
}

static bool is_free(const struct retries *retries, const struct rpc *rpc)
{
    return rpc->is_unseen && retries->unseen_left > 0;
}

bool retries_allow(const struct retries *retries, const struct rpc *rpc)
{
    bool is_now_free = is_free(retries, rpc);
    uint64_t wait_ns = is_now_free ? retries->unseen_backoff_ns : retries->backoff_ns;

    return (is_now_free || (retries->left > 0 && channel_may_retry(rpc->channel)))
           && !rpc->is_cancelled && (rpc->parent == NULL || !call_is_cancelled(rpc->parent))
           && clock_now() + wait_ns < rpc->deadline_ns;
}

/* A fifth more or less, so that callers who failed together do not come back together. */
static uint64_t jitter(uint64_t ns)
{
    return ns - ns / 5 + (uint64_t)random() % (ns / 5 * 2);
}

static uint64_t take(unsigned *left, uint64_t *backoff_ns)
{
    uint64_t wait_ns = jitter(*backoff_ns);

    (*left)--;
    *backoff_ns = *backoff_ns * 2 > BACKOFF_NS_MAX ? BACKOFF_NS_MAX : *backoff_ns * 2;
    return wait_ns;
}

void retries_wait(struct retries *retries, struct rpc *rpc, struct op *op,
                  void (*done)(struct op *op, bool is_ok))
{
    uint64_t wait_ns = is_free(retries, rpc)
                           ? take(&retries->unseen_left, &retries->unseen_backoff_ns)
                           : take(&retries->left, &retries->backoff_ns);

    rpc->refs++;
    *op = (struct op){ .done = done, .on_loop = client_on_loop(rpc->client) };
    client_timer(rpc->client, rpc->thread, op, clock_now() + wait_ns);
}
