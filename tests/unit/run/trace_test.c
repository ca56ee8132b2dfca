#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "run/trace.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void continues_a_trace_with_a_child_span(void **state)
{
    char text[TRACEPARENT_TEXT_BYTES], id[TRACE_ID_TEXT_BYTES];
    struct trace trace;

    (void)state;
    assert_true(trace_continue(&trace, SLICE("00-" TRACE "-" SPAN "-01")));
    assert_true(trace.is_sampled);
    assert_memory_equal(trace.parent_id, "\x00\xf0\x67\xaa\x0b\xa9\x02\xb7", 8);
    assert_memory_not_equal(trace.span_id, trace.parent_id, 8);
    trace_format_id(&trace, id);
    assert_string_equal(id, TRACE);
    trace_format(&trace, text);
    assert_int_equal(strlen(text), 55);
    assert_memory_equal(text, "00-" TRACE "-", 36);
    assert_string_equal(text + 52, "-01");
}

static void accepts_what_the_specification_allows(void **state)
{
    struct trace trace;

    (void)state;
    assert_true(trace_continue(&trace, SLICE("00-" TRACE "-" SPAN "-00")));
    assert_false(trace.is_sampled);
    assert_true(trace_continue(&trace, SLICE("00-" TRACE "-" SPAN "-ff")));
    assert_true(trace.is_sampled);
    assert_true(trace_continue(&trace, SLICE("01-" TRACE "-" SPAN "-01")));
    assert_true(trace_continue(&trace, SLICE("cc-" TRACE "-" SPAN "-01-what-the-future-brings")));
    assert_true(trace_continue(&trace, SLICE("fe-" TRACE "-" SPAN "-01-")));
}

static void refuses_what_the_specification_calls_invalid(void **state)
{
    static const char *const invalid[] = {
        "",
        "00",
        "ff-" TRACE "-" SPAN "-01",
        "00-" TRACE "-" SPAN "-01-extra",
        "00-" TRACE "-" SPAN "-01-",
        "01-" TRACE "-" SPAN "-01.extra",
        "00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN,
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-" TRACE "-00F067AA0BA902B7-01",
        "0A-" TRACE "-" SPAN "-01",
        "00-" TRACE "-" SPAN "-0A",
        "00-" TRACE "-" SPAN "-0g",
        "0x-" TRACE "-" SPAN "-01",
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "_01",
        " 00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN "-01 ",
    };
    struct trace trace, before;
    size_t i;

    (void)state;
    memset(&trace, 7, sizeof(trace));
    trace.is_sampled = true;
    before = trace;
    for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        if (trace_continue(&trace, slice_from(invalid[i])))
            fail_msg("accepted %s", invalid[i]);
    assert_memory_equal(&trace, &before, sizeof(trace));
}

/* Every prefix from memory of exactly its size: a byte read past it is seen by AddressSanitizer. */
static void refuses_every_prefix(void **state)
{
    static const char whole[] = "00-" TRACE "-" SPAN "-01";
    struct trace trace;
    size_t size;

    (void)state;
    for (size = 0; size < sizeof(whole) - 1; size++) {
        char *copy = test_malloc(size + 1);

        memcpy(copy, whole, size);
        assert_false(trace_continue(&trace, slice_of(copy, size)));
        test_free(copy);
    }
}

static void begins_with_ids_that_differ(void **state)
{
    struct trace a, b, child;

    (void)state;
    trace_start(&a);
    trace_start(&b);
    assert_memory_not_equal(a.trace_id, b.trace_id, 16);
    assert_memory_not_equal(a.span_id, b.span_id, 8);
    assert_memory_equal(a.parent_id, "\0\0\0\0\0\0\0\0", 8);
    trace_child(&child, &a);
    assert_memory_equal(child.trace_id, a.trace_id, 16);
    assert_memory_equal(child.parent_id, a.span_id, 8);
    assert_memory_not_equal(child.span_id, a.span_id, 8);
    trace_child(&a, &a);
    assert_memory_equal(a.parent_id, child.parent_id, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(continues_a_trace_with_a_child_span),
        cmocka_unit_test(accepts_what_the_specification_allows),
        cmocka_unit_test(refuses_what_the_specification_calls_invalid),
        cmocka_unit_test(refuses_every_prefix),
        cmocka_unit_test(begins_with_ids_that_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
