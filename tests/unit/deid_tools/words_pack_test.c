#include "words_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "deid_lexicon.h"
#include "words_read.h"

static struct words_table table;
static struct error err;

static int open_table(void **state)
{
    (void)state;
    return words_table_init(&table, &err) == STATUS_OK ? 0 : -1;
}

static int close_table(void **state)
{
    (void)state;
    words_table_close(&table);
    return 0;
}

static const struct words_row *row(const char *word)
{
    const struct words_row *found = words_table_find(&table, slice_from(word));

    assert_non_null(found);
    return found;
}

static void reads_sections_of_a_list(void **state)
{
    (void)state;
    assert_int_equal(words_read_list(&table,
                                     SLICE("[given]\nAnna b\xc3\xa9"
                                           "a\n[drug]\nbea [state] new_york"),
                                     &err),
                     STATUS_OK);
    assert_int_equal(row("ANNA")->flags, DEID_WORD_GIVEN);
    assert_int_equal(row("bea")->flags, DEID_WORD_GIVEN | DEID_WORD_DRUG | DEID_WORD_MEDICAL);
    assert_int_equal(row("new_york")->flags, DEID_WORD_STATE);
    assert_null(words_table_find(&table, SLICE("carl")));
    assert_int_equal(words_read_list(&table, SLICE("[nothing] x"), &err), STATUS_INVALID_ARGUMENT);
}

static void reads_names_by_their_rank(void **state)
{
    static const char census[] =
        "// names\nmodule.exports.first_male = [\n  'James',\n  'Rare',\n];\n"
        "module.exports.last = [\n  'Smith',\n  'Odea',\n];\n"
        "module.exports.first_female = [\n  'Rare',\n];\n";

    (void)state;
    assert_int_equal(words_read_census(&table, slice_from(census), &err), STATUS_OK);
    assert_true(row("james")->given > row("rare")->given / 2);
    assert_true(row("rare")->given > 0 && row("rare")->family == 0);
    assert_true(row("smith")->family > 0.009 && row("smith")->given == 0);
    assert_int_equal(words_read_census(&table, SLICE("'James',\n"), &err), STATUS_INVALID_ARGUMENT);
}

static void knows_a_word_by_its_lower_case(void **state)
{
    char films[65536] = "[\n";
    size_t size = 2;
    unsigned i;

    (void)state;
    for (i = 0; i < 1100; i++)
        size += (size_t)snprintf(
            films + size, sizeof(films) - size, "{\n\"word\": \"%sx%c%c\",\n\"count\": 51\n},\n",
            i < 550 ? "Q" : "q", 'a' + (int)(i % 25), 'a' + (int)(i / 25 % 25));
    assert_int_equal(words_read_films(&table, slice_of(films, size), &err), STATUS_OK);
    /* With a capital it says nothing of a word, until a dictionary has it. */
    assert_true(row("qxaa")->use < 0 || row("qxaa")->use >= 1);
    assert_int_equal(words_read_english(&table, SLICE("rose\nrose's\n"), 35, &err), STATUS_OK);
    assert_true(row("rose")->use == 1 && row("rose")->flags == DEID_WORD_ENGLISH);
    assert_null(words_table_find(&table, SLICE("rose's_")));
    assert_int_equal(words_read_films(&table, SLICE("[]"), &err), STATUS_INVALID_ARGUMENT);
}

static void takes_medicine_and_eponyms_from_wordnet(void **state)
{
    char nouns[131072];
    size_t size = 0;
    unsigned i;

    (void)state;
    assert_int_equal(words_read_list(&table, SLICE("[eponymafter] disease"), &err), STATUS_OK);
    for (i = 0; i < 1001; i++)
        size += (size_t)snprintf(nouns + size, sizeof(nouns) - size,
                                 "%08u 03 n 01 thing%u 0 000 | something of no matter\n", i, i);
    size += (size_t)snprintf(
        nouns + size, sizeof(nouns) - size,
        "14059928 26 n 03 brightia 0 Bright's_disease 0 nephritis 0 001 @ 1 n | an inflammation\n"
        "03740161 06 n 02 zovamil 0 Zova 0 000 | a drug used to treat pain (trade name Zova)\n"
        "10000000 18 n 01 Einstein 0 000 | physicist who had a disease\n");
    assert_int_equal(words_read_wordnet(&table, slice_of(nouns, size), &err), STATUS_OK);
    assert_int_equal(row("nephritis")->flags, DEID_WORD_MEDICAL);
    assert_int_equal(row("bright")->flags, DEID_WORD_EPONYM);
    assert_int_equal(row("zova")->flags, DEID_WORD_MEDICAL | DEID_WORD_DRUG);
    assert_null(words_table_find(&table, SLICE("einstein")));
    assert_null(words_table_find(&table, SLICE("thing7")));
}

static void reads_towns_and_refuses_half_of_one(void **state)
{
    /* Cities with a size in front: {2: "St. Ulm", 3: "US", 9: 30000} */
    static const char city[] = "\x10\x12\x07St. Ulm\x1a\x02US\x48\xb0\xea\x01";
    char file[20 * 1100];
    size_t size = 0, one = sizeof(city) - 1;
    unsigned i;

    (void)state;
    file[0] = (char)(one - 1);
    for (i = 0; i < 1001; i++, size += one) {
        memcpy(file + size, city, one);
        file[size] = (char)(one - 1);
    }
    assert_int_equal(words_read_cities(&table, slice_of(file, size), &err), STATUS_OK);
    assert_true(row("st_ulm")->people == 30000);
    assert_int_equal(words_read_cities(&table, slice_of(file, size - 3), &err),
                     STATUS_INVALID_ARGUMENT);
}

static void what_is_packed_is_found(void **state)
{
    struct slice packed, again;
    struct words_table other;
    struct deid_lexicon lexicon;
    char word[32];
    unsigned i;

    (void)state;
    for (i = 0; i < 5000; i++) {
        snprintf(word, sizeof(word), "w%xord", i * 2654435761u);
        words_table_row(&table, slice_from(word))->use = i;
    }
    words_table_row(&table, SLICE("Iva"))->given = 0.01;
    words_table_row(&table, SLICE("el_prado"))->people = 1e6;
    assert_int_equal(words_pack(&table, &packed, &err), STATUS_OK);
    assert_int_equal(deid_lexicon_open(&lexicon, packed, &err), STATUS_OK);
    for (i = 1; i < 5000; i++) {
        snprintf(word, sizeof(word), "W%xORD", i * 2654435761u);
        assert_true(deid_lexicon_facts(&lexicon, slice_from(word))->word > 0);
    }
    assert_int_equal(deid_lexicon_find(&lexicon, SLICE("IVA")), DEID_WORD_GIVEN);
    assert_true(deid_lexicon_facts(&lexicon, SLICE("iva"))->odds > 16);
    assert_true(deid_lexicon_find(&lexicon, SLICE("el")) & DEID_WORD_PLACE_FIRST);
    assert_int_equal(deid_lexicon_find(&lexicon, SLICE("w")), 0);

    /* The same words in another order make the same bytes. */
    assert_int_equal(words_table_init(&other, &err), STATUS_OK);
    words_table_row(&other, SLICE("el_prado"))->people = 1e6;
    for (i = 5000; i-- > 0;) {
        snprintf(word, sizeof(word), "w%xord", i * 2654435761u);
        words_table_row(&other, slice_from(word))->use = i;
    }
    words_table_row(&other, SLICE("iva"))->given = 0.01;
    assert_int_equal(words_pack(&other, &again, &err), STATUS_OK);
    assert_true(slice_equal(packed, again));
    words_table_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_sections_of_a_list, open_table, close_table),
        cmocka_unit_test_setup_teardown(reads_names_by_their_rank, open_table, close_table),
        cmocka_unit_test_setup_teardown(knows_a_word_by_its_lower_case, open_table, close_table),
        cmocka_unit_test_setup_teardown(takes_medicine_and_eponyms_from_wordnet, open_table,
                                        close_table),
        cmocka_unit_test_setup_teardown(reads_towns_and_refuses_half_of_one, open_table,
                                        close_table),
        cmocka_unit_test_setup_teardown(what_is_packed_is_found, open_table, close_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
