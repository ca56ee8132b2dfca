/* JSON lines: what goes in comes out by its id, offsets count code points of the text as given, and
 * a line that cannot be done leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "consilium.h"
#include "consilium_deid_lines.h"

static struct deid_engine engine;
static struct arena arena;

static struct json *redact(const char *line)
{
    struct error err = { 0 };
    struct slice output;
    struct json *root;

    assert_int_equal(deid_lines_do(&engine, slice_from(line), &arena, &output, &err), STATUS_OK);
    assert_true(slice_ends_with(output, SLICE("}\n")));
    assert_int_equal(slice_find_byte(output, '\n'), output.size - 1);
    assert_int_equal(json_parse(output, &arena, &root, &err), STATUS_OK);
    return root;
}

static long number(const struct json *object, const char *key)
{
    return strtol(json_get(object, key)->text.data, NULL, 10);
}

static bool has(struct slice text, const char *what)
{
    return memmem(text.data, text.size, what, strlen(what)) != NULL;
}

static void offsets_count_code_points_of_the_text_as_given(void **state)
{
    struct json *root =
        redact("{\"id\":\"a\",\"text\":\"\\ud83d\\ude00 Zo\\u00eb \\u200bcalled (919) 555-7821\"}");
    const struct json *span = json_first(json_get(root, "spans"));

    (void)state;
    while (span != NULL && !slice_is(json_get_string(span, "label"), "PHONE"))
        span = span->next;
    assert_non_null(span);
    assert_int_equal(number(span, "start"), 14);
    assert_int_equal(number(span, "end"), 28);
    assert_false(has(json_get_string(root, "text"), "555"));
}

static void spans_are_in_order_and_disjoint(void **state)
{
    struct json *root = redact("{\"id\":1,\"text\":\"Patient: Marta Vale, DOB 03/14/1958, MRN "
                               "4029-887-A, call 919-555-2014 or m.vale@example.org\"}");
    const struct json *span;
    long at = 0;

    (void)state;
    assert_true(json_get(root, "spans")->count >= 5);
    for (span = json_first(json_get(root, "spans")); span != NULL; span = span->next) {
        assert_true(number(span, "start") >= at && number(span, "end") > number(span, "start"));
        at = number(span, "end");
    }
}

static void an_id_comes_out_as_it_went_in(void **state)
{
    (void)state;
    assert_true(
        slice_is(json_get_string(redact("{\"id\":\"a\\\"b\",\"text\":\"\"}"), "id"), "a\"b"));
    assert_true(slice_is(json_get(redact("{\"id\":17.50,\"text\":\"x\"}"), "id")->text, "17.50"));
}

static void the_patient_is_known_in_every_form(void **state)
{
    static const char *const patients[] = {
        "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Zxqvoda\"}]}",
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\","
        "\"name\":[{\"family\":\"Zxqvoda\"}]}}]}",
        "{\"given\":\"Ann\",\"family\":\"Zxqvoda\",\"gender\":\"female\",\"age\":\"62\"}",
        "{\"name\":{\"given\":[\"Ann\"],\"family\":\"Zxqvoda\"}}",
        "{\"Full Name\":\"Ann Zxqvoda\"}",
        "{\"relatives\":[{\"name\":\"Ann Zxqvoda\",\"phone\":\"555-0100\"}]}",
        "[{\"type\":\"NAME\",\"value\":\"Zxqvoda\"}]",
        "[\"Zxqvoda\",\"12-7-A\"]",
        "\"Ann Zxqvoda\"",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(patients) / sizeof(patients[0]); i++) {
        char line[512];

        snprintf(line, sizeof(line), "{\"id\":1,\"text\":\"then zxqvoda said no\",\"patient\":%s}",
                 patients[i]);
        assert_true(slice_is(json_get_string(redact(line), "text"), "then Patient-")
                    || !has(json_get_string(redact(line), "text"), "zxqvoda"));
    }
    assert_true(has(json_get_string(redact("{\"id\":1,\"text\":\"then zxqvoda said no\"}"), "text"),
                    "zxqvoda"));
}

static void known_numbers_are_found(void **state)
{
    struct json *root = redact("{\"id\":1,\"text\":\"wears 8842 QK 7 and 61-B\",\"patient\":{"
                               "\"mrn\":\"8842QK7\",\"ids\":[\"61-B-9\"]}}");

    (void)state;
    assert_false(has(json_get_string(root, "text"), "8842"));
}

static void a_line_that_is_none_is_refused_without_its_text(void **state)
{
    static const char *const lines[] = {
        "junk Qwzyx",
        "[\"Qwzyx\"]",
        "{\"id\":\"Qwzyx\"}",
        "{\"text\":\"Qwzyx\"}",
        "{\"id\":1,\"text\":[\"Qwzyx\"]}",
        "{\"id\":{},\"text\":\"Qwzyx\"}",
        "{\"id\":1,\"text\":\"Qwzyx \\ud800\"}",
        "{\"id\":1,\"text\":\"Qwzyx \xff\"}",
        "{\"id\":1,\"text\":\"Qwzyx\",\"text\":\"Qwzyx\"}",
        "{\"id\":1,\"text\":\"Qwzyx\",\"patient\":{\"Qwzyx\":\"Qwzyx\"}}",
        "{\"id\":1,\"text\":\"Qwzyx\",\"patient\":false}",
        "{\"id\":1,\"text\":\"Qwzyx\",\"patient\":{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":"
        "{\"Qwzyx\":1}}]}}",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct error err = { 0 };
        struct slice output = { NULL, 0 };

        assert_int_equal(deid_lines_do(&engine, slice_from(lines[i]), &arena, &output, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_null(output.data);
        assert_true(err.text[0] != '\0');
        assert_null(strcasestr(err.text, "qwzyx"));
    }
}

static int setup(void **state)
{
    static const struct consilium_config config = { .profile = "limited" };

    (void)state;
    arena_init(&arena, (size_t)1 << 30);
    return deid_engine_init(&engine, &config, NULL) != STATUS_OK;
}

static int teardown(void **state)
{
    (void)state;
    deid_engine_close(&engine);
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_count_code_points_of_the_text_as_given),
        cmocka_unit_test(spans_are_in_order_and_disjoint),
        cmocka_unit_test(an_id_comes_out_as_it_went_in),
        cmocka_unit_test(the_patient_is_known_in_every_form),
        cmocka_unit_test(known_numbers_are_found),
        cmocka_unit_test(a_line_that_is_none_is_refused_without_its_text),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
