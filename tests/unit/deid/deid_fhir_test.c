/* A record in and out: nothing that the patient is known by is left, references still resolve, the
 * way back gives the record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/fault.h"
#include "data.h"
#include "deid_fhir.h"
#include "deid_fhir_restore.h"
#include "deid_setup.h"
#include "fhir/json.h"

#define CALL_BYTES ((size_t)512 << 20)

static const char record[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
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
    "\"effectiveDateTime\":\"2019-03-04T10:11:12.881-05:00\",\"valueQuantity\":{\"value\":7.20,\"unit\":\"%\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"%\"},"
    "\"note\":[{\"text\":\"Peggy QUILLFEATHER (Qillfeather in the old chart, tel 555 010 4477) lives at 12 Larkspur "
    "Hollow, seen on March 4th, 2019, DOB 02031951 or 03021951. Parkinson's disease unlikely.\"}]}}]}";

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
    assert_int_equal(
        deid_redactor_init(&trip->redactor, &rules, &trip->map, &trip->arena, &trip->err),
        STATUS_OK);
    trip->status =
        deid_fhir_redact(&trip->redactor, json, &trip->output, &trip->patient, &trip->err);
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
    static const char *const gone[] = { "uillfeather", "QUILL",      "Qillf",      "Margaret",
                                        "Peggy",       "5550199",    "4477",       "Larkspur",
                                        "Tamworth",    "1951-02-03", "2019-03-04", "March 4th",
                                        "7c1e8a50",    "02031951",   "03021951" };
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
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_int_equal(json_parse(slice_from(record), &trip.arena, &root, &trip.err), STATUS_OK);
    buffer_init(&out, &trip.arena);
    json_write(root, &out);
    plain = buffer_slice(&out);
    assert_true(slice_equal(plain, back));
    trip_close(&trip);
}

static const char typed[] =
    "{\"resourceType\":\"Bundle\",\"entry\":["
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
    static const char *const gone[] = { "uillfeather", "QUILL", "5550199", "Brenner",
                                        "2019-03-04" };
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
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_true(slice_is(back, typed));
    trip_close(&trip);
}

static void units_stay_in_their_system(void **state)
{
    static const enum deid_profile profiles[] = { DEID_PROFILE_LIMITED, DEID_PROFILE_SAFE_HARBOR };
    struct trip trip;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        trip_open(&trip, slice_from(record), profiles[i]);
        assert_int_equal(trip.status, STATUS_OK);
        assert_true(has(trip.output, "\"system\":\"http://unitsofmeasure.org\",\"code\":\"%\""));
        trip_close(&trip);
    }
}

static void safe_harbor_keeps_years_only(void **state)
{
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(record), DEID_PROFILE_SAFE_HARBOR);
    assert_int_equal(trip.status, STATUS_OK);
    assert_clean(trip.output);
    assert_true(has(trip.output, "\"effectiveDateTime\":\"2019\""));
    assert_true(has(trip.output, "\"postalCode\":\"000**\"")
                || has(trip.output, "\"postalCode\":\"038**\""));
    trip_close(&trip);
}

/* What FHIR does not have, numbers among it, and what is taken out. */
static const char odd[] =
    "{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"Quillfeather\"}],"
    "\"identifier\":[{\"value\":\"55501994\"}],\"chartNumber\":55501994,\"shoeSize\":42,"
    "\"Mr. Quillfeather\":{\"called\":\"Quillfeather\",\"often\":true},"
    "\"photo\":[{\"contentType\":\"image/png\",\"data\":\"AAECAw==\"}],"
    "\"address\":[{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/geolocation\","
    "\"extension\":[{\"url\":\"latitude\",\"valueDecimal\":42.5}]},{\"url\":\"urn:other\","
    "\"valueInteger\":55501994}],\"city\":\"Tamworth\"}],\"contained\":[{\"resourceType\":\"Observation\","
    "\"id\":\"in\",\"status\":\"final\",\"subject\":{\"reference\":\"#\"},\"derivedFrom\":[{\"reference\":\"#in\"}]}]}";

static void what_fhir_does_not_have_is_read_as_text_and_comes_back(void **state)
{
    static const char *const gone[] = { "uillfeather", "55501994", "AAECAw", "42.5", "Tamworth" };
    struct slice back;
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(odd), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        assert_false(has(trip.output, gone[i]));
    assert_true(has(trip.output, "\"shoeSize\":42"));
    assert_true(has(trip.output, "\"often\":true"));
    assert_true(has(trip.output, "\"reference\":\"#c1\""));
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_true(slice_is(back, odd));
    trip_close(&trip);
}

/* Ids as the way back reads them, where they are none: of a resource that FHIR does not have, of an
 * element, in a value. */
static const char small_ids[] =
    "{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"urn:uuid:7c1e8a50-0000-4000-8000-0000000000a1\","
    "\"resource\":{\"resourceType\":\"Obsexvation\",\"id\":\"o2\",\"value\":\"#c1\",\"reference\":[\"o1\",\"x2\"],"
    "\"subject\":{\"reference\":\"Obsexvation/o2\"}}},"
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"code\":{\"id\":\"x1\",\"text\":\"o1\"},"
    "\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p7\"}],\"subject\":{\"reference\":\"#p7\"}}}]}";

static void what_looks_like_a_small_id_comes_back_as_itself(void **state)
{
    struct slice back;
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(small_ids), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_true(has(trip.output, "\"id\":\"o1\",\"value\""));
    assert_true(has(trip.output, "\"reference\":\"Obsexvation/o1\""));
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_true(slice_is(back, small_ids));
    trip_close(&trip);
}

static void a_date_typed_where_a_code_belongs_moves_and_comes_back(void **state)
{
    static const char input[] =
        "{\"resourceType\":\"Observation\",\"id\":\"o\",\"text\":{\"status\":\"seen 02/03/1950, then 02/03\"}}";
    struct slice back;
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(input), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_false(has(trip.output, "02/03/1950"));
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_true(slice_is(back, input));
    trip_close(&trip);
}

static void an_unreadable_attachment_is_all_that_a_bundle_without_an_id_loses(void **state)
{
    static const char before[] = "{\"resourceType\":\"Bundle\",\"e\u200by\":[{\"fu\":"
                                 "{\"contentType\":\"text/plain\",\"data\":\"QW5uIpZ\"}}]}",
                      after[] = "{\"resourceType\":\"Bundle\",\"e\u200by\":[{\"fu\":"
                                "{\"contentType\":\"text/plain\"}}]}";
    struct slice back;
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(before), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_true(slice_is(back, after));
    trip_close(&trip);
}

static void safe_harbor_removes_what_fhir_does_not_have(void **state)
{
    struct trip trip;

    (void)state;
    trip_open(&trip, slice_from(odd), DEID_PROFILE_SAFE_HARBOR);
    assert_int_equal(trip.status, STATUS_OK);
    assert_false(has(trip.output, "chartNumber"));
    assert_false(has(trip.output, "shoeSize"));
    assert_false(has(trip.output, "called"));
    assert_false(has(trip.output, "photo"));
    trip_close(&trip);
}

static void safe_harbor_groups_ages_over_89_from_today(void **state)
{
    struct tm today;
    time_t now = time(NULL);
    char json[512];
    struct trip trip;

    (void)state;
    gmtime_r(&now, &today);
    for (int age = 80; age <= 100; age += 20) {
        snprintf(
            json, sizeof(json),
            "{\"resourceType\":\"Patient\",\"id\":\"a\",\"birthDate\":\"%d-01-01\",\"contained\":["
            "{\"resourceType\":\"Condition\",\"onsetAge\":{\"value\":%d,\"code\":\"a\"}}]}",
            today.tm_year + 1900 - age, age);
        trip_open(&trip, slice_from(json), DEID_PROFILE_SAFE_HARBOR);
        assert_int_equal(trip.status, STATUS_OK);
        assert_int_equal(has(trip.output, "birthDate"), age == 80);
        assert_true(has(trip.output, age == 80 ? "\"value\":80" : "\"value\":90"));
        trip_close(&trip);
    }
}

/* One family name, several people. */
static void a_relative_is_not_the_patient(void **state)
{
    struct trip trip;

    (void)state;
    trip_open(
        &trip,
        SLICE(
            "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\","
            "\"name\":[{\"family\":\"Quillfeather\",\"given\":[\"Margaret\"]}]}},{\"resource\":{\"resourceType\":"
            "\"RelatedPerson\",\"id\":\"b\",\"name\":[{\"text\":\"Anna Quillfeather\"}]}},{\"resource\":{"
            "\"resourceType\":\"Practitioner\",\"id\":\"c\",\"name\":[{\"text\":\"Paul Quillfeather\"}]}}]}"),
        DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_true(has(trip.output, "\"text\":\"Person-1\""));
    assert_true(has(trip.output, "\"text\":\"Person-2\""));
    trip_close(&trip);
}

/* A search may name anybody in any of its parts. */
/* Each has words of a name that others have too, and a note means the first by one of them. */
static void the_words_of_a_name_are_their_persons(void **state)
{
    static const char staff[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
        "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\",\"name\":[{\"family\":\"Okonjo\","
        "\"given\":[\"Maria\"]}]}},"
        "{\"resource\":{\"resourceType\":\"Practitioner\",\"id\":\"2\",\"name\":[{\"family\":\"Okonjo\","
        "\"given\":[\"Thomas\"]}]}},"
        "{\"resource\":{\"resourceType\":\"Practitioner\",\"id\":\"3\",\"name\":[{\"family\":\"Vasquez\","
        "\"given\":[\"Thomas\",\"Maria\"]}]}}]}";
    struct slice back, words[7] = { 0 };
    struct json *root;
    struct trip trip;
    unsigned count = 0;

    (void)state;
    trip_open(&trip, slice_from(staff), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_int_equal(json_parse(trip.output, &trip.arena, &root, NULL), STATUS_OK);
    for (const struct json *entry = json_first(json_get(root, "entry")); entry != NULL;
         entry = entry->next) {
        const struct json *name = json_first(json_get(json_get(entry, "resource"), "name"));

        words[count++] = json_get_string(name, "family");
        for (const struct json *given = json_first(json_get(name, "given")); given != NULL;
             given = given->next)
            words[count++] = given->text;
    }
    assert_int_equal(count, 7);
    for (unsigned i = 0; i < 7; i++) {
        const char *person = i < 2 ? "Patient-" : i < 4 ? "Person-1" : "Person-2";

        assert_true(slice_starts_with(words[i], slice_from(person)));
        for (unsigned j = 0; j < i; j++)
            assert_false(slice_equal(words[i], words[j]));
    }
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, NULL),
                     STATUS_OK);
    assert_true(slice_equal(back, slice_from(staff)));
    trip_close(&trip);
}

static void a_search_loses_every_value(void **state)
{
    struct slice back;
    struct trip trip;
    const char *json =
        "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"request\":{\"method\":\"GET\","
        "\"url\":\"Patient?family=Quillfeather&identifier=urn:mrn|5550199&general-practitioner=Practitioner/"
        "g1&_count=10\",\"ifNoneExist\":\"identifier=urn:mrn|5550199&name=Quillfeather\"}}]}";

    (void)state;
    trip_open(&trip, slice_from(json), DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_false(has(trip.output, "uillfeather"));
    assert_false(has(trip.output, "5550199"));
    assert_false(has(trip.output, "g1"));
    assert_true(has(trip.output, "&_count=10"));
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_true(slice_is(back, json));
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

/* The next bundle of a tar stream; NULL at its end. */
static char *member_read(FILE *tar, size_t *size)
{
    char header[512];

    while (fread(header, 1, sizeof(header), tar) == sizeof(header) && header[0] != '\0') {
        size_t padded;
        char *bytes;

        *size = strtoul(header + 124, NULL, 8);
        padded = (*size + 511) / 512 * 512;
        bytes = malloc(padded + 1);
        assert_int_equal(fread(bytes, 1, padded, tar), padded);
        if (header[156] == '0' && *size > 0)
            return bytes;
        free(bytes);
    }
    return NULL;
}

static bool holds(struct slice text, struct slice known)
{
    size_t at;

    for (at = 0; at + known.size <= text.size; at++)
        if (slice_equal_fold(slice_cut(text, at, at + known.size), known)
            && (at == 0 || !deid_is_word(text.data[at - 1]))
            && (at + known.size == text.size || !deid_is_word(text.data[at + known.size])))
            return true;
    return false;
}

/* No string of the tree, decoded where it is base64, holds a known identifier. */
static void assert_no_known(const struct json *node, const struct deid_map *map,
                            struct arena *arena)
{
    const struct json *item;
    struct slice decoded = { NULL, 0 };
    uint32_t i;

    for (item = json_first(node); item != NULL; item = item->next)
        assert_no_known(item, map, arena);
    if (node->kind != JSON_KIND_STRING)
        return;
    if (slice_is(node->key, "data")) {
        unsigned char *bytes = arena_alloc(arena, node->text.size);
        size_t size;

        assert_non_null(bytes);
        assert_int_equal(sodium_base642bin(bytes, node->text.size, node->text.data, node->text.size,
                                           NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL),
                         0);
        decoded = slice_of(bytes, size);
    }
    for (i = 0; i < map->entries_count; i++) {
        struct slice known = map->entries[i].original;

        if (map->entries[i].is_known && map->entries[i].class != DEID_CLASS_DATE
            && known.size >= 4) {
            assert_false(holds(node->text, known));
            assert_false(holds(decoded, known));
        }
    }
}

/* What was put back is what there was, byte for byte as compact JSON. */
static void assert_same(const struct json *was, struct slice back, struct arena *arena)
{
    struct buffer out;

    buffer_init(&out, arena);
    json_write(was, &out);
    assert_true(slice_equal(buffer_slice(&out), back));
}

static void check_bundle(struct slice bundle)
{
    struct json *was, *redacted;
    struct slice back;
    struct trip trip;

    trip_open(&trip, bundle, DEID_PROFILE_LIMITED);
    assert_int_equal(trip.status, STATUS_OK);
    assert_int_equal(json_parse(trip.output, &trip.arena, &redacted, &trip.err), STATUS_OK);
    assert_no_known(redacted, &trip.map, &trip.arena);
    assert_int_equal(deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                     STATUS_OK);
    assert_int_equal(json_parse(bundle, &trip.arena, &was, &trip.err), STATUS_OK);
    assert_same(was, back, &trip.arena);
    trip_close(&trip);
}

#ifdef CONSILIUM_FAULTS
/* Whichever allocation fails: an error, or all of it. */
static void no_room_anywhere_is_an_error_and_never_half_a_record(void **state)
{
    struct trip trip;
    struct slice back;
    int total, failed = 0;

    (void)state;
    fault_after(-1);
    trip_open(&trip, slice_from(odd), DEID_PROFILE_LIMITED);
    total = fault_count();
    trip_close(&trip);
    for (int i = 1; i < total; i++) { /* the first is the map's own */
        fault_after(i);
        trip_open(&trip, slice_from(odd), DEID_PROFILE_LIMITED);
        fault_after(-1);
        failed += trip.status != STATUS_OK;
        if (trip.status != STATUS_OK) {
            assert_int_equal(trip.status, STATUS_RESOURCE_EXHAUSTED);
        } else {
            assert_int_equal(
                deid_fhir_restore(&trip.map, trip.output, &trip.arena, &back, &trip.err),
                STATUS_OK);
            assert_true(slice_is(back, odd));
        }
        trip_close(&trip);
    }
    assert_true(failed > 0);
}
#endif

/* The first bundles of each archive; DEID_BUNDLES says how many. */
static void real_bundles_keep_no_known_identifier_and_come_back(void **state)
{
    static const char *const archives[] = { "fhir/synthea-smart-r4.tar.xz",
                                            "fhir/synthea-hiv-notes-r4.tar.xz",
                                            "fhir/synthea-spezi-r4.tar.xz" };
    unsigned limit = getenv("DEID_BUNDLES") != NULL ? (unsigned)atoi(getenv("DEID_BUNDLES")) : 1;
    size_t i, size;

    (void)state;
    for (i = 0; i < sizeof(archives) / sizeof(archives[0]); i++) {
        const char *path = data_path(archives[i]);
        char command[2048], *bytes;
        unsigned count = 0;
        FILE *tar;

        if (path == NULL)
            skip();
        snprintf(command, sizeof(command), "xz -dc '%s' 2>/dev/null", path);
        tar = popen(command, "r");
        assert_non_null(tar);
        for (; count < limit && (bytes = member_read(tar, &size)) != NULL; count++) {
            check_bundle(slice_of(bytes, size));
            free(bytes);
        }
        pclose(tar);
        printf("%s: %u bundles\n", archives[i], count);
        assert_true(count > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_everything_that_the_patient_is_known_by),
        cmocka_unit_test(the_way_back_gives_the_record),
        cmocka_unit_test(names_typed_where_codes_belong_are_replaced),
        cmocka_unit_test(units_stay_in_their_system),
        cmocka_unit_test(safe_harbor_keeps_years_only),
        cmocka_unit_test(what_fhir_does_not_have_is_read_as_text_and_comes_back),
        cmocka_unit_test(what_looks_like_a_small_id_comes_back_as_itself),
        cmocka_unit_test(a_date_typed_where_a_code_belongs_moves_and_comes_back),
        cmocka_unit_test(an_unreadable_attachment_is_all_that_a_bundle_without_an_id_loses),
        cmocka_unit_test(safe_harbor_removes_what_fhir_does_not_have),
        cmocka_unit_test(safe_harbor_groups_ages_over_89_from_today),
        cmocka_unit_test(the_words_of_a_name_are_their_persons),
        cmocka_unit_test(a_search_loses_every_value),
        cmocka_unit_test(a_relative_is_not_the_patient),
        cmocka_unit_test(refuses_two_patients_and_what_is_no_fhir),
#ifdef CONSILIUM_FAULTS
        cmocka_unit_test(no_room_anywhere_is_an_error_and_never_half_a_record),
#endif
        cmocka_unit_test(real_bundles_keep_no_known_identifier_and_come_back),
    };

    return cmocka_run_group_tests(tests, deid_setup, deid_teardown);
}
