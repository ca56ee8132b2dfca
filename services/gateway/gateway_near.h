/* How near a question is to what a record's lines are named after, as a model says that embeds both
 * (--slice-near): one more signal for context's ranking. Names come again in every record, so their
 * vectors are kept, bounded.
 *
 *   NAMES (context) ─► ENCODE ─► EMBED, the question and the names that are new, so many at a time ─► nearness
 *
 * Loop thread. */
#ifndef GATEWAY_NEAR_H
#define GATEWAY_NEAR_H

#include "gateway.h"

struct near_request {
    const struct patient_name *patient;
    const char *question; /* redacted */
    const struct call *parent;
    struct arena *arena;
};

/* The nearest names, @count of them in @request->arena. Where anything fails there are none, and
 * the question is answered without this signal. */
typedef void (*near_done_cb)(void *arg, Consilium__V1__NameNear **names, size_t count);

/* @done comes later, never before this has returned. False: nothing was begun, and it does not. */
bool near_start(struct gateway *gateway, const struct near_request *request, near_done_cb done,
                void *arg);

#endif
