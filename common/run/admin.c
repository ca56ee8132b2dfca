/* Thread: the loop's, throughout. Connections live in a fixed number of slots. When all are taken
 * the one that has been idle longest is closed, and the next waits in the kernel until a slot is
 * free. */
#include "run/admin.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/list.h"
#include "run/address.h"
#include "run/admin_connection.h"

#define BACKLOG 64

struct admin {
    struct loop *loop;
    uv_tcp_t listener;
    struct admin_connection_owner owner;
    bool is_stopping, is_listener_closed, has_waiting;
    struct list free, taken; /* taken: the longest idle first */
    struct admin_connection connections[ADMIN_CONNECTIONS_MAX];
};

static struct admin *admin_of(struct admin_connection *connection)
{
    return LIST_ITEM(connection->owner, struct admin, owner);
}

static void on_idle(struct admin_connection *connection)
{
    list_remove(&connection->node);
    list_push_back(&admin_of(connection)->taken, &connection->node);
}

static void close_longest_idle(struct admin *admin)
{
    struct list *node, *after;

    LIST_EACH(node, after, &admin->taken)
    {
        struct admin_connection *connection = LIST_ITEM(node, struct admin_connection, node);

        if (connection->is_idle) {
            admin_connection_close(connection);
            return;
        }
    }
}

static void accept_waiting(struct admin *admin)
{
    struct list *node = list_take_front(&admin->free);

    admin->has_waiting = node == NULL;
    if (node == NULL) {
        close_longest_idle(admin);
        return;
    }
    list_push_back(&admin->taken, node);
    admin_connection_open(LIST_ITEM(node, struct admin_connection, node), admin->loop,
                          &admin->listener, &admin->owner);
}

static void free_when_closed(struct admin *admin)
{
    if (admin->is_listener_closed && list_is_empty(&admin->taken))
        free(admin);
}

static void on_connection_closed(struct admin_connection *connection)
{
    struct admin *admin = admin_of(connection);

    list_remove(&connection->node);
    list_push_back(&admin->free, &connection->node);
    if (admin->is_stopping)
        free_when_closed(admin);
    else if (admin->has_waiting)
        accept_waiting(admin);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct admin *admin = listener->data;

    if (status == 0 && !admin->is_stopping)
        accept_waiting(admin);
}

static void on_listener_closed(uv_handle_t *listener)
{
    struct admin *admin = listener->data;

    admin->is_listener_closed = true;
    free_when_closed(admin);
}

static int resolve(const struct address *address, struct sockaddr_storage *sockaddr)
{
    const char *host = strcmp(address->host, "localhost") == 0 ? "127.0.0.1" : address->host;

    if (strchr(host, ':') != NULL)
        return uv_ip6_addr(host, address->port, (struct sockaddr_in6 *)sockaddr);
    return uv_ip4_addr(host, address->port, (struct sockaddr_in *)sockaddr);
}

static enum status listen_at(struct admin *admin, const struct sockaddr_storage *sockaddr,
                             const char *text, struct error *err)
{
    int rc = uv_tcp_bind(&admin->listener, (const struct sockaddr *)sockaddr, 0);

    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&admin->listener, BACKLOG, on_connection);
    if (rc != 0)
        return error_set_errno(err, -rc, "cannot listen on %.80s", text);
    return STATUS_OK;
}

static struct admin *create(struct loop *loop, bool (*is_ready)(void *), void *owner)
{
    struct admin *admin = fault_is_due() ? NULL : calloc(1, sizeof(*admin));
    unsigned i;

    if (admin == NULL)
        return NULL;
    admin->loop = loop;
    admin->owner =
        (struct admin_connection_owner){ is_ready, owner, on_idle, on_connection_closed };
    list_init(&admin->free);
    list_init(&admin->taken);
    for (i = 0; i < ADMIN_CONNECTIONS_MAX; i++)
        list_push_back(&admin->free, &admin->connections[i].node);
    uv_tcp_init(&loop->uv, &admin->listener); /* cannot fail: makes no socket yet */
    admin->listener.data = admin;
    return admin;
}

struct admin *admin_start(struct loop *loop, const char *address, bool (*is_ready)(void *),
                          void *owner, struct error *err)
{
    struct sockaddr_storage sockaddr;
    struct address parsed;
    struct admin *admin;

    if (address_parse(address, &parsed, err) != STATUS_OK)
        return NULL;
    if (parsed.is_unix || resolve(&parsed, &sockaddr) != 0) {
        error_set(err, STATUS_INVALID_ARGUMENT, "the administration port takes IP:PORT");
        return NULL;
    }
    admin = create(loop, is_ready, owner);
    if (admin == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the administration port");
        return NULL;
    }
    if (listen_at(admin, &sockaddr, address, err) != STATUS_OK) {
        admin_stop(admin);
        return NULL;
    }
    return admin;
}

int admin_port(const struct admin *admin)
{
    struct sockaddr_storage name = { 0 };
    int size = sizeof(name);

    uv_tcp_getsockname(&admin->listener, (struct sockaddr *)&name, &size);
    if (name.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
    return ntohs(((struct sockaddr_in *)&name)->sin_port);
}

void admin_stop(struct admin *admin)
{
    struct list *node, *after;

    admin->is_stopping = true;
    uv_close((uv_handle_t *)&admin->listener, on_listener_closed);
    LIST_EACH(node, after, &admin->taken)
    admin_connection_close(LIST_ITEM(node, struct admin_connection, node));
}
