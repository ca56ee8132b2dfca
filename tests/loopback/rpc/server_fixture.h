/* A server and a client of it on one loop, for the tests of serving. */
#ifndef SERVER_FIXTURE_H
#define SERVER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/limits.h"
#include "rpc/client.h"
#include "rpc/health.h"
#include "rpc/server.h"
#include "run/clock.h"

struct fixture {
    struct loop loop;
    struct workers *workers;
    struct server *server;
    struct client *client;
    struct channel *channel;
    char target[64];
    bool is_drained;
};

static inline void fixture_open(struct fixture *fixture, const struct server_method *methods,
                                void *service)
{
    static const char *const addresses[] = { "127.0.0.1:0", NULL };
    struct server_options options = {
        .name = "test", .addresses = addresses, .methods = methods, .service = service
    };
    struct channel_options channel = { .service = "test", .target = fixture->target };
    struct error err;

    memset(fixture, 0, sizeof(*fixture));
    assert_int_equal(loop_init(&fixture->loop, fixture, NULL, &err), STATUS_OK);
    fixture->workers = workers_create(2, 16, &err);
    assert_non_null(fixture->workers);
    options.loop = &fixture->loop;
    options.workers = fixture->workers;
    fixture->server = server_create(&options, &err);
    if (fixture->server == NULL)
        fail_msg("%s", err.text);
    server_set_serving(fixture->server, true);
    snprintf(fixture->target, sizeof(fixture->target), "127.0.0.1:%d",
             server_port(fixture->server, 0));
    fixture->client = client_create(&fixture->loop, CLIENT_PLACE_LOOP, 1, &err);
    assert_non_null(fixture->client);
    fixture->channel = channel_create(fixture->client, &channel, &err);
    assert_non_null(fixture->channel);
}

static inline void fixture_on_drained(void *owner)
{
    ((struct fixture *)owner)->is_drained = true;
}

/* Run the loop until *@flag. */
static inline void fixture_wait(struct fixture *fixture, const bool *flag)
{
    while (!*flag)
        uv_run(&fixture->loop.uv, UV_RUN_ONCE);
}

static inline void fixture_drain(struct fixture *fixture, uint32_t grace_ms)
{
    server_drain(fixture->server, grace_ms, fixture_on_drained, fixture);
    fixture_wait(fixture, &fixture->is_drained);
    server_destroy(fixture->server);
    fixture->server = NULL;
}

/* Everything goes; loop_close checks that no handle is left. */
static inline void fixture_close(struct fixture *fixture)
{
    if (fixture->server != NULL)
        fixture_drain(fixture, 10000);
    channel_destroy(fixture->channel);
    client_destroy(fixture->client);
    workers_destroy(fixture->workers);
    loop_stop(&fixture->loop);
    loop_run(&fixture->loop);
    loop_close(&fixture->loop);
}

static inline struct rpc_options fixture_within(uint64_t ms)
{
    return (struct rpc_options){ .deadline_ns = clock_now() + ms * CLOCK_NS_PER_MS,
                                 .attempts_max = 1 };
}

/* One call and how it ended. */
struct outcome {
    bool is_done;
    enum status status;
    char text[240];
    uint64_t value; /* what the test keeps of the reply */
    unsigned messages;
    struct rpc *rpc;
    void (*read)(struct outcome *outcome, const void *message);
    struct fixture *fixture;
    bool is_paused;
};

static inline void outcome_on_reply(void *arg, const void *reply, const struct error *err)
{
    struct outcome *outcome = arg;

    outcome->status = reply == NULL ? err->status : STATUS_OK;
    if (reply == NULL)
        snprintf(outcome->text, sizeof(outcome->text), "%s", err->text);
    else if (outcome->read != NULL)
        outcome->read(outcome, reply);
    outcome->rpc = NULL;
    outcome->is_done = true;
}

static inline void outcome_on_message(void *arg, const void *message)
{
    struct outcome *outcome = arg;

    outcome->messages++;
    if (outcome->read != NULL)
        outcome->read(outcome, message);
    if (!outcome->is_paused)
        rpc_proceed(outcome->rpc);
}

static inline void outcome_on_end(void *arg, const struct error *err)
{
    struct outcome *outcome = arg;

    outcome->status = err->status;
    snprintf(outcome->text, sizeof(outcome->text), "%s", err->text);
    outcome->rpc = NULL;
    outcome->is_done = true;
}

static inline void fixture_start_call(struct fixture *fixture, struct outcome *outcome,
                                      const struct method *method, const void *request,
                                      uint64_t deadline_ms)
{
    struct rpc_options options = fixture_within(deadline_ms);
    struct error err;

    outcome->fixture = fixture;
    assert_int_equal(rpc_call(fixture->channel, method, request, &options, outcome_on_reply,
                              outcome, &outcome->rpc, &err),
                     STATUS_OK);
}

static inline void fixture_start_stream(struct fixture *fixture, struct outcome *outcome,
                                        const struct method *method, const void *request,
                                        uint64_t deadline_ms)
{
    static const struct rpc_stream_callbacks callbacks = { outcome_on_message, outcome_on_end };
    struct rpc_options options = fixture_within(deadline_ms);
    struct error err;

    outcome->fixture = fixture;
    assert_int_equal(rpc_stream(fixture->channel, method, request, &options, &callbacks, outcome,
                                &outcome->rpc, &err),
                     STATUS_OK);
}

#endif
