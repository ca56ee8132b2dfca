/* What an ask says to the audit log: before its first event who asks, on which facts and which
 * model; at its end how it ended. Loop thread. */
#include "gateway_access.h"
#include "gateway_ask_state.h"
#include "gateway_audit.h"
#include "gateway_rate.h"

static struct audit_record ask_record(const struct ask *ask, enum audit_action action,
                                      char trace[TRACE_ID_TEXT_BYTES])
{
    const struct call *parent = ask->request.parent;

    trace_format_id(&parent->trace, trace);
    return (struct audit_record){
        .action = action,
        .caller = gateway_caller(parent),
        .tenant = ask->patient.tenant,
        .patient = ask->patient.pseudonym,
        .trace = trace,
        .version = ask->version,
    };
}

static void on_audited(void *arg, const struct error *err)
{
    struct ask *ask = arg;

    ask_leg_end(ask, ASK_LEG_AUDIT);
    ask->is_audited = err->status == STATUS_OK;
    if (!ask->is_audited)
        ask_fail(ask, err);
    ask_step(ask);
}

static const struct audit_fact *list_facts(struct ask *ask)
{
    struct audit_fact *facts =
        ARENA_ARRAY(ask->arena, struct audit_fact, ask->assembled->n_facts + 1);

    for (size_t i = 0; facts != NULL && i < ask->assembled->n_facts; i++)
        facts[i] = (struct audit_fact){ ask->assembled->facts[i]->id,
                                        ask->assembled->facts[i]->reference };
    return facts;
}

void ask_audit(struct ask *ask)
{
    char trace[TRACE_ID_TEXT_BYTES], question[AUDIT_DIGEST_TEXT_BYTES];
    struct audit_record record = ask_record(ask, AUDIT_ACTION_ASK, trace);
    struct error err = { 0 };

    audit_digest(audit_log_key(ask->gateway->audit), slice_from(ask->request.question), question);
    record.question = question;
    record.model = ask->model.digest;
    record.is_restored = !ask->request.keep_surrogates;
    record.facts = list_facts(ask);
    record.facts_count = ask->assembled->n_facts;
    ask_leg_begin(ask, ASK_LEG_AUDIT);
    if (record.facts == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the answer needs more than %zu bytes of memory",
                  ask->arena->limit_bytes);
    else
        audit_append(ask->gateway->audit, &record, on_audited, ask, &err);
    if (err.status != STATUS_OK) {
        ask_leg_end(ask, ASK_LEG_AUDIT);
        ask_fail(ask, &err);
    }
}

void ask_audit_end(struct ask *ask, const struct error *err)
{
    char trace[TRACE_ID_TEXT_BYTES];
    struct audit_record record = ask_record(ask, AUDIT_ACTION_ANSWER, trace);

    record.outcome = err->status;
    record.model = ask->model_digest;
    if (ask->adapter_digest != NULL && ask->adapter_digest[0] != '\0')
        record.adapter = ask->adapter_digest;
    record.count = ask->usage.generated_tokens;
    gateway_note(ask->gateway, &record);
    gateway_rate_charge(ask->gateway, ask->request.parent->identity,
                        (uint64_t)ask->usage.prompt_tokens + ask->usage.generated_tokens);
}
