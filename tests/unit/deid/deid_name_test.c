/* Names of people in running text, by class of cause, and words that look like names and stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "deid_prose.h"
#include "deid_scan.h"

static struct deid_lexicon lexicon;
static struct arena arena;

static void scan(const char *text, struct deid_spans *spans)
{
    struct deid_tokens tokens;

    assert_int_equal(deid_tokens_read(slice_from(text), &lexicon, &arena, &tokens, NULL),
                     STATUS_OK);
    deid_spans_init(spans, &arena);
    deid_prose_scan(&tokens, spans);
    assert_false(spans->is_full);
}

/* Whether every letter of @what, at its last place in @text, is in a name. */
static bool is_name(const char *text, const char *what)
{
    struct deid_spans spans;
    const char *at, *last = NULL;
    size_t i;
    unsigned s;

    scan(text, &spans);
    for (at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        last = at;
    assert_non_null(last);
    for (i = (size_t)(last - text); i < (size_t)(last - text) + strlen(what); i++) {
        bool is_in = !deid_is_word(text[i]);

        for (s = 0; s < spans.count && !is_in; s++)
            is_in = spans.items[s].start <= i && i < spans.items[s].end;
        if (!is_in)
            return false;
    }
    return true;
}

static void all_are_names(const char *const rows[][2], size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (!is_name(rows[i][0], rows[i][1]))
            fail_msg("not found: [%s] in [%s]", rows[i][1], rows[i][0]);
}

#define ALL_ARE_NAMES(rows) all_are_names(rows, sizeof(rows) / sizeof(rows[0]))

static void none_is_a_name(const char *const *rows, size_t count)
{
    struct deid_spans spans;
    size_t i;

    for (i = 0; i < count; i++) {
        scan(rows[i], &spans);
        if (spans.count > 0)
            fail_msg("[%.*s] in [%s]", (int)(spans.items[0].end - spans.items[0].start),
                     rows[i] + spans.items[0].start, rows[i]);
    }
}

#define NONE_IS_A_NAME(rows) none_is_a_name(rows, sizeof(rows) / sizeof(rows[0]))

static void finds_names_after_titles(void **state)
{
    static const char *const rows[][2] = {
        { "seen by Dr. Okonjo today", "Dr. Okonjo" },
        { "seen by Dr Priya Venkataraman", "Dr Priya Venkataraman" },
        { "seen by Dr. Emily White at noon", "Dr. Emily White" },
        { "Mrs. L. Quintero was seen", "Mrs. L. Quintero" },
        { "per Dr. K. he may go", "Dr. K" },
        { "mr okafor was seen", "okafor" },
        { "Dr. Anneke van der Zee agrees", "Dr. Anneke van der Zee" },
        { "Drs. Osei and Lindqvist agree", "Lindqvist" },
        { "DR. OKONJO WAS PAGED", "DR. OKONJO" },
        { "Mr. O'Shaughnessy left", "Mr. O'Shaughnessy" },
        { "Ms. Hale-Whitmore's rash", "Ms. Hale-Whitmore" },
        { "Admitting MD: Dr. Mee-Won Park\nWard 4", "Dr. Mee-Won Park" },
        { "Patient: Odalys Okafor-Bright   Date: none", "Odalys Okafor-Bright" },
        { "Mr. Tobias Rennick Jr. was", "Mr. Tobias Rennick Jr" },
    };

    (void)state;
    ALL_ARE_NAMES(rows);
}

static void finds_names_of_kin_and_staff(void **state)
{
    static const char *const rows[][2] = {
        { "his wife Odalys called", "Odalys" },
        { "Husband (Devraj, cell below) drove", "Devraj" },
        { "her mother, Folake Okonkwo, agrees", "Folake Okonkwo" },
        { "Daughter\n   Yelyzaveta will help", "Yelyzaveta" },
        { "her son michael drove", "michael" },
        { "RN Johansson charted", "Johansson" },
        { "Ngozi Eze-Lund, RN charted", "Ngozi Eze-Lund" },
        { "T. Bergqvist, MD", "T. Bergqvist" },
        { "nurse Kowalczyk called", "Kowalczyk" },
        { "cardiologist Rahimi was paged", "Rahimi" },
        { "a patient named Zuleikha K. was", "Zuleikha K." },
        { "her maiden name is Pfannenstiel", "Pfannenstiel" },
        { "Dear Anselm, thank you", "Anselm" },
        { "his daughter Hope will drive", "Hope" },
        { "with record A***** R*******, closed", "R" },
        { "identifier SmVzc2ljYSBQZXJleg== (base64)", "SmVzc2ljYSBQZXJleg" },
    };

    (void)state;
    ALL_ARE_NAMES(rows);
}

static void finds_names_by_label(void **state)
{
    static const char *const rows[][2] = {
        { "Patient: Marta Vale-Lindgren", "Marta Vale-Lindgren" },
        { "PATIENT NAME: OKAFOR, CHIDI", "OKAFOR, CHIDI" },
        { "Name: Quispe Mamani, Rosa M.", "Quispe Mamani, Rosa M" },
        { "Attending: Bo Tanaka\nService: Cardiology", "Bo Tanaka" },
        { "name=Mark Weatherby&x=1", "Mark Weatherby" },
        { "{\"name\": \"Ines Barbosa\"}", "Ines Barbosa" },
        { "Dictated by Anneliese Hochstetler", "Anneliese Hochstetler" },
        { "MRN | Patient | Ward\n881 | Osei, Kwame | 4\n", "Osei, Kwame" },
        { "Attending: Wren Ash\nService: none", "Wren Ash" },
        { "Maeve Kowalczyk-Ames\n6622 Sycamore Lane", "Maeve Kowalczyk-Ames" },
    };

    (void)state;
    ALL_ARE_NAMES(rows);
}

static void finds_names_in_no_list_by_what_surrounds_them(void **state)
{
    static const char *const rows[][2] = {
        { "we spoke with Xiomaraleth about it", "Xiomaraleth" },
        { "Tvrtkomir is a 45-year-old man with asthma", "Tvrtkomir" },
        { "a 66yo male, Peter G., with COPD", "Peter G." },
        { "presented with cough, John Smith, a 40-year-old", "John Smith" },
        { "Ruthanne reports less pain on metformin", "Ruthanne" },
        { "said Zbyhnevets.", "Zbyhnevets" },
    };

    (void)state;
    ALL_ARE_NAMES(rows);
}

static void finds_a_name_again_everywhere(void **state)
{
    static const char *const rows[][2] = {
        { "Mr. Tvrtkovic was seen. TVRTKOVIC was stable", "TVRTKOVIC" },
        { "Mr. Tvrtkovic was seen. then tvrtkovic left", "tvrtkovic" },
        { "Mr. Tvrtkovic was seen. Tvrtkovic's wound", "Tvrtkovic" },
        { "Mr. Tvrtkovic was seen. Tvrtkovci was stable", "Tvrtkovci" },
        { "Patient: Marta Vale. Signed for M.V. today", "M.V" },
        { "Dr. Emily White came. White reports nothing", "White" },
    };

    (void)state;
    ALL_ARE_NAMES(rows);
}

static void leaves_what_is_named_after_people(void **state)
{
    static const char *const rows[] = {
        "a Foley catheter was placed",
        "Parkinson's disease and Crohn's",
        "positive McMurray test, negative Lachman",
        "a high Framingham risk score and a Gleason score of 7",
        "a positive Chaddock reflex",
        "Hashimoto's thyroiditis",
        "the Babinski was upgoing",
        "Guillain-Barr\xc3\xa9 syndrome",
    };

    (void)state;
    NONE_IS_A_NAME(rows);
}

static void leaves_drugs_words_and_abbreviations(void **state)
{
    static const char *const rows[] = {
        "switched to Zyvaquine 40 mg daily",
        "started on Brilinta and Jardiance",
        "Will continue metformin. May repeat in a week",
        "White Blood Cell count is normal",
        "Past Medical History: Asthma",
        "CHIEF COMPLAINT\n\nJoint pain\n",
        "CT of the abdomen, MRI of the brain, SpO2 96%",
        "\xe2\x80\xa2 Hypogonadism.\n\xe2\x80\xa2 Obesity.",
        "the patient reports that the pain is worse",
        "Patient denies fever. Patient Portal",
    };

    (void)state;
    NONE_IS_A_NAME(rows);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    return deid_lexicon_init(&lexicon, &arena, NULL) != STATUS_OK;
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
        cmocka_unit_test(finds_names_after_titles),
        cmocka_unit_test(finds_names_of_kin_and_staff),
        cmocka_unit_test(finds_names_by_label),
        cmocka_unit_test(finds_names_in_no_list_by_what_surrounds_them),
        cmocka_unit_test(finds_a_name_again_everywhere),
        cmocka_unit_test(leaves_what_is_named_after_people),
        cmocka_unit_test(leaves_drugs_words_and_abbreviations),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
