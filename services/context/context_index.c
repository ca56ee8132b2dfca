/* The index of a record: facts in order, each distinct text once, its words, and how often a thing
 * is said. */
#include "context_record.h"

#include <stdlib.h>

#include "base/hash.h"
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

/* ---- texts ---- */

#define FACT_TEXTS 6

struct indexing {
    struct arena *arena; /* for what is gone when the index is made */
    struct slice *texts;
    size_t count, room;
    uint32_t *slots; /* text + 1 */
    size_t size;
    uint32_t (*of)[FACT_TEXTS]; /* of each fact: text + 1, 0 for none */
    uint32_t *facts;            /* of each text: how many facts have it */
    struct posting *postings;
    size_t postings_count, postings_room;
    uint32_t text; /* whose words are added */
    bool is_full;
};

static bool grow_texts(struct indexing *indexing)
{
    size_t room = indexing->room == 0 ? 4096 : 2 * indexing->room;
    struct slice *texts = arena_alloc(indexing->arena, room * sizeof(*texts));
    uint32_t *slots = ARENA_ARRAY(indexing->arena, uint32_t, 2 * room);

    if (texts == NULL || slots == NULL)
        return false;
    if (indexing->count > 0)
        memcpy(texts, indexing->texts, indexing->count * sizeof(*texts));
    indexing->texts = texts;
    indexing->room = room;
    indexing->slots = slots;
    indexing->size = 2 * room;
    for (size_t i = 0; i < indexing->count; i++) {
        size_t at = hash_bytes(texts[i], 0x74657874) & (indexing->size - 1);

        while (slots[at] != 0)
            at = (at + 1) & (indexing->size - 1);
        slots[at] = (uint32_t)i + 1;
    }
    return true;
}

/* The number of @text + 1; 0 for an empty one, and where there is no room. */
static uint32_t find_text(struct indexing *indexing, struct slice text)
{
    size_t at;

    if (text.size == 0)
        return 0;
    if (indexing->count == indexing->room && !grow_texts(indexing)) {
        indexing->is_full = true;
        return 0;
    }
    at = hash_bytes(text, 0x74657874) & (indexing->size - 1);
    while (indexing->slots[at] != 0 && !slice_equal(indexing->texts[indexing->slots[at] - 1], text))
        at = (at + 1) & (indexing->size - 1);
    if (indexing->slots[at] == 0) {
        indexing->texts[indexing->count] = text;
        indexing->slots[at] = (uint32_t)++indexing->count;
    }
    return indexing->slots[at];
}

static bool find_texts(struct indexing *indexing, const struct record *record)
{
    indexing->of = arena_alloc_zero(indexing->arena, record->count + 1, sizeof(*indexing->of));
    if (indexing->of == NULL)
        return false;
    for (size_t i = 0; i < record->count && !indexing->is_full; i++) {
        const struct fact *fact = &record->facts[i];
        uint32_t *of = indexing->of[i];

        if (fact->is_void)
            continue;
        of[0] = find_text(indexing, fact->label);
        of[1] = find_text(indexing, fact->value);
        of[2] = find_text(indexing, fact->detail);
        of[3] = find_text(indexing, fact->noun);
        of[4] = find_text(indexing, fact->status);
        of[5] = find_text(indexing, fact->text);
    }
    return !indexing->is_full;
}

/* Facts by text: counted, then put side by side. */
static bool list_facts(const struct indexing *indexing, struct record *record, struct arena *arena)
{
    uint32_t *starts = ARENA_ARRAY(arena, uint32_t, indexing->count + 2);
    size_t total = 0;

    if (starts == NULL)
        return false;
    for (size_t i = 0; i < record->count; i++)
        for (int j = 0; j < FACT_TEXTS; j++)
            if (indexing->of[i][j] != 0) {
                starts[indexing->of[i][j] + 1]++;
                total++;
            }
    for (size_t t = 1; t < indexing->count + 2; t++)
        starts[t] += starts[t - 1];
    record->text_facts = arena_alloc(arena, (total + 1) * sizeof(uint32_t));
    if (record->text_facts == NULL)
        return false;
    for (size_t i = 0; i < record->count; i++)
        for (int j = 0; j < FACT_TEXTS; j++)
            if (indexing->of[i][j] != 0)
                record->text_facts[starts[indexing->of[i][j]]++] = (uint32_t)i;
    record->text_starts = starts;
    record->texts_count = indexing->count;
    return true;
}

/* ---- words ---- */

static void add_posting(void *arg, uint32_t word)
{
    struct indexing *indexing = arg;

    if (indexing->postings_count == indexing->postings_room) {
        size_t room = indexing->postings_room == 0 ? 16384 : 2 * indexing->postings_room;
        struct posting *postings = arena_alloc(indexing->arena, room * sizeof(*postings));

        if (postings == NULL) {
            indexing->is_full = true;
            return;
        }
        if (indexing->postings_count > 0)
            memcpy(postings, indexing->postings, indexing->postings_count * sizeof(*postings));
        indexing->postings = postings;
        indexing->postings_room = room;
    }
    indexing->postings[indexing->postings_count++] = (struct posting){ word, indexing->text };
}

static int compare_postings(const void *a, const void *b)
{
    const struct posting *x = a, *y = b;

    if (x->word != y->word)
        return x->word < y->word ? -1 : 1;
    return (x->text > y->text) - (x->text < y->text);
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
static void add_words(struct indexing *indexing, uint32_t text)
{
    size_t start = indexing->postings_count;

    indexing->text = text;
    words_each(indexing->texts[text], add_posting, indexing);
    if (indexing->is_full || indexing->postings_count - start < 64)
        return;
    qsort(indexing->postings + start, indexing->postings_count - start, sizeof(struct posting),
          compare_postings);
    indexing->postings_count =
        start + without_repeats(indexing->postings + start, indexing->postings_count - start);
}

static bool make_postings(struct indexing *indexing, struct record *record, struct arena *arena)
{
    for (size_t t = 0; t < indexing->count; t++)
        add_words(indexing, (uint32_t)t);
    if (indexing->is_full)
        return false;
    if (indexing->postings_count > 0)
        qsort(indexing->postings, indexing->postings_count, sizeof(struct posting),
              compare_postings);
    record->postings_count = without_repeats(indexing->postings, indexing->postings_count);
    record->postings = arena_alloc(arena, (record->postings_count + 1) * sizeof(*record->postings));
    if (record->postings == NULL)
        return false;
    if (record->postings_count > 0)
        memcpy(record->postings, indexing->postings,
               record->postings_count * sizeof(*record->postings));
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

/* From the newest back, so that each fact learns how many newer ones say the same kind of thing. */
static bool count_same_labels(const struct indexing *indexing, struct record *record,
                              struct arena *arena)
{
    uint32_t *counts =
        arena_alloc_zero(indexing->arena, indexing->count + 1, FACT_KINDS * sizeof(*counts));

    record->same_label = ARENA_ARRAY(arena, uint32_t, record->count);
    if (record->same_label == NULL || counts == NULL)
        return false;
    for (size_t i = record->count; i-- > 0;)
        if (!record->facts[i].is_void)
            record->same_label[i] =
                counts[indexing->of[i][0] * FACT_KINDS + (size_t)record->facts[i].kind]++;
    return true;
}

static bool make_index(struct record *record, struct arena *arena, struct arena *work)
{
    struct indexing indexing = { .arena = work };

    if (!sort_facts(record, arena, work))
        return false;
    for (size_t i = 0; i < record->count; i++)
        record->live += !record->facts[i].is_void;
    return grow_texts(&indexing) && find_texts(&indexing, record)
           && list_facts(&indexing, record, arena) && make_postings(&indexing, record, arena)
           && count_same_labels(&indexing, record, arena);
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
