/* One connection to the administration port. The port's own; others see admin.h. */
#ifndef RUN_ADMIN_CONNECTION_H
#define RUN_ADMIN_CONNECTION_H

#include <http_parser.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/list.h"
#include "run/loop.h"

enum connection_state {
    CONNECTION_STATE_READING,
    CONNECTION_STATE_WRITING,
    CONNECTION_STATE_LINGERING,
    CONNECTION_STATE_CLOSING,
};

struct admin_connection;

/* What a connection asks and tells its port. */
struct admin_connection_owner {
    bool (*is_ready)(void *owner); /* NULL: always */
    void *owner;
    void (*on_idle)(struct admin_connection *connection); /* answered, waits for the next request */
    void (*on_closed)(struct admin_connection *connection); /* libuv has let go: the slot is free */
};

struct admin_connection {
    struct list node; /* the port's */
    const struct admin_connection_owner *owner;
    uv_tcp_t tcp;
    struct timer timer;
    unsigned handles_open;
    enum connection_state state;
    bool is_idle; /* between two requests */
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct arena arena; /* one answer */

    http_parser parser;
    char target[ADMIN_TARGET_BYTES_MAX];
    size_t target_size;          /* one over the bound: it did not fit */
    char field[16], accept[512]; /* the name of the field that is read; what is accepted */
    size_t field_size, accept_size;
    bool in_field_name;
    size_t request_bytes;
    bool has_headers, is_complete, keeps_alive;

    char in[ADMIN_READ_BYTES]; /* what was read, and how much of it was parsed */
    size_t in_at, in_size;
};

/* Accept what waits at @listener. @connection->node is left alone; @owner outlives it. */
void admin_connection_open(struct admin_connection *connection, struct loop *loop,
                           uv_tcp_t *listener, const struct admin_connection_owner *owner);

/* Begin to close, in any state; on_closed follows. */
void admin_connection_close(struct admin_connection *connection);

#endif
