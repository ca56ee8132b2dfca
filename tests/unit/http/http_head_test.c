/* Heads as nobody should send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "http/http_state.h"

static struct exchange exchange;

static int set_up(void **state)
{
    (void)state;
    memset(&exchange, 0, sizeof(exchange));
    arena_init(&exchange.public.arena, 4 * MIB);
    exchange.public.fields = exchange.fields;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&exchange.public.arena);
    return 0;
}

static unsigned target(const char *text)
{
    return head_set_target(&exchange, slice_from(text));
}

static unsigned field(const char *name, const char *value)
{
    return head_add_field(&exchange, slice_from(name), slice_from(value));
}

static bool is(struct slice text, const char *wanted)
{
    return slice_is(text, wanted);
}

static void a_target_is_a_path_and_a_query(void **state)
{
    (void)state;
    assert_int_equal(target("/a/b?c=d&e=%20+"), 0);
    assert_true(is(exchange.public.path, "/a/b") && is(exchange.public.query, "c=d&e=%20+"));
    assert_true(is(http_query(&exchange.public, "e"), "  "));
    assert_int_equal(target("http://host:1/x?y"), 0); /* as a proxy is asked */
    assert_true(is(exchange.public.path, "/x"));
    assert_int_equal(target("https://host"), 0);
    assert_true(is(exchange.public.path, "/"));
    assert_int_equal(target("*"), 0);
}

static void other_targets_are_refused(void **state)
{
    static const char *const wrong[] = { "",      "a",    "?",     "#",        "//\n",    "/a b",
                                         "/a\tb", "/a#b", "/\x7f", "ftp://h/", "http:/x", "*x" };
    char large[HTTP_TARGET_BYTES_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(target(wrong[i]), 400);
    memset(large, '/', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(target(large), 414);
    assert_int_equal(head_set_target(&exchange, slice_of("/\0x", 3)), 400);
}

static void what_follows_a_connect_is_no_http(void **state)
{
    (void)state;
    assert_int_equal(head_set_method(&exchange, SLICE("CONNECT")), 501);
    assert_int_equal(head_set_method(&exchange, SLICE("get")), 0);
    assert_int_equal(exchange.public.verb, HTTP_VERB_OTHER);
    assert_int_equal(head_set_method(&exchange, SLICE("GET")), 0);
    assert_int_equal(exchange.public.verb, HTTP_VERB_GET);
}

static void a_field_has_a_name_and_one_line(void **state)
{
    static const char *const names[] = { "", " ", "a b", "a:", "a\r\nb", "\x80", "(x)" };
    static const char *const values[] = { "a\r\nb: c", "a\nb", "a\rb", "\x01", "\x7f" };

    (void)state;
    assert_int_equal(field("X-Name", "  a\tb\x80 "), 0);
    assert_true(is(http_find(&exchange.public, "x-name"), "a\tb\x80"));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(field(names[i], "v"), 400);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_int_equal(field("a", values[i]), 400);
    assert_int_equal(head_add_field(&exchange, SLICE("a"), slice_of("b\0c", 3)), 400);
    assert_int_equal(head_add_field(&exchange, slice_of("a\0b", 3), SLICE("c")), 400);
    assert_int_equal(exchange.public.fields_count, 1);
}

static void a_head_is_bounded_in_bytes_and_fields(void **state)
{
    char large[HTTP_HEAD_BYTES_MAX + 1];

    (void)state;
    memset(large, 'a', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(field("a", large), 431);
    exchange.head_bytes = 0;
    for (unsigned i = 0; i < HTTP_FIELDS_MAX; i++)
        assert_int_equal(field("a", ""), 0);
    assert_int_equal(field("a", ""), 431);
}

/* Two hosts, lengths or credentials are read differently by whoever stands before us. */
static void what_may_stand_once_stands_once(void **state)
{
    static const char *const once[] = { "Host", "content-length", "AUTHORIZATION" };

    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
        assert_int_equal(field(once[i], "1"), 0);
        assert_int_equal(head_check(&exchange), 0);
        assert_int_equal(field(once[i], "1"), 0);
        assert_int_equal(head_check(&exchange), 400);
        tear_down(state);
        set_up(state);
    }
}

/* It is written into logs and back into a head. */
static void an_id_of_a_request_is_short_and_plain(void **state)
{
    static const char *const wrong[] = {
        "",
        "a b",
        "a\"b",
        "<x>",
        "a;b",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(field("x-request-id", wrong[i]), 0);
        assert_int_equal(head_check(&exchange), 0);
        assert_string_equal(exchange.public.id, "");
        tear_down(state);
        set_up(state);
    }
    assert_int_equal(field("x-request-id", "a.B_9-"), 0);
    assert_int_equal(head_check(&exchange), 0);
    assert_string_equal(exchange.public.id, "a.B_9-");
}

static void percents_that_are_none_are_refused(void **state)
{
    static const char *const wrong[] = {
        "%", "%2", "%zz", "a%", "a%1", "%00", "x%00y", "%-1", "% 1"
    };
    struct arena *arena = &exchange.public.arena;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_null(http_decode(slice_from(wrong[i]), true, arena).data);
    assert_true(is(http_decode(SLICE("%41%2f+%2B"), true, arena), "A/ +"));
    assert_true(is(http_decode(SLICE("a+b"), false, arena), "a+b"));
    assert_int_equal(target("/?a=1&b=%zz&=x&a=2&c"), 0);
    assert_true(is(http_query(&exchange.public, "a"), "1"));
    assert_null(http_query(&exchange.public, "b").data);
    assert_int_equal(http_query(&exchange.public, "d").size, 0);
    assert_int_equal(http_query(&exchange.public, "c").size, 0);
}

static void words_of_a_list_are_whole_words(void **state)
{
    (void)state;
    assert_true(head_has_word(SLICE("keep-alive, Close"), "close"));
    assert_false(head_has_word(SLICE("closed, not-close"), "close"));
    assert_false(head_has_word(SLICE(",,,"), "close"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_target_is_a_path_and_a_query, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_targets_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_follows_a_connect_is_no_http, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_field_has_a_name_and_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_is_bounded_in_bytes_and_fields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_may_stand_once_stands_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_of_a_request_is_short_and_plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(percents_that_are_none_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(words_of_a_list_are_whole_words, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
