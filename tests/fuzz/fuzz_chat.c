/* Requests of the chat, the responses and the embeddings API. What is taken has turns, the last of
 * the user, or inputs, and settings within their bounds; what is refused has a text. */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "fuzz_target.h"
#include "gateway_embed_read.h"
#include "gateway_responses_read.h"

static void check_taken(const struct chat_request *request)
{
    unsigned i;

    CHECK(request->turns_count >= 1 && request->turns_count <= CHAT_TURNS_MAX + 1);
    for (i = 0; i < request->turns_count; i++)
        CHECK(request->turns[i].text != NULL && request->turns[i].role != NULL);
    CHECK(strcmp(request->turns[request->turns_count - 1].role, "user") == 0);
    CHECK(request->answers >= 1 && request->answers <= CHAT_ANSWERS_MAX);
    CHECK(request->temperature >= 0 && request->temperature <= 2);
    CHECK(request->stops_count <= CHAT_STOPS_MAX && request->biases_count <= CHAT_BIASES_MAX);
    for (i = 0; i < request->stops_count; i++)
        CHECK(request->stops[i].size > 0);
    CHECK(request->form != CHAT_FORM_SCHEMA || request->schema[0] == '{');
    CHECK(request->bundle.data == NULL || request->bundle.data[0] == '{');
    CHECK(request->top_logprobs <= CHAT_TOP_LOGPROBS_MAX);
    CHECK(request->top_logprobs == 0 || request->has_logprobs);
}

static void check_embed(const struct embed_request *request)
{
    CHECK(request->count >= 1 && request->count <= EMBED_INPUTS_MAX);
    CHECK((request->texts == NULL) != (request->arrays == NULL));
    for (size_t i = 0; i < request->count; i++)
        CHECK(request->texts == NULL ? request->arrays[i].count > 0 : request->texts[i][0] != '\0');
}

static bool read_embed(struct slice body, struct arena *arena, struct api_error *api)
{
    struct embed_request request;

    if (!embed_read(body, arena, &request, api))
        return false;
    check_embed(&request);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chat_request request;
    struct api_error api = { 0 };
    struct slice body;
    struct arena arena;
    bool is_taken;

    if (size == 0)
        return 0;
    body = slice_of(data + 1, size - 1);
    arena_init(&arena, 16 * MIB);
    if ((data[0] & 3) == 2) {
        CHECK(read_embed(body, &arena, &api) || (api.http >= 400 && api.text[0] != '\0'));
        arena_close(&arena);
        return 0;
    }
    is_taken = (data[0] & 1) != 0 ? responses_read(body, &arena, &request, &api)
                                  : chat_read(body, &arena, &request, &api);
    if (is_taken)
        check_taken(&request);
    else
        CHECK(api.http >= 400 && api.text[0] != '\0' && api.type != NULL);
    arena_close(&arena);
    return 0;
}
