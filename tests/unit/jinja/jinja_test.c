#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "jinja/jinja.h"
#include "jinja/jinja_json.h"

#define NOW 1769505725

/* What Jinja 2 (3.1) makes of these, with the settings of chat templates, recorded from it. */
static const char variables[] =
    "{\"text\": \" H\303\251llo <b> \\\"w\\\"\\n\", \"none\": null, \"yes\": true, \"n\": 7, \"f\": 0.1, \"list\": [3, 1, 2], \"words\": [\"b\", \"A\", \"c\", \"B\"], \"dict\": {\"b\": 1, \"a\": [true, null, 1.5], \"items\": \"x\"}, \"messages\": [{\"role\": \"user\", \"content\": \"a b  c\"}, {\"role\": \"assistant\", \"content\": \"\"}, {\"role\": \"user\", \"content\": \"d\"}]}";

/* clang-format off */
static const struct {
    const char *source, *text;
} cases[] = {
    { "{{ 1 + 2 * 3 ** 2 - 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** -1 }} {{ 10.0 / 4 }} {{ 1e20 }} {{ 1e-7 }} {{ 0.1 + 0.2 }}",
      "16 -4 2 3.5 0.5 2.5 1e+20 1e-07 0.30000000000000004" },
    { "{{ \"a\" ~ 1 ~ none ~ 2.0 ~ true }} {{ \"ab\" * 3 }} {{ [1, 2] + [3] }} {{ (1,) + (2,) }} {{ \"it's\" 'x' }}",
      "a1None2.0True ababab [1, 2, 3] (1, 2) it'sx" },
    { "{{ text|trim }}|{{ text.strip() }}|{{ text.lstrip(\" H\") }}|{{ text.rstrip(\"\\n\") }}|{{ text|length }}|{{ text[1] }}|{{ text[-2] }}",
      "H\303\251llo <b> \"w\"|H\303\251llo <b> \"w\"|\303\251llo <b> \"w\"\n| H\303\251llo <b> \"w\"|15|H|\"" },
    { "{{ text[1:4] }} {{ text[::-1]|trim }} {{ list[1:] }} {{ list[::2] }} {{ list[-1:] }} {{ list[5:] }} {{ text[:-1] }} {{ list[:0:-1] }}",
      "H\303\251l \"w\" >b< oll\303\251H [1, 2] [3, 2] [2] []  H\303\251llo <b> \"w\" [2, 1]" },
    { "{{ \"a,b,,c\".split(\",\") }} {{ \" a  b \".split() }} {{ \"a b c d\".split(\" \", 2) }} {{ \"a b c\".rsplit(\" \", 1) }} {{ \"a\\nb\\r\\nc\".splitlines() }}",
      "['a', 'b', '', 'c'] ['a', 'b'] ['a', 'b', 'c d'] ['a b', 'c'] ['a', 'b', 'c']" },
    { "{{ \"abcabc\".replace(\"b\", \"x\") }} {{ \"aaa\"|replace(\"a\", \"b\", 2) }} {{ \"abc\".startswith(\"ab\") }} {{ \"abc\".endswith((\"x\", \"c\")) }} {{ \"abc\".find(\"c\") }} {{ \"abcb\".count(\"b\") }} {{ \"abc\".find(\"z\") }}",
      "axcaxc bba True True 2 2 -1" },
    { "{{ \"hello world\"|title }} {{ \"HELLO\"|capitalize }} {{ \"\303\251\"|upper }} {{ \"Ab\"|lower }} {{ \"x\".upper() }} {{ \"12\".isdigit() }} {{ \"\".isdigit() }}",
      "Hello World Hello \303\211 ab X True False" },
    { "{{ \"{} and {1}\".format(1, 2) if false else \"{}{}\".format(\"a\", 2) }} {{ \"{{{x}}}\".format(x=1) }} {{ \"-\".join([\"a\", \"b\"]) }}",
      "a2 {1} a-b" },
    { "{{ dict }} {{ dict.b }} {{ dict[\"items\"] }} {{ dict.get(\"z\") }} {{ dict.get(\"z\", 4) }} {{ dict.a[2] }} {{ dict.zz is defined }} {{ dict.items()|list }}",
      "{'b': 1, 'a': [True, None, 1.5], 'items': 'x'} 1 x None 4 1.5 False [('b', 1), ('a', [True, None, 1.5]), ('items', 'x')]" },
    { "{{ dict|tojson }} {{ dict|tojson(indent=2) }} {{ {\"z\": 1, \"a\": \"\303\251\\u2028\\\"\\\\\\n\\x01\"}|tojson(sort_keys=true) }} {{ \"\303\251\360\237\230\200\"|tojson(ensure_ascii=true) }} {{ [1,2]|tojson(separators=(\",\", \":\")) }} {{ {}|tojson(indent=2) }} {{ [[], [1]]|tojson(indent=1) }}",
      "{\"b\": 1, \"a\": [true, null, 1.5], \"items\": \"x\"} {\n  \"b\": 1,\n  \"a\": [\n    true,\n    null,\n    1.5\n  ],\n  \"items\": \"x\"\n} {\"a\": \"\303\251\342\200\250\\\"\\\\\\n\\u0001\", \"z\": 1} \"\\u00e9\\ud83d\\ude00\" [1,2] {} [\n [],\n [\n  1\n ]\n]" },
    { "{{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ words|sort(reverse=true) }} {{ words|unique|list }} {{ list|sort|join(\"-\") }} {{ list|sum }} {{ list|min }} {{ list|max }} {{ list|first }} {{ list|last }} {{ list|reverse|list }} {{ \"abc\"|reverse }}",
      "['A', 'b', 'B', 'c'] ['A', 'B', 'b', 'c'] ['c', 'b', 'B', 'A'] ['b', 'A', 'c'] 1-2-3 6 1 3 3 2 [2, 1, 3] cba" },
    { "{{ dict|dictsort }} {{ {\"B\": 1, \"a\": 2}|dictsort(by=\"value\", reverse=true) }} {{ dict|items|list }} {{ dict|list }} {{ dict|length }}",
      "[('a', [True, None, 1.5]), ('b', 1), ('items', 'x')] [('a', 2), ('B', 1)] [('b', 1), ('a', [True, None, 1.5]), ('items', 'x')] ['b', 'a', 'items'] 3" },
    { "{{ messages|map(attribute=\"role\")|list }} {{ messages|selectattr(\"role\", \"equalto\", \"user\")|map(attribute=\"content\")|join(\"|\") }} {{ messages|rejectattr(\"content\")|list|length }} {{ list|select(\"gt\", 1)|list }} {{ list|reject(\"odd\")|list }} {{ words|map(\"upper\")|join }} {{ none|selectattr(\"x\")|list }}",
      "['user', 'assistant', 'user'] a b  c|d 1 [3, 2] [2] BACB []" },
    { "{{ zz|default(\"d\") }} {{ none|default(\"d\") }} {{ \"\"|default(\"d\", true) }} {{ zz|length }} {{ zz is undefined }} {{ zz ~ \"x\" }} {{ none is none }} {{ none }}",
      "d None d 0 True x True None" },
    { "{{ 3 in list }} {{ \"ll\" in text }} {{ \"b\" in dict }} {{ \"q\" not in words }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ not 1 == 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ \"a\" < \"b\" }}",
      "True True True True True False True True True True" },
    { "{{ \"x\" if yes else \"y\" }} {{ \"x\" if zz }} {{ 1 if 0 else 2 if 0 else 3 }} {{ yes and \"a\" or \"b\" }} {{ zz or \"fallback\" }} {{ (1, 2) }} {{ [] }} {{ () }} {{ {} }} {{ (1) }}",
      "x  3 a fallback (1, 2) [] () {} 1" },
    { "{{ n is number }} {{ f is float }} {{ n is integer }} {{ yes is integer }} {{ yes is boolean }} {{ text is string }} {{ dict is mapping }} {{ list is sequence }} {{ list is iterable }} {{ n is odd }} {{ n is divisibleby 7 }} {{ n is not even }} {{ n is in [7] }} {{ \"a\" is lower }} {{ yes is true }} {{ n is eq 7 }} {{ range is callable }}",
      "True True True False True True True True True True True True True True True True True" },
    { "{{ \"3\"|int + 1 }} {{ \"x\"|int }} {{ \"2.7\"|int }} {{ \"x\"|int(5) }} {{ \"1.5\"|float }} {{ 3.14159|round(2) }} {{ 2.5|round }} {{ -3|abs }} {{ 3|string + \"!\" }} {{ \"<a>\"|e }} {{ \"<a>\"|safe + \"<b>\" }} {{ \"<a>\"|safe ~ \"<b>\" }}",
      "4 0 2 5 1.5 3.14 2.0 3 3! &lt;a&gt; <a>&lt;b&gt; <a><b>" },
    { "{{ \"a\\nb\\n\\nc\"|indent }}|{{ \"a\\nb\"|indent(2, true) }}|{{ \"a\\n\\nb\\n\"|indent(1, blank=true) }}",
      "a\n    b\n\n    c|  a\n  b|a\n \n b\n " },
    { "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.previtem.role if loop.previtem is defined }}{{ loop.nextitem.role if not loop.last }}{{ loop.cycle(\"x\", \"y\") }};{% endfor %}",
      "10TrueFalse33assistantx;21FalseFalse32userusery;32FalseTrue31assistantx;" },
    { "{% for m in messages if m.role == \"user\" %}{{ loop.index }}{{ m.content }}{% else %}none{% endfor %}{% for x in [] %}{% else %}empty{% endfor %}{% for a, b in dict.items() %}{{ a }}={{ b }};{% endfor %}",
      "1a b  c2demptyb=1;a=[True, None, 1.5];items=x;" },
    { "{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}{% for i in range(6, 0, -2) %}{{ i }}{% endfor %}",
      "02642" },
    { "{% set x = 1 %}{% for i in list %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}{% set ns = namespace(a=1, b=[]) %}{% for i in list %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{% set a, b = 1, \"q\" %}{{ a }}{{ b }}",
      "423171q" },
    { "{% macro m(a, b=\"d\", c=none) %}[{{ a }}{{ b }}{{ c }}{{ caller() if caller is defined }}]{% endmacro %}{{ m(1) }}{{ m(1, c=2) }}{{ m(b=3, a=4) }}{% call m(5) %}body{% endcall %}{{ m(\"x\")|length }}",
      "[1dNone][1d2][43None][5dNonebody]8" },
    { "{% macro fib(k) %}{{ k if k < 2 else fib(k - 1)|int + fib(k - 2)|int }}{% endmacro %}{{ fib(9) }}{% set top = 1 %}{% macro see() %}{{ top }}{% endmacro %}{% set top = 2 %}{{ see() }}",
      "342" },
    { "{% set t %}a{{ n }}{% endset %}{{ t|upper }}{% set u | trim | upper %}  q {% endset %}<{{ u }}>{% filter upper %}x{{ t }}{% endfilter %}{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a }}",
      "A7<Q>XA73" },
    { "a  {%- if yes -%}  b  {%- endif %}  c {#- note -#}  d{{- \" e\" -}}  f",
      "ab  cd ef" },
    { "{% if yes %}\n  x  {% endif %}\ny\n  {% if yes %}\nz\n  {%+ if yes %}w{% endif +%}\nv{# c #}\nu{% endif %}",
      "  x  y\nz\n  w\nvu" },
    { "{% raw %}{{ not }}{% if %}{% endraw %}|{%- raw -%}  x  {%- endraw -%}  y",
      "{{ not }}{% if %}|xy" },
    { "{{ strftime_now(\"%d %b %Y, %B %H:%M\") }} {{ \"a\" \"b\" }} {{ 'it''s' }} {{ \"\\u00e9\\x41\\n\\'\\z\" }} {{ \"x\" in \"xyz\" and \"q\" not in \"xyz\" }}",
      "27 Jan 2026, January 09:22 ab its \303\251A\n'\\z True" },
};
/* clang-format on */

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    arena_init(&arena, 64 * MIB);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

/* With the members of @json, which are untrusted, as variables. */
static enum status render(const char *source, const char *json, struct jinja_text *text,
                          struct error *err)
{
    struct jinja_variable named[16];
    const struct jinja_node *root;
    struct jinja_value values;
    enum status status;
    size_t i;

    assert_int_equal(jinja_from_json(slice_from(json), false, &arena, &values, err), STATUS_OK);
    for (i = 0; i < values.dict->count; i++)
        named[i] = (struct jinja_variable){ jinja_text_slice(values.dict->pairs[i].key.text),
                                            values.dict->pairs[i].value };
    status = jinja_compile(slice_from(source), &arena, &root, err);
    return status == STATUS_OK ? jinja_render(root, named, i, NOW, &arena, text, err) : status;
}

static void renders_as_the_reference(void **state)
{
    struct jinja_text text;
    struct error err = { 0 };

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (render(cases[i].source, variables, &text, &err) != STATUS_OK)
            fail_msg("case %u: %s", i, err.text);
        assert_string_equal(arena_string(&arena, jinja_text_slice(text)), cases[i].text);
    }
}

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

static void fails_cleanly_where_memory_ends(void **state)
{
    struct jinja_text text;
    struct error err;
    enum status status = STATUS_RESOURCE_EXHAUSTED;
    const struct jinja_node *root;
    struct arena tree;

    (void)state;
    arena_init(&tree, 16 * MIB);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(jinja_compile(slice_from(cases[i].source), &tree, &root, &err), STATUS_OK);
        status = STATUS_RESOURCE_EXHAUSTED;
        for (size_t limit = 1; status == STATUS_RESOURCE_EXHAUSTED; limit += 4096) {
            struct arena small;

            arena_init(&small, limit);
            status = jinja_render(root, NULL, 0, NOW, &small, &text, &err);
            arena_close(&small);
        }
    }
    arena_close(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(renders_as_the_reference, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(knows_which_bytes_came_from_outside, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(refuses_by_name_what_it_does_not_know, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(tells_what_a_template_says_and_not_what_a_message_says,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(ends_what_would_not_end, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(fails_cleanly_where_memory_ends, open_arena, close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
