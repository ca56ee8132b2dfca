/* A question names concepts; each has its needs. A course's score is the sum of its signals: the
 * best of the question's concepts that it is, the best need that it meets, the words that it
 * shares. A sum over all of them would favour long names. */
#include "context_rank.h"

#include <math.h>
#include <stdlib.h>

#include "context_safety.h"
#include "context_spell.h"
#include "context_words.h"

/* What each signal is worth at most. */
#define WORTH_THING 3.0f
#define WORTH_WORDS 2.0f
#define WORTH_CONCEPT 3.0f
#define WORTH_CONCEPT_MORE 0.8f /* for each further concept of the question */
#define WORTH_NEED 1.8f
#define WORTH_NEED_MORE 0.3f
#define WORTH_KIND 0.4f
#define WORTH_STANDING 0.5f
#define WORTH_ALLERGY 0.2f
#define WORTH_LIMITS 1.2f
#define WORTH_VISIT 0.9f
#define WORTH_UNNAMED 1.2f
#define WORTH_RECENT 0.9f
#define WORTH_TIME 0.8f
#define WORTH_NOTE 1.5f
#define WORTH_NEAR 1.5f

#define YEAR_SECONDS (365.25 * 86400.0)
#define WORDS_ASKED_MAX 256

const char *const rank_signal_names[RANK_SIGNALS] = {
    "things", "words",   "concepts", "needs", "kind",  "standing", "limits",
    "visits", "unnamed", "recency",  "time",  "notes", "near",     "spelling",
};

struct asking {
    const struct record *record;
    const struct courses *courses;
    const struct period *period;
    const struct ranking *ranking;
    const struct rank_nearness *near;
    uint32_t without;
    struct ask_question question;
    struct safety_question safety;
    struct concepts asked, needed, limits;
    uint32_t kinds;
    uint32_t words[WORDS_ASKED_MAX];
    float weights[WORDS_ASKED_MAX];
    uint32_t words_count;
};

static bool is_on(const struct asking *asking, enum rank_signal signal)
{
    return (asking->without >> signal & 1) == 0;
}

static bool has_word(const struct course *course, uint32_t word)
{
    for (uint32_t i = 0; i < course->words_count; i++)
        if (course->words[i] == word)
            return true;
    return false;
}

static void add_word(void *arg, uint32_t word)
{
    struct asking *asking = arg;
    uint32_t found = 0;

    for (uint32_t i = 0; i < asking->words_count; i++)
        if (asking->words[i] == word)
            return;
    if (asking->words_count == WORDS_ASKED_MAX)
        return;
    for (size_t i = 0; i < asking->courses->count; i++)
        found += has_word(&asking->courses->items[i], word);
    if (found == 0)
        return;
    asking->words[asking->words_count] = word;
    asking->weights[asking->words_count++] =
        logf(1.0f + (float)asking->courses->count / (float)found)
        / logf(2.0f + (float)asking->courses->count);
}

static void read_limits(struct asking *asking)
{
    static const char *const names[] = { "end-of-life", "pregnancy",  "kidney-failure",
                                         "frailty",     "dementia",   "heart-transplant",
                                         "not-done",    "home-visit", "immunosuppressed" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        concepts_add(&asking->limits, concept_named(names[i]));
}

static void read_question(struct asking *asking, struct slice question)
{
    ask_read(question, &asking->question);
    safety_read(question, &asking->safety);
    concepts_find(question, &asking->asked);
    if (is_on(asking, RANK_THINGS))
        ask_concepts(&asking->question, &asking->asked);
    for (uint32_t c = 0; c < concept_rows_count; c++)
        if (concepts_has(&asking->asked, c))
            concepts_join(&asking->needed, concept_needs(c));
    for (int i = 0; i < CONCEPT_WORDS; i++)
        asking->needed.bits[i] &= ~asking->asked.bits[i];
    asking->kinds = words_kinds(question);
    words_each(question, add_word, asking);
    read_limits(asking);
}

/* The heaviest of the concepts in both sets, and how many there are. */
static float best_shared(const struct asking *asking, const struct concepts *a,
                         const struct concepts *b, unsigned *count)
{
    float best = 0;

    *count = 0;
    for (uint32_t i = 0; i < CONCEPT_WORDS; i++)
        for (uint64_t left = a->bits[i] & b->bits[i]; left != 0; left &= left - 1) {
            float weight =
                asking->courses->concept_weights[i * 64 + (uint32_t)__builtin_ctzll(left)];

            best = weight > best ? weight : best;
            ++*count;
        }
    return best;
}

static float score_concepts(const struct asking *asking, const struct course *course)
{
    unsigned count;
    float score = 0, best;

    if (is_on(asking, RANK_CONCEPTS)) {
        best = best_shared(asking, &course->means, &asking->asked, &count);
        if (count > 0)
            score += WORTH_CONCEPT * best + WORTH_CONCEPT_MORE * (float)(count > 3 ? 2 : count - 1);
    }
    if (is_on(asking, RANK_NEEDS)) {
        best = best_shared(asking, &course->means, &asking->needed, &count);
        if (count > 0)
            score += WORTH_NEED * best + WORTH_NEED_MORE * (float)(count > 3 ? 2 : count - 1);
    }
    return score;
}

static float score_words(const struct asking *asking, const struct course *course)
{
    float score = 0;

    for (uint32_t i = 0; i < asking->words_count; i++)
        if (has_word(course, asking->words[i]))
            score += asking->weights[i];
    return WORTH_WORDS * score;
}

static float score_standing(const struct course *course)
{
    switch (course->kind) {
    case FACT_DEMOGRAPHICS:
        return 100; /* always first */
    case FACT_ALLERGY:
        return WORTH_ALLERGY + (course->is_active ? WORTH_STANDING : 0);
    case FACT_CONDITION:
    case FACT_MEDICATION:
        return course->is_active ? WORTH_STANDING : 0;
    default:
        return 0;
    }
}

/* 1 for what the record ends with, half of it two years before. Without a date: in between. */
static float recency(const struct asking *asking, const struct course *course)
{
    double years;

    if (course->newest == INT64_MIN || asking->courses->end == INT64_MIN)
        return 0.3f;
    years = (double)(asking->courses->end - course->newest) / YEAR_SECONDS;
    return (float)exp2(-years / 2.0);
}

/* What the best of its notes is worth beside the best of all. One common word is little, however
 * good the others are. */
static float score_notes(const struct asking *asking, const struct course *course)
{
    const float *scores = asking->ranking->note_scores;
    float best = asking->ranking->note_words.best, own = 0;

    if (scores == NULL || best <= 0)
        return 0;
    for (uint32_t i = 0; i < course->count; i++)
        own = scores[course->facts[i]] > own ? scores[course->facts[i]] : own;
    return WORTH_NOTE * own / best * (best < 1 ? best : 1);
}

static float score_near(const struct asking *asking, const struct course *course)
{
    float best = 0;

    for (size_t i = 0; asking->near != NULL && i < asking->near->count; i++)
        if (asking->near->items[i].near > best
            && slice_equal(asking->near->items[i].name, course->label))
            best = asking->near->items[i].near;
    return WORTH_NEAR * (best < 1 ? best : 1);
}

/* What the question itself says for the course. */
static float score_asked(const struct asking *asking, const struct course *course, bool bears)
{
    float score = score_concepts(asking, course) + score_notes(asking, course);

    if (is_on(asking, RANK_NEAR))
        score += score_near(asking, course);
    if (is_on(asking, RANK_WORDS))
        score += score_words(asking, course);
    if (is_on(asking, RANK_KIND) && (asking->kinds >> course->kind & 1))
        score += WORTH_KIND;
    if (is_on(asking, RANK_TIME) && asking->period->is_asked
        && course_narrow(asking->record, course, asking->period->from, asking->period->to).count
               > 0)
        score += WORTH_TIME;
    if (bears && is_on(asking, RANK_THINGS))
        score += WORTH_THING;
    return score;
}

/* What speaks for the course whatever is asked. */
static float score_course(const struct asking *asking, const struct course *course)
{
    unsigned count;
    float score = 0;

    if (is_on(asking, RANK_LIMITS)
        && best_shared(asking, &course->means, &asking->limits, &count) > 0)
        score += WORTH_LIMITS;
    if (is_on(asking, RANK_STANDING))
        score += score_standing(course);
    if (is_on(asking, RANK_VISITS) && course->kind == FACT_ENCOUNTER)
        score += WORTH_VISIT;
    if (is_on(asking, RANK_UNNAMED) && !course->is_named)
        score += WORTH_UNNAMED;
    if (is_on(asking, RANK_RECENCY))
        score += WORTH_RECENT * recency(asking, course);
    return score;
}

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->course > y->course) - (x->course < y->course);
}

static void rank_courses(const struct asking *asking, struct ranked *items)
{
    const struct courses *courses = asking->courses;

    for (size_t i = 0; i < courses->count; i++) {
        const struct course *course = &courses->items[i];
        bool bears = ask_bears(&asking->question, asking->record, course, asking->period)
                     || safety_bears(&asking->safety, course);
        float asked = score_asked(asking, course, bears);

        items[i] =
            (struct ranked){ (uint32_t)i, asked + score_course(asking, course), asked, bears };
    }
    qsort(items, courses->count, sizeof(*items), compare_ranked);
}

struct ranking *context_rank(const struct record *record, const struct courses *courses,
                             struct slice question, const struct rank_nearness *near,
                             const struct period *period, uint32_t without, struct arena *arena)
{
    struct asking *asking = ARENA_NEW(arena, struct asking);
    struct ranking *ranking = ARENA_NEW(arena, struct ranking);

    if (asking == NULL || ranking == NULL)
        return NULL;
    ranking->items = arena_alloc(arena, (courses->count + 1) * sizeof(*ranking->items));
    if (ranking->items == NULL)
        return NULL;
    asking->record = record;
    asking->courses = courses;
    asking->period = period;
    asking->ranking = ranking;
    asking->near = near;
    asking->without = without;
    if (is_on(asking, RANK_SPELLING))
        question = context_spell(question, courses, arena);
    read_question(asking, question);
    if (is_on(asking, RANK_NOTES)) {
        note_words_read(&asking->question, record, &ranking->note_words);
        ranking->note_scores = note_scores(&ranking->note_words, record, arena);
    }
    rank_courses(asking, ranking->items);
    return ranking;
}
