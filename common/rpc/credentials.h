/* TLS and mutual TLS from PEM files, watched: replaced files are used for new connections without a
 * restart, and a pair that does not fit or does not parse is refused with a log line while the last
 * good pair serves on. */
#ifndef RPC_CREDENTIALS_H
#define RPC_CREDENTIALS_H

#include <stdbool.h>

#include "base/error.h"
#include "run/loop.h"

struct credentials;

struct credentials_options {
    const char *certificate_file; /* PEM chain, leaf first; NULL, as the key then is: a client that
                                     shows none */
    const char *key_file;         /* PEM */
    const char *authority_file;   /* PEM of the CAs that peers must come from; NULL on a server:
                                     clients need no certificate */
    uint32_t watch_ms;            /* how often the files are looked at; 0: 1000 */
};

/* FAILED_PRECONDITION when the files do not make a good pair at the start. Loop thread. */
struct credentials *credentials_create(struct loop *loop, const struct credentials_options *options,
                                       struct error *err);

/* Tell @on_look, on the loop, whenever the files have been replaced: by good ones (@err is OK), or
 * by ones that cannot be used. */
void credentials_on_look(struct credentials *credentials,
                         void (*on_look)(void *arg, const struct error *err), void *arg);

/* After every server and channel that uses them. Memory goes back when libuv has let go of the
 * timer. */
void credentials_destroy(struct credentials *credentials);

#endif
