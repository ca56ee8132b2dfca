#include "gateway_embed_read.h"

#include <stdlib.h>
#include <string.h>

#include "gateway_chat_read.h"

#define DIMENSIONS_MAX 65536

static bool fail_memory(struct api_error *api)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the request needs more memory than one may have");
    api_error_from(api, &err);
    return false;
}

static bool fail_input(struct api_error *api)
{
    return api_error_request(
        api, "input", "input is not a text, an array of texts, or one or more arrays of ids");
}

static bool add_text(const struct json *item, struct arena *arena, struct embed_request *request,
                     struct api_error *api)
{
    const char *text;

    if (item->kind != JSON_KIND_STRING)
        return fail_input(api);
    if (item->text.size == 0)
        return api_error_request(api, "input", "input %zu is empty", request->count);
    if (slice_find_byte(item->text, '\0') != item->text.size)
        return api_error_request(api, "input", "input %zu has a NUL in it", request->count);
    text = arena_string(arena, item->text);
    if (text == NULL)
        return fail_memory(api);
    request->texts[request->count++] = text;
    return true;
}

static bool read_id(const struct json *item, uint32_t *id)
{
    char text[16] = "", *end;
    unsigned long long number;

    if (item->kind != JSON_KIND_NUMBER || item->text.size >= sizeof(text))
        return false;
    memcpy(text, item->text.data, item->text.size);
    number = strtoull(text, &end, 10);
    if (*end != '\0' || text[0] == '-' || number > UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    return true;
}

static bool add_ids(const struct json *array, struct arena *arena, struct embed_request *request,
                    struct api_error *api)
{
    struct embed_ids *ids = &request->arrays[request->count];
    const struct json *item;

    if (array->kind != JSON_KIND_ARRAY)
        return fail_input(api);
    if (array->count == 0 || array->count > EMBED_IDS_MAX)
        return api_error_request(api, "input", "input %zu has %u ids, 1 to %u are taken",
                                 request->count, array->count, EMBED_IDS_MAX);
    ids->ids = ARENA_ARRAY(arena, uint32_t, array->count);
    if (ids->ids == NULL)
        return fail_memory(api);
    for (item = json_first(array); item != NULL; item = item->next)
        if (!read_id(item, &ids->ids[ids->count++]))
            return fail_input(api);
    request->count++;
    return true;
}

static bool add_array(const struct json *input, struct arena *arena, struct embed_request *request,
                      struct api_error *api)
{
    enum json_kind kind = json_first(input)->kind;
    const struct json *item;

    if (input->count > EMBED_INPUTS_MAX && kind != JSON_KIND_NUMBER)
        return api_error_request(api, "input", "%u inputs, at most %d are taken", input->count,
                                 EMBED_INPUTS_MAX);
    if (kind == JSON_KIND_STRING)
        request->texts = ARENA_ARRAY(arena, const char *, input->count);
    else
        request->arrays = ARENA_ARRAY(arena, struct embed_ids, input->count);
    if (request->texts == NULL && request->arrays == NULL)
        return fail_memory(api);
    if (kind == JSON_KIND_NUMBER)
        return add_ids(input, arena, request, api);
    for (item = json_first(input); item != NULL; item = item->next)
        if (!(kind == JSON_KIND_STRING ? add_text(item, arena, request, api)
                                       : add_ids(item, arena, request, api)))
            return false;
    return true;
}

static bool read_input(const struct json *root, struct arena *arena, struct embed_request *request,
                       struct api_error *api)
{
    const struct json *input = json_get(root, "input");

    if (input != NULL && input->kind == JSON_KIND_STRING) {
        request->texts = ARENA_ARRAY(arena, const char *, 1);
        return request->texts == NULL ? fail_memory(api) : add_text(input, arena, request, api);
    }
    if (input == NULL || input->kind != JSON_KIND_ARRAY || input->count == 0)
        return fail_input(api);
    return add_array(input, arena, request, api);
}

static bool read_format(const struct json *root, struct embed_request *request,
                        struct api_error *api)
{
    const struct json *format = json_get(root, "encoding_format");

    if (format == NULL || format->kind == JSON_KIND_NULL)
        return true;
    request->is_base64 = format->kind == JSON_KIND_STRING && slice_is(format->text, "base64");
    return request->is_base64
           || (format->kind == JSON_KIND_STRING && slice_is(format->text, "float"))
           || api_error_request(api, "encoding_format", "encoding_format is not float or base64");
}

bool embed_read(struct slice body, struct arena *arena, struct embed_request *request,
                struct api_error *api)
{
    const struct json *root;

    *request = (struct embed_request){ .model = "" };
    return chat_read_document(body, arena, &root, api)
           && chat_read_text(root, "model", arena, &request->model, api)
           && read_input(root, arena, request, api) && read_format(root, request, api)
           && chat_read_count(root, "dimensions", 1, DIMENSIONS_MAX, &request->dimensions, api);
}
