/* Loop thread. A round: GetModel and GetVocabulary as one group → both answered → do they come from
 * the same file? → wait → again. */
#include "gateway_models.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "gateway_audit.h"
#include "rpc/group.h"
#include "rpc/message.h"
#include "run/clock.h"

#define ROUND_MS 5000
#define ROUND_UNKNOWN_MS 500

/* A name that would not fit whole is no name here. */
static void take_adapters(struct models *models, const Consilium__V1__GetModelReply *reply)
{
    models->adapters_count = 0;
    for (size_t i = 0; i < reply->n_adapters && models->adapters_count < MODELS_ADAPTERS_MAX; i++) {
        char *name = models->adapters[models->adapters_count];

        if (strlen(reply->adapters[i]) >= MODELS_ADAPTER_BYTES_MAX)
            continue;
        snprintf(name, MODELS_ADAPTER_BYTES_MAX, "%s", reply->adapters[i]);
        models->adapter_list[models->adapters_count++] = name;
    }
}

/* A copy of @message in the round's arena; NULL: none came, or no memory. */
static const void *keep(struct models *models, const ProtobufCMessage *message)
{
    size_t size = message == NULL ? 0 : protobuf_c_message_get_packed_size(message);
    uint8_t *packed = message == NULL ? NULL : arena_alloc(&models->arena, size);
    struct error err;

    if (packed == NULL)
        return NULL;
    protobuf_c_message_pack(message, packed);
    return message_unpack(message->descriptor, slice_of(packed, size), &models->arena, &err);
}

static void on_model(void *arg, const void *message, const struct error *err)
{
    struct models *models = arg;

    (void)err;
    models->found = keep(models, message);
}

static void on_vocabulary(void *arg, const void *message, const struct error *err)
{
    struct models *models = arg;

    (void)err;
    models->found_vocabulary = keep(models, message);
}

/* What was found is what serves. */
static void take_found(struct models *models)
{
    const Consilium__V1__GetModelReply *found = models->found;

    snprintf(models->name, sizeof(models->name), "%s", found->name);
    snprintf(models->architecture, sizeof(models->architecture), "%s", found->architecture);
    snprintf(models->digest, sizeof(models->digest), "%s", found->digest);
    models->context_length = found->context_length;
    models->vocabulary_size = found->vocabulary_size;
    models->parameters = found->parameters;
    models->takes_constraints = found->takes_constraints;
    models->embedding_size = found->embedding_size;
    models->chars_per_token = models->found_vocabulary->chars_per_token;
    take_adapters(models, found);
}

/* The round's verdict. A vocabulary of one file and weights of another would make nonsense that
 * looks like an answer. */
static enum status check_round(struct models *models, const struct error *round, struct error *err)
{
    if (round->status != STATUS_OK)
        return error_set(err, STATUS_UNAVAILABLE, "the model is not known yet: %s", round->text);
    if (models->found == NULL || models->found_vocabulary == NULL)
        return error_set(err, STATUS_UNAVAILABLE, "the model is not known yet");
    if (strcmp(models->found->digest, models->found_vocabulary->digest) != 0)
        return error_set(
            err, STATUS_FAILED_PRECONDITION,
            "tokenizer and inference have different model files: give both the same --model");
    return STATUS_OK;
}

static void on_closed(struct timer *timer)
{
    struct models *models = LIST_ITEM(timer, struct models, timer);

    arena_close(&models->arena);
    models->stopped(models->gateway);
}

/* Other weights than those that answered before are a change that an auditor wants to find: also
 * when a model that had gone comes back as it was. */
static void note_change(struct models *models)
{
    const char *detail = models->is_main ? "another model answers" : "another model embeds";
    struct audit_record record = { .action = AUDIT_ACTION_CONFIGURE,
                                   .outcome = models->why_not.status };
    bool is_first = models->noted[0] == '\0';

    if (!models->is_known && strcmp(models->noted, "-") == 0)
        return;
    if (!models->is_known)
        detail = "the model is not used: tokenizer and inference have different files";
    else if (strcmp(models->noted, models->digest) == 0)
        return;
    snprintf(models->noted, sizeof(models->noted), "%s", models->is_known ? models->digest : "-");
    if (is_first)
        return;
    record.model = models->is_known ? models->digest : NULL;
    record.detail = detail;
    gateway_note(models->gateway, &record);
}

/* A leaf that is away for a while leaves what was known standing; two different files do not. */
static void set_known(struct models *models, bool is_known)
{
    if (models->is_known == is_known)
        return;
    models->is_known = is_known;
    if (is_known)
        log_info("model_known", LOG_ID("digest", models->digest),
                 LOG_ID("architecture", models->architecture),
                 LOG_NUMBER("context_length", models->context_length));
    else
        log_error("model_unknown", LOG_ERROR(&models->why_not));
    if (models->is_main)
        server_set_serving(models->gateway->host->server, is_known);
}

static void on_round(void *arg, const struct error *round)
{
    struct models *models = arg;
    struct error err = { 0 };
    bool is_known = check_round(models, round, &err) == STATUS_OK;

    models->group = NULL;
    if (models->stopped != NULL) {
        timer_close(&models->timer, on_closed);
        return;
    }
    models->why_not = err;
    if (is_known)
        take_found(models);
    if (is_known || err.status == STATUS_FAILED_PRECONDITION) {
        set_known(models, is_known);
        note_change(models);
    }
    timer_start(&models->timer, is_known ? ROUND_MS : ROUND_UNKNOWN_MS, 0);
}

static void ask_round(struct timer *timer)
{
    struct models *models = LIST_ITEM(timer, struct models, timer);
    struct gateway *gateway = models->gateway;
    Consilium__V1__GetModelRequest model = CONSILIUM__V1__GET_MODEL_REQUEST__INIT;
    Consilium__V1__GetVocabularyRequest vocabulary = CONSILIUM__V1__GET_VOCABULARY_REQUEST__INIT;
    struct rpc_options options = { .deadline_ns = gateway_leaf_deadline(gateway, CLOCK_NEVER),
                                   .attempts_max = 1 };

    models->found = NULL;
    models->found_vocabulary = NULL;
    arena_close(&models->arena);
    models->group = group_create(&models->arena, GROUP_POLICY_ALL, 0, &options, on_round, models);
    if (models->group == NULL) {
        timer_start(&models->timer, ROUND_MS, 0);
        return;
    }
    group_call(models->group, models->inference, &method_inference_get_model, &model, on_model,
               models);
    group_call(models->group, models->tokenizer, &method_tokenizer_get_vocabulary, &vocabulary,
               on_vocabulary, models);
    group_start(models->group);
}

void models_start(struct models *models, struct gateway *gateway, struct channel *inference,
                  struct channel *tokenizer, bool is_main)
{
    models->gateway = gateway;
    models->inference = inference;
    models->tokenizer = tokenizer;
    models->is_main = is_main;
    arena_init(&models->arena, 1 * MIB);
    error_set(&models->why_not, STATUS_UNAVAILABLE, "the model is not known yet");
    timer_init(&models->timer, &gateway->host->loop, ask_round);
    timer_start(&models->timer, 0, 0);
}

void models_stop(struct models *models, void (*stopped)(struct gateway *gateway))
{
    models->stopped = stopped;
    if (models->group != NULL)
        group_cancel(models->group);
    else
        timer_close(&models->timer, on_closed);
}

enum status models_get(const struct models *models, Consilium__V1__GetModelReply *reply,
                       struct error *err)
{
    if (!models->is_known)
        return error_set(err, models->why_not.status, "%s", models->why_not.text);
    consilium__v1__get_model_reply__init(reply);
    reply->name = (char *)models->name;
    reply->architecture = (char *)models->architecture;
    reply->digest = (char *)models->digest;
    reply->context_length = models->context_length;
    reply->parameters = models->parameters;
    reply->vocabulary_size = models->vocabulary_size;
    reply->takes_constraints = models->takes_constraints;
    reply->embedding_size = models->embedding_size;
    reply->n_adapters = models->adapters_count;
    reply->adapters = (char **)models->adapter_list;
    return STATUS_OK;
}

bool models_has_adapter(const struct models *models, struct slice adapter)
{
    for (size_t i = 0; i < models->adapters_count; i++)
        if (slice_is(adapter, models->adapters[i]))
            return true;
    return adapter.size == 0;
}
