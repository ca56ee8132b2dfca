/* Key sets of issuers by address: fetched at the start, when they are old, and when a token names a
 * key that is not in them, but not more often than --jwks-floor. Loop thread. */
#ifndef GATEWAY_JWKS_H
#define GATEWAY_JWKS_H

#include "gateway.h"

#define GATEWAY_JWKS_MAX 32

/* What is known of one address. */
struct gateway_jwks {
    struct gateway *gateway;
    char *url;                 /* NULL: the place is free */
    uint64_t asked_ns, got_ns; /* 0: never */
    bool is_out, is_failing, is_wanted;
};

/* INVALID_ARGUMENT where @access has an address that cannot be asked, or too many. */
enum status gateway_jwks_check(struct access *access, struct error *err);

/* Ask for what is due. Every second. */
void gateway_jwks_look(struct gateway *gateway);

void gateway_jwks_close(struct gateway *gateway);

#endif
