/* What the mesh adds to an answer: everything but the forward pass.
 *
 *     ask_bench GATEWAY PATIENT [--asks N] [--tokens N]     the record has been put, the mesh
 * serves
 *
 * One question after another, each asked once before to be warm. The overhead of one is the time
 * from the call to the end of its stream less what the engine says of itself: the forward pass over
 * the prompt, the forward passes of the answer, the wait for the engine. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/log.h"
#include "rpc/client.h"
#include "run/clock.h"

#define ASKS_MAX 10000
#define STEPS_MAX 16
#define ASK_DEADLINE_NS (60 * CLOCK_NS_PER_S)

static const char *const questions[] = {
    "What was the last hemoglobin A1c?",
    "Which medications is the patient taking now?",
    "Does the patient have diabetes?",
    "Is the patient allergic to penicillin?",
    "When was the last blood pressure measured, and what was it?",
    "Which immunizations has the patient had?",
    "What procedures were done in the last five years?",
    "Summarize the kidney function.",
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

struct sample {
    uint64_t wall_us, engine_us, overhead_us;
    uint64_t first_us; /* until the first piece of text */
    uint32_t prompt_tokens, tokens, facts;
    uint32_t start_us[STEPS_MAX], took_us[STEPS_MAX];
};

/* The one that is asked now; between on_end and the next, the main thread's. */
static struct {
    struct rpc *rpc;
    struct sample sample;
    uint64_t started_ns;
    bool is_done;
    struct error err;
    sem_t is_over;
} now;

static struct sample samples[ASKS_MAX];
static char *steps[STEPS_MAX];
static unsigned asks = 400, tokens_max;

static uint64_t since_start_us(void)
{
    return (clock_now() - now.started_ns) / CLOCK_NS_PER_US;
}

static void note_done(const Consilium__V1__AskDone *done)
{
    struct sample *sample = &now.sample;
    size_t i;

    now.is_done = true;
    sample->engine_us =
        (uint64_t)done->usage->prompt_us + done->usage->generate_us + done->usage->queue_us;
    sample->prompt_tokens = done->usage->prompt_tokens;
    sample->tokens = done->usage->generated_tokens;
    sample->facts = (uint32_t)done->n_fact_ids;
    for (i = 0; i < done->n_timings && i < STEPS_MAX; i++) {
        sample->start_us[i] = done->timings[i]->start_us;
        sample->took_us[i] = done->timings[i]->duration_us;
        if (steps[i] == NULL)
            CHECK(asprintf(&steps[i], "%s (%s)", done->timings[i]->step, done->timings[i]->service)
                  > 0);
    }
}

static void on_message(void *arg, const void *message)
{
    const Consilium__V1__AskEvent *event = message;

    (void)arg;
    if (event->event_case == CONSILIUM__V1__ASK_EVENT__EVENT_TEXT && now.sample.first_us == 0)
        now.sample.first_us = since_start_us();
    if (event->event_case == CONSILIUM__V1__ASK_EVENT__EVENT_DONE)
        note_done(event->done);
    rpc_proceed(now.rpc);
}

static void on_end(void *arg, const struct error *err)
{
    (void)arg;
    now.sample.wall_us = since_start_us();
    now.err = *err;
    sem_post(&now.is_over);
}

static bool ask(struct channel *channel, const char *patient, const char *question)
{
    static const struct rpc_stream_callbacks callbacks = { on_message, on_end };
    Consilium__V1__AskRequest request = CONSILIUM__V1__ASK_REQUEST__INIT;
    struct rpc_options options = { 0 };
    struct error err = { 0 };

    request.tenant = "default";
    request.patient = (char *)patient;
    request.question = (char *)question;
    request.tokens_max = tokens_max;
    memset(&now.sample, 0, sizeof(now.sample));
    now.is_done = false;
    now.started_ns = clock_now();
    options.deadline_ns = now.started_ns + ASK_DEADLINE_NS;
    if (rpc_stream(channel, &method_gateway_ask, &request, &options, &callbacks, NULL, &now.rpc,
                   &err)
        == STATUS_OK) {
        sem_wait(&now.is_over);
        err = now.err;
    }
    if (err.status == STATUS_OK && now.is_done && now.sample.wall_us >= now.sample.engine_us)
        return true;
    fprintf(stderr, "ask_bench: %s\n",
            err.status != STATUS_OK ? err.text : "an answer without its end");
    return false;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The value of @field below which @percent of the samples are. */
#define PERCENTILE(field, percent)                                                                 \
    ({                                                                                             \
        static uint64_t values_[ASKS_MAX];                                                         \
        for (unsigned i_ = 0; i_ < asks; i_++)                                                     \
            values_[i_] = samples[i_].field;                                                       \
        qsort(values_, asks, sizeof(values_[0]), compare);                                         \
        values_[(uint64_t)(asks - 1) * (percent) / 100];                                           \
    })

static void print_ms(const char *name, uint64_t p50_us, uint64_t p90_us, uint64_t p99_us)
{
    printf("%-28s %9.2f %9.2f %9.2f\n", name, (double)p50_us / 1000, (double)p90_us / 1000,
           (double)p99_us / 1000);
}

#define PRINT_MS(name, field)                                                                      \
    print_ms(name, PERCENTILE(field, 50), PERCENTILE(field, 90), PERCENTILE(field, 99))

static void print_steps(void)
{
    unsigned i;

    printf("%-28s %9s %9s %9s %9s\n", "steps, ms", "median", "p90", "p99", "starts at");
    for (i = 0; i < STEPS_MAX && steps[i] != NULL; i++)
        printf("%-28s %9.2f %9.2f %9.2f %9.2f\n", steps[i],
               (double)PERCENTILE(took_us[i], 50) / 1000, (double)PERCENTILE(took_us[i], 90) / 1000,
               (double)PERCENTILE(took_us[i], 99) / 1000,
               (double)PERCENTILE(start_us[i], 50) / 1000);
}

static int run(struct channel *channel, const char *patient)
{
    unsigned i;

    for (i = 0; i < QUESTIONS; i++)
        if (!ask(channel, patient, questions[i]))
            return 1;
    for (i = 0; i < asks; i++) {
        if (!ask(channel, patient, questions[i % QUESTIONS]))
            return 1;
        samples[i] = now.sample;
        samples[i].overhead_us = now.sample.wall_us - now.sample.engine_us;
    }
    printf(
        "ask: %u answers to %zu questions, one after another; median %lu facts, %lu tokens of prompt, %lu of answer\n",
        asks, QUESTIONS, (unsigned long)PERCENTILE(facts, 50),
        (unsigned long)PERCENTILE(prompt_tokens, 50), (unsigned long)PERCENTILE(tokens, 50));
    printf("%-28s %9s %9s %9s\n", "ms", "median", "p90", "p99");
    PRINT_MS("overhead", overhead_us);
    PRINT_MS("engine", engine_us);
    PRINT_MS("whole answer", wall_us);
    PRINT_MS("until the first text", first_us);
    print_steps();
    return 0;
}

static bool read_flags(int argc, char **argv)
{
    int i;

    for (i = 3; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--asks") == 0)
            asks = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--tokens") == 0)
            tokens_max = (unsigned)strtoul(argv[i + 1], NULL, 10);
        else
            return false;
    }
    return i == argc && asks > 0 && asks <= ASKS_MAX;
}

int main(int argc, char **argv)
{
    struct channel_options options = { .service = "gateway" };
    struct channel *channel;
    struct client *client;
    struct error err = { 0 };
    int status = 1;

    if (argc < 3 || !read_flags(argc, argv)) {
        fprintf(stderr, "usage: ask_bench GATEWAY PATIENT [--asks N] [--tokens N]\n");
        return 2;
    }
    log_init("ask_bench", LOG_LEVEL_ERROR);
    sem_init(&now.is_over, 0, 0);
    options.target = argv[1];
    client = client_create(NULL, CLIENT_PLACE_INLINE, 1, &err);
    channel = client == NULL ? NULL : channel_create(client, &options, &err);
    if (channel == NULL)
        fprintf(stderr, "ask_bench: %s\n", err.text);
    else
        status = run(channel, argv[2]);
    if (channel != NULL)
        channel_destroy(channel);
    if (client != NULL)
        client_destroy(client);
    return status;
}
