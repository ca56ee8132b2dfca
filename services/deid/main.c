#include "deid.h"
#include "deid_rpc.h"
#include "rpc/host.h"

struct config {
    struct host_config host;
    struct deid_options deid;
};

static const struct setting settings[] = {
    HOST_SETTINGS(struct config, "127.0.0.1:7101"),
    { "key-file", SETTING_KIND_STRING, offsetof(struct config, deid.key_file), "deid.key", "FILE",
      "the key of the sealed maps, 64 hex digits; made when there is none", 0, 0, false, false },
    { "profile", SETTING_KIND_STRING, offsetof(struct config, deid.profile), "limited", "PROFILE",
      "limited or safe-harbor, for requests that name none", 0, 0, false, false },
    { "style", SETTING_KIND_STRING, offsetof(struct config, deid.style), NULL, "STYLE",
      "codes, surrogates, tags or masks, for requests that name none", 0, 0, false, false },
    { "patterns", SETTING_KIND_STRING, offsetof(struct config, deid.patterns), NULL, "FILE",
      "the site's id patterns, deny and allow lists as JSON", 0, 0, false, false },
    { "fhir-rules", SETTING_KIND_STRING, offsetof(struct config, deid.fhir_rules), NULL, "FILE",
      "rules for FHIR in the format of Microsoft's Tools for Health Data Anonymization", 0, 0,
      false, false },
    { 0 },
};

static enum status start(struct host *host, const void *config, void **service, bool *is_ready,
                         struct error *err)
{
    (void)host;
    *service = deid_create(&((const struct config *)config)->deid, err);
    *is_ready = *service != NULL;
    return *service == NULL ? err->status : STATUS_OK;
}

static void stop(struct host *host, void *service)
{
    (void)host;
    (void)service;
}

static void destroy(void *service)
{
    deid_destroy(service);
}

int main(int argc, char **argv)
{
    static const struct host_program program = {
        .config = { .name = "deid",
                    .summary = "replaces identifiers in clinical text and FHIR, and puts them back",
                    .settings = settings },
        .config_bytes = sizeof(struct config),
        .methods = deid_methods,
        .start = start,
        .stop = stop,
        .destroy = destroy,
    };

    return host_main(&program, argc, argv);
}
