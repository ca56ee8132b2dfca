/* Every bundle parses, has unique ids, holds no null, and every reference in it resolves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "fhir/json.h"
#include "population.h"

#define PATIENTS 25

struct fixture {
    struct arena arena;
    struct record record;
    struct json *root;
    struct slice bytes;
};

static void fixture_init(struct fixture *fixture, unsigned index, unsigned target)
{
    struct population population = { .seed = 5,
                                     .resources_target = target,
                                     .age_min = 18,
                                     .age_max = 92,
                                     .today = population_today() };
    struct buffer out;
    struct error err;

    arena_init(&fixture->arena, RECORD_ARENA_BYTES);
    population_create(&population, index, &fixture->arena, &fixture->record);
    buffer_init(&out, &fixture->arena);
    bundle_write(&fixture->record, &out);
    assert_false(out.is_full);
    fixture->bytes = buffer_slice(&out);
    if (json_parse(fixture->bytes, &fixture->arena, &fixture->root, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

/* "Type/id" of an entry, as @text. */
static void entry_name(const struct json *entry, char text[128])
{
    const struct json *resource = json_get(entry, "resource");
    struct slice type = json_get_string(resource, "resourceType"),
                 id = json_get_string(resource, "id");

    snprintf(text, 128, "%.*s/%.*s", SLICE_FORMAT(type), SLICE_FORMAT(id));
}

static bool is_entry(const struct fixture *fixture, struct slice reference)
{
    const struct json *entry;
    char name[128];

    for (entry = json_first(json_get(fixture->root, "entry")); entry != NULL; entry = entry->next) {
        entry_name(entry, name);
        if (slice_is(reference, name))
            return true;
    }
    return false;
}

static void check_tree(const struct fixture *fixture, const struct json *node)
{
    const struct json *child;

    assert_int_not_equal(node->kind, JSON_KIND_NULL);
    if (node->kind == JSON_KIND_STRING) {
        assert_true(node->text.size > 0);
        if (slice_is(node->key, "reference"))
            assert_true(is_entry(fixture, node->text));
    }
    if (node->kind == JSON_KIND_OBJECT || node->kind == JSON_KIND_ARRAY)
        assert_true(node->count > 0);
    for (child = json_first(node); child != NULL; child = child->next)
        check_tree(fixture, child);
}

static void every_reference_resolves_and_nothing_is_null_or_empty(void **state)
{
    struct fixture fixture;
    unsigned i;

    (void)state;
    for (i = 0; i < PATIENTS; i++) {
        fixture_init(&fixture, i, 120);
        check_tree(&fixture, fixture.root);
        arena_close(&fixture.arena);
    }
}

static void every_entry_has_its_own_url_that_ends_in_type_and_id(void **state)
{
    const struct json *entry, *other;
    struct fixture fixture;
    char name[128];

    (void)state;
    fixture_init(&fixture, 0, 200);
    for (entry = json_first(json_get(fixture.root, "entry")); entry != NULL; entry = entry->next) {
        entry_name(entry, name);
        assert_true(slice_ends_with(json_get_string(entry, "fullUrl"), slice_from(name)));
        for (other = entry->next; other != NULL; other = other->next)
            assert_false(
                slice_equal(json_get_string(entry, "fullUrl"), json_get_string(other, "fullUrl")));
    }
    arena_close(&fixture.arena);
}

static void the_bundle_has_as_many_entries_as_the_record_has_resources(void **state)
{
    struct fixture fixture;
    unsigned i;

    (void)state;
    for (i = 0; i < PATIENTS; i++) {
        fixture_init(&fixture, i, 0);
        assert_int_equal(json_get(fixture.root, "entry")->count, fixture.record.resource_count);
        arena_close(&fixture.arena);
    }
}

static void a_record_of_fifty_thousand_resources_can_be_made(void **state)
{
    struct fixture fixture;

    (void)state;
    fixture_init(&fixture, 3, 50000);
    assert_true(json_get(fixture.root, "entry")->count >= 50000);
    arena_close(&fixture.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reference_resolves_and_nothing_is_null_or_empty),
        cmocka_unit_test(every_entry_has_its_own_url_that_ends_in_type_and_id),
        cmocka_unit_test(the_bundle_has_as_many_entries_as_the_record_has_resources),
        cmocka_unit_test(a_record_of_fifty_thousand_resources_can_be_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
