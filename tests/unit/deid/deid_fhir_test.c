/* A record in and out: nothing that the patient is known by is left, references still resolve, the way back gives the record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "deid_fhir.h"
#include "fhir/json.h"

#define CALL_BYTES ((size_t)512 << 20)

static struct deid_rules rules;

static const char record[]
    = "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
      "{\"fullUrl\":\"urn:uuid:7c1e8a50-0000-4000-8000-0000000000a1\",\"resource\":{\"resourceType\":\"Patient\","
      "\"id\":\"7c1e8a50-0000-4000-8000-0000000000a1\","
      "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Margaret "
      "&#81;uillfeather, born 1951-02-03</div>\"},"
      "\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"MR\"}]},\"value\":\"QF-5550199\"}],"
      "\"name\":[{\"family\":\"Quillfeather\",\"given\":[\"Margaret\",\"Ann\"]}],"
      "\"telecom\":[{\"system\":\"phone\",\"value\":\"555-010-4477\"}],"
      "\"address\":[{\"line\":[\"12 Larkspur Hollow\"],\"city\":\"Tamworth\",\"state\":\"NH\",\"postalCode\":\"03886\"}],"
      "\"birthDate\":\"1951-02-03\"}},"
      "{\"fullUrl\":\"urn:uuid:7c1e8a50-0000-4000-8000-0000000000a2\",\"resource\":{\"resourceType\":\"Observation\","
      "\"id\":\"7c1e8a50-0000-4000-8000-0000000000a2\",\"status\":\"final\","
      "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"4548-4\",\"display\":\"Hemoglobin A1c\"}],"
      "\"text\":\"Hemoglobin A1c\"},"
      "\"subject\":{\"reference\":\"urn:uuid:7c1e8a50-0000-4000-8000-0000000000a1\"},"
      "\"effectiveDateTime\":\"2019-03-04T10:11:12.881-05:00\",\"valueQuantity\":{\"value\":7.20,\"unit\":\"%\"},"
      "\"note\":[{\"text\":\"Peggy QUILLFEATHER (Qillfeather in the old chart, tel 555 010 4477) lives at 12 Larkspur "
      "Hollow, seen on March 4th, 2019. Parkinson's disease unlikely.\"}]}}]}";

struct trip {
    struct arena arena;
    struct deid_map map;
    struct deid_redactor redactor;
    struct slice output, patient;
    struct error err;
    enum status status;
};

static void trip_open(struct trip *trip, struct slice json, enum deid_profile profile)
{
    memset(trip, 0, sizeof(*trip));
    arena_init(&trip->arena, CALL_BYTES);
    deid_map_init(&trip->map, profile, &trip->arena);
    assert_int_equal(deid_redactor_init(&trip->redactor, &rules, &trip->map, &trip->arena, &trip->err), STATUS_OK);
    trip->status = deid_redact_fhir(&trip->redactor, json, &trip->output, &trip->patient, &trip->err);
}

static void trip_close(struct trip *trip)
{
    deid_redactor_close(&trip->redactor);
    arena_close(&trip->arena);
}

static bool has(struct slice text, const char *what)
{
    return memmem(text.data, text.size, what, strlen(what)) != NULL;
}

static void assert_clean(struct slice output)
{
    static const char *const gone[] = { "uillfeather", "QUILL",   "Qillf",  "Margaret", "Peggy", "5550199", "4477",
                                        "Larkspur",    "Tamworth", "1951-02-03", "2019-03-04", "March 4th", "7c1e8a50" };
    size_t i;

    for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        assert_false(has(output, gone[i]));
}

static void loses_everything_that_the_patient_is_known_by(void **state)
{
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(record), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_clean(trip.output);
    assert_true(has(trip.output, "Parkinson's disease unlikely"));
    assert_true(has(trip.output, "\"value\":7.20"));
    assert_true(has(trip.output, "Hemoglobin A1c"));
    assert_true(slice_is(trip.patient, "p1"));
    assert_true(has(trip.output, "\"id\":\"o1\""));
    assert_true(has(trip.output, "\"reference\":\"urn:uuid:p1\""));
    trip_close(&trip);
}

static void the_way_back_gives_the_record(void **state)
{
    struct trip trip;
    struct slice back, plain;
    struct json *root;
    struct buffer out;

    (void)state;
    trip_open(&trip, slice_from(record), DEID_PROFILE_LIMITED);
    assert_int_equal(deid_restore_fhir(&trip.map, trip.output, &trip.arena, &back, &trip.err), STATUS_OK);
    assert_int_equal(json_parse(slice_from(record), &trip.arena, &root, &trip.err), STATUS_OK);
    buffer_init(&out, &trip.arena);
    json_write(root, &out);
    plain = buffer_slice(&out);
    assert_true(slice_equal(plain, back));
    trip_close(&trip);
}

static const char typed[]
    = "{\"resourceType\":\"Bundle\",\"entry\":["
      "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"Quillfeather\",\"given\":[\"White\"]}],"
      "\"identifier\":[{\"value\":\"QF-5550199\"}],\"birthDate\":\"1951-02-03\"}},"
      "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"b\",\"status\":\"final\",\"meta\":{\"tag\":[{\"display\":\"Quillfeather\"}]},"
      "\"category\":[{\"coding\":[{\"system\":\"urn:ward\",\"code\":\"QUILLFEATHER\",\"display\":\"Asked by Dr. Harold Brenner on 2019-03-04\"}],"
      "\"text\":\"Asked by Dr. Harold Brenner on 2019-03-04\"}],"
      "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"qf5550199\",\"display\":\"Weight of Quillfeather, White race\"},"
      "{\"system\":\"http://snomed.info/sct\",\"code\":\"49049000\",\"display\":\"Parkinson's disease\"}],"
      "\"text\":\"Weight of Quillfeather, White race\"},"
      "\"valueQuantity\":{\"value\":70,\"unit\":\"kg of Quillfeather\",\"system\":\"http://quillfeather.example\"}}}]}";

static void names_typed_where_codes_belong_are_replaced(void **state)
{
    static const char *const gone[] = { "uillfeather", "QUILL", "5550199", "Brenner", "2019-03-04" };
    struct slice back;
    struct trip trip;
    size_t i;

    (void)state;
    trip_open(&trip, slice_from(typed), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        assert_false(has(trip.output, gone[i]));
    assert_true(has(trip.output, "\"Parkinson's disease\""));
    assert_true(has(trip.output, ", White race\""));
    assert_int_equal(deid_restore_fhir(&trip.map, trip.output, &trip.arena, &back, &trip.err), STATUS_OK);
    assert_true(slice_is(back, typed));
    trip_close(&trip);
}

static void safe_harbor_keeps_years_only(void **state)
{
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(record), DEID_PROFILE_SAFE_HARBOR);
    assert_int_equal(trip.status, STATUS_OK);
    assert_clean(trip.output);
    assert_true(has(trip.output, "\"effectiveDateTime\":\"2019\""));
    assert_true(has(trip.output, "\"postalCode\":\"000**\"") || has(trip.output, "\"postalCode\":\"038**\""));
    trip_close(&trip);
}

static void refuses_two_patients_and_what_is_no_fhir(void **state)
{
    static const char *const bad[] = {
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\"}},"
        "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"b\"}}]}",
        "{\"resourceType\":\"Patient\"",
        "[]",
        "{}",
        "\"Patient\"",
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"id\":\"b\"}}]}",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct trip trip;

        trip_open(&trip, slice_from(bad[i]), DEID_PROFILE_LIMITED);
        assert_int_equal(trip.status, STATUS_INVALID_ARGUMENT);
        trip_close(&trip);
    }
}

static char *member_read(const char *archive, const char *pattern, size_t *size)
{
    char command[2048];
    char *bytes = NULL;
    size_t capacity = 0;
    FILE *pipe;

    snprintf(command, sizeof(command), "tar xJOf '%s' --wildcards --occurrence=1 '%s' 2>/dev/null", archive, pattern);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    *size = 0;
    for (;;) {
        size_t got;

        if (capacity - *size < 65536)
            bytes = realloc(bytes, capacity = capacity * 2 + 131072);
        got = fread(bytes + *size, 1, capacity - *size, pipe);
        *size += got;
        if (got == 0)
            break;
    }
    pclose(pipe);
    return bytes;
}

/* No string of the tree, decoded where it is base64, holds a known identifier with digits in it. */
static void assert_no_known(const struct json *node, const struct deid_map *map, struct arena *arena)
{
    const struct json *item;
    uint32_t i;

    for (item = json_first(node); item != NULL; item = item->next)
        assert_no_known(item, map, arena);
    if (node->kind != JSON_KIND_STRING)
        return;
    for (i = 0; i < map->entries_count; i++) {
        struct slice known = map->entries[i].original, text = node->text;
        unsigned char decoded[1 << 16];
        size_t size;

        if (!map->entries[i].is_known || known.size < 5)
            continue;
        assert_null(memmem(text.data, text.size, known.data, known.size));
        if (slice_is(node->key, "data")
            && sodium_base642bin(decoded, sizeof(decoded), text.data, text.size, NULL, &size, NULL,
                                 sodium_base64_VARIANT_ORIGINAL) == 0)
            assert_null(memmem(decoded, size, known.data, known.size));
    }
}

static void real_bundles_keep_no_known_identifier(void **state)
{
    static const char *const members[][2] = { { "fhir/synthea-hiv-notes-r4.tar.xz", "bundles/Jerry654*" },
                                              { "fhir/synthea-spezi-r4.tar.xz", "bundles/Lemuel*" } };
    size_t i, size;

    (void)state;
    for (i = 0; i < 2; i++) {
        const char *path = data_path(members[i][0]);
        struct json *root;
        struct trip trip;
        char *bytes;

        if (path == NULL)
            skip();
        bytes = member_read(path, members[i][1], &size);
        if (size == 0) {
            free(bytes);
            continue;
        }
        trip_open(&trip, slice_of(bytes, size), DEID_PROFILE_LIMITED);
        if (trip.status != STATUS_OK)
            printf("%s\n", trip.err.text);
        assert_int_equal(trip.status, STATUS_OK);
        assert_int_equal(json_parse(trip.output, &trip.arena, &root, &trip.err), STATUS_OK);
        assert_no_known(root, &trip.map, &trip.arena);
        printf("%s: %zu bytes in, %zu out, %u entries, %u ids\n", members[i][1], size, trip.output.size,
               trip.map.entries_count, trip.map.ids_count);
        trip_close(&trip);
        free(bytes);
    }
}

static int setup(void **state)
{
    (void)state;
    return sodium_init() < 0 || deid_rules_init(&rules, NULL) != STATUS_OK;
}

static int teardown(void **state)
{
    (void)state;
    deid_rules_close(&rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_everything_that_the_patient_is_known_by),
        cmocka_unit_test(the_way_back_gives_the_record),
        cmocka_unit_test(names_typed_where_codes_belong_are_replaced),
        cmocka_unit_test(safe_harbor_keeps_years_only),
        cmocka_unit_test(refuses_two_patients_and_what_is_no_fhir),
        cmocka_unit_test(real_bundles_keep_no_known_identifier),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
