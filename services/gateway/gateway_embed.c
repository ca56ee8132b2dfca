/* Embed: vectors of texts. Loop thread.
 *
 *   each text: (DECODE, where it came as ids) ─► REDACT ─┐
 *                                                        └─ all ─► ENCODE ─► EMBED, so many at a time ─► audit ─► reply
 *
 * Each text is redacted alone and with masks, which need no map: its vector is the same whatever
 * else is in the request, and says nothing of who it speaks of. */
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "gateway_audit.h"
#include "gateway_calls.h"
#include "gateway_rate.h"

#define TEXTS_MAX 2048
#define TEXTS_AT_ONCE 16  /* with deid */
#define EMBED_AT_ONCE 256 /* inference's own limit */

struct embed;

/* A place in which one text at a time is redacted. */
struct embed_slot {
    struct embed *embed;
    size_t text; /* its index */
};

struct embed {
    struct call *call;
    struct gateway *gateway;
    const Consilium__V1__EmbedTextsRequest *request;
    struct patient_name name; /* a tenant, and no patient */
    Consilium__V1__GetModelReply model;
    struct embed_slot slots[TEXTS_AT_ONCE];
    size_t count, next, out; /* texts; not yet begun; with deid or tokenizer */
    struct error failure;
    char **texts;           /* redacted */
    const uint32_t *counts; /* of ids, for each text */
    const uint32_t *ids;
    size_t ids_at, embedded;
    uint32_t dimensions;
    Consilium__V1__Embedding *vectors, **vector_list;
    Consilium__V1__Usage usage;
    const char *digest;
};

static void embed_next(struct embed *embed);

static void fail(struct embed *embed, const struct error *err)
{
    gateway_settle_failed(embed->call,
                          gateway_record(embed->call, AUDIT_ACTION_EMBED, &embed->name), err);
}

static void fail_memory(struct embed *embed)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vectors of %zu texts",
              embed->count);
    fail(embed, &err);
}

static enum status leaf_call(struct embed *embed, struct channel *channel,
                             const struct method *method, const void *request,
                             rpc_reply_cb on_reply, void *arg, struct error *err)
{
    struct rpc_options options = { .deadline_ns = embed->call->deadline_ns, .parent = embed->call };

    return rpc_call(channel, method, request, &options, on_reply, arg, NULL, err);
}

static struct channel *tokenizer_of(const struct embed *embed)
{
    return gateway_embed_models(embed->gateway)->tokenizer;
}

/* ---- vectors ---- */

static void reply(struct embed *embed)
{
    Consilium__V1__EmbedTextsReply message = CONSILIUM__V1__EMBED_TEXTS_REPLY__INIT;
    struct audit_record record = gateway_record(embed->call, AUDIT_ACTION_EMBED, &embed->name);

    message.n_embeddings = embed->count;
    message.embeddings = embed->vector_list;
    message.usage = &embed->usage;
    message.model_digest = (char *)embed->digest;
    record.model = embed->digest;
    record.count = embed->count;
    gateway_rate_charge(embed->gateway, embed->call->identity, embed->usage.prompt_tokens);
    gateway_settle(embed->call, &record, &message);
}

/* The first values of a vector, of length 1 again. */
static void shorten(float *values, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    for (size_t i = 0; sum > 0 && i < count; i++)
        values[i] = (float)((double)values[i] / sqrt(sum));
}

static bool keep_vector(struct embed *embed, const Consilium__V1__Embedding *from)
{
    Consilium__V1__Embedding *to = &embed->vectors[embed->embedded];
    size_t count = embed->dimensions == 0 || embed->dimensions > from->n_values ? from->n_values
                                                                                : embed->dimensions;

    consilium__v1__embedding__init(to);
    to->values = ARENA_ARRAY(&embed->call->arena, float, count + 1);
    if (to->values == NULL)
        return false;
    memcpy(to->values, from->values, count * sizeof(*to->values));
    to->n_values = count;
    if (count < from->n_values)
        shorten(to->values, count);
    embed->vector_list[embed->embedded++] = to;
    return true;
}

static void on_embedded(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__EmbedReply *vectors = message;
    struct embed *embed = arg;

    if (vectors == NULL) {
        fail(embed, err);
        return;
    }
    for (size_t i = 0; i < vectors->n_embeddings && embed->embedded < embed->count; i++)
        if (!keep_vector(embed, vectors->embeddings[i])) {
            fail_memory(embed);
            return;
        }
    embed->digest = arena_string(&embed->call->arena, slice_from(vectors->model_digest));
    if (vectors->usage != NULL)
        embed->usage.prompt_tokens += vectors->usage->prompt_tokens;
    if (embed->digest == NULL)
        fail_memory(embed);
    else if (embed->embedded < embed->count)
        embed_next(embed);
    else
        reply(embed);
}

static void embed_next(struct embed *embed)
{
    Consilium__V1__EmbedRequest request = CONSILIUM__V1__EMBED_REQUEST__INIT;
    Consilium__V1__EmbedText texts[EMBED_AT_ONCE], *list[EMBED_AT_ONCE];
    size_t left = embed->count - embed->embedded;
    struct error err = { 0 };

    request.n_texts = left < EMBED_AT_ONCE ? left : EMBED_AT_ONCE;
    request.texts = list;
    for (size_t i = 0; i < request.n_texts; i++) {
        consilium__v1__embed_text__init(&texts[i]);
        texts[i].n_ids = embed->counts[embed->embedded + i];
        texts[i].ids = (uint32_t *)embed->ids + embed->ids_at;
        embed->ids_at += texts[i].n_ids;
        list[i] = &texts[i];
    }
    if (leaf_call(embed, gateway_embed_models(embed->gateway)->inference, &method_inference_embed,
                  &request, on_embedded, embed, &err)
        != STATUS_OK)
        fail(embed, &err);
}

/* ---- ids ---- */

static bool keep_ids(struct embed *embed, const Consilium__V1__EncodeBatchReply *encoded)
{
    uint32_t *ids = ARENA_ARRAY(&embed->call->arena, uint32_t, encoded->n_ids + 1);
    uint32_t *counts = ARENA_ARRAY(&embed->call->arena, uint32_t, encoded->n_counts);

    if (ids == NULL || counts == NULL)
        return false;
    memcpy(counts, encoded->counts, encoded->n_counts * sizeof(*counts));
    if (encoded->n_ids > 0)
        memcpy(ids, encoded->ids, encoded->n_ids * sizeof(*ids));
    embed->ids = ids;
    embed->counts = counts;
    return true;
}

static void on_encoded(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__EncodeBatchReply *encoded = message;
    struct embed *embed = arg;
    struct error why;

    if (encoded == NULL) {
        fail(embed, err);
    } else if (encoded->n_counts != embed->count) {
        error_set(&why, STATUS_INTERNAL, "%zu of %zu texts came back from tokenizer",
                  encoded->n_counts, embed->count);
        fail(embed, &why);
    } else if (!keep_ids(embed, encoded)) {
        fail_memory(embed);
    } else {
        embed_next(embed);
    }
}

static void encode(struct embed *embed)
{
    Consilium__V1__EncodeBatchRequest request = CONSILIUM__V1__ENCODE_BATCH_REQUEST__INIT;
    struct error err = { 0 };

    request.n_texts = embed->count;
    request.texts = embed->texts;
    request.add_bos = true;
    if (leaf_call(embed, tokenizer_of(embed), &method_tokenizer_encode_batch, &request, on_encoded,
                  embed, &err)
        != STATUS_OK)
        fail(embed, &err);
}

/* ---- texts ---- */

static void start_text(struct embed_slot *slot);

/* The slot's text is done, or failed: the next, or on with all of them. */
static void end_text(struct embed_slot *slot, const struct error *err)
{
    struct embed *embed = slot->embed;

    embed->out--;
    if (err->status != STATUS_OK && embed->failure.status == STATUS_OK) {
        embed->failure = *err;
        error_wrap(&embed->failure, "text %zu", slot->text);
    }
    if (embed->failure.status == STATUS_OK && embed->next < embed->count)
        start_text(slot);
    else if (embed->out == 0 && embed->failure.status != STATUS_OK)
        fail(embed, &embed->failure);
    else if (embed->out == 0)
        encode(embed);
}

static void on_redacted(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RedactReply *redacted = message;
    struct embed_slot *slot = arg;
    struct embed *embed = slot->embed;
    struct error why = { 0 };

    if (redacted == NULL) {
        end_text(slot, err);
        return;
    }
    embed->texts[slot->text] =
        arena_string(&embed->call->arena, slice_of(redacted->output.data, redacted->output.len));
    if (embed->texts[slot->text] == NULL)
        error_set(&why, STATUS_RESOURCE_EXHAUSTED, "no memory for its %zu bytes",
                  redacted->output.len);
    end_text(slot, &why);
}

static enum status redact(struct embed_slot *slot, const char *text, struct error *err)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    struct embed *embed = slot->embed;

    if (slice_trim(slice_from(text)).size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "it is empty");
    request.scope = (char *)embed->name.scope;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
    request.style = CONSILIUM__V1__STYLE__STYLE_MASKS;
    return leaf_call(embed, embed->gateway->deid, &method_deid_redact, &request, on_redacted, slot,
                     err);
}

static void on_decoded(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__DecodeReply *decoded = message;
    struct embed_slot *slot = arg;
    struct error why = { 0 };

    if (decoded == NULL)
        end_text(slot, err);
    else if (redact(slot, decoded->text, &why) != STATUS_OK)
        end_text(slot, &why);
}

/* Ids may spell a name as well as letters do. */
static enum status decode(struct embed_slot *slot, const Consilium__V1__EmbedText *tokens,
                          struct error *err)
{
    Consilium__V1__DecodeRequest request = CONSILIUM__V1__DECODE_REQUEST__INIT;

    request.n_ids = tokens->n_ids;
    request.ids = tokens->ids;
    request.flush = true;
    return leaf_call(slot->embed, tokenizer_of(slot->embed), &method_tokenizer_decode, &request,
                     on_decoded, slot, err);
}

static void start_text(struct embed_slot *slot)
{
    struct embed *embed = slot->embed;
    const Consilium__V1__EmbedTextsRequest *request = embed->request;
    struct error err = { 0 };

    slot->text = embed->next++;
    embed->out++;
    if (request->n_tokens > 0)
        decode(slot, request->tokens[slot->text], &err);
    else
        redact(slot, request->texts[slot->text], &err);
    if (err.status != STATUS_OK)
        end_text(slot, &err);
}

/* ---- the beginning ---- */

static enum status check(struct embed *embed, struct error *err)
{
    const Consilium__V1__EmbedTextsRequest *request = embed->request;

    if (gateway_name_patient(embed->call, request->tenant, "-", &embed->call->arena, &embed->name,
                             err)
        != STATUS_OK)
        return err->status;
    embed->name.pseudonym = NULL;
    if ((request->n_texts == 0) == (request->n_tokens == 0))
        return error_set(err, STATUS_INVALID_ARGUMENT, "either texts or tokens are embedded");
    embed->count = request->n_texts + request->n_tokens;
    if (embed->count > TEXTS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu texts, at most %d are taken",
                         embed->count, TEXTS_MAX);
    if (models_get(gateway_embed_models(embed->gateway), &embed->model, err) != STATUS_OK)
        return err->status;
    if (embed->model.embedding_size == 0)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the embeddings operation does not work with the model that serves here");
    embed->dimensions = request->dimensions;
    if (embed->dimensions > embed->model.embedding_size)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "%u dimensions: this model's vectors have %u", embed->dimensions,
                         embed->model.embedding_size);
    return STATUS_OK;
}

static enum status make_room(struct embed *embed, struct error *err)
{
    struct arena *arena = &embed->call->arena;

    embed->texts = ARENA_ARRAY(arena, char *, embed->count);
    embed->vectors = ARENA_ARRAY(arena, Consilium__V1__Embedding, embed->count);
    embed->vector_list = ARENA_ARRAY(arena, Consilium__V1__Embedding *, embed->count);
    if (embed->texts == NULL || embed->vectors == NULL || embed->vector_list == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vectors of %zu texts",
                         embed->count);
    consilium__v1__usage__init(&embed->usage);
    return STATUS_OK;
}

void embed_start(struct call *call)
{
    struct embed *embed = ARENA_NEW(&call->arena, struct embed);
    struct error err = { 0 };

    if (embed == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
        call_fail(call, &err);
        return;
    }
    embed->call = call;
    embed->gateway = call->service;
    embed->request = call->request;
    if (check(embed, &err) != STATUS_OK || make_room(embed, &err) != STATUS_OK) {
        fail(embed, &err);
        return;
    }
    embed->out = 1; /* what ends at once does not end the rest */
    for (size_t i = 0; i < TEXTS_AT_ONCE && embed->next < embed->count; i++) {
        embed->slots[i].embed = embed;
        start_text(&embed->slots[i]);
    }
    embed->out--;
    if (embed->out == 0)
        fail(embed, &embed->failure);
}
