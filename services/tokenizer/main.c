/* tokenizer: text to ids and back, by the vocabulary of a file. */
#include "rpc/host.h"
#include "tokenizer.h"
#include "tokenizer_rpc.h"

struct tokenizer_config {
    struct host_config host;
    const char *model, *model_cache;
    uint64_t model_watch_ms, words_kept_ms;
};

static const struct setting settings[] = {
    HOST_SETTINGS(struct tokenizer_config, "127.0.0.1:7103"),
    { "model", SETTING_KIND_STRING, offsetof(struct tokenizer_config, model), NULL, "FILE",
      "GGUF file or tokenizer.json whose vocabulary and chat template are served", 0, 0, true,
      false },
    { "model-cache", SETTING_KIND_STRING, offsetof(struct tokenizer_config, model_cache), NULL,
      "FOLDER", "where compiled vocabularies are kept, to be mapped at the next start", 0, 0, false,
      false },
    { "model-watch", SETTING_KIND_DURATION, offsetof(struct tokenizer_config, model_watch_ms), "1s",
      "TIME", "how often the file is looked at: a new one is served without a restart; 0: never", 0,
      86400000, false, false },
    { "words-kept", SETTING_KIND_DURATION, offsetof(struct tokenizer_config, words_kept_ms), "10m",
      "TIME", "how long words of texts may be remembered; 0: until others push them out", 0,
      86400000, false, false },
    { .name = NULL },
};

static enum status start(struct host *host, const void *config, void **service, bool *is_ready,
                         struct error *err)
{
    const struct tokenizer_config *own = config;
    struct tokenizer *tokenizer = tokenizer_start(own->model, own->model_cache, err);

    if (tokenizer == NULL)
        return err->status;
    tokenizer_watch(tokenizer, host, own->model_watch_ms, own->words_kept_ms);
    *service = tokenizer;
    *is_ready = true;
    return STATUS_OK;
}

static void stop(struct host *host, void *service)
{
    (void)host;
    tokenizer_unwatch(service);
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
