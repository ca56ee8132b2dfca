/* One hash table by (kind, noun, label, whether it is active), then the facts of each course side
 * by side, then its meaning: once for each course, not for each fact. Of a medication its
 * ingredients stand for the label: a brand, a strength or a form is the same drug. */
#include "context_course.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "context_code.h"
#include "context_words.h"

#define NAME_WORDS_MAX 32
#define NAME_THINGS_MAX 48
#define DRUG_NAMES_MAX 8 /* of one drug that are looked at */

/* Ingredients of one name at most; names whose ingredients were looked up lately. */
#define INGREDIENTS_MAX 8
#define NAMES_KEPT 512

/* What a drug's name names: drugs, in the order of their numbers. */
struct ingredients {
    uint16_t items[INGREDIENTS_MAX];
    uint16_t count; /* 0: none that is known */
};

struct grouping {
    uint32_t *slots; /* course + 1 */
    size_t size;
    uint32_t *of; /* the course of each fact */
    struct {
        struct slice name;
        struct ingredients ingredients;
    } * kept; /* of NAMES_KEPT */
};

static void add_ingredient(struct ingredients *ingredients, uint16_t thing)
{
    uint16_t at = ingredients->count;

    for (uint16_t i = 0; i < ingredients->count; i++)
        if (ingredients->items[i] == thing)
            return;
    if (ingredients->count == INGREDIENTS_MAX)
        return;
    for (; at > 0 && ingredients->items[at - 1] > thing; at--)
        ingredients->items[at] = ingredients->items[at - 1];
    ingredients->items[at] = thing;
    ingredients->count++;
}

/* A brand of several ingredients is each of them. */
static void find_ingredients(struct slice name, struct ingredients *ingredients)
{
    struct thing_found found[INGREDIENTS_MAX];
    uint32_t count = things_find(name, THING_BIT(THING_DRUG) | THING_BIT(THING_DRUG_BRAND), found,
                                 INGREDIENTS_MAX);

    ingredients->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t is_count;
        const uint16_t *is = thing_is(found[i].thing, &is_count);

        if (thing_kind_of(found[i].thing) == THING_DRUG)
            add_ingredient(ingredients, (uint16_t)found[i].thing);
        for (uint32_t j = 1; j < is_count && thing_kind_of(is[0]) == THING_DRUG_BRAND; j++)
            if (thing_kind_of(is[j]) == THING_DRUG)
                add_ingredient(ingredients, is[j]);
    }
}

static const struct ingredients *ingredients_of(struct grouping *grouping, struct slice name)
{
    size_t at = hash_bytes(name, 0x64727567) % NAMES_KEPT;

    if (grouping->kept[at].name.data == NULL || !slice_equal(grouping->kept[at].name, name)) {
        grouping->kept[at].name = name;
        find_ingredients(name, &grouping->kept[at].ingredients);
    }
    return &grouping->kept[at].ingredients;
}

static uint64_t course_hash(struct grouping *grouping, const struct fact *fact)
{
    uint64_t hash = (uint64_t)fact->kind << 1 | (fact_lasts(fact) && fact->is_active);
    const struct ingredients *ingredients;

    hash = hash_bytes(fact->noun, hash);
    if (fact->kind != FACT_MEDICATION)
        return hash_bytes(fact->label, hash);
    ingredients = ingredients_of(grouping, fact->label);
    if (ingredients->count == 0)
        return hash_bytes(fact->label, hash);
    return hash_bytes(
        slice_of(ingredients->items, ingredients->count * sizeof(ingredients->items[0])), hash);
}

static bool is_same_drug(struct grouping *grouping, struct slice a, struct slice b)
{
    struct ingredients x = *ingredients_of(grouping, a);
    const struct ingredients *y = ingredients_of(grouping, b);

    return x.count > 0 && x.count == y->count
           && memcmp(x.items, y->items, x.count * sizeof(x.items[0])) == 0;
}

static bool is_of_course(struct grouping *grouping, const struct fact *a, const struct fact *b)
{
    if (a->kind != b->kind || !slice_equal(a->noun, b->noun)
        || (fact_lasts(a) && a->is_active != b->is_active))
        return false;
    return slice_equal(a->label, b->label)
           || (a->kind == FACT_MEDICATION && is_same_drug(grouping, a->label, b->label));
}

/* The course that @fact belongs to; a new one holds only it so far. */
static uint32_t find_course(struct grouping *grouping, const struct record *record,
                            struct courses *courses, uint32_t *newest, uint32_t index)
{
    struct fact room, other;
    const struct fact *fact = record_fact(record, index, &room);
    size_t at = course_hash(grouping, fact) & (grouping->size - 1);

    for (; grouping->slots[at] != 0; at = (at + 1) & (grouping->size - 1))
        if (is_of_course(grouping, record_fact(record, newest[grouping->slots[at] - 1], &other),
                         fact))
            break;
    if (grouping->slots[at] == 0)
        grouping->slots[at] = (uint32_t)++courses->count;
    newest[grouping->slots[at] - 1] = index;
    return grouping->slots[at] - 1;
}

/* Things, each once. */
struct thing_list {
    uint16_t items[NAME_THINGS_MAX];
    uint16_t count;
};

struct naming {
    uint32_t words[NAME_WORDS_MAX];
    uint32_t count;
    struct thing_list things, reasons;
};

static void add_word(void *arg, uint32_t word)
{
    struct naming *naming = arg;

    for (uint32_t i = 0; i < naming->count; i++)
        if (naming->words[i] == word)
            return;
    if (naming->count < NAME_WORDS_MAX)
        naming->words[naming->count++] = word;
}

/* The things that a course of @kind can be: a potassium tablet is no potassium level, a screening
 * for cancer no cancer. */
static uint32_t thing_kinds_of(enum fact_kind kind)
{
    static const uint32_t kinds[FACT_KINDS] = {
        [FACT_CONDITION] = THING_BIT(THING_CONDITION) | THING_BIT(THING_ORGAN)
                           | THING_BIT(THING_PLACE) | THING_BIT(THING_PROCEDURE)
                           | THING_BIT(THING_SOCIAL) | THING_BIT(THING_DEVICE),
        [FACT_MEDICATION] = THING_ANY_DRUG | THING_BIT(THING_VACCINE),
        [FACT_ALLERGY] = THING_ANY_DRUG | THING_BIT(THING_ALLERGEN) | THING_BIT(THING_VACCINE),
        [FACT_OBSERVATION] = THING_BIT(THING_TEST) | THING_BIT(THING_IMAGING)
                             | THING_BIT(THING_SOCIAL) | THING_BIT(THING_CONDITION),
        [FACT_PROCEDURE] = THING_BIT(THING_PROCEDURE) | THING_BIT(THING_IMAGING)
                           | THING_BIT(THING_TEST) | THING_BIT(THING_VACCINE)
                           | THING_BIT(THING_DEVICE) | THING_BIT(THING_PLACE)
                           | THING_BIT(THING_ORGAN) | THING_BIT(THING_VISIT),
        [FACT_IMMUNIZATION] = THING_BIT(THING_VACCINE),
        [FACT_ENCOUNTER] = THING_BIT(THING_VISIT) | THING_BIT(THING_SOCIAL),
        [FACT_REPORT] = THING_BIT(THING_TEST) | THING_BIT(THING_IMAGING),
        [FACT_CARE_PLAN] = THING_BIT(THING_PROCEDURE) | THING_BIT(THING_SOCIAL),
        [FACT_DEVICE] = THING_BIT(THING_DEVICE),
        [FACT_IMAGING] = THING_BIT(THING_IMAGING) | THING_BIT(THING_PLACE) | THING_BIT(THING_ORGAN),
        [FACT_OTHER] = THING_ANY & ~THING_BIT(THING_ALLERGEN),
    };

    return kinds[kind];
}

static void add_thing(struct thing_list *list, uint16_t thing)
{
    for (uint16_t i = 0; i < list->count; i++)
        if (list->items[i] == thing)
            return;
    if (list->count < NAME_THINGS_MAX)
        list->items[list->count++] = thing;
}

/* What @text names, and what that is; @means (may be NULL) gets what the names of drugs mean, since
 * a brand says nothing by itself. */
static void find_things(struct slice text, uint32_t kinds, struct thing_list *list,
                        struct concepts *means)
{
    struct thing_found found[NAME_THINGS_MAX];
    uint32_t count = things_find(text, kinds, found, NAME_THINGS_MAX);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t is_count;
        const uint16_t *is = thing_is(found[i].thing, &is_count);

        for (uint32_t j = 0; j < is_count; j++) {
            add_thing(list, is[j]);
            if (means != NULL && thing_kind_of(is[j]) == THING_DRUG)
                concepts_find(slice_from(thing_name(is[j])), means);
        }
    }
}

/* Names of the codes, where we know them: "i:E11.9 s:44054006". */
static void find_in_codes(struct slice codes, uint32_t kinds, struct concepts *set,
                          struct naming *naming)
{
    while (codes.size > 2) {
        size_t end = slice_find_byte(codes, ' ');
        struct slice code = slice_cut(codes, 0, end);
        struct slice name;

        if (code.size > 1) {
            name = code_name((enum code_system)(code.data[0] - 'a'), slice_cut(code, 1, code.size));
            concepts_find(name, set);
            words_each(name, add_word, naming);
            find_things(name, kinds, &naming->things, NULL);
        }
        codes = slice_cut(codes, end + 1, codes.size);
    }
}

/* Other names that a drug has had in this record, newest first. */
static void read_other_names(struct course *course, const struct record *record, uint32_t kinds,
                             struct naming *naming)
{
    struct slice seen[DRUG_NAMES_MAX];
    uint32_t count = 1;
    struct fact room;

    seen[0] = record_fact(record, course->facts[course->count - 1], &room)->label;
    for (uint32_t i = course->count - 1; i-- > 0 && count < DRUG_NAMES_MAX;) {
        const struct fact *fact = record_fact(record, course->facts[i], &room);
        bool is_seen = false;

        for (uint32_t j = 0; j < count && !is_seen; j++)
            is_seen = slice_equal(seen[j], fact->label);
        if (is_seen)
            continue;
        seen[count++] = fact->label;
        find_things(fact->label, kinds, &naming->things, &course->names);
        concepts_find(fact->label, &course->names);
        words_each(fact->label, add_word, naming);
        find_in_codes(fact->codes, kinds, &course->names, naming);
    }
    course->has_names = count > 1;
}

static void read_meaning(struct course *course, const struct record *record, struct naming *naming)
{
    struct fact room;
    const struct fact *fact = record_fact(record, course->facts[course->count - 1], &room);
    uint32_t kinds = thing_kinds_of(fact->kind);

    naming->count = 0;
    naming->things.count = naming->reasons.count = 0;
    find_things(fact->label, kinds, &naming->things, &course->names);
    if (fact->kind == FACT_MEDICATION)
        find_things(fact->detail, THING_BIT(THING_CONDITION), &naming->reasons, NULL);
    if (slice_is(fact->noun, "family history"))
        find_things(fact->detail, THING_BIT(THING_CONDITION), &naming->things, NULL);
    concepts_find(fact->label, &course->names);
    words_each(fact->label, add_word, naming);
    words_each(fact->noun, add_word, naming);
    find_in_codes(fact->codes, kinds, &course->names, naming);
    if (fact->kind == FACT_MEDICATION)
        read_other_names(course, record, kinds, naming);
    course->means = course->names;
    if (fact->kind == FACT_ENCOUNTER || fact->kind == FACT_IMAGING)
        concepts_find(fact->value, &course->means);
    if (fact->kind != FACT_CONDITION)
        concepts_find(fact->detail, &course->means);
    if (fact->kind == FACT_ALLERGY)
        concepts_add(&course->means, concept_named("allergy"));
    if (fact->kind == FACT_IMMUNIZATION)
        concepts_add(&course->means, concept_named("vaccine"));
}

static bool is_words(struct slice label)
{
    size_t letters = 0;

    for (size_t i = 0; i < label.size; i++)
        letters += ((unsigned char)label.data[i] | 32) >= 'a'
                   && ((unsigned char)label.data[i] | 32) <= 'z';
    return letters > 2;
}

static const uint16_t *keep_things(const struct thing_list *list, struct arena *arena)
{
    uint16_t *items = arena_alloc(arena, (list->count + 1u) * sizeof(*items));

    if (items != NULL)
        memcpy(items, list->items, list->count * sizeof(*items));
    return items;
}

/* Under several names a drug goes by its ingredients: "acetaminophen + codeine". */
static bool name_drug(struct course *course, struct arena *arena)
{
    struct ingredients ingredients;
    struct buffer buffer;

    find_ingredients(course->label, &ingredients);
    buffer_init(&buffer, arena);
    for (uint16_t i = 0; i < ingredients.count; i++) {
        buffer_put_string(&buffer, i > 0 ? " + " : "");
        buffer_put_string(&buffer, thing_name(ingredients.items[i]));
    }
    if (buffer.size > 0)
        course->label = buffer_slice(&buffer);
    return !buffer.is_full;
}

static bool finish_course(struct course *course, const struct record *record, struct arena *arena)
{
    struct fact room;
    const struct fact *last = record_fact(record, course->facts[course->count - 1], &room);
    struct naming naming;
    uint32_t *words;

    course->kind = last->kind;
    course->noun = last->noun;
    course->label = last->label;
    course->is_active = last->is_active;
    course->newest = INT64_MIN;
    for (uint32_t i = course->count; i-- > 0 && course->newest == INT64_MIN;) {
        struct fhir_date date = record_date(record, course->facts[i]);

        if (date.precision != FHIR_PRECISION_NONE)
            course->newest = date.seconds;
    }
    read_meaning(course, record, &naming);
    course->is_named = is_words(last->label) && !last->is_code;
    if (course->has_names && !name_drug(course, arena))
        return false;
    words = arena_alloc(arena, naming.count * sizeof(*words));
    if (words == NULL)
        return false;
    memcpy(words, naming.words, naming.count * sizeof(*words));
    course->words = words;
    course->words_count = naming.count;
    course->things = keep_things(&naming.things, arena);
    course->reasons = keep_things(&naming.reasons, arena);
    course->things_count = naming.things.count;
    course->reasons_count = naming.reasons.count;
    return course->things != NULL && course->reasons != NULL;
}

/* Half of what a search engine would say of rarity: a concept that many courses name tells them
 * apart less. */
static bool weigh_concepts(struct courses *courses, struct arena *arena)
{
    uint32_t *counts = ARENA_ARRAY(arena, uint32_t, CONCEPTS_MAX);
    float *weights = ARENA_ARRAY(arena, float, CONCEPTS_MAX);

    courses->concept_weights = weights;
    if (counts == NULL || weights == NULL)
        return false;
    for (size_t i = 0; i < courses->count; i++)
        for (uint32_t c = 0; c < concept_rows_count; c++)
            counts[c] += concepts_has(&courses->items[i].means, c);
    for (uint32_t c = 0; c < concept_rows_count; c++)
        if (counts[c] > 0)
            weights[c] = 0.5f
                         + 0.5f * logf((float)courses->count / (float)counts[c] + 1.0f)
                               / logf((float)courses->count + 1.0f);
    return true;
}

static bool fill(const struct record *record, const struct grouping *grouping,
                 struct courses *courses, struct arena *arena)
{
    uint32_t *facts = arena_alloc(arena, (record->live + 1) * sizeof(*facts));
    uint32_t at = 0;

    courses->items = ARENA_ARRAY(arena, struct course, courses->count);
    if (facts == NULL || courses->items == NULL)
        return false;
    for (size_t i = 0; i < record->count; i++)
        if (!record_is_void(record, (uint32_t)i))
            courses->items[grouping->of[i]].count++;
    for (size_t c = 0; c < courses->count; c++) {
        courses->items[c].facts = facts + at;
        at += courses->items[c].count;
        courses->items[c].count = 0;
    }
    for (size_t i = 0; i < record->count; i++) {
        struct course *course;

        if (record_is_void(record, (uint32_t)i))
            continue;
        course = &courses->items[grouping->of[i]];
        ((uint32_t *)course->facts)[course->count++] = (uint32_t)i;
    }
    for (size_t c = 0; c < courses->count; c++)
        if (!finish_course(&courses->items[c], record, arena))
            return false;
    return weigh_concepts(courses, arena);
}

static bool group(const struct record *record, struct grouping *grouping, struct courses *courses,
                  struct arena *arena)
{
    uint32_t *newest = arena_alloc(arena, (record->count + 1) * sizeof(*newest));

    for (grouping->size = 64; grouping->size < 2 * record->count;)
        grouping->size *= 2;
    grouping->slots = ARENA_ARRAY(arena, uint32_t, grouping->size);
    grouping->of = arena_alloc(arena, (record->count + 1) * sizeof(*grouping->of));
    grouping->kept = arena_alloc_zero(arena, NAMES_KEPT, sizeof(*grouping->kept));
    if (newest == NULL || grouping->slots == NULL || grouping->of == NULL || grouping->kept == NULL)
        return false;
    courses->end = INT64_MIN;
    for (size_t i = 0; i < record->count; i++) {
        struct fhir_date date;

        if (record_is_void(record, (uint32_t)i))
            continue;
        grouping->of[i] = find_course(grouping, record, courses, newest, (uint32_t)i);
        date = record_date(record, (uint32_t)i);
        if (date.precision != FHIR_PRECISION_NONE && date.seconds > courses->end)
            courses->end = date.seconds;
    }
    return true;
}

enum status courses_make(const struct record *record, struct arena *arena, struct courses *courses,
                         struct error *err)
{
    struct grouping grouping = { 0 };

    *courses = (struct courses){ 0 };
    if (!group(record, &grouping, courses, arena) || !fill(record, &grouping, courses, arena))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the courses of %zu facts",
                         record->count);
    return STATUS_OK;
}

static bool is_within(const struct fact *fact, int64_t from, int64_t to)
{
    if (fact->date.precision == FHIR_PRECISION_NONE || fact->date.seconds >= to)
        return false;
    if (fact->date.seconds >= from)
        return true;
    if (fact->end.precision != FHIR_PRECISION_NONE)
        return fact->end.seconds >= from;
    return fact_lasts(fact) && fact->is_active;
}

/* Those within stand side by side unless something that lasts began long before: then from the
 * first to the last of them. */
struct course course_narrow(const struct record *record, const struct course *course, int64_t from,
                            int64_t to)
{
    struct course narrow = *course;
    uint32_t first = course->count, end = 0;

    for (uint32_t i = 0; i < course->count; i++) {
        struct fact room;

        if (is_within(record_fact(record, course->facts[i], &room), from, to)) {
            first = i < first ? i : first;
            end = i + 1;
        }
    }
    narrow.facts = course->facts + (end == 0 ? 0 : first);
    narrow.count = end == 0 ? 0 : end - first;
    return narrow;
}
