/* What an ask tells its sink: one function an event. Loop thread. */
#include "gateway_ask_state.h"
#include "gateway_cite.h"
#include "run/clock.h"
#include "run/metrics.h"

void ask_tell(struct ask *ask, const Consilium__V1__AskEvent *event)
{
    if (!ask->sink.on_event(ask->sink.arg, event))
        ask->is_held = true;
}

void ask_tell_started(struct ask *ask)
{
    Consilium__V1__AskEvent event = CONSILIUM__V1__ASK_EVENT__INIT;
    Consilium__V1__AskStarted started = CONSILIUM__V1__ASK_STARTED__INIT;
    char trace_id[TRACE_ID_TEXT_BYTES];

    trace_format_id(&ask->request.parent->trace, trace_id);
    started.trace_id = trace_id;
    started.model = &ask->model;
    started.question = (char *)ask->question;
    event.event_case = CONSILIUM__V1__ASK_EVENT__EVENT_STARTED;
    event.started = &started;
    ask_tell(ask, &event);
}

void ask_tell_facts(struct ask *ask)
{
    Consilium__V1__AskEvent event = CONSILIUM__V1__ASK_EVENT__INIT;
    Consilium__V1__AskFacts facts = CONSILIUM__V1__ASK_FACTS__INIT;

    facts.n_facts = ask->assembled->n_facts;
    facts.facts = ask->assembled->facts;
    facts.considered = ask->assembled->facts_considered;
    facts.prompt_tokens = (uint32_t)ask->prompt->n_ids;
    event.event_case = CONSILIUM__V1__ASK_EVENT__EVENT_FACTS;
    event.facts = &facts;
    ask->has_told_facts = true;
    ask_tell(ask, &event);
}

static const Consilium__V1__Fact *find_fact(const struct ask *ask, uint32_t id)
{
    size_t i;

    for (i = 0; i < ask->assembled->n_facts; i++)
        if (ask->assembled->facts[i]->id == id)
            return ask->assembled->facts[i];
    return NULL;
}

static void count_citation(struct ask *ask, bool is_known)
{
    static struct metric *known, *unknown;

    if (known == NULL) {
        known = metric_register(METRIC_KIND_COUNTER, "gateway_citations_total",
                                "Citations in answers, by whether they name a fact of the prompt",
                                "known=\"true\"");
        unknown = metric_register(METRIC_KIND_COUNTER, "gateway_citations_total",
                                  "Citations in answers, by whether they name a fact of the prompt",
                                  "known=\"false\"");
    }
    metric_add(is_known ? known : unknown, 1);
    if (is_known)
        ask->citations_known++;
    else
        ask->citations_unknown++;
}

static void tell_citation(struct ask *ask, const struct cite *cite)
{
    Consilium__V1__AskEvent event = CONSILIUM__V1__ASK_EVENT__INIT;
    Consilium__V1__AskCitation citation = CONSILIUM__V1__ASK_CITATION__INIT;
    const Consilium__V1__Fact *fact = find_fact(ask, cite->fact_id);

    citation.fact_id = cite->fact_id;
    citation.known = fact != NULL;
    citation.start = (uint32_t)(ask->answer_bytes + cite->start);
    citation.end = (uint32_t)(ask->answer_bytes + cite->end);
    if (fact != NULL) {
        citation.reference = fact->reference;
        citation.path = fact->path;
    }
    count_citation(ask, fact != NULL);
    event.event_case = CONSILIUM__V1__ASK_EVENT__EVENT_CITATION;
    event.citation = &citation;
    ask_tell(ask, &event);
}

void ask_tell_text(struct ask *ask, struct slice text)
{
    Consilium__V1__AskEvent event = CONSILIUM__V1__ASK_EVENT__INIT;
    struct arena_mark mark = arena_mark(ask->arena);
    struct error err;
    struct cite cite;
    size_t cursor = 0;

    event.event_case = CONSILIUM__V1__ASK_EVENT__EVENT_TEXT;
    event.text = arena_string(ask->arena, text);
    if (event.text == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the answer needs more than %zu bytes of memory",
                  ask->arena->limit_bytes);
        ask_fail(ask, &err);
        return;
    }
    ask_tell(ask, &event);
    arena_rewind(ask->arena, mark);
    while (cite_next(text, &cursor, &cite))
        tell_citation(ask, &cite);
    ask->answer_bytes += text.size;
}

static void fill_timing(const struct ask *ask, enum ask_leg_kind kind,
                        Consilium__V1__Timing *timing)
{
    const struct ask_leg *leg = &ask->legs[kind];
    const char *service;

    consilium__v1__timing__init(timing);
    timing->step = (char *)ask_leg_name(kind, &service);
    timing->service = (char *)service;
    if (leg->first_ns == 0)
        return;
    timing->start_us = (uint32_t)((leg->first_ns - ask->began_ns) / CLOCK_NS_PER_US);
    timing->duration_us = (uint32_t)(leg->total_ns / CLOCK_NS_PER_US);
}

void ask_tell_done(struct ask *ask)
{
    Consilium__V1__AskEvent event = CONSILIUM__V1__ASK_EVENT__INIT;
    Consilium__V1__AskDone done = CONSILIUM__V1__ASK_DONE__INIT;
    Consilium__V1__Timing timings[ASK_LEG_COUNT], *timing_list[ASK_LEG_COUNT];
    uint32_t *ids = ARENA_ARRAY(ask->arena, uint32_t, ask->assembled->n_facts + 1);
    unsigned kind;
    size_t i;

    for (kind = 0; kind < ASK_LEG_COUNT; kind++) {
        fill_timing(ask, (enum ask_leg_kind)kind, &timings[kind]);
        timing_list[kind] = &timings[kind];
    }
    for (i = 0; ids != NULL && i < ask->assembled->n_facts; i++)
        ids[i] = ask->assembled->facts[i]->id;
    done.finish_reason = ask->finish_reason;
    done.usage = &ask->usage;
    done.model_digest = (char *)ask->model_digest;
    if (ask->adapter_digest != NULL)
        done.adapter_digest = (char *)ask->adapter_digest;
    done.n_fact_ids = ids == NULL ? 0 : ask->assembled->n_facts;
    done.fact_ids = ids;
    done.n_timings = ask->request.has_logprobs ? ASK_LEG_COUNT : ASK_LEG_PIECES;
    done.timings = timing_list;
    done.citations_known = ask->citations_known;
    done.citations_unknown = ask->citations_unknown;
    event.event_case = CONSILIUM__V1__ASK_EVENT__EVENT_DONE;
    event.done = &done;
    ask_tell(ask, &event);
}
