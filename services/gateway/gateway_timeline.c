/* GetTimeline: the record's facts in pages, or those that answer a question, with dates and names
 * put back. Loop thread.
 *
 *   RECALL (the map) ─► REDACT (the caller's from and to, which the record knows as shifted dates) ─► TIMELINE ─► RESTORE ─► reply
 *
 * With the dates go the words of a question's name: a code is no text, and stays. REDACT is left
 * out when none is given, RESTORE when the caller keeps surrogates. */
#include <string.h>

#include "gateway_access.h"
#include "gateway_audit.h"
#include "gateway_calls.h"
#include "gateway_facts.h"
#include "rpc/message.h"

struct timeline {
    struct call *call;
    struct gateway *gateway;
    const Consilium__V1__GetTimelineRequest *request;
    bool keep_surrogates;
    struct patient_name patient;
    struct slice sealed_map;
    const char *from, *to, *what;
    size_t redacted;                    /* of these three, so many are */
    Consilium__V1__TimelineReply *page; /* what context said */
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

    message.n_facts = timeline->page->n_facts;
    message.facts = timeline->page->facts;
    message.next_page_token = timeline->page->next_page_token;
    message.answer = timeline->page->answer;
    record.count = timeline->page->n_facts;
    record.is_restored = !timeline->keep_surrogates;
    gateway_settle(timeline->call, &record, &message);
}

static void on_restored(void *arg, const void *message, const struct error *err)
{
    struct timeline *timeline = arg;
    struct error why = { 0 };

    if (message == NULL)
        fail(timeline, err);
    else if (facts_restore(timeline->page->facts, timeline->page->n_facts, message,
                           &timeline->call->arena, &why)
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
    if (facts_texts(timeline->page->facts, timeline->page->n_facts, &timeline->call->arena,
                    &request.texts, &request.n_texts, &err)
        != STATUS_OK) {
        fail(timeline, &err);
        return;
    }
    leaf_call(timeline, timeline->gateway->deid, &method_deid_restore, &request, on_restored);
}

/* The page outlives its message. */
static bool keep_page(struct timeline *timeline, const Consilium__V1__TimelineReply *page)
{
    size_t size = consilium__v1__timeline_reply__get_packed_size(page);
    struct arena *arena = &timeline->call->arena;
    uint8_t *packed = arena_alloc(arena, size);
    struct error err;

    if (packed == NULL)
        return false;
    consilium__v1__timeline_reply__pack(page, packed);
    timeline->page = message_unpack(&consilium__v1__timeline_reply__descriptor,
                                    slice_of(packed, size), arena, &err);
    return timeline->page != NULL;
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
    Consilium__V1__TimelineQuestion question;

    request.tenant = (char *)timeline->patient.tenant;
    request.patient = (char *)timeline->patient.pseudonym;
    request.from = (char *)timeline->from;
    request.to = (char *)timeline->to;
    request.n_kinds = timeline->request->n_kinds;
    request.kinds = timeline->request->kinds;
    request.page_size = timeline->request->page_size;
    request.page_token = timeline->request->page_token;
    if (timeline->request->question != NULL) {
        question = *timeline->request->question;
        question.from = (char *)timeline->from;
        question.to = (char *)timeline->to;
        question.what = (char *)timeline->what;
        request.question = &question;
    }
    leaf_call(timeline, timeline->gateway->context, &method_context_timeline, &request, on_page);
}

static void on_redacted(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RedactReply *redacted = message;
    struct timeline *timeline = arg;
    struct arena *arena = &timeline->call->arena;
    const char **const texts[] = { &timeline->from, &timeline->to, &timeline->what };
    struct slice left;

    if (redacted == NULL) {
        fail(timeline, err);
        return;
    }
    left = slice_of(redacted->output.data, redacted->output.len);
    for (size_t i = 0; i < timeline->redacted; i++) {
        size_t end = slice_find_byte(left, '\n');

        *texts[i] = arena_string(arena, slice_cut(left, 0, end));
        left = slice_cut(left, end + 1, left.size);
        if (*texts[i] == NULL) {
            fail_memory(timeline);
            return;
        }
    }
    ask_page(timeline);
}

/* Words of a name, in contrast to a code: as the timeline reads them. */
static bool is_words(const char *what)
{
    return strchr(what, ' ') != NULL || strpbrk(what, "0123456789|") == NULL;
}

static void redact(struct timeline *timeline)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    char *text = arena_format(&timeline->call->arena, "%s\n%s%s%s", timeline->from, timeline->to,
                              timeline->redacted > 2 ? "\n" : "",
                              timeline->redacted > 2 ? timeline->what : "");

    if (text == NULL) {
        fail_memory(timeline);
        return;
    }
    request.scope = (char *)timeline->patient.scope;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = (ProtobufCBinaryData){ strlen(text), (uint8_t *)text };
    request.sealed_map =
        (ProtobufCBinaryData){ timeline->sealed_map.size, (uint8_t *)timeline->sealed_map.data };
    leaf_call(timeline, timeline->gateway->deid, &method_deid_redact, &request, on_redacted);
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
    else if (timeline->redacted > 0)
        redact(timeline);
    else
        ask_page(timeline);
}

static void read_request(struct timeline *timeline)
{
    const Consilium__V1__GetTimelineRequest *request = timeline->request;

    timeline->from = request->question == NULL ? request->from : request->question->from;
    timeline->to = request->question == NULL ? request->to : request->question->to;
    timeline->what = request->question == NULL ? "" : request->question->what;
    timeline->redacted = timeline->from[0] != '\0' || timeline->to[0] != '\0' ? 2 : 0;
    if (timeline->what[0] != '\0' && is_words(timeline->what))
        timeline->redacted = 3;
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
    read_request(timeline);
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
