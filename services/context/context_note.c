#include "context_note.h"

#include <math.h>
#include <stdlib.h>

#include "context_words.h"

/* Of the name of what is asked about, beside the question's own words: a note may use either. */
#define SHARE_NAMED 0.6f

struct reading {
    struct note_words *words;
    const struct record *record;
    float share;
};

static void add_word(void *arg, uint32_t word)
{
    struct reading *reading = arg;
    struct note_words *words = reading->words;
    size_t found;

    record_find_word(reading->record, word, &found);
    if (found == 0 || words->count == NOTE_WORDS_MAX)
        return;
    words->words[words->count++] =
        (struct note_word){ word, reading->share
                                      * logf(1.0f + (float)reading->record->notes / (float)found)
                                      / logf(2.0f + (float)reading->record->notes) };
}

static int compare_words(const void *a, const void *b)
{
    const struct note_word *x = a, *y = b;

    if (x->word != y->word)
        return x->word < y->word ? -1 : 1;
    return (x->weight < y->weight) - (x->weight > y->weight);
}

/* Of a word that came twice the greater weight stays. */
static void drop_repeats(struct note_words *words)
{
    uint32_t kept = 0;

    qsort(words->words, words->count, sizeof(words->words[0]), compare_words);
    for (uint32_t i = 0; i < words->count; i++)
        if (kept == 0 || words->words[kept - 1].word != words->words[i].word)
            words->words[kept++] = words->words[i];
    words->count = kept;
}

void note_words_read(const struct ask_question *question, const struct record *record,
                     struct note_words *words)
{
    struct reading reading = { words, record, 1 };

    words->count = 0;
    words->best = 0;
    if (record->postings_count == 0)
        return;
    words_each(question->text, add_word, &reading);
    reading.share = SHARE_NAMED;
    for (uint32_t i = 0; i < THING_WORDS; i++)
        for (uint64_t left = question->things.bits[i]; left != 0; left &= left - 1)
            words_each(slice_from(thing_name(i * 64 + (uint32_t)__builtin_ctzll(left))), add_word,
                       &reading);
    drop_repeats(words);
}

float *note_scores(struct note_words *words, const struct record *record, struct arena *arena)
{
    float *scores;

    if (words->count == 0 || (scores = ARENA_ARRAY(arena, float, record->count)) == NULL)
        return NULL;
    for (uint32_t i = 0; i < words->count; i++) {
        size_t count;
        const struct posting *at = record_find_word(record, words->words[i].word, &count);

        for (size_t j = 0; j < count; j++) {
            float *score = &scores[at[j].fact];

            *score += words->words[i].weight;
            words->best = *score > words->best ? *score : words->best;
        }
    }
    return scores;
}

float note_weigh(const void *arg, uint32_t word)
{
    const struct note_words *words = arg;
    size_t low = 0, high = words->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (words->words[middle].word < word)
            low = middle + 1;
        else
            high = middle;
    }
    return low < words->count && words->words[low].word == word ? words->words[low].weight : 0;
}
