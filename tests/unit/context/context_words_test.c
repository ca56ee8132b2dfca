#include "context_fixture.h"

#include "context_words.h"

struct found {
    uint32_t words[32];
    size_t count;
};

static void on_word(void *arg, uint32_t word)
{
    struct found *found = arg;

    assert_true(found->count < 32);
    found->words[found->count++] = word;
}

static uint32_t hash(const char *word)
{
    return word_hash(slice_from(word));
}

static void plurals_and_capitals_are_the_same_word(void **state)
{
    (void)state;
    assert_int_equal(hash("Allergies"), hash("allergy"));
    assert_int_equal(hash("MEDICATIONS"), hash("medication"));
    assert_int_equal(hash("platelets"), hash("platelet"));
    assert_int_not_equal(hash("virus"), hash("viru"));
    assert_int_not_equal(hash("abscess"), hash("absces"));
}

static void words_without_meaning_are_left_out(void **state)
{
    (void)state;
    struct found found = { .count = 0 };

    words_each(SLICE("What is the patient's latest A1c?"), on_word, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.words[0], hash("a1c"));
}

static void any_bytes_are_words_or_not(void **state)
{
    (void)state;
    struct found found = { .count = 0 };
    char every[256];

    for (size_t i = 0; i < sizeof(every); i++)
        every[i] = (char)i;
    words_each(slice_of(every, sizeof(every)), on_word, &found);
    words_each(SLICE(""), on_word, &found);
}

static void kinds_and_times_are_read_from_whole_words(void **state)
{
    (void)state;
    assert_int_equal(words_kinds(SLICE("Any drug allergies?")),
                     1u << FACT_ALLERGY | 1u << FACT_MEDICATION);
    assert_int_equal(words_kinds(SLICE("Was she vaccinated?")), 1u << FACT_IMMUNIZATION);
    assert_int_equal(words_kinds(SLICE("planetary")), 0);
    assert_int_equal(words_times(SLICE("the most recent weight in 2019")), WORDS_TIME_LATEST);
    assert_int_equal(words_times(SLICE("how did it change over time")), WORDS_TIME_TREND);
    assert_int_equal(words_times(SLICE("the first one, not firstly")), WORDS_TIME_EARLIEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plurals_and_capitals_are_the_same_word),
        cmocka_unit_test(words_without_meaning_are_left_out),
        cmocka_unit_test(any_bytes_are_words_or_not),
        cmocka_unit_test(kinds_and_times_are_read_from_whole_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
