#include "context_fixture.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p'},"
    "{'resourceType':'Procedure','id':'a','code':{'text':'A'},'performedDateTime':'2017-01-01'},"
    "{'resourceType':'Procedure','id':'b','code':{'text':'B'},'performedDateTime':'2018-01-01'},"
    "{'resourceType':'Immunization','id':'c','vaccineCode':{'text':'C'},'occurrenceDateTime':'2019-01-01'},"
    "{'resourceType':'Procedure','id':'d','status':'entered-in-error'}";

static struct timeline look(struct timeline_query query)
{
    struct record *record = ARENA_NEW(&arena, struct record);
    struct timeline timeline;

    read_record(resources, record, NULL, NULL);
    assert_int_equal(context_timeline(record, &query, &arena, &timeline, &err), STATUS_OK);
    return timeline;
}

static void gives_every_fact_oldest_first(void **state)
{
    (void)state;
    struct timeline timeline = look((struct timeline_query){ 0 });

    assert_int_equal(timeline.count, 4);
    assert_int_equal(timeline.facts[0]->kind, FACT_DEMOGRAPHICS);
    assert_true(slice_is(timeline.facts[3]->label, "C"));
    assert_string_equal(timeline.next_page_token, "");
}

static void pages_add_up(void **state)
{
    (void)state;
    struct timeline_query query = { .page_size = 1 };
    size_t total = 0;

    do {
        struct timeline timeline = look(query);

        total += timeline.count;
        query.page_token = slice_from(timeline.next_page_token);
    } while (query.page_token.size > 0);
    assert_int_equal(total, 4);
}

static void bounds_are_inclusive_and_exclusive(void **state)
{
    (void)state;
    struct timeline timeline =
        look((struct timeline_query){ .from = SLICE("2018"), .to = SLICE("2019-01-01") });

    assert_int_equal(timeline.count, 1);
    assert_true(slice_is(timeline.facts[0]->label, "B"));
    timeline = look((struct timeline_query){ .kinds = 1u << FACT_IMMUNIZATION });
    assert_int_equal(timeline.count, 1);
}

static void refuses_dates_and_tokens_that_are_none(void **state)
{
    (void)state;
    struct record record;
    struct timeline timeline;

    read_record(resources, &record, NULL, NULL);
    assert_int_equal(context_timeline(&record, &(struct timeline_query){ .from = SLICE("soon") },
                                      &arena, &timeline, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(context_timeline(&record,
                                      &(struct timeline_query){ .page_token = SLICE("-1") }, &arena,
                                      &timeline, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(context_timeline(&record,
                                      &(struct timeline_query){ .page_token = SLICE("999999999") },
                                      &arena, &timeline, &err),
                     STATUS_OK);
    assert_int_equal(timeline.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_every_fact_oldest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_are_inclusive_and_exclusive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_dates_and_tokens_that_are_none, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
