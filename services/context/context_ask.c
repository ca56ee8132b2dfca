/* things → kinds → what words are left; then course by course. */
#include "context_ask.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "context_ask_table.h"
#include "context_phrase.h"
#include "context_words.h"

#define COMMON_SLOTS 8192
#define KIND_FAMILY FACT_KINDS /* no kind of fact: the family is asked about */

static struct phrases *kind_phrases;
static uint32_t common_slots[COMMON_SLOTS];
static uint32_t vaccine_thing;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t *slot_of(uint32_t hash)
{
    size_t at = hash & (COMMON_SLOTS - 1);

    while (common_slots[at] != 0 && common_slots[at] != hash)
        at = (at + 1) & (COMMON_SLOTS - 1);
    return &common_slots[at];
}

static void build(void)
{
    kind_phrases = phrases_create();
    for (uint32_t i = 0; i < ask_kind_rows_count; i++)
        phrases_add(kind_phrases, ask_kind_rows[i].phrases, (uint32_t)ask_kind_rows[i].kind);
    phrases_add(kind_phrases,
                "family|father|mother|parent|sibling|brother|sister|relative|grandmother|"
                "grandfather|runs in|run in|hereditary|inherited",
                KIND_FAMILY);
    for (uint32_t i = 0; i < ask_common_words_count; i++) {
        struct slice text = slice_from(ask_common_words[i]), word;

        while (words_next(&text, &word)) {
            uint32_t hash = word_hash(word);

            if (hash != 0)
                *slot_of(hash) = hash;
        }
    }
    vaccine_thing = thing_named("vaccine");
    CHECK(vaccine_thing < THINGS_MAX);
}

/* ---- reading ---- */

struct reading_question {
    struct ask_question *question;
    struct thing_found found[THINGS_FOUND_MAX];
    uint32_t count;
    bool is_taken[PHRASE_WINDOW_WORDS]; /* words that a thing is named by */
    bool is_kind[PHRASE_WINDOW_WORDS];  /* words that a kind of fact is named by */
};

static void take_words(struct reading_question *reading, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count && i < PHRASE_WINDOW_WORDS; i++)
        reading->is_taken[i] = true;
}

static bool is_free(const struct reading_question *reading, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count && i < PHRASE_WINDOW_WORDS; i++)
        if (reading->is_taken[i])
            return false;
    return true;
}

/* A kind's words count where no thing is named by them: an allergy test is no allergy. */
static void add_kind(void *arg, const struct phrase_match *match)
{
    struct reading_question *reading = arg;

    if (!is_free(reading, match->first, match->count))
        return;
    reading->question->kinds |= 1u << match->row;
    for (uint32_t i = match->first; i < match->first + match->count; i++)
        if (i < PHRASE_WINDOW_WORDS)
            reading->is_kind[i] = true;
}

/* "Ms Smith" has not been said to have multiple sclerosis. */
static bool is_title(struct slice word)
{
    return slice_is(word, "Ms") || slice_is(word, "Mr") || slice_is(word, "Dr");
}

static bool is_number(struct slice word)
{
    return isdigit((unsigned char)word.data[0]);
}

static void read_words(struct reading_question *reading)
{
    struct ask_question *question = reading->question;
    struct slice text = question->text, word;

    for (uint32_t i = 0; words_next(&text, &word) && i < PHRASE_WINDOW_WORDS; i++) {
        uint32_t hash = word_hash(word);

        if (reading->is_taken[i] || reading->is_kind[i] || hash == 0 || is_number(word)
            || *slot_of(hash) == hash || question->words_count == ASK_WORDS_MAX)
            continue;
        question->words[question->words_count++] = hash;
    }
}

/* What was found by the words of a title is nothing. */
static void drop_titles(struct reading_question *reading)
{
    struct slice text = reading->question->text, word;

    for (uint32_t i = 0; words_next(&text, &word); i++) {
        uint32_t kept = 0;

        if (!is_title(word))
            continue;
        for (uint32_t j = 0; j < reading->count; j++)
            if (reading->found[j].first != i || reading->found[j].count != 1)
                reading->found[kept++] = reading->found[j];
        reading->count = kept;
    }
}

static bool is_vaccine_asked(const struct reading_question *reading)
{
    if (reading->question->kinds >> FACT_IMMUNIZATION & 1)
        return true;
    for (uint32_t i = 0; i < reading->count; i++)
        if (reading->found[i].thing == vaccine_thing)
            return true;
    return false;
}

/* Something else of another kind is named by the same words. */
static bool has_rival(const struct reading_question *reading, const struct thing_found *found)
{
    for (uint32_t i = 0; i < reading->count; i++)
        if (reading->found[i].first == found->first && reading->found[i].count == found->count
            && thing_kind_of(reading->found[i].thing) != THING_VACCINE)
            return true;
    return false;
}

/* One word may name several things ("shingles" the disease and the vaccine; "egg" what one eats
 * and what one is allergic to): the question's other words say which. */
static bool is_meant(const struct reading_question *reading, const struct thing_found *found)
{
    enum thing_kind kind = thing_kind_of(found->thing);
    bool is_allergy = reading->question->kinds >> FACT_ALLERGY & 1;

    if (kind == THING_ALLERGEN)
        return is_allergy;
    if (is_allergy)
        return (THING_ANY_DRUG >> kind & 1) || kind == THING_VACCINE;
    if (kind == THING_VACCINE)
        return is_vaccine_asked(reading) || !has_rival(reading, found);
    return !is_vaccine_asked(reading) || kind == THING_SOCIAL || kind == THING_VISIT;
}

static void add_thing(struct ask_question *question, uint32_t thing)
{
    uint32_t count;
    const uint16_t *list = thing_is(thing, &count);

    if (thing_kind_of(thing) == THING_DRUG_BRAND) {
        for (uint32_t i = 1; i < count; i++)
            if (thing_kind_of(list[i]) == THING_DRUG)
                add_thing(question, list[i]);
        return;
    }
    things_add(&question->things, thing);
    question->has_things = true;
    for (uint32_t i = 0; i < count; i++)
        things_add(&question->above, list[i]);
    if (!thing_is_empty_class(thing))
        return;
    list = thing_treats(thing, &count);
    for (uint32_t i = 0; i < count; i++)
        things_add(&question->treated, list[i]);
    question->has_treated |= count > 0;
}

/* "Vaccine" beside a vaccine's name says nothing more. */
static bool is_said_closer(const struct reading_question *reading, uint32_t thing)
{
    for (uint32_t i = 0; i < reading->count; i++) {
        uint32_t count;
        const uint16_t *list = thing_is(reading->found[i].thing, &count);

        if (reading->found[i].thing == thing)
            continue;
        for (uint32_t j = 1; j < count; j++)
            if (list[j] == thing)
                return true;
    }
    return false;
}

static void add_things(struct reading_question *reading)
{
    struct ask_question *question = reading->question;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < reading->count; i++)
        if (is_meant(reading, &reading->found[i]))
            reading->found[kept++] = reading->found[i];
    reading->count = kept;
    for (uint32_t i = 0; i < reading->count; i++) {
        uint32_t thing = reading->found[i].thing;

        if (thing_kind_of(thing) == THING_PLACE) {
            things_add(&question->places, thing);
            question->has_places = true;
        } else if (!is_said_closer(reading, thing)) {
            add_thing(question, thing);
        }
    }
    if (question->has_places && !question->has_things) {
        question->things = question->places;
        question->has_things = true;
        question->has_places = false;
    }
}

/* Medications for what is named, where no medication is: "pills for her blood pressure". */
static void read_treated(struct reading_question *reading)
{
    struct ask_question *question = reading->question;

    if ((question->kinds >> FACT_MEDICATION & 1) == 0 || question->has_treated)
        return;
    for (uint32_t i = 0; i < reading->count; i++)
        if (THING_ANY_DRUG >> thing_kind_of(reading->found[i].thing) & 1)
            return;
    for (uint32_t i = 0; i < reading->count; i++)
        if (thing_kind_of(reading->found[i].thing) != THING_PLACE) {
            things_add(&question->treated, reading->found[i].thing);
            question->has_treated = true;
        }
}

void ask_read(struct slice text, struct ask_question *question)
{
    struct reading_question reading = { .question = question };

    pthread_once(&once, build);
    *question = (struct ask_question){ .text = text };
    reading.count = things_find(text, THING_ANY, reading.found, THINGS_FOUND_MAX);
    drop_titles(&reading);
    for (uint32_t i = 0; i < reading.count; i++)
        take_words(&reading, reading.found[i].first, reading.found[i].count);
    phrases_find(kind_phrases, text, add_kind, &reading);
    add_things(&reading);
    read_treated(&reading);
    read_words(&reading);
}

void ask_concepts(const struct ask_question *question, struct concepts *concepts)
{
    for (uint32_t i = 0; i < THING_WORDS; i++)
        for (uint64_t left = question->things.bits[i]; left != 0; left &= left - 1)
            concepts_find(slice_from(thing_name(i * 64 + (uint32_t)__builtin_ctzll(left))),
                          concepts);
}

/* ---- courses ---- */

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
    return 2 * found > question->words_count;
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
               && is_at_place(question, course);
    if (question->words_count > 0)
        return has_words(question, course);
    return question->kinds >> course->kind & 1;
}

bool ask_bears(const struct ask_question *question, const struct record *record,
               const struct course *course, const struct period *period)
{
    bool is_family = slice_starts_with(course->noun, SLICE("family"));

    if (is_family != (question->kinds >> KIND_FAMILY & 1))
        return false;
    if (is_family && !question->has_things)
        return true;
    if (!bears_by_name(question, course))
        return false;
    return !period->is_asked || course_narrow(record, course, period->from, period->to).count > 0;
}
