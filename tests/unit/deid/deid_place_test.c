/* Places in running text: towns, streets in the forms of several countries, houses and firms, and
 * what only looks like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>
#include <cmocka.h>

#include "deid_place.h"
#include "deid_prose.h"

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

/* Whether every letter of @what in @text is in a span. */
static bool is_gone(const char *text, const char *what)
{
    struct deid_spans spans;
    size_t start = (size_t)(strstr(text, what) - text), i;
    unsigned s;

    scan(text, &spans);
    for (i = start; i < start + strlen(what); i++) {
        bool is_in = !deid_is_word(text[i]);

        for (s = 0; s < spans.count && !is_in; s++)
            is_in = spans.items[s].start <= i && i < spans.items[s].end;
        if (!is_in)
            return false;
    }
    return true;
}

static void all_are_gone(const char *const rows[][2], size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (!is_gone(rows[i][0], rows[i][1]))
            fail_msg("not found: [%s] in [%s]", rows[i][1], rows[i][0]);
}

#define ALL_ARE_GONE(rows) all_are_gone(rows, sizeof(rows) / sizeof(rows[0]))

static void finds_streets_with_the_rest_of_the_address(void **state)
{
    static const char *const rows[][2] = {
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
    };

    (void)state;
    ALL_ARE_GONE(rows);
}

static void finds_towns(void **state)
{
    static const char *const rows[][2] = {
        { "She moved to Royal Oak, MI 48073 last year", "Royal Oak, MI 48073" },
        { "a patient from Baltimore with fever", "Baltimore" },
        { "he lives in San Antonio", "San Antonio" },
        { "residing in Ulverscroftby with asthma", "Ulverscroftby" },
        { "ZIP 02139", "02139" },
        { "lives in Orange County", "Orange County" },
    };

    (void)state;
    ALL_ARE_GONE(rows);
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
    };

    (void)state;
    ALL_ARE_GONE(rows);
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
    };
    struct deid_spans spans;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scan(rows[i], &spans);
        if (spans.count > 0)
            fail_msg("[%.*s] in [%s]", (int)(spans.items[0].end - spans.items[0].start),
                     rows[i] + spans.items[0].start, rows[i]);
    }
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
        cmocka_unit_test(finds_streets_with_the_rest_of_the_address),
        cmocka_unit_test(finds_towns),
        cmocka_unit_test(finds_houses),
        cmocka_unit_test(leaves_what_is_done_there_and_who_is_quoted),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
