#include "tagger_learn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tagger_grammar.h"

static const char rules[] = "# a grammar\n"
                            "text\n"
                            "\t3* Seen by Dr. <N {who@1}> in <P {where}>.\n"
                            "\tCall <H {where} [Clinic|Hospital]> about {what}[ today|].\n"
                            "\t{cap:what} for <N {up:who@1}>, {dd:3-3}/{d:12-12} \\{{n:4}\\}\n"
                            "who\n\tZhvolenka\n\tMaurita\n\tOkonjo\n"
                            "where\n\tQuillmont\n\tBrackenholt\n"
                            "what\n\tfollow-up\n\tlabs\n";

static struct tagger_grammar grammar;
static struct tagger_leaves leaves; /* no rule of these uses one */
static struct deid_lexicon lexicon;
static struct arena arena;
static struct error err;

static int open_all(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)256 << 20);
    return deid_lexicon_init(&lexicon, &arena, &err) == STATUS_OK
                   && tagger_grammar_init(&grammar, &err) == STATUS_OK
                   && tagger_grammar_read(&grammar, slice_from(rules), &err) == STATUS_OK
                   && tagger_grammar_check(&grammar, &err) == STATUS_OK
               ? 0
               : -1;
}

static int close_all(void **state)
{
    (void)state;
    tagger_grammar_close(&grammar);
    arena_close(&arena);
    return 0;
}

static struct tagger_text make(uint64_t seed)
{
    struct tagger_chance chance;
    struct tagger_text text;

    tagger_chance_init(&chance, seed);
    assert_int_equal(tagger_grammar_make(&grammar, &leaves, "text", &chance, &arena, &text, &err),
                     STATUS_OK);
    return text;
}

static bool is_one_of(struct slice text, const char *a, const char *b, const char *c)
{
    return slice_equal_fold(text, slice_from(a)) || slice_equal_fold(text, slice_from(b))
           || slice_equal_fold(text, slice_from(c));
}

static void marks_what_the_rules_mark(void **state)
{
    unsigned seen[DEID_TAG_COUNT] = { 0 };
    uint64_t seed;
    unsigned m;

    (void)state;
    for (seed = 1; seed < 400; seed++) {
        struct tagger_text text = make(seed);

        assert_true(text.marks_count > 0);
        for (m = 0; m < text.marks_count; m++) {
            struct slice what = slice_cut(text.text, text.marks[m].start, text.marks[m].end);

            seen[text.marks[m].tag]++;
            if (text.marks[m].tag == DEID_TAG_NAME_BEGIN)
                assert_true(is_one_of(what, "Zhvolenka", "Maurita", "Okonjo"));
            else if (text.marks[m].tag == DEID_TAG_PLACE_BEGIN)
                assert_true(is_one_of(what, "Quillmont", "Brackenholt", "Brackenholt"));
            else
                assert_true(
                    slice_equal_fold(slice_cut(what, what.size - 4, what.size), SLICE("inic"))
                    || slice_equal_fold(slice_cut(what, what.size - 4, what.size), SLICE("ital")));
        }
        assert_true(memmem(text.text.data, text.text.size, "{w", 2) == NULL);
    }
    assert_true(seen[DEID_TAG_NAME_BEGIN] > 200 && seen[DEID_TAG_PLACE_BEGIN] > 100
                && seen[DEID_TAG_HOUSE_BEGIN] > 20);
}

static void makes_the_same_text_from_the_same_seed(void **state)
{
    (void)state;
    assert_true(slice_equal(make(7).text, make(7).text));
}

static void writes_figures_and_signs(void **state)
{
    uint64_t seed;

    (void)state;
    for (seed = 1; seed < 400; seed++) {
        struct slice text = make(seed).text;
        const char *at = memmem(text.data, text.size, ", 03/12 {", 9);

        if (at == NULL)
            continue;
        assert_true(text.data + text.size - at == 14 && text.data[text.size - 1] == '}');
        return;
    }
    fail_msg("no text of the third rule");
}

static void names_the_rule_that_is_wrong(void **state)
{
    struct tagger_grammar bad;

    (void)state;
    assert_int_equal(tagger_grammar_init(&bad, &err), STATUS_OK);
    assert_int_equal(tagger_grammar_read(&bad, SLICE("a\n\tone {b}\n"), &err), STATUS_OK);
    assert_int_equal(tagger_grammar_check(&bad, &err), STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.text, "{b}"));
    assert_int_equal(tagger_grammar_read(&bad, SLICE("b\n\ttwo {cap:a} [x|y\n"), &err), STATUS_OK);
    assert_int_equal(tagger_grammar_check(&bad, &err), STATUS_OK);
    assert_int_equal(tagger_grammar_read(&bad, SLICE("c\n"), &err), STATUS_OK);
    assert_int_equal(tagger_grammar_check(&bad, &err), STATUS_INVALID_ARGUMENT);
    tagger_grammar_close(&bad);
    assert_int_equal(tagger_grammar_init(&bad, &err), STATUS_OK);
    assert_int_equal(tagger_grammar_read(&bad, SLICE("\tno rule\n"), &err),
                     STATUS_INVALID_ARGUMENT);
    tagger_grammar_close(&bad);
}

static struct slice learn(const struct tagger_examples *examples)
{
    static const struct tagger_settings settings = {
        .bits = 14,
        .rounds = 4,
        .seed = 5,
        .rate = 0.15f,
        .decay = 1e-5f,
        .forget = 0.1f,
        .miss = 0.5f,
    };
    struct tagger_model model;
    struct slice packed;

    assert_int_equal(tagger_model_init(&model, settings.bits, &err), STATUS_OK);
    tagger_learn(&model, examples, &settings);
    assert_int_equal(tagger_model_pack(&model, &arena, &packed, &err), STATUS_OK);
    tagger_model_close(&model);
    return packed;
}

static void learns_what_the_texts_show(void **state)
{
    struct tagger_examples examples, other;
    struct deid_tagged tagged[64];
    struct deid_tagger tagger;
    struct slice packed;
    unsigned i, t;

    (void)state;
    tagger_examples_init(&examples);
    tagger_examples_init(&other);
    for (i = 0; i < 600; i++) {
        struct tagger_text text = make(1000 + i);
        assert_int_equal(
            tagger_examples_add(i < 500 ? &examples : &other, &lexicon, &text, 1, &err), STATUS_OK);
    }
    packed = learn(&examples);
    assert_true(slice_equal(packed, learn(&examples)));
    assert_int_equal(deid_tagger_open(&tagger, packed, &err), STATUS_OK);
    for (i = 0; i < other.count; i++) {
        const struct tagger_example *example = &other.items[i];
        deid_tagger_tag(&tagger, example->views + DEID_VIEW_AROUND, example->count, tagged);
        for (t = 0; t < example->count; t++)
            assert_int_equal(tagged[t].tag, example->gold[t]);
    }
    tagger_examples_close(&examples);
    tagger_examples_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_what_the_rules_mark),
        cmocka_unit_test(makes_the_same_text_from_the_same_seed),
        cmocka_unit_test(writes_figures_and_signs),
        cmocka_unit_test(names_the_rule_that_is_wrong),
        cmocka_unit_test(learns_what_the_texts_show),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
