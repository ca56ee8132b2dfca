#include "context_reply.h"

#include <math.h>

#include "context_render.h"

static char *text_of(struct slice text, struct arena *arena)
{
    return text.size == 0 ? (char *)protobuf_c_empty_string : arena_string(arena, text);
}

static char *date_of(const struct fhir_date *date, struct arena *arena)
{
    char text[FHIR_DATE_TEXT_BYTES];

    return text_of(slice_of(text, fhir_date_format(date, text)), arena);
}

static bool pack_fact(const struct fact *fact, uint32_t id, struct slice line, struct arena *arena,
                      Consilium__V1__Fact *out)
{
    consilium__v1__fact__init(out);
    out->id = id;
    out->kind = (Consilium__V1__FactKind)fact->kind;
    out->flag = (Consilium__V1__Flag)fact->flag;
    out->reference = text_of(fact->reference, arena);
    out->path = text_of(fact->path, arena);
    out->date = date_of(&fact->date, arena);
    out->status = text_of(fact->status, arena);
    out->label = text_of(fact->label, arena);
    out->value = text_of(fact->value.size > 0 ? fact->value : fact->detail, arena);
    out->text = text_of(line, arena);
    return out->reference != NULL && out->path != NULL && out->date != NULL && out->status != NULL
           && out->label != NULL && out->value != NULL && out->text != NULL;
}

/* ---- what a line rests on ---- */

/* Sources of one line in a reply: those that it tells one by one, and copies. */
#define SOURCES_MAX 128

struct sourcing {
    struct arena *arena;
    Consilium__V1__Fact *out;
    bool is_full;
};

static void add_source(struct sourcing *sourcing, const struct fact *fact, struct slice reference)
{
    Consilium__V1__FactSource *source;

    if (sourcing->out->n_sources == SOURCES_MAX) {
        sourcing->out->more++;
        return;
    }
    source = ARENA_NEW(sourcing->arena, Consilium__V1__FactSource);
    if (source == NULL) {
        sourcing->is_full = true;
        return;
    }
    consilium__v1__fact_source__init(source);
    source->reference = text_of(reference, sourcing->arena);
    source->path = text_of(fact->path, sourcing->arena);
    source->date = date_of(&fact->date, sourcing->arena);
    source->value = text_of(fact->value.size > 0 ? fact->value : fact->detail, sourcing->arena);
    sourcing->is_full |= source->reference == NULL || source->path == NULL || source->date == NULL
                         || source->value == NULL;
    sourcing->out->sources[sourcing->out->n_sources++] = source;
}

/* Other resources that say what @fact says. */
static void add_copies(struct sourcing *sourcing, const struct fact *fact)
{
    struct slice also = fact->also;

    while (also.size > 0) {
        size_t end = slice_find_byte(also, '\n');

        add_source(sourcing, fact, slice_cut(also, 0, end));
        also = slice_cut(also, end + 1, also.size);
    }
}

static bool begin_sources(struct sourcing *sourcing, const struct fact *first, uint32_t id,
                          struct slice text, bool has_others)
{
    if (!pack_fact(first, id, text, sourcing->arena, sourcing->out))
        return false;
    if (!has_others && first->also.size == 0)
        return true;
    sourcing->out->sources = ARENA_ARRAY(sourcing->arena, Consilium__V1__FactSource *, SOURCES_MAX);
    if (sourcing->out->sources == NULL)
        return false;
    add_copies(sourcing, first);
    return !sourcing->is_full;
}

enum prompt_form reply_form(Consilium__V1__Form form)
{
    switch (form) {
    case CONSILIUM__V1__FORM__FORM_COURSES:
        return PROMPT_FORM_COURSES;
    case CONSILIUM__V1__FORM__FORM_FOUND:
        return PROMPT_FORM_FOUND;
    default:
        return PROMPT_FORM_FACTS;
    }
}

bool reply_fact(const struct fact *fact, uint32_t id, struct slice text, struct arena *arena,
                Consilium__V1__Fact *out)
{
    struct sourcing sourcing = { arena, out, false };

    if (!begin_sources(&sourcing, fact, id, text, false))
        return false;
    out->end = date_of(&fact->end, arena);
    out->who = text_of(fact->who, arena);
    return out->end != NULL && out->who != NULL;
}

bool reply_line(const struct record *record, const struct prompt_line *line, struct arena *arena,
                Consilium__V1__Fact *out)
{
    const struct fact *first = record_whole(record, line->facts[0], arena);
    struct sourcing sourcing = { arena, out, false };

    if (first == NULL || !begin_sources(&sourcing, first, line->id, line->text, line->told > 1))
        return false;
    out->bears = line->bears;
    out->more += line->facts_count - line->told;
    for (uint32_t i = 1; i < line->told; i++) {
        const struct fact *fact = record_whole(record, line->facts[i], arena);

        if (fact == NULL)
            return false;
        add_source(&sourcing, fact, fact->reference);
        add_copies(&sourcing, fact);
    }
    return !sourcing.is_full;
}

bool reply_prompt(const struct prompt *prompt, uint64_t version, struct arena *arena,
                  Consilium__V1__AssembleReply *out)
{
    Consilium__V1__Fact *facts = ARENA_ARRAY(arena, Consilium__V1__Fact, prompt->count);

    consilium__v1__assemble_reply__init(out);
    out->system = (char *)prompt->system;
    out->user = (char *)prompt->user;
    out->facts_considered = (uint32_t)prompt->considered;
    out->version = version;
    out->facts = ARENA_ARRAY(arena, Consilium__V1__Fact *, prompt->count);
    if (facts == NULL || out->facts == NULL)
        return false;
    for (; out->n_facts < prompt->count; out->n_facts++) {
        out->facts[out->n_facts] = &facts[out->n_facts];
        if (!reply_line(prompt->record, &prompt->lines[out->n_facts], arena, &facts[out->n_facts]))
            return false;
    }
    return true;
}

/* ---- answers of the timeline ---- */

static bool pack_item(const struct timeline_item *item, uint32_t id, struct arena *arena,
                      Consilium__V1__TimelineItem *out, Consilium__V1__Fact *fact)
{
    consilium__v1__timeline_item__init(out);
    out->noun = text_of(item->fact->noun, arena);
    out->has_number = !isnan(item->number);
    out->number = out->has_number ? item->number : 0;
    if (item->measure != NULL)
        out->bound = (char *)measure_bound_text(item->measure->bound);
    out->certain = item->is_certain;
    if (!reply_fact(item->fact, id, render_in(item->fact, arena), arena, fact))
        return false;
    fact->value = text_of(item->fact->value, arena); /* no detail in its place */
    return out->noun != NULL && fact->value != NULL;
}

static bool pack_items(const struct timeline_item *items, uint32_t count, struct arena *arena,
                       Consilium__V1__TimelineReply *out)
{
    Consilium__V1__TimelineItem *own = ARENA_ARRAY(arena, Consilium__V1__TimelineItem, count);
    Consilium__V1__Fact *facts = ARENA_ARRAY(arena, Consilium__V1__Fact, count);

    out->answer->items = ARENA_ARRAY(arena, Consilium__V1__TimelineItem *, count);
    out->facts = ARENA_ARRAY(arena, Consilium__V1__Fact *, count);
    if (own == NULL || facts == NULL || out->answer->items == NULL || out->facts == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!pack_item(&items[i], i + 1, arena, &own[i], &facts[i]))
            return false;
        out->answer->items[i] = &own[i];
        out->facts[i] = &facts[i];
    }
    out->n_facts = out->answer->n_items = count;
    return true;
}

static bool pack_trend(const struct timeline_answer *answer, struct arena *arena,
                       Consilium__V1__TimelineAnswer *out)
{
    const struct timeline_trend *trend = &answer->trend;

    out->trend = ARENA_NEW(arena, Consilium__V1__TimelineTrend);
    if (out->trend == NULL)
        return false;
    consilium__v1__timeline_trend__init(out->trend);
    out->trend->points = trend->points;
    out->trend->direction = (char *)trend->direction;
    if (trend->points == 0)
        return true;
    out->trend->slope_a_year = trend->slope_a_year;
    out->trend->change = trend->change;
    out->trend->low = trend->least;
    out->trend->high = trend->most;
    out->trend->last = trend->last;
    return true;
}

bool reply_answer(const struct timeline_question *question, const struct timeline_answer *answer,
                  uint32_t items_max, struct arena *arena, Consilium__V1__TimelineReply *out)
{
    uint32_t count = answer->count < items_max ? answer->count : items_max;

    out->answer = ARENA_NEW(arena, Consilium__V1__TimelineAnswer);
    if (out->answer == NULL)
        return false;
    consilium__v1__timeline_answer__init(out->answer);
    out->answer->count = answer->count;
    out->answer->certain = answer->certain;
    out->answer->undated = answer->undated;
    out->answer->other_units = answer->other_units;
    out->answer->unit = text_of(answer->unit, arena);
    return out->answer->unit != NULL
           && (question->verb != TIMELINE_TREND || pack_trend(answer, arena, out->answer))
           && pack_items(answer->items + (answer->count - count), count, arena, out);
}
