#include "jinja_fixture.h"

static char *repeated(const char *part, size_t count, const char *tail)
{
    struct buffer buffer;

    buffer_init(&buffer, &arena);
    for (size_t i = 0; i < count; i++)
        buffer_put_string(&buffer, part);
    buffer_put_string(&buffer, tail);
    return arena_string(&arena, buffer_slice(&buffer));
}

/* In an arena of its own. */
static enum status render_alone(const char *source)
{
    struct jinja_text text;
    struct error err;
    enum status status;
    char *copy = strdup(source);

    arena_close(&arena);
    arena_init(&arena, 64 * MIB);
    status = render(copy, "{}", &text, &err);
    free(copy);
    return status;
}

static void ends_what_would_not_end(void **state)
{
    (void)state;
    assert_int_equal(render_alone("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(
        render_alone(
            "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}"
            "{% endfor %}{% endfor %}{% endfor %}"),
        STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(render_alone("{{ 'abcdefgh' * 100000000000 }}"), STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(
        render_alone(
            "{% set ns = namespace(x=[]) %}{% for i in range(500) %}{% set ns.x = [ns.x] %}"
            "{% endfor %}{{ ns.x }}"),
        STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(render_alone(repeated("{{ (", 1, repeated("(", 60, "1"))),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(render_alone(repeated("{% if 1 %}", 5000, "")), STATUS_INVALID_ARGUMENT);
    assert_int_equal(render_alone(repeated("{{ ", 1, repeated("-", 5000, "1 }}"))),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(render_alone(repeated("{{ 1", 1, repeated(" + 1", 3000, " }}"))),
                     STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(render_alone(repeated("abcdefgh", 40000, "")), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ends_what_would_not_end, open_arena, close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
