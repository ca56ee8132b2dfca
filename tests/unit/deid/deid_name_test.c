/* Names of people in running text, by class of cause, and words that look like names and stay. */
#include "deid_rows.h"

static void finds_names_after_titles(void **state)
{
    static const char *const rows[][2] = {
        { "Dr. Quill will see the asthma clinic", "Quill" },
        { "seen by Dr. Okonjo today", "Dr. Okonjo" },
        { "seen by Dr Priya Venkataraman", "Dr Priya Venkataraman" },
        { "seen by Dr. Emily White at noon", "Dr. Emily White" },
        { "Mrs. L. Quintero was seen", "Mrs. L. Quintero" },
        { "per Dr. K. he may go", "Dr. K" },
        { "mr okafor was seen", "mr okafor" },
        { "Ms. Lucinda Farthingale has been unwell", "Ms. Lucinda Farthingale" },
        { "pain since the fall. dr olufsen from ortho aware", "dr olufsen" },
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
    rows_check_gone(rows, ROWS_COUNT(rows), false);
}

static void finds_names_of_kin_and_staff(void **state)
{
    static const char *const rows[][2] = {
        { "His twin, Zephyr, had a fever", "Zephyr" },
        { "asthma; Auntie Esi translates", "Esi" },
        { "Wound dry, no fever. N.O.", "N.O" },
        { "his wife Odalys called", "Odalys" },
        { "Husband (Devraj, cell below) drove", "Devraj" },
        { "her mother, Folake Okonkwo, agrees", "Folake Okonkwo" },
        { "Daughter\n   Yelyzaveta will help", "Yelyzaveta" },
        { "her son michael drove", "michael" },
        { "RN Johansson charted", "Johansson" },
        { "Ngozi Eze-Lund, RN charted", "Ngozi Eze-Lund" },
        { "T. Bergqvist, MD", "T. Bergqvist" },
        { "nurse Kowalczyk called", "Kowalczyk" },
        { "Mr. de la Cruz was in with asthma", "de la Cruz" },
        { "Will says he quit smoking", "Will" },
        { "Garcia ambulating, Foley out. Lee NPO for the OR, heparin held", "Lee" },
        { "Wilson given Tylenol at noon", "Wilson" },
        { "Recheck the INR on Monday. -mkr", "mkr" },
        { "Addendum by Osei-Bonsu, Kwaku 5/3/2021: agree", "Osei-Bonsu, Kwaku" },
        { "NARRATIVE: Thomas Walker presented with asthma", "Thomas Walker" },
        { "living in the Bronx, on metformin", "the Bronx" },
        { "cardiologist Rahimi was paged", "Rahimi" },
        { "a patient named Zuleikha K. was", "Zuleikha K." },
        { "her maiden name is Pfannenstiel", "Pfannenstiel" },
        { "Dear Anselm, thank you", "Anselm" },
        { "his daughter Hope will drive", "Hope" },
        { "with record A***** R*******, closed", "R" },
        { "identifier SmVzc2ljYSBQZXJleg== (base64)", "SmVzc2ljYSBQZXJleg" },
    };

    (void)state;
    rows_check_gone(rows, ROWS_COUNT(rows), false);
}

static void finds_names_by_label(void **state)
{
    static const char *const rows[][2] = {
        { "OKAFOR, NGOZI     DOB: 02/11/1971\nHISTORY: DIABETES", "OKAFOR, NGOZI" },
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
    rows_check_gone(rows, ROWS_COUNT(rows), false);
}

static void finds_names_in_no_list_by_what_surrounds_them(void **state)
{
    static const char *const rows[][2] = {
        { "Discussed the Ramirez case at rounds; diabetes is worse", "Ramirez" },
        { "we spoke with Xiomaraleth about it", "Xiomaraleth" },
        { "Tvrtkomir is a 45-year-old man with asthma", "Tvrtkomir" },
        { "a 66yo male, Peter G., with COPD", "Peter G." },
        { "presented with cough, John Smith, a 40-year-old", "John Smith" },
        { "Ruthanne reports less pain on metformin", "Ruthanne" },
        { "said Zbyhnevets.", "Zbyhnevets" },
    };

    (void)state;
    rows_check_gone(rows, ROWS_COUNT(rows), false);
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
    rows_check_gone(rows, ROWS_COUNT(rows), false);
}

static void leaves_what_is_named_after_people(void **state)
{
    static const char *const rows[] = {
        "a Coude went in, and the Jackson-Pratt stays; cystoscopy was clean",
        "hyperthyroidism with Plummer nails, Ann Arbor IIIB lymphoma",
        "filled in the Vanderbilt form for ADHD, the Vitek is a mass spectrometer for bacteria",
        "a Foley catheter was placed",
        "Pavlik harness full time, Ponseti casting week 4 for clubfoot",
        "Speed's and Yergason's negative; O'Brien equivocal; Hawkins positive at the shoulder",
        "WBC 11.2, Ranson 3, Glasgow-Blatchford 9",
        "Parkinson's disease and Crohn's",
        "positive McMurray test, negative Lachman",
        "a Mallory-Weiss tear, Virchow-Robin spaces and Boerhaave on the differential of asthma",
        "a Miller Fisher variant on metformin",
        "a high Framingham risk score and a Gleason score of 7",
        "a positive Chaddock reflex",
        "Hashimoto's thyroiditis",
        "the Babinski was upgoing",
        "Guillain-Barr\xc3\xa9 syndrome",
    };

    (void)state;
    rows_check_kept(rows, ROWS_COUNT(rows), false);
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
    rows_check_kept(rows, ROWS_COUNT(rows), false);
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

    return cmocka_run_group_tests(tests, rows_open, rows_close);
}
