#include "context_fixture.h"

#include "context_words.h"

static void facts_are_in_order_of_time(void **state)
{
    (void)state;
    struct record record;

    read_record(
        "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1957'},"
        "{'resourceType':'Procedure','id':'b','code':{'text':'Two'},'performedDateTime':'2019-03'},"
        "{'resourceType':'Procedure','id':'a','code':{'text':'Three'},'performedDateTime':"
        "'2019-03-01'},"
        "{'resourceType':'Procedure','id':'c','code':{'text':'One'},'performedDateTime':'1941'}",
        &record, NULL, NULL);
    for (size_t i = 1; i < record.count; i++)
        assert_true(fact_compare(&record.facts[i - 1], &record.facts[i]) < 0);
}

static void words_of_notes_are_found_and_no_others(void **state)
{
    (void)state;
    const struct posting *postings;
    struct record record;
    size_t count;

    read_record(
        "{'resourceType':'Observation','id':'a','code':{'text':'Glucose'},'effectiveDateTime':'2019'},"
        "{'resourceType':'DocumentReference','id':'n','date':'2019-03-04','content':[{'attachment':{"
        "'contentType':'text/plain','data':'V2Fsa3MgZGFpbHksIHdhbGtzIGZhci4='}}]}",
        &record, NULL, NULL);
    assert_int_equal(record.notes, 1);
    postings = record_find_word(&record, word_hash(SLICE("Walks")), &count);
    assert_int_equal(count, 1);
    assert_true(record.facts[postings->fact].text.size > 0);
    record_find_word(&record, word_hash(SLICE("glucose")), &count);
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(facts_are_in_order_of_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(words_of_notes_are_found_and_no_others, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
