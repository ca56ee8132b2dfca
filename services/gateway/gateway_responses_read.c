#include "gateway_responses_read.h"

#include <string.h>

#define TOKENS_MAX (1u << 20)

static const struct json *get(const struct json *root, const char *key)
{
    const struct json *item = json_get(root, key);

    return item == NULL || item->kind == JSON_KIND_NULL ? NULL : item;
}

static bool read_item(const struct json *item, struct arena *arena, struct chat_turn *turn,
                      struct api_error *api)
{
    struct slice type = json_get_string(item, "type");

    if (type.data != NULL && !slice_is(type, "message"))
        return api_error_request(api, "input", "an item of input is not a message");
    if (!chat_read_role(json_get_string(item, "role"), &turn->role))
        return api_error_request(api, "input",
                                 "a message's role is not system, developer, user or assistant");
    return chat_read_content(json_get(item, "content"), "input", arena, &turn->text, api);
}

static bool read_input(const struct json *root, struct arena *arena, struct chat_request *request,
                       struct api_error *api)
{
    const struct json *input = get(root, "input"), *item;
    const char *instructions = NULL;
    unsigned count = input != NULL && input->kind == JSON_KIND_ARRAY ? input->count : 1;

    if (!chat_read_text(root, "instructions", arena, &instructions, api))
        return false;
    if (input == NULL || count == 0 || count > CHAT_TURNS_MAX
        || (input->kind != JSON_KIND_ARRAY && input->kind != JSON_KIND_STRING))
        return api_error_request(
            api, "input", "input is not a text or an array of 1 to %d messages", CHAT_TURNS_MAX);
    request->turns = ARENA_ARRAY(arena, struct chat_turn, count + 1);
    if (request->turns == NULL)
        return api_error_request(api, NULL, "the request needs more memory than one may have");
    if (instructions != NULL)
        request->turns[request->turns_count++] = (struct chat_turn){ "system", instructions };
    if (input->kind == JSON_KIND_STRING) {
        request->turns[request->turns_count].role = "user";
        return chat_read_content(input, "input", arena,
                                 &request->turns[request->turns_count++].text, api);
    }
    for (item = json_first(input); item != NULL; item = item->next)
        if (!read_item(item, arena, &request->turns[request->turns_count++], api))
            return false;
    if (strcmp(request->turns[request->turns_count - 1].role, "user") != 0)
        return api_error_request(api, "input", "the last message is not of role user");
    return true;
}

static bool read_format(const struct json *root, struct arena *arena, struct chat_request *request,
                        struct api_error *api)
{
    const struct json *format = get(get(root, "text"), "format");

    if (format == NULL)
        return true;
    return chat_read_schema(format, get(format, "schema"), "text", arena, request, api);
}

/* Of what can be included there is one thing: the rest asks for tools that are not here. */
static bool read_include(const struct json *root, struct chat_request *request,
                         struct api_error *api)
{
    const struct json *include = get(root, "include"), *item;

    if (!chat_read_count(root, "top_logprobs", 0, CHAT_TOP_LOGPROBS_MAX, &request->top_logprobs,
                         api))
        return false;
    if (include != NULL && include->kind != JSON_KIND_ARRAY)
        return api_error_request(api, "include", "include is not an array");
    for (item = json_first(include); item != NULL; item = item->next)
        if (item->kind == JSON_KIND_STRING && slice_is(item->text, "message.output_text.logprobs"))
            request->has_logprobs = true;
    request->has_logprobs |= request->top_logprobs > 0;
    return true;
}

static bool read_refused(const struct json *root, struct api_error *api)
{
    const struct json *tools = get(root, "tools");
    bool is_background = false;

    if (tools != NULL && tools->count > 0)
        return api_error_request(api, "tools", "calls of tools are not supported");
    if (get(root, "previous_response_id") != NULL)
        return api_error_request(api, "previous_response_id",
                                 "responses are not kept: send the conversation as input");
    if (!chat_read_switch(root, "background", &is_background, api))
        return false;
    return !is_background
           || api_error_request(api, "background", "responses in the background are not supported");
}

bool responses_read(struct slice body, struct arena *arena, struct chat_request *request,
                    struct api_error *api)
{
    const struct json *root;

    *request = (struct chat_request){ .model = "", .patient = "", .answers = 1 };
    return chat_read_document(body, arena, &root, api)
           && chat_read_text(root, "model", arena, &request->model, api)
           && read_input(root, arena, request, api)
           && chat_read_count(root, "max_output_tokens", 1, TOKENS_MAX, &request->tokens_max, api)
           && chat_read_sampling(root, request, api)
           && chat_read_switch(root, "stream", &request->is_stream, api)
           && read_format(root, arena, request, api) && read_include(root, request, api)
           && read_refused(root, api) && chat_read_patient(root, arena, request, api);
}
