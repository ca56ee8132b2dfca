/* Most pieces say nothing that matters here, and are one of two sets of bits: those that begin with
 * a comma or a blank, which end a number, and the rest. Those with a bracket in them, or with what
 * may be a number of a list at their front, are tried one by one. */
#include "inference_cite.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct inference_cite_vocab {
    const struct grammar_vocab *vocab;
    uint32_t words, tried_count;
    uint32_t *plain, *ending; /* [words] bits of ids; ending: of plain, those that end a number */
    uint32_t *tried;          /* ids */
};

enum place {
    PLACE_TEXT,
    PLACE_LIST,   /* within a bracket, before a number */
    PLACE_NUMBER, /* within a number */
};

struct at {
    enum place place;
    uint32_t number;
};

/* What answers to one prompt share. */
struct facts {
    atomic_uint users;
    size_t count;
    uint32_t ids[]; /* sorted */
};

struct cite_state {
    const struct inference_cite_vocab *vocab;
    struct facts *facts;
    struct at at;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_between(char c)
{
    return c == ' ' || c == ',';
}

/* The vocabulary
 * --------------------------------------------------------------------------------- */

static bool is_tried(struct slice piece)
{
    size_t at = 0;

    if (piece.size > 0 && memchr(piece.data, '[', piece.size) != NULL)
        return true;
    while (at < piece.size && is_between(piece.data[at]))
        at++;
    if (at == piece.size)
        return piece.size > 0;
    return is_digit(piece.data[at]) || piece.data[at] == ']';
}

static void sort_piece(struct inference_cite_vocab *vocab, uint32_t id)
{
    struct slice piece = grammar_vocab_piece(vocab->vocab, id);

    if (is_tried(piece)) {
        vocab->tried[vocab->tried_count++] = id;
        return;
    }
    vocab->plain[id / 32] |= UINT32_C(1) << id % 32;
    if (piece.size > 0 && is_between(piece.data[0]))
        vocab->ending[id / 32] |= UINT32_C(1) << id % 32;
}

struct inference_cite_vocab *inference_cite_vocab_create(const struct grammar_vocab *vocab,
                                                         struct error *err)
{
    struct inference_cite_vocab *made = calloc(1, sizeof(*made));

    if (made != NULL) {
        made->vocab = vocab;
        made->words = INFERENCE_MASK_WORDS(vocab->size);
        made->plain = calloc(made->words + 1, sizeof(*made->plain));
        made->ending = calloc(made->words + 1, sizeof(*made->ending));
        made->tried = calloc((size_t)vocab->size + 1, sizeof(*made->tried));
    }
    if (made == NULL || made->plain == NULL || made->ending == NULL || made->tried == NULL) {
        inference_cite_vocab_destroy(made);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a vocabulary of %u", vocab->size);
        return NULL;
    }
    for (uint32_t id = 0; id < vocab->size; id++)
        sort_piece(made, id);
    return made;
}

void inference_cite_vocab_destroy(struct inference_cite_vocab *vocab)
{
    if (vocab == NULL)
        return;
    free(vocab->plain);
    free(vocab->ending);
    free(vocab->tried);
    free(vocab);
}

/* Numbers
 * ---------------------------------------------------------------------------------------- */

/* The first fact whose id is @low or more. */
static size_t first_from(const struct facts *facts, uint64_t low)
{
    size_t from = 0, to = facts->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (facts->ids[middle] < low)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool has_between(const struct facts *facts, uint64_t low, uint64_t high)
{
    size_t at = first_from(facts, low);

    return at < facts->count && facts->ids[at] <= high;
}

/* Whether an id is @number or begins with it. */
static bool may_become(const struct facts *facts, uint64_t number)
{
    uint64_t low = number, high = number;

    if (number == 0)
        return false;
    for (; low <= UINT32_MAX; low *= 10, high = high * 10 + 9) {
        if (has_between(facts, low, high))
            return true;
    }
    return false;
}

static bool step(const struct facts *facts, struct at *at, char c)
{
    if (c == '[') {
        *at = (struct at){ PLACE_LIST, 0 };
        return true;
    }
    if (at->place == PLACE_TEXT)
        return true;
    if (is_digit(c)) {
        uint64_t number = at->number * UINT64_C(10) + (uint64_t)(c - '0');

        if (number > UINT32_MAX || !may_become(facts, number))
            return false;
        *at = (struct at){ PLACE_NUMBER, (uint32_t)number };
        return true;
    }
    if (is_between(c) || c == ']') {
        if (at->place == PLACE_NUMBER && !has_between(facts, at->number, at->number))
            return false;
        *at = (struct at){ c == ']' ? PLACE_TEXT : PLACE_LIST, 0 };
        return true;
    }
    *at = (struct at){ PLACE_TEXT, 0 };
    return true;
}

static bool goes_on(const struct facts *facts, struct at *at, struct slice piece)
{
    for (size_t i = 0; i < piece.size; i++) {
        if (!step(facts, at, piece.data[i]))
            return false;
    }
    return true;
}

/* The mask
 * --------------------------------------------------------------------------------------- */

static enum status fill(void *of, uint32_t *bits, struct error *err)
{
    const struct cite_state *state = of;
    const struct inference_cite_vocab *vocab = state->vocab;
    bool is_ended = state->at.place != PLACE_NUMBER
                    || has_between(state->facts, state->at.number, state->at.number);

    (void)err;
    for (uint32_t i = 0; i < vocab->words; i++)
        bits[i] = is_ended ? vocab->plain[i] : vocab->plain[i] & ~vocab->ending[i];
    for (uint32_t i = 0; i < vocab->tried_count; i++) {
        uint32_t id = vocab->tried[i];
        struct at at = state->at;

        if (goes_on(state->facts, &at, grammar_vocab_piece(vocab->vocab, id)))
            bits[id / 32] |= UINT32_C(1) << id % 32;
    }
    return STATUS_OK;
}

static void take(void *of, uint32_t id)
{
    struct cite_state *state = of;

    goes_on(state->facts, &state->at, grammar_vocab_piece(state->vocab->vocab, id));
}

static uint32_t follow(void *of, const uint32_t *ids, uint32_t count)
{
    const struct cite_state *state = of;
    struct at at = state->at;
    uint32_t followed = 0;

    while (followed < count
           && goes_on(state->facts, &at, grammar_vocab_piece(state->vocab->vocab, ids[followed])))
        followed++;
    return followed;
}

static bool may_end(void *of)
{
    (void)of;
    return true;
}

static void *copy(const void *of)
{
    const struct cite_state *state = of;
    struct cite_state *other = malloc(sizeof(*other));

    if (other == NULL)
        return NULL;
    *other = *state;
    atomic_fetch_add(&state->facts->users, 1);
    return other;
}

static void release(void *of)
{
    struct cite_state *state = of;

    if (atomic_fetch_sub(&state->facts->users, 1) == 1)
        free(state->facts);
    free(state);
}

static int compare_ids(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

enum status inference_cite_init(struct inference_mask *mask,
                                const struct inference_cite_vocab *vocab, const uint32_t *ids,
                                size_t count, struct error *err)
{
    struct cite_state *state;
    struct facts *facts;

    if (count > INFERENCE_CITE_FACTS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu facts to cite: at most %d are taken",
                         count, INFERENCE_CITE_FACTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == 0)
            return error_set(err, STATUS_INVALID_ARGUMENT, "no fact has the id 0");
    }
    state = calloc(1, sizeof(*state));
    facts = malloc(sizeof(*facts) + count * sizeof(*ids));
    if (state == NULL || facts == NULL) {
        free(state);
        free(facts);
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %zu facts", count);
    }
    atomic_init(&facts->users, 1);
    facts->count = count;
    if (count > 0)
        memcpy(facts->ids, ids, count * sizeof(*ids));
    qsort(facts->ids, count, sizeof(*ids), compare_ids);
    state->vocab = vocab;
    state->facts = facts;
    *mask = (struct inference_mask){ state, fill, take, follow, may_end, copy, release };
    return STATUS_OK;
}
