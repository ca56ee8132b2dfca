/* ask: the facts chosen, the answer as it streams, each citation with the fact that it names, where
 * the time went. */
#include "consilium_ask.h"

#include <stdio.h>
#include <string.h>

#include "consilium_door.h"
#include "consilium_json.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"
#include "run/clock.h"

#define CITED_MAX 64

struct ask {
    uint64_t began_ns, first_text_ns;
    struct {
        uint32_t id;
        const char *text;
    } facts[1024];
    size_t facts_count;
    struct {
        uint32_t id;
        bool is_known;
        const char *reference, *path;
    } cited[CITED_MAX];
    size_t cited_count;
};

void ask_fill_sampling(const struct consilium_config *config, Consilium__V1__Sampling *sampling)
{
    consilium__v1__sampling__init(sampling);
    sampling->temperature = (float)config->temperature;
    sampling->top_k = (uint32_t)config->top_k;
    sampling->top_p = (float)config->top_p;
    sampling->seed = (uint64_t)config->seed;
}

static const char *keep(struct consilium *consilium, const char *text)
{
    const char *kept = arena_string(&consilium->arena, slice_from(text));

    return kept == NULL ? "" : kept;
}

static void print_started(const Consilium__V1__AskStarted *started)
{
    printf("%squestion as the model sees it:%s %s\n", paint(PAINT_DIM), paint(PAINT_PLAIN),
           started->question);
    printf("%smodel:%s %s  %.12s…   %strace:%s %s\n\n", paint(PAINT_DIM), paint(PAINT_PLAIN),
           started->model->name, started->model->digest, paint(PAINT_DIM), paint(PAINT_PLAIN),
           started->trace_id);
}

static void print_facts(struct consilium *consilium, const Consilium__V1__AskFacts *facts)
{
    struct ask *ask = consilium->state;
    size_t i;

    printf("%sfacts chosen: %zu of %u (%u tokens of prompt)%s\n", paint(PAINT_BOLD), facts->n_facts,
           facts->considered, facts->prompt_tokens, paint(PAINT_PLAIN));
    for (i = 0; i < facts->n_facts; i++) {
        printf("  [%u] %s  %s%s%s\n", facts->facts[i]->id, facts->facts[i]->text, paint(PAINT_DIM),
               facts->facts[i]->reference, paint(PAINT_PLAIN));
        if (ask->facts_count < sizeof(ask->facts) / sizeof(ask->facts[0])) {
            ask->facts[ask->facts_count].id = facts->facts[i]->id;
            ask->facts[ask->facts_count++].text = keep(consilium, facts->facts[i]->text);
        }
    }
    printf("\n%sanswer%s\n  ", paint(PAINT_BOLD), paint(PAINT_PLAIN));
    fflush(stdout);
}

static void note_citation(struct consilium *consilium, const Consilium__V1__AskCitation *citation)
{
    struct ask *ask = consilium->state;
    size_t i;

    for (i = 0; i < ask->cited_count; i++)
        if (ask->cited[i].id == citation->fact_id)
            return;
    if (i == CITED_MAX)
        return;
    ask->cited[i].id = citation->fact_id;
    ask->cited[i].is_known = citation->known;
    ask->cited[i].reference = keep(consilium, citation->reference);
    ask->cited[i].path = keep(consilium, citation->path);
    ask->cited_count++;
}

static const char *fact_text(const struct ask *ask, uint32_t id)
{
    size_t i;

    for (i = 0; i < ask->facts_count; i++)
        if (ask->facts[i].id == id)
            return ask->facts[i].text;
    return "";
}

static void print_citations(const struct ask *ask)
{
    size_t i;

    printf("\n\n%scitations%s\n", paint(PAINT_BOLD), paint(PAINT_PLAIN));
    if (ask->cited_count == 0)
        printf("  none\n");
    for (i = 0; i < ask->cited_count; i++) {
        if (ask->cited[i].is_known)
            printf("  %s[%u] %s%s\n      → %s  %s%s%s\n", paint(PAINT_GOOD), ask->cited[i].id,
                   fact_text(ask, ask->cited[i].id), paint(PAINT_PLAIN), ask->cited[i].reference,
                   paint(PAINT_DIM), ask->cited[i].path, paint(PAINT_PLAIN));
        else
            printf("  %s[%u] names no fact of the prompt: this claim rests on nothing%s\n",
                   paint(PAINT_BAD), ask->cited[i].id, paint(PAINT_PLAIN));
    }
}

static void print_done(struct consilium *consilium, const Consilium__V1__AskDone *done)
{
    struct ask *ask = consilium->state;
    uint32_t total_us = (uint32_t)((clock_now() - ask->began_ns) / CLOCK_NS_PER_US);

    print_citations(ask);
    if (!consilium->config.timings)
        return;
    printf(
        "\n%swhere the time went%s  %.1f ms in all, first text after %.1f ms; in the model %.1f ms (%u + %u tokens)\n",
        paint(PAINT_BOLD), paint(PAINT_PLAIN), total_us / 1000.0,
        (double)(ask->first_text_ns - ask->began_ns) / (double)CLOCK_NS_PER_MS,
        (done->usage->prompt_us + done->usage->generate_us) / 1000.0, done->usage->prompt_tokens,
        done->usage->generated_tokens);
    paint_timings(done->timings, done->n_timings, total_us);
}

static void on_message(void *arg, const void *message)
{
    const Consilium__V1__AskEvent *event = message;
    struct consilium *consilium = arg;
    struct ask *ask = consilium->state;

    if (consilium->config.json) {
        json_print(event);
        door_proceed(consilium);
        return;
    }
    switch (event->event_case) {
    case CONSILIUM__V1__ASK_EVENT__EVENT_STARTED:
        print_started(event->started);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_FACTS:
        print_facts(consilium, event->facts);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_TEXT:
        if (ask->first_text_ns == 0)
            ask->first_text_ns = clock_now();
        fputs(event->text, stdout);
        fflush(stdout);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_CITATION:
        note_citation(consilium, event->citation);
        break;
    case CONSILIUM__V1__ASK_EVENT__EVENT_DONE:
        print_done(consilium, event->done);
        break;
    default:
        break;
    }
    door_proceed(consilium);
}

static void on_end(void *arg, const struct error *err)
{
    struct consilium *consilium = arg;

    if (err->status == STATUS_OK) {
        consilium_end(consilium, CONSILIUM_EXIT_OK);
        return;
    }
    if (!consilium->config.json)
        printf("\n");
    consilium_fail(consilium, err);
}

void ask_verb(struct consilium *consilium)
{
    static const struct rpc_stream_callbacks callbacks = { on_message, on_end };
    const struct consilium_config *config = &consilium->config;
    Consilium__V1__AskRequest request = CONSILIUM__V1__ASK_REQUEST__INIT;
    Consilium__V1__Sampling sampling;
    struct ask *ask = ARENA_NEW(&consilium->arena, struct ask);
    struct error err = { 0 };

    if (config->many) {
        ask_many(consilium);
        return;
    }
    if (consilium->operands_count != 2) {
        consilium_misuse(consilium, "ask takes a patient and a question (in quotes)");
        return;
    }
    consilium->state = ask;
    ask->began_ns = clock_now();
    ask_fill_sampling(config, &sampling);
    request.tenant = (char *)config->tenant;
    request.patient = consilium->operands[0];
    request.question = consilium->operands[1];
    if (config->adapter != NULL)
        request.adapter = (char *)config->adapter;
    request.tokens_max = (uint32_t)config->tokens_max;
    request.budget_tokens = (uint32_t)config->budget_tokens;
    request.keep_surrogates = config->keep_surrogates;
    request.sampling = &sampling;
    if (!door_reach(consilium))
        return;
    if (door_stream(consilium, &method_gateway_ask, &request, &callbacks, consilium, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}
