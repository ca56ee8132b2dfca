/* tokenizer: text to ids and back, by the vocabulary of a GGUF file. */
#include "rpc/host.h"
#include "tokenizer.h"
#include "tokenizer_rpc.h"

struct tokenizer_config {
    struct host_config host;
    const char *model;
};

static const struct setting settings[] = {
    HOST_SETTINGS(struct tokenizer_config, "127.0.0.1:7103"),
    { "model", SETTING_KIND_STRING, offsetof(struct tokenizer_config, model), NULL, "FILE",
      "GGUF file whose vocabulary and chat template are served", 0, 0, true, false },
    { .name = NULL },
};

static enum status start(struct host *host, const void *config, void **service, bool *is_ready,
                         struct error *err)
{
    (void)host;
    *service = tokenizer_start(((const struct tokenizer_config *)config)->model, err);
    *is_ready = *service != NULL;
    return *service == NULL ? err->status : STATUS_OK;
}

/* Nothing on the loop is open. */
static void stop(struct host *host, void *service)
{
    (void)host;
    (void)service;
}

static void destroy(void *service)
{
    tokenizer_stop(service);
}

int main(int argc, char **argv)
{
    static const struct host_program program = {
        .config = { .name = "tokenizer",
                    .summary = "Text to ids and back, by the vocabulary of the model in use.",
                    .settings = settings },
        .config_bytes = sizeof(struct tokenizer_config),
        .methods = tokenizer_methods,
        .start = start,
        .stop = stop,
        .destroy = destroy,
    };

    return host_main(&program, argc, argv);
}
