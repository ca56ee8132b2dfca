#include "gateway_cohort.h"

#include "run/clock.h"

/* What comes while so many calls are out waits for the first to end (two: one that hangs does not
 * keep the others), and no longer than this. */
#define CALLS_OUT_MAX 2
#define CALL_WAITED_FOR_NS (100 * CLOCK_NS_PER_MS)

struct member {
    Consilium__V1__AssembleRequest request;
    rpc_reply_cb on_reply;
    void *arg;
};

/* A call that is out, and whom it is for. */
struct batch {
    struct batch *next;
    struct cohort *cohort;
    struct rpc *rpc;         /* NULL: it has ended */
    struct member **members; /* NULL: answered */
    unsigned count;
};

struct cohort {
    struct gateway *gateway;
    const struct call *parent;
    struct arena *arena;
    struct member **waiting;
    struct batch *batches; /* that are or were out */
    unsigned count, max, out;
    uint64_t began_ns; /* of the newest that is out */
    bool is_over;
    void (*on_idle)(void *arg);
    void *arg;
};

static void flush(struct cohort *cohort);

struct cohort *cohort_create(struct gateway *gateway, const struct call *parent,
                             unsigned patients_max, void (*on_idle)(void *arg), void *arg)
{
    struct arena *arena = (struct arena *)&parent->arena;
    struct cohort *cohort = ARENA_NEW(arena, struct cohort);

    if (cohort == NULL)
        return NULL;
    *cohort = (struct cohort){ .gateway = gateway,
                               .parent = parent,
                               .arena = arena,
                               .max = patients_max,
                               .on_idle = on_idle,
                               .arg = arg };
    cohort->waiting = ARENA_ARRAY(arena, struct member *, patients_max);
    return cohort->waiting == NULL ? NULL : cohort;
}

bool cohort_is_out(const struct cohort *cohort)
{
    return cohort->out > 0;
}

static struct rpc_options options_of(const struct cohort *cohort)
{
    return (struct rpc_options){
        .deadline_ns = gateway_leaf_deadline(cohort->gateway, cohort->parent->deadline_ns),
        .parent = cohort->parent,
        .hedge_after_ms = (uint32_t)cohort->gateway->config->hedge_after_ms,
    };
}

static struct batch *make_batch(struct cohort *cohort, struct member **members, unsigned count)
{
    struct batch *batch = ARENA_NEW(cohort->arena, struct batch);
    struct member **own = ARENA_ARRAY(cohort->arena, struct member *, count);

    if (batch == NULL || own == NULL)
        return NULL;
    memcpy(own, members, count * sizeof(struct member *));
    *batch = (struct batch){ cohort->batches, cohort, NULL, own, count };
    return batch;
}

static void begin(struct batch *batch)
{
    batch->cohort->batches = batch;
    batch->cohort->out++;
    batch->cohort->began_ns = clock_now();
}

/* The last that is done with a call: its end may be the end of all. */
static void end(struct batch *batch)
{
    struct cohort *cohort = batch->cohort;

    batch->rpc = NULL;
    cohort->out--;
    flush(cohort);
    if (cohort->out == 0)
        cohort->on_idle(cohort->arg);
}

/* ---- one ---- */

static void on_one(void *arg, const void *message, const struct error *err)
{
    struct batch *batch = arg;

    batch->members[0]->on_reply(batch->members[0]->arg, message, err);
    end(batch);
}

static void ask_one(struct cohort *cohort, struct member *member)
{
    struct rpc_options options = options_of(cohort);
    struct batch *batch = make_batch(cohort, &member, 1);
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for another patient");
    if (batch != NULL
        && rpc_call(cohort->gateway->context, &method_context_assemble, &member->request, &options,
                    on_one, batch, &batch->rpc, &err)
               == STATUS_OK)
        begin(batch);
    else
        member->on_reply(member->arg, NULL, &err);
}

/* ---- many ---- */

static void on_slice(void *arg, const void *message)
{
    const Consilium__V1__AssembleManyReply *reply = message;
    struct batch *batch = arg;
    struct member *member = reply->index < batch->count ? batch->members[reply->index] : NULL;
    struct error err = { STATUS_OK, "" };

    if (member != NULL) {
        batch->members[reply->index] = NULL;
        if (reply->slice == NULL)
            error_set(&err,
                      reply->status != STATUS_OK && reply->status <= STATUS_UNAUTHENTICATED
                          ? (enum status)reply->status
                          : STATUS_INTERNAL,
                      "%s", reply->error);
        member->on_reply(member->arg, reply->slice, &err);
    }
    if (batch->rpc != NULL)
        rpc_proceed(batch->rpc);
}

/* Whether another attempt, elsewhere, may do better. */
static bool may_ask_again(const struct cohort *cohort, enum status status)
{
    return !cohort->is_over && status != STATUS_CANCELLED && status != STATUS_RESOURCE_EXHAUSTED
           && status != STATUS_INVALID_ARGUMENT && clock_now() < cohort->parent->deadline_ns;
}

static void on_end(void *arg, const struct error *err)
{
    struct batch *batch = arg;
    struct error unanswered = *err;

    if (unanswered.status == STATUS_OK)
        error_set(&unanswered, STATUS_INTERNAL, "context left a patient out");
    for (unsigned i = 0; i < batch->count; i++) {
        struct member *member = batch->members[i];

        batch->members[i] = NULL;
        if (member != NULL && may_ask_again(batch->cohort, unanswered.status))
            ask_one(batch->cohort, member);
        else if (member != NULL)
            member->on_reply(member->arg, NULL, &unanswered);
    }
    end(batch);
}

static bool make_request(const struct batch *batch, Consilium__V1__AssembleManyRequest *request)
{
    struct arena *arena = batch->cohort->arena;
    const Consilium__V1__AssembleRequest *first = &batch->members[0]->request;
    Consilium__V1__AssembleOne *ones = ARENA_ARRAY(arena, Consilium__V1__AssembleOne, batch->count);

    consilium__v1__assemble_many_request__init(request);
    request->patients = ARENA_ARRAY(arena, Consilium__V1__AssembleOne *, batch->count);
    if (ones == NULL || request->patients == NULL)
        return false;
    for (unsigned i = 0; i < batch->count; i++) {
        consilium__v1__assemble_one__init(&ones[i]);
        ones[i].patient = batch->members[i]->request.patient;
        ones[i].question = batch->members[i]->request.question;
        request->patients[i] = &ones[i];
    }
    request->n_patients = batch->count;
    request->tenant = first->tenant;
    request->budget_tokens = first->budget_tokens;
    request->chars_per_token = first->chars_per_token;
    request->form = first->form;
    return true;
}

/* All that wait, in one call. */
static enum status ask_many(struct cohort *cohort, struct error *err)
{
    static const struct rpc_stream_callbacks callbacks = { on_slice, on_end };
    struct rpc_options options = options_of(cohort);
    struct batch *batch = make_batch(cohort, cohort->waiting, cohort->count);
    Consilium__V1__AssembleManyRequest request;

    if (batch == NULL || !make_request(batch, &request))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u patients", cohort->count);
    if (rpc_stream(cohort->gateway->context, &method_context_assemble_many, &request, &options,
                   &callbacks, batch, &batch->rpc, err)
        != STATUS_OK)
        return err->status;
    cohort->count = 0;
    begin(batch);
    return STATUS_OK;
}

static void flush(struct cohort *cohort)
{
    struct error err = { 0 };

    if (cohort->count == 0 || ask_many(cohort, &err) == STATUS_OK)
        return;
    /* A reply may begin another patient, which then waits here too. */
    while (cohort->count > 0) {
        struct member *member = cohort->waiting[--cohort->count];

        member->on_reply(member->arg, NULL, &err);
    }
}

enum status cohort_assemble(struct cohort *cohort, const Consilium__V1__AssembleRequest *request,
                            rpc_reply_cb on_reply, void *arg, struct error *err)
{
    struct member *member = ARENA_NEW(cohort->arena, struct member);
    enum status status = STATUS_OK;

    if (member == NULL || cohort->count == cohort->max)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for another patient");
    *member = (struct member){ *request, on_reply, arg };
    cohort->waiting[cohort->count++] = member;
    if (cohort->out < CALLS_OUT_MAX || clock_now() - cohort->began_ns > CALL_WAITED_FOR_NS)
        status = ask_many(cohort, err);
    if (status != STATUS_OK)
        cohort->count--; /* the others wait for what is out */
    return status;
}

void cohort_cancel(struct cohort *cohort)
{
    cohort->is_over = true;
    for (struct batch *batch = cohort->batches; batch != NULL; batch = batch->next)
        if (batch->rpc != NULL)
            rpc_cancel(batch->rpc);
}
