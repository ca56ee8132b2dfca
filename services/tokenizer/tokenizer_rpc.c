#include "tokenizer_rpc.h"

#include <time.h>

#include "base/limits.h"
#include "consilium/v1/tokenizer.pb-c.h"
#include "tokenizer.h"
#include "tokenizer_decode.h"
#include "tokenizer_truncate.h"

/* One request's ids are four times its text at the worst; Count takes a record's lines at once. */
#define ARENA_BYTES (128 * MIB)
#define TEXTS_MAX 65536

/* Longer texts take a millisecond or so: they go to a worker, and the rpc thread to other calls. */
#define INLINE_BYTES_MAX (128 * KIB)

static void fail(struct call *call, struct tokenizer_model *model, const struct error *err)
{
    tokenizer_model_let_go(model);
    call_fail(call, err);
}

static void end(struct call *call, struct tokenizer_model *model, const void *reply)
{
    call_reply(call, reply);
    tokenizer_model_let_go(model);
}

/* Here, or on a worker where there is much to do. */
static void run_where_it_fits(struct call *call, size_t bytes, void (*run)(struct call *call))
{
    if (bytes <= INLINE_BYTES_MAX)
        run(call);
    else
        call_run_on_worker(call, run);
}

static size_t size_of(char *const *texts, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += strlen(texts[i]);
    return size;
}

static enum status check_texts(size_t count, struct error *err)
{
    if (count <= TEXTS_MAX)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID_ARGUMENT, "%zu texts: at most %d are taken at once", count,
                     TEXTS_MAX);
}

/* Encode
 * ------------------------------------------------------------------------------------------- */

static void run_encode(struct call *call)
{
    struct tokenizer_model *model = tokenizer_hold(call->service);
    const Consilium__V1__EncodeRequest *request = call->request;
    Consilium__V1__EncodeReply reply = CONSILIUM__V1__ENCODE_REPLY__INIT;
    struct tokenizer_ids ids;
    struct error err;

    if (tokenizer_encode(model->vocab, slice_from(request->text), request->parse_special,
                         request->add_bos, &call->arena, &ids, &err)
        != STATUS_OK)
        return fail(call, model, &err);
    reply.ids = ids.ids;
    reply.n_ids = ids.count;
    end(call, model, &reply);
}

static void encode(struct call *call)
{
    const Consilium__V1__EncodeRequest *request = call->request;

    run_where_it_fits(call, strlen(request->text), run_encode);
}

/* All ids in one row. */
static enum status encode_texts(struct call *call, const struct tokenizer_vocab *vocab,
                                struct buffer *row, uint32_t *counts, struct error *err)
{
    const Consilium__V1__EncodeBatchRequest *request = call->request;

    for (size_t i = 0; i < request->n_texts; i++) {
        struct arena scratch;
        struct tokenizer_ids ids;

        arena_init(&scratch, ARENA_BYTES);
        if (tokenizer_encode(vocab, slice_from(request->texts[i]), request->parse_special,
                             request->add_bos, &scratch, &ids, err)
            == STATUS_OK) {
            buffer_put(row, slice_of(ids.ids, ids.count * sizeof(*ids.ids)));
            counts[i] = (uint32_t)ids.count;
        }
        arena_close(&scratch);
        if (err->status != STATUS_OK)
            return error_wrap(err, "text %zu", i);
        if (row->is_full)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the ids are over the call's limit");
    }
    return STATUS_OK;
}

static void run_encode_batch(struct call *call)
{
    struct tokenizer_model *model = tokenizer_hold(call->service);
    const Consilium__V1__EncodeBatchRequest *request = call->request;
    Consilium__V1__EncodeBatchReply reply = CONSILIUM__V1__ENCODE_BATCH_REPLY__INIT;
    struct error err = { 0 };
    struct buffer row;

    buffer_init(&row, &call->arena);
    reply.counts = ARENA_ARRAY(&call->arena, uint32_t, request->n_texts);
    if (reply.counts == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu counts", request->n_texts);
    if (err.status != STATUS_OK || check_texts(request->n_texts, &err) != STATUS_OK
        || encode_texts(call, model->vocab, &row, reply.counts, &err) != STATUS_OK)
        return fail(call, model, &err);
    reply.n_counts = request->n_texts;
    reply.ids = (uint32_t *)(void *)row.data;
    reply.n_ids = row.size / sizeof(uint32_t);
    end(call, model, &reply);
}

static void encode_batch(struct call *call)
{
    const Consilium__V1__EncodeBatchRequest *request = call->request;

    run_where_it_fits(call, size_of(request->texts, request->n_texts), run_encode_batch);
}

/* Decode
 * ------------------------------------------------------------------------------------------- */

static void decode_pieces(struct call *call, struct tokenizer_model *model)
{
    const Consilium__V1__DecodeRequest *request = call->request;
    Consilium__V1__DecodeReply reply = CONSILIUM__V1__DECODE_REPLY__INIT;
    struct slice *pieces = ARENA_ARRAY(&call->arena, struct slice, request->n_ids + 1);
    struct error err;

    reply.pieces = ARENA_ARRAY(&call->arena, ProtobufCBinaryData, request->n_ids + 1);
    if (pieces == NULL || reply.pieces == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu pieces", request->n_ids);
        return fail(call, model, &err);
    }
    if (tokenizer_decode_pieces(model->vocab, request->ids, request->n_ids, &call->arena, pieces,
                                &err)
        != STATUS_OK)
        return fail(call, model, &err);
    for (size_t i = 0; i < request->n_ids; i++)
        reply.pieces[i] = (ProtobufCBinaryData){ pieces[i].size, (uint8_t *)pieces[i].data };
    reply.n_pieces = request->n_ids;
    end(call, model, &reply);
}

static void decode(struct call *call)
{
    struct tokenizer_model *model = tokenizer_hold(call->service);
    const Consilium__V1__DecodeRequest *request = call->request;
    Consilium__V1__DecodeReply reply = CONSILIUM__V1__DECODE_REPLY__INIT;
    struct slice text, state;
    struct error err;

    if (request->pieces)
        return decode_pieces(call, model);
    if (tokenizer_decode(model->vocab, request->ids, request->n_ids,
                         slice_of(request->state.data, request->state.len), request->flush,
                         &call->arena, &text, &state, &err)
        != STATUS_OK)
        return fail(call, model, &err);
    reply.text = arena_string(&call->arena, text);
    if (reply.text == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the text is over the call's limit");
        return fail(call, model, &err);
    }
    reply.state.data = (uint8_t *)(uintptr_t)state.data;
    reply.state.len = state.size;
    reply.is_whole = tokenizer_decode_is_whole(state);
    end(call, model, &reply);
}

/* Budgets
 * ------------------------------------------------------------------------------------------ */

static void run_count(struct call *call)
{
    struct tokenizer_model *model = tokenizer_hold(call->service);
    const Consilium__V1__CountRequest *request = call->request;
    Consilium__V1__CountReply reply = CONSILIUM__V1__COUNT_REPLY__INIT;
    struct error err = { 0 };
    size_t total;

    reply.counts = ARENA_ARRAY(&call->arena, uint32_t, request->n_texts);
    if (reply.counts == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu counts", request->n_texts);
    else
        check_texts(request->n_texts, &err);
    for (size_t i = 0; i < request->n_texts && err.status == STATUS_OK; i++) {
        if (tokenizer_encode_count(model->vocab, slice_from(request->texts[i]), &total, &err)
            != STATUS_OK)
            error_wrap(&err, "text %zu", i);
        else
            reply.counts[i] = (uint32_t)total;
    }
    if (err.status != STATUS_OK)
        return fail(call, model, &err);
    reply.n_counts = request->n_texts;
    end(call, model, &reply);
}

static void count(struct call *call)
{
    const Consilium__V1__CountRequest *request = call->request;

    run_where_it_fits(call, size_of(request->texts, request->n_texts), run_count);
}

static enum status parse_border(Consilium__V1__Border border, enum tokenizer_border *parsed,
                                struct error *err)
{
    switch (border) {
    case CONSILIUM__V1__BORDER__BORDER_WORD:
        *parsed = TOKENIZER_BORDER_WORD;
        return STATUS_OK;
    case CONSILIUM__V1__BORDER__BORDER_LINE:
        *parsed = TOKENIZER_BORDER_LINE;
        return STATUS_OK;
    case CONSILIUM__V1__BORDER__BORDER_CHARACTER:
        *parsed = TOKENIZER_BORDER_CHARACTER;
        return STATUS_OK;
    default:
        return error_set(err, STATUS_INVALID_ARGUMENT, "border %d is none", (int)border);
    }
}

static void run_truncate(struct call *call)
{
    struct tokenizer_model *model = tokenizer_hold(call->service);
    const Consilium__V1__TruncateRequest *request = call->request;
    Consilium__V1__TruncateReply reply = CONSILIUM__V1__TRUNCATE_REPLY__INIT;
    struct slice text = slice_from(request->text);
    enum tokenizer_border border = TOKENIZER_BORDER_WORD;
    size_t bytes = 0, tokens = 0;
    struct error err;

    if (parse_border(request->border, &border, &err) != STATUS_OK
        || tokenizer_truncate(model->vocab, text, request->tokens_max, border, &bytes, &tokens,
                              &err)
               != STATUS_OK)
        return fail(call, model, &err);
    reply.bytes = (uint32_t)bytes;
    reply.tokens = (uint32_t)tokens;
    reply.is_whole = bytes == text.size;
    end(call, model, &reply);
}

static void truncate_text(struct call *call)
{
    const Consilium__V1__TruncateRequest *request = call->request;

    run_where_it_fits(call, strlen(request->text), run_truncate);
}

/* Chat
 * --------------------------------------------------------------------------------------------- */

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
    for (size_t i = 0; i < request->n_turns; i++) {
        const Consilium__V1__Turn *turn = request->turns[i];

        (*turns)[i] = (struct tokenizer_turn){
            .role = slice_from(turn->role),
            .content = slice_from(turn->content),
            .name = slice_from(turn->name),
            .reasoning = slice_from(turn->reasoning),
            .tool_call_id = slice_from(turn->tool_call_id),
            .tool_calls = slice_from(turn->tool_calls_json),
        };
    }
    return STATUS_OK;
}

static void run_apply_template(struct call *call)
{
    struct tokenizer_model *model = tokenizer_hold(call->service);
    const Consilium__V1__ApplyTemplateRequest *request = call->request;
    Consilium__V1__ApplyTemplateReply reply = CONSILIUM__V1__APPLY_TEMPLATE_REPLY__INIT;
    struct tokenizer_chat chat = {
        .turns_count = request->n_turns,
        .tools = slice_from(request->tools_json),
        .variables = slice_from(request->variables_json),
        .has_generation_prompt = request->add_generation_prompt,
        .now = request->time != 0 ? request->time : (int64_t)time(NULL),
    };
    struct tokenizer_turn *turns;
    struct tokenizer_ids ids;
    struct error err;

    if (copy_turns(call, request, &turns, &err) != STATUS_OK)
        return fail(call, model, &err);
    chat.turns = turns;
    if (tokenizer_template_apply(&model->template, model->vocab, &chat, &call->arena, &ids, &err)
        != STATUS_OK)
        return fail(call, model, &err);
    reply.ids = ids.ids;
    reply.n_ids = ids.count;
    reply.stop_ids = model->template.stop_ids;
    reply.n_stop_ids = model->template.stops_count;
    end(call, model, &reply);
}

static void apply_template(struct call *call)
{
    const Consilium__V1__ApplyTemplateRequest *request = call->request;
    size_t bytes = strlen(request->tools_json);

    for (size_t i = 0; i < request->n_turns; i++)
        bytes += strlen(request->turns[i]->content) + strlen(request->turns[i]->tool_calls_json);
    run_where_it_fits(call, bytes, run_apply_template);
}

static void get_vocabulary(struct call *call)
{
    static const char *const names[] = { [TOKENIZER_KIND_SPM] = "llama",
                                         [TOKENIZER_KIND_BPE] = "gpt2",
                                         [TOKENIZER_KIND_WORDPIECE] = "bert" };
    struct tokenizer_model *model = tokenizer_hold(call->service);
    Consilium__V1__GetVocabularyReply reply = CONSILIUM__V1__GET_VOCABULARY_REPLY__INIT;

    reply.size = model->vocab->size;
    reply.model = (char *)(uintptr_t)names[model->vocab->kind];
    reply.template_ = (char *)(model->template.root == NULL ? "" : "jinja");
    reply.digest = (char *)(uintptr_t)model->vocab->digest;
    reply.chars_per_token = model->chars_per_token;
    end(call, model, &reply);
}

#define ROW(name, handler)                                                                         \
    {                                                                                              \
        .method = &method_tokenizer_##name, .start = handler, .arena_bytes_max = ARENA_BYTES       \
    }

const struct server_method tokenizer_methods[] = {
    ROW(encode, encode),
    ROW(encode_batch, encode_batch),
    ROW(decode, decode),
    ROW(count, count),
    ROW(truncate, truncate_text),
    ROW(apply_template, apply_template),
    ROW(get_vocabulary, get_vocabulary),
    { .method = NULL },
};
