#include "vocabulary_learn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "base/utf8.h"

#define WORD_BYTES_MAX 32
#define WORDS_LEARNT_MAX 12000 /* the most frequent; the pairs of all of them fit the table */
#define PAIRS_SIZE (1u << 19)
#define CHARACTER_COUNT_MIN 80 /* a rarer character is left to the bytes */
#define PAIR_COUNT_MIN 40
/* An answer begins with a word that stands behind a blank in the record; both should be whole
 * pieces. */
#define WEIGHT_AS_IT_STANDS 4
#define WEIGHT_WITHOUT_BLANK 1
#define BLANK 0x2581 /* the code point that stands for a blank */

struct word {
    struct slice text;
    uint64_t count;
    uint32_t *symbols; /* pieces that it is made of at this stage */
    uint32_t symbols_count;
};

struct vocabulary_learner {
    struct arena *arena;
    struct word *words;
    size_t words_count;
    uint32_t *slots; /* hash table: index of the word + 1 */
    size_t slots_count;
    bool is_full;
};

struct vocabulary_learner *vocabulary_learner_init(struct arena *arena)
{
    struct vocabulary_learner *learner = ARENA_NEW(arena, struct vocabulary_learner);

    if (learner == NULL)
        return NULL;
    learner->arena = arena;
    learner->slots_count = 1 << 20;
    learner->slots = ARENA_ARRAY(arena, uint32_t, learner->slots_count);
    learner->words = ARENA_ARRAY(arena, struct word, learner->slots_count / 2);
    return learner->slots == NULL || learner->words == NULL ? NULL : learner;
}

static void add_word(struct vocabulary_learner *learner, struct slice text, uint64_t count)
{
    size_t slot = hash_bytes(text, 0) & (learner->slots_count - 1);
    struct slice copy;

    for (; learner->slots[slot] != 0; slot = (slot + 1) & (learner->slots_count - 1))
        if (slice_equal(learner->words[learner->slots[slot] - 1].text, text)) {
            learner->words[learner->slots[slot] - 1].count += count;
            return;
        }
    /* New words after the table is half full are not counted: by then the frequent ones are there.
     */
    if (learner->words_count == learner->slots_count / 2)
        return;
    copy = arena_copy(learner->arena, text);
    if (copy.data == NULL) {
        learner->is_full = true;
        return;
    }
    learner->words[learner->words_count] = (struct word){ .text = copy, .count = count };
    learner->slots[slot] = (uint32_t)++learner->words_count;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

static bool is_alone(char c)
{
    return (c >= '0' && c <= '9') || c == '\n';
}

/* The bytes of the word at the front of @text. */
static size_t word_size(struct slice text)
{
    size_t i = text.data[0] == ' ';

    if (i == text.size || is_alone(text.data[i]) || text.data[i] == ' ')
        return i == 0 ? 1 : i;
    if (!is_letter(text.data[i]))
        return i + 1;
    while (i < text.size && is_letter(text.data[i]))
        i++;
    return i;
}

void vocabulary_learner_add(struct vocabulary_learner *learner, struct slice text)
{
    while (text.size > 0) {
        size_t size = word_size(text);

        if (size <= WORD_BYTES_MAX)
            add_word(learner, slice_cut(text, 0, size), WEIGHT_AS_IT_STANDS);
        if (size <= WORD_BYTES_MAX && size > 2 && text.data[0] == ' ')
            add_word(learner, slice_cut(text, 1, size), WEIGHT_WITHOUT_BLANK);
        text = slice_cut(text, size, text.size);
    }
}

/* ---- the pieces ---- */

struct learning {
    struct vocabulary_learner *learner;
    struct vocabulary *v;
    uint32_t limit;
    uint64_t *character_counts; /* [code point] up to 0xffff */
    uint32_t *characters;       /* [code point]: its piece + 1 */
    uint64_t *pair_keys, *pair_counts;
};

#define CODE_POINTS 0x10000

static uint32_t add_piece(struct learning *l, struct slice text, enum piece_kind kind, float score)
{
    struct vocabulary *v = l->v;

    v->pieces[v->count] = arena_copy(l->learner->arena, text);
    v->kinds[v->count] = kind;
    v->scores[v->count] = score;
    l->learner->is_full |= v->pieces[v->count].data == NULL;
    return v->count++;
}

static void add_fixed(struct learning *l, const struct slice *controls, uint32_t controls_count)
{
    char name[8];

    add_piece(l, SLICE("<unk>"), PIECE_KIND_UNKNOWN, 0);
    add_piece(l, SLICE("<s>"), PIECE_KIND_CONTROL, 0);
    add_piece(l, SLICE("</s>"), PIECE_KIND_CONTROL, 0);
    for (int byte = 0; byte < 256; byte++) {
        snprintf(name, sizeof(name), "<0x%02X>", byte);
        add_piece(l, slice_from(name), PIECE_KIND_BYTE, 0);
    }
    for (uint32_t i = 0; i < controls_count; i++)
        add_piece(l, controls[i], PIECE_KIND_CONTROL, 0);
}

static uint32_t next_character(struct slice *text)
{
    size_t size;
    uint32_t character = utf8_decode(*text, &size);

    *text = slice_cut(*text, size, text->size);
    return character == ' ' ? BLANK : character;
}

static void count_characters(struct learning *l)
{
    for (size_t i = 0; i < l->learner->words_count; i++)
        for (struct slice text = l->learner->words[i].text; text.size > 0;) {
            uint32_t character = next_character(&text);

            if (character < CODE_POINTS)
                l->character_counts[character] += l->learner->words[i].count;
        }
}

/* Printable ASCII and the blank always, so that nothing common ever falls to bytes; others when
 * they are frequent. */
static void add_characters(struct learning *l)
{
    for (uint32_t c = 0; c < CODE_POINTS && l->v->count < l->limit; c++) {
        bool is_basic = (c > ' ' && c < 127) || c == '\n' || c == BLANK;
        char text[4];

        if (c == ' ' || (!is_basic && l->character_counts[c] < CHARACTER_COUNT_MIN) || c == 0
            || c == 0xfffd)
            continue;
        /* Below every merge: their scores begin at -1. */
        l->characters[c] =
            1 + add_piece(l, slice_of(text, utf8_encode(c, text)), PIECE_KIND_NORMAL, -1e6f);
    }
}

/* Words become lists of pieces; one with a character that has no piece is left out. */
static void split_words(struct learning *l)
{
    for (size_t i = 0; i < l->learner->words_count; i++) {
        struct word *word = &l->learner->words[i];
        uint32_t count = 0, symbols[WORD_BYTES_MAX];

        for (struct slice text = word->text; text.size > 0;) {
            uint32_t character = next_character(&text),
                     piece = character < CODE_POINTS ? l->characters[character] : 0;

            if (piece == 0) {
                count = 0;
                break;
            }
            symbols[count++] = piece - 1;
        }
        word->symbols = ARENA_ARRAY(l->learner->arena, uint32_t, count);
        if (word->symbols == NULL) {
            l->learner->is_full = true;
            return;
        }
        memcpy(word->symbols, symbols, count * sizeof(symbols[0]));
        word->symbols_count = count;
    }
}

static void count_pair(struct learning *l, uint64_t key, uint64_t count)
{
    size_t slot = (key * 0x9e3779b97f4a7c15u >> 32) & (PAIRS_SIZE - 1);

    while (l->pair_keys[slot] != 0 && l->pair_keys[slot] != key)
        slot = (slot + 1) & (PAIRS_SIZE - 1);
    l->pair_keys[slot] = key;
    l->pair_counts[slot] += count;
}

/* The most frequent pair; of equals the one with the smallest key, so that the result depends on
 * nothing else. */
static uint64_t best_pair(struct learning *l)
{
    uint64_t best = 0, best_count = PAIR_COUNT_MIN - 1;

    memset(l->pair_keys, 0, PAIRS_SIZE * sizeof(uint64_t));
    memset(l->pair_counts, 0, PAIRS_SIZE * sizeof(uint64_t));
    for (size_t i = 0; i < l->learner->words_count; i++) {
        const struct word *word = &l->learner->words[i];

        for (uint32_t j = 0; j + 1 < word->symbols_count; j++)
            count_pair(l, (uint64_t)word->symbols[j] << 32 | word->symbols[j + 1], word->count);
    }
    for (size_t slot = 0; slot < PAIRS_SIZE; slot++)
        if (l->pair_counts[slot] > best_count
            || (l->pair_counts[slot] == best_count && l->pair_keys[slot] < best && best != 0)) {
            best = l->pair_keys[slot];
            best_count = l->pair_counts[slot];
        }
    return best;
}

static uint32_t find_piece(const struct vocabulary *v, struct slice text)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (slice_equal(v->pieces[i], text))
            return i;
    return v->count;
}

static void merge(struct learning *l, uint64_t pair, uint32_t piece)
{
    uint32_t left = (uint32_t)(pair >> 32), right = (uint32_t)pair;

    for (size_t i = 0; i < l->learner->words_count; i++) {
        struct word *word = &l->learner->words[i];
        uint32_t out = 0;

        for (uint32_t j = 0; j < word->symbols_count; j++) {
            bool is_pair = j + 1 < word->symbols_count && word->symbols[j] == left
                           && word->symbols[j + 1] == right;

            word->symbols[out++] = is_pair ? piece : word->symbols[j];
            j += is_pair;
        }
        word->symbols_count = out;
    }
}

static void add_merges(struct learning *l)
{
    struct buffer text;

    for (float score = -1; l->v->count < l->limit && !l->learner->is_full; score--) {
        uint64_t pair = best_pair(l);
        uint32_t piece;

        if (pair == 0)
            return;
        buffer_init(&text, l->learner->arena);
        buffer_put(&text, l->v->pieces[pair >> 32]);
        buffer_put(&text, l->v->pieces[(uint32_t)pair]);
        /* Two pairs may spell the same piece; it keeps the score of the first. */
        piece = find_piece(l->v, buffer_slice(&text));
        if (piece == l->v->count)
            add_piece(l, buffer_slice(&text), PIECE_KIND_NORMAL, score);
        merge(l, pair, piece);
    }
}

static bool make_room(struct learning *l, uint32_t count)
{
    struct arena *arena = l->learner->arena;

    l->v->pieces = ARENA_ARRAY(arena, struct slice, count);
    l->v->scores = ARENA_ARRAY(arena, float, count);
    l->v->kinds = ARENA_ARRAY(arena, int32_t, count);
    l->character_counts = ARENA_ARRAY(arena, uint64_t, CODE_POINTS);
    l->characters = ARENA_ARRAY(arena, uint32_t, CODE_POINTS);
    l->pair_keys = ARENA_ARRAY(arena, uint64_t, PAIRS_SIZE);
    l->pair_counts = ARENA_ARRAY(arena, uint64_t, PAIRS_SIZE);
    return l->v->pieces != NULL && l->v->scores != NULL && l->v->kinds != NULL
           && l->character_counts != NULL && l->characters != NULL && l->pair_keys != NULL
           && l->pair_counts != NULL;
}

static int by_count(const void *a, const void *b)
{
    const struct word *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return slice_compare(x->text, y->text);
}

/* Rare words tell little and cost most of the time; and the table of pairs must not fill up. */
static void drop_rare(struct vocabulary_learner *learner)
{
    qsort(learner->words, learner->words_count, sizeof(struct word), by_count);
    if (learner->words_count > WORDS_LEARNT_MAX)
        learner->words_count = WORDS_LEARNT_MAX;
}

enum status vocabulary_learn(struct vocabulary_learner *learner, const struct slice *controls,
                             uint32_t controls_count, uint32_t count, struct vocabulary *vocabulary,
                             struct error *err)
{
    struct learning l = { .learner = learner, .v = vocabulary, .limit = count };

    *vocabulary = (struct vocabulary){ 0 };
    if (count < 512 + controls_count || count > UINT16_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a vocabulary of %u pieces", count);
    if (!make_room(&l, count))
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a vocabulary of %u pieces",
                         count);
    count_characters(&l);
    drop_rare(learner);
    add_fixed(&l, controls, controls_count);
    add_characters(&l);
    split_words(&l);
    add_merges(&l);
    if (learner->is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a vocabulary of %u pieces",
                         count);
    return STATUS_OK;
}
