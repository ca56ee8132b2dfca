#include "jinja_fixture.h"

/* The rendering with a ? for each byte that is not trusted. */
static const char *render_marks(const char *source)
{
    struct jinja_text text;
    struct error err = { 0 };
    char *shown;

    if (render(source, variables, &text, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    shown = arena_string(&arena, jinja_text_slice(text));
    for (size_t i = 0; i < text.size; i++)
        if (!(text.marks == NULL ? text.is_trusted : text.marks[i] != 0))
            shown[i] = '?';
    return shown;
}

static void knows_which_bytes_came_from_outside(void **state)
{
    static const struct {
        const char *source, *text;
    } marked[] = {
        { "<{{ words[0] }}>", "<?>" },
        { "{{ '<' + words[0]|upper + '>' }}", "<?>" },
        { "{{ words|join('-') }}", "?-?-?-?" },
        { "{{ ('[' ~ text ~ ']')[1:4] }}", "?\?\?\?" }, /* an e with an accent has two bytes */
        { "{{ ('a' + words[0] + 'c').replace('a', words[1]).split('c')[0] }}", "??" },
        { "{% set s %}x{{ words[0] }}{% endset %}{{ s|title }}{{ s|trim('x') }}", "X??" },
        { "{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(words[0]) }}{{ m('y') }}", "<?><y>" },
        { "{{ {'k': words[0]}|tojson }}", "{\"k\": \"?\"}" },
        { "{{ dict|tojson }}", "{\"?\": 1, \"?\": [true, null, 1.5], \"?\?\?\?\?\": \"?\"}" },
        { "{{ [text]|tojson }}", "[\"?\?\?\?\?\?\?\?\?\?\?\?\?\?\?\?\?\?\?\"]" },
        { "{{ words }}", "['?', '?', '?', '?']" },
        { "{{ '%'|replace('%', words[0]) }}{{ words[0]|replace('b', '|') }}", "?|" },
        { "{% for k in dict %}{{ k[0] }}{% endfor %}{{ 'ab'[0] }}", "???a" },
        { "{{ '{}'.format(words[0]) }}{{ words[0]|e }}{{ 'x\ny'|indent(words[0]) }}", "??x\n?y" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(marked) / sizeof(marked[0]); i++)
        assert_string_equal(render_marks(marked[i].source), marked[i].text);
}

static void tells_what_a_template_says_and_not_what_a_message_says(void **state)
{
    struct jinja_text text;
    struct error err;

    (void)state;
    assert_int_equal(
        render("{{ raise_exception('no role ' + words[1] + ', please') }}", variables, &text, &err),
        STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "no role *, please"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(knows_which_bytes_came_from_outside, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(tells_what_a_template_says_and_not_what_a_message_says,
                                        open_arena, close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
