#include "grammar_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "grammar_compile.h"
#include "grammar_run.h"

static struct arena arena;

static enum status compile(const char *text, struct grammar_machine *machine, struct error *err)
{
    struct grammar grammar;
    uint32_t root;

    arena_close(&arena);
    arena_init(&arena, 192 * MIB);
    grammar_init(&grammar, &arena);
    if (grammar_schema(slice_from(text), &grammar, &root, err) != STATUS_OK)
        return err->status;
    return grammar_compile(&grammar, root, &arena, &arena, machine, err);
}

static bool takes(const struct grammar_machine *machine, const char *text)
{
    struct grammar_run run;
    bool is_taken = true;

    assert_int_equal(grammar_run_init(&run, machine, NULL), STATUS_OK);
    for (; *text != '\0' && is_taken; text++) {
        is_taken = grammar_run_try(&run, (uint8_t)*text);
        grammar_run_settle(&run);
    }
    is_taken &= grammar_run_set(&run)->is_complete;
    grammar_run_close(&run);
    return is_taken;
}

/* @taken and @others end with NULL. */
static void check(const char *schema, const char *const *taken, const char *const *others)
{
    struct grammar_machine machine;
    struct error err = { 0 };

    compile(schema, &machine, &err);
    assert_string_equal(err.text, "");
    for (; *taken != NULL; taken++) {
        if (!takes(&machine, *taken))
            fail_msg("%s does not take %s", schema, *taken);
    }
    for (; *others != NULL; others++) {
        if (takes(&machine, *others))
            fail_msg("%s takes %s", schema, *others);
    }
}

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void takes_values_of_the_types_that_are_named(void **state)
{
    (void)state;
    check("{}", TEXTS("null", "true", "-1.5e3", "\"\"", "[1,{\"a\":[]}]", "{}"),
          TEXTS("", "nul", "01", "[1,]", "{\"a\"}", "'a'", "1 "));
    check("{\"type\":[\"integer\",\"null\"]}", TEXTS("null", "0", "-17"),
          TEXTS("1.5", "true", "00", "1e3"));
    check("{\"type\":\"string\",\"nullable\":true}", TEXTS("null", "\"a\\n\\u0001\\\"\""),
          TEXTS("\"a", "\"\n\"", "1"));
    check("{\"not\":{\"type\":[\"object\",\"array\",\"string\"]}}", TEXTS("1", "false"),
          TEXTS("{}", "\"\""));
}

static void takes_members_in_the_order_of_the_schema(void **state)
{
    (void)state;
    check("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{},\"c\":"
          "{\"const\":null}},\"required\":[\"b\",\"d\"],\"additionalProperties\":{\"type\":"
          "\"boolean\"}}",
          TEXTS("{\"b\":1,\"d\":true}", "{\"a\":1,\"b\":[],\"c\":null,\"d\":false,\"e\":true}",
                "{ \"b\": 1,\n  \"d\": true\n}"),
          TEXTS("{\"b\":1}", "{\"d\":true,\"b\":1}", "{\"b\":1,\"d\":2}",
                "{\"b\":1,\"d\":true,\"a\":1}", "{\"b\":1,\"d\":true,\"c\":true}",
                "{,\"b\":1,\"d\":true}", "{\"b\":1,\"d\":true,}"));
    check("{\"type\":\"object\",\"patternProperties\":{\"^x\":{\"type\":\"integer\"},\"y$\":"
          "{\"minimum\":5}},\"additionalProperties\":false}",
          TEXTS("{}", "{\"x\":1,\"xy\":5}", "{\"ay\":\"\"}"),
          TEXTS("{\"xy\":4}", "{\"ay\":4}", "{\"a\":1}", "{\"xy\":\"\"}"));
    check("{\"type\":\"object\",\"propertyNames\":{\"maxLength\":2},\"minProperties\":1,"
          "\"maxProperties\":2,\"properties\":{\"long\":{}}}",
          TEXTS("{\"a\":1}", "{\"a\":1,\"bc\":2}"),
          TEXTS("{}", "{\"long\":1}", "{\"abc\":1}", "{\"a\":1,\"b\":1,\"c\":1}"));
}

static void counts_elements_and_letters(void **state)
{
    (void)state;
    check("{\"type\":\"array\",\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],"
          "\"items\":{\"type\":\"null\"},\"minItems\":1,\"maxItems\":4}",
          TEXTS("[1]", "[1,\"\"]", "[1,\"\",null,null]", "[ 1, \"\" ]"),
          TEXTS("[]", "[\"\"]", "[1,null]", "[1,\"\",null,null,null]", "[1,\"\",1]"));
    check("{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":2}",
          TEXTS("[null,null]", "[null,null,null]"), TEXTS("[]", "[null]", "[null,null,]"));
    check("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}",
          TEXTS("\"ab\"", "\"\xc3\xa9\xc3\xa9\xc3\xa9\"", "\"\\n\\\"\""),
          TEXTS("\"a\"", "\"abcd\"", "\"\xc3\xa9\""));
    check("{\"type\":\"string\",\"pattern\":\"^[a-c]+\\\\d?$\",\"maxLength\":3}",
          TEXTS("\"a\"", "\"ab1\""), TEXTS("\"\"", "\"abc1\"", "\"1\"", "\"a1b\""));
}

static void holds_numbers_between_bounds(void **state)
{
    (void)state;
    check("{\"type\":\"number\",\"minimum\":-1.5,\"exclusiveMaximum\":20.25}",
          TEXTS("-1.5", "-1.49", "-0.1", "0", "9", "10.000", "20", "20.249", "20.2"),
          TEXTS("-1.51", "-2", "20.25", "20.250", "20.3", "21", "100", "-10", "1e0"));
    check("{\"type\":\"integer\",\"exclusiveMinimum\":-12,\"maximum\":1030,\"multipleOf\":5}",
          TEXTS("-10", "-5", "0", "5", "995", "1030"), TEXTS("-15", "-12", "3", "1035", "2000"));
    check("{\"minimum\":100,\"maximum\":99}", TEXTS("null", "\"\""), TEXTS("100", "99", "0"));
    check("{\"multipleOf\":0.05,\"minimum\":0,\"maximum\":1,\"type\":\"number\"}",
          TEXTS("0", "0.05", "0.3", "1", "1.0"), TEXTS("0.01", "1.05", "0.051"));
    check("{\"type\":\"number\",\"maximum\":-3}", TEXTS("-3", "-3.5", "-30"),
          TEXTS("-2.9", "3", "0"));
}

static void joins_what_several_schemas_say(void **state)
{
    (void)state;
    check("{\"allOf\":[{\"minimum\":3},{\"maximum\":5},{\"type\":\"integer\"}]}",
          TEXTS("3", "4", "5"), TEXTS("2", "6", "4.5", "\"\""));
    check("{\"anyOf\":[{\"const\":{\"a\":[1,\"x\"]}},{\"enum\":[1.0,2,\"z\"],\"minimum\":2}]}",
          TEXTS("{\"a\":[1,\"x\"]}", "2", "\"z\""), TEXTS("1", "{\"a\":[1]}", "{}"));
    check("{\"$ref\":\"#/$defs/a~1b\",\"$defs\":{\"a/b\":{\"type\":\"array\",\"items\":{\"$ref\":"
          "\"#\"}}}}",
          TEXTS("[]", "[[],[[]]]"), TEXTS("[1]", "[[]"));
    check("{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"integer\"},{\"required\":[\"k\"],"
          "\"properties\":{\"k\":{\"const\":1}},\"type\":\"object\"},{\"required\":[\"k\"],"
          "\"properties\":{\"k\":{\"const\":2}},\"type\":\"object\"}]}",
          TEXTS("\"\"", "1", "{\"k\":1}", "{\"k\":2}"), TEXTS("{}", "{\"k\":3}", "null"));
}

static void knows_days_and_times(void **state)
{
    (void)state;
    check("{\"type\":\"string\",\"format\":\"date\"}",
          TEXTS("\"2024-02-29\"", "\"2000-02-29\"", "\"1999-12-31\""),
          TEXTS("\"2023-02-29\"", "\"1900-02-29\"", "\"2024-04-31\"", "\"2024-4-3\"", "\"\""));
    check("{\"type\":\"string\",\"format\":\"date-time\"}",
          TEXTS("\"2024-02-29T23:59:59.5+02:00\"", "\"2024-03-01T00:00:00Z\""),
          TEXTS("\"2024-02-30T23:59:59Z\"", "\"2024-03-01T24:00:00Z\"", "\"2024-03-01\""));
}

static void says_which_keyword_it_cannot_hold_to(void **state)
{
    static const struct {
        const char *schema, *said;
    } refused[] = {
        { "{\"type\":\"array\",\"uniqueItems\":true}", "\"uniqueItems\" is not supported" },
        { "{\"type\":\"array\",\"contains\":{}}", "\"contains\" is not supported" },
        { "{\"not\":{\"minimum\":1}}", "\"not\" is not supported" },
        { "{\"if\":{},\"then\":false}", "\"if\" is not supported" },
        { "{\"$ref\":\"other.json\"}", "\"$ref\" names nothing" },
        { "{\"oneOf\":[{\"type\":\"number\"},{\"type\":\"integer\"}]}", "alternatives 1 and 2" },
        { "{\"type\":\"text\"}", "\"type\" has to be" },
        { "{\"type\":\"string\",\"maxLength\":-1}", "\"maxLength\" has to be" },
        { "{\"type\":\"string\",\"pattern\":\"(?=a)\"}", "\"pattern\"" },
        { "{\"type\":\"string\",\"format\":\"postcode\"}", "\"format\" is not supported" },
        { "{\"type\":\"object\",\"unevaluatedProperties\":false}", "\"unevaluatedProperties\"" },
        { "{\"type\":", "the schema" },
        { "false", "" },
        { "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"$ref\":\"#\"}}}",
          "" },
        { "{\"type\":\"string\",\"enum\":[1,2]}", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct grammar_machine machine;
        struct error err = { 0 };

        assert_int_equal(compile(refused[i].schema, &machine, &err), STATUS_INVALID_ARGUMENT);
        if (strstr(err.text, refused[i].said) == NULL)
            fail_msg("%s: %s", refused[i].schema, err.text);
    }
}

/* Members that may be left out, and a schema that needs itself in many ways. */
static void takes_schemas_that_are_large(void **state)
{
    static char text[65536];
    struct grammar_machine machine;
    struct error err = { 0 };
    size_t size = (size_t)sprintf(text, "{\"type\":\"object\",\"properties\":{");

    (void)state;
    for (unsigned i = 0; i < 150; i++)
        size += (size_t)sprintf(text + size, "%s\"member_%u\":{\"type\":\"integer\"}",
                                i == 0 ? "" : ",", i);
    sprintf(text + size, "}}");
    compile(text, &machine, &err);
    assert_string_equal(err.text, "");
    assert_true(takes(&machine, "{\"member_0\":1,\"member_7\":2,\"member_149\":3,\"other\":{}}"));
    assert_false(takes(&machine, "{\"member_7\":1,\"member_6\":2}"));
    assert_false(takes(&machine, "{\"member_7\":1,\"member_7\":2}"));
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_values_of_the_types_that_are_named),
        cmocka_unit_test(takes_members_in_the_order_of_the_schema),
        cmocka_unit_test(counts_elements_and_letters),
        cmocka_unit_test(holds_numbers_between_bounds),
        cmocka_unit_test(joins_what_several_schemas_say),
        cmocka_unit_test(knows_days_and_times),
        cmocka_unit_test(says_which_keyword_it_cannot_hold_to),
        cmocka_unit_test(takes_schemas_that_are_large),
    };

    return cmocka_run_group_tests(tests, NULL, close_arena);
}
