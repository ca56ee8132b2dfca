/* Places in running text: towns, streets in the forms of several countries, houses and firms, and
 * what only looks like them. */
#include "deid_rows.h"

static void finds_streets_with_the_rest_of_the_address(void **state)
{
    static const char *const rows[][2] = {
        { "found near the corner of Kessler and 14th, hypothermic", "Kessler and 14th" },
        { "lives at 4114 Quarry Rd, Springfield IL 62704 with pain",
          "4114 Quarry Rd, Springfield IL 62704" },
        { "lives at 77 Alder street with asthma", "77 Alder street" },
        { "home is 12 Rowan Ln, Apt 3B, Tacoma, WA", "12 Rowan Ln, Apt 3B, Tacoma, WA" },
        { "mail to P.O. Box 149, Tacoma", "Box 149, Tacoma" },
        { "sent to PSC 0413, Box 8144\nAPO AA 42323", "PSC 0413, Box 8144\nAPO AA 42323" },
        { "his address is 36 rue de Bretagne, Paris", "36 rue de Bretagne, Paris" },
        { "she lives on Kastanienweg 14 with her cat", "Kastanienweg 14" },
        { "we meet at the corner of Alder Street and Quarry Road",
          "the corner of Alder Street and Quarry Road" },
        { "the party is at Rotonda Morlena 26", "Rotonda Morlena 26" },
        { "He drove to 5 Dolnarska, then home", "5 Dolnarska" },
        { "He lives on the north side of Juarez Solano 2906.", "Juarez Solano 2906" },
        { "The shop is at Zorana fejedel u. 15.", "Zorana fejedel u. 15" },
    };

    (void)state;
    rows_check_gone(rows, ROWS_COUNT(rows), false);
}

static void finds_towns(void **state)
{
    static const char *const rows[][2] = {
        { "She moved to Royal Oak, MI 48073 last year", "Royal Oak, MI 48073" },
        { "a patient from Baltimore with fever", "Baltimore" },
        { "he lives in San Antonio", "San Antonio" },
        { "residing in Ulverscroftby with asthma", "Ulverscroftby" },
        { "ZIP 02139", "02139" },
        { "My zip code is 35351", "35351" },
        { "lives in Orange County", "Orange County" },
    };

    (void)state;
    rows_check_gone(rows, ROWS_COUNT(rows), false);
}

static void finds_houses(void **state)
{
    static const char *const rows[][2] = {
        { "treated at St. Brigid's Hospital for asthma", "St. Brigid's Hospital" },
        { "treated at St. Brigid's on metformin", "St. Brigid's" },
        { "seen at QWMC for asthma", "QWMC" },
        { "admitted to Mass General yesterday", "Mass General" },
        { "seen at our Tacoma clinic with fever", "Tacoma clinic" },
        { "seen at Mercy Clinic in Royal Oak, MI", "Mercy Clinic in Royal Oak, MI" },
        { "last visit at Dr. Okafor's Office", "Dr. Okafor's Office" },
        { "he is at the Children's Hospital of Tacoma", "Children's Hospital of Tacoma" },
        { "works for Zubrowski Industries", "Zubrowski Industries" },
        { "treated at Mercy Clinic ER on metformin", "Mercy Clinic ER" },
        { "an asthma patient seen at The Mercy Clinic", "The Mercy Clinic" },
        { "an asthma patient seen at the Mercy Clinic last month", "last month" },
    };

    (void)state;
    rows_check_gone(rows, ROWS_COUNT(rows), false);
}

static void leaves_what_is_done_there_and_who_is_quoted(void **state)
{
    static const char *const rows[] = {
        "a referral to our Hand Clinic for injections",
        "seen in the Emergency Department, then in the ICU",
        "INTERNAL MEDICINE CLINIC NOTE",
        "recommendations from Mayo Clinic on aspirin",
        "Repeat CT chest with contrast. Previous CT scan",
        "Anticipate DC tomorrow on insulin",
        "a Framingham risk score of 12",
        "insulin 90 units at bedtime, Type 2 diabetes",
        "moved from the West Coast, on metformin",
        "suspected to be due to Schistosoma mansoni, on metformin",
        "patients in the southern US with COPD",
        "immigrated from India 6 months ago, on metformin",
        "evidence on metformin from Mercy Clinic trials",
        "Chagas disease among immigrants from Bolivia",
        "RR 28, sat 89 RA. Lactate 4.2 on metformin",
    };

    (void)state;
    rows_check_kept(rows, ROWS_COUNT(rows), false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_streets_with_the_rest_of_the_address),
        cmocka_unit_test(finds_towns),
        cmocka_unit_test(finds_houses),
        cmocka_unit_test(leaves_what_is_done_there_and_who_is_quoted),
    };

    return cmocka_run_group_tests(tests, rows_open, rows_close);
}
