/* The kinds of calls: how each is made of the world. */
#include "load_call.h"

#include "load_run.h"

#define CHUNK_BYTES (256 * 1024)
#define PROMPT_IDS 96
#define TENANT "default"
#define CONTEXT_TENANT "load" /* of records that are put to context directly, past the gateway */

static struct load_patient *patient_of(const struct load_call *call)
{
    const struct load_world *world = &call->run->world;

    return &world->patients[call->draw % world->patients_count];
}

static struct slice note_of(const struct load_call *call)
{
    const struct load_world *world = &call->run->world;

    return world->notes[(call->draw >> 20) % world->notes_count];
}

/* However little time the calls have that are measured, and however rarely those are begun again.
 */
#define PREPARATION_MS 60000
#define PREPARATION_ATTEMPTS 6

static struct rpc_options options_of(const struct load_call *call)
{
    uint64_t ms = call->is_preparation ? PREPARATION_MS : call->run->config->deadline_ms;

    return (struct rpc_options){
        .deadline_ns = clock_now() + ms * CLOCK_NS_PER_MS,
        .attempts_max = call->is_preparation ? PREPARATION_ATTEMPTS : 1,
    };
}

static void on_reply(void *arg, const void *reply, const struct error *err)
{
    (void)reply;
    load_run_over(arg, err);
}

static enum status start_unary(struct load_call *call, const struct method *method,
                               const void *request, struct error *err)
{
    struct rpc_options options = options_of(call);
    struct channel *channel = call->run->channels[load_kinds[call->kind].service];

    return rpc_call(channel, method, request, &options, on_reply, call, NULL, err);
}

static enum status start_stream(struct load_call *call, const struct method *method,
                                const void *request, const struct rpc_stream_callbacks *callbacks,
                                struct error *err)
{
    struct rpc_options options = options_of(call);
    struct channel *channel = call->run->channels[load_kinds[call->kind].service];

    return rpc_stream(channel, method, request, &options, callbacks, call, &call->rpc, err);
}

static void note_first(struct load_call *call)
{
    if (call->first_ns == 0)
        call->first_ns = clock_now();
}

/* gateway */

static void ask_on_message(void *arg, const void *message)
{
    const Consilium__V1__AskEvent *event = message;
    struct load_call *call = arg;

    if (event->event_case == CONSILIUM__V1__ASK_EVENT__EVENT_TEXT)
        note_first(call);
    rpc_proceed(call->rpc);
}

static void on_end(void *arg, const struct error *err)
{
    load_run_over(arg, err);
}

static enum status start_ask(struct load_call *call, struct error *err)
{
    static const struct rpc_stream_callbacks callbacks = { ask_on_message, on_end };
    Consilium__V1__AskRequest request = CONSILIUM__V1__ASK_REQUEST__INIT;

    request.tenant = TENANT;
    request.patient = patient_of(call)->name;
    request.question = (char *)load_world_question(call->draw >> 32);
    request.tokens_max = (uint32_t)call->run->config->tokens_max;
    return start_stream(call, &method_gateway_ask, &request, &callbacks, err);
}

static void put_send_next(void *arg)
{
    struct load_call *call = arg;
    struct load_patient *patient = patient_of(call);
    Consilium__V1__PutRecordRequest request = CONSILIUM__V1__PUT_RECORD_REQUEST__INIT;
    struct slice chunk = slice_cut(patient->bundle, call->sent, call->sent + CHUNK_BYTES);

    if (chunk.size == 0) {
        rpc_close_send(call->rpc);
        return;
    }
    if (call->sent == 0) {
        request.tenant = TENANT;
        request.patient = patient->name;
    }
    request.chunk = (ProtobufCBinaryData){ chunk.size, (uint8_t *)chunk.data };
    call->sent += chunk.size;
    rpc_send(call->rpc, &request, put_send_next);
}

static enum status start_put(struct load_call *call, struct error *err)
{
    struct rpc_options options = options_of(call);

    if (rpc_open(call->run->channels[LOAD_SERVICE_GATEWAY], &method_gateway_put_record, &options,
                 on_reply, call, &call->rpc, err)
        != STATUS_OK)
        return err->status;
    put_send_next(call);
    return STATUS_OK;
}

static enum status start_timeline(struct load_call *call, struct error *err)
{
    Consilium__V1__GetTimelineRequest request = CONSILIUM__V1__GET_TIMELINE_REQUEST__INIT;

    request.tenant = TENANT;
    request.patient = patient_of(call)->name;
    return start_unary(call, &method_gateway_get_timeline, &request, err);
}

/* deid */

static enum status start_redact(struct load_call *call, struct error *err)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    struct slice note = note_of(call);

    request.scope = "load";
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = (ProtobufCBinaryData){ note.size, (uint8_t *)note.data };
    return start_unary(call, &method_deid_redact, &request, err);
}

static enum status start_redact_fhir(struct load_call *call, struct error *err)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    struct slice bundle = patient_of(call)->bundle;

    request.scope = "load";
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_FHIR;
    request.fhir = (ProtobufCBinaryData){ bundle.size, (uint8_t *)bundle.data };
    return start_unary(call, &method_deid_redact, &request, err);
}

/* context */

enum status load_put_to_context(struct load_call *call, struct error *err)
{
    Consilium__V1__PutRequest request = CONSILIUM__V1__PUT_REQUEST__INIT;
    struct rpc_options options = options_of(call);
    struct load_patient *patient = patient_of(call);

    request.tenant = CONTEXT_TENANT;
    request.patient = patient->name;
    request.bundle = (ProtobufCBinaryData){ patient->bundle.size, (uint8_t *)patient->bundle.data };
    return rpc_call(call->run->channels[LOAD_SERVICE_CONTEXT], &method_context_put, &request,
                    &options, on_reply, call, NULL, err);
}

enum status load_put_to_gateway(struct load_call *call, struct error *err)
{
    return start_put(call, err);
}

static enum status start_assemble(struct load_call *call, struct error *err)
{
    Consilium__V1__AssembleRequest request = CONSILIUM__V1__ASSEMBLE_REQUEST__INIT;

    request.tenant = CONTEXT_TENANT;
    request.patient = patient_of(call)->name;
    request.question = (char *)load_world_question(call->draw >> 32);
    request.budget_tokens = 1024;
    return start_unary(call, &method_context_assemble, &request, err);
}

static enum status start_recall(struct load_call *call, struct error *err)
{
    Consilium__V1__RecallRequest request = CONSILIUM__V1__RECALL_REQUEST__INIT;

    request.tenant = CONTEXT_TENANT;
    request.patient = patient_of(call)->name;
    return start_unary(call, &method_context_recall, &request, err);
}

/* tokenizer. Texts are strings there: notes end with a NUL that is not counted. */

static enum status start_count(struct load_call *call, struct error *err)
{
    Consilium__V1__CountRequest request = CONSILIUM__V1__COUNT_REQUEST__INIT;
    char *texts[] = { (char *)note_of(call).data };

    request.texts = texts;
    request.n_texts = 1;
    return start_unary(call, &method_tokenizer_count, &request, err);
}

static enum status start_encode(struct load_call *call, struct error *err)
{
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;

    request.text = (char *)note_of(call).data;
    return start_unary(call, &method_tokenizer_encode, &request, err);
}

/* inference */

static void generate_on_message(void *arg, const void *message)
{
    struct load_call *call = arg;

    (void)message;
    note_first(call);
    rpc_proceed(call->rpc);
}

/* Half of a prompt is its patient's, and so begins as others do; ids are small ones, which every
 * vocabulary has. */
static enum status start_generate(struct load_call *call, struct error *err)
{
    static const struct rpc_stream_callbacks callbacks = { generate_on_message, on_end };
    Consilium__V1__GenerateRequest request = CONSILIUM__V1__GENERATE_REQUEST__INIT;
    uint64_t patient = call->draw % call->run->world.patients_count, own = call->draw;
    uint32_t ids[PROMPT_IDS];
    unsigned i;

    for (i = 0; i < PROMPT_IDS; i++) {
        uint64_t *from = i < PROMPT_IDS / 2 ? &patient : &own;

        *from = *from * 6364136223846793005u + 1442695040888963407u;
        ids[i] = 300 + (uint32_t)(*from >> 33) % 200;
    }
    request.ids = ids;
    request.n_ids = PROMPT_IDS;
    request.tokens_max =
        call->run->config->tokens_max == 0 ? 32 : (uint32_t)call->run->config->tokens_max;
    return start_stream(call, &method_inference_generate, &request, &callbacks, err);
}

/* clang-format off */
const struct load_kind load_kinds[] = {
    { "ask",         "a question to the gateway, to the end of its answer", LOAD_SERVICE_GATEWAY,   LOAD_WANTS_GATEWAY, true,  start_ask },
    { "put",         "a patient's bundle to the gateway",                   LOAD_SERVICE_GATEWAY,   LOAD_WANTS_NOTHING, false, start_put },
    { "timeline",    "a page of a patient's facts from the gateway",        LOAD_SERVICE_GATEWAY,   LOAD_WANTS_GATEWAY, false, start_timeline },
    { "redact",      "a note to deid",                                      LOAD_SERVICE_DEID,      LOAD_WANTS_NOTHING, false, start_redact },
    { "redact-fhir", "a bundle to deid",                                    LOAD_SERVICE_DEID,      LOAD_WANTS_NOTHING, false, start_redact_fhir },
    { "assemble",    "a question to context",                               LOAD_SERVICE_CONTEXT,   LOAD_WANTS_CONTEXT, false, start_assemble },
    { "recall",      "a patient's record to be readied by context",         LOAD_SERVICE_CONTEXT,   LOAD_WANTS_CONTEXT, false, start_recall },
    { "count",       "a note's tokens counted by tokenizer",                LOAD_SERVICE_TOKENIZER, LOAD_WANTS_NOTHING, false, start_count },
    { "encode",      "a note's tokens from tokenizer",                      LOAD_SERVICE_TOKENIZER, LOAD_WANTS_NOTHING, false, start_encode },
    { "generate",    "ids after a prompt of 96 ids from inference",         LOAD_SERVICE_INFERENCE, LOAD_WANTS_NOTHING, true,  start_generate },
    { .name = NULL },
};
/* clang-format on */

int load_kind_find(struct slice name)
{
    int i;

    for (i = 0; load_kinds[i].name != NULL; i++)
        if (slice_is(name, load_kinds[i].name))
            return i;
    return -1;
}
