#include "jinja_fixture.h"

/* What Jinja 2 (3.1) makes of these, with the settings of chat templates, recorded from it. */
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
        cmocka_unit_test_setup_teardown(fails_cleanly_where_memory_ends, open_arena, close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
