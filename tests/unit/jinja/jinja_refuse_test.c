#include "jinja_fixture.h"

static void refuses_by_name_what_it_does_not_know(void **state)
{
    static const struct {
        const char *source, *word;
        enum status status;
    } refused[] = {
        { "{{ 1|groupby('x') }}", "groupby", STATUS_UNIMPLEMENTED },
        { "{{ 1 is escaped }}", "escaped", STATUS_UNIMPLEMENTED },
        { "\n{% include 'x' %}", "line 2: the statement \"include\"", STATUS_UNIMPLEMENTED },
        { "{% block x %}{% endblock %}", "block", STATUS_UNIMPLEMENTED },
        { "{% for x in y recursive %}{% endfor %}", "recursive", STATUS_UNIMPLEMENTED },
        { "{{ lipsum() }}", "lipsum", STATUS_UNIMPLEMENTED },
        { "{{ 'a'.swapcase() }}", "swapcase", STATUS_UNIMPLEMENTED },
        { "{{ list.append(1) }}", "append", STATUS_UNIMPLEMENTED },
        { "{{ dict.update(a=1) }}", "update", STATUS_UNIMPLEMENTED },
        { "{{ 1|tojson(colour=1) }}", "colour", STATUS_UNIMPLEMENTED },
        { "{{ range(*list) }}", "(*)", STATUS_UNIMPLEMENTED },
        { "{{ zz.a }}", "'zz' is undefined", STATUS_FAILED_PRECONDITION },
        { "{{ 'a' + 1 }}", "str and int", STATUS_FAILED_PRECONDITION },
        { "{{ 1 // 0 }}", "zero", STATUS_FAILED_PRECONDITION },
        { "{{ 9223372036854775807 + 1 }}", "64 bits", STATUS_FAILED_PRECONDITION },
        { "{{ range(1000000) }}", "100000", STATUS_FAILED_PRECONDITION },
        { "{% for x in 3 %}{% endfor %}", "int", STATUS_FAILED_PRECONDITION },
        { "{% if 1 %}", "elif", STATUS_INVALID_ARGUMENT },
        { "{{ 1", "does not end", STATUS_INVALID_ARGUMENT },
        { "{{ 'abc }}", "string does not end", STATUS_INVALID_ARGUMENT },
        { "{{ (1] }}", "bracket", STATUS_INVALID_ARGUMENT },
        { "{{ 1 2 }}", "}}", STATUS_INVALID_ARGUMENT },
        { "{{ a ? b }}", "character", STATUS_INVALID_ARGUMENT },
        { "{# x", "comment", STATUS_INVALID_ARGUMENT },
        { "{% raw %}", "raw", STATUS_INVALID_ARGUMENT },
        { "{% set 1 = 2 %}", "a name", STATUS_INVALID_ARGUMENT },
    };
    struct jinja_text text;

    (void)state;
    for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct error err = { 0 };
        enum status status = render(refused[i].source, variables, &text, &err);

        if (status != refused[i].status || strstr(err.text, refused[i].word) == NULL)
            fail_msg("%s: %s: %s", refused[i].source, status_name(status), err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_by_name_what_it_does_not_know, open_arena,
                                        close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
