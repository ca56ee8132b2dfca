#include "store/redis_primary.h"

static void on_state(void *owner, bool is_ready)
{
    struct redis_primary *primary = owner;
    bool was_ready = primary->is_ready;

    primary->is_ready = is_ready && redis_connection_is_ready(primary->asks)
                        && redis_connection_is_ready(primary->writes);
    if (primary->is_ready != was_ready)
        primary->on_state(primary->owner, primary->is_ready);
}

static bool on_locate(void *owner, struct address *address)
{
    struct redis_primary *primary = owner;

    return primary->locate(primary->owner, address);
}

enum status redis_primary_open(struct redis_primary *primary,
                               const struct redis_connection_options *options, struct error *err)
{
    struct redis_connection_options own = *options;

    *primary = (struct redis_primary){
        .on_state = options->on_state,
        .locate = options->locate,
        .owner = options->owner,
    };
    own.on_state = on_state;
    own.locate = options->locate == NULL ? NULL : on_locate;
    own.owner = primary;
    primary->asks = primary->writes = redis_connection_create(&own, err);
    if (primary->asks != NULL && options->store->replicas > 0)
        primary->writes = redis_connection_create(&own, err);
    if (primary->writes != NULL)
        return STATUS_OK;
    if (primary->asks != NULL)
        redis_connection_destroy(primary->asks);
    primary->asks = NULL;
    return STATUS_RESOURCE_EXHAUSTED;
}

void redis_primary_close(struct redis_primary *primary)
{
    struct redis_connection *asks = primary->asks, *writes = primary->writes;

    *primary = (struct redis_primary){ .asks = NULL };
    if (asks == NULL)
        return;
    redis_connection_destroy(asks);
    if (writes != asks)
        redis_connection_destroy(writes);
}

void redis_primary_locate(struct redis_primary *primary, const struct address *address)
{
    redis_connection_locate(primary->asks, address);
    redis_connection_locate(primary->writes, address);
}

unsigned redis_primary_in_flight(const struct redis_primary *primary)
{
    unsigned in_flight = redis_connection_in_flight(primary->asks);

    return primary->writes == primary->asks
               ? in_flight
               : in_flight + redis_connection_in_flight(primary->writes);
}
