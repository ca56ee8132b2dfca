/* What a course is, against what is asked: by name, by what it treats, by its words, by its kind.
 */
#include "context_ask.h"

void ask_concepts(const struct ask_question *question, struct concepts *concepts)
{
    for (uint32_t i = 0; i < THING_WORDS; i++)
        for (uint64_t left = question->things.bits[i] | question->beside.bits[i]; left != 0;
             left &= left - 1)
            concepts_find(slice_from(thing_name(i * 64 + (uint32_t)__builtin_ctzll(left))),
                          concepts);
}

static bool is_named(const struct ask_question *question, const struct course *course)
{
    for (uint32_t i = 0; i < course->things_count; i++)
        if (things_has(&question->things, course->things[i]))
            return true;
    return false;
}

/* The class of what is asked about: an allergy to penicillin bears on amoxicillin, and a report of
 * a panel on each of its tests. */
static bool is_named_above(const struct ask_question *question, const struct course *course)
{
    uint32_t kinds = course->kind == FACT_REPORT    ? THING_BIT(THING_TEST)
                     : course->kind == FACT_ALLERGY ? THING_ANY_DRUG
                                                    : 0;

    for (uint32_t i = 0; i < course->things_count; i++)
        if ((kinds >> thing_kind_of(course->things[i]) & 1)
            && things_has(&question->above, course->things[i]))
            return true;
    return false;
}

/* A place that is named must be the one, where the course names one. */
static bool is_at_place(const struct ask_question *question, const struct course *course)
{
    bool has_place = false;

    if (!question->has_places)
        return true;
    for (uint32_t i = 0; i < course->things_count; i++) {
        if (things_has(&question->places, course->things[i]))
            return true;
        has_place |= thing_kind_of(course->things[i]) == THING_PLACE;
    }
    return !has_place;
}

/* @condition is what is treated, or one of it, or what it is one of. */
static bool is_treated(const struct ask_question *question, uint32_t condition)
{
    uint32_t count;
    const uint16_t *list = thing_is(condition, &count);

    for (uint32_t i = 0; i < count; i++)
        if (things_has(&question->treated, list[i]))
            return true;
    return things_has(&question->above, condition);
}

static bool treats(const struct ask_question *question, const struct course *course)
{
    for (uint32_t i = 0; i < course->reasons_count; i++)
        if (things_has(&question->treated, course->reasons[i]))
            return true;
    for (uint32_t i = 0; i < course->things_count; i++) {
        uint32_t count;
        const uint16_t *list = thing_treats(course->things[i], &count);

        for (uint32_t j = 0; j < count; j++)
            if (is_treated(question, list[j]))
                return true;
    }
    return false;
}

static bool has_words(const struct ask_question *question, const struct course *course)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < question->words_count; i++)
        for (uint32_t j = 0; j < course->words_count; j++)
            if (course->words[j] == question->words[i]) {
                found++;
                break;
            }
    return question->needs_words ? found > 0 : 2 * found > question->words_count;
}

static bool bears_by_name(const struct ask_question *question, const struct course *course)
{
    bool is_allergy = question->kinds >> FACT_ALLERGY & 1;

    if (is_allergy && course->kind != FACT_ALLERGY)
        return false;
    if (question->has_treated)
        return (course->kind == FACT_MEDICATION && treats(question, course))
               || (course->kind == FACT_MEDICATION && is_named(question, course));
    if (question->has_things)
        return (is_named(question, course) || is_named_above(question, course))
               && is_at_place(question, course)
               && (!question->needs_words || has_words(question, course));
    if (question->words_count > 0)
        return has_words(question, course);
    return question->kinds >> course->kind & 1;
}

bool ask_bears(const struct ask_question *question, const struct record *record,
               const struct course *course, const struct period *period)
{
    bool is_family = slice_starts_with(course->noun, SLICE("family"));

    if (is_family != question->is_family)
        return false;
    if (is_family && !question->has_things)
        return true;
    if (!bears_by_name(question, course))
        return false;
    return !period->is_asked || course_narrow(record, course, period->from, period->to).count > 0;
}
