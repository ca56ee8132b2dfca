/* Known values in a text, beside the rule said in full: every value is tried at every word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "deid_near.h"
#include "deid_value.h"

#define VALUES_COUNT 300
#define TEXTS_COUNT 400
#define SPANS_MAX 4096

static struct arena arena;
static struct deid_lexicon lexicon;

/* The same texts at every run. */
static uint32_t chance(uint32_t below)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state >> 33) % below;
}

static char pick(const char *of)
{
    return of[chance((uint32_t)strlen(of))];
}

/* ---- values and texts that are much alike ---- */

static size_t value_make(char *out)
{
    size_t size = 4 + chance(chance(8) == 0 ? 60 : 12);
    const char *letters = chance(3) == 0 ? "ab12" : "0123";

    for (size_t i = 0; i < size; i++)
        out[i] = i < 5 && chance(2) == 0 ? '6' : pick(letters);
    return size;
}

/* A value, mostly with an edit, its letters in capitals and apart now and then. */
static void value_write(const char *value, size_t size, struct buffer *out)
{
    char copy[80];
    size_t at = chance((uint32_t)size);
    unsigned edit = chance(6);

    memcpy(copy, value, size);
    if (edit == 0)
        copy[at] = pick("0123ab");
    if (edit == 1 && at + 1 < size) {
        copy[at] = value[at + 1];
        copy[at + 1] = value[at];
    }
    for (size_t i = 0; i < size; i++) {
        if (edit == 2 && i == at)
            continue;
        if (edit == 3 && i == at)
            buffer_put_byte(out, pick("0123ab"));
        buffer_put_byte(out, copy[i] == 'a' && chance(2) == 0 ? 'A' : copy[i]);
        if (chance(8) == 0)
            buffer_put_string(out, chance(3) == 0 ? " - " : "-");
    }
}

static struct slice text_make(char values[][80], const size_t *sizes)
{
    struct buffer out;

    buffer_init(&out, &arena);
    for (unsigned i = 0; i < 6; i++) {
        unsigned which = chance(VALUES_COUNT);

        value_write(values[which], sizes[which], &out);
        buffer_put_string(&out, chance(4) == 0 ? " x 1 " : ", ");
    }
    return buffer_slice(&out);
}

/* ---- the rule in full ---- */

struct place {
    uint32_t start, end;
};

struct places {
    struct place items[SPANS_MAX];
    unsigned count;
};

static void place_add(struct places *places, size_t start, size_t end)
{
    for (unsigned i = 0; i < places->count; i++)
        if (places->items[i].start == start && places->items[i].end == end)
            return;
    assert_true(places->count < SPANS_MAX);
    places->items[places->count++] = (struct place){ (uint32_t)start, (uint32_t)end };
}

static size_t squeeze(struct slice text, size_t start, size_t max, char *out, size_t *end)
{
    size_t count = 0;

    *end = start;
    for (size_t at = start; at < text.size && at < start + max * 2 + 4 && count < max; at++)
        if (deid_is_word(text.data[at])) {
            out[count++] = text.data[at] >= 'A' && text.data[at] <= 'Z' ? (char)(text.data[at] | 32)
                                                                        : text.data[at];
            *end = at + 1;
        }
    return count;
}

static bool ends_word(struct slice text, size_t end)
{
    return end == text.size || !deid_is_word(text.data[end]);
}

static void try_from(struct slice text, size_t start, struct slice value, bool is_near,
                     struct places *places)
{
    size_t sizes[] = { value.size, value.size, value.size - 1, value.size + 1 }, end;
    char letters[128];

    for (unsigned i = 0; i < (is_near ? 4 : 1); i++)
        if (squeeze(text, start, sizes[i], letters, &end) == sizes[i] && ends_word(text, end)
            && memcmp(letters, value.data, 4) == 0
            && (i == 0 ? memcmp(letters, value.data, value.size) == 0
                       : deid_near_distance(slice_of(letters, sizes[i]), value, 1) <= 1)) {
            place_add(places, start, end);
            return;
        }
}

static void try_back(struct slice text, size_t end, struct slice value, struct places *places)
{
    char letters[128];
    size_t count = 0;

    for (size_t at = end; at > 0 && count < value.size + 1 && end - at < 2 * (count + 1) + 4;
         at--) {
        if (!deid_is_word(text.data[at - 1]))
            continue;
        letters[sizeof(letters) - ++count] = text.data[at - 1] >= 'A' && text.data[at - 1] <= 'Z'
                                                 ? (char)(text.data[at - 1] | 32)
                                                 : text.data[at - 1];
        if (count + 1 >= value.size && (at == 1 || !deid_is_word(text.data[at - 2]))
            && memcmp(letters + sizeof(letters) - 4, value.data + value.size - 4, 4) == 0
            && deid_near_distance(slice_of(letters + sizeof(letters) - count, count), value, 1)
                   <= 1) {
            place_add(places, at - 1, end);
            return;
        }
    }
}

static bool is_near_value(struct slice value)
{
    unsigned digits = 0;

    for (size_t i = 0; i < value.size; i++)
        digits += deid_is_digit(value.data[i]);
    return digits >= 4 && value.size >= 8 && value.size < DEID_NEAR_BYTES_MAX;
}

static bool is_told_from_chance(struct slice value)
{
    for (size_t i = 0; i < value.size; i++)
        if (deid_is_digit(value.data[i]))
            return value.size >= 5;
    return true;
}

/* Where a number of six digits and more begins behind letters. */
static size_t glued_at(struct slice text, const struct deid_token *token)
{
    size_t at = token->start;

    while (at < token->end && !deid_is_digit(text.data[at]))
        at++;
    return token->end - at >= 6 ? at : token->start;
}

static void find_in_full(const struct deid_tokens *tokens, char values[][80], const size_t *sizes,
                         struct places *places)
{
    for (unsigned i = 0; i < tokens->count; i++)
        for (unsigned j = 0; j < VALUES_COUNT; j++) {
            struct slice value = slice_of(values[j], sizes[j]);

            if (!is_told_from_chance(value))
                continue;
            try_from(tokens->text, tokens->items[i].start, value, is_near_value(value), places);
            if (glued_at(tokens->text, &tokens->items[i]) > tokens->items[i].start)
                try_from(tokens->text, glued_at(tokens->text, &tokens->items[i]), value, false,
                         places);
            if (is_near_value(value))
                try_back(tokens->text, tokens->items[i].end, value, places);
        }
}

static void find(const struct deid_values *values, const struct deid_tokens *tokens,
                 struct places *places)
{
    struct deid_spans spans;

    deid_spans_init(&spans, &arena);
    deid_values_scan(values, tokens, &spans);
    assert_false(spans.is_full);
    for (unsigned i = 0; i < spans.count; i++)
        place_add(places, spans.items[i].start, spans.items[i].end);
}

static void assert_all(const struct places *these, const struct places *in, struct slice text)
{
    for (unsigned i = 0; i < these->count; i++) {
        bool is_in = false;

        for (unsigned j = 0; j < in->count && !is_in; j++)
            is_in = these->items[i].start == in->items[j].start
                    && these->items[i].end == in->items[j].end;
        if (!is_in)
            fail_msg("[%u, %u) of \"%.*s\"", these->items[i].start, these->items[i].end,
                     SLICE_FORMAT(text));
    }
}

static void the_index_finds_what_comparing_with_every_value_finds(void **state)
{
    static char made[VALUES_COUNT][80];
    static size_t sizes[VALUES_COUNT];
    static struct places fast, full;
    struct deid_values values;
    unsigned found = 0;

    (void)state;
    deid_values_init(&values, &arena);
    for (unsigned i = 0; i < VALUES_COUNT; i++) {
        sizes[i] = value_make(made[i]);
        deid_values_add(&values, slice_of(made[i], sizes[i]), DEID_CLASS_OTHER);
    }
    assert_false(values.is_full);
    for (unsigned i = 0; i < TEXTS_COUNT; i++) {
        struct slice text = text_make(made, sizes);
        struct deid_tokens tokens;

        fast.count = full.count = 0;
        assert_int_equal(deid_tokens_read(text, &lexicon, &arena, &tokens, NULL), STATUS_OK);
        find(&values, &tokens, &fast);
        find_in_full(&tokens, made, sizes, &full);
        assert_all(&fast, &full, text);
        assert_all(&full, &fast, text);
        found += full.count;
    }
    assert_true(found > TEXTS_COUNT);
}

static bool finds(const struct deid_values *values, const char *text)
{
    static struct places places;
    struct deid_tokens tokens;

    places.count = 0;
    assert_int_equal(deid_tokens_read(slice_from(text), &lexicon, &arena, &tokens, NULL),
                     STATUS_OK);
    find(values, &tokens, &places);
    return places.count > 0;
}

static void finds_a_value_of_any_length(void **state)
{
    struct deid_values values;
    char text[5000];

    (void)state;
    for (size_t size = 5; size < sizeof(text); size = size * 3 + 1) {
        deid_values_init(&values, &arena);
        memset(text, 'q', size);
        text[size] = 0;
        deid_values_add(&values, slice_of(text, size), DEID_CLASS_NAME);
        assert_true(finds(&values, text));
        text[size - 1] = 'r';
        assert_false(finds(&values, text));
    }
}

static void a_town_needs_a_capital(void **state)
{
    struct deid_values values;

    (void)state;
    deid_values_init(&values, &arena);
    deid_values_add(&values, SLICE("Reading"), DEID_CLASS_GEOGRAPHY);
    assert_true(finds(&values, "Seen in Reading."));
    assert_true(finds(&values, "SEEN IN READING."));
    assert_false(finds(&values, "He was reading."));
}

static void no_room_is_told(void **state)
{
    struct deid_values values;
    struct arena small;
    char value[32];

    (void)state;
    arena_init(&small, 64 << 10);
    deid_values_init(&values, &small);
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(value, sizeof(value), "%u-%u", i, i * 7919);
        deid_values_add(&values, slice_from(value), DEID_CLASS_MRN);
    }
    assert_true(values.is_full);
    arena_close(&small);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 512 * MIB);
    return sodium_init() < 0 || deid_lexicon_init(&lexicon, &arena, NULL) != STATUS_OK;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_finds_what_comparing_with_every_value_finds),
        cmocka_unit_test(finds_a_value_of_any_length),
        cmocka_unit_test(a_town_needs_a_capital),
        cmocka_unit_test(no_room_is_told),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
