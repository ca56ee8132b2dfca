/* The threads that poll for a client's completions, and their timers.
 *
 * An rpc may outlive its callback by a little: the loser of a hedge has been cancelled but gRPC
 * still owns its memory, and a timer cannot be taken back. So client_destroy ends the threads, and
 * the last such rpc frees the client. */
#include "rpc/client.h"

#include <grpc/grpc_security.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "rpc/channel.h"
#include "rpc/hand_over.h"

static grpc_channel *create_idle_channel(void)
{
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    grpc_channel *idle = grpc_channel_create("ipv4:127.0.0.1:1", plain, NULL);

    grpc_channel_credentials_release(plain);
    return idle;
}

static void destroy_threads(struct client *client)
{
    unsigned i;

    /* Ends the watches on it, so that the timers' ops are done. */
    grpc_channel_destroy(client->idle);
    for (i = 0; i < client->threads_count; i++)
        thread_destroy(client->threads[i]);
    free(client->threads);
}

static void free_client(struct client *client)
{
    free(client);
    grpc_shutdown();
}

struct client *client_create(struct loop *loop, enum client_place place, unsigned threads,
                             struct error *err)
{
    struct client *client = fault_is_due() ? NULL : calloc(1, sizeof(*client));
    struct thread *thread;

    CHECK(threads > 0 && (loop != NULL || place == CLIENT_PLACE_INLINE));
    if (client != NULL)
        client->threads = calloc(threads, sizeof(struct thread *));
    if (client == NULL || client->threads == NULL) {
        free(client);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a client");
        return NULL;
    }
    grpc_init();
    client->loop = loop;
    client->place = place;
    client->idle = create_idle_channel();
    atomic_init(&client->refs, 1);
    while (client->threads_count < threads) {
        thread = thread_create(loop, err);
        if (thread == NULL) {
            destroy_threads(client);
            free_client(client);
            return NULL;
        }
        client->threads[client->threads_count++] = thread;
    }
    return client;
}

void client_destroy(struct client *client)
{
    destroy_threads(client);
    client_unref(client);
}

void client_ref(struct client *client)
{
    atomic_fetch_add_explicit(&client->refs, 1, memory_order_relaxed);
}

void client_unref(struct client *client)
{
    if (atomic_fetch_sub_explicit(&client->refs, 1, memory_order_acq_rel) == 1)
        free_client(client);
}

struct thread *client_thread(struct client *client)
{
    unsigned turn = atomic_fetch_add_explicit(&client->turn, 1, memory_order_relaxed);

    return client->threads[turn % client->threads_count];
}

void client_timer(struct client *client, struct thread *thread, struct op *op, uint64_t at_ns)
{
    gpr_timespec at = { .tv_sec = (int64_t)(at_ns / 1000000000u),
                        .tv_nsec = (int32_t)(at_ns % 1000000000u),
                        .clock_type = GPR_CLOCK_MONOTONIC };

    HAND_OVER(op);
    grpc_channel_watch_connectivity_state(client->idle, GRPC_CHANNEL_IDLE, at, thread_queue(thread),
                                          op);
}
