/* The hospital's FHIR server, as the configuration names it, and the token that it has given us.
 * Loop thread. */
#ifndef GATEWAY_HOSPITAL_H
#define GATEWAY_HOSPITAL_H

#include "gateway.h"
#include "gateway_smart.h"

struct hospital {
    const char *base;      /* without a '/' at its end */
    const char *client_id; /* NULL: nobody signs in */
    const char *tenant;    /* whose patients are there */
    struct smart_key *key;
    char *endpoint;         /* where tokens are to be had; NULL: not asked yet */
    char *token;            /* NULL: none */
    uint64_t token_ends_ns; /* of clock_now */
};

enum status gateway_hospital_open(struct gateway *gateway, struct error *err);
void gateway_hospital_close(struct gateway *gateway);

/* The token while it is good for a while; NULL: sign in. */
const char *hospital_token(const struct hospital *hospital);

/* Keep a token for @life_s, and no longer than an hour. */
void hospital_keep(struct hospital *hospital, struct slice token, double life_s);
void hospital_forget(struct hospital *hospital);

#endif
