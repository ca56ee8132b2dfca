#include "store/redis_wait.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"

struct waiting {
    redis_done_cb done;
    void *arg;
    struct redis_reply reply;
    unsigned replicas;
};

static void on_waited(void *arg, const struct redis_reply *reply, const struct error *err)
{
    struct waiting *waiting = arg;
    struct error own = { .status = STATUS_OK };
    bool is_kept = reply != NULL && reply->kind == REDIS_REPLY_KIND_INTEGER
                   && reply->integer >= (int64_t)waiting->replicas;

    if (reply != NULL && !is_kept) {
        error_set(&own, STATUS_UNAVAILABLE, "%" PRId64 " of %u replicas of redis have the write",
                  reply->integer, waiting->replicas);
        err = &own;
    }
    waiting->done(waiting->arg, is_kept ? &waiting->reply : NULL, is_kept ? &own : err);
    free(waiting);
}

enum status redis_wait(struct redis_connection *connection, unsigned replicas, uint32_t limit_ms,
                       const struct redis_reply *reply, redis_done_cb done, void *arg,
                       struct error *err)
{
    struct waiting *waiting = fault_is_due() ? NULL : malloc(sizeof(*waiting));
    char count[16], limit[16];
    struct slice words[] = { SLICE("WAIT"), { NULL, 0 }, { NULL, 0 } };

    if (waiting == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory to wait for replicas");
    snprintf(count, sizeof(count), "%u", replicas);
    snprintf(limit, sizeof(limit), "%" PRIu32, limit_ms);
    words[1] = slice_from(count);
    words[2] = slice_from(limit);
    *waiting = (struct waiting){
        .done = done,
        .arg = arg,
        .reply = { .kind = reply->kind, .integer = reply->integer },
        .replicas = replicas,
    };
    if (redis_connection_command(connection, words, 3, on_waited, waiting, err) == STATUS_OK)
        return STATUS_OK;
    free(waiting);
    return err->status;
}
