/* A server and a client on one loop, in one thread, for tests of the calling side. */
#ifndef CLIENT_FIXTURE_H
#define CLIENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/check.h"
#include "base/limits.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "run/clock.h"

struct fixture {
    struct loop loop;
    struct server *server, *second; /* second: NULL in most tests */
    struct client *client;
    struct channel *channel;
    char address[64], second_address[64];
    bool is_drained;
    unsigned calls; /* that a handler has seen */
    unsigned second_calls;
    void *state;
};

/* What came of a call. */
struct outcome {
    struct fixture *fixture;
    bool is_done;
    struct error err;
    uint32_t ids[16];
    unsigned ids_count;
    unsigned messages;
    struct rpc *rpc;
};

static inline void fixture_run_until(struct fixture *fixture, const bool *is_done)
{
    while (!*is_done)
        uv_run(&fixture->loop.uv, UV_RUN_ONCE);
}

static inline void fixture_pause_over(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
    uv_close((uv_handle_t *)timer, NULL);
}

/* Let the loop run for a while. */
static inline void fixture_pause(struct fixture *fixture, uint64_t ms)
{
    static uv_timer_t timer;
    bool is_over = false;

    uv_timer_init(&fixture->loop.uv, &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, fixture_pause_over, ms, 0);
    fixture_run_until(fixture, &is_over);
    uv_run(&fixture->loop.uv, UV_RUN_NOWAIT);
}

static inline struct server *fixture_server(struct fixture *fixture, const char *address,
                                            const struct server_method *methods, void *service,
                                            struct credentials *credentials)
{
    const char *addresses[] = { address, NULL };
    struct server_options options = { .name = "test",
                                      .addresses = addresses,
                                      .threads = 1,
                                      .loop = &fixture->loop,
                                      .credentials = credentials,
                                      .methods = methods,
                                      .service = service };
    struct error err = { 0 };
    struct server *server = server_create(&options, &err);

    if (server == NULL)
        fail_msg("%s", err.text);
    server_set_serving(server, true);
    return server;
}

static inline void fixture_drained(void *owner)
{
    *(bool *)owner = true;
}

static inline void fixture_stop_server(struct fixture *fixture, struct server *server)
{
    bool is_drained = false;

    server_drain(server, 0, fixture_drained, &is_drained);
    fixture_run_until(fixture, &is_drained);
    server_destroy(server);
}

static inline struct channel *fixture_channel(struct fixture *fixture, const char *target,
                                              struct credentials *credentials,
                                              const char *authority)
{
    struct channel_options options = {
        .service = "test", .target = target, .credentials = credentials, .authority = authority
    };
    struct error err = { 0 };
    struct channel *channel = channel_create(fixture->client, &options, &err);

    if (channel == NULL)
        fail_msg("%s", err.text);
    return channel;
}

static inline void fixture_open(struct fixture *fixture, const struct server_method *methods)
{
    struct error err = { 0 };

    *fixture = (struct fixture){ 0 };
    if (loop_init(&fixture->loop, fixture, NULL, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    fixture->server = fixture_server(fixture, "127.0.0.1:0", methods, fixture, NULL);
    snprintf(fixture->address, sizeof(fixture->address), "127.0.0.1:%d",
             server_port(fixture->server, 0));
    fixture->client = client_create(&fixture->loop, CLIENT_PLACE_LOOP, 1, &err);
    if (fixture->client == NULL)
        fail_msg("%s", err.text);
    fixture->channel = fixture_channel(fixture, fixture->address, NULL, NULL);
}

static inline void fixture_close(struct fixture *fixture)
{
    channel_destroy(fixture->channel);
    client_destroy(fixture->client);
    if (fixture->server != NULL)
        fixture_stop_server(fixture, fixture->server);
    if (fixture->second != NULL)
        fixture_stop_server(fixture, fixture->second);
    loop_stop(&fixture->loop);
    loop_run(&fixture->loop);
    loop_close(&fixture->loop);
}

static inline struct rpc_options fixture_options(uint64_t ms)
{
    return (struct rpc_options){ .deadline_ns = clock_now() + ms * CLOCK_NS_PER_MS };
}

/* An on_reply for methods that reply with EncodeReply. */
static inline void outcome_reply(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__EncodeReply *reply = message;
    struct outcome *outcome = arg;

    assert_false(outcome->is_done);
    assert_true((reply == NULL) == (err->status != STATUS_OK));
    if (reply != NULL) {
        outcome->ids_count = (unsigned)reply->n_ids;
        if (reply->n_ids > 0)
            memcpy(outcome->ids, reply->ids, reply->n_ids * sizeof(uint32_t));
    }
    outcome->err = *err;
    outcome->is_done = true;
}

/* Start Encode of @text. */
static inline void outcome_call(struct outcome *outcome, struct fixture *fixture,
                                const struct method *method, const char *text,
                                const struct rpc_options *options)
{
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    struct error err = { 0 };

    *outcome = (struct outcome){ .fixture = fixture };
    request.text = (char *)text;
    assert_int_equal(rpc_call(fixture->channel, method, &request, options, outcome_reply, outcome,
                              &outcome->rpc, &err),
                     STATUS_OK);
    assert_false(outcome->is_done);
}

/* Encode @text and wait for what comes of it. */
static inline struct outcome outcome_of(struct fixture *fixture, const struct method *method,
                                        const char *text, const struct rpc_options *options)
{
    struct outcome outcome;

    outcome_call(&outcome, fixture, method, text, options);
    fixture_run_until(fixture, &outcome.is_done);
    return outcome;
}

#endif
