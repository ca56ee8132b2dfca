#include "deid_tagger_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct deid_tagger_least even = { 0, 0, 0, true };
static struct deid_lexicon lexicon;
static struct deid_tagger tagger;
static struct arena arena;

static int open_all(void **state)
{
    struct error err;

    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    return deid_lexicon_init(&lexicon, &arena, &err) == STATUS_OK
                   && deid_tagger_init(&tagger, &err) == STATUS_OK
               ? 0
               : -1;
}

static int close_all(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct deid_spans scan(struct slice text, const struct deid_tagger_least *least)
{
    struct deid_tokens tokens;
    struct deid_spans spans;
    struct error err;

    deid_spans_init(&spans, &arena);
    assert_int_equal(deid_tokens_read(text, &lexicon, &arena, &tokens, &err), STATUS_OK);
    deid_tagger_scan(&tagger, &tokens, least, &spans);
    return spans;
}

static bool has(const struct deid_spans *spans, struct slice text, const char *what,
                enum deid_class class)
{
    unsigned i;

    for (i = 0; i < spans->count; i++)
        if (spans->items[i].class == class
            && slice_is(slice_cut(text, spans->items[i].start, spans->items[i].end), what))
            return true;
    return false;
}

static void skip_without_sources(void)
{
    if (lexicon.words_count < 100000) {
        print_message("the packages of the word lists are not installed\n");
        skip();
    }
}

static void adds_whole_names_places_and_houses(void **state)
{
    struct slice text =
        SLICE("Dr. Ilse Zhvolenka of Brackenholt Memorial Hospital saw him on Monday. "
              "He lives at 41 Fennimore Lane, Dunmore, PA 18512.");
    struct deid_spans spans = scan(text, &even);

    (void)state;
    skip_without_sources();
    assert_int_equal(spans.count, 3);
    assert_true(has(&spans, text, "Ilse Zhvolenka", DEID_CLASS_NAME));
    assert_true(has(&spans, text, "Brackenholt Memorial Hospital", DEID_CLASS_GEOGRAPHY));
    assert_true(has(&spans, text, "41 Fennimore Lane, Dunmore, PA 18512", DEID_CLASS_GEOGRAPHY));
}

static void reads_the_lines_of_an_address_together(void **state)
{
    struct slice text = SLICE("The wound is clean. It was washed and dried.\n\nSend to:\n"
                              "Ilse Zhvolenka\n41 Fennimore Lane\nApt. 12\nDunmore, PA 18512\n\n"
                              "The pain is mild and comes at night.");
    struct deid_spans spans = scan(text, &even);
    unsigned i, postal = 0;

    (void)state;
    skip_without_sources();
    assert_true(has(&spans, text, "Ilse Zhvolenka", DEID_CLASS_NAME));
    for (i = 0; i < spans.count; i++)
        postal += slice_ends_with(slice_cut(text, spans.items[i].start, spans.items[i].end),
                                  SLICE("18512"));
    assert_int_equal(postal, 1);
}

static void leaves_out_what_a_whole_country_shares(void **state)
{
    struct deid_spans spans = scan(SLICE("He came from Guatemala and moved to Texas."), &even);

    (void)state;
    assert_int_equal(spans.count, 0);
}

static void asks_more_where_it_is_told_to(void **state)
{
    static const struct deid_tagger_least never = { INT16_MAX, INT16_MAX, INT16_MAX, false };
    struct slice text = SLICE("Spoke with Dr. Zhvolenka about the plan.");
    struct deid_spans most = scan(text, &never), even_spans = scan(text, &even);
    unsigned i;

    (void)state;
    skip_without_sources();
    assert_int_equal(most.count, 0);
    assert_true(even_spans.count > 0);
    for (i = 0; i < even_spans.count; i++)
        assert_true(even_spans.items[i].score >= DEID_SCORE_WEAK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_whole_names_places_and_houses),
        cmocka_unit_test(reads_the_lines_of_an_address_together),
        cmocka_unit_test(leaves_out_what_a_whole_country_shares),
        cmocka_unit_test(asks_more_where_it_is_told_to),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
