/* Calls of the context service from a test, and what one came to. */
#ifndef CONTEXT_CALLS_H
#define CONTEXT_CALLS_H

#include "context_service_fixture.h"

/* What one call came to. */
struct outcome {
    bool is_done;
    enum status status;
    char error[240];
    Consilium__V1__PutReply put;
    uint64_t version;
    uint32_t facts, count;
    double number;
    bool from_memory, existed;
    char map[64], user[4096], page[64], first_reference[128];
};

__attribute__((unused)) static void keep(struct outcome *outcome, const struct error *err)
{
    outcome->is_done = true;
    outcome->status = err->status;
    snprintf(outcome->error, sizeof(outcome->error), "%s", err->text);
}

__attribute__((unused)) static void on_put(void *arg, const void *reply, const struct error *err)
{
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (reply != NULL)
        outcome->put = *(const Consilium__V1__PutReply *)reply;
}

__attribute__((unused)) static void on_recall(void *arg, const void *reply, const struct error *err)
{
    const Consilium__V1__RecallReply *recall = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (recall == NULL)
        return;
    outcome->version = recall->version;
    outcome->facts = recall->facts;
    outcome->from_memory = recall->from_memory;
    snprintf(outcome->map, sizeof(outcome->map), "%.*s", (int)recall->sealed_map.len,
             (const char *)recall->sealed_map.data);
}

__attribute__((unused)) static void on_assemble(void *arg, const void *reply,
                                                const struct error *err)
{
    const Consilium__V1__AssembleReply *assemble = reply;
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (assemble == NULL)
        return;
    outcome->facts = (uint32_t)assemble->n_facts;
    outcome->version = assemble->version;
    snprintf(outcome->user, sizeof(outcome->user), "%s", assemble->user);
    if (assemble->n_facts > 0)
        snprintf(outcome->first_reference, sizeof(outcome->first_reference), "%s",
                 assemble->facts[0]->reference);
}

__attribute__((unused)) static void on_forget(void *arg, const void *reply, const struct error *err)
{
    struct outcome *outcome = arg;

    keep(outcome, err);
    if (reply != NULL)
        outcome->existed = ((const Consilium__V1__ForgetContextReply *)reply)->existed;
}

__attribute__((unused)) static void start_call(struct bench *bench, const struct method *method,
                                               const void *request, rpc_reply_cb on_reply,
                                               struct outcome *outcome)
{
    struct rpc_options options = { .deadline_ns = clock_now() + 20 * CLOCK_NS_PER_S,
                                   .attempts_max = 1 };
    struct error err;

    memset(outcome, 0, sizeof(*outcome));
    assert_int_equal(
        rpc_call(bench->channel, method, request, &options, on_reply, outcome, NULL, &err),
        STATUS_OK);
}

__attribute__((unused)) static void wait_for(struct bench *bench, const struct outcome *outcome)
{
    while (!outcome->is_done)
        uv_run(&bench->host.loop.uv, UV_RUN_ONCE);
}

__attribute__((unused)) static void put_start_over(struct bench *bench, const char *patient,
                                                   const char *bundle, const char *map,
                                                   uint64_t base_version, struct outcome *outcome)
{
    Consilium__V1__PutRequest request = CONSILIUM__V1__PUT_REQUEST__INIT;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    request.bundle = (ProtobufCBinaryData){ strlen(bundle), (uint8_t *)bundle };
    request.sealed_map = (ProtobufCBinaryData){ strlen(map), (uint8_t *)map };
    request.base_version = base_version;
    start_call(bench, &method_context_put, &request, on_put, outcome);
}

__attribute__((unused)) static void put_start(struct bench *bench, const char *patient,
                                              const char *bundle, const char *map,
                                              struct outcome *outcome)
{
    put_start_over(bench, patient, bundle, map, 0, outcome);
}

__attribute__((unused)) static struct outcome put(struct bench *bench, const char *patient,
                                                  const char *bundle, const char *map)
{
    struct outcome outcome;

    put_start(bench, patient, bundle, map, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

__attribute__((unused)) static struct outcome put_over(struct bench *bench, const char *patient,
                                                       const char *bundle, const char *map,
                                                       uint64_t base_version)
{
    struct outcome outcome;

    put_start_over(bench, patient, bundle, map, base_version, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

__attribute__((unused)) static struct outcome recall(struct bench *bench, const char *patient)
{
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;
    struct outcome outcome;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    start_call(bench, &method_context_recall, &request, on_recall, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

__attribute__((unused)) static struct outcome assemble(struct bench *bench, const char *patient,
                                                       const char *question, uint32_t budget)
{
    Consilium__V1__AssembleRequest request = CONSILIUM__V1__ASSEMBLE_REQUEST__INIT;
    struct outcome outcome;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    request.question = (char *)question;
    request.budget_tokens = budget;
    start_call(bench, &method_context_assemble, &request, on_assemble, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

__attribute__((unused)) static struct outcome forget(struct bench *bench, const char *patient)
{
    Consilium__V1__ForgetContextRequest request = CONSILIUM__V1__FORGET_CONTEXT_REQUEST__INIT;
    struct outcome outcome;

    request.tenant = (char *)"t1";
    request.patient = (char *)patient;
    start_call(bench, &method_context_forget, &request, on_forget, &outcome);
    wait_for(bench, &outcome);
    return outcome;
}

#define BUNDLE(resources) "{\"resourceType\":\"Bundle\",\"entry\":[" resources "]}"
#define CONDITION(id, name)                                                                        \
    "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"" id                                   \
    "\",\"clinicalStatus\":{\"coding\":[{\"code\":\"active\"}]},\"code\":{\"text\":\"" name        \
    "\"}}}"

__attribute__((unused)) static const char asthma[] =
    BUNDLE(CONDITION("c1", "Asthma") ",{\"resource\":{\"resourceType\":\"Claim\"}}");
__attribute__((unused)) static const char gout[] = BUNDLE(CONDITION("c2", "Gout"));

#endif
