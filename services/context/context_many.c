/* AssembleMany: load → assemble (on a worker where the record is large) → send, for each patient.
 * Loop thread.
 *
 * AT_ONCE patients are worked on at a time, each in an arena of its own that goes back when its
 * message is packed; when the caller takes no more, no further one is begun. A patient's failure is
 * a message. When the caller goes, what has begun ends and nothing is begun. */
#include "context_many.h"

#include "base/limits.h"
#include "context_load.h"
#include "context_reply.h"
#include "run/workers.h"

#define PATIENTS_MAX 1024
#define AT_ONCE 8
#define ONE_ARENA_BYTES (64 * MIB)

struct many;

/* A patient that is worked on. */
struct place {
    struct many *many;
    struct arena arena;
    uint32_t index;
    bool is_taken;
    struct load load;
    struct cache_entry *entry;
    Consilium__V1__AssembleReply reply;
    struct job job;
    struct error err;
};

struct many {
    struct call *call;
    struct context *context;
    const Consilium__V1__AssembleManyRequest *request;
    struct place places[AT_ONCE];
    uint32_t next, running;
    bool is_held;     /* the caller takes no more for now */
    bool is_over;     /* the caller has gone */
    bool is_starting; /* a patient whose record is at hand is through before its start returns */
};

static void start_more(struct many *many);

static void send_one(struct place *place)
{
    Consilium__V1__AssembleManyReply message = CONSILIUM__V1__ASSEMBLE_MANY_REPLY__INIT;
    struct many *many = place->many;

    message.index = place->index;
    message.patient = many->request->patients[place->index]->patient;
    if (place->err.status == STATUS_OK)
        message.slice = &place->reply;
    message.status = (uint32_t)place->err.status;
    message.error = place->err.text;
    if (!call_send(many->call, &message))
        many->is_held = true;
}

/* The message is packed before the record and the arena go back. */
static void end_one(struct place *place)
{
    struct many *many = place->many;

    if (!many->is_over)
        send_one(place);
    cache_entry_release(place->entry);
    place->entry = NULL;
    place->is_taken = false;
    arena_close(&place->arena);
    many->running--;
    start_more(many);
}

static void assemble(struct job *job)
{
    struct place *place = (struct place *)((char *)job - offsetof(struct place, job));
    const Consilium__V1__AssembleManyRequest *request = place->many->request;
    const Consilium__V1__AssembleOne *one = request->patients[place->index];
    const struct prompt_request asked = {
        .question = slice_from(one->question[0] != '\0' ? one->question : request->question),
        .budget_tokens = request->budget_tokens,
        .chars_per_token = request->chars_per_token,
        .form = reply_form(request->form),
    };
    struct prompt prompt;

    if (context_assemble(&place->entry->record, &place->entry->courses, &asked, &place->arena,
                         &prompt, &place->err)
            == STATUS_OK
        && !reply_prompt(&prompt, place->entry->version, &place->arena, &place->reply))
        error_set(&place->err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu facts", prompt.count);
}

static void on_assembled(struct job *job)
{
    end_one((struct place *)((char *)job - offsetof(struct place, job)));
}

static void on_loaded(void *arg, struct cache_entry *entry, bool from_memory,
                      const struct error *err)
{
    struct place *place = arg;
    struct context *context = place->many->context;

    (void)from_memory;
    place->entry = entry;
    place->job =
        (struct job){ .run = assemble, .done = on_assembled, .home = &context->host->loop.mailbox };
    if (entry == NULL)
        place->err = *err;
    else if (place->many->is_over)
        error_set(&place->err, STATUS_CANCELLED, "the caller has gone");
    else if (entry->record.count <= CONTEXT_INLINE_FACTS_MAX)
        assemble(&place->job);
    else if (workers_post(context->host->workers, &place->job, &place->err) == STATUS_OK)
        return;
    end_one(place);
}

static enum status check_one(const struct place *place, struct error *err)
{
    const Consilium__V1__AssembleManyRequest *request = place->many->request;
    const Consilium__V1__AssembleOne *one = request->patients[place->index];
    size_t size = strlen(one->question[0] != '\0' ? one->question : request->question);

    if (size > QUESTION_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "question: %zu bytes, over the limit of %zu",
                         size, (size_t)QUESTION_BYTES_MAX);
    return context_check_name("patient", one->patient, err);
}

static void start_one(struct many *many, struct place *place)
{
    *place = (struct place){ .many = many, .index = many->next++, .is_taken = true };
    arena_init(&place->arena, ONE_ARENA_BYTES);
    many->running++;
    if (check_one(place, &place->err) != STATUS_OK)
        end_one(place);
    else
        context_load(&place->load, many->context, slice_from(many->request->tenant),
                     slice_from(many->request->patients[place->index]->patient), LOAD_MODE_FRESH,
                     on_loaded, place);
}

static struct place *find_place(struct many *many)
{
    for (size_t i = 0; i < AT_ONCE; i++)
        if (!many->places[i].is_taken)
            return &many->places[i];
    return NULL;
}

/* A loop and no recursion: start_one may end before it returns, and comes here again. */
static void start_more(struct many *many)
{
    struct place *place;

    if (many->is_starting)
        return;
    many->is_starting = true;
    while (!many->is_over && !many->is_held && many->next < many->request->n_patients
           && (place = find_place(many)) != NULL)
        start_one(many, place);
    many->is_starting = false;
    if (many->running == 0 && (many->is_over || many->next == many->request->n_patients))
        call_finish(many->call);
}

static void on_writable(struct call *call)
{
    struct many *many = call->state;

    many->is_held = false;
    start_more(many);
}

/* Who waits for a record waits no more; who is on a worker ends when that is done. */
static void on_cancel(struct call *call)
{
    struct many *many = call->state;
    bool was_starting = many->is_starting;

    many->is_over = true;
    many->is_starting = true; /* the call must not end below this loop */
    for (size_t i = 0; i < AT_ONCE; i++)
        if (many->places[i].is_taken && context_load_cancel(&many->places[i].load))
            end_one(&many->places[i]);
    many->is_starting = was_starting;
    start_more(many);
}

void context_many(struct call *call)
{
    const Consilium__V1__AssembleManyRequest *request = call->request;
    struct many *many = ARENA_NEW(&call->arena, struct many);
    struct error err = { STATUS_OK, "" };

    if (request->n_patients == 0 || request->n_patients > PATIENTS_MAX)
        error_set(&err, STATUS_INVALID_ARGUMENT, "%zu patients, 1 to %d are allowed",
                  request->n_patients, PATIENTS_MAX);
    else if (many == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for the call");
    else
        context_check_name("tenant", request->tenant, &err);
    if (err.status != STATUS_OK) {
        call_fail(call, &err);
        return;
    }
    many->call = call;
    many->context = call->service;
    many->request = request;
    call->state = many;
    call_on_writable(call, on_writable);
    call_on_cancel(call, on_cancel);
    start_more(many);
}
