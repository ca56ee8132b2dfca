#include "rpc/lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/list.h"

struct lookup {
    struct loop *loop;
    struct address name;
    lookup_found_cb on_found; /* NULL: destroyed */
    void *arg;
    struct timer due;
    uv_getaddrinfo_t request;
    bool is_asking, is_timer_closed;
};

bool lookup_reads_name(const char *target, struct address *name)
{
    struct sockaddr_storage sockaddr;

    if (strncmp(target, "dns:", 4) == 0)
        target = strrchr(target, '/') == NULL ? target + 4 : strrchr(target, '/') + 1;
    return strchr(target, ',') == NULL && address_parse(target, name, NULL) == STATUS_OK
           && !name->is_unix && uv_ip4_addr(name->host, 0, (struct sockaddr_in *)&sockaddr) != 0
           && uv_ip6_addr(name->host, 0, (struct sockaddr_in6 *)&sockaddr) != 0;
}

static void release(struct lookup *lookup)
{
    if (lookup->is_timer_closed && !lookup->is_asking)
        free(lookup);
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct lookup *lookup = LIST_ITEM(request, struct lookup, request);

    lookup->is_asking = false;
    if (status == 0 && lookup->on_found != NULL)
        lookup->on_found(lookup->arg, found);
    uv_freeaddrinfo(found);
    release(lookup);
}

static void on_due(struct timer *timer)
{
    static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct lookup *lookup = LIST_ITEM(timer, struct lookup, due);

    if (!lookup->is_asking)
        lookup->is_asking = uv_getaddrinfo(&lookup->loop->uv, &lookup->request, on_answer,
                                           lookup->name.host, NULL, &hints)
                            == 0;
}

struct lookup *lookup_create(struct loop *loop, const struct address *name, uint64_t delay_ms,
                             uint64_t interval_ms, lookup_found_cb on_found, void *arg)
{
    struct lookup *lookup = fault_is_due() ? NULL : calloc(1, sizeof(*lookup));

    if (lookup == NULL)
        return NULL;
    lookup->loop = loop;
    lookup->name = *name;
    lookup->on_found = on_found;
    lookup->arg = arg;
    timer_init(&lookup->due, loop, on_due);
    timer_start(&lookup->due, delay_ms, interval_ms);
    return lookup;
}

static void on_timer_closed(struct timer *timer)
{
    struct lookup *lookup = LIST_ITEM(timer, struct lookup, due);

    lookup->is_timer_closed = true;
    release(lookup);
}

void lookup_destroy(struct lookup *lookup)
{
    lookup->on_found = NULL;
    if (lookup->is_asking)
        uv_cancel((uv_req_t *)&lookup->request);
    timer_close(&lookup->due, on_timer_closed);
}
