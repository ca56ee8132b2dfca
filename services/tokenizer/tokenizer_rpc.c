#include "tokenizer_rpc.h"

#include <time.h>

#include "base/limits.h"
#include "consilium/v1/tokenizer.pb-c.h"
#include "tokenizer.h"
#include "tokenizer_decode.h"

/* One request's ids are four times its text at the worst; Count takes a record's lines at once. */
#define ARENA_BYTES (128 * MIB)
#define TEXTS_MAX 65536

static void encode(struct call *call)
{
    const struct tokenizer *tokenizer = call->service;
    const Consilium__V1__EncodeRequest *request = call->request;
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;
    struct tokenizer_ids ids;
    struct error err;

    if (tokenizer_encode(tokenizer->vocab, slice_from(request->text), request->parse_special,
                         request->add_bos, &call->arena, &ids, &err)
        != STATUS_OK)
        return call_fail(call, &err);
    reply.ids = ids.ids;
    reply.n_ids = ids.count;
    call_reply(call, &reply);
}

static void decode(struct call *call)
{
    const struct tokenizer *tokenizer = call->service;
    const Consilium__V1__DecodeRequest *request = call->request;
    Consilium__V1__DecodeReply reply = CONSILIUM__V1__DECODE_REPLY__INIT;
    struct slice text, state;
    struct error err;

    if (tokenizer_decode(tokenizer->vocab, request->ids, request->n_ids,
                         slice_of(request->state.data, request->state.len), request->flush,
                         &call->arena, &text, &state, &err)
        != STATUS_OK)
        return call_fail(call, &err);
    reply.text = arena_string(&call->arena, text);
    if (reply.text == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the text is over the call's limit");
        return call_fail(call, &err);
    }
    reply.state.data = (uint8_t *)(uintptr_t)state.data;
    reply.state.len = state.size;
    reply.is_whole = tokenizer_decode_is_whole(state);
    call_reply(call, &reply);
}

static void count(struct call *call)
{
    const struct tokenizer *tokenizer = call->service;
    const Consilium__V1__CountRequest *request = call->request;
    Consilium__V1__CountReply reply = CONSILIUM__V1__COUNT_REPLY__INIT;
    struct error err = { 0 };
    size_t total;

    reply.counts = ARENA_ARRAY(&call->arena, uint32_t, request->n_texts);
    if (request->n_texts > TEXTS_MAX)
        error_set(&err, STATUS_INVALID_ARGUMENT, "%zu texts: at most %d are counted at once",
                  request->n_texts, TEXTS_MAX);
    else if (reply.counts == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu counts", request->n_texts);
    for (size_t i = 0; i < request->n_texts && err.status == STATUS_OK; i++) {
        if (tokenizer_encode_count(tokenizer->vocab, slice_from(request->texts[i]), &total, &err)
            != STATUS_OK)
            error_wrap(&err, "text %zu", i);
        else
            reply.counts[i] = (uint32_t)total;
    }
    if (err.status != STATUS_OK)
        return call_fail(call, &err);
    reply.n_counts = request->n_texts;
    call_reply(call, &reply);
}

static enum status copy_turns(struct call *call, const Consilium__V1__ApplyTemplateRequest *request,
                              struct tokenizer_turn **turns, struct error *err)
{
    if (request->n_turns > TOKENIZER_TURNS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu turns: 1 to %d can be rendered",
                         request->n_turns, TOKENIZER_TURNS_MAX);
    *turns = ARENA_ARRAY(&call->arena, struct tokenizer_turn, request->n_turns);
    if (*turns == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu turns",
                         request->n_turns);
    for (size_t i = 0; i < request->n_turns; i++)
        (*turns)[i] = (struct tokenizer_turn){ .role = slice_from(request->turns[i]->role),
                                               .content = slice_from(request->turns[i]->content) };
    return STATUS_OK;
}

static void apply_template(struct call *call)
{
    const struct tokenizer *tokenizer = call->service;
    const Consilium__V1__ApplyTemplateRequest *request = call->request;
    Consilium__V1__ApplyTemplateReply reply = CONSILIUM__V1__APPLY_TEMPLATE_REPLY__INIT;
    uint32_t stops[TOKENIZER_STOPS_MAX];
    struct tokenizer_chat chat = { .turns_count = request->n_turns,
                                   .has_generation_prompt = request->add_generation_prompt,
                                   .now = time(NULL) };
    struct tokenizer_turn *turns;
    struct tokenizer_ids ids;
    struct error err;

    if (copy_turns(call, request, &turns, &err) != STATUS_OK)
        return call_fail(call, &err);
    chat.turns = turns;
    if (tokenizer_template_apply(&tokenizer->template, tokenizer->vocab, &chat, &call->arena, &ids,
                                 &err)
        != STATUS_OK)
        return call_fail(call, &err);
    memcpy(stops, tokenizer->template.stop_ids, sizeof(stops));
    reply.ids = ids.ids;
    reply.n_ids = ids.count;
    reply.stop_ids = stops;
    reply.n_stop_ids = tokenizer->template.stops_count;
    call_reply(call, &reply);
}

static void get_vocabulary(struct call *call)
{
    const struct tokenizer *tokenizer = call->service;
    Consilium__V1__GetVocabularyReply reply = CONSILIUM__V1__GET_VOCABULARY_REPLY__INIT;

    reply.size = tokenizer->vocab->size;
    reply.model = (char *)(tokenizer->vocab->kind == TOKENIZER_KIND_SPM ? "llama" : "gpt2");
    reply.template_ = (char *)(tokenizer->template.root == NULL ? "" : "jinja");
    reply.digest = (char *)(uintptr_t)tokenizer->vocab->digest;
    reply.chars_per_token = tokenizer->chars_per_token;
    call_reply(call, &reply);
}

const struct server_method tokenizer_methods[] = {
    { .method = &method_tokenizer_encode, .start = encode, .arena_bytes_max = ARENA_BYTES },
    { .method = &method_tokenizer_decode, .start = decode, .arena_bytes_max = ARENA_BYTES },
    { .method = &method_tokenizer_count, .start = count, .arena_bytes_max = ARENA_BYTES },
    { .method = &method_tokenizer_apply_template,
      .start = apply_template,
      .arena_bytes_max = ARENA_BYTES },
    { .method = &method_tokenizer_get_vocabulary, .start = get_vocabulary },
    { .method = NULL },
};
