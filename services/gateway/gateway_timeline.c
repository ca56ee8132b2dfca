/* GetTimeline: the record's facts in pages, with dates and names put back. Loop thread.
 *
 *   RECALL (the map) ─► REDACT (the caller's from and to, which the record knows as shifted dates) ─► TIMELINE ─► RESTORE ─► reply
 *
 * REDACT is left out when neither date is given, RESTORE when the caller keeps surrogates. */
#include <string.h>

#include "gateway_access.h"
#include "gateway_audit.h"
#include "gateway_calls.h"
#include "gateway_facts.h"

struct timeline {
    struct call *call;
    struct gateway *gateway;
    const Consilium__V1__GetTimelineRequest *request;
    bool keep_surrogates;
    struct patient_name patient;
    struct slice sealed_map;
    const char *from, *to;
    const char *next_page_token;
    Consilium__V1__Fact **facts;
    size_t facts_count;
};

static void fail(struct timeline *timeline, const struct error *err)
{
    gateway_settle_failed(
        timeline->call, gateway_record(timeline->call, AUDIT_ACTION_READ, &timeline->patient), err);
}

static void leaf_call(struct timeline *timeline, struct channel *channel,
                      const struct method *method, const void *request, rpc_reply_cb on_reply)
{
    struct rpc_options options = {
        .deadline_ns = gateway_leaf_deadline(timeline->gateway, timeline->call->deadline_ns),
        .parent = timeline->call,
    };
    struct error err = { 0 };

    if (rpc_call(channel, method, request, &options, on_reply, timeline, NULL, &err) != STATUS_OK)
        fail(timeline, &err);
}

static void fail_memory(struct timeline *timeline)
{
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED,
              "no memory for this page: ask for a smaller page_size");
    fail(timeline, &err);
}

static void reply(struct timeline *timeline)
{
    Consilium__V1__GetTimelineReply message = CONSILIUM__V1__GET_TIMELINE_REPLY__INIT;
    struct audit_record record =
        gateway_record(timeline->call, AUDIT_ACTION_READ, &timeline->patient);

    message.n_facts = timeline->facts_count;
    message.facts = timeline->facts;
    message.next_page_token = (char *)timeline->next_page_token;
    record.count = timeline->facts_count;
    record.is_restored = !timeline->keep_surrogates;
    gateway_settle(timeline->call, &record, &message);
}

static void on_restored(void *arg, const void *message, const struct error *err)
{
    struct timeline *timeline = arg;
    struct error why = { 0 };

    if (message == NULL)
        fail(timeline, err);
    else if (facts_restore(timeline->facts, timeline->facts_count, message, &timeline->call->arena,
                           &why)
             != STATUS_OK)
        fail(timeline, &why);
    else
        reply(timeline);
}

static void restore(struct timeline *timeline)
{
    Consilium__V1__RestoreRequest request = CONSILIUM__V1__RESTORE_REQUEST__INIT;
    struct error err = { 0 };

    request.scope = (char *)timeline->patient.scope;
    request.sealed_map =
        (ProtobufCBinaryData){ timeline->sealed_map.size, (uint8_t *)timeline->sealed_map.data };
    if (facts_texts(timeline->facts, timeline->facts_count, &timeline->call->arena, &request.texts,
                    &request.n_texts, &err)
        != STATUS_OK) {
        fail(timeline, &err);
        return;
    }
    leaf_call(timeline, timeline->gateway->deid, &method_deid_restore, &request, on_restored);
}

/* The page outlives its message: fact by fact, the strings too. */
static bool keep_page(struct timeline *timeline, const Consilium__V1__TimelineReply *page)
{
    struct arena *arena = &timeline->call->arena;
    size_t i;

    timeline->facts = ARENA_ARRAY(arena, Consilium__V1__Fact *, page->n_facts + 1);
    timeline->next_page_token = arena_string(arena, slice_from(page->next_page_token));
    if (timeline->facts == NULL || timeline->next_page_token == NULL)
        return false;
    for (i = 0; i < page->n_facts; i++) {
        Consilium__V1__Fact *fact = ARENA_NEW(arena, Consilium__V1__Fact);

        if (fact == NULL)
            return false;
        *fact = *page->facts[i];
        fact->reference = arena_string(arena, slice_from(fact->reference));
        fact->path = arena_string(arena, slice_from(fact->path));
        fact->date = arena_string(arena, slice_from(fact->date));
        fact->status = arena_string(arena, slice_from(fact->status));
        fact->label = arena_string(arena, slice_from(fact->label));
        fact->value = arena_string(arena, slice_from(fact->value));
        fact->text = arena_string(arena, slice_from(fact->text));
        if (fact->text == NULL || fact->value == NULL || fact->label == NULL || fact->status == NULL
            || fact->date == NULL || fact->path == NULL || fact->reference == NULL)
            return false;
        timeline->facts[i] = fact;
    }
    timeline->facts_count = page->n_facts;
    return true;
}

static void on_page(void *arg, const void *message, const struct error *err)
{
    struct timeline *timeline = arg;

    if (message == NULL)
        fail(timeline, err);
    else if (!keep_page(timeline, message))
        fail_memory(timeline);
    else if (timeline->keep_surrogates)
        reply(timeline);
    else
        restore(timeline);
}

static void ask_page(struct timeline *timeline)
{
    Consilium__V1__TimelineRequest request = CONSILIUM__V1__TIMELINE_REQUEST__INIT;

    request.tenant = (char *)timeline->patient.tenant;
    request.patient = (char *)timeline->patient.pseudonym;
    request.from = (char *)timeline->from;
    request.to = (char *)timeline->to;
    request.n_kinds = timeline->request->n_kinds;
    request.kinds = timeline->request->kinds;
    request.page_size = timeline->request->page_size;
    request.page_token = timeline->request->page_token;
    leaf_call(timeline, timeline->gateway->context, &method_context_timeline, &request, on_page);
}

static void on_dates(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RedactReply *redacted = message;
    struct timeline *timeline = arg;
    struct arena *arena = &timeline->call->arena;
    struct slice both;
    size_t middle;

    if (redacted == NULL) {
        fail(timeline, err);
        return;
    }
    both = slice_of(redacted->output.data, redacted->output.len);
    middle = slice_find_byte(both, '\n');
    timeline->from = arena_string(arena, slice_cut(both, 0, middle));
    timeline->to = arena_string(arena, slice_cut(both, middle + 1, both.size));
    if (timeline->from == NULL || timeline->to == NULL)
        fail_memory(timeline);
    else
        ask_page(timeline);
}

static void redact_dates(struct timeline *timeline)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    char *both = arena_format(&timeline->call->arena, "%s\n%s", timeline->request->from,
                              timeline->request->to);

    if (both == NULL) {
        fail_memory(timeline);
        return;
    }
    request.scope = (char *)timeline->patient.scope;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = (ProtobufCBinaryData){ strlen(both), (uint8_t *)both };
    request.sealed_map =
        (ProtobufCBinaryData){ timeline->sealed_map.size, (uint8_t *)timeline->sealed_map.data };
    leaf_call(timeline, timeline->gateway->deid, &method_deid_redact, &request, on_dates);
}

static void on_recalled(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RecallReply *recalled = message;
    struct timeline *timeline = arg;

    if (recalled == NULL) {
        fail(timeline, err);
        return;
    }
    timeline->sealed_map = arena_copy(
        &timeline->call->arena, slice_of(recalled->sealed_map.data, recalled->sealed_map.len));
    if (timeline->sealed_map.data == NULL)
        fail_memory(timeline);
    else if (timeline->from[0] != '\0' || timeline->to[0] != '\0')
        redact_dates(timeline);
    else
        ask_page(timeline);
}

void timeline_start(struct call *call)
{
    struct timeline *timeline = ARENA_NEW(&call->arena, struct timeline);
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;
    struct error err = { 0 };

    if (timeline == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
        call_fail(call, &err);
        return;
    }
    timeline->call = call;
    timeline->gateway = call->service;
    timeline->request = call->request;
    timeline->keep_surrogates = timeline->request->keep_surrogates || !gateway_may_restore(call);
    timeline->from = timeline->request->from;
    timeline->to = timeline->request->to;
    if (gateway_name_patient(call, timeline->request->tenant, timeline->request->patient,
                             &call->arena, &timeline->patient, &err)
        != STATUS_OK) {
        fail(timeline, &err);
        return;
    }
    request.tenant = (char *)timeline->patient.tenant;
    request.patient = (char *)timeline->patient.pseudonym;
    leaf_call(timeline, timeline->gateway->context, &method_context_recall, &request, on_recalled);
}
