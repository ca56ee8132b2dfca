#include "gateway_chat_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKENS_MAX (1u << 20)

static bool fail_memory(struct api_error *api)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the request needs more memory than one may have");
    api_error_from(api, &err);
    return false;
}

/* NULL where @key is absent or null. */
static const struct json *get(const struct json *root, const char *key)
{
    const struct json *item = json_get(root, key);

    return item == NULL || item->kind == JSON_KIND_NULL ? NULL : item;
}

bool chat_read_document(struct slice body, struct arena *arena, const struct json **root,
                        struct api_error *api)
{
    struct error err = { 0 };
    struct json *tree;

    if (slice_trim(body).size == 0)
        return api_error_request(api, NULL, "the body is empty: a JSON object is expected");
    if (json_parse_view(body, arena, &tree, &err) != STATUS_OK)
        return api_error_request(api, NULL, "the body is not JSON: %s", err.text);
    if (tree->kind != JSON_KIND_OBJECT)
        return api_error_request(api, NULL, "the body is not a JSON object");
    *root = tree;
    return true;
}

bool chat_read_number(const struct json *root, const char *key, double min, double max,
                      double *value, struct api_error *api)
{
    const struct json *item = get(root, key);
    char text[40], *end;
    double number;

    if (item == NULL)
        return true;
    if (item->kind != JSON_KIND_NUMBER || item->text.size >= sizeof(text))
        return api_error_request(api, key, "%s is not a number", key);
    memcpy(text, item->text.data, item->text.size);
    text[item->text.size] = '\0';
    number = strtod(text, &end);
    if (*end != '\0' || !isfinite(number) || number < min || number > max)
        return api_error_request(api, key, "%s is not a number from %g to %g", key, min, max);
    *value = number;
    return true;
}

bool chat_read_count(const struct json *root, const char *key, uint32_t min, uint32_t max,
                     uint32_t *value, struct api_error *api)
{
    double number = *value;

    if (!chat_read_number(root, key, min, max, &number, api))
        return false;
    if (number != floor(number))
        return api_error_request(api, key, "%s is not a whole number", key);
    *value = (uint32_t)number;
    return true;
}

bool chat_read_switch(const struct json *root, const char *key, bool *value, struct api_error *api)
{
    const struct json *item = get(root, key);

    if (item == NULL)
        return true;
    if (item->kind != JSON_KIND_TRUE && item->kind != JSON_KIND_FALSE)
        return api_error_request(api, key, "%s is not true or false", key);
    *value = item->kind == JSON_KIND_TRUE;
    return true;
}

/* Text that ends where it ends: a NUL inside would cut it off unseen. */
static bool copy_text(struct slice text, const char *param, struct arena *arena, const char **value,
                      struct api_error *api)
{
    if (slice_find_byte(text, '\0') != text.size)
        return api_error_request(api, param, "%s has a NUL in it", param);
    *value = arena_string(arena, text);
    return *value != NULL || fail_memory(api);
}

bool chat_read_text(const struct json *root, const char *key, struct arena *arena,
                    const char **value, struct api_error *api)
{
    const struct json *item = get(root, key);

    if (item == NULL)
        return true;
    if (item->kind != JSON_KIND_STRING)
        return api_error_request(api, key, "%s is not a string", key);
    return copy_text(item->text, key, arena, value, api);
}

/* A string, or parts of which each is text. */
bool chat_read_content(const struct json *content, const char *param, struct arena *arena,
                       const char **text, struct api_error *api)
{
    const struct json *part;
    struct buffer joined;

    if (content == NULL || content->kind == JSON_KIND_NULL)
        return api_error_request(api, param, "a message has no content");
    if (content->kind == JSON_KIND_STRING)
        return copy_text(content->text, param, arena, text, api);
    if (content->kind != JSON_KIND_ARRAY)
        return api_error_request(api, param, "content is not a string or an array of parts");
    buffer_init(&joined, arena);
    for (part = json_first(content); part != NULL; part = part->next) {
        const struct json *piece = get(part, "text");
        struct slice type = json_get_string(part, "type");

        if ((!slice_is(type, "text") && !slice_is(type, "input_text")
             && !slice_is(type, "output_text"))
            || piece == NULL || piece->kind != JSON_KIND_STRING)
            return api_error_request(api, param,
                                     "a part of content is not text: this model takes only text");
        if (joined.size > 0)
            buffer_put_byte(&joined, '\n');
        buffer_put(&joined, piece->text);
    }
    if (joined.is_full)
        return fail_memory(api);
    return copy_text(buffer_slice(&joined), param, arena, text, api);
}

bool chat_read_role(struct slice role, const char **name)
{
    if (slice_is(role, "system") || slice_is(role, "developer"))
        *name = "system";
    else if (slice_is(role, "user"))
        *name = "user";
    else if (slice_is(role, "assistant"))
        *name = "assistant";
    else
        return false;
    return true;
}

static bool read_message(const struct json *message, struct arena *arena, struct chat_turn *turn,
                         struct api_error *api)
{
    if (message->kind != JSON_KIND_OBJECT)
        return api_error_request(api, "messages", "a message is not an object");
    if (!chat_read_role(json_get_string(message, "role"), &turn->role))
        return api_error_request(api, "messages",
                                 "a message's role is not system, developer, user or assistant");
    if (get(message, "tool_calls") != NULL)
        return api_error_request(api, "messages", "calls of tools are not supported");
    return chat_read_content(json_get(message, "content"), "messages", arena, &turn->text, api);
}

static bool read_messages(const struct json *root, struct arena *arena,
                          struct chat_request *request, struct api_error *api)
{
    const struct json *messages = get(root, "messages"), *message;

    if (messages == NULL || messages->kind != JSON_KIND_ARRAY || messages->count == 0)
        return api_error_request(api, "messages", "messages is not an array of messages");
    if (messages->count > CHAT_TURNS_MAX)
        return api_error_request(api, "messages", "%u messages, at most %d are taken",
                                 messages->count, CHAT_TURNS_MAX);
    request->turns = ARENA_ARRAY(arena, struct chat_turn, messages->count);
    if (request->turns == NULL)
        return fail_memory(api);
    for (message = json_first(messages); message != NULL; message = message->next)
        if (!read_message(message, arena, &request->turns[request->turns_count++], api))
            return false;
    if (strcmp(request->turns[request->turns_count - 1].role, "user") != 0)
        return api_error_request(api, "messages", "the last message is not of role user");
    return true;
}

static bool read_float(const struct json *root, const char *key, double min, double max,
                       float *value, struct api_error *api)
{
    double number = *value;

    if (!chat_read_number(root, key, min, max, &number, api))
        return false;
    *value = (float)number;
    return true;
}

bool chat_read_sampling(const struct json *root, struct chat_request *request,
                        struct api_error *api)
{
    double seed = 0;

    if (!read_float(root, "temperature", 0, 2, &request->temperature, api)
        || !read_float(root, "top_p", 0, 1, &request->top_p, api)
        || !read_float(root, "presence_penalty", -2, 2, &request->presence_penalty, api)
        || !read_float(root, "frequency_penalty", -2, 2, &request->frequency_penalty, api)
        || !chat_read_number(root, "seed", -9007199254740991.0, 9007199254740991.0, &seed, api))
        return false;
    request->seed = (uint64_t)(int64_t)seed;
    return true;
}

static bool add_stop(const struct json *stop, struct chat_request *request, struct api_error *api)
{
    if (stop->kind != JSON_KIND_STRING || stop->text.size == 0)
        return api_error_request(api, "stop", "a stop is not a string with text in it");
    if (request->stops_count == CHAT_STOPS_MAX)
        return api_error_request(api, "stop", "at most %d stops are taken", CHAT_STOPS_MAX);
    request->stops[request->stops_count++] = stop->text;
    return true;
}

static bool read_stop(const struct json *root, struct chat_request *request, struct api_error *api)
{
    const struct json *stop = get(root, "stop"), *one;

    if (stop == NULL)
        return true;
    if (stop->kind != JSON_KIND_ARRAY)
        return add_stop(stop, request, api);
    for (one = json_first(stop); one != NULL; one = one->next)
        if (!add_stop(one, request, api))
            return false;
    return true;
}

static bool read_bias(const struct json *item, struct chat_bias *bias, struct api_error *api)
{
    char text[16], *end;
    unsigned long id;
    double number = 0;
    const struct json alone = { .kind = JSON_KIND_OBJECT,
                                .count = 1,
                                .first = (struct json *)item };
    char key[16];

    if (item->key.size == 0 || item->key.size >= sizeof(text))
        return api_error_request(api, "logit_bias", "a key of logit_bias is not a token's id");
    memcpy(text, item->key.data, item->key.size);
    text[item->key.size] = '\0';
    errno = 0;
    id = strtoul(text, &end, 10);
    if (*end != '\0' || errno != 0 || id > UINT32_MAX || text[0] < '0' || text[0] > '9')
        return api_error_request(api, "logit_bias", "a key of logit_bias is not a token's id");
    memcpy(key, text, sizeof(key));
    if (!chat_read_number(&alone, key, -100, 100, &number, api))
        return api_error_request(api, "logit_bias", "a bias is not a number from -100 to 100");
    *bias = (struct chat_bias){ (uint32_t)id, (float)number };
    return true;
}

static bool read_biases(const struct json *root, struct arena *arena, struct chat_request *request,
                        struct api_error *api)
{
    const struct json *map = get(root, "logit_bias"), *item;

    if (map == NULL)
        return true;
    if (map->kind != JSON_KIND_OBJECT || map->count > CHAT_BIASES_MAX)
        return api_error_request(api, "logit_bias", "logit_bias is not an object of at most %d ids",
                                 CHAT_BIASES_MAX);
    request->biases = ARENA_ARRAY(arena, struct chat_bias, map->count + 1);
    if (request->biases == NULL)
        return fail_memory(api);
    for (item = json_first(map); item != NULL; item = item->next)
        if (!read_bias(item, &request->biases[request->biases_count++], api))
            return false;
    return true;
}

bool chat_read_schema(const struct json *format, const struct json *schema, const char *param,
                      struct arena *arena, struct chat_request *request, struct api_error *api)
{
    struct slice type = json_get_string(format, "type");
    struct buffer text;

    if (slice_is(type, "text"))
        return true;
    if (slice_is(type, "json_object")) {
        request->form = CHAT_FORM_JSON;
        return true;
    }
    if (!slice_is(type, "json_schema") || schema == NULL || schema->kind != JSON_KIND_OBJECT)
        return api_error_request(
            api, param, "%s is not of type text, json_object, or json_schema with a schema", param);
    buffer_init(&text, arena);
    json_write(schema, &text);
    buffer_put_byte(&text, '\0');
    if (text.is_full)
        return fail_memory(api);
    request->form = CHAT_FORM_SCHEMA;
    request->schema = text.data;
    return true;
}

static bool read_format(const struct json *root, struct arena *arena, struct chat_request *request,
                        struct api_error *api)
{
    const struct json *format = get(root, "response_format");

    if (format == NULL)
        return true;
    return chat_read_schema(format, get(get(format, "json_schema"), "schema"), "response_format",
                            arena, request, api);
}

bool chat_read_patient(const struct json *root, struct arena *arena, struct chat_request *request,
                       struct api_error *api)
{
    const struct json *patient = get(root, "patient");
    struct buffer bundle;

    if (!chat_read_switch(root, "keep_surrogates", &request->keep_surrogates, api)
        || !chat_read_count(root, "facts_tokens", 0, TOKENS_MAX, &request->facts_tokens, api))
        return false;
    if (patient == NULL)
        return true;
    if (patient->kind == JSON_KIND_STRING)
        return copy_text(patient->text, "patient", arena, &request->patient, api);
    if (patient->kind != JSON_KIND_OBJECT
        || !slice_is(json_get_string(patient, "resourceType"), "Bundle"))
        return api_error_request(api, "patient", "patient is not an id or a FHIR Bundle");
    buffer_init(&bundle, arena);
    json_write(patient, &bundle);
    request->bundle = buffer_slice(&bundle);
    return !bundle.is_full || fail_memory(api);
}

static bool read_tokens_max(const struct json *root, struct chat_request *request,
                            struct api_error *api)
{
    return chat_read_count(root, "max_tokens", 1, TOKENS_MAX, &request->tokens_max, api)
           && chat_read_count(root, "max_completion_tokens", 1, TOKENS_MAX, &request->tokens_max,
                              api);
}

static bool read_answers(const struct json *root, struct chat_request *request,
                         struct api_error *api)
{
    uint32_t answers = 1;

    if (!chat_read_count(root, "n", 1, CHAT_ANSWERS_MAX, &answers, api)
        || !chat_read_switch(root, "stream", &request->is_stream, api)
        || !chat_read_switch(get(root, "stream_options"), "include_usage", &request->has_usage, api)
        || !chat_read_switch(root, "logprobs", &request->has_logprobs, api)
        || !chat_read_count(root, "top_logprobs", 0, CHAT_TOP_LOGPROBS_MAX, &request->top_logprobs,
                            api))
        return false;
    if (request->top_logprobs > 0 && !request->has_logprobs)
        return api_error_request(api, "top_logprobs", "top_logprobs needs logprobs");
    request->answers = answers;
    return true;
}

static bool has_items(const struct json *item)
{
    return item != NULL && item->count > 0;
}

static bool read_tools(const struct json *root, struct api_error *api)
{
    if (has_items(get(root, "tools")) || has_items(get(root, "functions")))
        return api_error_request(api, "tools", "calls of tools are not supported");
    return true;
}

bool chat_read(struct slice body, struct arena *arena, struct chat_request *request,
               struct api_error *api)
{
    const struct json *root;

    *request = (struct chat_request){ .model = "", .patient = "", .answers = 1 };
    return chat_read_document(body, arena, &root, api)
           && chat_read_text(root, "model", arena, &request->model, api)
           && read_messages(root, arena, request, api) && read_tokens_max(root, request, api)
           && chat_read_sampling(root, request, api) && read_stop(root, request, api)
           && read_biases(root, arena, request, api) && read_answers(root, request, api)
           && read_format(root, arena, request, api) && read_tools(root, api)
           && chat_read_patient(root, arena, request, api);
}
