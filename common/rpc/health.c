/* grpc.health.v1.Health of every server, and its methods for clients.
 *
 * What is known about names is guarded by a lock. A watch lives on its rpc thread, in the thread's
 * list of watchers; a change posts one op to each thread, which then looks at its watchers. */
#include "rpc/health.h"

#include "base/check.h"
#include "base/limits.h"
#include "grpc/health/v1/health.pb-c.h"
#include "rpc/server_call.h"

#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

/* A probe is as small as a message gets. */
#define HEALTH_ARENA_BYTES (64 * KIB)

const struct method method_health_check = {
    .path = "/grpc.health.v1.Health/Check",
    .name = "Health.Check",
    .kind = METHOD_KIND_UNARY,
    .is_repeatable = true,
    .request = &grpc__health__v1__health_check_request__descriptor,
    .reply = &grpc__health__v1__health_check_response__descriptor,
};

const struct method method_health_watch = {
    .path = "/grpc.health.v1.Health/Watch",
    .name = "Health.Watch",
    .kind = METHOD_KIND_SERVER_STREAM,
    .is_repeatable = true,
    .request = &grpc__health__v1__health_check_request__descriptor,
    .reply = &grpc__health__v1__health_check_response__descriptor,
};

/* In its call's arena. */
struct watcher {
    struct list in_thread;
    struct call *call;
    struct slice name;
    int told; /* the last status sent; -1: none */
    bool is_blocked;
};

/* The names. */

/* "consilium.v1.Deid" of "/consilium.v1.Deid/Redact". */
static struct slice service_of(const struct method *method)
{
    struct slice path = slice_from(method->path);
    struct slice name = slice_cut(path, 1, path.size);

    return slice_cut(name, 0, slice_find_byte(name, '/'));
}

static struct health_name *find_name(struct health *health, struct slice name)
{
    unsigned i;

    for (i = 0; i < health->count; i++)
        if (slice_equal(health->names[i].name, name))
            return &health->names[i];
    return NULL;
}

static struct health_name *find_or_add_name(struct health *health, struct slice name, bool is_extra)
{
    struct health_name *found = find_name(health, name);

    if (found != NULL)
        return found;
    CHECK(health->count < HEALTH_NAMES_MAX);
    found = &health->names[health->count++];
    *found = (struct health_name){ .name = name, .is_extra = is_extra };
    return found;
}

void health_init(struct server *server)
{
    const struct server_method *row;

    pthread_mutex_init(&server->health.lock, NULL);
    find_or_add_name(&server->health, SLICE(""), false);
    for (row = server->options.methods; row->method != NULL; row++)
        find_or_add_name(&server->health, service_of(row->method), false);
}

/* Lock held. */
static int status_of(struct health *health, struct slice name)
{
    const struct health_name *found = find_name(health, name);
    bool is_serving;

    if (slice_equal(name, SLICE(HEALTH_LIVENESS)))
        return STATUS(SERVING);
    if (found == NULL)
        return STATUS(SERVICE_UNKNOWN);
    is_serving = found->is_extra ? found->is_serving : health->is_serving;
    return is_serving && !health->is_draining ? STATUS(SERVING) : STATUS(NOT_SERVING);
}

/* Changes. */

/* Lock held. */
static void post_change(struct server *server)
{
    unsigned i;

    for (i = 0; i < server->thread_count; i++) {
        struct server_thread *home = &server->threads[i];

        if (atomic_exchange(&home->is_health_posted, true))
            continue;
        server_hold(server);
        thread_post(home->thread, &home->health_changed);
    }
}

/* Lock held. In a drain everything is NOT_SERVING, as health_drain has told; and what is posted
 * after it could come after the server's end. */
static void post_change_unless_draining(struct server *server)
{
    if (!server->health.is_draining)
        post_change(server);
}

void server_set_serving(struct server *server, bool is_serving)
{
    pthread_mutex_lock(&server->health.lock);
    server->health.is_serving = is_serving;
    post_change_unless_draining(server);
    pthread_mutex_unlock(&server->health.lock);
}

bool server_is_serving(const struct server *server)
{
    struct health *health = (struct health *)&server->health;
    bool is_serving;

    pthread_mutex_lock(&health->lock);
    is_serving = health->is_serving && !health->is_draining;
    pthread_mutex_unlock(&health->lock);
    return is_serving;
}

void server_set_health(struct server *server, const char *name, bool is_serving)
{
    pthread_mutex_lock(&server->health.lock);
    find_or_add_name(&server->health, slice_from(name), true)->is_serving = is_serving;
    post_change_unless_draining(server);
    pthread_mutex_unlock(&server->health.lock);
}

void health_drain(struct server *server)
{
    pthread_mutex_lock(&server->health.lock);
    server->health.is_draining = true;
    post_change(server);
    pthread_mutex_unlock(&server->health.lock);
}

void health_destroy(struct server *server)
{
    pthread_mutex_destroy(&server->health.lock);
}

/* Handlers. Both run on the call's rpc thread. */

static int ask_status(struct server *server, struct slice name)
{
    int status;

    pthread_mutex_lock(&server->health.lock);
    status = status_of(&server->health, name);
    pthread_mutex_unlock(&server->health.lock);
    return status;
}

static void check(struct call *call)
{
    const Grpc__Health__V1__HealthCheckRequest *request = call->request;
    Grpc__Health__V1__HealthCheckResponse reply = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    struct error err;
    int status = ask_status(call->service, slice_from(request->service));

    if (status == STATUS(SERVICE_UNKNOWN)) {
        error_set(&err, STATUS_NOT_FOUND, "this server has no such service");
        call_fail(call, &err);
        return;
    }
    reply.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
    call_reply(call, &reply);
}

/* Say what is so now, if it is news and there is room; a slow watcher misses what was so in
 * between. */
static void watch_look(struct watcher *watcher)
{
    Grpc__Health__V1__HealthCheckResponse reply = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    int status = ask_status(watcher->call->service, watcher->name);

    if (watcher->is_blocked || status == watcher->told)
        return;
    watcher->told = status;
    reply.status = (Grpc__Health__V1__HealthCheckResponse__ServingStatus)status;
    watcher->is_blocked = !call_send(watcher->call, &reply);
}

static void watch_on_writable(struct call *call)
{
    struct watcher *watcher = call->state;

    watcher->is_blocked = false;
    watch_look(watcher);
}

/* The caller has gone, or the server drains. */
static void watch_on_cancel(struct call *call)
{
    struct watcher *watcher = call->state;
    struct error err;

    list_remove(&watcher->in_thread);
    error_set(&err, STATUS_UNAVAILABLE, "the server is shutting down");
    call_fail(call, &err);
}

static void watch(struct call *call)
{
    const Grpc__Health__V1__HealthCheckRequest *request = call->request;
    struct server_call *sc = server_call_of(call);
    struct watcher *watcher = ARENA_NEW(&call->arena, struct watcher);
    struct error err;

    if (watcher == NULL || atomic_load(&sc->served->server->is_draining)) {
        error_set(&err, STATUS_UNAVAILABLE, "no memory, or the server is shutting down");
        call_fail(call, &err);
        return;
    }
    watcher->call = call;
    watcher->name = slice_from(request->service);
    watcher->told = -1;
    call->state = watcher;
    list_push_back(&sc->home->watchers, &watcher->in_thread);
    call_on_writable(call, watch_on_writable);
    call_on_cancel(call, watch_on_cancel);
    watch_look(watcher);
}

static void look(struct op *op, bool is_ok)
{
    struct server_thread *home = LIST_ITEM(op, struct server_thread, health_changed);
    struct list *node, *after;

    (void)is_ok;
    atomic_store(&home->is_health_posted, false);
    LIST_EACH(node, after, &home->watchers)
    watch_look(LIST_ITEM(node, struct watcher, in_thread));
    server_let_go(home->server);
}

void health_init_thread(struct server_thread *home)
{
    list_init(&home->watchers);
    home->health_changed.done = look;
}

const struct server_method health_methods[] = {
    { .method = &method_health_check,
      .place = METHOD_PLACE_INLINE,
      .start = check,
      .arena_bytes_max = HEALTH_ARENA_BYTES },
    { .method = &method_health_watch,
      .place = METHOD_PLACE_INLINE,
      .start = watch,
      .arena_bytes_max = HEALTH_ARENA_BYTES },
    { .method = NULL },
};
