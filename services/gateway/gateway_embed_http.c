/* POST …/embeddings: in the words of OpenAI's API. Loop thread. */
#include <string.h>

#include "gateway_chat_write.h"
#include "gateway_embed_read.h"
#include "gateway_http.h"

struct embed_post {
    struct http_exchange *exchange;
    struct call *call; /* NULL: it has ended */
    struct embed_request read;
    Consilium__V1__EmbedTextsRequest request;
    const char *model;
    struct buffer body;
};

static void put_numbers(struct buffer *body, const Consilium__V1__Embedding *vector)
{
    buffer_put_byte(body, '[');
    for (size_t i = 0; i < vector->n_values; i++)
        buffer_format(body, "%s%.9g", i > 0 ? "," : "", (double)vector->values[i]);
    buffer_put_byte(body, ']');
}

/* IEEE 754, four bytes a value, the lowest first: as x86-64 and aarch64 have them in memory. */
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are sent as they are in memory");

static void put_base64(struct buffer *body, const Consilium__V1__Embedding *vector)
{
    buffer_put_byte(body, '"');
    buffer_put_base64(body, slice_of(vector->values, vector->n_values * sizeof(*vector->values)));
    buffer_put_byte(body, '"');
}

static bool on_vectors(void *arg, const void *message)
{
    const Consilium__V1__EmbedTextsReply *reply = message;
    struct embed_post *post = arg;
    struct buffer *body = &post->body;

    buffer_put_string(body, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < reply->n_embeddings; i++) {
        buffer_format(
            body, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i > 0 ? "," : "", i);
        if (post->read.is_base64)
            put_base64(body, reply->embeddings[i]);
        else
            put_numbers(body, reply->embeddings[i]);
        buffer_put_byte(body, '}');
    }
    buffer_put_string(body, "],\"model\":");
    buffer_put_json(body, slice_from(post->model));
    buffer_format(body, ",\"usage\":{\"prompt_tokens\":%u,\"total_tokens\":%u}",
                  reply->usage->prompt_tokens, reply->usage->prompt_tokens);
    buffer_put_string(body, ",\"consilium\":{\"model_digest\":");
    buffer_put_json(body, slice_from(reply->model_digest));
    buffer_put_string(body, "}}");
    return true;
}

static void on_end(void *arg, const struct error *err)
{
    struct embed_post *post = arg;
    struct api_error api;

    gateway_http_ended(gateway_of(post->exchange));
    post->call = NULL;
    if (err->status == STATUS_OK) {
        gateway_http_reply(post->exchange, 200, &post->body);
        return;
    }
    api_error_from(&api, err);
    if (err->status == STATUS_FAILED_PRECONDITION)
        api.param = "model";
    else if (err->status == STATUS_INVALID_ARGUMENT)
        api.param = "input";
    gateway_http_fail(post->exchange, &api);
}

static void on_gone(struct http_exchange *exchange)
{
    struct embed_post *post = exchange->state;

    if (post->call != NULL)
        call_local_cancel(post->call);
}

static bool list_tokens(struct embed_post *post)
{
    struct arena *arena = &post->exchange->arena;
    size_t count = post->read.count;
    Consilium__V1__EmbedText *texts = ARENA_ARRAY(arena, Consilium__V1__EmbedText, count);

    post->request.tokens = ARENA_ARRAY(arena, Consilium__V1__EmbedText *, count);
    if (texts == NULL || post->request.tokens == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        consilium__v1__embed_text__init(&texts[i]);
        texts[i].ids = post->read.arrays[i].ids;
        texts[i].n_ids = post->read.arrays[i].count;
        post->request.tokens[i] = &texts[i];
    }
    post->request.n_tokens = count;
    return true;
}

static bool fill(struct embed_post *post, struct api_error *api)
{
    struct error err;

    consilium__v1__embed_texts_request__init(&post->request);
    post->request.tenant = (char *)gateway_http_tenant(post->exchange);
    post->request.dimensions = post->read.dimensions;
    if (post->read.texts != NULL) {
        post->request.texts = (char **)post->read.texts;
        post->request.n_texts = post->read.count;
        return true;
    }
    if (list_tokens(post))
        return true;
    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the request needs more memory than one may have");
    api_error_from(api, &err);
    return false;
}

/* A model that is not known yet is the call's to refuse. */
static bool check_model(struct embed_post *post, struct slice deployment, struct api_error *api)
{
    struct gateway *gateway = gateway_of(post->exchange);
    const struct models *models = gateway_embed_models(gateway);
    const char *name = deployment.data != NULL ? deployment.data : post->read.model;
    const char *adapter = ""; /* of the model that answers: texts are not embedded by one */
    bool is_known = models->is_known && strcmp(name, models->name) == 0;

    post->model = arena_string(&post->exchange->arena, slice_from(models->name));
    if (post->model == NULL)
        post->model = "";
    /* Azure AI inference has one model behind an address, and need not name it. */
    if (is_known || !models->is_known
        || (gateway_http_has_model(gateway, name, &adapter) && adapter[0] == '\0')
        || (name[0] == '\0' && slice_starts_with(post->exchange->path, SLICE("/models/"))))
        return true;
    api_error_request(api, "model", "there is no model of this name here: see /v1/models");
    api->http = name[0] == '\0' ? 400 : 404;
    api->code = name[0] == '\0'           ? "invalid_value"
                : deployment.data != NULL ? "DeploymentNotFound"
                                          : "model_not_found";
    return false;
}

void embed_http_start(struct http_exchange *exchange, struct slice deployment)
{
    struct embed_post *post = ARENA_NEW(&exchange->arena, struct embed_post);
    struct call_local_options options = {
        .request = post == NULL ? NULL : &post->request,
        .on_message = on_vectors,
        .on_end = on_end,
        .arg = post,
    };
    struct api_error api;

    if (post == NULL) {
        http_abort(exchange);
        return;
    }
    post->exchange = exchange;
    exchange->state = post;
    buffer_init(&post->body, &exchange->arena);
    if (embed_read(exchange->body, &exchange->arena, &post->read, &api)
        && check_model(post, deployment, &api) && fill(post, &api))
        post->call = gateway_http_call(exchange, &method_gateway_embed, &options, &api);
    if (post->call == NULL)
        gateway_http_fail(exchange, &api);
    else
        http_on_gone(exchange, on_gone);
}
