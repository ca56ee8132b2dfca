/* context: records as facts, and the slice of them that a question needs. */
#include "context.h"
#include "context_rpc.h"

static enum status start(struct host *host, const void *config, void **service, bool *is_ready,
                         struct error *err)
{
    *service = context_start(host, config, err);
    *is_ready = !((const struct context_config *)config)->redis_required;
    return *service == NULL ? err->status : STATUS_OK;
}

static void stop(struct host *host, void *service)
{
    (void)host;
    context_stop(service);
}

static void destroy(void *service)
{
    context_destroy(service);
}

int main(int argc, char **argv)
{
    static const struct host_program program = {
        .config = { .name = "context",
                    .summary =
                        "Keeps patients' records as facts, and assembles those that bear on a question.",
                    .settings = context_settings },
        .config_bytes = sizeof(struct context_config),
        .methods = context_methods,
        .start = start,
        .stop = stop,
        .destroy = destroy,
    };

    return host_main(&program, argc, argv);
}
