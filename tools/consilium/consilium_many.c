/* ask --many: one question, many patients; each answer is printed whole when it is through. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "consilium_ask.h"
#include "consilium_door.h"
#include "consilium_file.h"
#include "consilium_json.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"

struct many {
    char **patients;
    size_t count, answered, failed;
    struct buffer *answers;
};

static struct buffer *answer_of(struct many *many, const char *patient)
{
    size_t i;

    for (i = 0; i + 1 < many->count && strcmp(many->patients[i], patient) != 0; i++)
        continue;
    return &many->answers[i];
}

static void print_event(struct many *many, const Consilium__V1__AskManyEvent *event)
{
    struct buffer *answer = answer_of(many, event->patient);

    if (event->event_case == CONSILIUM__V1__ASK_MANY_EVENT__EVENT_FAILURE) {
        many->failed++;
        printf("%s%s%s  %s%s: %s%s\n", paint(PAINT_BOLD), event->patient, paint(PAINT_PLAIN),
               paint(PAINT_BAD), status_name((enum status)event->failure->status),
               event->failure->text, paint(PAINT_PLAIN));
    } else if (event->event_case == CONSILIUM__V1__ASK_MANY_EVENT__EVENT_ANSWER) {
        if (event->answer->event_case == CONSILIUM__V1__ASK_EVENT__EVENT_TEXT)
            buffer_put_string(answer, event->answer->text);
        if (event->answer->event_case != CONSILIUM__V1__ASK_EVENT__EVENT_DONE)
            return;
        many->answered++;
        printf("%s%s%s  %.*s  %s%u citations, %u of them unknown%s\n", paint(PAINT_BOLD),
               event->patient, paint(PAINT_PLAIN), SLICE_FORMAT(buffer_slice(answer)),
               paint(PAINT_DIM),
               event->answer->done->citations_known + event->answer->done->citations_unknown,
               event->answer->done->citations_unknown, paint(PAINT_PLAIN));
    }
}

static void on_message(void *arg, const void *message)
{
    struct consilium *consilium = arg;

    if (consilium->config.json)
        json_print(message);
    else
        print_event(consilium->state, message);
    door_proceed(consilium);
}

static void on_end(void *arg, const struct error *err)
{
    struct consilium *consilium = arg;
    struct many *many = consilium->state;

    if (err->status != STATUS_OK) {
        consilium_fail(consilium, err);
        return;
    }
    if (!consilium->config.json)
        printf("%zu answered, %zu failed\n", many->answered, many->failed);
    consilium_end(consilium, CONSILIUM_EXIT_OK);
}

/* Lines of the file, or the operands after the question. */
static enum status read_patients(struct consilium *consilium, struct many *many, struct error *err)
{
    const char *path = consilium->config.patients_file;
    struct slice bytes, line;
    size_t lines, end;

    many->patients = consilium->operands + 1;
    many->count = (size_t)consilium->operands_count - 1;
    if (path == NULL)
        return STATUS_OK;
    if (file_read(path, 1 * MIB, &consilium->arena, &bytes, err) != STATUS_OK)
        return err->status;
    for (lines = 1, end = 0; end < bytes.size; end++)
        lines += bytes.data[end] == '\n';
    many->patients = ARENA_ARRAY(&consilium->arena, char *, lines);
    for (many->count = 0; bytes.size > 0; bytes = slice_cut(bytes, end + 1, bytes.size)) {
        end = slice_find_byte(bytes, '\n');
        line = slice_trim(slice_cut(bytes, 0, end));
        if (line.size > 0)
            many->patients[many->count++] = arena_string(&consilium->arena, line);
    }
    return STATUS_OK;
}

void ask_many(struct consilium *consilium)
{
    static const struct rpc_stream_callbacks callbacks = { on_message, on_end };
    const struct consilium_config *config = &consilium->config;
    Consilium__V1__AskManyRequest request = CONSILIUM__V1__ASK_MANY_REQUEST__INIT;
    Consilium__V1__Sampling sampling;
    struct many *many = ARENA_NEW(&consilium->arena, struct many);
    struct error err = { 0 };
    size_t i;

    if (consilium->operands_count < 1
        || (consilium->operands_count < 2 && config->patients_file == NULL)) {
        consilium_misuse(consilium, "ask --many takes a question and patients");
        return;
    }
    consilium->state = many;
    if (read_patients(consilium, many, &err) != STATUS_OK) {
        consilium_fail(consilium, &err);
        return;
    }
    many->answers = ARENA_ARRAY(&consilium->arena, struct buffer, many->count + 1);
    for (i = 0; i <= many->count; i++)
        buffer_init(&many->answers[i], &consilium->arena);
    ask_fill_sampling(config, &sampling);
    request.tenant = (char *)config->tenant;
    request.question = consilium->operands[0];
    request.n_patients = many->count;
    request.patients = many->patients;
    if (config->adapter != NULL)
        request.adapter = (char *)config->adapter;
    request.tokens_max = (uint32_t)config->tokens_max;
    request.budget_tokens = (uint32_t)config->budget_tokens;
    request.keep_surrogates = config->keep_surrogates;
    request.answers_min = (uint32_t)config->answers_min;
    request.sampling = &sampling;
    if (!door_reach(consilium))
        return;
    if (door_stream(consilium, &method_gateway_ask_many, &request, &callbacks, consilium, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}
