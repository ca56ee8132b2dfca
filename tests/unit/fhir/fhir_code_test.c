#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "fhir/fhir_base64.h"
#include "fhir/fhir_code.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct json *parse(const char *text)
{
    struct json *root;
    struct error err;

    assert_int_equal(json_parse(slice_from(text), &arena, &root, &err), STATUS_OK);
    return root;
}

static void assert_put(void (*put)(struct buffer *, const struct json *), const char *json,
                       const char *expected)
{
    struct buffer buffer;

    buffer_init(&buffer, &arena);
    put(&buffer, parse(json));
    buffer_put_byte(&buffer, '\0');
    assert_string_equal(buffer.data, expected);
}

static void assert_label(const char *text, const char *expected)
{
    struct buffer buffer;

    buffer_init(&buffer, &arena);
    fhir_label_put(&buffer, slice_from(text));
    buffer_put_byte(&buffer, '\0');
    assert_string_equal(buffer.data, expected);
}

static void assert_number(const char *text, const char *expected)
{
    struct buffer buffer;

    buffer_init(&buffer, &arena);
    fhir_number_put(&buffer, slice_from(text));
    buffer_put_byte(&buffer, '\0');
    assert_string_equal(buffer.data, expected);
}

static void prefers_the_text_then_what_the_user_chose(void **state)
{
    (void)state;
    assert_true(
        slice_is(fhir_code_text(parse("{\"text\":\"T\",\"coding\":[{\"display\":\"D\"}]}")), "T"));
    assert_true(slice_is(
        fhir_code_text(
            parse("{\"coding\":[{\"display\":\"A\"},{\"display\":\"B\",\"userSelected\":true}]}")),
        "B"));
    assert_true(slice_is(
        fhir_code_text(parse("{\"coding\":[{\"code\":\"c\"},{\"display\":\"D\"}]}")), "D"));
    assert_true(slice_is(fhir_code_text(parse("{\"coding\":[{\"code\":\"c\"}]}")), "c"));
    assert_int_equal(fhir_code_text(NULL).size, 0);
}

static void labels_lose_what_only_terminologists_need(void **state)
{
    (void)state;
    assert_label("Acute bronchitis (disorder)", "Acute bronchitis");
    assert_label("Implantable defibrillator, device (physical object)",
                 "Implantable defibrillator, device");
    assert_label("Hemoglobin A1c/Hemoglobin.total in Blood", "Hemoglobin A1c");
    assert_label("Leukocytes [#/volume] in Blood by Automated count", "Leukocytes");
    assert_label("Glucose [Mass/volume] in Urine by Test strip", "Glucose in Urine");
    assert_label("Metformin hydrochloride 500 MG Oral Tablet",
                 "Metformin hydrochloride 500 mg Oral Tablet");
    assert_label("Dander (animal) allergy", "Dander (animal) allergy");
    assert_label("a [3]\n claim", "a (3) claim");
}

static void numbers_keep_the_digits_that_mean_something(void **state)
{
    (void)state;
    assert_number("7.2345678", "7.2");
    assert_number("7.25", "7.25");
    assert_number("120", "120");
    assert_number("120.0", "120.0");
    assert_number("47.17", "47.2");
    assert_number("168.2761313965216", "168.3");
    assert_number("1.015", "1.015");
    assert_number("0.8412", "0.84");
    assert_number("0.012345", "0.012");
    assert_number("-3.14159", "-3.1");
    assert_number("1.5e3", "1500");
}

static void quantities_read_as_on_paper(void **state)
{
    (void)state;
    assert_put(fhir_quantity_put, "{\"value\":7.2,\"unit\":\"%\"}", "7.2 %");
    assert_put(fhir_quantity_put, "{\"value\":120,\"unit\":\"mm[Hg]\"}", "120 mmHg");
    assert_put(fhir_quantity_put, "{\"value\":3,\"unit\":\"{score}\"}", "3");
    assert_put(fhir_quantity_put, "{\"value\":5,\"comparator\":\"<\",\"code\":\"mg/dL\"}",
               "< 5 mg/dL");
    assert_put(fhir_quantity_put, "{\"unit\":\"mg\"}", "");
    assert_put(fhir_range_put, "{\"low\":{\"value\":4},\"high\":{\"value\":6,\"unit\":\"mg\"}}",
               "4 to 6 mg");
    assert_put(fhir_range_put, "{\"high\":{\"value\":6,\"unit\":\"mg\"}}", "at most 6 mg");
    assert_put(fhir_ratio_put, "{\"numerator\":{\"value\":1},\"denominator\":{\"value\":128}}",
               "1:128");
}

static void dosages_read_as_a_prescription(void **state)
{
    (void)state;
    assert_put(fhir_dosage_put,
               "{\"timing\":{\"repeat\":{\"frequency\":2,\"period\":1.0,\"periodUnit\":\"d\"}},"
               "\"doseAndRate\":[{\"doseQuantity\":{\"value\":1.0,\"unit\":\"tablet\"}}]}",
               "1 tablet twice daily");
    assert_put(fhir_dosage_put, "{\"text\":\"Take as needed.\",\"asNeededBoolean\":true}",
               "Take as needed.");
    assert_put(
        fhir_dosage_put,
        "{\"timing\":{\"repeat\":{\"frequency\":1,\"period\":6,\"periodUnit\":\"h\"}},\"asNeededBoolean\":true}",
        "once every 6 h as needed");
    assert_put(fhir_dosage_put, "{}", "");
}

static void base64_comes_with_white_space_and_without_padding(void **state)
{
    (void)state;
    struct slice out;

    assert_true(fhir_base64_decode(SLICE("aGVs\nbG8="), &arena, &out) && slice_is(out, "hello"));
    assert_true(fhir_base64_decode(SLICE("aGVsbG8"), &arena, &out) && slice_is(out, "hello"));
    assert_true(fhir_base64_decode(SLICE(""), &arena, &out) && out.size == 0);
    assert_false(fhir_base64_decode(SLICE("aGVs*G8="), &arena, &out));
    assert_false(fhir_base64_decode(SLICE("a"), &arena, &out));
    assert_false(fhir_base64_decode(SLICE("aGVs=bG8"), &arena, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prefers_the_text_then_what_the_user_chose, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(labels_lose_what_only_terminologists_need, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(numbers_keep_the_digits_that_mean_something, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(quantities_read_as_on_paper, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dosages_read_as_a_prescription, set_up, tear_down),
        cmocka_unit_test_setup_teardown(base64_comes_with_white_space_and_without_padding, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
