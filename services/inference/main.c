/* inference: ids in, ids out, by the weights of a GGUF file. */
#include "inference.h"
#include "inference_rpc.h"
#include "rpc/host.h"

struct inference_config {
    struct host_config host;
    const char *model;
    int64_t sequences, queue, threads, context, pages;
};

static const struct setting settings[] = {
    HOST_SETTINGS(struct inference_config, "127.0.0.1:7104"),
    { "model", SETTING_KIND_STRING, offsetof(struct inference_config, model), NULL, "FILE",
      "GGUF file of the model that is served", 0, 0, true, false },
    { "sequences", SETTING_KIND_NUMBER, offsetof(struct inference_config, sequences), "4", "N",
      "requests computed at one time", 1, 64, false, false },
    { "queue", SETTING_KIND_NUMBER, offsetof(struct inference_config, queue), "64", "N",
      "requests that may wait for one of them", 0, 65536, false, false },
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

/* Loop. */
static void on_ready(struct inference *inference)
{
    struct host *host = inference->owner;

    if (!host->loop.is_stopping)
        server_set_serving(host->server, true);
}

static enum status start(struct host *host, const void *config, void **service, bool *is_ready,
                         struct error *err)
{
    const struct inference_config *own = config;
    struct inference_options options = {
        .model = own->model,
        .sequences = (uint32_t)own->sequences,
        .queue_max = (uint32_t)own->queue,
        .context = (uint32_t)own->context,
        .pages = (uint32_t)own->pages,
        .threads = (unsigned)own->threads,
    };

    *is_ready = false;
    *service = inference_start(&options, &host->loop, on_ready, host, err);
    return *service == NULL ? err->status : STATUS_OK;
}

static void stop(struct host *host, void *service)
{
    (void)host;
    inference_stop(service);
}

static void destroy(void *service)
{
    inference_destroy(service);
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
