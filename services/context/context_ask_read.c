/* words → things and kinds → which clauses ask → what is asked, where, and what words are left. */
#include "context_ask.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "context_ask_table.h"
#include "context_clause.h"
#include "context_phrase.h"
#include "context_words.h"

#define COMMON_SLOTS 8192
#define ROW_FAMILY FACT_KINDS /* no kind of fact: the family is asked about */

/* Words between an organ and what it is said of: "cancer of the lung". */
#define ORGAN_GAP_MAX 2

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
                ROW_FAMILY);
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

bool ask_is_common(uint32_t word)
{
    pthread_once(&once, build);
    return *slot_of(word) != 0;
}

/* ---- words ---- */

struct asked_word {
    struct slice text;
    uint32_t hash;
    bool is_taken;   /* a thing is named by it */
    bool is_kind;    /* a kind of fact is named by it */
    bool is_content; /* it says more than that something is asked, and nothing knows it */
};

struct reading_question {
    struct ask_question *question;
    struct clauses clauses;
    bool is_beside[CLAUSES_MAX]; /* of each clause: nothing of it is asked */
    struct thing_found found[THINGS_FOUND_MAX];
    uint32_t count;
    struct asked_word words[PHRASE_WINDOW_WORDS];
    uint32_t words_count;
};

static void split_words(struct reading_question *reading)
{
    struct slice text = reading->question->text, word;

    while (reading->words_count < PHRASE_WINDOW_WORDS && words_next(&text, &word))
        reading->words[reading->words_count++] =
            (struct asked_word){ .text = word, .hash = word_hash(word) };
}

static bool is_word_of(const struct reading_question *reading, uint32_t at,
                       const char *const *words)
{
    for (; at < reading->words_count && *words != NULL; words++)
        if (slice_equal_fold(reading->words[at].text, slice_from(*words)))
            return true;
    return false;
}

/* "Ms Smith" has not been said to have multiple sclerosis. */
static bool is_title(struct slice word)
{
    return slice_is(word, "Ms") || slice_is(word, "Mr") || slice_is(word, "Dr");
}

/* "His mother asks", "the family says": who speaks is not who is asked about. */
static bool is_speaker(const struct reading_question *reading, uint32_t last)
{
    static const char *const verbs[] = { "say",     "says",     "said",      "ask",       "asks",
                                         "asked",   "mention",  "mentions",  "mentioned", "report",
                                         "reports", "reported", "think",     "thinks",    "thought",
                                         "wonder",  "wonders",  "wondered",  "tell",      "tells",
                                         "told",    "want",     "wants",     "wanted",    "claims",
                                         "worry",   "worries",  "worried",   "insists",   "called",
                                         "calls",   "brought",  "remembers", "believes",  NULL };

    return is_word_of(reading, last + 1, verbs);
}

/* What was found by the words of a title, or by who speaks, is nothing. */
static void take_things(struct reading_question *reading)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < reading->count; i++) {
        const struct thing_found *found = &reading->found[i];

        if (found->first >= reading->words_count
            || (found->count == 1 && is_title(reading->words[found->first].text))
            || (thing_kind_of(found->thing) == THING_SOCIAL
                && is_speaker(reading, found->first + found->count - 1)))
            continue;
        for (uint32_t w = found->first; w < found->first + found->count; w++)
            if (w < reading->words_count)
                reading->words[w].is_taken = true;
        reading->found[kept++] = *found;
    }
    reading->count = kept;
}

/* A kind's words count where no thing is named by them: an allergy test is no allergy. */
static bool is_free(const struct reading_question *reading, const struct phrase_match *match)
{
    for (uint32_t i = match->first; i < match->first + match->count; i++)
        if (i >= reading->words_count || reading->words[i].is_taken)
            return false;
    return true;
}

/* "Rash from" says more than the rash in it: things by fewer words give way. */
static void drop_shorter(struct reading_question *reading, const struct phrase_match *match)
{
    uint32_t kept = 0, end = match->first + match->count;

    for (uint32_t i = 0; i < reading->count; i++) {
        const struct thing_found *found = &reading->found[i];

        if (found->count < match->count && found->first >= match->first
            && found->first + found->count <= end)
            for (uint32_t w = found->first; w < found->first + found->count; w++)
                reading->words[w].is_taken = false;
        else
            reading->found[kept++] = *found;
    }
    reading->count = kept;
}

static void take_kind(void *arg, const struct phrase_match *match)
{
    struct reading_question *reading = arg;

    if (match->count > 1 && match->row == FACT_ALLERGY)
        drop_shorter(reading, match);
    if (!is_free(reading, match))
        return;
    for (uint32_t i = match->first; i < match->first + match->count; i++)
        reading->words[i].is_kind = true;
}

static void find_content(struct reading_question *reading)
{
    for (uint32_t i = 0; i < reading->words_count; i++) {
        struct asked_word *word = &reading->words[i];

        word->is_content = !word->is_taken && !word->is_kind && word->hash != 0
                           && !isdigit((unsigned char)word->text.data[0])
                           && *slot_of(word->hash) != word->hash;
    }
}

/* ---- clauses ---- */

static bool is_beside(const struct reading_question *reading, uint32_t word)
{
    return reading->is_beside[clause_of(&reading->clauses, word)];
}

static bool has_content(const struct reading_question *reading, const struct clause *clause)
{
    for (uint32_t i = clause->first; i < clause->end && i < reading->words_count; i++)
        if (reading->words[i].is_content)
            return true;
    return false;
}

/* "Does this affect her?" asks about what was said before. */
static bool refers_back(const struct reading_question *reading, const struct clause *clause)
{
    static const char *const words[] = { "it", "this", "that", "these", "those", "them", NULL };

    for (uint32_t i = clause->first; i < clause->end; i++)
        if (is_word_of(reading, i, words))
            return true;
    return false;
}

/* Whether a clause that tells something stands before @index. */
static bool is_after_told(const struct clauses *clauses, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (clauses->items[i].is_told && !clauses->items[i].is_question)
            return true;
    return false;
}

/* Of a text that asks here and tells there only the first is asked: where clauses that ask name
 * something, be it in words that nothing knows, they alone; else all that are not mere
 * circumstances, if they name something. */
static void choose_clauses(struct reading_question *reading)
{
    const struct clauses *clauses = &reading->clauses;
    bool names[CLAUSES_MAX] = { false }, has_core = false, has_question = false;

    for (uint32_t i = 0; i < reading->count; i++)
        if (thing_kind_of(reading->found[i].thing) != THING_PLACE)
            names[clause_of(clauses, reading->found[i].first)] = true;
    for (uint32_t i = 0; i < clauses->count; i++) {
        const struct clause *clause = &clauses->items[i];
        bool asks = clause->is_question && !clause->is_beside
                    && (names[i]
                        || (is_after_told(clauses, i) && has_content(reading, clause)
                            && !refers_back(reading, clause)));

        has_core |= asks || (names[i] && !clause->is_beside);
        has_question |= asks;
    }
    for (uint32_t i = 0; i < clauses->count && has_core; i++) {
        const struct clause *clause = &clauses->items[i];

        reading->is_beside[i] = (clause->is_beside || (has_question && !clause->is_question))
                                && (names[i] || !clause->is_attached);
    }
}

/* What stands beside the question is kept apart. */
static void drop_beside(struct reading_question *reading)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < reading->count; i++)
        if (is_beside(reading, reading->found[i].first))
            things_add(&reading->question->beside, reading->found[i].thing);
        else
            reading->found[kept++] = reading->found[i];
    reading->count = kept;
}

/* ---- kinds ---- */

static void add_kind(void *arg, const struct phrase_match *match)
{
    struct reading_question *reading = arg;

    if (!is_free(reading, match) || is_beside(reading, match->first))
        return;
    if (match->row != ROW_FAMILY)
        reading->question->kinds |= 1u << match->row;
    else if (!is_speaker(reading, match->first + match->count - 1))
        reading->question->is_family = true;
}

/* ---- things ---- */

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

/* A visit that only says when or where: "from the last hospital stay". */
static bool is_occasion(const struct reading_question *reading, const struct thing_found *found)
{
    static const char *const before[] = { "from", "during", "at", "in", "on", "since", NULL };
    uint32_t from = found->first > 3 ? found->first - 3 : 0;
    bool has_other = false;

    if (thing_kind_of(found->thing) != THING_VISIT)
        return false;
    for (uint32_t i = 0; i < reading->count; i++)
        has_other |= thing_kind_of(reading->found[i].thing) != THING_VISIT;
    for (uint32_t i = from; i < found->first && has_other; i++)
        if (is_word_of(reading, i, before))
            return true;
    return false;
}

/* An organ that says where something else is: "cancer of the lung", "lung CA". */
static bool is_where(const struct reading_question *reading, const struct thing_found *organ)
{
    static const char *const joints[] = { "and", "or", "plus", "vs", NULL };

    if (thing_kind_of(organ->thing) != THING_ORGAN)
        return false;
    for (uint32_t i = 0; i < reading->count; i++) {
        const struct thing_found *other = &reading->found[i];
        const struct thing_found *left = other->first < organ->first ? other : organ;
        uint32_t end = left->first + left->count;
        uint32_t right = other->first < organ->first ? organ->first : other->first;
        bool is_joined = false;

        if (thing_kind_of(other->thing) == THING_ORGAN || right < end
            || right - end > ORGAN_GAP_MAX)
            continue;
        for (uint32_t w = end; w < right; w++)
            is_joined |= is_word_of(reading, w, joints);
        if (!is_joined)
            return true;
    }
    return false;
}

static bool is_in_capitals(struct slice word)
{
    for (size_t i = 0; i < word.size; i++)
        if (!isupper((unsigned char)word.data[i]) && !isdigit((unsigned char)word.data[i]))
            return false;
    return word.size > 1;
}

/* "HBV vaccine" is one vaccine, though nothing knows which: not all of them. */
static bool is_qualified(const struct reading_question *reading, const struct thing_found *found)
{
    const struct asked_word *before = &reading->words[found->first - (found->first > 0)];

    if (found->first == 0 || !before->is_content || !thing_has_members(found->thing)
        || clause_of(&reading->clauses, found->first - 1)
               != clause_of(&reading->clauses, found->first))
        return false;
    return thing_kind_of(found->thing) == THING_VACCINE || is_in_capitals(before->text);
}

/* Keep those that are meant, and of them those that say what. */
static void sort_things(struct reading_question *reading)
{
    struct ask_question *question = reading->question;
    bool is_other[THINGS_FOUND_MAX] = { false };
    uint32_t kept = 0;

    for (uint32_t i = 0; i < reading->count; i++)
        if (is_meant(reading, &reading->found[i]))
            reading->found[kept++] = reading->found[i];
    reading->count = kept;
    for (uint32_t i = 0; i < reading->count; i++) {
        const struct thing_found *found = &reading->found[i];

        if (thing_kind_of(found->thing) == THING_PLACE || is_where(reading, found)) {
            things_add(&question->places, found->thing);
            question->has_places = is_other[i] = true;
        } else if (is_occasion(reading, found)) {
            things_add(&question->beside, found->thing);
            is_other[i] = true;
        } else if (is_qualified(reading, found)) {
            question->needs_words = true;
        }
    }
    kept = 0;
    for (uint32_t i = 0; i < reading->count; i++)
        if (!is_other[i])
            reading->found[kept++] = reading->found[i];
    reading->count = kept;
}

/* "Is the liver enlarged?" asks for what is enlarged, not for all that has to do with the liver. */
static bool are_organs(const struct reading_question *reading)
{
    for (uint32_t i = 0; i < reading->count; i++)
        if (thing_kind_of(reading->found[i].thing) != THING_ORGAN)
            return false;
    return true;
}

static void add_things(struct reading_question *reading)
{
    struct ask_question *question = reading->question;

    sort_things(reading);
    for (uint32_t i = 0; i < reading->count; i++)
        if (!is_said_closer(reading, reading->found[i].thing))
            add_thing(question, reading->found[i].thing);
    question->needs_words = reading->count > 0 && (question->needs_words || are_organs(reading));
    if (question->has_places && !question->has_things) {
        question->things = question->places;
        question->has_things = true;
        question->has_places = false;
    }
}

/* Medications for what is named, where no medication is: "pills for her blood pressure". */
static void read_treated(struct reading_question *reading)
{
    const uint32_t untreated = THING_BIT(THING_PLACE) | THING_BIT(THING_VACCINE)
                               | THING_BIT(THING_ALLERGEN) | THING_BIT(THING_VISIT);
    struct ask_question *question = reading->question;

    if ((question->kinds >> FACT_MEDICATION & 1) == 0 || question->has_treated)
        return;
    for (uint32_t i = 0; i < reading->count; i++)
        if (THING_ANY_DRUG >> thing_kind_of(reading->found[i].thing) & 1)
            return;
    for (uint32_t i = 0; i < reading->count; i++)
        if ((untreated >> thing_kind_of(reading->found[i].thing) & 1) == 0) {
            things_add(&question->treated, reading->found[i].thing);
            question->has_treated = true;
        }
}

/* Those that are left. */
static void add_words(struct reading_question *reading)
{
    struct ask_question *question = reading->question;

    for (uint32_t i = 0; i < reading->words_count && question->words_count < ASK_WORDS_MAX; i++)
        if (reading->words[i].is_content && !is_beside(reading, i))
            question->words[question->words_count++] = reading->words[i].hash;
    question->needs_words &= question->words_count > 0;
}

void ask_read(struct slice text, struct ask_question *question)
{
    struct reading_question reading = { .question = question };

    pthread_once(&once, build);
    *question = (struct ask_question){ .text = text };
    split_words(&reading);
    reading.count = things_find(text, THING_ANY, reading.found, THINGS_FOUND_MAX);
    take_things(&reading);
    phrases_find(kind_phrases, text, take_kind, &reading);
    find_content(&reading);
    clauses_read(text, &reading.clauses);
    choose_clauses(&reading);
    phrases_find(kind_phrases, text, add_kind, &reading);
    drop_beside(&reading);
    add_things(&reading);
    read_treated(&reading);
    add_words(&reading);
}
