/* The server of the benchmark, on common/rpc: Tokenizer.Decode gives back the bytes that it was
 * sent, INLINE; Tokenizer.Count takes two milliseconds of a worker's time, and admission keeps its
 * queue short. Prints "port N" when it listens. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/log.h"
#include "rpc/server.h"
#include "run/clock.h"

#define WORK_NS (2 * CLOCK_NS_PER_MS)

static void start_decode(struct call *call)
{
    const Consilium__V1__DecodeRequest *request = call->request;
    Consilium__V1__DecodeReply reply = CONSILIUM__V1__DECODE_REPLY__INIT;

    reply.state = request->state;
    call_reply(call, &reply);
}

static uint64_t thread_cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

static void start_count(struct call *call)
{
    Consilium__V1__CountReply reply = CONSILIUM__V1__COUNT_REPLY__INIT;
    uint64_t end_ns = thread_cpu_ns() + WORK_NS;

    while (!call_is_cancelled(call) && thread_cpu_ns() < end_ns)
        continue;
    call_reply(call, &reply);
}

static const struct server_method methods[] = {
    { .method = &method_tokenizer_decode,
      .place = METHOD_PLACE_INLINE,
      .start = start_decode,
      .calls_max = 1024,
      .queue_max = 1024 },
    { .method = &method_tokenizer_count,
      .place = METHOD_PLACE_WORKER,
      .start = start_count,
      .calls_max = 2,
      .queue_max = 20 },
    { 0 },
};

static struct server *server;
static struct workers *workers;

static void drained(void *owner)
{
    struct loop *loop = owner;

    server_destroy(server);
    loop_stop(loop);
}

static void on_stop(struct loop *loop)
{
    server_drain(server, 1000, drained, loop);
}

int main(void)
{
    static const char *const addresses[] = { "127.0.0.1:0", NULL };
    struct loop loop;
    struct error err = { 0 };
    struct server_options options = {
        .name = "echo", .addresses = addresses, .threads = 1, .loop = &loop, .methods = methods
    };

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    log_init("echo",
             LOG_LEVEL_ERROR); /* every call of an overload that fails would have its line */
    if (loop_init(&loop, NULL, on_stop, &err) != STATUS_OK
        || (workers = workers_create(1, 64, &err)) == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    options.workers = workers;
    server = server_create(&options, &err);
    if (server == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    server_set_serving(server, true);
    printf("port %d\n", server_port(server, 0));
    fflush(stdout);
    loop_run(&loop);
    workers_destroy(workers);
    loop_close(&loop);
    return 0;
}
