/* The index of a record: facts in order, and the words of its notes. */
#include "context_record.h"

#include <stdlib.h>

#include "context_words.h"

/* ---- order ---- */

/* Facts are large: what they are sorted by is put in a row of its own. */
struct place {
    int64_t seconds;
    uint32_t precision;
    uint32_t fact;
};

static int compare_places(const void *a, const void *b, void *arg)
{
    const struct place *x = a, *y = b;
    const struct fact *facts = arg;

    if (x->precision != 0 && y->precision != 0 && x->seconds != y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return fact_compare(&facts[x->fact], &facts[y->fact]);
}

/* @record's facts in order: where they are, or in @arena. */
static bool sort_facts(struct record *record, struct arena *arena, struct arena *work)
{
    struct fact *facts = record->facts, *sorted;
    size_t count = record->count;
    struct place *places = arena_alloc(work, (count + 1) * sizeof(*places));
    bool is_sorted = true;

    if (places == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        places[i] =
            (struct place){ facts[i].date.seconds, (uint32_t)facts[i].date.precision, (uint32_t)i };
        is_sorted &= i == 0 || compare_places(&places[i - 1], &places[i], facts) <= 0;
    }
    if (is_sorted)
        return true;
    sorted = arena_alloc(arena, count * sizeof(*sorted));
    if (sorted == NULL)
        return false;
    qsort_r(places, count, sizeof(*places), compare_places, facts);
    for (size_t i = 0; i < count; i++)
        sorted[i] = facts[places[i].fact];
    record->facts = sorted;
    return true;
}

/* ---- words of notes ---- */

struct indexing {
    struct arena *arena; /* for what is gone when the index is made */
    struct posting *postings;
    size_t count, room;
    uint32_t fact; /* whose words are added */
    bool is_full;
};

static void add_posting(void *arg, uint32_t word)
{
    struct indexing *indexing = arg;

    if (indexing->count == indexing->room) {
        size_t room = indexing->room == 0 ? 4096 : 2 * indexing->room;
        struct posting *postings = arena_alloc(indexing->arena, room * sizeof(*postings));

        if (postings == NULL) {
            indexing->is_full = true;
            return;
        }
        if (indexing->count > 0)
            memcpy(postings, indexing->postings, indexing->count * sizeof(*postings));
        indexing->postings = postings;
        indexing->room = room;
    }
    indexing->postings[indexing->count++] = (struct posting){ word, indexing->fact };
}

static int compare_postings(const void *a, const void *b)
{
    const struct posting *x = a, *y = b;

    if (x->word != y->word)
        return x->word < y->word ? -1 : 1;
    return (x->fact > y->fact) - (x->fact < y->fact);
}

static size_t without_repeats(struct posting *postings, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_postings(&postings[kept - 1], &postings[i]) != 0)
            postings[kept++] = postings[i];
    return kept;
}

/* A note has a word many times: once is enough, and makes the sorting of all of them cheap. */
static void add_words(struct indexing *indexing, const struct record *record, size_t fact)
{
    size_t start = indexing->count;

    indexing->fact = (uint32_t)fact;
    words_each(record->facts[fact].text, add_posting, indexing);
    if (indexing->is_full || indexing->count == start)
        return;
    qsort(indexing->postings + start, indexing->count - start, sizeof(struct posting),
          compare_postings);
    indexing->count = start + without_repeats(indexing->postings + start, indexing->count - start);
}

static bool make_postings(struct indexing *indexing, struct record *record, struct arena *arena)
{
    struct posting *postings;

    for (size_t i = 0; i < record->count && !indexing->is_full; i++)
        if (!record->facts[i].is_void && record->facts[i].text.size > 0) {
            record->notes++;
            add_words(indexing, record, i);
        }
    if (indexing->is_full)
        return false;
    if (indexing->count > 0)
        qsort(indexing->postings, indexing->count, sizeof(struct posting), compare_postings);
    record->postings_count = indexing->count;
    record->postings = postings = arena_alloc(arena, (indexing->count + 1) * sizeof(*postings));
    if (postings == NULL)
        return false;
    if (indexing->count > 0)
        memcpy(postings, indexing->postings, indexing->count * sizeof(*postings));
    return true;
}

const struct posting *record_find_word(const struct record *record, uint32_t word, size_t *count)
{
    size_t low = 0, high = record->postings_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (record->postings[middle].word < word)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < record->postings_count && record->postings[low + *count].word == word)
        ++*count;
    return record->postings + low;
}

static bool make_index(struct record *record, struct arena *arena, struct arena *work)
{
    struct indexing indexing = { .arena = work };

    if (!sort_facts(record, arena, work))
        return false;
    for (size_t i = 0; i < record->count; i++)
        record->live += !record->facts[i].is_void;
    return make_postings(&indexing, record, arena);
}

enum status record_index(struct fact *facts, size_t count, struct arena *arena,
                         struct record *record, struct error *err)
{
    struct arena work;
    bool is_made;

    *record = (struct record){ .facts = facts, .count = count };
    if (count > RECORD_FACTS_MAX)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "a record of %zu facts is over the limit of %d", count, RECORD_FACTS_MAX);
    arena_init(&work, arena->limit_bytes);
    is_made = make_index(record, arena, &work);
    arena_close(&work);
    return is_made ? STATUS_OK
                   : error_set(err, STATUS_RESOURCE_EXHAUSTED,
                               "no room to index %zu facts (limit %zu bytes)", count,
                               arena->limit_bytes);
}
