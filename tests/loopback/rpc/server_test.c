/* Unary calls: life, deadline, cancellation, admission, health, drain. */
#include "server_fixture.h"

#include <unistd.h>

#include "consilium/v1/tokenizer.pb-c.h"
#include "grpc/health/v1/health.pb-c.h"

#define CALLS_MANY 100

static void read_count(struct outcome *outcome, const void *message)
{
    const Consilium__V1__CountReply *reply = message;

    outcome->value = reply->n_counts == 0 ? 0 : reply->counts[0];
}

static void count_reply(struct call *call)
{
    const Consilium__V1__CountRequest *request = call->request;
    Consilium__V1__CountReply reply = CONSILIUM__V1__COUNT_REPLY__INIT;
    uint32_t *counts = ARENA_ARRAY(&call->arena, uint32_t, request->n_texts + 1);
    size_t i;

    for (i = 0; i < request->n_texts; i++)
        counts[i] = (uint32_t)strlen(request->texts[i]);
    reply.n_counts = request->n_texts;
    reply.counts = counts;
    call_reply(call, &reply);
}

/* Handlers that hold their calls until the test lets them go; all on the loop. */
static struct call *held[CALLS_MANY * 4];
static unsigned held_count, cancelled_count;
static bool has_held, has_cancelled;

static void hold_on_cancel(struct call *call)
{
    assert_true(call_is_cancelled(call));
    cancelled_count++;
    has_cancelled = true;
}

static void hold(struct call *call)
{
    call_on_cancel(call, hold_on_cancel);
    held[held_count++] = call;
    has_held = true;
}

static void let_all_go(void)
{
    while (held_count > 0)
        count_reply(held[--held_count]);
}

static void hold_to_worker(struct call *call)
{
    call_run_on_worker(call, count_reply);
}

static const struct server_method inline_methods[] = {
    { .method = &method_tokenizer_count, .place = METHOD_PLACE_INLINE, .start = count_reply },
    { .method = NULL },
};

static const struct server_method worker_methods[] = {
    { .method = &method_tokenizer_count, .place = METHOD_PLACE_WORKER, .start = count_reply },
    { .method = NULL },
};

static const struct server_method hop_methods[] = {
    { .method = &method_tokenizer_count, .place = METHOD_PLACE_LOOP, .start = hold_to_worker },
    { .method = NULL },
};

static const struct server_method held_methods[] = {
    { .method = &method_tokenizer_count, .place = METHOD_PLACE_LOOP, .start = hold },
    { .method = NULL },
};

static const struct server_method narrow_methods[] = {
    { .method = &method_tokenizer_count,
      .place = METHOD_PLACE_LOOP,
      .start = hold,
      .calls_max = 10,
      .queue_max = 5 },
    { .method = NULL },
};

static const struct server_method timed_methods[] = {
    { .method = &method_tokenizer_count,
      .place = METHOD_PLACE_LOOP,
      .start = hold,
      .deadline_ms_max = 50 },
    { .method = NULL },
};

static const struct server_method small_methods[] = {
    { .method = &method_tokenizer_count,
      .place = METHOD_PLACE_INLINE,
      .start = count_reply,
      .arena_bytes_max = 64 * KIB },
    { .method = NULL },
};

static char *three[] = { "three" };

static Consilium__V1__CountRequest one_text(void)
{
    Consilium__V1__CountRequest request = CONSILIUM__V1__COUNT_REQUEST__INIT;

    request.n_texts = 1;
    request.texts = three;
    return request;
}

static void call_once(const struct server_method *methods)
{
    Consilium__V1__CountRequest request = one_text();
    struct outcome outcome = { .read = read_count };
    struct fixture fixture;

    fixture_open(&fixture, methods, NULL);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_count, &request, 10000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_string_equal(outcome.text, "");
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.value, 5);
    fixture_close(&fixture);
}

static void answers_on_the_polling_thread(void **state)
{
    (void)state;
    call_once(inline_methods);
}

static void answers_on_a_worker(void **state)
{
    (void)state;
    call_once(worker_methods);
}

static void answers_after_a_hop_from_the_loop_to_a_worker(void **state)
{
    (void)state;
    call_once(hop_methods);
}

static void open_held(struct fixture *fixture, const struct server_method *methods)
{
    held_count = cancelled_count = 0;
    has_held = has_cancelled = false;
    fixture_open(fixture, methods, NULL);
}

static void a_cancelled_call_is_noticed_and_lives_until_its_handler_ends_it(void **state)
{
    Consilium__V1__CountRequest request = one_text();
    struct outcome outcome = { 0 };
    struct fixture fixture;

    (void)state;
    open_held(&fixture, held_methods);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_count, &request, 10000);
    fixture_wait(&fixture, &has_held);
    assert_false(call_is_cancelled(held[0]));
    rpc_cancel(outcome.rpc);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_CANCELLED);
    fixture_wait(&fixture, &has_cancelled);
    assert_non_null(arena_alloc(&held[0]->arena, 100));
    let_all_go();
    fixture_close(&fixture);
    assert_int_equal(cancelled_count, 1);
}

static void the_callers_deadline_reaches_the_handler(void **state)
{
    Consilium__V1__CountRequest request = one_text();
    struct outcome outcome = { 0 };
    struct fixture fixture;

    (void)state;
    open_held(&fixture, held_methods);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_count, &request, 100);
    fixture_wait(&fixture, &has_held);
    assert_true(held[0]->deadline_ns < clock_now() + 1000 * CLOCK_NS_PER_MS);
    fixture_wait(&fixture, &has_cancelled);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_DEADLINE_EXCEEDED);
    let_all_go();
    fixture_close(&fixture);
}

static void the_methods_own_limit_ends_a_call_with_a_longer_deadline(void **state)
{
    Consilium__V1__CountRequest request = one_text();
    struct outcome outcome = { 0 };
    struct fixture fixture;

    (void)state;
    open_held(&fixture, timed_methods);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_count, &request, 60000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_DEADLINE_EXCEEDED);
    assert_non_null(strstr(outcome.text, "time limit"));
    fixture_wait(&fixture, &has_cancelled);
    let_all_go();
    fixture_close(&fixture);
}

static void refuses_at_once_what_admission_has_no_room_for(void **state)
{
    enum { OFFERED = 60 };
    static struct outcome outcomes[OFFERED];
    Consilium__V1__CountRequest request = one_text();
    unsigned i, refused = 0, answered = 0;
    struct fixture fixture;

    (void)state;
    memset(outcomes, 0, sizeof(outcomes));
    open_held(&fixture, narrow_methods);
    for (i = 0; i < OFFERED; i++)
        fixture_start_call(&fixture, &outcomes[i], &method_tokenizer_count, &request, 20000);
    /* All are held, waiting or refused before one is let go. */
    while (refused < OFFERED - 15 || held_count < 10) {
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
        for (i = refused = 0; i < OFFERED; i++)
            refused += outcomes[i].is_done;
    }
    assert_int_equal(held_count, 10);
    while (answered < OFFERED) {
        let_all_go();
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
        for (i = answered = 0; i < OFFERED; i++)
            answered += outcomes[i].is_done;
    }
    for (i = refused = 0; i < OFFERED; i++) {
        if (outcomes[i].status != STATUS_OK) {
            assert_int_equal(outcomes[i].status, STATUS_RESOURCE_EXHAUSTED);
            refused++;
        }
    }
    assert_int_equal(refused, OFFERED - 15);
    fixture_close(&fixture);
}

static void one_that_waits_for_admission_and_goes_leaves_its_place(void **state)
{
    enum { OFFERED = 15 };
    static struct outcome outcomes[OFFERED];
    Consilium__V1__CountRequest request = one_text();
    struct fixture fixture;
    unsigned i, ok = 0;

    (void)state;
    memset(outcomes, 0, sizeof(outcomes));
    open_held(&fixture, narrow_methods);
    for (i = 0; i < OFFERED; i++)
        fixture_start_call(&fixture, &outcomes[i], &method_tokenizer_count, &request,
                           i < 10 ? 20000 : 200);
    for (i = 10; i < OFFERED; i++) {
        fixture_wait(&fixture, &outcomes[i].is_done);
        ok += outcomes[i].status == STATUS_OK;
    }
    assert_int_equal(ok, 0);
    for (i = 0; i < 10; i++) {
        while (!outcomes[i].is_done) {
            let_all_go();
            uv_run(&fixture.loop.uv, UV_RUN_ONCE);
        }
        assert_int_equal(outcomes[i].status, STATUS_OK);
    }
    fixture_close(&fixture);
}

static void a_request_that_the_arena_cannot_hold_is_refused(void **state)
{
    Consilium__V1__CountRequest request = one_text();
    struct outcome outcome = { 0 };
    struct fixture fixture;
    char *text = calloc(1, 256 * KIB);

    (void)state;
    memset(text, 'a', 256 * KIB - 1);
    request.texts = &text;
    fixture_open(&fixture, small_methods, NULL);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_count, &request, 10000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_RESOURCE_EXHAUSTED);
    free(text);
    fixture_close(&fixture);
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    Consilium__V1__CountRequest request = one_text();
    char *bad[] = { "\xff\xfe" };
    struct outcome outcome = { 0 };
    struct fixture fixture;

    (void)state;
    request.texts = bad;
    fixture_open(&fixture, inline_methods, NULL);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_count, &request, 10000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_INVALID_ARGUMENT);
    fixture_close(&fixture);
}

static void a_method_that_is_not_there_is_unimplemented(void **state)
{
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    struct outcome outcome = { 0 };
    struct fixture fixture;

    (void)state;
    fixture_open(&fixture, inline_methods, NULL);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_encode, &request, 10000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_UNIMPLEMENTED);
    fixture_close(&fixture);
}

static void drain_lets_running_calls_finish(void **state)
{
    static struct outcome outcomes[CALLS_MANY];
    Consilium__V1__CountRequest request = one_text();
    struct fixture fixture;
    unsigned i;

    (void)state;
    memset(outcomes, 0, sizeof(outcomes));
    open_held(&fixture, held_methods);
    for (i = 0; i < CALLS_MANY; i++)
        fixture_start_call(&fixture, &outcomes[i], &method_tokenizer_count, &request, 20000);
    while (held_count < CALLS_MANY)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    server_drain(fixture.server, 20000, fixture_on_drained, &fixture);
    assert_false(server_is_serving(fixture.server));
    let_all_go();
    fixture_wait(&fixture, &fixture.is_drained);
    server_destroy(fixture.server);
    fixture.server = NULL;
    for (i = 0; i < CALLS_MANY; i++) {
        fixture_wait(&fixture, &outcomes[i].is_done);
        assert_int_equal(outcomes[i].status, STATUS_OK);
    }
    fixture_close(&fixture);
}

static void drain_cancels_what_outlasts_the_grace(void **state)
{
    static struct outcome outcomes[CALLS_MANY];
    Consilium__V1__CountRequest request = one_text();
    struct fixture fixture;
    unsigned i;

    (void)state;
    memset(outcomes, 0, sizeof(outcomes));
    open_held(&fixture, held_methods);
    for (i = 0; i < CALLS_MANY; i++)
        fixture_start_call(&fixture, &outcomes[i], &method_tokenizer_count, &request, 20000);
    while (held_count < CALLS_MANY)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    server_drain(fixture.server, 50, fixture_on_drained, &fixture);
    while (cancelled_count < CALLS_MANY)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    assert_false(fixture.is_drained);
    let_all_go();
    fixture_wait(&fixture, &fixture.is_drained);
    server_destroy(fixture.server);
    fixture.server = NULL;
    for (i = 0; i < CALLS_MANY; i++) {
        fixture_wait(&fixture, &outcomes[i].is_done);
        assert_int_equal(outcomes[i].status, STATUS_UNAVAILABLE);
    }
    fixture_close(&fixture);
}

/* The loop has not yet seen that nothing runs any more; the service does not know either. */
static void what_is_said_of_health_during_the_drain_does_not_reach_its_end(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_open(&fixture, inline_methods, NULL);
    server_drain(fixture.server, 10000, fixture_on_drained, &fixture);
    usleep(200000);
    server_set_health(fixture.server, "redis", true);
    server_set_serving(fixture.server, true);
    assert_false(server_is_serving(fixture.server));
    usleep(100000);
    fixture_wait(&fixture, &fixture.is_drained);
    server_destroy(fixture.server);
    fixture.server = NULL;
    fixture_close(&fixture);
}

static void a_taken_port_is_said_to_be_taken(void **state)
{
    char taken[64];
    const char *addresses[] = { taken, NULL };
    struct server_options options = { .name = "second",
                                      .addresses = addresses,
                                      .methods = inline_methods };
    struct fixture fixture;
    struct error err;

    (void)state;
    fixture_open(&fixture, inline_methods, NULL);
    snprintf(taken, sizeof(taken), "%s", fixture.target);
    options.loop = &fixture.loop;
    assert_null(server_create(&options, &err));
    assert_int_equal(err.status, STATUS_ALREADY_EXISTS);
    assert_non_null(strstr(err.text, "taken"));
    fixture_close(&fixture);
}

static void serves_a_unix_socket_and_does_not_steal_one(void **state)
{
    char path[100];
    const char *addresses[] = { path, "127.0.0.1:0", NULL };
    struct server_options options = { .name = "unix",
                                      .addresses = addresses,
                                      .methods = inline_methods };
    struct channel_options channel_options = { .service = "unix", .target = path };
    Consilium__V1__CountRequest request = one_text();
    struct outcome outcome = { .read = read_count };
    struct channel *tcp;
    struct fixture fixture;
    struct server *server;
    struct error err;

    (void)state;
    snprintf(path, sizeof(path), "unix:%s/consilium-server-%d.sock", P_tmpdir, (int)getpid());
    fixture_open(&fixture, inline_methods, NULL);
    options.loop = &fixture.loop;
    server = server_create(&options, &err);
    assert_non_null(server);
    assert_true(server_port(server, 1) > 0);
    assert_null(server_create(&options, &err));
    assert_int_equal(err.status, STATUS_ALREADY_EXISTS);
    tcp = fixture.channel;
    fixture.channel = channel_create(fixture.client, &channel_options, &err);
    fixture_start_call(&fixture, &outcome, &method_tokenizer_count, &request, 10000);
    fixture_wait(&fixture, &outcome.is_done);
    assert_int_equal(outcome.status, STATUS_OK);
    channel_destroy(fixture.channel);
    fixture.channel = tcp;
    server_drain(server, 1000, fixture_on_drained, &fixture);
    fixture_wait(&fixture, &fixture.is_drained);
    fixture.is_drained = false;
    server_destroy(server);
    fixture_close(&fixture);
}

static void read_health(struct outcome *outcome, const void *message)
{
    const Grpc__Health__V1__HealthCheckResponse *reply = message;

    outcome->value = outcome->value * 10 + reply->status;
}

static void ask_health(struct fixture *fixture, char *service, enum status status, unsigned value)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct outcome outcome = { .read = read_health };

    request.service = service;
    fixture_start_call(fixture, &outcome, &method_health_check, &request, 10000);
    fixture_wait(fixture, &outcome.is_done);
    assert_int_equal(outcome.status, status);
    assert_int_equal(outcome.value, value);
}

static void health_says_what_is_so(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_open(&fixture, inline_methods, NULL);
    ask_health(&fixture, "", STATUS_OK, 1);
    ask_health(&fixture, "consilium.v1.Tokenizer", STATUS_OK, 1);
    ask_health(&fixture, "consilium.v1.Nobody", STATUS_NOT_FOUND, 0);
    ask_health(&fixture, "redis", STATUS_NOT_FOUND, 0);
    server_set_health(fixture.server, "redis", false);
    ask_health(&fixture, "redis", STATUS_OK, 2);
    ask_health(&fixture, "", STATUS_OK, 1);
    server_set_serving(fixture.server, false);
    ask_health(&fixture, "", STATUS_OK, 2);
    ask_health(&fixture, "consilium.v1.Tokenizer", STATUS_OK, 2);
    ask_health(&fixture, HEALTH_LIVENESS, STATUS_OK, 1);
    fixture_close(&fixture);
}

static void a_watch_hears_of_changes_and_of_the_drain(void **state)
{
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct outcome outcome = { .read = read_health }, later = { .read = read_health };
    struct fixture fixture;

    (void)state;
    fixture_open(&fixture, inline_methods, NULL);
    fixture_start_stream(&fixture, &outcome, &method_health_watch, &request, 20000);
    request.service = "redis";
    fixture_start_stream(&fixture, &later, &method_health_watch, &request, 20000);
    while (outcome.messages < 1 || later.messages < 1)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    server_set_serving(fixture.server, false);
    server_set_health(fixture.server, "redis", true);
    while (outcome.messages < 2 || later.messages < 2)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    server_set_serving(fixture.server, true);
    while (outcome.messages < 3)
        uv_run(&fixture.loop.uv, UV_RUN_ONCE);
    fixture_drain(&fixture, 20000);
    fixture_wait(&fixture, &outcome.is_done);
    fixture_wait(&fixture, &later.is_done);
    assert_int_equal(outcome.status, STATUS_UNAVAILABLE);
    assert_int_equal(outcome.value, 1212);
    assert_int_equal(later.value, 312);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_on_the_polling_thread),
        cmocka_unit_test(answers_on_a_worker),
        cmocka_unit_test(answers_after_a_hop_from_the_loop_to_a_worker),
        cmocka_unit_test(a_cancelled_call_is_noticed_and_lives_until_its_handler_ends_it),
        cmocka_unit_test(the_callers_deadline_reaches_the_handler),
        cmocka_unit_test(the_methods_own_limit_ends_a_call_with_a_longer_deadline),
        cmocka_unit_test(refuses_at_once_what_admission_has_no_room_for),
        cmocka_unit_test(one_that_waits_for_admission_and_goes_leaves_its_place),
        cmocka_unit_test(a_request_that_the_arena_cannot_hold_is_refused),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(a_method_that_is_not_there_is_unimplemented),
        cmocka_unit_test(drain_lets_running_calls_finish),
        cmocka_unit_test(drain_cancels_what_outlasts_the_grace),
        cmocka_unit_test(what_is_said_of_health_during_the_drain_does_not_reach_its_end),
        cmocka_unit_test(a_taken_port_is_said_to_be_taken),
        cmocka_unit_test(serves_a_unix_socket_and_does_not_steal_one),
        cmocka_unit_test(health_says_what_is_so),
        cmocka_unit_test(a_watch_hears_of_changes_and_of_the_drain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
