/* The model that serves, by each of its names. Loop thread. */
#include "gateway_chat_write.h"
#include "gateway_http.h"
#include "run/clock.h"

static bool get_model(struct http_exchange *exchange, Consilium__V1__GetModelReply *model)
{
    struct api_error api;
    struct error err;

    if (models_get(&gateway_of(exchange)->models, model, &err) == STATUS_OK)
        return true;
    err.status = STATUS_UNAVAILABLE;
    api_error_from(&api, &err);
    gateway_http_fail(exchange, &api);
    return false;
}

/* The model that embeds, where it is another; NULL: it is not, or nothing is known of it. */
static const Consilium__V1__GetModelReply *get_embedder(struct http_exchange *exchange,
                                                        Consilium__V1__GetModelReply *model)
{
    struct gateway *gateway = gateway_of(exchange);
    const struct models *models = gateway_embed_models(gateway);
    struct error err;

    return models != &gateway->models && models_get(models, model, &err) == STATUS_OK ? model
                                                                                      : NULL;
}

static int64_t now_s(void)
{
    return clock_wall_ms() / 1000;
}

void models_http_list(struct http_exchange *exchange, struct slice rest)
{
    Consilium__V1__GetModelReply model, embedder;
    struct buffer body;

    (void)rest;
    if (!get_model(exchange, &model))
        return;
    buffer_init(&body, &exchange->arena);
    buffer_put_string(&body, "{\"object\":\"list\",\"data\":[");
    chat_put_model(&body, model.name, "", &model, now_s());
    for (size_t i = 0; i < model.n_adapters; i++) {
        buffer_put_byte(&body, ',');
        chat_put_model(&body, model.name, model.adapters[i], &model, now_s());
    }
    if (get_embedder(exchange, &embedder) != NULL) {
        buffer_put_byte(&body, ',');
        chat_put_model(&body, embedder.name, "", &embedder, now_s());
    }
    buffer_put_string(&body, "]}");
    gateway_http_reply(exchange, 200, &body);
}

void models_http_get(struct http_exchange *exchange, struct slice id)
{
    Consilium__V1__GetModelReply model, embedder;
    struct api_error api = { .http = 404,
                             .type = "invalid_request_error",
                             .code = "model_not_found",
                             .param = "model",
                             .text = "there is no model of this name here: see /v1/models" };
    const char *adapter = "", *name;
    struct buffer body;

    if (!get_model(exchange, &model))
        return;
    if (get_embedder(exchange, &embedder) != NULL && slice_is(id, embedder.name)) {
        model = embedder;
    } else if (!gateway_http_has_model(gateway_of(exchange), id.data, &adapter)) {
        gateway_http_fail(exchange, &api);
        return;
    }
    name = adapter[0] == '\0'
               ? id.data
               : arena_string(&exchange->arena, slice_of(id.data, (size_t)(adapter - id.data - 1)));
    buffer_init(&body, &exchange->arena);
    chat_put_model(&body, name == NULL ? "" : name, adapter, &model, now_s());
    gateway_http_reply(exchange, 200, &body);
}

/* Azure AI inference asks so. */
void models_http_info(struct http_exchange *exchange, struct slice rest)
{
    Consilium__V1__GetModelReply model;
    struct buffer body;

    (void)rest;
    if (!get_model(exchange, &model))
        return;
    buffer_init(&body, &exchange->arena);
    buffer_put_string(&body, "{\"model_name\":");
    buffer_put_json(&body, slice_from(model.name));
    buffer_put_string(&body, ",\"model_type\":\"chat_completion\",\"model_provider_name\":"
                             "\"consilium\",\"consilium\":{\"digest\":");
    buffer_put_json(&body, slice_from(model.digest));
    buffer_put_string(&body, "}}");
    gateway_http_reply(exchange, 200, &body);
}
