#include "deid_second.h"

#include <string.h>

#include "base/hash.h"
#include "deid_like.h"
#include "deid_name.h"
#include "deid_near.h"
#include "deid_plain.h"

#define WORD_BYTES_MAX 40
#define WORD_BYTES_MIN 3
#define LOWER_BYTES_MIN 5 /* a shorter name in small letters is too often something else */
#define NEAR_BYTES_MIN 6
#define SLOTS_FIRST 64

/* The words of the names found. */
struct seen {
    struct seen_word {
        struct slice plain;
        enum deid_like like;
    } * words;
    uint32_t *slots; /* index + 1 */
    uint32_t count, capacity, mask;
    uint64_t filter[32]; /* by the first letter, the sizes and last letters that there are */
    uint32_t pairs[26];  /* initials that go together, as bits */
    struct deid_near near;
    struct arena *arena;
};

static bool seen_open(struct seen *seen, uint32_t words_max, struct arena *arena)
{
    uint32_t slots = SLOTS_FIRST;

    *seen = (struct seen){ .capacity = words_max, .arena = arena };
    while (slots < words_max * 2)
        slots *= 2;
    seen->words = ARENA_ARRAY(arena, struct seen_word, words_max);
    seen->slots = ARENA_ARRAY(arena, uint32_t, slots);
    seen->mask = slots - 1;
    return seen->words != NULL && seen->slots != NULL;
}

static uint32_t *slot_of(const struct seen *seen, struct slice plain)
{
    uint32_t at = (uint32_t)hash_bytes(plain, 0) & seen->mask;

    while (seen->slots[at] != 0 && !slice_equal(seen->words[seen->slots[at] - 1].plain, plain))
        at = (at + 1) & seen->mask;
    return &seen->slots[at];
}

static uint64_t filter_bit(struct slice word)
{
    return 1ull << ((word.size * 7 + ((unsigned char)word.data[word.size - 1] & 31)) & 63);
}

/* Whether a word as plain as this one may be among them: most are not. Of a word with accents only
 * its plain form tells. */
static bool seen_may_have(const struct seen *seen, const struct deid_tokens *tokens, unsigned index)
{
    struct slice word = deid_token_text(tokens, index);

    return tokens->items[index].hash == 0
           || seen->filter[(unsigned char)word.data[0] & 31] & filter_bit(word);
}

static bool seen_add(struct seen *seen, const struct deid_tokens *tokens, unsigned index)
{
    char plain[WORD_BYTES_MAX];
    struct slice word = deid_token_text(tokens, index), copy;
    uint32_t *slot;

    if (word.size < WORD_BYTES_MIN || word.size > WORD_BYTES_MAX
        || tokens->items[index].flags & DEID_WORD_TITLE
        || tokens->items[index].flags & DEID_WORD_MONTH
        || deid_hint_at(tokens, index) & (DEID_HINT_PARTICLE | DEID_HINT_SUFFIX))
        return true;
    slot = slot_of(seen, deid_plain(word, plain));
    if (*slot != 0 || seen->count == seen->capacity)
        return true;
    copy = arena_copy(seen->arena, deid_plain(word, plain));
    if (copy.data == NULL)
        return false;
    seen->words[seen->count] =
        (struct seen_word){ .plain = copy, .like = deid_like_at(tokens, index) };
    seen->filter[(unsigned char)copy.data[0] & 31] |= filter_bit(copy);
    *slot = ++seen->count;
    return true;
}

/* 0 to 25, or 26 for what is no letter of the alphabet. */
static unsigned initial_of(const struct deid_tokens *tokens, unsigned index)
{
    unsigned letter = (unsigned)((tokens->text.data[tokens->items[index].start] | 32) - 'a');

    return letter < 26 ? letter : 26;
}

/* The words of the name at @span; @t is a token near to where it begins. */
static bool seen_add_span(struct seen *seen, const struct deid_tokens *tokens,
                          const struct deid_span *span, unsigned *t)
{
    unsigned first, last;

    while (*t > 0 && tokens->items[*t - 1].start >= span->start)
        --*t;
    while (*t < tokens->count && tokens->items[*t].start < span->start)
        ++*t;
    while (*t < tokens->count && tokens->items[*t].end <= span->end
           && tokens->items[*t].flags & DEID_WORD_TITLE)
        ++*t;
    first = last = *t;
    for (; *t < tokens->count && tokens->items[*t].end <= span->end; ++*t) {
        last = *t;
        if (tokens->items[*t].shape != DEID_SHAPE_INITIAL && !seen_add(seen, tokens, *t))
            return false;
    }
    if (last > first && initial_of(tokens, first) < 26 && initial_of(tokens, last) < 26)
        seen->pairs[initial_of(tokens, first)] |= 1u << initial_of(tokens, last);
    return true;
}

static unsigned count_words(const struct deid_spans *spans, unsigned from)
{
    unsigned words = 0, i;

    for (i = from; i < spans->count; i++)
        words += (spans->items[i].end - spans->items[i].start) / WORD_BYTES_MIN + 1;
    return words;
}

static bool seen_collect(struct seen *seen, const struct deid_tokens *tokens,
                         const struct deid_spans *spans, unsigned from)
{
    unsigned i, t = 0;

    for (i = from; i < spans->count; i++)
        if (spans->items[i].class == DEID_CLASS_NAME && spans->items[i].score >= DEID_SCORE_LIST
            && !seen_add_span(seen, tokens, &spans->items[i], &t))
            return false;
    if (seen->count == 0)
        return true;
    if (!deid_near_init(&seen->near, seen->count, seen->arena))
        return false;
    for (i = 0; i < seen->count; i++)
        if (seen->words[i].plain.size >= NEAR_BYTES_MIN
            && (seen->words[i].like == DEID_LIKE_NAME || seen->words[i].like == DEID_LIKE_UNKNOWN))
            deid_near_add(&seen->near, seen->words[i].plain);
    return true;
}

/* A word that is a name here and a word elsewhere: whether it is the name where it stands. */
static bool is_name_here(const struct deid_tokens *tokens, unsigned index)
{
    bool has_blank = deid_like_gap(tokens, index, " ");

    if (deid_like_shape(tokens, index) == DEID_SHAPE_UPPER)
        return false;
    if (has_blank && deid_like_capital(tokens, index + 1)
        && deid_like_at(tokens, index + 1) <= DEID_LIKE_WORD)
        return false; /* "White Blood Cells" */
    if (!deid_like_starts(tokens, index))
        return true;
    return has_blank && deid_hint_at(tokens, index + 1) & DEID_HINT_DEED;
}

static bool is_seen(const struct seen *seen, const struct deid_tokens *tokens, unsigned index)
{
    char plain[WORD_BYTES_MAX];
    struct slice word = deid_token_text(tokens, index);
    enum deid_shape shape = tokens->items[index].shape;
    uint32_t slot;

    if (word.size < WORD_BYTES_MIN || word.size > WORD_BYTES_MAX
        || (shape == DEID_SHAPE_LOWER && !seen_may_have(seen, tokens, index)))
        return false;
    word = deid_plain(word, plain);
    slot = *slot_of(seen, word);
    if (slot == 0)
        return shape != DEID_SHAPE_LOWER && deid_like_at(tokens, index) == DEID_LIKE_UNKNOWN
               && !deid_like_product(tokens, index) && deid_near_has(&seen->near, word);
    switch (seen->words[slot - 1].like) {
    case DEID_LIKE_NAME:
    case DEID_LIKE_UNKNOWN:
        return shape != DEID_SHAPE_LOWER || word.size >= LOWER_BYTES_MIN;
    default:
        return shape != DEID_SHAPE_LOWER && is_name_here(tokens, index);
    }
}

/* "M.H." of a name that was found in full. */
static unsigned pair_end(const struct seen *seen, const struct deid_tokens *tokens, unsigned index)
{
    const struct deid_token *token = &tokens->items[index];

    if (token->shape != DEID_SHAPE_INITIAL || index + 1 >= tokens->count
        || token[1].shape != DEID_SHAPE_INITIAL
        || !(deid_like_gap(tokens, index, ".") || deid_like_gap(tokens, index, ". "))
        || token[1].end >= tokens->text.size || tokens->text.data[token[1].end] != '.'
        || initial_of(tokens, index) > 25 || initial_of(tokens, index + 1) > 25
        || !(seen->pairs[initial_of(tokens, index)] >> initial_of(tokens, index + 1) & 1))
        return index;
    return index + 2;
}

/* "the Foley catheter" in the note of a Mrs. Foley; but "Tvrtkovic's exam" is of Mr. Tvrtkovic. */
static bool is_of_thing(const struct deid_tokens *tokens, unsigned index)
{
    struct slice rest = slice_cut(tokens->text, tokens->items[index].end, tokens->text.size);

    return deid_like_before_thing(tokens, index)
           && (tokens->items[index].flags & DEID_WORD_EPONYM
               || !slice_starts_with(rest, SLICE("'s")));
}

void deid_second_scan(const struct deid_tokens *tokens, struct deid_spans *spans, unsigned from)
{
    struct seen seen;
    unsigned i, end;

    if (spans->count == from || spans->is_full)
        return;
    if (!seen_open(&seen, count_words(spans, from), spans->arena)
        || !seen_collect(&seen, tokens, spans, from)) {
        spans->is_full = true;
        return;
    }
    for (i = 0; i < tokens->count && seen.count > 0; i++) {
        if (tokens->items[i].shape == DEID_SHAPE_NUMBER)
            continue;
        end = pair_end(&seen, tokens, i);
        if (end == i && is_seen(&seen, tokens, i) && !is_of_thing(tokens, i))
            end = i + 1;
        deid_name_add(tokens, spans, i, end, DEID_SCORE_LIST);
    }
}
