/* Noted on rpc threads, under a lock; written on the loop, by a timer that looks each second. */
#include "rpc/refusals.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/audit_log.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"

#define LOOK_MS 1000
#define PEERS_MAX 64 /* that one second's refusals are told apart of */

struct refused {
    char peer[AUDIT_TEXT_BYTES_MAX];
    const char *method;
    uint64_t count;
};

struct refusals {
    struct audit_log *audit;
    struct timer timer;
    void (*closed)(void *owner);
    void *owner;
    pthread_mutex_t lock; /* of what follows */
    struct refused refused[PEERS_MAX];
    size_t count;
};

/* Under the lock. The last place stands for all that found none. */
static struct refused *find_place(struct refusals *refusals, const char *peer, const char *method)
{
    struct refused *place;

    for (size_t i = 0; i < refusals->count; i++) {
        place = &refusals->refused[i];
        if (place->method == method && strcmp(place->peer, peer) == 0)
            return place;
    }
    if (refusals->count == PEERS_MAX) {
        place = &refusals->refused[PEERS_MAX - 1];
        snprintf(place->peer, sizeof(place->peer), "several");
        return place;
    }
    place = &refusals->refused[refusals->count++];
    snprintf(place->peer, sizeof(place->peer), "%s", peer);
    place->method = method;
    place->count = 0;
    return place;
}

void refusals_note(struct refusals *refusals, const char *peer, const char *method)
{
    char cut[AUDIT_TEXT_BYTES_MAX];

    snprintf(cut, sizeof(cut), "%s", peer);
    pthread_mutex_lock(&refusals->lock);
    find_place(refusals, cut, method)->count++;
    pthread_mutex_unlock(&refusals->lock);
}

static void append(struct refusals *refusals, const struct refused *refused)
{
    const struct audit_record record = {
        .action = AUDIT_ACTION_REFUSE,
        .outcome = STATUS_PERMISSION_DENIED,
        .caller = refused->peer,
        .method = refused->method,
        .count = refused->count,
        .detail = "not in the table of peers",
    };
    struct error err = { 0 };

    if (audit_append(refusals->audit, &record, NULL, NULL, &err) != STATUS_OK)
        log_error("audit_lost", LOG_ERROR(&err));
}

static void write_all(struct refusals *refusals)
{
    struct refused refused[PEERS_MAX];
    size_t count;

    pthread_mutex_lock(&refusals->lock);
    count = refusals->count;
    memcpy(refused, refusals->refused, count * sizeof(*refused));
    refusals->count = 0;
    pthread_mutex_unlock(&refusals->lock);
    for (size_t i = 0; i < count; i++)
        append(refusals, &refused[i]);
}

static void on_look(struct timer *timer)
{
    write_all(LIST_ITEM(timer, struct refusals, timer));
}

struct refusals *refusals_open(struct loop *loop, const char *service, const char *folder,
                               const char *key_file, struct error *err)
{
    struct refusals *refusals = calloc(1, sizeof(*refusals));
    char host[64] = "", source[128];
    const struct audit_options options = {
        .folder = folder,
        .key_file = key_file,
        .source = source,
        .segment_bytes = 64 * MIB,
        .home = &loop->mailbox,
    };

    gethostname(host, sizeof(host) - 1);
    snprintf(source, sizeof(source), "%s@%s", service, host);
    if (refusals == NULL)
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a log of refusals");
    else
        refusals->audit = audit_open(&options, err);
    if (refusals == NULL || refusals->audit == NULL) {
        free(refusals);
        return NULL;
    }
    pthread_mutex_init(&refusals->lock, NULL);
    timer_init(&refusals->timer, loop, on_look);
    timer_start(&refusals->timer, LOOK_MS, LOOK_MS);
    return refusals;
}

static void on_timer_closed(struct timer *timer)
{
    struct refusals *refusals = LIST_ITEM(timer, struct refusals, timer);

    refusals->closed(refusals->owner);
    pthread_mutex_destroy(&refusals->lock);
    free(refusals);
}

void refusals_close(struct refusals *refusals, void (*closed)(void *owner), void *owner)
{
    refusals->closed = closed;
    refusals->owner = owner;
    write_all(refusals);
    audit_close(refusals->audit);
    timer_close(&refusals->timer, on_timer_closed);
}
