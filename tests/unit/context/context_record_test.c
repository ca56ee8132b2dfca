#include "context_fixture.h"

#include "context_words.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1957'},"
    "{'resourceType':'Condition','id':'c','meta':{'versionId':'3','lastUpdated':'2020-01-01T00:00:00Z'},'clinicalStatus':{'coding':[{'code':"
    "'active'}]},'code':{'text':'Asthma'},'onsetDateTime':'1941-05-04T07:44:08+00:00'},"
    "{'resourceType':'Condition','id':'v','verificationStatus':{'coding':[{'code':'refuted'}]}},"
    "{'resourceType':'Observation','id':'o','code':{'text':'Glucose'},'effectiveDateTime':'2019-03','valueQuantity':{'value':300,'unit':"
    "'mg/dL'},'referenceRange':[{'low':{'value':70.5},'high':{'value':99}}]}";

static void bytes_give_back_the_same_record(void **state)
{
    (void)state;
    struct record record, again;
    struct buffer bytes, bytes_again;

    read_record(resources, &record, NULL, NULL);
    buffer_init(&bytes, &arena);
    record_encode(record.facts, record.count, &bytes);
    assert_int_equal(record_decode(buffer_slice(&bytes), &arena, &again, &err), STATUS_OK);
    assert_int_equal(again.count, 4);
    assert_int_equal(again.live, 3);
    assert_int_equal(again.postings_count, record.postings_count);
    for (size_t i = 0; i < record.count; i++)
        assert_true(
            slice_equal(render_in(&record.facts[i], &arena), render_in(&again.facts[i], &arena)));
    for (size_t i = 0; i < again.count; i++)
        if (again.facts[i].measures_count > 0) {
            assert_true(decimal_value(&again.facts[i].measures[0].low) == 70.5);
            assert_true(slice_is(again.facts[i].measures[0].unit, "mg/dL"));
        }
    buffer_init(&bytes_again, &arena);
    record_encode(again.facts, again.count, &bytes_again);
    assert_true(slice_equal(buffer_slice(&bytes), buffer_slice(&bytes_again)));
}

static void every_cut_of_the_bytes_is_refused(void **state)
{
    (void)state;
    struct record record;
    struct buffer bytes;

    read_record(resources, &record, NULL, NULL);
    buffer_init(&bytes, &arena);
    record_encode(record.facts, record.count, &bytes);
    for (size_t i = 0; i < bytes.size; i++) {
        struct arena_mark mark = arena_mark(&arena);

        assert_int_equal(record_decode(slice_of(bytes.data, i), &arena, &record, &err),
                         STATUS_DATA_LOSS);
        arena_rewind(&arena, mark);
    }
}

static void bytes_changed_anywhere_do_no_harm(void **state)
{
    (void)state;
    struct record record;
    struct buffer bytes;

    read_record(resources, &record, NULL, NULL);
    buffer_init(&bytes, &arena);
    record_encode(record.facts, record.count, &bytes);
    for (size_t i = 0; i < bytes.size; i++) {
        struct arena other;

        arena_init(&other, 64 * MIB);
        bytes.data[i] ^= 0xff;
        record_decode(buffer_slice(&bytes), &other, &record, &err);
        bytes.data[i] ^= 0xff;
        arena_close(&other);
    }
}

static void facts_are_in_order_of_time(void **state)
{
    (void)state;
    struct record record;

    read_record(resources, &record, NULL, NULL);
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
        cmocka_unit_test_setup_teardown(bytes_give_back_the_same_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_cut_of_the_bytes_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_changed_anywhere_do_no_harm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(facts_are_in_order_of_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(words_of_notes_are_found_and_no_others, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
