/* The requests that an ask makes of the leaves. Each ask_<leg> begins one and its on_<leg> stores
 * what came and steps the machine; neither decides anything. Loop thread. */
#include <string.h>

#include "base/check.h"
#include "gateway_ask_state.h"
#include "gateway_cohort.h"
#include "gateway_facts.h"
#include "gateway_near.h"
#include "gateway_segment.h"
#include "gateway_sentences.h"
#include "rpc/message.h"
#include "rpc/replicas.h"
#include "run/clock.h"

/* An engine that goes before its first id takes nothing with it that another could not make. */
#define GENERATE_TRIES 3

static const struct {
    const char *name, *service;
} legs[ASK_LEG_COUNT] = {
    [ASK_LEG_RECALL] = { "recall", "context" },       [ASK_LEG_REDACT] = { "redact", "deid" },
    [ASK_LEG_ASSEMBLE] = { "assemble", "context" },   [ASK_LEG_ENCODE] = { "encode", "tokenizer" },
    [ASK_LEG_GENERATE] = { "generate", "inference" }, [ASK_LEG_DECODE] = { "decode", "tokenizer" },
    [ASK_LEG_RESTORE] = { "restore", "deid" },        [ASK_LEG_AUDIT] = { "audit", "gateway" },
    [ASK_LEG_PIECES] = { "pieces", "tokenizer" },
};

const char *ask_leg_name(enum ask_leg_kind kind, const char **service)
{
    *service = legs[kind].service;
    return legs[kind].name;
}

void ask_leg_begin(struct ask *ask, enum ask_leg_kind kind)
{
    struct ask_leg *leg = &ask->legs[kind];

    CHECK(!leg->is_out);
    leg->is_out = true;
    leg->began_ns = clock_now();
    if (leg->first_ns == 0)
        leg->first_ns = leg->began_ns;
}

void ask_leg_end(struct ask *ask, enum ask_leg_kind kind)
{
    struct ask_leg *leg = &ask->legs[kind];

    leg->is_out = false;
    leg->rpc = NULL;
    leg->total_ns += clock_now() - leg->began_ns;
}

static struct rpc_options leg_options(const struct ask *ask)
{
    return (struct rpc_options){
        .deadline_ns = gateway_leaf_deadline(ask->gateway, ask->request.parent->deadline_ns),
        .parent = ask->request.parent,
        .hedge_after_ms = (uint32_t)ask->gateway->config->hedge_after_ms,
    };
}

static void fail_leg(struct ask *ask, enum ask_leg_kind kind, const struct error *why)
{
    struct error err = *why;

    error_wrap(&err, "%s", legs[kind].name);
    ask_fail(ask, &err);
}

static void leg_call(struct ask *ask, enum ask_leg_kind kind, struct channel *channel,
                     const struct method *method, const void *request, rpc_reply_cb on_reply)
{
    struct rpc_options options = leg_options(ask);
    struct error err = { 0 };

    ask_leg_begin(ask, kind);
    if (rpc_call(channel, method, request, &options, on_reply, ask, &ask->legs[kind].rpc, &err)
        != STATUS_OK) {
        ask_leg_end(ask, kind);
        fail_leg(ask, kind, &err);
    }
}

static void fail_memory(struct ask *ask)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the answer needs more than %zu bytes of memory",
              ask->arena->limit_bytes);
    ask_fail(ask, &err);
}

/* What every callback does first. False: nothing to store, and the machine has been stepped. */
static bool leg_is_ok(struct ask *ask, enum ask_leg_kind kind, const void *reply,
                      const struct error *err)
{
    ask_leg_end(ask, kind);
    if (reply == NULL)
        fail_leg(ask, kind, err);
    if (ask->error.status == STATUS_OK)
        return true;
    ask_step(ask);
    return false;
}

/* A copy of @message that lasts as long as the ask, or NULL. */
static void *keep(struct ask *ask, const void *message)
{
    const ProtobufCMessage *source = message;
    size_t size = protobuf_c_message_get_packed_size(source);
    uint8_t *packed = arena_alloc(ask->arena, size);
    struct error err;

    if (packed == NULL)
        return NULL;
    protobuf_c_message_pack(source, packed);
    return message_unpack(source->descriptor, slice_of(packed, size), ask->arena, &err);
}

static ProtobufCBinaryData bytes_of(struct slice slice)
{
    return (ProtobufCBinaryData){ slice.size, (uint8_t *)slice.data };
}

static struct slice slice_of_bytes(ProtobufCBinaryData bytes)
{
    return slice_of(bytes.data, bytes.len);
}

static void on_recall(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RecallReply *reply = message;
    struct ask *ask = arg;

    if (!leg_is_ok(ask, ASK_LEG_RECALL, reply, err))
        return;
    ask->version = reply->version;
    ask->sealed_map = arena_copy(ask->arena, slice_of_bytes(reply->sealed_map));
    if (ask->sealed_map.data == NULL)
        fail_memory(ask);
    else
        maps_put(ask->gateway->maps, slice_from(ask->patient.scope), ask->version, ask->sealed_map);
    ask_step(ask);
}

void ask_recall(struct ask *ask)
{
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;

    request.tenant = (char *)ask->patient.tenant;
    request.patient = (char *)ask->patient.pseudonym;
    leg_call(ask, ASK_LEG_RECALL, ask->gateway->context, &method_context_recall, &request,
             on_recall);
}

static void on_redact(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RedactReply *reply = message;
    struct ask *ask = arg;
    struct error why = { 0 };

    if (!leg_is_ok(ask, ASK_LEG_REDACT, reply, err))
        return;
    ask->question_map = arena_copy(ask->arena, slice_of_bytes(reply->sealed_map));
    if (ask->request.is_plain)
        ask->assembled = ARENA_NEW(ask->arena, Consilium__V1__AssembleReply);
    if (ask_split_turns(ask, slice_of_bytes(reply->output), &why) != STATUS_OK)
        fail_leg(ask, ASK_LEG_REDACT, &why);
    else if (ask->question_map.data == NULL || (ask->request.is_plain && ask->assembled == NULL))
        fail_memory(ask);
    else if (ask->request.is_plain)
        consilium__v1__assemble_reply__init(ask->assembled);
    ask_step(ask);
}

void ask_redact(struct ask *ask)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    struct slice map = ask->sealed_map;

    if (ask->version != 0)
        ask->question_version = ask->version;
    else if (ask->request.is_plain
             || !maps_find(ask->gateway->maps, slice_from(ask->patient.scope),
                           &ask->question_version, &map))
        ask->question_version = 0;
    request.scope = (char *)ask->patient.scope;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = bytes_of(ask->asked);
    request.sealed_map = bytes_of(map);
    leg_call(ask, ASK_LEG_REDACT, ask->gateway->deid, &method_deid_redact, &request, on_redact);
}

static void on_assemble(void *arg, const void *message, const struct error *err)
{
    struct ask *ask = arg;

    if (!leg_is_ok(ask, ASK_LEG_ASSEMBLE, message, err))
        return;
    ask->assembled = keep(ask, message);
    if (ask->assembled == NULL)
        fail_memory(ask);
    ask_step(ask);
}

/* Nothing to cancel: the call is the cohort's. */
static void assemble_with(struct ask *ask, const Consilium__V1__AssembleRequest *request)
{
    struct error err = { 0 };

    ask_leg_begin(ask, ASK_LEG_ASSEMBLE);
    if (cohort_assemble(ask->request.cohort, request, on_assemble, ask, &err) != STATUS_OK) {
        ask_leg_end(ask, ASK_LEG_ASSEMBLE);
        fail_leg(ask, ASK_LEG_ASSEMBLE, &err);
    }
}

static void assemble(struct ask *ask)
{
    Consilium__V1__AssembleRequest request = CONSILIUM__V1__ASSEMBLE_REQUEST__INIT;

    request.tenant = (char *)ask->patient.tenant;
    request.patient = (char *)ask->patient.pseudonym;
    request.question = (char *)ask->question;
    request.budget_tokens = ask->budget_tokens;
    request.chars_per_token = ask->gateway->models.chars_per_token;
    request.form = ask->gateway->form;
    request.near = ask->near;
    request.n_near = ask->near_count;
    /* Another try has a budget of its own, and what is near is a patient's own. */
    if (ask->request.cohort != NULL && ask->budget_tries == 0 && ask->near_count == 0)
        assemble_with(ask, &request);
    else
        leg_call(ask, ASK_LEG_ASSEMBLE, ask->gateway->context, &method_context_assemble, &request,
                 on_assemble);
}

/* The leg goes on: it was begun for this. */
static void on_near(void *arg, Consilium__V1__NameNear **names, size_t count)
{
    struct ask *ask = arg;

    ask_leg_end(ask, ASK_LEG_ASSEMBLE);
    ask->near = names;
    ask->near_count = count;
    if (ask->error.status == STATUS_OK)
        assemble(ask);
    if (ask->error.status != STATUS_OK)
        ask_step(ask);
}

void ask_assemble(struct ask *ask)
{
    const struct near_request request = { &ask->patient, ask->question, ask->request.parent,
                                          ask->arena };

    if (!ask->gateway->config->slice_near || ask->has_near) {
        assemble(ask);
        return;
    }
    ask->has_near = true;
    ask_leg_begin(ask, ASK_LEG_ASSEMBLE);
    if (!near_start(ask->gateway, &request, on_near, ask)) {
        ask_leg_end(ask, ASK_LEG_ASSEMBLE);
        assemble(ask);
    }
}

static void on_encode(void *arg, const void *message, const struct error *err)
{
    struct ask *ask = arg;

    if (!leg_is_ok(ask, ASK_LEG_ENCODE, message, err))
        return;
    ask->prompt = keep(ask, message);
    if (ask->prompt == NULL)
        fail_memory(ask);
    ask_step(ask);
}

void ask_encode(struct ask *ask)
{
    Consilium__V1__ApplyTemplateRequest request = CONSILIUM__V1__APPLY_TEMPLATE_REQUEST__INIT;

    request.turns = ask_list_turns(ask, &request.n_turns);
    request.add_generation_prompt = true;
    if (request.turns == NULL) {
        fail_memory(ask);
        return;
    }
    leg_call(ask, ASK_LEG_ENCODE, ask->gateway->tokenizer, &method_tokenizer_apply_template,
             &request, on_encode);
}

/* Add ids to those that wait for the decoder. */
static bool take_ids(struct ask *ask, const uint32_t *ids, size_t count)
{
    size_t capacity = ask->ids_capacity == 0 ? 64 : ask->ids_capacity;
    uint32_t *grown;

    while (capacity - ask->ids_count < count)
        capacity *= 2;
    if (capacity != ask->ids_capacity) {
        grown = ARENA_ARRAY(ask->arena, uint32_t, capacity);
        if (grown == NULL)
            return false;
        if (ask->ids_count > 0)
            memcpy(grown, ask->ids, ask->ids_count * sizeof(*grown));
        ask->ids = grown;
        ask->ids_capacity = capacity;
    }
    if (count > 0)
        memcpy(ask->ids + ask->ids_count, ids, count * sizeof(*ids));
    ask->ids_count += count;
    return true;
}

static void on_generate(void *arg, const void *message)
{
    const Consilium__V1__GenerateReply *reply = message;
    struct ask *ask = arg;

    ask->wants_proceed = ask->has_ids = true;
    if (!take_ids(ask, reply->ids, reply->n_ids) || !ask_logprobs_take(ask, reply))
        fail_memory(ask);
    if (reply->usage != NULL) {
        ask->has_generated = true; /* no more ids; the stream's status is still to come */
        ask->usage = *reply->usage;
        ask->cut_bytes = reply->cut_bytes;
        ask->finish_reason = reply->finish_reason;
        ask->model_digest = arena_string(ask->arena, slice_from(reply->model_digest));
        ask->adapter_digest = arena_string(ask->arena, slice_from(reply->adapter_digest));
    }
    ask_step(ask);
}

static void let_engine_go(struct ask *ask)
{
    if (ask->engine != NULL)
        replica_let_go(ask->engine);
    ask->engine = NULL;
}

/* A patient's questions go where the patient's prompt is known already; a chat without a patient
 * goes anywhere. */
static struct channel *choose_engine(struct ask *ask)
{
    if (!ask->request.is_plain)
        ask->engine = replicas_take(ask->gateway->engines, slice_from(ask->patient.scope));
    return ask->engine == NULL ? ask->gateway->inference : replica_channel(ask->engine);
}

static void on_generate_end(void *arg, const struct error *err)
{
    struct ask *ask = arg;
    struct error cut;

    ask_leg_end(ask, ASK_LEG_GENERATE);
    let_engine_go(ask);
    ask->wants_proceed = false;
    ask->has_lost_engine = err->status == STATUS_UNAVAILABLE && !ask->has_ids
                           && ++ask->generate_tries < GENERATE_TRIES;
    if (ask->has_lost_engine) {
        ask_step(ask);
        return;
    }
    ask->has_generated = true;
    if (err->status != STATUS_OK) {
        fail_leg(ask, ASK_LEG_GENERATE, err);
    } else if (ask->model_digest == NULL) {
        error_set(&cut, STATUS_DATA_LOSS, "the stream ended without a last message");
        fail_leg(ask, ASK_LEG_GENERATE, &cut);
    }
    ask_step(ask);
}

/* The ids of the facts that are in the prompt; NULL: no memory. */
static uint32_t *fact_ids(struct ask *ask, size_t *count)
{
    uint32_t *ids = ARENA_ARRAY(ask->arena, uint32_t, ask->assembled->n_facts + 1);

    *count = ask->assembled->n_facts;
    for (size_t i = 0; ids != NULL && i < *count; i++)
        ids[i] = ask->assembled->facts[i]->id;
    return ids;
}

/* What the answer is held to: the sentences that were found, else citations of facts of the prompt.
 * False: no room. */
static bool hold(struct ask *ask, Consilium__V1__Constraint *constraint,
                 Consilium__V1__Citations *citations)
{
    const char *grammar = ask->gateway->has_sentences
                              ? sentences_grammar(slice_from(ask->assembled->user),
                                                  slice_trim(slice_from(ask->question)), ask->arena)
                              : NULL;

    ask->is_quoting = grammar != NULL;
    if (grammar != NULL) {
        constraint->form_case = CONSILIUM__V1__CONSTRAINT__FORM_GRAMMAR;
        constraint->grammar = (char *)grammar;
        return true;
    }
    citations->fact_ids = fact_ids(ask, &citations->n_fact_ids);
    constraint->form_case = CONSILIUM__V1__CONSTRAINT__FORM_CITATIONS;
    constraint->citations = citations;
    return citations->fact_ids != NULL;
}

void ask_generate(struct ask *ask)
{
    static const struct rpc_stream_callbacks callbacks = { on_generate, on_generate_end };
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    Consilium__V1__Constraint constraint = CONSILIUM__V1__CONSTRAINT__INIT;
    Consilium__V1__Citations citations = CONSILIUM__V1__CITATIONS__INIT;
    struct rpc_options options = leg_options(ask);
    struct error err = { 0 };

    options.deadline_ns = ask->request.parent->deadline_ns;
    request.n_ids = ask->prompt->n_ids;
    request.ids = ask->prompt->ids;
    request.n_stop_ids = ask->prompt->n_stop_ids;
    request.stop_ids = ask->prompt->stop_ids;
    request.tokens_max = ask->tokens_max;
    request.sampling = (Consilium__V1__Sampling *)ask->request.sampling;
    request.adapter = (char *)ask->request.adapter;
    request.top_logprobs = ask->request.top_logprobs;
    request.n_stop_texts = ask->request.stop_texts_count;
    request.stop_texts = (ProtobufCBinaryData *)ask->request.stop_texts;
    if (ask->request.is_plain) {
        request.constraint = (Consilium__V1__Constraint *)ask->request.constraint;
    } else if (ask->model.takes_constraints) {
        if (!hold(ask, &constraint, &citations))
            return fail_memory(ask);
        request.constraint = &constraint;
    }
    ask_leg_begin(ask, ASK_LEG_GENERATE);
    if (rpc_stream(choose_engine(ask), &method_inference_generate, &request, &options, &callbacks,
                   ask, &ask->legs[ASK_LEG_GENERATE].rpc, &err)
        != STATUS_OK) {
        ask_leg_end(ask, ASK_LEG_GENERATE);
        let_engine_go(ask);
        fail_leg(ask, ASK_LEG_GENERATE, &err);
    }
}

/* The last id may end inside of a stop text. What is cut off has not been told: a stop text is
 * held back by the engine until it is known, and pieces end between words. */
static void cut_end(struct ask *ask)
{
    size_t untold = ask->text.size - ask->text_told;

    ask->text.size -= ask->cut_bytes < untold ? ask->cut_bytes : untold;
    ask->cut_bytes = 0;
}

/* The sentence that the limit of tokens has cut off. */
static void cut_sentence(struct ask *ask)
{
    struct slice untold = slice_cut(buffer_slice(&ask->text), ask->text_told, ask->text.size);

    if (ask->is_quoting && ask->finish_reason == CONSILIUM__V1__FINISH_REASON__FINISH_REASON_LENGTH
        && !slice_ends_with(untold, SLICE("].")))
        ask->text.size = ask->text_told + segment_lines(untold);
}

static void on_decode(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__DecodeReply *reply = message;
    struct ask *ask = arg;

    if (!leg_is_ok(ask, ASK_LEG_DECODE, reply, err))
        return;
    buffer_put_string(&ask->text, reply->text);
    ask->decode_state = arena_copy(ask->arena, slice_of_bytes(reply->state));
    if (ask->text.is_full || ask->decode_state.data == NULL)
        fail_memory(ask);
    ask->is_decode_whole = reply->is_whole;
    ask->has_decoded = ask->is_flushing;
    if (ask->has_decoded) {
        cut_end(ask);
        cut_sentence(ask);
    }
    ask_step(ask);
}

void ask_decode(struct ask *ask)
{
    Consilium__V1__DecodeRequest request = CONSILIUM__V1__DECODE_REQUEST__INIT;

    ask->is_flushing = ask->has_generated;
    request.n_ids = ask->ids_count;
    request.ids = ask->ids;
    request.state = bytes_of(ask->decode_state);
    request.flush = ask->is_flushing;
    leg_call(ask, ASK_LEG_DECODE, ask->gateway->tokenizer, &method_tokenizer_decode, &request,
             on_decode);
    ask->ids_count = 0;
}

static void on_pieces(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__DecodeReply *reply = message;
    struct ask *ask = arg;
    struct error why = { 0 };

    if (!leg_is_ok(ask, ASK_LEG_PIECES, reply, err))
        return;
    if (ask_logprobs_tell(ask, reply->pieces, reply->n_pieces, &why) != STATUS_OK)
        fail_leg(ask, ASK_LEG_PIECES, &why);
    ask_step(ask);
}

void ask_pieces(struct ask *ask)
{
    Consilium__V1__DecodeRequest request = CONSILIUM__V1__DECODE_REQUEST__INIT;
    const uint32_t *ids;

    ask_logprobs_send(ask);
    request.n_ids = ask_logprobs_ids(ask, &ids);
    request.ids = (uint32_t *)ids;
    request.pieces = true;
    leg_call(ask, ASK_LEG_PIECES, ask->gateway->tokenizer, &method_tokenizer_decode, &request,
             on_pieces);
}

static void on_restore_facts(void *arg, const void *message, const struct error *err)
{
    struct ask *ask = arg;
    struct error why = { 0 };

    if (!leg_is_ok(ask, ASK_LEG_RESTORE, message, err))
        return;
    if (facts_restore(ask->assembled->facts, ask->assembled->n_facts, message, ask->arena, &why)
        == STATUS_OK)
        ask->has_facts_to_tell = true;
    else
        fail_leg(ask, ASK_LEG_RESTORE, &why);
    ask_step(ask);
}

static void leg_restore(struct ask *ask, ProtobufCBinaryData *texts, size_t count,
                        rpc_reply_cb on_reply)
{
    Consilium__V1__RestoreRequest request = CONSILIUM__V1__RESTORE_REQUEST__INIT;

    request.scope = (char *)ask->patient.scope;
    request.sealed_map = bytes_of(ask->question_map);
    request.n_texts = count;
    request.texts = texts;
    leg_call(ask, ASK_LEG_RESTORE, ask->gateway->deid, &method_deid_restore, &request, on_reply);
}

void ask_restore_facts(struct ask *ask)
{
    ProtobufCBinaryData *texts;
    struct error err = { 0 };
    size_t count;

    if (facts_texts(ask->assembled->facts, ask->assembled->n_facts, ask->arena, &texts, &count,
                    &err)
        == STATUS_OK)
        leg_restore(ask, texts, count, on_restore_facts);
    else
        fail_leg(ask, ASK_LEG_RESTORE, &err);
}

static void on_restore_text(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RestoreReply *reply = message;
    struct ask *ask = arg;
    struct error why = { 0 };

    if (!leg_is_ok(ask, ASK_LEG_RESTORE, reply, err))
        return;
    if (reply->n_texts == 1) {
        ask_tell_text(ask, slice_of_bytes(reply->texts[0]));
    } else {
        error_set(&why, STATUS_INTERNAL, "deid restored %zu texts of 1", reply->n_texts);
        fail_leg(ask, ASK_LEG_RESTORE, &why);
    }
    ask_step(ask);
}

void ask_restore_text(struct ask *ask, struct slice piece)
{
    ProtobufCBinaryData text = bytes_of(piece);

    leg_restore(ask, &text, 1, on_restore_text);
}
