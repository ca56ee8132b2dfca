#include "deid_lexicon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORDS_OF_ALL_SOURCES 100000u

extern const char deid_lists_start[], deid_lists_end[];

static struct deid_lexicon lexicon;

static int open_lists(void **state)
{
    struct error err;

    (void)state;
    return deid_lexicon_init(&lexicon, NULL, &err) == STATUS_OK ? 0 : -1;
}

static uint32_t flags(const char *word)
{
    return deid_lexicon_find(&lexicon, slice_from(word));
}

static int odds(const char *word)
{
    return deid_lexicon_facts(&lexicon, slice_from(word))->odds;
}

/* What comes from packages is tested where they are installed. */
static void skip_without_sources(void)
{
    if (lexicon.words_count < WORDS_OF_ALL_SOURCES) {
        print_message("the packages of the word lists are not installed\n");
        skip();
    }
}

static void finds_a_word_in_any_case_and_with_its_accents(void **state)
{
    (void)state;
    assert_true(flags("hospital") & DEID_WORD_FACILITY);
    assert_int_equal(flags("HOSPITAL"), flags("hospital"));
    assert_int_equal(flags("Hospital"), flags("hospital"));
    assert_true(flags("garcia") & DEID_WORD_FAMILY);
    assert_int_equal(flags("Garc\xc3\xad"
                           "a"),
                     flags("garcia"));
    assert_int_equal(flags("GARC\xc3\x8d"
                           "A"),
                     flags("garcia"));
    assert_int_equal(flags("Garc'ia"), flags("garcia"));
    assert_true(flags("new_york") & DEID_WORD_STATE);
    assert_true(flags("new") & DEID_WORD_STATE_FIRST);
    assert_true(flags("metformin") & DEID_WORD_DRUG);
    assert_true(flags("Somali") & DEID_WORD_NATION);
}

static void says_nothing_of_what_is_in_no_list(void **state)
{
    static const char *const words[] = {
        "",         "zqxwvk",
        "12345",    "garcia_garcia",
        "\xff\xfe", "a-word-that-is-longer-than-any-list-could-ever-hold-it"
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct deid_facts *facts = deid_lexicon_facts(&lexicon, slice_from(words[i]));
        assert_int_equal(facts->flags, 0);
        assert_int_equal(facts->odds, 0);
    }
}

static void weighs_names_that_are_words(void **state)
{
    /* From a name to a word. */
    static const char *const falling[] = {
        "Lisa", "Smith", "Rose", "Grant", "White", "May", "The"
    };
    size_t i;

    (void)state;
    skip_without_sources();
    for (i = 1; i < sizeof(falling) / sizeof(falling[0]); i++)
        assert_true(odds(falling[i]) < odds(falling[i - 1]));
    assert_true(flags("Lisa") & DEID_WORD_GIVEN);
    assert_false(flags("Lisa") & DEID_WORD_AMBIGUOUS);
    assert_true(flags("Rose") & DEID_WORD_AMBIGUOUS);
    assert_false(flags("The") & DEID_WORD_NAME);
    assert_false(flags("Pain") & DEID_WORD_NAME);
}

static void keeps_medicine_and_knows_places(void **state)
{
    (void)state;
    skip_without_sources();
    assert_true(flags("nephrolithiasis") & DEID_WORD_MEDICAL);
    assert_true(flags("Babinski") & DEID_WORD_EPONYM);
    assert_true(flags("pittsburgh") & DEID_WORD_PLACE);
    assert_false(flags("pittsburgh") & DEID_WORD_NAME);
    assert_true(flags("san_antonio") & DEID_WORD_PLACE);
    assert_true(deid_lexicon_is_postal(&lexicon, SLICE("27514")));
    assert_true(deid_lexicon_is_postal(&lexicon, SLICE("00501")));
    assert_false(deid_lexicon_is_postal(&lexicon, SLICE("00000")));
    assert_false(deid_lexicon_is_postal(&lexicon, SLICE("2751a")));
    assert_false(deid_lexicon_is_postal(&lexicon, SLICE("275141")));
}

static void refuses_lists_that_are_not_whole(void **state)
{
    size_t size = (size_t)(deid_lists_end - deid_lists_start), cut;
    char *copy = malloc(size);
    struct deid_lexicon other;
    struct error err;

    (void)state;
    assert_non_null(copy);
    memcpy(copy, deid_lists_start, size);
    assert_int_equal(deid_lexicon_open(&other, slice_of(copy, size), &err), STATUS_OK);
    for (cut = 0; cut < size; cut = cut * 2 + 1)
        assert_int_equal(deid_lexicon_open(&other, slice_of(copy, cut), &err),
                         STATUS_INVALID_ARGUMENT);
    copy[0] ^= 1;
    assert_int_equal(deid_lexicon_open(&other, slice_of(copy, size), &err),
                     STATUS_INVALID_ARGUMENT);
    free(copy);
}

static void folds_without_overrunning(void **state)
{
    char folded[DEID_WORDS_BYTES_MAX + 8], word[DEID_WORDS_BYTES_MAX + 1];

    (void)state;
    assert_int_equal(deid_words_fold(SLICE("O'N\xc3\xa9ill"), folded), 6);
    assert_string_equal(folded, "oneill");
    assert_int_equal(deid_words_fold(SLICE("Stra\xc3\x9f"
                                           "e"),
                                     folded),
                     7);
    assert_string_equal(folded, "strasse");
    assert_int_equal(deid_words_fold(SLICE("cut\xc3"), folded), 4);
    memset(word, 'A', sizeof(word));
    assert_int_equal(deid_words_fold(slice_of(word, DEID_WORDS_BYTES_MAX), folded),
                     DEID_WORDS_BYTES_MAX);
    assert_int_equal(deid_words_fold(slice_of(word, DEID_WORDS_BYTES_MAX + 1), folded), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_word_in_any_case_and_with_its_accents),
        cmocka_unit_test(says_nothing_of_what_is_in_no_list),
        cmocka_unit_test(weighs_names_that_are_words),
        cmocka_unit_test(keeps_medicine_and_knows_places),
        cmocka_unit_test(refuses_lists_that_are_not_whole),
        cmocka_unit_test(folds_without_overrunning),
    };

    return cmocka_run_group_tests(tests, open_lists, NULL);
}
