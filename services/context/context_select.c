/* A fact's score is the sum of what the question's words that it has are worth (a word in every
 * fact is worth little), plus what its kind, its year and its age are worth where the question asks
 * for them. Of many facts with one label the newest counts fully and the older ones less and less,
 * so that a value of each kind is seen before a second of one.
 *
 * Standing facts (who, active problems, medications, allergies) always come, with a small score of
 * their own. */
#include "context_select.h"

#include <math.h>
#include <stdlib.h>

#include "context_words.h"

/* Worth of things, relative to a rare word of the question (about 1 to 2). */
#define SCORE_STANDING 0.30f
#define SCORE_ALLERGY 0.35f
#define SCORE_KIND 1.2f
#define SCORE_KIND_ACTIVE 0.5f
#define SCORE_YEAR 0.8f
#define SCORE_RECENT 0.3f
#define SCORE_NEWEST_OF_KIND 0.10f
#define WEIGHT_RELATED 0.6f
#define REPEAT_DECAY 0.75f
#define REPEAT_DECAY_TREND 0.97f
/* Long texts have every word: a hit in one says less. */
#define NOTE_SHARE 0.35f
/* Facts without any hit that fill up where the question hits nothing at all. */
#define FILL_MAX 12
/* What scores under this share of the best hit is not what was asked for. */
#define HIT_SHARE 0.25f

static int compare_words(const void *a, const void *b)
{
    const struct query_word *x = a, *y = b;

    if (x->word != y->word)
        return x->word < y->word ? -1 : 1;
    return (x->weight < y->weight) - (x->weight > y->weight);
}

/* How many facts have @word: those of each text that has it, each once. */
static size_t count_facts(const struct record *record, uint32_t word, uint32_t *seen, uint32_t mark)
{
    size_t count, facts = 0;
    const struct posting *at = record_find_word(record, word, &count);

    for (size_t i = 0; i < count; i++)
        for (uint32_t j = record->text_starts[at[i].text]; j < record->text_starts[at[i].text + 1];
             j++) {
            facts += seen[record->text_facts[j]] != mark;
            seen[record->text_facts[j]] = mark;
        }
    return facts;
}

struct query_reading {
    struct query *query;
    const struct record *record;
    float share;
    uint32_t *seen; /* of each fact: the word that it was counted for last */
    uint32_t words;
};

static void add_query_word(void *arg, uint32_t word)
{
    struct query_reading *reading = arg;
    const struct record *record = reading->record;
    size_t found = count_facts(record, word, reading->seen, ++reading->words);
    float rarity = found == 0 ? 0
                              : logf(1.0f + (float)record->live / (float)found)
                                    / logf(2.0f + (float)record->live);

    if (found > 0 && reading->query->count < QUERY_WORDS_MAX)
        reading->query->words[reading->query->count++] =
            (struct query_word){ word, (0.2f + 2.0f * rarity) * reading->share };
}

static void add_related(void *arg, struct slice phrase)
{
    words_each(phrase, add_query_word, arg);
}

/* Of a word that came twice the greater weight stays. */
static void drop_repeats(struct query *query)
{
    size_t kept = 0;

    qsort(query->words, query->count, sizeof(query->words[0]), compare_words);
    for (size_t i = 0; i < query->count; i++)
        if (kept == 0 || query->words[kept - 1].word != query->words[i].word)
            query->words[kept++] = query->words[i];
    query->count = kept;
}

bool query_read(struct query *query, const struct record *record, struct slice question,
                struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    struct query_reading reading = { query, record, 1,
                                     ARENA_ARRAY(arena, uint32_t, record->count + 1), 0 };

    if (reading.seen == NULL)
        return false;
    query->count = 0;
    query->kinds = words_kinds(question);
    query->times = words_times(question, &query->year);
    words_each(question, add_query_word, &reading);
    reading.share = WEIGHT_RELATED;
    words_related(question, add_related, &reading);
    drop_repeats(query);
    arena_rewind(arena, mark);
    return true;
}

float query_weigh(const void *arg, uint32_t word)
{
    const struct query *query = arg;
    size_t low = 0, high = query->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (query->words[middle].word < word)
            low = middle + 1;
        else
            high = middle;
    }
    return low < query->count && query->words[low].word == word ? query->words[low].weight : 0;
}

static void score_text(const struct record *record, uint32_t text, float weight, uint32_t *seen,
                       uint32_t mark, float *scores)
{
    for (uint32_t i = record->text_starts[text]; i < record->text_starts[text + 1]; i++) {
        uint32_t fact = record->text_facts[i];

        if (seen[fact] == mark)
            continue;
        seen[fact] = mark;
        scores[fact] += weight * (record->facts[fact].text.size > 0 ? NOTE_SHARE : 1);
    }
}

static void score_words(const struct record *record, const struct query *query, uint32_t *seen,
                        float *scores)
{
    for (size_t i = 0; i < query->count; i++) {
        size_t count;
        const struct posting *at = record_find_word(record, query->words[i].word, &count);

        for (size_t j = 0; j < count; j++)
            score_text(record, at[j].text, query->words[i].weight, seen, (uint32_t)i + 1, scores);
    }
}

static float score_kind(const struct fact *fact, const struct query *query)
{
    if ((query->kinds >> fact->kind & 1) == 0)
        return 0;
    return SCORE_KIND + (fact->is_active ? SCORE_KIND_ACTIVE : 0);
}

/* 0 for the oldest fact of the record to 1 for the newest. */
static float recency(const struct record *record, size_t index)
{
    return record->count < 2 ? 1 : (float)index / (float)(record->count - 1);
}

static float score_time(const struct record *record, const struct query *query, size_t index)
{
    const struct fact *fact = &record->facts[index];
    float score = 0;

    if (query->year != 0 && fact->date.precision != FHIR_PRECISION_NONE
        && fact->date.year == query->year)
        score += SCORE_YEAR;
    if (query->times & WORDS_TIME_LATEST)
        score += 2 * SCORE_RECENT * recency(record, index);
    else if (query->times & WORDS_TIME_EARLIEST)
        score += 2 * SCORE_RECENT * (1 - recency(record, index));
    else
        score += SCORE_RECENT * recency(record, index);
    return score;
}

/* How much of its score a fact keeps that newer ones repeat. Who asks for the first, or for a year,
 * asks past the newer ones. */
static float repeat_share(const struct record *record, const struct query *query, size_t index)
{
    const struct fact *fact = &record->facts[index];
    bool is_wanted_year = query->year != 0 && fact->date.year == query->year;

    if (fact_lasts(fact) || is_wanted_year || (query->times & WORDS_TIME_EARLIEST))
        return 1;
    return powf(query->times & WORDS_TIME_TREND ? REPEAT_DECAY_TREND : REPEAT_DECAY,
                (float)record->same_label[index]);
}

static float standing_score(const struct fact *fact)
{
    if (!fact_is_standing(fact))
        return 0;
    return fact->kind == FACT_ALLERGY || fact->kind == FACT_DEMOGRAPHICS ? SCORE_ALLERGY
                                                                         : SCORE_STANDING;
}

/* Hits first; what only time or recency speaks for is no candidate. */
static float score_fact(const struct record *record, const struct query *query, size_t index,
                        float words)
{
    const struct fact *fact = &record->facts[index];
    float hit = words + score_kind(fact, query);

    if (query->year != 0 && fact->date.precision != FHIR_PRECISION_NONE
        && fact->date.year == query->year && query->count == 0)
        hit += SCORE_YEAR;
    if (hit > 0)
        hit = (hit + score_time(record, query, index)) * repeat_share(record, query, index);
    return hit + standing_score(fact);
}

/* Where nothing hits: the newest value of each observation, so that there is something to judge by.
 */
static size_t fill_up(const struct record *record, struct chosen *chosen, size_t count)
{
    size_t filled = 0;

    for (size_t i = record->count; i-- > 0 && filled < FILL_MAX;)
        if (record->facts[i].kind == FACT_OBSERVATION && record->same_label[i] == 0
            && !record->facts[i].is_void) {
            chosen[count++] =
                (struct chosen){ (uint32_t)i, SCORE_NEWEST_OF_KIND * recency(record, i) };
            filled++;
        }
    return count;
}

static int compare_chosen(const void *a, const void *b)
{
    const struct chosen *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->fact > y->fact ? -1 : x->fact < y->fact; /* the newer first */
}

/* Facts that only share a common word with the question give way to those that answer it; standing
 * facts stay. */
static size_t without_weak_hits(const struct record *record, struct chosen *chosen, size_t count)
{
    float best = 0;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        best = chosen[i].score > best ? chosen[i].score : best;
    for (size_t i = 0; i < count; i++)
        if (chosen[i].score >= best * HIT_SHARE || fact_is_standing(&record->facts[chosen[i].fact]))
            chosen[kept++] = chosen[i];
    return kept;
}

struct chosen *context_select(const struct record *record, const struct query *query,
                              struct arena *arena, size_t *count)
{
    float *scores = ARENA_ARRAY(arena, float, record->count);
    uint32_t *seen = ARENA_ARRAY(arena, uint32_t, record->count);
    struct chosen *chosen = ARENA_ARRAY(arena, struct chosen, record->count + FILL_MAX);
    bool has_hit = false;

    *count = 0;
    if (scores == NULL || seen == NULL || chosen == NULL)
        return NULL;
    score_words(record, query, seen, scores);
    for (size_t i = 0; i < record->count; i++) {
        const struct fact *fact = &record->facts[i];
        float score = fact->is_void ? 0 : score_fact(record, query, i, scores[i]);

        if (score <= 0)
            continue;
        has_hit |= score > standing_score(fact);
        chosen[(*count)++] = (struct chosen){ (uint32_t)i, score };
    }
    *count = without_weak_hits(record, chosen, *count);
    if (!has_hit)
        *count = fill_up(record, chosen, *count);
    qsort(chosen, *count, sizeof(*chosen), compare_chosen);
    return chosen;
}
