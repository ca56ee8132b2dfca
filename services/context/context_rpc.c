/* Handlers: check the request, load the record, let the core work, pack the reply. They run on the
 * loop; a record that is large enough to take more than a moment is worked on by a worker. */
#include "context_rpc.h"

#include "base/limits.h"
#include "context_load.h"
#include "context_many.h"
#include "context_put.h"
#include "context_render.h"
#include "context_reply.h"
#include "context_resources_rpc.h"
#include "context_timeline.h"
#include "run/workers.h"

#define PUT_CALLS_MAX 8
#define PUT_QUEUE_MAX 64

/* Pages of resources at once: each unpacks the whole record. */
#define RESOURCES_CALLS_MAX 8

#define NEAR_MAX 256   /* names that one Assemble is told of */
#define NAMES_MAX 1024 /* that one record tells: the largest that we know has 700 */

/* A record is wanted for a call: load it, then go on. */
struct lookup {
    struct call *call;
    struct context *context;
    struct cache_entry *entry;
    bool from_memory;
    struct load load;
    void (*answer)(struct lookup *lookup); /* on the loop or on a worker; fills reply or err */
    const void *reply;
    struct job job;
    struct error err;
};

static void read_end(struct lookup *lookup)
{
    if (lookup->err.status != STATUS_OK)
        call_fail(lookup->call, &lookup->err);
    else
        call_reply(lookup->call, lookup->reply);
}

/* The reply borrows from the record: the reference goes back after it. */
static void read_finish(struct lookup *lookup)
{
    struct cache_entry *entry = lookup->entry;

    read_end(lookup);
    cache_entry_release(entry);
}

static void read_on_worker(struct job *job)
{
    struct lookup *lookup = (struct lookup *)((char *)job - offsetof(struct lookup, job));

    lookup->answer(lookup);
}

static void read_on_answered(struct job *job)
{
    read_finish((struct lookup *)((char *)job - offsetof(struct lookup, job)));
}

static void read_on_loaded(void *arg, struct cache_entry *entry, bool from_memory,
                           const struct error *err)
{
    struct lookup *lookup = arg;

    if (entry == NULL) {
        call_fail(lookup->call, err);
        return;
    }
    lookup->entry = entry;
    lookup->from_memory = from_memory;
    if (entry->record.count > CONTEXT_INLINE_FACTS_MAX) {
        lookup->job = (struct job){ .run = read_on_worker,
                                    .done = read_on_answered,
                                    .home = &lookup->context->host->loop.mailbox };
        if (workers_post(lookup->context->host->workers, &lookup->job, &lookup->err) == STATUS_OK)
            return;
    } else {
        lookup->answer(lookup);
    }
    read_finish(lookup);
}

static void read_on_cancel(struct call *call)
{
    struct lookup *lookup = call->state;

    if (!context_load_cancel(&lookup->load))
        return; /* a worker has it: it ends when that is done */
    error_set(&lookup->err, STATUS_CANCELLED, "the caller waits no more");
    call_fail(call, &lookup->err);
}

static void read_start(struct call *call, const char *tenant, const char *patient,
                       enum load_mode mode, void (*answer)(struct lookup *lookup))
{
    struct lookup *lookup = ARENA_NEW(&call->arena, struct lookup);
    struct error err = { STATUS_OK, "" };

    if (lookup == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for the call");
    else if (context_check_name("tenant", tenant, &err) == STATUS_OK)
        context_check_name("patient", patient, &err);
    if (err.status != STATUS_OK) {
        call_fail(call, &err);
        return;
    }
    *lookup = (struct lookup){ .call = call, .context = call->service, .answer = answer };
    call->state = lookup;
    if (context_load(&lookup->load, call->service, slice_from(tenant), slice_from(patient), mode,
                     read_on_loaded, lookup))
        call_on_cancel(call, read_on_cancel);
}

static void *read_reply(struct lookup *lookup, size_t size)
{
    void *reply = arena_alloc_zero(&lookup->call->arena, 1, size);

    if (reply == NULL)
        error_set(&lookup->err, STATUS_RESOURCE_EXHAUSTED, "no room for the reply");
    return reply;
}

/* ---- Put ---- */

static void put(struct call *call)
{
    const Consilium__V1__PutRequest *request = call->request;
    struct error err = { STATUS_OK, "" };

    if (context_check_name("tenant", request->tenant, &err) == STATUS_OK
        && context_check_name("patient", request->patient, &err) == STATUS_OK
        && request->bundle.len == 0)
        error_set(&err, STATUS_INVALID_ARGUMENT, "bundle: empty");
    if (err.status != STATUS_OK)
        call_fail(call, &err);
    else
        context_put(call->service, call);
}

/* ---- Recall ---- */

static void recall_answer(struct lookup *lookup)
{
    Consilium__V1__RecallReply *reply = read_reply(lookup, sizeof(*reply));
    struct slice map = lookup->entry->sealed_map;

    if (reply == NULL)
        return;
    consilium__v1__recall_reply__init(reply);
    reply->version = lookup->entry->version;
    reply->facts = (uint32_t)lookup->entry->record.live;
    reply->sealed_map = (ProtobufCBinaryData){ map.size, (uint8_t *)map.data };
    reply->from_memory = lookup->from_memory;
    lookup->reply = reply;
}

static void recall(struct call *call)
{
    const Consilium__V1__RecallRequest *request = call->request;

    read_start(call, request->tenant, request->patient, LOAD_MODE_CHECK, recall_answer);
}

/* Room for @count facts and the list of them; NULL and lookup->err otherwise. */
static Consilium__V1__Fact **make_facts(struct lookup *lookup, size_t count,
                                        Consilium__V1__Fact **facts)
{
    Consilium__V1__Fact **list = ARENA_ARRAY(&lookup->call->arena, Consilium__V1__Fact *, count);

    *facts = ARENA_ARRAY(&lookup->call->arena, Consilium__V1__Fact, count);
    if (list != NULL && *facts != NULL)
        return list;
    error_set(&lookup->err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu facts", count);
    return NULL;
}

/* ---- Assemble ---- */

/* What a model that embeds says; none where there is no room for it. */
static struct rank_nearness read_near(const Consilium__V1__AssembleRequest *request,
                                      struct arena *arena)
{
    struct rank_near *items = ARENA_ARRAY(arena, struct rank_near, request->n_near);

    for (size_t i = 0; items != NULL && i < request->n_near; i++)
        items[i] = (struct rank_near){ slice_from(request->near[i]->name), request->near[i]->near };
    return (struct rank_nearness){ items, items == NULL ? 0 : request->n_near };
}

static void assemble_answer(struct lookup *lookup)
{
    const Consilium__V1__AssembleRequest *request = lookup->call->request;
    Consilium__V1__AssembleReply *reply = read_reply(lookup, sizeof(*reply));
    const struct prompt_request asked = {
        .near = read_near(request, &lookup->call->arena),
        .question = slice_from(request->question),
        .budget_tokens = request->budget_tokens,
        .chars_per_token = request->chars_per_token,
        .form = reply_form(request->form),
    };
    struct prompt prompt;

    if (reply == NULL
        || context_assemble(&lookup->entry->record, &lookup->entry->courses, &asked,
                            &lookup->call->arena, &prompt, &lookup->err)
               != STATUS_OK)
        return;
    if (reply_prompt(&prompt, lookup->entry->version, &lookup->call->arena, reply))
        lookup->reply = reply;
    else
        error_set(&lookup->err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu facts", prompt.count);
}

static void assemble(struct call *call)
{
    const Consilium__V1__AssembleRequest *request = call->request;
    struct error err;

    if (strlen(request->question) > QUESTION_BYTES_MAX) {
        error_set(&err, STATUS_INVALID_ARGUMENT, "question: %zu bytes, over the limit of %zu",
                  strlen(request->question), (size_t)QUESTION_BYTES_MAX);
        call_fail(call, &err);
        return;
    }
    if (request->n_near > NEAR_MAX) {
        error_set(&err, STATUS_INVALID_ARGUMENT, "near: %zu names, over the limit of %d",
                  request->n_near, NEAR_MAX);
        call_fail(call, &err);
        return;
    }
    read_start(call, request->tenant, request->patient, LOAD_MODE_FRESH, assemble_answer);
}

/* ---- Names ---- */

/* Courses of one name (an active and a former one) have it once: they are few enough to look. */
static bool has_name(char *const *names, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(name, names[i]))
            return true;
    return false;
}

static void names_answer(struct lookup *lookup)
{
    Consilium__V1__NamesReply *reply = read_reply(lookup, sizeof(*reply));
    const struct courses *courses = &lookup->entry->courses;
    struct arena *arena = &lookup->call->arena;

    if (reply == NULL)
        return;
    consilium__v1__names_reply__init(reply);
    reply->version = lookup->entry->version;
    reply->names = ARENA_ARRAY(arena, char *, NAMES_MAX);
    for (size_t i = 0; reply->names != NULL && i < courses->count && reply->n_names < NAMES_MAX;
         i++) {
        const struct course *course = &courses->items[i];

        if (!course->is_named || has_name(reply->names, reply->n_names, course->label))
            continue;
        reply->names[reply->n_names] = arena_string(arena, course->label);
        if (reply->names[reply->n_names++] == NULL)
            reply->names = NULL;
    }
    if (reply->names == NULL)
        error_set(&lookup->err, STATUS_RESOURCE_EXHAUSTED, "no room for the names");
    else
        lookup->reply = reply;
}

static void names(struct call *call)
{
    const Consilium__V1__NamesRequest *request = call->request;

    read_start(call, request->tenant, request->patient, LOAD_MODE_FRESH, names_answer);
}

/* ---- Timeline ---- */

static uint32_t kinds_of(const Consilium__V1__TimelineRequest *request)
{
    uint32_t kinds = 0;

    for (size_t i = 0; i < request->n_kinds; i++)
        if (request->kinds[i] > 0 && request->kinds[i] < FACT_KINDS)
            kinds |= 1u << request->kinds[i];
    /* Kinds that nothing has: none, not all. */
    return request->n_kinds > 0 && kinds == 0 ? 1u : kinds;
}

static void timeline_page(struct lookup *lookup, Consilium__V1__TimelineReply *reply)
{
    const Consilium__V1__TimelineRequest *request = lookup->call->request;
    struct timeline_query query = { slice_from(request->from), slice_from(request->to),
                                    kinds_of(request), request->page_size,
                                    slice_from(request->page_token) };
    struct arena *arena = &lookup->call->arena;
    struct timeline timeline;
    Consilium__V1__Fact **list, *facts;

    if (context_timeline(&lookup->entry->record, &query, arena, &timeline, &lookup->err)
        != STATUS_OK)
        return;
    list = make_facts(lookup, timeline.count, &facts);
    for (size_t i = 0; list != NULL && i < timeline.count; i++) {
        list[i] = &facts[i];
        if (!reply_fact(timeline.facts[i], (uint32_t)i + 1, render_in(timeline.facts[i], arena),
                        arena, &facts[i])) {
            error_set(&lookup->err, STATUS_RESOURCE_EXHAUSTED,
                      "no room for %zu facts; ask for a smaller page", timeline.count);
            return;
        }
    }
    reply->facts = list;
    reply->n_facts = timeline.count;
    reply->next_page_token = (char *)timeline.next_page_token;
}

static enum status read_timeline_question(const Consilium__V1__TimelineQuestion *message,
                                          struct timeline_question *question, struct error *err)
{
    const struct timeline_parts parts = {
        .verb = (enum timeline_verb)(message->verb - 1),
        .what = slice_from(message->what),
        .from = slice_from(message->from),
        .to = slice_from(message->to),
        .unit = slice_from(message->unit),
    };

    if (message->verb < CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_LATEST
        || message->verb > CONSILIUM__V1__TIMELINE_VERB__TIMELINE_VERB_BETWEEN)
        return error_set(err, STATUS_INVALID_ARGUMENT, "question: verb %d is none of ours",
                         (int)message->verb);
    if (parts.what.size + parts.unit.size > QUESTION_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "question: %zu bytes, over the limit of %zu",
                         parts.what.size + parts.unit.size, (size_t)QUESTION_BYTES_MAX);
    if (timeline_question_make(&parts, question, err) != STATUS_OK)
        return error_wrap(err, "question");
    return STATUS_OK;
}

static void timeline_question(struct lookup *lookup, Consilium__V1__TimelineReply *reply)
{
    const Consilium__V1__TimelineRequest *request = lookup->call->request;
    uint32_t items_max = request->page_size == 0 ? TIMELINE_PAGE_DEFAULT : request->page_size;
    struct arena *arena = &lookup->call->arena;
    struct timeline_question question;
    struct timeline_answer answer;

    if (read_timeline_question(request->question, &question, &lookup->err) != STATUS_OK
        || timeline_ask(&lookup->entry->record, &question, arena, &answer, &lookup->err)
               != STATUS_OK)
        return;
    if (!reply_answer(&question, &answer,
                      items_max < TIMELINE_PAGE_MAX ? items_max : TIMELINE_PAGE_MAX, arena, reply))
        error_set(&lookup->err, STATUS_RESOURCE_EXHAUSTED,
                  "no room for an answer of %u facts; ask for a smaller page", answer.count);
}

static void timeline_answer(struct lookup *lookup)
{
    const Consilium__V1__TimelineRequest *request = lookup->call->request;
    Consilium__V1__TimelineReply *reply = read_reply(lookup, sizeof(*reply));

    if (reply == NULL)
        return;
    consilium__v1__timeline_reply__init(reply);
    lookup->reply = reply;
    if (request->question != NULL)
        timeline_question(lookup, reply);
    else
        timeline_page(lookup, reply);
}

static void timeline(struct call *call)
{
    const Consilium__V1__TimelineRequest *request = call->request;

    read_start(call, request->tenant, request->patient, LOAD_MODE_FRESH, timeline_answer);
}

/* ---- Forget ---- */

struct forgetting {
    struct call *call;
    bool existed;
};

static void on_forgotten(void *arg, bool is_written, const struct error *err)
{
    struct forgetting *forgetting = arg;
    Consilium__V1__ForgetContextReply reply = CONSILIUM__V1__FORGET_CONTEXT_REPLY__INIT;
    struct error failure = *err;

    if (failure.status != STATUS_OK) {
        error_wrap(&failure, "memory has forgotten the record, Redis may still have it; try again");
        failure.status = STATUS_UNAVAILABLE;
        call_fail(forgetting->call, &failure);
        return;
    }
    reply.existed = forgetting->existed || is_written;
    call_reply(forgetting->call, &reply);
}

static void forget_now(struct context *context, struct forgetting *forgetting, struct slice tenant,
                       struct slice patient)
{
    static const struct error none = { STATUS_OK, "" };
    struct cache_entry *entry = cache_find(context->cache, tenant, patient, INT64_MIN);
    struct error err;

    context_load_outdate(context, tenant, patient);
    forgetting->existed = entry != NULL;
    if (entry != NULL)
        cache_remove(context->cache, entry);
    if (context->store.redis == NULL)
        on_forgotten(forgetting, false, &none);
    else if (store_forget(&context->store, tenant, patient, &forgetting->call->arena, on_forgotten,
                          forgetting, &err)
             != STATUS_OK)
        on_forgotten(forgetting, false, &err);
}

static void forget(struct call *call)
{
    const Consilium__V1__ForgetContextRequest *request = call->request;
    struct forgetting *forgetting = ARENA_NEW(&call->arena, struct forgetting);
    struct error err = { STATUS_OK, "" };

    if (forgetting == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for the call");
    else if (context_check_name("tenant", request->tenant, &err) == STATUS_OK)
        context_check_name("patient", request->patient, &err);
    if (err.status != STATUS_OK) {
        call_fail(call, &err);
        return;
    }
    forgetting->call = call;
    forget_now(call->service, forgetting, slice_from(request->tenant),
               slice_from(request->patient));
}

const struct server_method context_methods[] = {
    { .method = &method_context_put,
      .place = METHOD_PLACE_LOOP,
      .start = put,
      .calls_max = PUT_CALLS_MAX,
      .queue_max = PUT_QUEUE_MAX,
      .arena_bytes_max = 2 * MESSAGE_BYTES_MAX },
    { .method = &method_context_recall,
      .place = METHOD_PLACE_LOOP,
      .start = recall,
      .arena_bytes_max = 64 * MIB },
    { .method = &method_context_assemble,
      .place = METHOD_PLACE_LOOP,
      .start = assemble,
      .arena_bytes_max = 64 * MIB },
    { .method = &method_context_assemble_many,
      .place = METHOD_PLACE_LOOP,
      .start = context_many,
      .calls_max = 16,
      .queue_max = 64,
      .arena_bytes_max = 64 * MIB },
    { .method = &method_context_names,
      .place = METHOD_PLACE_LOOP,
      .start = names,
      .arena_bytes_max = 64 * MIB },
    { .method = &method_context_timeline,
      .place = METHOD_PLACE_LOOP,
      .start = timeline,
      .arena_bytes_max = 64 * MIB },
    { .method = &method_context_resources,
      .place = METHOD_PLACE_LOOP,
      .start = context_resources_start,
      .calls_max = RESOURCES_CALLS_MAX,
      .queue_max = PUT_QUEUE_MAX,
      .arena_bytes_max = 2 * MESSAGE_BYTES_MAX },
    { .method = &method_context_forget, .place = METHOD_PLACE_LOOP, .start = forget },
    { .method = NULL },
};
