/* Many clients on a running inference service, for minutes:
 *
 *     inference_load TARGET ADMIN_TARGET SECONDS [CLIENTS [SEQUENCES WAIT_SECONDS]]
 *
 * Each client asks, waits for the end and asks again: prompts of 16 to 2,048 ids, mostly short, one
 * in four with a beginning that others have too; answers of 8 to 64 ids. One in eight goes away in
 * the middle, half of those before the first id. Who is refused tries again after a while.
 *
 * Tells how long the first id took, what was refused, the longest that a client had nothing to
 * show, and from the service's metrics the pages that are in use at the end, after everybody has
 * gone: none should be. With the service's --sequences and --wait also the bound on the first id
 * that docs/inference.md derives, by the speed of prompts in this very run. The exit status is 1
 * where pages are in use, where 99 of 100 are not within the bound, or where a call failed
 * otherwise than by being refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "rpc/client.h"
#include "run/clock.h"
#include "run/loop.h"

#define CLIENTS_MAX 1024
#define SAMPLES_MAX (1u << 20)
#define PROMPT_MAX 2048
#define RETRY_MS 200
#define DEADLINE_MS 300000

struct load;

struct client_of_load {
    struct load *load;
    struct timer timer; /* to ask, or to go away */
    struct rpc *rpc;
    uint32_t ids[PROMPT_MAX];
    uint64_t asked_ns, shown_ns; /* shown: the last id, or the start */
    bool has_first, goes_away, is_gone, is_over;
};

struct load {
    struct loop loop;
    struct client *client;
    struct channel *channel;
    struct client_of_load *clients;
    unsigned count, over;
    uint64_t end_ns, longest_without_ns;
    uint64_t random;
    uint32_t vocabulary, context;
    double sequences, wait_ms; /* 0: no bound is known */
    float *first_ms;           /* [SAMPLES_MAX] */
    uint32_t firsts;
    uint64_t ended, killed, refused, failed, ids;
    struct error failure; /* the last */
};

static uint32_t random_below(struct load *load, uint32_t end)
{
    load->random = load->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(load->random >> 33) % end;
}

/* A client
 * ---------------------------------------------------------------------------------------------- */

static void ask(struct client_of_load *client);

static void note_shown(struct client_of_load *client)
{
    uint64_t now = clock_now(), without = now - client->shown_ns;

    if (without > client->load->longest_without_ns)
        client->load->longest_without_ns = without;
    client->shown_ns = now;
}

static void on_message(void *arg, const void *message)
{
    struct client_of_load *client = arg;
    const Consilium__V1__GenerateReply *reply = message;
    struct load *load = client->load;

    if (reply->n_ids > 0 && !client->has_first) {
        client->has_first = true;
        if (load->firsts < SAMPLES_MAX)
            load->first_ms[load->firsts++] = (float)(clock_now() - client->asked_ns) / 1e6f;
    }
    if (reply->n_ids > 0)
        note_shown(client);
    load->ids += reply->n_ids;
    rpc_proceed(client->rpc);
}

static void count_end(struct client_of_load *client, const struct error *err)
{
    struct load *load = client->load;

    if (err->status == STATUS_OK)
        load->ended++;
    else if (client->is_gone)
        load->killed++;
    else if (err->status == STATUS_RESOURCE_EXHAUSTED)
        load->refused++;
    else {
        load->failed++;
        load->failure = *err;
    }
}

static void on_end(void *arg, const struct error *err)
{
    struct client_of_load *client = arg;
    struct load *load = client->load;

    client->rpc = NULL;
    count_end(client, err);
    if (clock_now() >= load->end_ns) {
        timer_stop(&client->timer);
        client->is_over = true;
        load->over++;
        return;
    }
    timer_start(&client->timer,
                err->status == STATUS_RESOURCE_EXHAUSTED ? RETRY_MS + random_below(load, RETRY_MS)
                                                         : random_below(load, 20),
                0);
}

/* Time to ask, or to go away. */
static void on_time(struct timer *timer)
{
    struct client_of_load *client = LIST_ITEM(timer, struct client_of_load, timer);

    if (client->rpc == NULL)
        return ask(client);
    client->is_gone = true;
    rpc_cancel(client->rpc);
}

static uint32_t prompt_length(struct load *load)
{
    static const uint32_t mosts[] = { 64, 64, 128, 128, 256, 512, 1024, PROMPT_MAX };
    uint32_t most = mosts[random_below(load, 8)];

    if (most + 64 >= load->context)
        most = load->context > 128 ? load->context - 65 : 32;
    return 16 + random_below(load, most - 16);
}

static void fill_prompt(struct client_of_load *client, uint32_t count)
{
    struct load *load = client->load;
    bool is_shared = random_below(load, 4) == 0;

    for (uint32_t i = 0; i < count; i++)
        client->ids[i] = is_shared && i < count / 2 ? i % load->vocabulary
                                                    : random_below(load, load->vocabulary);
}

static void ask(struct client_of_load *client)
{
    static const struct rpc_stream_callbacks callbacks = { on_message, on_end };
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    struct load *load = client->load;
    struct rpc_options options = { .attempts_max = 1 };
    struct error err = { 0 };

    request.n_ids = prompt_length(load);
    fill_prompt(client, (uint32_t)request.n_ids);
    request.ids = client->ids;
    request.tokens_max = 8 + random_below(load, 57);
    client->asked_ns = clock_now();
    client->has_first = client->is_gone = false;
    options.deadline_ns = client->asked_ns + DEADLINE_MS * CLOCK_NS_PER_MS;
    if (rpc_stream(load->channel, &method_inference_generate, &request, &options, &callbacks,
                   client, &client->rpc, &err)
        != STATUS_OK) {
        if (err.status != STATUS_RESOURCE_EXHAUSTED)
            fprintf(stderr, "inference_load: a call was not begun: %s\n", err.text);
        return on_end(client, &err);
    }
    client->goes_away = random_below(load, 8) == 0;
    if (client->goes_away)
        timer_start(&client->timer, random_below(load, 2) == 0 ? 1 : random_below(load, 4000), 0);
}

/* All of them
 * ---------------------------------------------------------------------------------------------- */

static bool is_known;

static void on_model(void *arg, const void *message, const struct error *err)
{
    struct load *load = arg;
    const Consilium__V1__GetModelReply *reply = message;

    is_known = true;
    if (err->status != STATUS_OK) {
        load->failure = *err;
        return;
    }
    load->vocabulary = reply->vocabulary_size;
    load->context = reply->context_length;
}

static bool find_model(struct load *load)
{
    Consilium__V1__GetModelRequest request = CONSILIUM__V1__GET_MODEL_REQUEST__INIT;
    struct rpc_options options = { .deadline_ns = clock_now() + 10000 * CLOCK_NS_PER_MS };
    struct error err;

    is_known = false;
    CHECK(rpc_call(load->channel, &method_inference_get_model, &request, &options, on_model, load,
                   NULL, &err)
          == STATUS_OK);
    while (!is_known)
        uv_run(&load->loop.uv, UV_RUN_ONCE);
    return load->failure.status == STATUS_OK;
}

static void run(struct load *load)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct client_of_load *client = &load->clients[i];

        client->load = load;
        client->shown_ns = clock_now();
        timer_init(&client->timer, &load->loop, on_time);
        timer_start(&client->timer, random_below(load, 1000), 0);
    }
    while (load->over < load->count)
        uv_run(&load->loop.uv, UV_RUN_ONCE);
    for (unsigned i = 0; i < load->count; i++)
        timer_close(&load->clients[i].timer, NULL);
}

/* A gauge of the service, or -1. */
static double read_gauge(const char *admin, const char *name)
{
    char command[256], line[512];
    double value = -1;
    FILE *pipe;

    snprintf(command, sizeof(command), "curl -sf http://%s/metrics", admin);
    pipe = popen(command, "r");
    while (pipe != NULL && fgets(line, sizeof(line), pipe) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ' ')
            value = strtod(line + strlen(name), NULL);
    }
    if (pipe != NULL)
        pclose(pipe);
    return value;
}

/* The wait, then twice the prompts that all sequences may have, all of them the longest there are.
 */
static double bound_ms(const struct load *load, const char *admin, double seconds)
{
    double computed = read_gauge(admin, "inference_prompt_tokens_total")
                      - read_gauge(admin, "inference_reused_tokens_total");
    double longest = load->context > PROMPT_MAX ? PROMPT_MAX : load->context;

    return load->wait_ms + 2 * load->sequences * longest * 1000 * seconds / computed;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static int tell(struct load *load, const char *admin, double seconds)
{
    double pages = read_gauge(admin, "inference_pages_used");
    double running = read_gauge(admin, "inference_requests_running");
    double bound = bound_ms(load, admin, seconds), p99;
    uint32_t n = load->firsts;

    qsort(load->first_ms, n, sizeof(float), compare);
    p99 = n == 0 ? 0 : (double)load->first_ms[(uint64_t)n * 99 / 100];
    printf(
        "{\"clients\":%u,\"seconds\":%.0f,\"ended\":%llu,\"killed\":%llu,\"refused\":%llu,"
        "\"failed\":%llu,\"ids_per_s\":%.1f,\"first_p50_ms\":%.0f,\"first_p99_ms\":%.0f,"
        "\"first_max_ms\":%.0f,\"bound_ms\":%.0f,\"longest_without_an_id_ms\":%.0f,\"pages_used\":%.0f,"
        "\"running\":%.0f}\n",
        load->count, seconds, (unsigned long long)load->ended, (unsigned long long)load->killed,
        (unsigned long long)load->refused, (unsigned long long)load->failed,
        (double)load->ids / seconds, n == 0 ? 0 : (double)load->first_ms[n / 2], p99,
        n == 0 ? 0 : (double)load->first_ms[n - 1], load->sequences > 0 ? bound : 0,
        (double)load->longest_without_ns / 1e6, pages, running);
    if (load->failed > 0)
        fprintf(stderr, "inference_load: %s: %s\n", status_name(load->failure.status),
                load->failure.text);
    return load->failed > 0 || pages != 0 || running != 0 || (load->sequences > 0 && p99 > bound);
}

int main(int argc, char **argv)
{
    static struct load load;
    struct channel_options channel = { .service = "inference" };
    uint64_t started_ns;
    struct error err;
    int status = 1;

    if (argc < 4) {
        fputs(
            "usage: inference_load TARGET ADMIN_TARGET SECONDS [CLIENTS [SEQUENCES WAIT_SECONDS]]\n",
            stderr);
        return 2;
    }
    load.count = argc > 4 ? (unsigned)atoi(argv[4]) : 64;
    load.sequences = argc > 6 ? atof(argv[5]) : 0;
    load.wait_ms = argc > 6 ? atof(argv[6]) * 1000 : 0;
    CHECK(load.count >= 1 && load.count <= CLIENTS_MAX);
    load.clients = calloc(load.count, sizeof(*load.clients));
    load.first_ms = calloc(SAMPLES_MAX, sizeof(*load.first_ms));
    CHECK(load.clients != NULL && load.first_ms != NULL);
    CHECK(loop_init(&load.loop, &load, NULL, &err) == STATUS_OK);
    load.client = client_create(&load.loop, CLIENT_PLACE_LOOP, 1, &err);
    channel.target = argv[1];
    load.channel = channel_create(load.client, &channel, &err);
    CHECK(load.channel != NULL);
    started_ns = clock_now();
    load.end_ns = started_ns + strtoull(argv[3], NULL, 10) * CLOCK_NS_PER_S;
    if (find_model(&load)) {
        run(&load);
        status = tell(&load, argv[2], (double)(clock_now() - started_ns) / 1e9);
    } else {
        fprintf(stderr, "inference_load: %s\n", load.failure.text);
    }
    channel_destroy(load.channel);
    client_destroy(load.client);
    loop_stop(&load.loop);
    loop_run(&load.loop);
    loop_close(&load.loop);
    free(load.clients);
    free(load.first_ms);
    return status;
}
