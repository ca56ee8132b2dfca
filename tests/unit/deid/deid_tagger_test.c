#include "deid_tagger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "deid_tagger_view.h"

#define TAGS DEID_TAG_COUNT
#define BITS 8
#define TOKENS_MAX 4096

static struct deid_lexicon lexicon;
static struct deid_tagger tagger;
static struct arena arena;

static int open_all(void **state)
{
    struct error err;

    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    return deid_lexicon_init(&lexicon, &arena, &err) == STATUS_OK
                   && deid_tagger_init(&tagger, &err) == STATUS_OK
               ? 0
               : -1;
}

static int close_all(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct deid_tokens read_tokens(struct slice text)
{
    struct deid_tokens tokens;
    struct error err;

    assert_int_equal(deid_tokens_read(text, &lexicon, &arena, &tokens, &err), STATUS_OK);
    assert_true(tokens.count <= TOKENS_MAX);
    return tokens;
}

/* The word @what of @text is part of a name, a place or a house. */
static bool is_tagged(const char *text, const char *what)
{
    struct deid_tokens tokens = read_tokens(slice_from(text));
    struct deid_tagged tagged[TOKENS_MAX];
    unsigned i;

    deid_tagger_run(&tagger, &tokens, 0, tokens.count, tagged);
    for (i = 0; i < tokens.count; i++)
        if (slice_is(deid_token_text(&tokens, i), what))
            return tagged[i].tag != DEID_TAG_OUTSIDE;
    fail_msg("no word %s", what);
    return false;
}

static void skip_without_sources(void)
{
    if (lexicon.words_count < 100000) {
        print_message("the packages of the word lists are not installed\n");
        skip();
    }
}

static void finds_names_and_places_by_what_stands_around_them(void **state)
{
    static const struct {
        const char *text, *what;
    } rows[] = {
        { "Spoke with Dr. Zhvolenka about the plan.", "Zhvolenka" },
        { "Her husband Grant drove her home to Quillmont, Ohio.", "Grant" },
        { "Her husband Grant drove her home to Quillmont, Ohio.", "Quillmont" },
        { "pt mary okonkwo seen today for cough", "okonkwo" },
        { "PATIENT: HOPE, WILL   MRN 1234567", "HOPE" },
        { "Transferred from Brackenholt Memorial Hospital on Tuesday.", "Brackenholt" },
        { "Signed: R. Tellerman, MD", "Tellerman" },
        { "She lives at 41 Fennimore Lane, Dunmore, PA 18512.", "Fennimore" },
    };
    size_t i;

    (void)state;
    skip_without_sources();
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!is_tagged(rows[i].text, rows[i].what))
            fail_msg("not found in row %zu", i);
}

static void leaves_words_of_medicine_and_plain_words(void **state)
{
    static const struct {
        const char *text, *what;
    } rows[] = {
        { "Foley catheter placed, Babinski negative.", "Foley" },
        { "Foley catheter placed, Babinski negative.", "Babinski" },
        { "History of Parkinson's disease and Crohn's disease.", "Parkinson" },
        { "Continue metformin and Lipitor 40 mg daily.", "Lipitor" },
        { "Patient will follow up in May with labs.", "will" },
        { "White count normal, no acute distress.", "White" },
        { "ASSESSMENT AND PLAN", "PLAN" },
        { "the wound was clean and the margins were pink", "pink" },
    };
    size_t i;

    (void)state;
    skip_without_sources();
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (is_tagged(rows[i].text, rows[i].what))
            fail_msg("tagged in row %zu", i);
}

/* Weights drawn from a seed, in the form of the file. */
static struct slice draw_weights(uint64_t seed, unsigned range)
{
    size_t size = 8 + 8 * 8 * 2 + ((size_t)8 << BITS), i;
    uint32_t head[2] = { DEID_TAGGER_MAGIC, BITS };
    int16_t steps[8][8] = { { 0 } };
    char *bytes = arena_alloc(&arena, size);
    unsigned from, to;

    memcpy(bytes, head, 8);
    for (from = 0; from < TAGS; from++)
        for (to = 0; to < TAGS; to++) {
            bool may = to == 0 || deid_tag_is_begin(to) || from == to || from + 1 == to;
            seed = hash_bytes(slice_of(&seed, 8), 1);
            steps[from][to] = may ? (int16_t)(seed % 41) - 20 : -4000;
        }
    memcpy(bytes + 8, steps, sizeof(steps));
    for (i = 8 + sizeof(steps); i < size; i++) {
        seed = hash_bytes(slice_of(&seed, 8), 2);
        bytes[i] = (char)((int)(seed % range) - (int)range / 2);
    }
    return slice_of(bytes, size);
}

/* The score of one way to tag, counted as the header says: features and steps, from OUTSIDE. */
static int path_score(const struct deid_tagger *drawn, const struct deid_view *views,
                      const unsigned *path, unsigned count)
{
    uint32_t features[DEID_VIEW_FEATURES];
    unsigned t, i, last = 0;
    int score = 0;

    for (t = 0; t < count; t++) {
        deid_view_features(&views[t + DEID_VIEW_AROUND], BITS, features);
        for (i = 0; i < DEID_VIEW_FEATURES; i++)
            score += drawn->weights[features[i]][path[t]];
        score += drawn->steps[last][path[t]];
        last = path[t];
    }
    return score;
}

static void agrees_with_trying_every_path(void **state)
{
    struct deid_tokens tokens = read_tokens(SLICE("Seen by Dr. Okonjo, Leeds"));
    struct deid_view views[16];
    uint64_t seed;

    (void)state;
    assert_int_equal(tokens.count, 5);
    deid_view_read(&tokens, 0, 5, views);
    for (seed = 1; seed <= 6; seed++) {
        int best[5][TAGS], total = INT32_MIN, score;
        struct deid_tagged tagged[5];
        struct deid_tagger drawn;
        struct error err;
        unsigned code, t, tag;

        assert_int_equal(deid_tagger_open(&drawn, draw_weights(seed, 15), &err), STATUS_OK);
        for (t = 0; t < 5; t++)
            for (tag = 0; tag < TAGS; tag++)
                best[t][tag] = INT32_MIN;
        for (code = 0; code < 7 * 7 * 7 * 7 * 7; code++) {
            unsigned path[5], rest = code;

            for (t = 0; t < 5; t++, rest /= TAGS)
                path[t] = rest % TAGS;
            score = path_score(&drawn, views, path, 5);
            total = score > total ? score : total;
            for (t = 0; t < 5; t++)
                if (score > best[t][path[t]])
                    best[t][path[t]] = score;
        }
        deid_tagger_run(&drawn, &tokens, 0, 5, tagged);
        for (t = 0; t < 5; t++) {
            int likely = INT32_MIN;

            for (tag = 1; tag < TAGS; tag++)
                likely = best[t][tag] > likely ? best[t][tag] : likely;
            assert_int_equal(tagged[t].margin, likely - best[t][0]);
            assert_int_equal(best[t][tagged[t].likely], likely);
            assert_int_equal(best[t][tagged[t].tag], total);
        }
    }
}

static void keeps_its_sums_in_bounds_whatever_the_weights(void **state)
{
    struct deid_tokens tokens = read_tokens(SLICE(
        "one Two THREE f 5 six7 seven, eight. Nine\n\nten: (eleven) Twelve-Thirteen 14/15 sixteen"));
    struct deid_tagged tagged[64];
    struct deid_tagger drawn;
    struct error err;
    unsigned i;

    (void)state;
    assert_int_equal(deid_tagger_open(&drawn, draw_weights(3, 255), &err), STATUS_OK);
    deid_tagger_run(&drawn, &tokens, 0, tokens.count, tagged);
    for (i = 0; i < tokens.count; i++) {
        assert_true(tagged[i].tag < TAGS);
        assert_true(tagged[i].likely > 0 && tagged[i].likely < TAGS);
        assert_int_equal(tagged[i].tag != DEID_TAG_OUTSIDE, tagged[i].margin > 0);
    }
}

static void tags_a_range_and_no_more(void **state)
{
    struct deid_tokens tokens = read_tokens(SLICE("Call Dr. Zhvolenka today. Call Dr. Maurita."));
    struct deid_tagged tagged[4] = {
        { .margin = 77 }, { .margin = 77 }, { .margin = 77 }, { .margin = 77 }
    };

    (void)state;
    deid_tagger_run(&tagger, &tokens, 2, 2, tagged);
    assert_int_equal(tagged[0].margin, 77);
    deid_tagger_run(&tagger, &tokens, 1, 4, tagged);
    assert_int_equal(tagged[3].margin, 77);
}

static void tags_texts_of_any_length(void **state)
{
    static const char sentence[] = "Spoke with Dr. Zhvolenka about the wound. ";
    size_t size = sizeof(sentence) - 1, i;
    char *text = arena_alloc(&arena, size * 300);
    struct deid_tagged *tagged = arena_alloc(&arena, sizeof(*tagged) * TOKENS_MAX);
    struct deid_tokens tokens;
    unsigned names = 0;

    (void)state;
    skip_without_sources();
    for (i = 0; i < 300; i++)
        memcpy(text + i * size, sentence, size);
    tokens = read_tokens(slice_of(text, size * 300));
    deid_tagger_run(&tagger, &tokens, 0, tokens.count, tagged);
    for (i = 0; i < tokens.count; i++)
        names += tagged[i].tag == DEID_TAG_NAME_BEGIN;
    assert_int_equal(names, 300);
}

static void refuses_weights_that_are_not_whole(void **state)
{
    struct slice packed = draw_weights(1, 15);
    struct deid_tagger other;
    struct error err;
    size_t size;

    (void)state;
    for (size = 0; size < packed.size; size = size * 2 + 1)
        assert_int_equal(deid_tagger_open(&other, slice_cut(packed, 0, size), &err),
                         STATUS_INVALID_ARGUMENT);
    ((char *)packed.data)[0] ^= 1;
    assert_int_equal(deid_tagger_open(&other, packed, &err), STATUS_INVALID_ARGUMENT);
    ((char *)packed.data)[0] ^= 1;
    ((char *)packed.data)[4] = 31;
    assert_int_equal(deid_tagger_open(&other, packed, &err), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_names_and_places_by_what_stands_around_them),
        cmocka_unit_test(leaves_words_of_medicine_and_plain_words),
        cmocka_unit_test(agrees_with_trying_every_path),
        cmocka_unit_test(keeps_its_sums_in_bounds_whatever_the_weights),
        cmocka_unit_test(tags_a_range_and_no_more),
        cmocka_unit_test(tags_texts_of_any_length),
        cmocka_unit_test(refuses_weights_that_are_not_whole),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
