/* The table's phrases become an automaton of one step: each phrase is filed under its first word
 * (as it is, by how it begins, or by how it ends), and checked from there. */
#include "context_concept.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "context_words.h"

#define PHRASE_WORDS_MAX 6
#define PHRASES_MAX 4096
#define SLOTS 8192
#define BEGIN_BYTES 3 /* under which words with a * at the end are filed */
#define END_BYTES 4   /* and those with one at the front */

#define STEM_BEFORE_MIN 2

/* Words of a text that are looked at together; phrases do not cross its end. */
#define WINDOW_WORDS 256

enum match { MATCH_WORD, MATCH_BEGIN, MATCH_END };

struct phrase_word {
    char text[WORD_BYTES_MAX];
    uint8_t size;
    uint8_t match;
};

struct phrase {
    struct phrase_word words[PHRASE_WORDS_MAX];
    uint16_t count;
    uint16_t concept;
    uint32_t next; /* phrase + 1 that is filed under the same */
};

static struct phrase *phrases;
static uint32_t phrases_count;
static uint32_t slots[SLOTS];
static struct concepts needs[CONCEPTS_MAX];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint32_t slot_of(enum match match, struct slice text)
{
    return (uint32_t)hash_bytes(text, (uint64_t)match) & (SLOTS - 1);
}

static uint32_t slot_of_word(const struct phrase_word *word)
{
    struct slice text = slice_of(word->text, word->size);

    if (word->match == MATCH_BEGIN)
        text = slice_cut(text, 0, BEGIN_BYTES);
    else if (word->match == MATCH_END)
        text = slice_cut(text, text.size - END_BYTES, text.size);
    return slot_of((enum match)word->match, text);
}

/* A word of the table. Those with a * are kept as written. */
static void read_word(struct slice text, struct phrase_word *word)
{
    *word = (struct phrase_word){ .match = MATCH_WORD };
    if (text.data[0] == '*') {
        word->match = MATCH_END;
        text = slice_cut(text, 1, text.size);
        CHECK(text.size >= END_BYTES);
    } else if (text.data[text.size - 1] == '*') {
        word->match = MATCH_BEGIN;
        text = slice_cut(text, 0, text.size - 1);
        CHECK(text.size >= BEGIN_BYTES);
    }
    CHECK(text.size < WORD_BYTES_MAX);
    if (word->match == MATCH_WORD) {
        word->size = (uint8_t)word_fold(text, word->text);
        return;
    }
    memcpy(word->text, text.data, text.size);
    word->size = (uint8_t)text.size;
}

static void read_phrase(struct slice text, uint32_t concept)
{
    struct phrase *phrase = &phrases[phrases_count];
    uint32_t *slot;

    CHECK(phrases_count < PHRASES_MAX);
    *phrase = (struct phrase){ .concept = (uint16_t) concept };
    while (text.size > 0) {
        size_t end = slice_find_byte(text, ' ');

        CHECK(end > 0 && phrase->count < PHRASE_WORDS_MAX);
        read_word(slice_cut(text, 0, end), &phrase->words[phrase->count++]);
        text = slice_cut(text, end + 1, text.size);
    }
    slot = &slots[slot_of_word(&phrase->words[0])];
    phrase->next = *slot;
    *slot = ++phrases_count;
}

uint32_t concept_named(const char *name)
{
    uint32_t i = 0;

    while (i < concept_rows_count && strcmp(concept_rows[i].name, name) != 0)
        i++;
    return i < concept_rows_count ? i : CONCEPTS_MAX;
}

static void read_needs(uint32_t concept)
{
    struct slice left = slice_from(concept_rows[concept].needs);

    while (left.size > 0) {
        size_t end = slice_find_byte(left, ' ');
        char name[WORD_BYTES_MAX];
        uint32_t needed;

        CHECK(end > 0 && end < sizeof(name));
        memcpy(name, left.data, end);
        name[end] = '\0';
        needed = concept_named(name);
        if (needed < CONCEPTS_MAX)
            concepts_add(&needs[concept], needed);
        left = slice_cut(left, end + 1, left.size);
    }
}

static void build(void)
{
    CHECK(concept_rows_count <= CONCEPTS_MAX);
    phrases = calloc(PHRASES_MAX, sizeof(*phrases));
    CHECK(phrases != NULL);
    for (uint32_t i = 0; i < concept_rows_count; i++) {
        struct slice left = slice_from(concept_rows[i].phrases);

        while (left.size > 0) {
            size_t bar = slice_find_byte(left, '|');

            read_phrase(slice_cut(left, 0, bar), i);
            left = slice_cut(left, bar + 1, left.size);
        }
        read_needs(i);
    }
}

const struct concepts *concept_needs(uint32_t concept)
{
    pthread_once(&once, build);
    return &needs[concept];
}

/* A word of a text: in lower case, and with its plural's end cut off. */
struct seen {
    struct slice folded, raw;
    char text[WORD_BYTES_MAX], lower[WORD_BYTES_MAX];
};

static bool is_match(const struct phrase_word *word, const struct seen *seen)
{
    struct slice text = slice_of(word->text, word->size);

    if (word->match == MATCH_WORD)
        return slice_equal(seen->folded, text);
    if (word->match == MATCH_BEGIN)
        return slice_starts_with(seen->raw, text);
    /* Something stands before a stem: "April" is no ACE inhibitor. */
    return seen->raw.size >= text.size + STEM_BEFORE_MIN
           && (slice_ends_with(seen->folded, text) || slice_ends_with(seen->raw, text));
}

static bool is_phrase_at(const struct phrase *phrase, const struct seen *seen, size_t left)
{
    if (phrase->count > left)
        return false;
    for (size_t i = 0; i < phrase->count; i++)
        if (!is_match(&phrase->words[i], &seen[i]))
            return false;
    return true;
}

static void follow(uint32_t slot, const struct seen *seen, size_t left, struct concepts *set)
{
    for (uint32_t at = slots[slot]; at != 0; at = phrases[at - 1].next) {
        const struct phrase *phrase = &phrases[at - 1];

        if (!concepts_has(set, phrase->concept) && is_phrase_at(phrase, seen, left))
            concepts_add(set, phrase->concept);
    }
}

static void find_in_window(const struct seen *seen, size_t count, struct concepts *set)
{
    for (size_t i = 0; i < count; i++) {
        struct slice raw = seen[i].raw, folded = seen[i].folded;

        follow(slot_of(MATCH_WORD, folded), seen + i, count - i, set);
        if (raw.size >= BEGIN_BYTES)
            follow(slot_of(MATCH_BEGIN, slice_cut(raw, 0, BEGIN_BYTES)), seen + i, count - i, set);
        if (raw.size >= END_BYTES)
            follow(slot_of(MATCH_END, slice_cut(raw, raw.size - END_BYTES, raw.size)), seen + i,
                   count - i, set);
        if (folded.size >= END_BYTES && folded.size < raw.size)
            follow(slot_of(MATCH_END, slice_cut(folded, folded.size - END_BYTES, folded.size)),
                   seen + i, count - i, set);
    }
}

static void see(struct slice word, struct seen *seen)
{
    size_t size = word_fold(word, seen->text);

    seen->folded = slice_of(seen->text, size);
    word_lower(word, seen->lower);
    seen->raw = slice_of(seen->lower, word.size);
}

void concepts_find(struct slice text, struct concepts *set)
{
    struct seen seen[WINDOW_WORDS];
    size_t count = 0;
    struct slice word;

    pthread_once(&once, build);
    while (words_next(&text, &word)) {
        if (word.size >= WORD_BYTES_MAX)
            continue;
        if (count == WINDOW_WORDS) {
            find_in_window(seen, count, set);
            count = 0;
        }
        see(word, &seen[count++]);
    }
    find_in_window(seen, count, set);
}
