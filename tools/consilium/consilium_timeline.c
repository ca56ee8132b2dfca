/* timeline: every fact of a record that the mesh keeps, page after page; with --ask its answers,
 * one call a question, which look as those of bundles in files do. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "consilium_door.h"
#include "consilium_json.h"
#include "consilium_paint.h"
#include "consilium_timeline_answer.h"
#include "consilium_verbs.h"

#define QUESTION_LINE_MAX 4096
#define ANSWER_ITEMS_MAX 5000

/* ---- pages ---- */

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
    Consilium__V1__GetTimelineRequest request = CONSILIUM__V1__GET_TIMELINE_REQUEST__INIT;
    struct error err = { 0 };

    request.tenant = (char *)config->tenant;
    request.patient = consilium->operands[0];
    request.from = (char *)config->from;
    request.to = (char *)config->to;
    request.page_size = (uint32_t)config->page_size;
    request.page_token = (char *)timeline->page_token;
    request.keep_surrogates = config->keep_surrogates;
    if (door_call(consilium, &method_gateway_get_timeline, &request, on_reply, consilium, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}

/* ---- answers ---- */

struct timeline_ask {
    struct slice left; /* questions with ';' between them */
    bool from_stdin;
    char *line; /* of stdin */
    size_t line_room;
    struct slice text; /* the question that is out */
    struct timeline_question question;
    struct arena arena; /* of one answer */
    enum status worst;
};

static void ask_next(struct consilium *consilium);

static void refuse(struct timeline_ask *ask, bool json, const struct error *err)
{
    struct buffer out;

    ask->worst = err->status;
    buffer_init(&out, &ask->arena);
    if (json) {
        buffer_put_string(&out, "{\"question\":");
        buffer_put_json(&out, ask->text);
        buffer_put_string(&out, ",\"error\":");
        buffer_put_json(&out, slice_from(err->text));
        buffer_put_string(&out, "}\n");
        fwrite(out.data, 1, out.size, stdout);
    } else {
        fprintf(stderr, "consilium: %s\n", err->text);
    }
}

/* ---- the reply as the core's answer ---- */

static enum measure_bound bound_of(const char *text)
{
    int bound = MEASURE_EXACT;

    while (bound < MEASURE_MORE_OR_EQUAL
           && strcmp(measure_bound_text((enum measure_bound)bound), text) != 0)
        bound++;
    return (enum measure_bound)bound;
}

/* Resources that say the same, each ended by a line's end. */
static struct slice copies_of(const Consilium__V1__Fact *fact, struct arena *arena)
{
    struct buffer also;

    buffer_init(&also, arena);
    for (size_t i = 0; i < fact->n_sources; i++) {
        buffer_put_string(&also, fact->sources[i]->reference);
        buffer_put_byte(&also, '\n');
    }
    return buffer_slice(&also);
}

static void read_fact(const Consilium__V1__Fact *message, const char *noun, struct arena *arena,
                      struct fact *fact)
{
    *fact = (struct fact){
        .kind = (int)message->kind < FACT_KINDS ? (enum fact_kind)message->kind : FACT_OTHER,
        .flag = (int)message->flag <= FACT_FLAG_ABNORMAL ? (enum fact_flag)message->flag
                                                         : FACT_FLAG_NONE,
        .reference = slice_from(message->reference),
        .path = slice_from(message->path),
        .noun = slice_from(noun),
        .label = slice_from(message->label),
        .value = slice_from(message->value),
        .status = slice_from(message->status),
        .who = slice_from(message->who),
        .also = copies_of(message, arena),
    };
    fhir_date_parse(slice_from(message->date), &fact->date);
    fhir_date_parse(slice_from(message->end), &fact->end);
}

static bool read_items(const Consilium__V1__GetTimelineReply *reply, struct arena *arena,
                       struct timeline_answer *answer)
{
    size_t count = reply->n_facts;
    struct fact *facts = ARENA_ARRAY(arena, struct fact, count);
    struct measure *measures = ARENA_ARRAY(arena, struct measure, count);

    answer->items = ARENA_ARRAY(arena, struct timeline_item, count);
    if (facts == NULL || measures == NULL || answer->items == NULL
        || reply->answer->n_items != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const Consilium__V1__TimelineItem *item = reply->answer->items[i];

        read_fact(reply->facts[i], item->noun, arena, &facts[i]);
        measures[i].bound = bound_of(item->bound);
        answer->items[i] =
            (struct timeline_item){ &facts[i], &measures[i], item->has_number ? item->number : NAN,
                                    item->certain };
    }
    answer->count = (uint32_t)count;
    return true;
}

static bool read_answer(const Consilium__V1__GetTimelineReply *reply, struct arena *arena,
                        struct timeline_answer *answer)
{
    const Consilium__V1__TimelineTrend *trend;

    *answer = (struct timeline_answer){ 0 };
    if (reply->answer == NULL || !read_items(reply, arena, answer))
        return false;
    trend = reply->answer->trend;
    answer->certain = reply->answer->certain;
    answer->undated = reply->answer->undated;
    answer->other_units = reply->answer->other_units;
    answer->unit = slice_from(reply->answer->unit);
    answer->trend.direction = trend == NULL ? "" : trend->direction;
    if (trend == NULL)
        return true;
    answer->trend.points = trend->points;
    answer->trend.slope_a_year = trend->slope_a_year;
    answer->trend.change = trend->change;
    answer->trend.least = trend->low;
    answer->trend.most = trend->high;
    answer->trend.last = trend->last;
    return true;
}

static void print_answer(struct timeline_ask *ask, bool json,
                         const Consilium__V1__GetTimelineReply *reply)
{
    struct timeline_answer answer;
    struct error err;
    struct buffer out;

    buffer_init(&out, &ask->arena);
    if (!read_answer(reply, &ask->arena, &answer)) {
        error_set(&err, STATUS_INTERNAL, "the mesh gave no answer to a question");
        refuse(ask, json, &err);
        return;
    }
    if (json)
        timeline_answer_put_json(&out, ask->text, &ask->question, &answer);
    else
        timeline_answer_put_text(&out, ask->text, &ask->question, &answer);
    if (reply->answer->count > answer.count)
        fprintf(stderr, "consilium: the newest %u of %u facts are shown\n", answer.count,
                reply->answer->count);
    fwrite(out.data, 1, out.size, stdout);
}

/* ---- one question after the other ---- */

static void on_answer(void *arg, const void *message, const struct error *err)
{
    struct consilium *consilium = arg;
    struct timeline_ask *ask = consilium->state;

    door_over(consilium);
    if (message == NULL && err->status != STATUS_INVALID_ARGUMENT) {
        consilium_fail(consilium, err);
        return;
    }
    if (message == NULL)
        refuse(ask, consilium->config.json, err);
    else
        print_answer(ask, consilium->config.json, message);
    ask_next(consilium);
}

static char *text_of(struct timeline_ask *ask, struct slice text)
{
    return text.size == 0 ? "" : arena_string(&ask->arena, text);
}

static enum status ask_one(struct consilium *consilium, struct error *err)
{
    const struct consilium_config *config = &consilium->config;
    struct timeline_ask *ask = consilium->state;
    Consilium__V1__GetTimelineRequest request = CONSILIUM__V1__GET_TIMELINE_REQUEST__INIT;
    Consilium__V1__TimelineQuestion question = CONSILIUM__V1__TIMELINE_QUESTION__INIT;
    struct timeline_parts parts;

    if (timeline_parts_parse(ask->text, &parts, err) != STATUS_OK
        || timeline_question_make(&parts, &ask->question, err) != STATUS_OK)
        return err->status;
    question.verb = (Consilium__V1__TimelineVerb)(parts.verb + 1);
    question.what = text_of(ask, parts.what);
    question.from = text_of(ask, parts.from);
    question.to = text_of(ask, parts.to);
    question.unit = text_of(ask, parts.unit);
    if (question.what == NULL || question.from == NULL || question.to == NULL
        || question.unit == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a question");
    request.tenant = (char *)config->tenant;
    request.patient = consilium->operands[0];
    request.page_size = ANSWER_ITEMS_MAX;
    request.keep_surrogates = config->keep_surrogates;
    request.question = &question;
    return door_call(consilium, &method_gateway_get_timeline, &request, on_answer, consilium, err);
}

/* The next question of stdin or of the command line; false: there is none. */
static bool next_question(struct timeline_ask *ask)
{
    do {
        if (ask->from_stdin) {
            ssize_t size = getline(&ask->line, &ask->line_room, stdin);

            if (size < 0)
                return false;
            ask->text = slice_trim(slice_of(ask->line, (size_t)size));
        } else {
            size_t end = slice_find_byte(ask->left, ';');

            if (ask->left.size == 0)
                return false;
            ask->text = slice_trim(slice_cut(ask->left, 0, end));
            ask->left = slice_cut(ask->left, end + 1, ask->left.size);
        }
    } while (ask->text.size == 0);
    return true;
}

/* Until one is out: what is refused here never goes there. */
static void ask_next(struct consilium *consilium)
{
    struct timeline_ask *ask = consilium->state;
    struct error err = { 0 };

    while (next_question(ask)) {
        arena_reuse(&ask->arena, 256 * MIB);
        if (ask->text.size > QUESTION_LINE_MAX)
            error_set(&err, STATUS_INVALID_ARGUMENT,
                      "a question of %zu bytes, over the limit of %d", ask->text.size,
                      QUESTION_LINE_MAX);
        else if (ask_one(consilium, &err) == STATUS_OK)
            return;
        refuse(ask, consilium->config.json, &err);
    }
    free(ask->line);
    arena_close(&ask->arena);
    consilium_end(consilium,
                  ask->worst == STATUS_OK ? CONSILIUM_EXIT_OK : consilium_exit_of(ask->worst));
}

static void ask_start(struct consilium *consilium)
{
    struct timeline_ask *ask = ARENA_NEW(&consilium->arena, struct timeline_ask);

    if (ask == NULL) {
        struct error err;

        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        consilium_fail(consilium, &err);
        return;
    }
    ask->left = slice_from(consilium->config.ask);
    ask->from_stdin = slice_is(ask->left, "-");
    arena_init(&ask->arena, 256 * MIB);
    paint_init(consilium->config.colour);
    consilium->state = ask;
    if (door_reach(consilium))
        ask_next(consilium);
}

void timeline_verb(struct consilium *consilium)
{
    struct timeline *timeline = ARENA_NEW(&consilium->arena, struct timeline);

    if (consilium->operands_count != 1) {
        consilium_misuse(consilium, "timeline takes a patient");
        return;
    }
    if (consilium->config.ask[0] != '\0') {
        ask_start(consilium);
        return;
    }
    timeline->page_token = "";
    consilium->state = timeline;
    if (door_reach(consilium))
        ask_page(consilium);
}
