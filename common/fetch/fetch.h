/* Requests that this process makes of other servers by HTTP: libcurl on the loop. For few and small
 * things (key sets, tokens, pages of a record), each bounded in bytes and time.
 *
 * Only https, but for addresses of this machine. Redirections are not followed: whoever could
 * redirect would choose where our credentials go. Loop thread throughout. */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/slice.h"
#include "run/loop.h"

struct fetcher;
struct fetch;

/* @authority_file: PEM of the CAs that servers must come from; NULL: those of the system. Both
 * outlive the fetcher. */
struct fetcher *fetcher_create(struct loop *loop, const char *authority_file, struct error *err);

/* What still runs ends with CANCELLED, now. Memory goes when libuv has let go. */
void fetcher_destroy(struct fetcher *fetcher);

struct fetch_options {
    const char *url;
    const char *accept;    /* NULL: anything */
    const char *bearer;    /* NULL: none is shown */
    const char *form;      /* POST this as application/x-www-form-urlencoded; NULL: GET */
    const char *body_type; /* POST @body as this; NULL: GET, or @form */
    struct slice body;     /* not copied: outlives the fetch */
    /* Each piece of a reply of 200 as it comes, which is then not kept; false: enough, the fetch
     * ends with CANCELLED. NULL: the reply's body is the pieces together. */
    bool (*on_piece)(void *arg, struct slice piece);
    size_t bytes_max;    /* of the body that is kept; RESOURCE_EXHAUSTED beyond */
    uint32_t timeout_ms; /* for all of it */
};

struct fetch_reply {
    unsigned code; /* of HTTP */
    struct slice body;
};

/* @reply lives until this returns; NULL: @err says why none came (UNAVAILABLE, DEADLINE_EXCEEDED,
 * RESOURCE_EXHAUSTED, CANCELLED), without the server's words. Once, never before fetch_start has
 * returned. */
typedef void (*fetch_cb)(void *arg, const struct fetch_reply *reply, const struct error *err);

/* Everything in @options is copied. INVALID_ARGUMENT for a URL that is not taken. @fetch (may be
 * NULL) is for fetch_cancel. */
enum status fetch_start(struct fetcher *fetcher, const struct fetch_options *options, fetch_cb done,
                        void *arg, struct fetch **fetch, struct error *err);

/* It ends now; its callback does not come. */
void fetch_cancel(struct fetch *fetch);

/* Whether @url is one that fetch_start takes: https, or http to this machine; no user or password
 * in it. */
bool fetch_takes(const char *url);

/* @url as it stands in a document that came from @base: perhaps relative. In @arena; NULL: it is no
 * URL, or no memory. */
const char *fetch_resolve(const char *base, struct slice url, struct arena *arena);

/* Whether both have the same scheme, host and port: what may see what was shown to the other. */
bool fetch_is_same_origin(const char *url, const char *other);

#endif
