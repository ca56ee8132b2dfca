#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/limits.h"
#include "fhir/json.h"

static struct arena arena;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MIB);
    error_clear(&err);
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

    assert_int_equal(json_parse(slice_from(text), &arena, &root, &err), STATUS_OK);
    return root;
}

static void assert_refused(struct slice text)
{
    struct json *root;

    if (json_parse(text, &arena, &root, &err) != STATUS_INVALID_ARGUMENT)
        fail_msg("accepted: %.*s", SLICE_FORMAT(text));
}

static void assert_written(const char *text, const char *expected)
{
    struct buffer buffer;

    buffer_init(&buffer, &arena);
    json_write(parse(text), &buffer);
    buffer_put_byte(&buffer, '\0');
    assert_string_equal(buffer.data, expected);
}

static void keeps_numbers_as_they_were_written(void **state)
{
    (void)state;
    struct json *root = parse("{\"a\": 7.20 , \"b\":-0.00e+10, \"c\":12345678901234567890123}");

    assert_true(slice_is(json_get(root, "a")->text, "7.20"));
    assert_true(slice_is(json_get(root, "b")->text, "-0.00e+10"));
    assert_true(slice_is(json_get(root, "c")->text, "12345678901234567890123"));
}

static void unescapes_strings_and_keys(void **state)
{
    (void)state;
    struct json *root = parse(
        "{\"a\\u0062\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\",\"plain\":\"\xc3\xa9\"}");

    assert_true(slice_is(json_get_string(root, "ab"), "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80"));
    assert_true(slice_is(json_get_string(root, "plain"), "\xc3\xa9"));
}

static void keeps_the_order_and_count_of_members(void **state)
{
    (void)state;
    const struct json *root = parse("{\"z\":1,\"a\":[true,false,null],\"m\":{}}");

    assert_int_equal(root->count, 3);
    assert_true(slice_is(json_first(root)->key, "z"));
    assert_int_equal(json_get(root, "a")->count, 3);
    assert_int_equal(json_first(json_get(root, "a"))->kind, JSON_KIND_TRUE);
    assert_null(json_first(json_get(root, "m")));
    assert_null(json_get(json_get(root, "none"), "chained"));
}

static void writes_what_it_read(void **state)
{
    (void)state;
    assert_written(" { \"a\" : [ 1 , \"x\\ny\" , { } , [ ] ] , \"b\" : null } ",
                   "{\"a\":[1,\"x\\ny\",{},[]],\"b\":null}");
    assert_written("\"alone\"", "\"alone\"");
    assert_written(" 12 ", "12");
    assert_written("\xef\xbb\xbf[true]", "[true]");
}

/* Read as views, changed or not, it is written as json_write writes it. */
static void copies_what_did_not_change_in_runs(void **state)
{
    static const char text[] =
        " { \"a\":\"x\",\"b\" : [1,true,null,\"\\u0041\\n\"],\"c\":{},\"d\":\"2019-03-04\"} ";
    struct buffer plain, run;
    struct arena arena;
    struct json *root;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(json_parse_view(slice_from(text), &arena, &root, NULL), STATUS_OK);
    for (unsigned round = 0; round < 4; round++) {
        struct json *last = root->first->next->next->next;

        buffer_init(&plain, &arena);
        buffer_init(&run, &arena);
        json_write(root, &plain);
        json_write_from(root, slice_from(text), &run);
        assert_true(slice_equal(buffer_slice(&plain), buffer_slice(&run)));
        if (round == 0)
            last->text = slice_cut(last->text, 0, 4);
        else if (round == 1)
            root->first->text = SLICE("a \"quote\"");
        else
            root->first->next = root->first->next->next;
    }
    arena_close(&arena);
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "  ",
        "{",
        "}",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "[1 2]",
        "[\"a\" \"b\"]",
        "tru",
        "truee",
        "[nul]",
        "[nulll]",
        "[True]",
        "01",
        "[01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[1e]",
        "[1e+]",
        "[--1]",
        "[0x10]",
        "[NaN]",
        "[Infinity]",
        "[1a]",
        "\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"a\nb\"",
        "[1]]",
        "[1][2]",
        "{}{}",
        "{} x",
        "1 2",
        "1,2",
        "1],[2",
        "[1}",
        "{\"a\":1]",
        "{\"a\":[1}",
        "'a'",
        "[\"a\":1]",
        "{1:2}",
        "{\"a\":1,,\"b\":2}",
        "// x\n1",
        "[1] // x",
        "[1,2,{\"a\":\"b]",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_refused(slice_from(texts[i]));
    assert_refused(SLICE("[1]\0"));
    assert_refused(SLICE("\"a\0b\""));
}

static void refuses_invalid_utf8_and_says_where(void **state)
{
    (void)state;
    assert_refused(SLICE("[\"\xff\"]"));
    assert_non_null(strstr(err.text, "byte 2"));
    assert_refused(SLICE("[\"\xc0\xaf\"]"));
    assert_refused(SLICE("[\"\xed\xa0\x80\"]"));
    assert_refused(SLICE("[\"\xc3"));
}

struct told {
    struct buffer buffer;
    unsigned count;
    struct slice kept; /* a string without escapes */
};

static enum status on_element(void *arg, const struct json *element, struct slice bytes,
                              struct error *error)
{
    struct told *told = arg;
    struct json *again;

    if (slice_is(json_get_string(element, "stop"), "here"))
        return error_set(error, STATUS_ABORTED, "enough");
    json_write(element, &told->buffer);
    buffer_put_byte(&told->buffer, ' ');
    told->count++;
    if (told->kept.size == 0)
        told->kept = json_get_string(element, "a");
    assert_int_equal(json_parse(bytes, told->buffer.arena, &again, error), STATUS_OK);
    return STATUS_OK;
}

static enum status tell(const char *text, struct told *told, struct json **root)
{
    *told = (struct told){ 0 };
    buffer_init(&told->buffer, &arena);
    return json_parse_each(slice_from(text), "entry", on_element, told, &arena, root, &err);
}

static void tells_of_each_element_and_keeps_the_rest(void **state)
{
    (void)state;
    struct told told;
    struct json *root;

    assert_int_equal(
        tell("{\"x\":{\"entry\":[1]},\"entry\":[{\"a\":\"b\"},2,[3,{\"c\":\"\\u0041\\n\"}],\"s\"],"
             "\"y\":[4]}",
             &told, &root),
        STATUS_OK);
    assert_int_equal(told.count, 4);
    assert_true(
        slice_is(buffer_slice(&told.buffer), "{\"a\":\"b\"} 2 [3,{\"c\":\"A\\n\"}] \"s\" "));
    assert_true(slice_is(told.kept, "b"));
    assert_int_equal(json_get(root, "entry")->count, 4);
    assert_null(json_first(json_get(root, "entry")));
    assert_true(slice_is(json_first(json_get(root, "y"))->text, "4"));
    assert_true(slice_is(json_first(json_get(json_get(root, "x"), "entry"))->text, "1"));
}

static void tells_of_elements_larger_than_a_piece_of_nodes(void **state)
{
    (void)state;
    struct buffer text;
    struct told told;
    struct json *root;

    buffer_init(&text, &arena);
    buffer_put_string(&text, "{\"entry\":[");
    for (int i = 0; i < 5; i++) {
        buffer_put_string(&text, i == 0 ? "[" : ",[");
        for (int j = 0; j < 2000; j++)
            buffer_put_string(&text, j == 0 ? "1" : ",1");
        buffer_put_byte(&text, ']');
    }
    buffer_put_string(&text, "]}");
    buffer_put_byte(&text, '\0');
    assert_int_equal(tell(text.data, &told, &root), STATUS_OK);
    assert_int_equal(told.buffer.size, 5 * (2 * 2000 + 2));
}

static void an_element_can_end_the_parse(void **state)
{
    (void)state;
    struct told told;
    struct json *root;

    assert_int_equal(tell("{\"entry\":[1,{\"stop\":\"here\"},2]}", &told, &root), STATUS_ABORTED);
    assert_int_equal(told.count, 1);
    assert_int_equal(tell("{\"entry\":[1,2],\"entry\":[3]}", &told, &root),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(tell("{\"entry\":[1,2", &told, &root), STATUS_INVALID_ARGUMENT);
    assert_int_equal(tell("[{\"entry\":[1,2]}]", &told, &root), STATUS_OK);
    assert_int_equal(told.count, 0);
}

static void refuses_a_key_twice(void **state)
{
    (void)state;
    assert_refused(SLICE("{\"a\":1,\"b\":2,\"a\":3}"));
    assert_refused(SLICE("{\"a\":1,\"\\u0061\":3}"));
    assert_refused(SLICE("{\"abcdefghij\":[1,2,3],\"abcdefghij\":4}"));
    assert_refused(SLICE("{\"abcde\":[1,2,3],\"abcde\":4}"));
    parse("{\"abcdefghij\":[1,2,3],\"abcdefghik\":4,\"abcdefghijk\":5}");
    parse("[{\"a\":1},{\"a\":1}]");
}

static void refuses_a_key_twice_among_many(void **state)
{
    (void)state;
    struct buffer buffer;

    buffer_init(&buffer, &arena);
    buffer_put_byte(&buffer, '{');
    for (int i = 0; i < 1000; i++)
        buffer_format(&buffer, "\"k%d\":%d,", i, i);
    buffer_put_string(&buffer, "\"last\":0}");
    struct json *root;
    assert_int_equal(json_parse(buffer_slice(&buffer), &arena, &root, &err), STATUS_OK);
    assert_int_equal(root->count, 1001);
    buffer.size -= sizeof("\"last\":0}") - 1;
    buffer_put_string(&buffer, "\"k500\":0}");
    assert_refused(buffer_slice(&buffer));
}

static void refuses_nesting_over_the_limit(void **state)
{
    (void)state;
    char text[2 * JSON_DEPTH_MAX + 8];

    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = '\0';
    parse(text);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_refused(slice_of(text, 2 * JSON_DEPTH_MAX + 2));
}

static void refuses_fifty_megabytes_of_nesting(void **state)
{
    (void)state;
    struct arena big;
    struct json *root;

    arena_init(&big, 256 * MIB);
    char *text = arena_alloc(&big, 50 * MIB);
    memset(text, '[', 50 * MIB);
    assert_int_equal(json_parse(slice_of(text, 50 * MIB), &big, &root, &err),
                     STATUS_INVALID_ARGUMENT);
    arena_close(&big);
}

static void says_when_the_arena_is_full(void **state)
{
    (void)state;
    struct arena small;
    struct json *root;
    char text[4001];

    memset(text, ' ', sizeof(text));
    for (int i = 0; i < 4000; i += 2)
        memcpy(text + i, i == 0 ? "[1" : ",1", 2);
    text[4000] = ']';
    arena_init(&small, 32 * KIB);
    assert_int_equal(json_parse(slice_of(text, sizeof(text)), &small, &root, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_close(&small);
}

static void every_cut_of_a_document_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,2.5e3,\"x\\u00e9\",{\"b\":null}],\"c\":true}";

    parse(text);
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        assert_refused(slice_of(text, i));
}

#ifdef CONSILIUM_FAULTS
static void survives_each_failed_allocation(void **state)
{
    (void)state;
    struct json *root;

    fault_after(-1);
    parse("{\"a\":[1,2,\"\\n\"]}");
    int total = fault_count();
    for (int i = 0; i < total; i++) {
        struct arena fresh;

        arena_init(&fresh, MIB);
        fault_after(i);
        assert_int_equal(json_parse(SLICE("{\"a\":[1,2,\"\\n\"]}"), &fresh, &root, &err),
                         STATUS_RESOURCE_EXHAUSTED);
        fault_after(-1);
        arena_close(&fresh);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_numbers_as_they_were_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unescapes_strings_and_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_order_and_count_of_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_what_it_read, set_up, tear_down),
        cmocka_unit_test(copies_what_did_not_change_in_runs),
        cmocka_unit_test_setup_teardown(refuses_what_is_not_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_invalid_utf8_and_says_where, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_of_each_element_and_keeps_the_rest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tells_of_elements_larger_than_a_piece_of_nodes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_element_can_end_the_parse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_key_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_key_twice_among_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_nesting_over_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_fifty_megabytes_of_nesting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_when_the_arena_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_cut_of_a_document_is_refused, set_up, tear_down),
#ifdef CONSILIUM_FAULTS
        cmocka_unit_test_setup_teardown(survives_each_failed_allocation, set_up, tear_down),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
