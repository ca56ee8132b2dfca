#include "gateway_http_route.h"

#include <string.h>

#include "gateway_admin_http.h"
#include "gateway_console.h"
#include "gateway_web_http.h"

static const struct route routes[] = {
    { HTTP_VERB_POST, "/v1/chat/completions", chat_http_start, ROUTE_CHAT_BYTES_MAX },
    { HTTP_VERB_POST, "/openai/v1/chat/completions", chat_http_start, ROUTE_CHAT_BYTES_MAX },
    { HTTP_VERB_POST, "/openai/deployments/*/chat/completions", chat_http_start,
      ROUTE_CHAT_BYTES_MAX },
    { HTTP_VERB_POST, "/models/chat/completions", chat_http_start, ROUTE_CHAT_BYTES_MAX },
    { HTTP_VERB_POST, "/v1/responses", responses_http_start, ROUTE_CHAT_BYTES_MAX },
    { HTTP_VERB_POST, "/openai/v1/responses", responses_http_start, ROUTE_CHAT_BYTES_MAX },
    { HTTP_VERB_POST, "/openai/responses", responses_http_start, ROUTE_CHAT_BYTES_MAX },
    { HTTP_VERB_POST, "/fhir/Bundle", fhir_http_put, RECORD_BYTES_MAX },
    { HTTP_VERB_PUT, "/fhir/Bundle", fhir_http_put, RECORD_BYTES_MAX },
    { HTTP_VERB_POST, "/fhir/Patient/*/$pull", fhir_http_pull, ROUTE_OTHER_BYTES_MAX },
    { HTTP_VERB_POST, "/fhir/Patient/*/%24pull", fhir_http_pull, ROUTE_OTHER_BYTES_MAX },
    { HTTP_VERB_DELETE, "/fhir/Patient/*", fhir_http_forget, 0 },
    { HTTP_VERB_GET, "/fhir/Patient/*/$everything", everything_http_get, 0 },
    { HTTP_VERB_GET, "/fhir/Patient/*/%24everything", everything_http_get, 0 },
    { HTTP_VERB_GET, "/fhir/metadata", fhir_http_metadata, 0 },
    { HTTP_VERB_POST, "/v1/embeddings", embed_http_start, ROUTE_EMBED_BYTES_MAX },
    { HTTP_VERB_POST, "/openai/v1/embeddings", embed_http_start, ROUTE_EMBED_BYTES_MAX },
    { HTTP_VERB_POST, "/openai/deployments/*/embeddings", embed_http_start, ROUTE_EMBED_BYTES_MAX },
    { HTTP_VERB_POST, "/models/embeddings", embed_http_start, ROUTE_EMBED_BYTES_MAX },
    { HTTP_VERB_POST, WEB_PATH "PutRecord", web_http_start, ROUTE_PUT_BYTES_MAX },
    { HTTP_VERB_POST, WEB_PATH "*", web_http_start, ROUTE_EMBED_BYTES_MAX },
    { HTTP_VERB_GET, "/v1/admin/configuration", admin_http_configuration, 0 },
    { HTTP_VERB_GET, "/v1/admin/audit", admin_http_audit, 0 },
    { HTTP_VERB_GET, "/v1/patients/*/timeline", timeline_http_get, 0 },
    { HTTP_VERB_GET, "/", console_http_root, 0 },
    { HTTP_VERB_GET, "/console/", console_http_get, 0 },
    { HTTP_VERB_GET, "/console/*", console_http_get, 0 },
    { HTTP_VERB_GET, "/v1/models", models_http_list, 0 },
    { HTTP_VERB_GET, "/openai/v1/models", models_http_list, 0 },
    { HTTP_VERB_GET, "/openai/models", models_http_list, 0 },
    { HTTP_VERB_GET, "/v1/models/*", models_http_get, 0 },
    { HTTP_VERB_GET, "/openai/v1/models/*", models_http_get, 0 },
    { HTTP_VERB_GET, "/models/info", models_http_info, 0 },
};

/* Whether @path is @pattern; the step that a '*' stands for becomes *@step. */
static bool matches(const char *pattern, struct slice path, struct slice *step)
{
    const char *star = strchr(pattern, '*');
    struct slice before, after;
    size_t end;

    *step = (struct slice){ NULL, 0 };
    if (star == NULL)
        return slice_is(path, pattern);
    before = slice_of(pattern, (size_t)(star - pattern));
    after = slice_from(star + 1);
    if (!slice_starts_with(path, before))
        return false;
    path = slice_cut(path, before.size, path.size);
    end = slice_find_byte(path, '/');
    *step = slice_cut(path, 0, end);
    return step->size > 0 && slice_equal(slice_cut(path, end, path.size), after);
}

const struct route *route_find(const struct http_exchange *exchange, struct slice *step,
                               bool *has_path)
{
    size_t i;

    *has_path = false;
    for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (!matches(routes[i].path, exchange->path, step))
            continue;
        *has_path = true;
        if (routes[i].verb == exchange->verb
            || (routes[i].verb == HTTP_VERB_GET && exchange->verb == HTTP_VERB_HEAD))
            return &routes[i];
    }
    return NULL;
}
