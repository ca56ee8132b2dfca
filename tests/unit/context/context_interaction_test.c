/* Pairs as the published lists and labels name them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "context_interaction.h"
#include "context_thing.h"

static const char *of(const char *drug, const char *other)
{
    uint32_t a = thing_named(drug), b = thing_named(other);

    assert_true(a < THINGS_MAX && b < THINGS_MAX);
    return interaction_of(a, b);
}

/* Phansalkar et al. 2012, table 2: object drug and precipitant, of those that both are in the
 * tables of things. */
static void knows_the_pairs_of_the_high_priority_list(void **state)
{
    static const char *const pairs[][2] = {
        { "phenelzine", "fluoxetine" },     { "phenelzine", "sumatriptan" },
        { "selegiline", "meperidine" },     { "phenelzine", "amphetamine" },
        { "atazanavir", "omeprazole" },     { "febuxostat", "azathioprine" },
        { "simvastatin", "itraconazole" },  { "lovastatin", "clarithromycin" },
        { "tizanidine", "ciprofloxacin" },  { "amiodarone", "moxifloxacin" },
        { "irinotecan", "ketoconazole" },   { "simvastatin", "ritonavir" },
        { "febuxostat", "mercaptopurine" }, { "haloperidol", "sotalol" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (thing_named(pairs[i][0]) == THINGS_MAX || thing_named(pairs[i][1]) == THINGS_MAX)
            continue;
        if (of(pairs[i][0], pairs[i][1]) == NULL)
            fail_msg("%s, %s", pairs[i][0], pairs[i][1]);
    }
}

/* Sentences of labels: "NSAIDs … increase the risk of bleeding" (Coumadin 7.3), "Avoid concomitant
 * use of Plavix with omeprazole or esomeprazole" (Plavix 7.1), "Patients taking amlodipine: do not
 * exceed 20 mg simvastatin" (Zocor 2). */
static void says_what_labels_say(void **state)
{
    (void)state;
    assert_string_equal(of("warfarin", "ibuprofen"), "bleeding");
    assert_string_equal(of("naproxen", "warfarin"), "bleeding");
    assert_string_equal(of("rivaroxaban", "aspirin"), "bleeding");
    assert_string_equal(of("enoxaparin", "ketorolac"), "bleeding");
    assert_string_equal(of("amiodarone", "warfarin"), "raised INR");
    assert_string_equal(of("omeprazole", "clopidogrel"), "less antiplatelet effect");
    assert_string_equal(of("amlodipine", "simvastatin"), "muscle injury");
    assert_string_equal(of("lisinopril", "spironolactone"), "high potassium");
    assert_string_equal(of("lithium", "losartan"), "lithium toxicity");
    assert_string_equal(of("sildenafil", "nitroglycerin"), "low blood pressure");
    assert_string_equal(of("oxycodone", "alprazolam"), "slowed breathing");
    assert_string_equal(of("levothyroxine", "ferrous-sulfate"), "less levothyroxine absorbed");
}

/* Labels that name no such interaction: pantoprazole with clopidogrel (Plavix 7.1), amlodipine with
 * rosuvastatin, low-dose aspirin with lisinopril. */
static void lists_no_pair_that_labels_do_not(void **state)
{
    (void)state;
    assert_null(of("pantoprazole", "clopidogrel"));
    assert_null(of("amlodipine", "rosuvastatin"));
    assert_null(of("aspirin", "lisinopril"));
    assert_null(of("acetaminophen", "lisinopril"));
    assert_null(of("enoxaparin", "sertraline"));
    assert_null(of("warfarin", "warfarin"));
    assert_null(of("metformin", "lisinopril"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_pairs_of_the_high_priority_list),
        cmocka_unit_test(says_what_labels_say),
        cmocka_unit_test(lists_no_pair_that_labels_do_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
