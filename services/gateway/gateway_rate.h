/* How much a caller may ask: requests and tokens a minute, in buckets that fill evenly. They are in
 * Redis, so that all gateways share them, and are looked at and taken from in one round trip. What
 * an answer cost is known when it is over: its tokens are taken then, and the next request waits
 * until the bucket is above empty again. Loop thread. */
#ifndef GATEWAY_RATE_H
#define GATEWAY_RATE_H

#include "gateway.h"

struct access_identity;

struct rate_verdict {
    bool is_allowed;
    bool is_known; /* Redis has said so; else the configuration has, and only is_allowed counts */
    uint32_t requests_limit, requests_left; /* limit 0: there is none */
    uint32_t tokens_limit, tokens_left;
    uint32_t requests_reset_ms, tokens_reset_ms; /* until all of it is there again */
    uint32_t retry_ms;                           /* of what is not allowed */
};

typedef void (*rate_cb)(void *arg, const struct rate_verdict *verdict);

/* Connect, where the configuration names a Redis. */
enum status gateway_rate_open(struct gateway *gateway, struct error *err);
void gateway_rate_close(struct gateway *gateway);

/* One request of @identity (NULL: anybody), for @method. False: nothing limits it, and @on_verdict
 * does not come; else it comes later, once. What is refused is in the audit log: who, and how often
 * since it was last told, at most once a second. */
bool gateway_rate_take(struct gateway *gateway, const struct access_identity *identity,
                       const char *method, rate_cb on_verdict, void *arg);

/* Tokens that an answer to @identity has cost. */
void gateway_rate_charge(struct gateway *gateway, const struct access_identity *identity,
                         uint64_t tokens);

/* What a caller that @verdict refuses is told. */
void gateway_rate_error(const struct rate_verdict *verdict, struct error *err);

#endif
