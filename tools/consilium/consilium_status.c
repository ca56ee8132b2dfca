/* status: the health of every service, and the model in use. Everybody is asked at once; who does
 * not answer is named. By HTTP only the gateway can be asked: what it says of the model says that
 * it serves. */
#include <stdio.h>
#include <string.h>

#include "consilium_door.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"
#include "grpc/health/v1/health.pb-c.h"
#include "rpc/group.h"
#include "rpc/health.h"

struct asked {
    const char *name, *target, *service; /* the name that Health is asked for */
    struct channel *channel;
    const char *state; /* in words */
    bool is_good, is_needed;
};

#define ASKED_MAX 6

struct survey {
    struct consilium *consilium;
    struct asked asked[ASKED_MAX];
    size_t count;
    char model[400];
};

static const char *state_words(const Grpc__Health__V1__HealthCheckResponse *reply)
{
    switch (reply->status) {
    case GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING:
        return "SERVING";
    case GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING:
        return "NOT_SERVING";
    default:
        return "UNKNOWN";
    }
}

static void on_health(void *arg, const void *message, const struct error *err)
{
    struct asked *asked = arg;

    asked->state = message == NULL ? status_name(err->status) : state_words(message);
    asked->is_good = strcmp(asked->state, "SERVING") == 0;
}

static void on_models(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__ListModelsReply *reply = message;
    struct survey *survey = arg;

    (void)err; /* the gateway's health has told */
    if (reply != NULL && reply->n_models > 0)
        snprintf(survey->model, sizeof(survey->model),
                 "%s (%s, %.1f M parameters, context %u) sha256:%s", reply->models[0]->name,
                 reply->models[0]->architecture, (double)reply->models[0]->parameters / 1e6,
                 reply->models[0]->context_length, reply->models[0]->digest);
}

static void print_json(struct survey *survey)
{
    struct buffer line;
    size_t i;

    buffer_init(&line, &survey->consilium->arena);
    buffer_put_string(&line, "{\"services\":[");
    for (i = 0; i < survey->count; i++)
        buffer_format(&line, "%s{\"name\":\"%s\",\"target\":\"%s\",\"state\":\"%s\"}",
                      i > 0 ? "," : "", survey->asked[i].name, survey->asked[i].target,
                      survey->asked[i].state);
    buffer_put_string(&line, "],\"model\":");
    buffer_put_json(&line, slice_from(survey->model));
    printf("%.*s}\n", SLICE_FORMAT(buffer_slice(&line)));
}

static void print_table(const struct survey *survey)
{
    size_t i;

    for (i = 0; i < survey->count; i++)
        printf("%-10s %-28s %s%s%s\n", survey->asked[i].name, survey->asked[i].target,
               paint(survey->asked[i].is_good ? PAINT_GOOD : PAINT_BAD), survey->asked[i].state,
               paint(PAINT_PLAIN));
    printf("%-10s %s\n", "model", survey->model[0] == '\0' ? "not known" : survey->model);
}

static void on_done(void *arg, const struct error *err)
{
    struct survey *survey = arg;
    enum consilium_exit exit_status = CONSILIUM_EXIT_OK;
    size_t i;

    (void)err; /* every answer has told for itself */
    if (survey->consilium->config.json)
        print_json(survey);
    else
        print_table(survey);
    for (i = 0; i < survey->count; i++) {
        if (survey->asked[i].is_needed && !survey->asked[i].is_good)
            exit_status = CONSILIUM_EXIT_UNAVAILABLE;
        if (survey->asked[i].channel != NULL
            && survey->asked[i].channel != survey->consilium->channel)
            channel_destroy(survey->asked[i].channel);
    }
    consilium_end(survey->consilium, exit_status);
}

static void ask_one(struct survey *survey, struct group *group, struct asked asked)
{
    struct channel_options options = {
        .service = asked.name,
        .target = asked.target,
        .credentials = survey->consilium->credentials,
    };
    Grpc__Health__V1__HealthCheckRequest request = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;
    struct asked *kept = &survey->asked[survey->count++];
    struct error err;

    *kept = asked;
    kept->state = "bad address";
    kept->channel = channel_create(survey->consilium->client, &options, &err);
    request.service = (char *)kept->service;
    if (kept->channel != NULL)
        group_call(group, kept->channel, &method_health_check, &request, on_health, kept);
}

static void on_web_models(void *arg, const void *message, const struct error *err)
{
    struct survey *survey = arg;
    struct asked *gateway = &survey->asked[0];

    on_models(survey, message, err);
    gateway->is_good = message != NULL;
    gateway->state = message != NULL ? "SERVING" : status_name(err->status);
    on_done(survey, err);
}

static void ask_by_web(struct survey *survey)
{
    struct consilium *consilium = survey->consilium;
    Consilium__V1__ListModelsRequest models = CONSILIUM__V1__LIST_MODELS_REQUEST__INIT;
    struct error err = { 0 };

    survey->asked[survey->count++] =
        (struct asked){ .name = "gateway", .target = consilium->config.gateway, .is_needed = true };
    if (door_reach(consilium)
        && door_call(consilium, &method_gateway_list_models, &models, on_web_models, survey, &err)
               != STATUS_OK)
        consilium_fail(consilium, &err);
}

void status_verb(struct consilium *consilium)
{
    const struct consilium_config *config = &consilium->config;
    struct rpc_options options = consilium_options(consilium);
    struct survey *survey = ARENA_NEW(&consilium->arena, struct survey);
    Consilium__V1__ListModelsRequest models = CONSILIUM__V1__LIST_MODELS_REQUEST__INIT;
    struct group *group;

    if (consilium->operands_count != 0) {
        consilium_misuse(consilium, "status takes no operands");
        return;
    }
    survey->consilium = consilium;
    if (door_is_web(consilium)) {
        ask_by_web(survey);
        return;
    }
    options.attempts_max = 1;
    if (consilium_connect(consilium, "gateway", config->gateway) == NULL)
        return;
    group = group_create(&consilium->arena, GROUP_POLICY_PARTIAL, 0, &options, on_done, survey);
    ask_one(survey, group,
            (struct asked){
                .name = "gateway", .target = config->gateway, .service = "", .is_needed = true });
    ask_one(
        survey, group,
        (struct asked){ .name = "deid", .target = config->deid, .service = "", .is_needed = true });
    ask_one(survey, group,
            (struct asked){
                .name = "context", .target = config->context, .service = "", .is_needed = true });
    ask_one(survey, group,
            (struct asked){ .name = "redis", .target = config->context, .service = "redis" });
    ask_one(
        survey, group,
        (struct asked){
            .name = "tokenizer", .target = config->tokenizer, .service = "", .is_needed = true });
    ask_one(
        survey, group,
        (struct asked){
            .name = "inference", .target = config->inference, .service = "", .is_needed = true });
    group_call(group, consilium->channel, &method_gateway_list_models, &models, on_models, survey);
    consilium->group = group;
    group_start(group);
}
