/* inference: ids in, ids out, by the weights of a GGUF file. */
#include <stdlib.h>

#include "inference_rpc.h"
#include "inference_watch.h"
#include "rpc/host.h"

struct inference_config {
    struct host_config host;
    const char *model, *card, *adapters;
    uint64_t model_watch_ms, wait_ms;
    int64_t sequences, queue, threads, context, pages, cache_bits;
    bool mapped;
};

static const struct setting settings[] = {
    HOST_SETTINGS(struct inference_config, "127.0.0.1:7104"),
    { "model", SETTING_KIND_STRING, offsetof(struct inference_config, model), NULL, "FILE",
      "GGUF file of the model that is served", 0, 0, true, false },
    { "card", SETTING_KIND_STRING, offsetof(struct inference_config, card), NULL, "FILE",
      "text in which the file's SHA-256 stands; else NAME.sha256 or NAME.md beside NAME.gguf, where "
      "there is one",
      0, 0, false, false },
    { "adapters", SETTING_KIND_STRING, offsetof(struct inference_config, adapters), NULL,
      "NAME=FILE,...", "LoRA adapters in GGUF that requests may name", 0, 0, false, false },
    { "cache-bits", SETTING_KIND_NUMBER, offsetof(struct inference_config, cache_bits), "32",
      "BITS", "of a key or value that is kept: 32, or 8 for less than a third of the memory", 8, 32,
      false, false },
    { "mapped", SETTING_KIND_SWITCH, offsetof(struct inference_config, mapped), "false", NULL,
      "serve from the file as it lies for good, without a copy made for speed: in memory that "
      "processes share, and slower",
      0, 0, false, false },
    { "model-watch", SETTING_KIND_DURATION, offsetof(struct inference_config, model_watch_ms), "1s",
      "TIME", "how often the file is looked at: a new one is served without a restart; 0: never", 0,
      86400000, false, false },
    { "sequences", SETTING_KIND_NUMBER, offsetof(struct inference_config, sequences), "4", "N",
      "requests computed at one time", 1, 64, false, false },
    { "queue", SETTING_KIND_NUMBER, offsetof(struct inference_config, queue), "64", "N",
      "requests that may wait for one of them", 0, 65536, false, false },
    { "wait", SETTING_KIND_DURATION, offsetof(struct inference_config, wait_ms), "60s", "TIME",
      "a request is refused where its turn is expected later than this; 0: only by --queue", 0,
      3600000, false, false },
    { "threads", SETTING_KIND_NUMBER, offsetof(struct inference_config, threads), "1", "N",
      "threads of the arithmetic", 1, 256, false, false },
    { "context", SETTING_KIND_NUMBER, offsetof(struct inference_config, context), "0", "N",
      "ids of prompt and answer together; 0: as many as the model can", 0, 1 << 24, false, false },
    { "pages", SETTING_KIND_NUMBER, offsetof(struct inference_config, pages), "0", "N",
      "room for keys and values, in pages of 64 ids that requests share; 0: a whole context for each "
      "of --sequences",
      0, 1 << 24, false, false },
    { .name = NULL },
};

/* What the host calls the service is what its calls find: the watch stands behind it. */
struct watched {
    struct inference_watch watch;
    struct host *host;
};

/* Loop. A model that is refused beside one that serves changes nothing but the health of "model".
 */
static void on_ready(struct inference *inference, const struct error *err)
{
    struct host *host = ((struct watched *)inference->owner)->host;

    if (host->loop.is_stopping || host->server == NULL)
        return;
    server_set_health(host->server, "model", err == NULL);
    if (err == NULL)
        server_set_serving(host->server, true);
}

static void on_idle(struct inference *inference)
{
    host_let_go(((struct watched *)inference->owner)->host);
}

static enum status start(struct host *host, const void *config, void **service, bool *is_ready,
                         struct error *err)
{
    const struct inference_config *own = config;
    struct inference_options options = {
        .model = own->model,
        .card = own->card,
        .adapters = own->adapters,
        .sequences = (uint32_t)own->sequences,
        .queue_max = (uint32_t)own->queue,
        .wait_max_ms = (uint32_t)own->wait_ms,
        .context = (uint32_t)own->context,
        .pages = (uint32_t)own->pages,
        .cache_form = own->cache_bits == 8 ? INFERENCE_CACHE_FORM_Q8 : INFERENCE_CACHE_FORM_F32,
        .threads = (unsigned)own->threads,
        .is_mapped = own->mapped,
        .workers = host->workers,
    };
    struct watched *watched = calloc(1, sizeof(*watched));
    struct inference *inference;

    if (watched == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    if (own->cache_bits != 8 && own->cache_bits != 32) {
        free(watched);
        return error_set(err, STATUS_INVALID_ARGUMENT, "--cache-bits is 8 or 32");
    }
    watched->host = host;
    *is_ready = false;
    *service = inference = inference_start(&options, &host->loop, on_ready, watched, err);
    if (inference == NULL) {
        free(watched);
        return err->status;
    }
    inference_watch_start(&watched->watch, inference, own->model_watch_ms);
    return STATUS_OK;
}

static void stop(struct host *host, void *service)
{
    struct inference *inference = service;
    struct watched *watched = inference->owner;

    inference_watch_stop(&watched->watch);
    if (inference_is_loading(inference)) {
        inference->on_idle = on_idle;
        host_hold(host);
    }
    inference_stop(inference);
}

static void destroy(void *service)
{
    struct watched *watched = ((struct inference *)service)->owner;

    inference_destroy(service);
    free(watched);
}

int main(int argc, char **argv)
{
    static const struct host_program program = {
        .config = { .name = "inference",
                    .summary = "Ids in, ids out: a language model from a GGUF file.",
                    .settings = settings },
        .config_bytes = sizeof(struct inference_config),
        .methods = inference_methods,
        .start = start,
        .stop = stop,
        .destroy = destroy,
    };

    return host_main(&program, argc, argv);
}
