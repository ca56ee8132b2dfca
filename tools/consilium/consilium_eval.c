/* eval: questions with known answers, put to the whole mesh one after the other.
 *
 *     patient ──► its bundle goes up ──► each of its questions is asked ──► the next patient
 *
 * A question that gets no answer counts as failed and as answered with nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_ask.h"
#include "consilium_door.h"
#include "consilium_eval_report.h"
#include "consilium_file.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"
#include "run/clock.h"

#define QUESTIONS_BYTES_MAX (1024 * MIB)
#define QUESTION_ARENA_BYTES_MAX (256 * MIB)
#define LINE_SECONDS 10

struct eval {
    struct consilium *consilium;
    struct eval_report report;
    struct eval_questions questions;
    size_t next;         /* question */
    const char *patient; /* whose record is up; NULL: none */
    struct arena arena;  /* of the patient that goes up, or of the question that is asked */
    struct slice bundle;
    size_t sent;
    /* The answer that comes in. */
    struct buffer text;
    struct eval_cited *cited;
    size_t cited_count, cited_max;
    uint64_t asked_ns, first_ns, told_ns;
};

static void step(struct eval *eval);

static void fail(struct eval *eval, const struct error *err)
{
    arena_close(&eval->arena);
    consilium_fail(eval->consilium, err);
}

/* ---- a patient goes up ---- */

static void on_put(void *arg, const void *message, const struct error *err)
{
    struct eval *eval = arg;

    door_over(eval->consilium);
    if (message == NULL) {
        fail(eval, err);
        return;
    }
    eval->report.patients++;
    eval->patient = eval->questions.items[eval->next].patient;
    step(eval);
}

static void send_next(void *arg)
{
    struct eval *eval = arg;
    Consilium__V1__PutRecordRequest request = CONSILIUM__V1__PUT_RECORD_REQUEST__INIT;
    struct slice chunk = slice_cut(eval->bundle, eval->sent, eval->sent + RECORD_CHUNK_BYTES);

    if (!door_is_open(eval->consilium))
        return;
    if (eval->sent > 0 && chunk.size == 0) {
        door_close_send(eval->consilium);
        return;
    }
    if (eval->sent == 0) {
        request.tenant = (char *)eval->consilium->config.tenant;
        request.patient = (char *)eval->questions.items[eval->next].patient;
    }
    request.chunk = (ProtobufCBinaryData){ chunk.size, (uint8_t *)chunk.data };
    eval->sent += chunk.size;
    door_send(eval->consilium, &request, send_next);
}

static void put_patient(struct eval *eval)
{
    const char *path = arena_format(&eval->arena, "%s/%s", eval->consilium->operands[0],
                                    eval->questions.items[eval->next].bundle);
    struct error err = { 0 };

    eval->sent = 0;
    if (file_read(path, RECORD_BYTES_MAX, &eval->arena, &eval->bundle, &err) != STATUS_OK
        || door_open(eval->consilium, &method_gateway_put_record, on_put, eval, &err) != STATUS_OK)
        fail(eval, &err);
    else
        send_next(eval);
}

/* ---- a question is asked ---- */

/* The resources that the line of a fact tells. */
static void note_fact(struct eval *eval, const Consilium__V1__Fact *fact)
{
    struct eval_cited *cited = &eval->cited[eval->cited_count];

    cited->references = ARENA_ARRAY(&eval->arena, struct slice, fact->n_sources + 1);
    if (cited->references == NULL)
        return;
    cited->id = fact->id;
    cited->references_count = 0;
    cited->references[cited->references_count++] =
        slice_from(arena_string(&eval->arena, slice_from(fact->reference)));
    for (size_t i = 0; i < fact->n_sources; i++)
        cited->references[cited->references_count++] =
            slice_from(arena_string(&eval->arena, slice_from(fact->sources[i]->reference)));
    eval->cited_count++;
}

static void note_facts(struct eval *eval, const Consilium__V1__AskFacts *facts)
{
    eval->cited = ARENA_ARRAY(&eval->arena, struct eval_cited, facts->n_facts + 1);
    for (size_t i = 0; eval->cited != NULL && i < facts->n_facts; i++)
        note_fact(eval, facts->facts[i]);
}

static void note_model(struct eval *eval, const Consilium__V1__GetModelReply *model)
{
    if (eval->report.model != NULL || model == NULL)
        return;
    eval->report.model = arena_string(&eval->consilium->arena, slice_from(model->name));
    eval->report.digest = arena_string(&eval->consilium->arena, slice_from(model->digest));
}

static void on_message(void *arg, const void *message)
{
    const Consilium__V1__AskEvent *event = message;
    struct eval *eval = arg;

    if (event->event_case == CONSILIUM__V1__ASK_EVENT__EVENT_STARTED)
        note_model(eval, event->started->model);
    else if (event->event_case == CONSILIUM__V1__ASK_EVENT__EVENT_FACTS)
        note_facts(eval, event->facts);
    else if (event->event_case == CONSILIUM__V1__ASK_EVENT__EVENT_TEXT) {
        eval->first_ns = eval->first_ns == 0 ? clock_now() : eval->first_ns;
        buffer_put_string(&eval->text, event->text);
    }
    door_proceed(eval->consilium);
}

static void note_times(struct eval *eval)
{
    uint64_t now = clock_now();

    if (eval->first_ns == 0)
        return;
    eval->report.first_ms[eval->report.times_count] =
        (double)(eval->first_ns - eval->asked_ns) / (double)CLOCK_NS_PER_MS;
    eval->report.whole_ms[eval->report.times_count++] =
        (double)(now - eval->asked_ns) / (double)CLOCK_NS_PER_MS;
}

static void tell_progress(struct eval *eval)
{
    uint64_t now = clock_now();

    if (now - eval->told_ns < LINE_SECONDS * 1000 * CLOCK_NS_PER_MS)
        return;
    eval->told_ns = now;
    fprintf(stderr, "%zu of %zu questions\n", eval->report.asked, eval->questions.count);
}

/* Where the caller wants to see them. They hold text of records. */
static void show(struct eval *eval, const struct eval_question *question,
                 const struct eval_verdict *verdict)
{
    if (eval->consilium->config.examples <= 0
        || (verdict->is_equivalent && verdict->cited == verdict->cited_right))
        return;
    eval->consilium->config.examples--;
    printf("%s, %s\n  asked  %s\n  given  %.*s\n  right ", question->kind, question->patient,
           question->text, SLICE_FORMAT(buffer_slice(&eval->text)));
    for (size_t i = 0; i < question->claims_count; i++)
        printf(" %.*s.", SLICE_FORMAT(question->claims[i].text));
    printf("\n");
}

static void on_end(void *arg, const struct error *why)
{
    struct eval *eval = arg;
    const struct eval_question *question = &eval->questions.items[eval->next];
    struct eval_answer answer = { buffer_slice(&eval->text), eval->cited, eval->cited_count };
    struct eval_verdict verdict;
    struct error err = { 0 };

    door_over(eval->consilium);
    if (eval->consilium->is_interrupted || why->status == STATUS_UNAVAILABLE
        || why->status == STATUS_UNAUTHENTICATED || why->status == STATUS_PERMISSION_DENIED) {
        fail(eval, why);
        return;
    }
    eval->report.asked++;
    eval->report.failed += why->status != STATUS_OK;
    if (eval_score(question, &answer, &eval->arena, &verdict, &err) != STATUS_OK) {
        fail(eval, &err);
        return;
    }
    eval_report_add(&eval->report, question, &verdict);
    note_times(eval);
    show(eval, question, &verdict);
    tell_progress(eval);
    eval->next++;
    step(eval);
}

static void ask(struct eval *eval)
{
    static const struct rpc_stream_callbacks callbacks = { on_message, on_end };
    const struct consilium_config *config = &eval->consilium->config;
    const struct eval_question *question = &eval->questions.items[eval->next];
    Consilium__V1__AskRequest request = CONSILIUM__V1__ASK_REQUEST__INIT;
    Consilium__V1__Sampling sampling;
    struct error err = { 0 };

    buffer_init(&eval->text, &eval->arena);
    eval->cited = NULL;
    eval->cited_count = 0;
    eval->first_ns = 0;
    eval->asked_ns = clock_now();
    ask_fill_sampling(config, &sampling);
    request.tenant = (char *)config->tenant;
    request.patient = (char *)question->patient;
    request.question = (char *)question->text;
    request.tokens_max = (uint32_t)config->tokens_max;
    request.budget_tokens = (uint32_t)config->budget_tokens;
    request.sampling = &sampling;
    if (door_stream(eval->consilium, &method_gateway_ask, &request, &callbacks, eval, &err)
        != STATUS_OK)
        fail(eval, &err);
}

/* ---- from one to the next ---- */

static enum status write_report(struct eval *eval, const char *path, struct error *err)
{
    struct buffer html;
    struct slice bytes;
    FILE *file;
    bool is_written;

    buffer_init(&html, &eval->consilium->arena);
    eval_report_html(&eval->report, &html);
    if (html.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the report");
    bytes = buffer_slice(&html);
    file = fopen(path, "w");
    if (file == NULL)
        return error_set_errno(err, errno, "%s", path);
    is_written = fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
    if (fclose(file) != 0 || !is_written)
        return error_set(err, STATUS_DATA_LOSS, "%s could not be written", path);
    return STATUS_OK;
}

static void end(struct eval *eval)
{
    const struct consilium_config *config = &eval->consilium->config;
    struct error err = { 0 };
    struct buffer out;

    arena_close(&eval->arena);
    buffer_init(&out, &eval->consilium->arena);
    if (config->json)
        eval_report_json(&eval->report, &out);
    else
        eval_report_table(&eval->report, &out);
    printf("%.*s", SLICE_FORMAT(buffer_slice(&out)));
    if (config->report != NULL && write_report(eval, config->report, &err) != STATUS_OK)
        consilium_fail(eval->consilium, &err);
    else
        consilium_end(eval->consilium, CONSILIUM_EXIT_OK);
}

static void step(struct eval *eval)
{
    if (eval->next == eval->questions.count) {
        end(eval);
        return;
    }
    arena_close(&eval->arena);
    arena_init(&eval->arena, RECORD_BYTES_MAX + QUESTION_ARENA_BYTES_MAX);
    if (eval->patient == NULL
        || strcmp(eval->patient, eval->questions.items[eval->next].patient) != 0)
        put_patient(eval);
    else
        ask(eval);
}

static enum status prepare(struct eval *eval, struct error *err)
{
    struct consilium *consilium = eval->consilium;
    const struct consilium_config *config = &consilium->config;
    const char *path =
        arena_format(&consilium->arena, "%s/questions.ndjson", consilium->operands[0]);
    struct slice bytes;

    eval->report.questions = path;
    eval->report.all.name = "all";
    if (file_read(path, QUESTIONS_BYTES_MAX, &consilium->arena, &bytes, err) != STATUS_OK
        || eval_read(bytes, config->split,
                     config->questions > 0 ? (size_t)config->questions : SIZE_MAX,
                     &consilium->arena, &eval->questions, err)
               != STATUS_OK)
        return err->status;
    eval->report.first_ms = ARENA_ARRAY(&consilium->arena, double, eval->questions.count + 1);
    eval->report.whole_ms = ARENA_ARRAY(&consilium->arena, double, eval->questions.count + 1);
    if (eval->report.first_ms == NULL || eval->report.whole_ms == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the times");
    return eval->questions.count > 0
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "%s has no such question", path);
}

void eval_verb(struct consilium *consilium)
{
    struct eval *eval = ARENA_NEW(&consilium->arena, struct eval);
    struct error err = { 0 };

    if (consilium->operands_count != 1) {
        consilium_misuse(consilium, "eval takes a folder with questions.ndjson and bundles");
        return;
    }
    *eval = (struct eval){ .consilium = consilium, .told_ns = clock_now() };
    consilium->state = eval;
    arena_init(&eval->arena, MIB);
    if (prepare(eval, &err) != STATUS_OK)
        fail(eval, &err);
    else if (door_reach(consilium))
        step(eval);
}
