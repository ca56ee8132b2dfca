#include "context_fixture.h"

/* Merge @resources into @old, and index what comes of it. */
static void merge(const struct record *old, const char *resources, struct record *record,
                  struct parsed *parsed, uint32_t *as_facts)
{
    struct fact *facts;
    size_t count;

    assert_int_equal(context_parse(bundle_of(resources), &arena, parsed, &err), STATUS_OK);
    assert_int_equal(context_merge(old, parsed, &arena, &facts, &count, as_facts, &err), STATUS_OK);
    assert_int_equal(*as_facts + reasons_total(&parsed->reasons), parsed->resources);
    assert_int_equal(record_index(facts, count, &arena, record, &err), STATUS_OK);
}

#define CONDITION(id, meta, name)                                                                  \
    "{'resourceType':'Condition','id':'" id "','meta':{" meta "},'code':{'text':'" name "'}}"

static void a_later_version_takes_the_place_of_the_earlier(void **state)
{
    (void)state;
    struct record first, second;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL, CONDITION("c", "'versionId':'1'", "Old"), &first, &parsed, &as_facts);
    merge(&first, CONDITION("c", "'versionId':'2'", "New"), &second, &parsed, &as_facts);
    assert_int_equal(second.live, 1);
    assert_true(slice_is(second.facts[0].label, "New"));
}

static void an_earlier_version_changes_nothing(void **state)
{
    (void)state;
    struct record first, second;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL, CONDITION("c", "'lastUpdated':'2020-02-02T00:00:00Z'", "New"), &first, &parsed,
          &as_facts);
    merge(&first, CONDITION("c", "'lastUpdated':'2020-01-01T00:00:00Z'", "Old"), &second, &parsed,
          &as_facts);
    assert_int_equal(as_facts, 0);
    assert_int_equal(reason(&parsed, "superseded"), 1);
    assert_true(slice_is(second.facts[0].label, "New"));
}

static void the_same_bundle_again_is_the_same_record(void **state)
{
    (void)state;
    static const char bundle[] = CONDITION("a", "", "A") "," CONDITION("b", "", "B");
    struct record first, second;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL, bundle, &first, &parsed, &as_facts);
    merge(&first, bundle, &second, &parsed, &as_facts);
    assert_int_equal(as_facts, 2);
    assert_int_equal(second.live, 2);
}

static void within_a_bundle_the_newest_version_counts(void **state)
{
    (void)state;
    struct record record;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL,
          CONDITION("c", "'versionId':'1'", "One") "," CONDITION(
              "c", "'versionId':'3'",
              "Three") "," CONDITION("c", "'versionId':'2'",
                                     "Two") "," CONDITION("c", "'versionId':'3'", "Three"),
          &record, &parsed, &as_facts);
    assert_int_equal(as_facts, 1);
    assert_int_equal(reason(&parsed, "superseded"), 2);
    assert_int_equal(reason(&parsed, "duplicate"), 1);
    assert_true(slice_is(record.facts[0].label, "Three"));
}

static void what_was_entered_in_error_goes_and_does_not_come_back(void **state)
{
    (void)state;
    struct record first, second, third;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL, CONDITION("c", "'versionId':'1'", "Wrong"), &first, &parsed, &as_facts);
    merge(
        &first,
        "{'resourceType':'Condition','id':'c','meta':{'versionId':'2'},'verificationStatus':{'coding':[{'code':'entered-in-error'}]}}",
        &second, &parsed, &as_facts);
    assert_int_equal(as_facts, 0);
    assert_int_equal(second.live, 0);
    merge(&second, CONDITION("c", "'versionId':'1'", "Wrong"), &third, &parsed, &as_facts);
    assert_int_equal(third.live, 0);
    assert_int_equal(reason(&parsed, "superseded"), 1);
}

static struct record put_entries(const struct record *old, const char *entries, uint32_t deleted)
{
    char *bundle = arena_format(&arena, "{\"resourceType\":\"Bundle\",\"entry\":[%s]}", entries);
    struct record record;
    struct parsed parsed;
    struct fact *facts;
    uint32_t as_facts;
    size_t count;

    for (char *at = bundle; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    assert_int_equal(context_parse(slice_from(bundle), &arena, &parsed, &err), STATUS_OK);
    assert_int_equal(reason(&parsed, "deleted"), deleted);
    assert_int_equal(context_merge(old, &parsed, &arena, &facts, &count, &as_facts, &err),
                     STATUS_OK);
    assert_int_equal(as_facts + reasons_total(&parsed.reasons), parsed.resources);
    assert_int_equal(record_index(facts, count, &arena, &record, &err), STATUS_OK);
    return record;
}

static void what_is_deleted_goes_and_comes_back_only_newer(void **state)
{
    (void)state;
    static const char deletion[] =
        "{'request':{'method':'DELETE','url':'http://a.example/fhir/Condition/c'}}";
    struct record first, second, third;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL, CONDITION("c", "'versionId':'3'", "Gout") "," CONDITION("d", "", "Asthma"), &first,
          &parsed, &as_facts);
    second = put_entries(&first, deletion, 1);
    assert_int_equal(second.live, 1);
    merge(&second, CONDITION("c", "'versionId':'3'", "Gout"), &third, &parsed, &as_facts);
    assert_int_equal(third.live, 1);
    assert_int_equal(reason(&parsed, "superseded"), 1);
    merge(&second, CONDITION("c", "'versionId':'5'", "Gout"), &third, &parsed, &as_facts);
    assert_int_equal(third.live, 2);
}

static void a_deletion_of_an_older_day_changes_nothing(void **state)
{
    (void)state;
    struct record first, second;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL, CONDITION("c", "'lastUpdated':'2020-02-02T00:00:00Z'", "Gout"), &first, &parsed,
          &as_facts);
    second = put_entries(
        &first,
        "{'fullUrl':'http://a/Condition/c','request':{'method':'DELETE','url':'Condition/c'},"
        "'response':{'lastModified':'2019-01-01T00:00:00Z'}}",
        1);
    assert_int_equal(second.live, 1);
    second = put_entries(&first,
                         "{'request':{'method':'DELETE','url':'Condition/c'},"
                         "'response':{'lastModified':'2021-01-01T00:00:00Z'}}",
                         1);
    assert_int_equal(second.live, 0);
}

static void a_deletion_that_names_no_resource_is_counted(void **state)
{
    (void)state;
    struct record record = put_entries(
        NULL,
        "{'request':{'method':'DELETE','url':'Condition?code=x'}},"
        "{'request':{'method':'DELETE'}},{'request':{'method':'DELETE','url':'Condition/'}}",
        0);

    assert_int_equal(record.live, 0);
}

static void the_same_said_twice_is_one_fact(void **state)
{
    (void)state;
#define OBSERVATION(id, date, value)                                                               \
    "{'resourceType':'Observation','id':'" id                                                      \
    "','status':'final','code':{'text':'Glucose'},'effectiveDateTime':'" date                      \
    "','valueQuantity':{'value':" value "}}"
    struct record record;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL,
          OBSERVATION("a", "2019-01-01T10:00:00Z", "90") "," OBSERVATION(
              "b", "2019-01-01T10:00:00Z",
              "90") "," OBSERVATION("c", "2019-01-01T10:00:00Z",
                                    "91") "," OBSERVATION("d", "2019-01-01T11:00:00Z", "90"),
          &record, &parsed, &as_facts);
    assert_int_equal(as_facts, 3);
    assert_int_equal(reason(&parsed, "duplicate"), 1);
    /* Years only, as after Safe Harbor: two values of a year may well be two. */
    merge(NULL, OBSERVATION("a", "2019", "90") "," OBSERVATION("b", "2019", "90"), &record, &parsed,
          &as_facts);
    assert_int_equal(as_facts, 2);
}

static void a_copy_counts_when_the_first_is_taken_back(void **state)
{
    (void)state;
    struct record first, second, third;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL,
          OBSERVATION("a", "2019-01-01T10:00:00Z",
                      "90") "," OBSERVATION("b", "2019-01-01T10:00:00Z", "90"),
          &first, &parsed, &as_facts);
    assert_int_equal(first.live, 1);
    merge(&first, "{'resourceType':'Observation','id':'a','status':'entered-in-error'}", &second,
          &parsed, &as_facts);
    assert_int_equal(second.live, 1);
    for (size_t i = 0; i < second.count; i++)
        if (!second.facts[i].is_void) {
            assert_true(slice_is(second.facts[i].reference, "Observation/b"));
            assert_int_equal(second.facts[i].also.size, 0);
        }
    /* Nor is it a source any more when it is itself taken back. */
    merge(&first, "{'resourceType':'Observation','id':'b','status':'entered-in-error'}", &third,
          &parsed, &as_facts);
    assert_int_equal(third.live, 1);
    for (size_t i = 0; i < third.count; i++)
        if (!third.facts[i].is_void)
            assert_int_equal(third.facts[i].also.size, 0);
}

static void what_lasts_may_be_told_twice_without_a_date(void **state)
{
    (void)state;
    struct record record;
    struct parsed parsed;
    uint32_t as_facts;

    merge(NULL, CONDITION("a", "", "Asthma") "," CONDITION("b", "", "Asthma"), &record, &parsed,
          &as_facts);
    assert_int_equal(record.live, 1);
    merge(NULL,
          "{'resourceType':'Procedure','id':'a','code':{'text':'Biopsy'}},"
          "{'resourceType':'Procedure','id':'b','code':{'text':'Biopsy'}}",
          &record, &parsed, &as_facts);
    assert_int_equal(record.live, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_later_version_takes_the_place_of_the_earlier, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_earlier_version_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_bundle_again_is_the_same_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(within_a_bundle_the_newest_version_counts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_entered_in_error_goes_and_does_not_come_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_said_twice_is_one_fact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_counts_when_the_first_is_taken_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_lasts_may_be_told_twice_without_a_date, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_deleted_goes_and_comes_back_only_newer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_deletion_of_an_older_day_changes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_deletion_that_names_no_resource_is_counted, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
