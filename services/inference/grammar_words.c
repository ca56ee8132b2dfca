#include "grammar_words.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

#define POINT_MAX 0x10ffffu

static struct words *create(uint32_t states, uint32_t classes, struct arena *arena)
{
    struct words *words = ARENA_NEW(arena, struct words);

    if (words == NULL || states > WORDS_STATES_MAX || classes > WORDS_CLASSES_MAX)
        return NULL;
    words->states_count = states;
    words->classes_count = classes;
    words->lows = ARENA_ARRAY(arena, uint32_t, classes);
    words->moves = arena_alloc(arena, (size_t)states * classes * sizeof(*words->moves));
    words->is_final = ARENA_ARRAY(arena, bool, states);
    if (words->lows == NULL || words->moves == NULL || words->is_final == NULL)
        return NULL;
    memset(words->moves, 0xff, (size_t)states * classes * sizeof(*words->moves));
    return words;
}

static uint32_t *move_of(const struct words *words, uint32_t state, uint32_t class)
{
    return &words->moves[(size_t)state * words->classes_count + class];
}

static uint32_t class_of(const struct words *words, uint32_t point)
{
    uint32_t from = 0, to = words->classes_count;

    while (to - from > 1) {
        uint32_t middle = (from + to) / 2;

        if (words->lows[middle] <= point)
            from = middle;
        else
            to = middle;
    }
    return from;
}

/* The code point after the last of @class. */
static uint32_t end_of(const struct words *words, uint32_t class)
{
    return class + 1 == words->classes_count ? POINT_MAX + 1 : words->lows[class + 1];
}

/* Making
 * ---------------------------------------------------------------------------------------- */

const struct words *words_of_size(uint32_t min, uint32_t max, struct arena *arena)
{
    uint32_t last = max == GRAMMAR_FOREVER ? min : max;
    struct words *words = last >= WORDS_STATES_MAX ? NULL : create(last + 1, 1, arena);

    if (words == NULL)
        return NULL;
    for (uint32_t state = 0; state <= last; state++) {
        words->is_final[state] = state >= min;
        if (state < last)
            words->moves[state] = state + 1;
    }
    if (max == GRAMMAR_FOREVER)
        words->moves[last] = last;
    return words;
}

void words_add_low(uint32_t *lows, uint32_t *count, uint32_t low)
{
    uint32_t at = *count;

    while (at > 0 && lows[at - 1] > low)
        at--;
    if ((at > 0 && lows[at - 1] == low) || low > POINT_MAX || *count == WORDS_CLASSES_MAX)
        return;
    memmove(lows + at + 1, lows + at, (*count - at) * sizeof(*lows));
    lows[at] = low;
    (*count)++;
}

static void put_text(struct words *words, struct slice text, uint32_t *states)
{
    uint32_t state = 0;
    size_t size;

    for (size_t at = 0; at < text.size; at += size) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &size);
        uint32_t *move = move_of(words, state, class_of(words, point));

        if (*move == WORDS_NONE)
            *move = (*states)++;
        state = *move;
    }
    words->is_final[state] = true;
}

const struct words *words_of_texts(const struct slice *texts, uint32_t count, struct arena *arena)
{
    uint32_t *lows = ARENA_ARRAY(arena, uint32_t, WORDS_CLASSES_MAX), classes = 1, states = 1;
    struct words *words;
    size_t bytes = 1, size;

    for (uint32_t i = 0; lows != NULL && i < count; i++) {
        bytes += texts[i].size;
        for (size_t at = 0; at < texts[i].size; at += size) {
            uint32_t point = utf8_decode(slice_cut(texts[i], at, texts[i].size), &size);

            words_add_low(lows, &classes, point);
            words_add_low(lows, &classes, point + 1);
        }
    }
    words = lows == NULL || bytes > WORDS_STATES_MAX || classes + 2 > WORDS_CLASSES_MAX
                ? NULL
                : create((uint32_t)bytes, classes, arena);
    if (words == NULL)
        return NULL;
    memcpy(words->lows, lows, classes * sizeof(*lows));
    for (uint32_t i = 0; i < count; i++)
        put_text(words, texts[i], &states);
    words->states_count = states;
    return words;
}

/* What both have
 * -------------------------------------------------------------------------------- */

/* States of both at a time, as they are found. */
struct pairs {
    uint32_t count, slots;
    uint32_t *a, *b; /* [WORDS_STATES_MAX] */
    uint32_t *table; /* [slots] a pair's number + 1 */
};

static bool init_pairs(struct pairs *pairs, struct arena *arena)
{
    pairs->count = 0;
    pairs->slots = 4 * WORDS_STATES_MAX;
    pairs->a = ARENA_ARRAY(arena, uint32_t, WORDS_STATES_MAX);
    pairs->b = ARENA_ARRAY(arena, uint32_t, WORDS_STATES_MAX);
    pairs->table = ARENA_ARRAY(arena, uint32_t, pairs->slots);
    return pairs->a != NULL && pairs->b != NULL && pairs->table != NULL;
}

/* WORDS_NONE: there are too many. */
static uint32_t pair_of(struct pairs *pairs, uint32_t a, uint32_t b)
{
    uint64_t slot = ((uint64_t)a * 0x9e3779b1u ^ (uint64_t)b * 0x85ebca77u) >> 7;

    for (;; slot++) {
        uint32_t *at = &pairs->table[slot % pairs->slots];

        if (*at == 0 && pairs->count == WORDS_STATES_MAX)
            return WORDS_NONE;
        if (*at == 0) {
            pairs->a[pairs->count] = a;
            pairs->b[pairs->count] = b;
            *at = ++pairs->count;
        }
        if (pairs->a[*at - 1] == a && pairs->b[*at - 1] == b)
            return *at - 1;
    }
}

/* Find every pair; with @both, also set its moves. False: too many. */
static bool walk_pairs(struct pairs *pairs, const struct words *a, const struct words *b,
                       const uint32_t *lows, uint32_t classes, struct words *both)
{
    for (uint32_t at = 0; at < pairs->count; at++) {
        for (uint32_t class = 0; class < classes; class ++) {
            uint32_t x = *move_of(a, pairs->a[at], class_of(a, lows[class]));
            uint32_t y = *move_of(b, pairs->b[at], class_of(b, lows[class]));
            uint32_t to;

            if (x == WORDS_NONE || y == WORDS_NONE)
                continue;
            to = pair_of(pairs, x, y);
            if (to == WORDS_NONE)
                return false;
            if (both != NULL)
                *move_of(both, at, class) = to;
        }
        if (both != NULL)
            both->is_final[at] = a->is_final[pairs->a[at]] && b->is_final[pairs->b[at]];
    }
    return true;
}

static const struct words *join(const struct words *a, const struct words *b, struct arena *work,
                                struct arena *arena)
{
    uint32_t *lows = ARENA_ARRAY(work, uint32_t, WORDS_CLASSES_MAX), classes = 0;
    struct words *both;
    struct pairs pairs;

    if (lows == NULL || !init_pairs(&pairs, work)
        || a->classes_count + b->classes_count > WORDS_CLASSES_MAX)
        return NULL;
    for (uint32_t i = 0; i < a->classes_count; i++)
        words_add_low(lows, &classes, a->lows[i]);
    for (uint32_t i = 0; i < b->classes_count; i++)
        words_add_low(lows, &classes, b->lows[i]);
    pair_of(&pairs, 0, 0);
    if (!walk_pairs(&pairs, a, b, lows, classes, NULL))
        return NULL;
    both = create(pairs.count, classes, arena);
    if (both == NULL)
        return NULL;
    memcpy(both->lows, lows, classes * sizeof(*lows));
    walk_pairs(&pairs, a, b, lows, classes, both);
    return both;
}

const struct words *words_both(const struct words *a, const struct words *b, struct arena *arena)
{
    const struct words *both;
    struct arena work;

    if (a == NULL || b == NULL)
        return NULL;
    arena_init(&work, 1 * MIB);
    both = join(a, b, &work, arena);
    arena_close(&work);
    return both;
}

const struct words *words_not(const struct words *words, struct arena *arena)
{
    uint32_t states = words == NULL ? 0 : words->states_count, classes;
    struct words *other = words == NULL ? NULL : create(states + 1, words->classes_count, arena);

    if (other == NULL)
        return NULL;
    classes = words->classes_count;
    memcpy(other->lows, words->lows, classes * sizeof(*words->lows));
    for (size_t i = 0; i < (size_t)(states + 1) * classes; i++)
        other->moves[i] = i < (size_t)states * classes && words->moves[i] != WORDS_NONE
                              ? words->moves[i]
                              : states;
    for (uint32_t state = 0; state <= states; state++)
        other->is_final[state] = state == states || !words->is_final[state];
    return other;
}

/* Asking
 * ---------------------------------------------------------------------------------------- */

bool words_has(const struct words *words, struct slice text)
{
    uint32_t state = 0;
    size_t size;

    for (size_t at = 0; at < text.size && state != WORDS_NONE; at += size) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &size);

        state = *move_of(words, state, class_of(words, point));
    }
    return state != WORDS_NONE && words->is_final[state];
}

bool words_is_empty(const struct words *words)
{
    uint16_t found[WORDS_STATES_MAX + 1] = { 0 };
    bool is_found[WORDS_STATES_MAX + 1] = { true };
    uint32_t count = 1;

    for (uint32_t at = 0; at < count; at++) {
        if (words->is_final[found[at]])
            return false;
        for (uint32_t class = 0; class < words->classes_count; class ++) {
            uint32_t move = *move_of(words, found[at], class);

            if (move == WORDS_NONE || is_found[move])
                continue;
            is_found[move] = true;
            found[count++] = (uint16_t)move;
        }
    }
    return true;
}

/* Writing
 * --------------------------------------------------------------------------------------- */

/* A control character in the way that JSON.stringify and others write it. */
static void put_control(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t point)
{
    static const char digits[] = "0123456789abcdef";
    static const char shorts[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };
    char text[] = { '\\', 'u', '0', '0', digits[point >> 4], digits[point & 15] };
    struct slice escape = slice_of(text, sizeof(text));

    if (point < sizeof(shorts) && shorts[point] != 0) {
        text[1] = shorts[point];
        escape.size = 2;
    }
    grammar_join(grammar, grammar_literal(grammar, from, escape), to);
}

static void put_escaped(struct grammar *grammar, uint32_t from, uint32_t to, char c)
{
    char text[] = { '\\', c };

    grammar_join(grammar, grammar_literal(grammar, from, slice_of(text, 2)), to);
}

/* What goes over several bytes, by where it leads, so that states with the same way on share it:
 * else each state would have states of its own for every way out of ASCII. */
struct way {
    uint32_t low, high, to, state;
};

struct writing {
    const struct words *words;
    struct grammar *grammar;
    uint32_t *states; /* [states_count] where each is in the grammar */
    struct way
        *ways; /* [slots] whose state is 0 where it is free: no grammar's first one is ours */
    uint32_t ways_count, slots;
};

#define WAYS_SLOTS_MAX 16384

/* The code points @low to @high, all of them control characters, all to be escaped or none in
 * ASCII; surrogates cannot be said. */
static void put_way(struct grammar *grammar, uint32_t from, uint32_t to, uint32_t low,
                    uint32_t high)
{
    if (low >= 0x80)
        return grammar_points(grammar, from, to, low, high);
    for (; low <= high; low++) {
        if (low < ' ')
            put_control(grammar, from, to, low);
        else
            put_escaped(grammar, from, to, (char)low);
    }
}

static void share_way(struct writing *writing, uint32_t from, uint32_t to, uint32_t low,
                      uint32_t high)
{
    uint64_t slot = (low * 0x9e3779b1u ^ high * 0x85ebca77u ^ to * 0xc2b2ae3du) >> 3;
    struct grammar *grammar = writing->grammar;
    struct way *way;

    for (;; slot++) {
        way = &writing->ways[slot % writing->slots];
        if (way->state == 0 || (way->low == low && way->high == high && way->to == to))
            break;
    }
    if (way->state == 0 && writing->ways_count == writing->slots / 2)
        return put_way(grammar, from, to, low, high);
    if (way->state == 0) {
        writing->ways_count++;
        *way = (struct way){ low, high, to, grammar_state(grammar) };
        put_way(grammar, way->state, to, low, high);
    }
    grammar_join(grammar, from, way->state);
}

/* Where the code points from @low on, up to @high, are written in another way. */
static uint32_t border_after(uint32_t low, uint32_t high)
{
    static const uint32_t borders[] = { ' ', '"', '"' + 1, '\\', '\\' + 1, 0x80, POINT_MAX + 1 };
    unsigned i = 0;

    while (borders[i] <= low)
        i++;
    return borders[i] <= high ? borders[i] : high + 1;
}

static void put_points(struct writing *writing, uint32_t from, uint32_t to, uint32_t low,
                       uint32_t high)
{
    for (uint32_t next; low <= high; low = next) {
        next = border_after(low, high);
        if (low < ' ' || low == '"' || low == '\\' || low >= 0x80)
            share_way(writing, from, to, low, next - 1);
        else
            grammar_bytes(writing->grammar, from, to, (uint8_t)low, (uint8_t)(next - 1));
    }
}

static void put_state(struct writing *writing, uint32_t state, uint32_t to)
{
    const struct words *words = writing->words;
    uint32_t next, from = writing->states[state];

    if (words->is_final[state])
        grammar_join(writing->grammar, from, to);
    for (uint32_t class = 0; class < words->classes_count; class = next) {
        uint32_t move = *move_of(words, state, class);

        for (next = class + 1; next < words->classes_count && *move_of(words, state, next) == move;)
            next++;
        if (move != WORDS_NONE)
            put_points(writing, from, writing->states[move], words->lows[class],
                       end_of(words, next - 1) - 1);
    }
}

void words_put(const struct words *words, struct grammar *grammar, uint32_t from, uint32_t to,
               struct arena *arena)
{
    struct writing writing = { .words = words, .grammar = grammar };

    writing.slots = 64 + words->states_count * 8;
    if (writing.slots > WAYS_SLOTS_MAX)
        writing.slots = WAYS_SLOTS_MAX;
    writing.states = ARENA_ARRAY(arena, uint32_t, words->states_count);
    writing.ways = ARENA_ARRAY(arena, struct way, writing.slots);
    if (writing.states == NULL || writing.ways == NULL) {
        grammar->is_full = true;
        return;
    }
    for (uint32_t state = 0; state < words->states_count; state++)
        writing.states[state] = grammar_state(grammar);
    grammar_join(grammar, from, writing.states[0]);
    for (uint32_t state = 0; state < words->states_count && !grammar->is_full; state++)
        put_state(&writing, state, to);
}
