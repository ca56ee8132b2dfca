/* timeline: every fact of a record, page after page. */
#include <stdio.h>

#include "consilium.h"
#include "consilium_json.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"

struct timeline {
    const char *page_token;
    size_t facts;
};

static void ask_page(struct consilium *consilium);

static void print_facts(Consilium__V1__Fact *const *facts, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        printf("%-10s  %s%s%s %s%s%s  %s%s%s\n", facts[i]->date[0] == '\0' ? "-" : facts[i]->date,
               paint(PAINT_BOLD), facts[i]->label, paint(PAINT_PLAIN),
               facts[i]->flag == CONSILIUM__V1__FLAG__FLAG_NONE ? "" : paint(PAINT_BAD),
               facts[i]->value, paint(PAINT_PLAIN), paint(PAINT_DIM), facts[i]->reference,
               paint(PAINT_PLAIN));
}

static void on_reply(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__GetTimelineReply *reply = message;
    struct consilium *consilium = arg;
    struct timeline *timeline = consilium->state;

    if (reply == NULL) {
        consilium_fail(consilium, err);
        return;
    }
    if (consilium->config.json)
        json_print(reply);
    else
        print_facts(reply->facts, reply->n_facts);
    timeline->facts += reply->n_facts;
    timeline->page_token = arena_string(&consilium->arena, slice_from(reply->next_page_token));
    if (timeline->page_token != NULL && timeline->page_token[0] != '\0') {
        ask_page(consilium);
        return;
    }
    if (!consilium->config.json)
        printf("%zu facts\n", timeline->facts);
    consilium_end(consilium, CONSILIUM_EXIT_OK);
}

static void ask_page(struct consilium *consilium)
{
    const struct consilium_config *config = &consilium->config;
    const struct timeline *timeline = consilium->state;
    struct rpc_options options = consilium_options(consilium);
    Consilium__V1__GetTimelineRequest request = CONSILIUM__V1__GET_TIMELINE_REQUEST__INIT;
    struct error err = { 0 };

    request.tenant = (char *)config->tenant;
    request.patient = consilium->operands[0];
    request.from = (char *)config->from;
    request.to = (char *)config->to;
    request.page_size = (uint32_t)config->page_size;
    request.page_token = (char *)timeline->page_token;
    request.keep_surrogates = config->keep_surrogates;
    if (rpc_call(consilium->channel, &method_gateway_get_timeline, &request, &options, on_reply,
                 consilium, &consilium->rpc, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}

void timeline_verb(struct consilium *consilium)
{
    struct timeline *timeline = ARENA_NEW(&consilium->arena, struct timeline);

    if (consilium->operands_count != 1) {
        consilium_misuse(consilium, "timeline takes a patient");
        return;
    }
    timeline->page_token = "";
    consilium->state = timeline;
    if (consilium_connect(consilium, "gateway", consilium->config.gateway) != NULL)
        ask_page(consilium);
}
