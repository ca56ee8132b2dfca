/* Each phrase is filed under its first word (as it is, by how it begins, or by how it ends), and
 * checked from there. */
#include "context_phrase.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "context_words.h"

#define PHRASE_WORDS_MAX 8
#define SLOTS 16384
#define BEGIN_BYTES 3 /* under which words with a * at the end are filed */
#define END_BYTES 4   /* and those with one at the front */

#define STEM_BEFORE_MIN 2

enum match { MATCH_WORD, MATCH_BEGIN, MATCH_END };

struct phrase_word {
    char text[WORD_BYTES_MAX];
    uint8_t size;
    uint8_t match;
    bool is_capital; /* "US" is an ultrasound, "us" is not */
};

struct phrase {
    uint32_t words; /* where its words begin */
    uint32_t count;
    uint32_t row;
    uint32_t next; /* phrase + 1 that is filed under the same */
};

struct phrases {
    struct phrase *items;
    uint32_t count, room;
    struct phrase_word *words;
    uint32_t words_count, words_room;
    uint32_t slots[SLOTS]; /* phrase + 1 */
};

struct phrases *phrases_create(void)
{
    struct phrases *phrases = calloc(1, sizeof(*phrases));

    CHECK(phrases != NULL);
    return phrases;
}

static void *grown(void *items, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room == 0 ? 512 : 2 * *room;
    items = realloc(items, *room * size);
    CHECK(items != NULL);
    return items;
}

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

/* All letters are capital ones, but for a plural's end: "PCP", "SCDs". */
static bool is_in_capitals(struct slice text)
{
    size_t end = text.size - (text.size > 2 && text.data[text.size - 1] == 's');

    for (size_t i = 0; i < end; i++)
        if (islower((unsigned char)text.data[i]))
            return false;
    return true;
}

/* A word of the table. Those with a * are kept as written. */
static void read_word(struct slice text, struct phrase_word *word)
{
    *word = (struct phrase_word){ .match = MATCH_WORD,
                                  .is_capital = isupper((unsigned char)text.data[0])
                                                && is_in_capitals(text) };
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

static bool is_valid_word(struct slice word)
{
    bool is_end = word.size > 0 && word.data[0] == '*';
    bool is_begin = !is_end && word.size > 0 && word.data[word.size - 1] == '*';
    struct slice text = slice_cut(word, is_end, word.size - is_begin);

    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (!isalnum(c) && c < 0x80)
            return false;
        if (isupper(c) && (is_end || is_begin))
            return false;
    }
    return text.size < WORD_BYTES_MAX
           && text.size >= (is_end     ? END_BYTES
                            : is_begin ? BEGIN_BYTES
                                       : 1);
}

bool phrase_is_valid(struct slice text)
{
    uint32_t count = 0;

    while (text.size > 0) {
        size_t end = slice_find_byte(text, ' ');

        if (++count > PHRASE_WORDS_MAX || !is_valid_word(slice_cut(text, 0, end))
            || end + 1 == text.size)
            return false;
        text = slice_cut(text, end + 1, text.size);
    }
    return count > 0;
}

static void add_phrase(struct phrases *phrases, struct slice text, uint32_t row)
{
    struct phrase phrase = { .words = phrases->words_count, .row = row };
    uint32_t *slot;

    while (text.size > 0) {
        size_t end = slice_find_byte(text, ' ');

        CHECK(end > 0 && phrase.count < PHRASE_WORDS_MAX);
        phrases->words = grown(phrases->words, phrases->words_count, &phrases->words_room,
                               sizeof(*phrases->words));
        read_word(slice_cut(text, 0, end), &phrases->words[phrases->words_count++]);
        phrase.count++;
        text = slice_cut(text, end + 1, text.size);
    }
    phrases->items = grown(phrases->items, phrases->count, &phrases->room, sizeof(*phrases->items));
    slot = &phrases->slots[slot_of_word(&phrases->words[phrase.words])];
    phrase.next = *slot;
    phrases->items[phrases->count++] = phrase;
    *slot = phrases->count;
}

void phrases_add(struct phrases *phrases, const char *text, uint32_t row)
{
    struct slice left = slice_from(text);

    while (left.size > 0) {
        size_t bar = slice_find_byte(left, '|');

        add_phrase(phrases, slice_cut(left, 0, bar), row);
        left = slice_cut(left, bar + 1, left.size);
    }
}

/* A word of a text: in lower case, and with its plural's end cut off. */
struct seen {
    struct slice folded, raw;
    bool is_capital;
    char text[WORD_BYTES_MAX], lower[WORD_BYTES_MAX];
};

struct finding {
    const struct phrases *phrases;
    const struct seen *seen;
    uint32_t count;
    uint32_t before; /* words of the text before these */
    void (*on_match)(void *arg, const struct phrase_match *match);
    void *arg;
};

static bool is_match(const struct phrase_word *word, const struct seen *seen)
{
    struct slice text = slice_of(word->text, word->size);

    if (word->match == MATCH_WORD)
        return slice_equal(seen->folded, text) && (!word->is_capital || seen->is_capital);
    if (word->match == MATCH_BEGIN)
        return slice_starts_with(seen->raw, text);
    /* Something stands before a stem: "April" is no ACE inhibitor. */
    return seen->raw.size >= text.size + STEM_BEFORE_MIN
           && (slice_ends_with(seen->folded, text) || slice_ends_with(seen->raw, text));
}

static bool is_phrase_at(const struct finding *finding, const struct phrase *phrase, uint32_t at)
{
    const struct phrase_word *words = &finding->phrases->words[phrase->words];

    if (phrase->count > finding->count - at)
        return false;
    for (uint32_t i = 0; i < phrase->count; i++)
        if (!is_match(&words[i], &finding->seen[at + i]))
            return false;
    return true;
}

static void follow(const struct finding *finding, uint32_t slot, uint32_t at)
{
    for (uint32_t next = finding->phrases->slots[slot]; next != 0;
         next = finding->phrases->items[next - 1].next) {
        const struct phrase *phrase = &finding->phrases->items[next - 1];
        struct phrase_match match = { phrase->row, finding->before + at, phrase->count };

        if (is_phrase_at(finding, phrase, at))
            finding->on_match(finding->arg, &match);
    }
}

static void find_in_window(const struct finding *finding)
{
    for (uint32_t i = 0; i < finding->count; i++) {
        struct slice raw = finding->seen[i].raw, folded = finding->seen[i].folded;

        follow(finding, slot_of(MATCH_WORD, folded), i);
        if (raw.size >= BEGIN_BYTES)
            follow(finding, slot_of(MATCH_BEGIN, slice_cut(raw, 0, BEGIN_BYTES)), i);
        if (raw.size >= END_BYTES)
            follow(finding, slot_of(MATCH_END, slice_cut(raw, raw.size - END_BYTES, raw.size)), i);
        if (folded.size >= END_BYTES && folded.size < raw.size)
            follow(finding,
                   slot_of(MATCH_END, slice_cut(folded, folded.size - END_BYTES, folded.size)), i);
    }
}

static void see(struct slice word, struct seen *seen)
{
    size_t size = word_fold(word, seen->text);

    seen->folded = slice_of(seen->text, size);
    seen->is_capital = is_in_capitals(word);
    word_lower(word, seen->lower);
    seen->raw = slice_of(seen->lower, word.size);
}

/* A word that is none (too long) keeps its place, so that places are those of words_next. */
void phrases_find(const struct phrases *phrases, struct slice text,
                  void (*on_match)(void *arg, const struct phrase_match *match), void *arg)
{
    struct seen seen[PHRASE_WINDOW_WORDS];
    struct finding finding = { phrases, seen, 0, 0, on_match, arg };
    struct slice word;

    while (words_next(&text, &word)) {
        if (finding.count == PHRASE_WINDOW_WORDS) {
            find_in_window(&finding);
            finding.before += finding.count;
            finding.count = 0;
        }
        see(word.size < WORD_BYTES_MAX ? word : SLICE("-"), &seen[finding.count++]);
    }
    find_in_window(&finding);
}

/* ---- slips ---- */

#define SPELL_LETTERS_MIN 5

bool phrases_know(const struct phrases *phrases, struct slice word)
{
    struct seen seen;

    if (word.size >= WORD_BYTES_MAX)
        return false;
    see(word, &seen);
    for (uint32_t i = 0; i < phrases->words_count; i++)
        if (is_match(&phrases->words[i], &seen))
            return true;
    return false;
}

static size_t shared_front(struct slice a, struct slice b)
{
    size_t at = 0;

    while (at < a.size && at < b.size && a.data[at] == b.data[at])
        at++;
    return at;
}

/* Whether the rest of both is the same from there on. */
static bool same_from(struct slice a, size_t i, struct slice b, size_t j)
{
    return slice_equal(slice_cut(a, i, a.size), slice_cut(b, j, b.size));
}

static bool is_one_slip(struct slice a, struct slice b)
{
    size_t at = shared_front(a, b);

    if (at == 0 || a.size > b.size + 1 || b.size > a.size + 1)
        return false;
    if (a.size > b.size)
        return same_from(a, at + 1, b, at);
    if (a.size < b.size)
        return same_from(a, at, b, at + 1);
    return same_from(a, at + 1, b, at + 1)
           || (at + 1 < a.size && a.data[at] == b.data[at + 1] && a.data[at + 1] == b.data[at]
               && same_from(a, at + 2, b, at + 2));
}

size_t phrases_spell(const struct phrases *phrases, struct slice word, char meant[])
{
    char folded[WORD_BYTES_MAX];
    struct slice text = slice_of(folded, word_fold(word, folded)), found = { NULL, 0 };

    for (uint32_t i = 0; i < phrases->words_count; i++) {
        const struct phrase_word *known = &phrases->words[i];
        struct slice other = slice_of(known->text, known->size);

        if (known->match != MATCH_WORD || known->is_capital || known->size < SPELL_LETTERS_MIN
            || !is_one_slip(text, other) || slice_equal(other, found))
            continue;
        if (found.size > 0)
            return 0;
        found = other;
    }
    if (found.size > 0)
        memcpy(meant, found.data, found.size);
    return found.size;
}
