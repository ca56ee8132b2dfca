#include "context_fixture.h"

#define OBSERVATION(id, meta, value)                                                               \
    "{'resourceType':'Observation','id':'" id "','meta':{" meta                                    \
    "},'code':{'text':'Weight'},'valueString':'" value "'}"

static struct resources none;

/* The bundle's resources in @json, which is kept in the arena. */
static struct resources whole_of(struct slice json)
{
    struct parsed parsed;

    assert_int_equal(context_parse(json, &arena, &parsed, &err), STATUS_OK);
    return parsed.whole;
}

static struct resources merged(const struct resources *old, struct slice json)
{
    struct resources more = whole_of(json), all;

    assert_int_equal(resources_merge(old, &more, &arena, &all, &err), STATUS_OK);
    return all;
}

static struct resources_page page_of(const struct resources *resources, uint32_t size,
                                     const char *token)
{
    const struct resources_query query = { .page_size = size,
                                           .page_token = slice_from(token),
                                           .base = SLICE("https://h/fhir") };
    struct resources_page page;

    assert_int_equal(resources_page(resources, &query, &arena, &page, &err), STATUS_OK);
    return page;
}

static bool says(const struct resources_page *page, const char *text)
{
    return memmem(page->bundle.data, page->bundle.size, text, strlen(text)) != NULL;
}

static void every_type_of_resource_is_kept_whole(void **state)
{
    (void)state;
    struct resources all = merged(
        &none, bundle_of("{'resourceType':'Patient','id':'p'},{'resourceType':'Claim','id':'c',"
                         "'total':{'value':1.50,'currency':'USD'}},{'noType':1}"));
    struct resources_page page = page_of(&all, 0, "");

    assert_int_equal(page.total, 2);
    assert_true(says(&page, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":2"));
    assert_true(says(&page, "\"total\":{\"value\":1.50,\"currency\":\"USD\"}"));
    assert_true(says(&page, "\"fullUrl\":\"https://h/fhir/Claim/c\""));
}

static void resources_of_somebody_else_are_not_kept(void **state)
{
    (void)state;
    struct resources all =
        merged(&none, bundle_of("{'resourceType':'Patient','id':'p'},{'resourceType':'Observation',"
                                "'id':'o','subject':{'reference':'Patient/q'}}"));

    assert_int_equal(all.count, 1);
}

static void a_resource_is_tagged_beside_the_tags_that_it_has(void **state)
{
    (void)state;
    struct resources all = merged(
        &none, bundle_of(OBSERVATION("a", "'security':[{'code':'R'}],'versionId':'1'", "x")));
    struct resources_page page = page_of(&all, 0, "");

    assert_true(says(&page,
                     "\"meta\":{\"versionId\":\"1\",\"security\":[{\"code\":\"R\"},{\"system\":"
                     "\"http://terminology.hl7.org/CodeSystem/v3-ObservationValue\","
                     "\"code\":\"REDACTED\"}]}}"));
}

static void a_later_version_stands_in_the_place_of_the_earlier(void **state)
{
    (void)state;
    struct resources first = merged(
        &none,
        bundle_of(OBSERVATION("a", "'versionId':'1'", "old") "," OBSERVATION("b", "", "other")));
    struct resources second = merged(&first, bundle_of(OBSERVATION("a", "'versionId':'2'", "new")));
    struct resources third = merged(&second, bundle_of(OBSERVATION("a", "'versionId':'1'", "old")));
    struct resources_page page = page_of(&third, 1, "");

    assert_int_equal(page.total, 2);
    assert_int_equal(page.count, 1);
    assert_true(says(&page, "\"new\""));
    assert_string_equal(page.next_page_token, "1");
    page = page_of(&third, 1, "1");
    assert_true(says(&page, "\"other\""));
    assert_string_equal(page.next_page_token, "");
}

static void a_deletion_is_remembered_and_not_told(void **state)
{
    (void)state;
    struct resources first = merged(
        &none,
        bundle_of(OBSERVATION("a", "'versionId':'1'", "old") "," OBSERVATION("b", "", "other")));
    struct resources second = merged(&first, SLICE("{\"resourceType\":\"Bundle\",\"entry\":[{"
                                                   "\"request\":{\"method\":\"DELETE\",\"url\":"
                                                   "\"Observation/a\"}}]}"));
    struct resources third = merged(&second, bundle_of(OBSERVATION("a", "'versionId':'1'", "old")));
    struct resources_page page = page_of(&third, 0, "");

    assert_int_equal(page.total, 1);
    assert_false(says(&page, "\"old\""));
    assert_string_equal(page_of(&third, 1, "").next_page_token, "");
}

static void nothing_left_is_a_bundle_without_entries(void **state)
{
    (void)state;
    struct resources_page page = page_of(&none, 0, "");

    assert_true(
        slice_is(page.bundle, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"total\":0}"));
}

static void a_page_ends_before_it_is_too_large(void **state)
{
    (void)state;
    size_t size = 3 * MIB;
    char *text = arena_alloc(&arena, size + 1);
    struct resources all;
    struct resources_page page;

    memset(text, 'x', size);
    text[size] = '\0';
    all = merged(&none, slice_from(arena_format(&arena,
                                                "{\"resourceType\":\"Bundle\",\"entry\":["
                                                "{\"resource\":{\"resourceType\":\"Basic\",\"id\":"
                                                "\"a\",\"x\":\"%s\"}},{\"resource\":{"
                                                "\"resourceType\":\"Basic\",\"id\":\"b\",\"x\":"
                                                "\"%s\"}}]}",
                                                text, text)));
    page = page_of(&all, 0, "");
    assert_int_equal(page.count, 1);
    assert_string_equal(page.next_page_token, "1");
    assert_string_equal(page_of(&all, 0, "1").next_page_token, "");
}

/* A server's address that deid has replaced is no address: the entries and what refers to them get
 * ours. */
static void an_address_that_is_a_surrogate_gives_way(void **state)
{
    (void)state;
    struct resources all = merged(
        &none,
        SLICE("{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"Url-1/Patient/p1\","
              "\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p1\"}},{\"fullUrl\":"
              "\"Url-1/Observation/o1\",\"resource\":{\"resourceType\":\"Observation\","
              "\"id\":\"o1\",\"subject\":{\"reference\":\"Url-1/Patient/p1\"}}},{\"fullUrl\":"
              "\"urn:uuid:1\",\"resource\":{\"resourceType\":\"Basic\",\"id\":\"b\"}}]}"));
    struct resources_page page = page_of(&all, 0, "");

    assert_false(says(&page, "Url-1"));
    assert_true(says(&page, "\"fullUrl\":\"https://h/fhir/Observation/o1\""));
    assert_true(says(&page, "\"reference\":\"Patient/p1\""));
    assert_true(says(&page, "\"fullUrl\":\"urn:uuid:1\""));
}

static void what_is_encoded_is_decoded(void **state)
{
    (void)state;
    struct resources first =
        merged(&none, bundle_of(OBSERVATION("a", "'lastUpdated':'2020-02-02T00:00:00Z'",
                                            "one") "," OBSERVATION("b", "'versionId':'7'", "two")));
    struct resources again;
    struct slice bytes;

    first.is_partial = true;
    assert_int_equal(resources_encode(&first, &arena, &bytes, &err), STATUS_OK);
    assert_int_equal(resources_decode(bytes, &arena, &again, &err), STATUS_OK);
    assert_true(again.is_partial);
    assert_true(slice_equal(page_of(&first, 0, "").bundle, page_of(&again, 0, "").bundle));
    /* Versions hold across it: what is older changes nothing. */
    again = merged(&again,
                   bundle_of(OBSERVATION("a", "'lastUpdated':'2019-01-01T00:00:00Z'", "older")));
    assert_true(slice_equal(page_of(&first, 0, "").bundle, page_of(&again, 0, "").bundle));
}

static void bytes_that_are_damaged_are_refused_wherever_they_are_cut(void **state)
{
    (void)state;
    struct resources all = merged(&none, bundle_of(OBSERVATION("a", "'versionId':'1'", "one")));
    struct resources again;
    struct slice bytes;
    char *spoilt;

    assert_int_equal(resources_encode(&all, &arena, &bytes, &err), STATUS_OK);
    for (size_t size = 0; size < bytes.size; size++)
        assert_int_equal(resources_decode(slice_cut(bytes, 0, size), &arena, &again, &err),
                         STATUS_DATA_LOSS);
    spoilt = arena_alloc(&arena, bytes.size);
    for (size_t at = 0; at < 32; at++) { /* head and row: never more than the bytes hold */
        memcpy(spoilt, bytes.data, bytes.size);
        spoilt[at] = (char)0xff;
        (void)resources_decode(slice_of(spoilt, bytes.size), &arena, &again, &err);
        for (size_t i = 0; i < again.count; i++)
            assert_in_range(again.items[i].entry.size, 0, bytes.size);
    }
}

static void a_token_of_somebody_else_is_refused(void **state)
{
    (void)state;
    const struct resources_query query = { .page_token = SLICE("-1") };
    struct resources_page page;

    assert_int_equal(resources_page(&none, &query, &arena, &page, &err), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_of_resource_is_kept_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resources_of_somebody_else_are_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_resource_is_tagged_beside_the_tags_that_it_has, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_later_version_stands_in_the_place_of_the_earlier, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_deletion_is_remembered_and_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_left_is_a_bundle_without_entries, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_page_ends_before_it_is_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_that_is_a_surrogate_gives_way, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_encoded_is_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_that_are_damaged_are_refused_wherever_they_are_cut,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_of_somebody_else_is_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
