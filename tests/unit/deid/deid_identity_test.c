/* What a patient is known by, in the many ways that notes write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "deid_identity.h"
#include "deid_scan.h"
#include "deid_setup.h"
#include "deid_surrogate.h"

static struct arena arena;
static struct deid_map map;
static struct deid_identity identity;

static void learn_name(const char *name)
{
    struct deid_entry *entry;

    assert_int_equal(deid_surrogate_person(&map, slice_from(name), true, true, &entry, NULL),
                     STATUS_OK);
}

static void learn_value(enum deid_class class, const char *value)
{
    struct deid_entry *entry;

    assert_int_equal(deid_surrogate_value(&map, class, slice_from(value), true, &entry, NULL),
                     STATUS_OK);
}

/* Whether all of @what is found in @text by the identity alone. */
static bool finds(const char *text, const char *what)
{
    struct deid_tokens tokens;
    struct deid_spans spans;
    size_t start, i;
    unsigned s;

    assert_int_equal(deid_tokens_read(slice_from(text), &rules.lexicon, &arena, &tokens, NULL),
                     STATUS_OK);
    deid_spans_init(&spans, &arena);
    assert_int_equal(deid_identity_scan(&identity, &tokens, &spans, NULL), STATUS_OK);
    if (what == NULL)
        return spans.count > 0;
    start = (size_t)(strstr(text, what) - text);
    for (i = start; i < start + strlen(what); i++) {
        bool is_in = !deid_is_word(text[i]);

        for (s = 0; s < spans.count && !is_in; s++)
            is_in = spans.items[s].start <= i && i < spans.items[s].end;
        if (!is_in)
            return false;
    }
    return true;
}

static int open_case(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)256 << 20);
    deid_map_init(&map, DEID_PROFILE_LIMITED, &arena);
    learn_name("Margaret Ann Hollingsworth");
    learn_name("José Núñez");
    learn_name("Shona O'Brien");
    learn_name("Will White");
    learn_value(DEID_CLASS_PHONE, "+1 (617) 555-0142");
    learn_value(DEID_CLASS_MRN, "SF-99887712");
    learn_value(DEID_CLASS_EMAIL, "m.holl@example.org");
    learn_value(DEID_CLASS_GEOGRAPHY, "88 Magnolia Court");
    learn_value(DEID_CLASS_GEOGRAPHY, "Rowe");
    learn_value(DEID_CLASS_DATE, "1958-03-14");
    return deid_identity_init(&identity, &map, &rules.lexicon, &arena, NULL) != STATUS_OK;
}

static int close_case(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static void finds_names_in_every_dress(void **state)
{
    (void)state;
    assert_true(finds("MARGARET HOLLINGSWORTH was seen", "MARGARET HOLLINGSWORTH"));
    assert_true(finds("seen today, hollingsworth looks well", "hollingsworth"));
    assert_true(finds("Hollingsworth's wound", "Hollingsworth"));
    assert_true(finds("M. Hollingsworth called", "M. Hollingsworth"));
    assert_true(finds("Peggy called twice", "Peggy"));
    assert_true(finds("signed M.H. today", "M.H"));
    assert_true(finds("JOSE NUNEZ was here", "JOSE NUNEZ"));
    assert_true(finds("JOS\xc3\x89 was here", "JOS\xc3\x89"));
    assert_true(finds("Ms. OBrien", "OBrien"));
    assert_true(finds("Ms. O'Brien", "O'Brien"));
}

static void finds_misspelt_names(void **state)
{
    (void)state;
    assert_true(finds("Holingsworth was seen", "Holingsworth"));
    assert_true(finds("Hollingswroth was seen", "Hollingswroth"));
    assert_true(finds("Hollingworht was seen", "Hollingworht"));
    assert_true(finds("MARGARTE was seen", "MARGARTE"));
    assert_true(finds("then holingsworth left", "holingsworth"));
    assert_false(finds("Billingsgate was seen", NULL));
    learn_name("Elin Ruiz");
    assert_int_equal(deid_identity_learn(&identity, NULL), STATUS_OK);
    assert_true(finds("Ruix was seen", "Ruix"));
    assert_true(finds("Riuz was seen", "Riuz"));
    assert_false(finds("Quiz was held", NULL));
}

static void leaves_words_that_are_names_too(void **state)
{
    (void)state;
    assert_true(finds("Will White was seen", "Will White"));
    assert_true(finds("Mr. White was seen", "White"));
    assert_true(finds("White reports pain", "White"));
    assert_false(finds("Rest. Will continue metformin", NULL));
    assert_false(finds("the white count will rise", NULL));
    assert_false(finds("White Blood cells", NULL));
}

static void finds_values_whatever_stands_between(void **state)
{
    (void)state;
    assert_true(finds("no6175550142 now", "6175550142"));
    assert_true(finds("call 617-555-0142 now", "617-555-0142"));
    assert_true(finds("call 617.555.0142 now", "617.555.0142"));
    assert_true(finds("call 555-0142 now", "555-0142"));
    assert_true(finds("call 1 617 555 0142", "617 555 0142"));
    assert_true(finds("MRN SF99887712", "SF99887712"));
    assert_true(finds("MRN sf 9988 7712.", "sf 9988 7712"));
    assert_true(finds("M.HOLL@EXAMPLE.ORG", "M.HOLL@EXAMPLE.ORG"));
    assert_true(finds("lives at 88 Magnolia Ct", "88 Magnolia Ct"));
    assert_true(finds("lives at 88 magnolia.", "88 magnolia"));
    assert_true(finds("born 03141958.", "03141958"));
    assert_true(finds("born 19580314.", "19580314"));
}

static void finds_values_with_a_slip(void **state)
{
    (void)state;
    assert_true(finds("MRN SF-99887721", "SF-99887721"));
    assert_true(finds("MRN SF-9988771", "SF-9988771"));
    assert_true(finds("MRN SF-9988l712", "SF-9988l712"));
    assert_true(finds("MRN 5F-99887712", "5F-99887712"));
    assert_true(finds("call 617-555-0143", "617-555-0143"));
    assert_true(finds("lives at 89 Magnolia Court", "89 Magnolia Court"));
    assert_false(finds("MRN SF-99880012", NULL));
}

static void takes_a_town_only_with_a_capital(void **state)
{
    (void)state;
    assert_true(finds("moved to Rowe last year", "Rowe"));
    assert_false(finds("moved to rowe last year", NULL));
}

/* Known identifiers were once cut at 512 words and 2,048 values. */
static void leaves_none_out_however_many_are_known(void **state)
{
    char text[64];
    unsigned i;

    (void)state;
    for (i = 0; i < 4000; i++) {
        snprintf(text, sizeof(text), "Zaqu%cx%c%cb%c", 'a' + i % 26, 'a' + i / 26 % 26,
                 'a' + i / 676, 'a' + i % 7);
        learn_name(text);
        snprintf(text, sizeof(text), "QX-%u-%u", 1000 + i, i * 7);
        learn_value(DEID_CLASS_OTHER, text);
    }
    assert_int_equal(deid_identity_init(&identity, &map, &rules.lexicon, &arena, NULL), STATUS_OK);
    for (i = 0; i < 4000; i++) {
        snprintf(text, sizeof(text), "Zaqu%cx%c%cb%c", 'a' + i % 26, 'a' + i / 26 % 26,
                 'a' + i / 676, 'a' + i % 7);
        assert_true(finds(text, text));
        snprintf(text, sizeof(text), "QX-%u-%u", 1000 + i, i * 7);
        assert_true(finds(text, text));
    }
}

static void takes_in_what_is_learnt_later(void **state)
{
    struct deid_entry *entry;

    (void)state;
    assert_int_equal(deid_surrogate_person(&map, SLICE("Brixworth"), false, false, &entry, NULL),
                     STATUS_OK);
    assert_int_equal(deid_identity_learn(&identity, NULL), STATUS_OK);
    assert_false(finds("Brixworth came", NULL)); /* a name that was met, and is not known */
    learn_name("Brixworth");
    learn_name("Anselm Tarrowby");
    learn_value(DEID_CLASS_MRN, "TW-4471920");
    assert_int_equal(deid_identity_learn(&identity, NULL), STATUS_OK);
    assert_true(finds("Brixworth and Tarowby, TW-4471929, came", "Brixworth"));
    assert_true(finds("Brixworth and Tarowby, TW-4471929, came", "Tarowby"));
    assert_true(finds("Brixworth and Tarowby, TW-4471929, came", "TW-4471929"));
    assert_true(finds("Hollingsworth stays", "Hollingsworth"));
}

static void finds_a_name_of_any_length(void **state)
{
    char name[400], upper[400], text[500];

    (void)state;
    memset(name, 'q', sizeof(name));
    for (size_t size = 63; size < sizeof(name); size += 84) {
        name[size] = 0;
        learn_name(name);
        assert_int_equal(deid_identity_learn(&identity, NULL), STATUS_OK);
        snprintf(text, sizeof(text), "Seen: %s, well", name);
        text[6] = 'Q';
        snprintf(upper, sizeof(upper), "%.*s", (int)size, text + 6);
        assert_true(finds(text, upper));
        name[size] = 'q';
    }
}

static void finds_a_known_word_behind_an_apostrophe(void **state)
{
    (void)state;
    assert_true(finds("history'Hollingsworth, well", "Hollingsworth"));
    assert_true(finds("l'Hollingsworth", "Hollingsworth"));
}

static void refuses_when_there_is_no_room(void **state)
{
    struct error err = { 0 };
    struct arena small;

    (void)state;
    arena_init(&small, 1024);
    assert_int_equal(deid_identity_init(&identity, &map, &rules.lexicon, &small, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_null(strstr(err.text, "Hollingsworth"));
    arena_close(&small);
}

static void finds_in_codes_only_what_is_no_word(void **state)
{
    struct deid_tokens tokens;
    struct deid_spans spans;

    (void)state;
    assert_int_equal(deid_tokens_read(SLICE("White plaque, Holingsworth, Hollingsworth"),
                                      &rules.lexicon, &arena, &tokens, NULL),
                     STATUS_OK);
    deid_spans_init(&spans, &arena);
    assert_int_equal(deid_identity_scan_exact(&identity, &tokens, &spans, NULL), STATUS_OK);
    assert_int_equal(spans.count, 1);
    assert_int_equal(spans.items[0].start, 28);
}

static void a_known_word_that_is_cut_or_run_together_is_found(void **state)
{
    (void)state;
    assert_true(finds("spoke with Holling sworth today", "Holling sworth"));
    assert_true(finds("spoke with MargaretHollingsworth today", "MargaretHollingsworth"));
    assert_false(finds("the willow white birch", NULL));
    assert_false(finds("an other shore brain", NULL));
}

/* By themselves these are ordinary words, or near to too many. */
static void what_stands_beside_a_known_name_is_told_by_it(void **state)
{
    (void)state;
    assert_true(finds("seen with margaret will", "will"));
    assert_true(finds("seen with Shana O'Brien", "Shana"));
    assert_true(finds("seen with Jsoé Núñez", "Jsoé"));
    assert_false(finds("the sheer will to go on", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_known_word_that_is_cut_or_run_together_is_found,
                                        open_case, close_case),
        cmocka_unit_test_setup_teardown(what_stands_beside_a_known_name_is_told_by_it, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(finds_names_in_every_dress, open_case, close_case),
        cmocka_unit_test_setup_teardown(finds_misspelt_names, open_case, close_case),
        cmocka_unit_test_setup_teardown(leaves_words_that_are_names_too, open_case, close_case),
        cmocka_unit_test_setup_teardown(finds_values_whatever_stands_between, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(finds_values_with_a_slip, open_case, close_case),
        cmocka_unit_test_setup_teardown(takes_a_town_only_with_a_capital, open_case, close_case),
        cmocka_unit_test_setup_teardown(takes_in_what_is_learnt_later, open_case, close_case),
        cmocka_unit_test_setup_teardown(finds_a_name_of_any_length, open_case, close_case),
        cmocka_unit_test_setup_teardown(leaves_none_out_however_many_are_known, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(finds_a_known_word_behind_an_apostrophe, open_case,
                                        close_case),
        cmocka_unit_test_setup_teardown(refuses_when_there_is_no_room, open_case, close_case),
        cmocka_unit_test_setup_teardown(finds_in_codes_only_what_is_no_word, open_case, close_case),
    };

    return cmocka_run_group_tests(tests, deid_setup, deid_teardown);
}
