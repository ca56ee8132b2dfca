/* AskMany: one question, many patients. Loop thread. Their slices come by few calls
 * (gateway_cohort.h).
 *
 * A bounded number of asks runs at a time; each event goes out with its patient. A patient's
 * failure is an event, not the end. The call ends OK with a quorum (answers_min; the rest is
 * cancelled), or when all are through and one at least was answered. */
#include "base/limits.h"
#include "gateway_ask.h"
#include "gateway_calls.h"
#include "gateway_cohort.h"

#define PATIENTS_MAX 256

struct item {
    struct many *many;
    const char *patient;
    struct ask *ask; /* NULL: not running */
};

struct many {
    struct call *call;
    const Consilium__V1__AskManyRequest *request;
    struct item *items;
    struct cohort *cohort;
    unsigned count, next, running, answered;
    unsigned answers_min;
    bool is_over; /* the outcome is known: what still runs is cancelled */
    struct error first_failure;
};

static void start_more(struct many *many);

static void cancel_running(struct many *many)
{
    unsigned i;

    many->is_over = true;
    for (i = 0; i < many->next; i++)
        if (many->items[i].ask != NULL)
            ask_cancel(many->items[i].ask);
    cohort_cancel(many->cohort);
}

static bool send_event(struct item *item, Consilium__V1__AskManyEvent *event)
{
    event->patient = (char *)item->patient;
    return call_send(item->many->call, event);
}

static bool on_event(void *arg, const Consilium__V1__AskEvent *answer)
{
    Consilium__V1__AskManyEvent event = CONSILIUM__V1__ASK_MANY_EVENT__INIT;

    event.event_case = CONSILIUM__V1__ASK_MANY_EVENT__EVENT_ANSWER;
    event.answer = (Consilium__V1__AskEvent *)answer;
    return send_event(arg, &event);
}

static void tell_failure(struct item *item, const struct error *err)
{
    Consilium__V1__AskManyEvent event = CONSILIUM__V1__ASK_MANY_EVENT__INIT;
    Consilium__V1__AskFailure failure = CONSILIUM__V1__ASK_FAILURE__INIT;

    if (item->many->first_failure.status == STATUS_OK)
        item->many->first_failure = *err;
    failure.status = (uint32_t)err->status;
    failure.text = (char *)err->text;
    event.event_case = CONSILIUM__V1__ASK_MANY_EVENT__EVENT_FAILURE;
    event.failure = &failure;
    send_event(item, &event);
}

/* Whether the outcome is known while some still run or wait. */
static void look_ahead(struct many *many)
{
    unsigned open = many->running + (many->count - many->next);

    if (many->is_over || many->answers_min == 0)
        return;
    if (many->answered >= many->answers_min || many->answered + open < many->answers_min)
        cancel_running(many);
}

static void end_call(struct many *many)
{
    unsigned needed = many->answers_min == 0 ? 1 : many->answers_min;
    struct error err;

    if (many->answered >= needed) {
        call_finish(many->call);
        return;
    }
    error_set(&err,
              many->first_failure.status == STATUS_OK ? STATUS_CANCELLED
                                                      : many->first_failure.status,
              "%u of %u patients were answered, %u are needed; the first failure: %s",
              many->answered, many->count, needed, many->first_failure.text);
    call_fail(many->call, &err);
}

static void on_end(void *arg, const struct error *err)
{
    struct item *item = arg;
    struct many *many = item->many;

    item->ask = NULL;
    many->running--;
    if (err->status == STATUS_OK)
        many->answered++;
    else if (!many->is_over)
        tell_failure(item, err);
    start_more(many);
}

static void start_one(struct many *many, struct item *item)
{
    const Consilium__V1__AskManyRequest *message = many->request;
    struct ask_request request = {
        .tenant = message->tenant,
        .patient = item->patient,
        .question = message->question,
        .adapter = message->adapter,
        .tokens_max = message->tokens_max,
        .budget_tokens = message->budget_tokens,
        .sampling = message->sampling,
        .keep_surrogates = message->keep_surrogates,
        .cohort = many->cohort,
        .parent = many->call,
    };
    struct ask_sink sink = { on_event, on_end, item };
    struct error err = { 0 };

    if (ask_start(many->call->service, &request, &sink, &many->call->arena, &item->ask, &err)
        == STATUS_OK) {
        many->running++;
    } else {
        item->ask = NULL;
        tell_failure(item, &err);
    }
}

static void start_more(struct many *many)
{
    const struct gateway *gateway = many->call->service;

    look_ahead(many);
    while (!many->is_over && many->next < many->count
           && many->running < (unsigned)gateway->config->asks_at_once) {
        start_one(many, &many->items[many->next++]);
        look_ahead(many);
    }
    if (many->running == 0 && (many->is_over || many->next == many->count)
        && !cohort_is_out(many->cohort))
        end_call(many);
}

static void on_cohort_idle(void *arg)
{
    start_more(arg);
}

static void on_writable(struct call *call)
{
    struct many *many = call->state;
    unsigned i;

    for (i = 0; i < many->next; i++)
        if (many->items[i].ask != NULL)
            ask_proceed(many->items[i].ask);
}

static void on_cancel(struct call *call)
{
    cancel_running(call->state);
}

void many_start(struct call *call)
{
    const Consilium__V1__AskManyRequest *request = call->request;
    struct many *many = ARENA_NEW(&call->arena, struct many);
    struct error err = { 0 };
    unsigned i;

    if (request->n_patients == 0 || request->n_patients > PATIENTS_MAX)
        error_set(&err, STATUS_INVALID_ARGUMENT, "%zu patients, 1 to %d are allowed",
                  request->n_patients, PATIENTS_MAX);
    else if (request->answers_min > request->n_patients)
        error_set(&err, STATUS_INVALID_ARGUMENT, "%u answers of %zu patients cannot be had",
                  request->answers_min, request->n_patients);
    else if (many == NULL
             || (many->items = ARENA_ARRAY(&call->arena, struct item, request->n_patients)) == NULL
             || (many->cohort = cohort_create(call->service, call, (unsigned)request->n_patients,
                                              on_cohort_idle, many))
                    == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another call");
    if (err.status != STATUS_OK) {
        call_fail(call, &err);
        return;
    }
    many->call = call;
    many->request = request;
    many->count = (unsigned)request->n_patients;
    many->answers_min = request->answers_min;
    for (i = 0; i < many->count; i++)
        many->items[i] = (struct item){ .many = many, .patient = request->patients[i] };
    call->state = many;
    call_on_writable(call, on_writable);
    call_on_cancel(call, on_cancel);
    start_more(many);
}
