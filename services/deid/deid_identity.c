/* A known name is taken apart into words, each with its nicknames; every word of a text is looked
 * up among them, by itself or as something near. What is known and no name goes to deid_value, and
 * so does a word that is longer than words are. */
#include "deid_identity.h"

#include <string.h>

#include "base/hash.h"
#include "deid_identity_slip.h"
#include "deid_like.h"
#include "deid_nickname.h"
#include "deid_plain.h"

#define WORD_BYTES_MAX DEID_KNOWN_WORD_BYTES_MAX
#define WORD_BYTES_MIN 2
#define COMMON_BYTES_MAX 3 /* so short a name is many other things in small letters */
#define NEAR_LOWER_BYTES_MIN 6
#define NEAR_COMMON_BYTES_MIN 6 /* of a word that is near to an ordinary one, with a capital */
#define WORDS_CAPACITY_FIRST 32

static uint32_t *slot_of(const struct deid_identity *identity, struct slice plain)
{
    uint32_t at = (uint32_t)hash_bytes(plain, 0) & (identity->slots_count - 1);

    while (identity->slots[at] != 0
           && !slice_equal(identity->words[identity->slots[at] - 1].word, plain))
        at = (at + 1) & (identity->slots_count - 1);
    return &identity->slots[at];
}

static bool words_grow(struct deid_identity *identity)
{
    uint32_t capacity =
        identity->words_capacity == 0 ? WORDS_CAPACITY_FIRST : identity->words_capacity * 2;
    struct deid_known_word *words = arena_alloc(identity->arena, capacity * sizeof(*words));
    uint32_t i;

    identity->slots_count = capacity * 2;
    identity->slots = ARENA_ARRAY(identity->arena, uint32_t, identity->slots_count);
    if (words == NULL || identity->slots == NULL)
        return false;
    if (identity->words_count > 0)
        memcpy(words, identity->words, identity->words_count * sizeof(*words));
    identity->words = words;
    identity->words_capacity = capacity;
    for (i = 0; i < identity->words_count; i++)
        *slot_of(identity, words[i].word) = i + 1;
    return true;
}

static bool word_add(struct deid_identity *identity, struct slice word)
{
    char plain[WORD_BYTES_MAX];
    uint32_t flags = deid_lexicon_find(identity->lexicon, word), *slot;
    struct slice copy;

    if (identity->words_count == identity->words_capacity && !words_grow(identity))
        return false;
    slot = slot_of(identity, deid_plain(word, plain));
    if (*slot != 0)
        return true;
    copy = arena_copy(identity->arena, deid_plain(word, plain));
    if (copy.data == NULL)
        return false;
    identity->words[identity->words_count] = (struct deid_known_word){
        copy,
        (flags & (DEID_WORD_STOP | DEID_WORD_AMBIGUOUS)) != 0 || word.size <= COMMON_BYTES_MAX,
    };
    *slot = ++identity->words_count;
    deid_near_add(identity->words[*slot - 1].is_common ? &identity->near_common : &identity->near,
                  copy);
    return !identity->near.is_full && !identity->near_common.is_full;
}

/* @word, what its bearer is called for short, and "O'Brien" as it is heard. */
static bool word_add_forms(struct deid_identity *identity, struct slice word)
{
    size_t apostrophe = slice_find_byte(word, '\'');
    struct slice nickname;
    unsigned at = 0;

    if (!word_add(identity, word))
        return false;
    while ((nickname = deid_nickname_next(word, &at)).size > 0)
        if (!word_add(identity, nickname))
            return false;
    if (apostrophe < word.size) {
        char joined[WORD_BYTES_MAX];

        memcpy(joined, word.data, apostrophe);
        memcpy(joined + apostrophe, word.data + apostrophe + 1, word.size - apostrophe - 1);
        return word_add(identity, slice_of(joined, word.size - 1));
    }
    return true;
}

static bool is_name_byte(char c)
{
    return deid_is_word(c) || c == '\'';
}

/* The next word of a written name; false at its end. */
static bool name_next(struct slice name, size_t *at, struct slice *word)
{
    size_t start;

    while (*at < name.size && !deid_is_word(name.data[*at]))
        ++*at;
    for (start = *at; *at < name.size && is_name_byte(name.data[*at]);)
        ++*at;
    *word = slice_cut(name, start, *at);
    while (word->size > 0 && word->data[word->size - 1] == '\'')
        word->size--;
    return word->size > 0;
}

/* 0 to 25, or 26 for what is no letter of the alphabet. */
static unsigned initial_of(struct slice word)
{
    unsigned letter = (unsigned)((word.data[0] | 32) - 'a');

    return letter < 26 ? letter : 26;
}

static bool name_add(struct deid_identity *identity, struct slice name)
{
    struct slice word, first = { NULL, 0 }, last = { NULL, 0 };
    size_t at = 0;

    while (name_next(name, &at, &word)) {
        if (deid_lexicon_find(identity->lexicon, word) & (DEID_WORD_TITLE | DEID_WORD_CREDENTIAL))
            continue;
        first = first.size == 0 ? word : first;
        last = word;
        if (word.size > WORD_BYTES_MAX)
            deid_values_add(&identity->values, word, DEID_CLASS_NAME);
        else if (word.size >= WORD_BYTES_MIN && !word_add_forms(identity, word))
            return false;
    }
    if (first.data != last.data && initial_of(first) < 26 && initial_of(last) < 26)
        identity->pairs[initial_of(first)] |= 1u << initial_of(last);
    return !identity->values.is_full;
}

/* A birth date in digits alone, year first, month first and day first: other forms are dates by
 * their shape. */
static void birth_date_add(struct deid_values *values, struct slice date)
{
    static const uint8_t orders[][8] = { { 0, 1, 2, 3, 5, 6, 8, 9 },
                                         { 5, 6, 8, 9, 0, 1, 2, 3 },
                                         { 8, 9, 5, 6, 0, 1, 2, 3 } };
    char digits[8];
    size_t i, j;

    if (date.size != 10)
        return;
    for (i = 0; i < 3; i++) {
        for (j = 0; j < 8; j++)
            digits[j] = date.data[orders[i][j]];
        deid_values_add(values, slice_of(digits, 8), DEID_CLASS_DATE);
    }
}

static bool entry_add(struct deid_identity *identity, const struct deid_entry *entry)
{
    enum deid_class class = entry->class < DEID_CLASS_COUNT ? entry->class : DEID_CLASS_OTHER;

    if (class == DEID_CLASS_NAME)
        return name_add(identity, entry->original);
    if (class == DEID_CLASS_DATE)
        birth_date_add(&identity->values, entry->original);
    else
        deid_values_add(&identity->values, entry->original, class);
    return !identity->values.is_full;
}

enum status deid_identity_learn(struct deid_identity *identity, struct error *err)
{
    const struct deid_map *map = identity->map;
    bool is_whole = true;

    while (identity->learnt < map->known_count && is_whole)
        is_whole = entry_add(identity, &map->entries[map->known[identity->learnt++]]);
    return is_whole ? STATUS_OK
                    : error_set(err, STATUS_RESOURCE_EXHAUSTED,
                                "no room for the known identifiers among %u entries",
                                map->entries_count);
}

enum status deid_identity_init(struct deid_identity *identity, const struct deid_map *map,
                               const struct deid_lexicon *lexicon, struct arena *arena,
                               struct error *err)
{
    *identity = (struct deid_identity){ .map = map, .lexicon = lexicon, .arena = arena };
    deid_values_init(&identity->values, arena);
    if (!deid_near_init(&identity->near, WORDS_CAPACITY_FIRST, arena)
        || !deid_near_init(&identity->near_common, WORDS_CAPACITY_FIRST, arena))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for known identifiers");
    return deid_identity_learn(identity, err);
}

static void known_add(struct deid_spans *spans, uint32_t start, uint32_t end)
{
    deid_spans_add(spans, (struct deid_span){ start, end, DEID_CLASS_NAME, DEID_FORM_PERSON,
                                              DEID_SCORE_KNOWN });
}

const struct deid_known_word *deid_identity_word(const struct deid_identity *identity,
                                                 struct slice plain)
{
    uint32_t slot = *slot_of(identity, plain);

    return slot == 0 ? NULL : &identity->words[slot - 1];
}

/* A word that a name may be too, where it is the word: "Will continue", "White Blood Cells". */
static bool is_plain_use(const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *next;
    struct slice gap;

    if (index + 1 >= tokens->count || !slice_is(deid_tokens_gap(tokens, index), " "))
        return false;
    next = &tokens->items[index + 1];
    if (index > 0 && tokens->items[index - 1].flags & (DEID_WORD_TITLE | DEID_WORD_NAME)
        && deid_tokens_gap(tokens, index - 1).size <= 2)
        return false;
    if (next->shape == DEID_SHAPE_CAPITAL)
        return (next->flags & DEID_WORD_STOP) && !(next->flags & DEID_WORD_NAME);
    gap = index > 0 ? deid_tokens_gap(tokens, index - 1) : SLICE("\n");
    return next->shape == DEID_SHAPE_LOWER && tokens->items[index].flags & DEID_WORD_STOP
           && (slice_find_byte(gap, '.') < gap.size || slice_find_byte(gap, '\n') < gap.size)
           && !(deid_hint_at(tokens, index + 1) & DEID_HINT_DEED);
}

static bool is_known(const struct deid_identity *identity, const struct deid_tokens *tokens,
                     unsigned index, struct slice plain)
{
    const struct deid_token *token = &tokens->items[index];
    const struct deid_known_word *known = deid_identity_word(identity, plain);
    bool is_capital = token->shape != DEID_SHAPE_LOWER;

    if (known != NULL && token->shape == DEID_SHAPE_UPPER && known->word.size <= COMMON_BYTES_MAX
        && token->flags & (DEID_WORD_MEDICAL | DEID_WORD_STOP))
        return false; /* "PIP joint" */
    if (known != NULL)
        return !known->is_common || (is_capital && !is_plain_use(tokens, index));
    if (token->flags & ~(uint32_t)DEID_WORD_NAME)
        return false;
    return (plain.size >= (is_capital ? DEID_NEAR_BYTES_MIN : NEAR_LOWER_BYTES_MIN)
            && deid_near_has(&identity->near, plain))
           || (plain.size >= NEAR_COMMON_BYTES_MIN && is_capital
               && deid_near_has(&identity->near_common, plain));
}

/* Whether the word @index is a known name by itself, and is no ordinary word. */
static bool is_sure(const struct deid_identity *identity, const struct deid_tokens *tokens,
                    unsigned index)
{
    struct slice word = deid_token_text(tokens, index);
    char plain[WORD_BYTES_MAX];
    const struct deid_known_word *known;

    if (tokens->items[index].shape == DEID_SHAPE_NUMBER
        || tokens->items[index].shape == DEID_SHAPE_INITIAL || word.size > WORD_BYTES_MAX)
        return false;
    known = deid_identity_word(identity, deid_plain(word, plain));
    return known != NULL && !known->is_common
           && !(tokens->items[index].flags & DEID_WORD_EPONYM && deid_like_eponym(tokens, index));
}

static bool is_beside_gap(struct slice gap)
{
    return slice_is(gap, " ") || slice_is(gap, ", ");
}

/* What is found by the words about it (deid_identity_slip.h). @is_beside: one of them is sure. */
static void slip_scan(const struct deid_identity *identity, const struct deid_tokens *tokens,
                      unsigned index, bool is_beside, struct deid_spans *spans)
{
    const struct deid_token *token = &tokens->items[index];

    if (deid_identity_slip_is_cut(identity, tokens, index))
        known_add(spans, token->start, token[1].end);
    else if (deid_identity_slip_is_joined(identity, tokens, index)
             || deid_identity_slip_is_short(identity, tokens, index)
             || (is_beside && deid_identity_slip_is_beside(identity, tokens, index)))
        known_add(spans, token->start, token->end);
}

/* The initials of a known name, each with its period: "M.H.", "M. H.". */
static unsigned pair_end(const struct deid_identity *identity, const struct deid_tokens *tokens,
                         unsigned index)
{
    const struct deid_token *token = &tokens->items[index];
    struct slice gap = deid_tokens_gap(tokens, index);
    unsigned first, last;

    if (token->shape != DEID_SHAPE_INITIAL || index + 1 >= tokens->count
        || token[1].shape != DEID_SHAPE_INITIAL || !(slice_is(gap, ".") || slice_is(gap, ". "))
        || token[1].end >= tokens->text.size || tokens->text.data[token[1].end] != '.')
        return index;
    first = initial_of(deid_token_text(tokens, index));
    last = initial_of(deid_token_text(tokens, index + 1));
    if (first > 25 || last > 25 || !(identity->pairs[first] >> last & 1))
        return index;
    return index + 2;
}

/* Back over an initial that stands before a known word: "M. Hollingsworth". */
static uint32_t known_start(const struct deid_tokens *tokens, unsigned index)
{
    struct slice gap;

    if (index == 0 || tokens->items[index - 1].shape != DEID_SHAPE_INITIAL)
        return tokens->items[index].start;
    gap = deid_tokens_gap(tokens, index - 1);
    return slice_is(gap, ". ") || slice_is(gap, " ") || slice_is(gap, ".")
               ? tokens->items[index - 1].start
               : tokens->items[index].start;
}

/* A known word between the apostrophes of another: "l'Okonjo", "said'Okonjo". */
static void parts_scan(const struct deid_identity *identity, const struct deid_tokens *tokens,
                       unsigned index, struct deid_spans *spans)
{
    struct slice word = deid_token_text(tokens, index);
    char plain[WORD_BYTES_MAX];
    size_t at = 0;

    if (slice_find_byte(word, '\'') == word.size)
        return;
    while (at < word.size) {
        struct slice rest = slice_cut(word, at, word.size);
        struct slice part = slice_cut(rest, 0, slice_find_byte(rest, '\''));
        const struct deid_known_word *known =
            part.size == 0 ? NULL : deid_identity_word(identity, deid_plain(part, plain));
        uint32_t start = tokens->items[index].start + (uint32_t)at;

        if (known != NULL && !known->is_common)
            known_add(spans, start, start + (uint32_t)part.size);
        at += part.size + 1;
    }
}

/* Whether the word after @index is sure to be a known one, and near enough to tell of it. */
static bool is_sure_next(const struct deid_identity *identity, const struct deid_tokens *tokens,
                         unsigned index)
{
    return index + 1 < tokens->count && is_beside_gap(deid_tokens_gap(tokens, index))
           && is_sure(identity, tokens, index + 1);
}

static void words_scan(const struct deid_identity *identity, const struct deid_tokens *tokens,
                       struct deid_spans *spans)
{
    char plain[WORD_BYTES_MAX];
    bool was_sure = false; /* the word before */
    unsigned i, end;

    for (i = 0; i < tokens->count && identity->words_count > 0; i++) {
        const struct deid_token *token = &tokens->items[i];
        struct slice word = deid_token_text(tokens, i);
        bool is_beside = was_sure && is_beside_gap(deid_tokens_gap(tokens, i - 1));

        was_sure = false;
        if (token->shape == DEID_SHAPE_NUMBER || word.size > WORD_BYTES_MAX)
            continue;
        end = pair_end(identity, tokens, i);
        if (end > i)
            known_add(spans, token->start, tokens->items[end - 1].end);
        if (token->shape == DEID_SHAPE_INITIAL)
            continue;
        if (is_known(identity, tokens, i, deid_plain(word, plain))
            && !(token->flags & DEID_WORD_EPONYM && deid_like_eponym(tokens, i))) {
            known_add(spans, known_start(tokens, i), token->end);
            was_sure = is_sure(identity, tokens, i);
        } else {
            parts_scan(identity, tokens, i, spans);
            slip_scan(identity, tokens, i, is_beside || is_sure_next(identity, tokens, i), spans);
        }
    }
}

static void words_scan_exact(const struct deid_identity *identity, const struct deid_tokens *tokens,
                             struct deid_spans *spans)
{
    char plain[WORD_BYTES_MAX];
    unsigned i;

    for (i = 0; i < tokens->count && identity->words_count > 0; i++) {
        const struct deid_token *token = &tokens->items[i];
        struct slice word = deid_token_text(tokens, i);
        const struct deid_known_word *known;

        if (token->shape == DEID_SHAPE_NUMBER || token->shape == DEID_SHAPE_INITIAL
            || word.size > WORD_BYTES_MAX)
            continue;
        known = deid_identity_word(identity, deid_plain(word, plain));
        if (known != NULL && !known->is_common
            && !(token->flags & DEID_WORD_EPONYM && deid_like_eponym(tokens, i)))
            known_add(spans, token->start, token->end);
        else
            parts_scan(identity, tokens, i, spans);
    }
}

enum status deid_identity_scan(const struct deid_identity *identity,
                               const struct deid_tokens *tokens, struct deid_spans *spans,
                               struct error *err)
{
    words_scan(identity, tokens, spans);
    deid_values_scan(&identity->values, tokens, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    return STATUS_OK;
}

enum status deid_identity_scan_exact(const struct deid_identity *identity,
                                     const struct deid_tokens *tokens, struct deid_spans *spans,
                                     struct error *err)
{
    words_scan_exact(identity, tokens, spans);
    deid_values_scan(&identity->values, tokens, spans);
    if (spans->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u spans", spans->count);
    return STATUS_OK;
}
