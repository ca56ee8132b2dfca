/* Which questions a list answers, in words of nobody's table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "context_safety.h"

static void all_ask(enum safety asks, const char *const *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct safety_question asked;

        safety_read(slice_from(questions[i]), &asked);
        if (asked.asks != asks)
            fail_msg("%s: %d", questions[i], (int)asked.asks);
    }
}

#define ALL_ASK(asks, ...)                                                                         \
    all_ask(asks, (const char *const[]){ __VA_ARGS__ },                                            \
            sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void interactions_are_asked_about_in_many_words(void **state)
{
    (void)state;
    ALL_ASK(SAFETY_INTERACTION, "Do any of her medicines interact?",
            "Any drug-drug interactions on the med list?",
            "Is it a bad idea to combine Coumadin and Advil?",
            "Does Lipitor clash with what he takes?", "Are warfarin and naproxen fine together?",
            "Check interactions with clarithromycin.",
            "Would adding fluconazole to her medications matter?");
}

static void kidneys_are_asked_about_in_many_words(void **state)
{
    (void)state;
    ALL_ASK(SAFETY_RENAL, "Is the metformin dose okay for her eGFR?",
            "Do any medications need renal dose adjustment?",
            "With these kidneys, can he stay on gabapentin?",
            "Should Xarelto be lowered for kidney function?",
            "Which drugs should be avoided given the renal function?");
}

static void screenings_are_asked_about_in_many_words(void **state)
{
    (void)state;
    ALL_ASK(SAFETY_SCREENING, "Is she overdue for a mammogram?", "Which screenings are due?",
            "When is the colonoscopy due?", "Is his A1c check up to date?",
            "Any care gaps in screening that are overdue?",
            "Has the diabetic eye exam been missed?", "Is it time for another Pap smear?");
}

static void other_questions_are_left_alone(void **state)
{
    (void)state;
    ALL_ASK(SAFETY_NONE, "Is the anemia due to her kidney disease?", "What is the latest eGFR?",
            "What stage of kidney function does eGFR show?",
            "Which medications does she take for her kidneys?", "When was the last colonoscopy?",
            "Is she up to date on her tetanus shot?", "Can she take ibuprofen?",
            "Is lung cancer screening overdue?", "Is the bone density screening due?",
            "Is the A1c at target?", "Tell me about her kidney disease.",
            "Did the stent and the colonoscopy happen together?", "What is metformin for?",
            "How is her chronic kidney disease treated?", "Was the fall due to dizziness?");
}

static void what_is_named_is_kept(void **state)
{
    struct safety_question asked;

    (void)state;
    safety_read(SLICE("Do Coumadin and Advil interact?"), &asked);
    assert_int_equal(asked.drugs_count, 2);
    safety_read(SLICE("Is a mammogram or a colonoscopy overdue?"), &asked);
    assert_int_equal(asked.screenings, 3);
    safety_read(SLICE("Which screening is overdue?"), &asked);
    assert_int_equal(asked.screenings, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interactions_are_asked_about_in_many_words),
        cmocka_unit_test(kidneys_are_asked_about_in_many_words),
        cmocka_unit_test(screenings_are_asked_about_in_many_words),
        cmocka_unit_test(other_questions_are_left_alone),
        cmocka_unit_test(what_is_named_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
