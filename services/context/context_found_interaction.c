/* what is taken, ingredient by ingredient → each pair that is listed → or that none is. */
#include "context_found_safety.h"

#include <stdlib.h>
#include <string.h>

#include "context_interaction.h"

#define TAKEN_MAX 48

struct taken {
    uint32_t drug;
    uint32_t fact; /* UINT32_MAX: not on record */
    bool is_active, is_named;
};

struct taking {
    struct taken items[TAKEN_MAX];
    uint32_t count;
    uint32_t named;     /* of them */
    bool is_incomplete; /* something is taken that has no line: of all nothing can be said */
};

static void add(struct taking *taking, const struct taken *taken)
{
    for (uint32_t i = 0; i < taking->count; i++)
        if (taking->items[i].drug == taken->drug) {
            taking->items[i].is_named |= taken->is_named;
            if (taken->is_active && !taking->items[i].is_active) {
                taking->items[i].fact = taken->fact;
                taking->items[i].is_active = true;
            }
            return;
        }
    if (taking->count < TAKEN_MAX)
        taking->items[taking->count++] = *taken;
}

/* A class that is named names what is on record of it. */
static bool is_named(const struct safety_question *asked, uint32_t drug)
{
    uint32_t count;
    const uint16_t *list = thing_is(drug, &count);

    for (uint32_t i = 0; i < asked->drugs_count; i++)
        for (uint32_t j = 0; j < count; j++)
            if (list[j] == asked->drugs[i])
                return true;
    return false;
}

static void add_course(const struct finding *finding, const struct safety_question *asked,
                       const struct course *course, struct taking *taking)
{
    uint32_t fact = found_newest(finding, course);

    if (course->kind != FACT_MEDICATION)
        return;
    if (fact == UINT32_MAX) {
        taking->is_incomplete |= course->is_active;
        return;
    }
    for (uint32_t i = 0; i < course->things_count; i++)
        if (thing_kind_of(course->things[i]) == THING_DRUG)
            add(taking,
                &(struct taken){ course->things[i], fact, found_fact(finding, fact)->is_active,
                                 is_named(asked, course->things[i]) });
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(thing_name(((const struct taken *)a)->drug),
                  thing_name(((const struct taken *)b)->drug));
}

/* On record what is active or named; what is named also where it is not on record. */
static void find_taken(const struct finding *finding, const struct safety_question *asked,
                       struct taking *taking)
{
    uint32_t kept = 0;

    *taking = (struct taking){ 0 };
    for (size_t i = 0; i < finding->courses->count; i++)
        add_course(finding, asked, &finding->courses->items[i], taking);
    for (uint32_t i = 0; i < asked->drugs_count; i++)
        if (thing_kind_of(asked->drugs[i]) == THING_DRUG)
            add(taking, &(struct taken){ asked->drugs[i], UINT32_MAX, false, true });
    for (uint32_t i = 0; i < taking->count; i++)
        if (taking->items[i].is_active || taking->items[i].is_named) {
            taking->named += taking->items[i].is_named;
            taking->items[kept++] = taking->items[i];
        }
    taking->count = kept;
    qsort(taking->items, taking->count, sizeof(taking->items[0]), compare_names);
}

/* Of two that are named those two, of one it with what is taken now, else what is taken now. */
static bool is_asked(const struct taking *taking, const struct taken *a, const struct taken *b)
{
    if (taking->named > 1)
        return a->is_named && b->is_named;
    if (taking->named == 1)
        return (a->is_named && b->is_active) || (b->is_named && a->is_active);
    return a->is_active && b->is_active;
}

static void rest_on(struct found_sentence *sentence, const struct taken *taken)
{
    if (taken->fact != UINT32_MAX)
        found_sentence_rest_on(sentence, taken->fact);
}

static void tell_pair(struct finding *finding, const struct taken *a, const struct taken *b,
                      const char *effect)
{
    struct found_sentence sentence;

    found_sentence_begin(&sentence, finding);
    found_put_drug(finding->out, a->drug, true);
    buffer_put_string(finding->out, " and ");
    found_put_drug(finding->out, b->drug, false);
    buffer_format(finding->out, " interact: %s", effect);
    rest_on(&sentence, a);
    rest_on(&sentence, b);
    found_sentence_end(&sentence);
}

/* The pairs that are listed; how many. */
static uint32_t tell_pairs(struct finding *finding, const struct taking *taking)
{
    uint32_t told = 0;

    for (uint32_t i = 0; i < taking->count; i++)
        for (uint32_t j = i + 1; j < taking->count; j++) {
            const struct taken *a = &taking->items[i], *b = &taking->items[j];
            const char *effect = is_asked(taking, a, b) && (a->fact & b->fact) != UINT32_MAX
                                     ? interaction_of(a->drug, b->drug)
                                     : NULL;

            if (effect == NULL)
                continue;
            tell_pair(finding, a, b, effect);
            told++;
        }
    return told;
}

static void put_named(struct finding *finding, const struct taking *taking)
{
    uint32_t put = 0;

    for (uint32_t i = 0; i < taking->count; i++)
        if (taking->items[i].is_named) {
            buffer_put_string(finding->out, put == 0                   ? " of "
                                            : put + 1 == taking->named ? " and "
                                                                       : ", ");
            found_put_drug(finding->out, taking->items[i].drug, false);
            put++;
        }
}

/* That none is listed, where there is something on record to say it of. */
static void tell_none(struct finding *finding, const struct taking *taking)
{
    struct found_sentence sentence;
    uint32_t partners = 0;

    if (taking->is_incomplete && taking->named < 2)
        return;
    found_sentence_begin(&sentence, finding);
    for (uint32_t i = 0; i < taking->count; i++) {
        const struct taken *taken = &taking->items[i];

        if (taking->named > 1 && !taken->is_named)
            continue;
        rest_on(&sentence, taken);
        partners += taken->fact != UINT32_MAX && (taking->named > 1 || !taken->is_named);
    }
    if (partners == 0 || taking->count < 2 || (taking->named == 0 && sentence.count < 2))
        return;
    buffer_put_string(finding->out, "No listed interaction");
    put_named(finding, taking);
    buffer_put_string(finding->out,
                      taking->named > 1 ? " is found" : " is found among the active medications");
    found_sentence_end(&sentence);
}

void found_tell_interactions(struct finding *finding, const struct safety_question *asked)
{
    struct taking taking;

    find_taken(finding, asked, &taking);
    /* A class of which nothing is on record: what would be taken is not known. */
    if (asked->drugs_count > 0 && taking.named == 0)
        return;
    if (tell_pairs(finding, &taking) == 0)
        tell_none(finding, &taking);
}
