/* Expressions: what they take, all at once; what is refused; a text cannot make them slow. Checked
 * against the regular expressions of the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "deid_automaton.h"

static struct arena arena;

static void build(struct deid_automaton *automaton, const char *text, bool is_any_case)
{
    struct deid_expression expression = { text, is_any_case };
    struct error err;

    if (deid_automaton_init(automaton, &expression, 1, &arena, &err) != STATUS_OK)
        print_message("%s: %s\n", text, err.text);
    assert_true(automaton->states > 1);
}

/* The size of the longest match at the start of @text; 0: none. */
static size_t longest(const struct deid_automaton *automaton, const char *text)
{
    struct deid_hit hits[DEID_HITS_MAX];
    unsigned count = deid_automaton_run(automaton, slice_from(text), 0, 1000, hits);

    return count == 0 ? 0 : hits[count - 1].end;
}

static void takes_the_longest(void **state)
{
    static const struct {
        const char *expression, *text;
        size_t size;
    } rows[] = {
        { "ab", "abc", 2 },
        { "ab", "ac", 0 },
        { "a?b*c+", "bbccd", 4 },
        { "\\d{3}-\\d{4}", "555-12345", 8 },
        { "\\d{2,4}", "123456", 4 },
        { "\\d{2,}", "123456x", 6 },
        { "(ab|a)(bc|c)?", "abc", 3 },
        { "[^a-c]+", "xyzabc", 3 },
        { "[-a]+", "a-a b", 3 },
        { "\\x41\\.", "A.", 2 },
        { "(a(b(c)?)?)?d", "abcd", 4 },
        { "\\w+@\\w+", "x1@y2 z", 5 },
        { "(a|b){2}c", "abc", 3 },
        { "a{0,2}b", "aab", 3 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct deid_automaton automaton;

        build(&automaton, rows[i].expression, false);
        if (longest(&automaton, rows[i].text) != rows[i].size)
            print_message("%s on %s\n", rows[i].expression, rows[i].text);
        assert_int_equal(longest(&automaton, rows[i].text), rows[i].size);
    }
}

static void case_matters_only_where_it_should(void **state)
{
    struct deid_automaton automaton;

    (void)state;
    build(&automaton, "ext[a-c]", true);
    assert_int_equal(longest(&automaton, "ExTB"), 4);
    build(&automaton, "ext[a-c]", false);
    assert_int_equal(longest(&automaton, "ExTB"), 0);
}

static void says_which_expressions_end_where(void **state)
{
    static const struct deid_expression both[] = { { "\\d+", false }, { "\\d{3}x?", false } };
    struct deid_automaton automaton;
    struct deid_hit hits[DEID_HITS_MAX];
    unsigned count;

    (void)state;
    assert_int_equal(deid_automaton_init(&automaton, both, 2, &arena, NULL), STATUS_OK);
    count = deid_automaton_run(&automaton, SLICE("123x"), 0, 1000, hits);
    assert_int_equal(count, 4);
    assert_int_equal(automaton.ids[hits[2].set], 0);
    assert_int_equal(automaton.ids[hits[2].set + 1], 1);
    assert_int_equal(automaton.ids[hits[2].set + 2], UINT16_MAX);
    assert_int_equal(automaton.ids[hits[3].set], 1);
    assert_int_equal(hits[3].end, 4);
}

static void refuses_what_is_no_expression(void **state)
{
    static const char *const rows[] = { "(a",  "a)", "[a",  "a{",   "a{2",  "a{3,2}", "*a",
                                        "a**", ".",  "\\q", "\\x4", "a{0}", "[b-a]",  "\\" };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct deid_expression expression = { rows[i], false };
        struct deid_automaton automaton;

        if (deid_automaton_init(&automaton, &expression, 1, &arena, NULL)
            != STATUS_INVALID_ARGUMENT)
            print_message("%s is taken\n", rows[i]);
        assert_int_equal(deid_automaton_init(&automaton, &expression, 1, &arena, NULL),
                         STATUS_INVALID_ARGUMENT);
    }
}

static uint32_t seed = 1;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

/* A random expression that both kinds read alike. */
static void random_expression(char *out, unsigned depth)
{
    static const char *const atoms[] = { "a", "b", "c", "[ab]", "[^a]", "[b-c]" };
    static const char *const repeats[] = { "", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}" };
    unsigned parts = 1 + next_random(3);

    out[0] = '\0';
    for (unsigned i = 0; i < parts; i++) {
        char part[512];

        if (depth > 0 && next_random(3) == 0) {
            char left[200], right[200];

            random_expression(left, depth - 1);
            random_expression(right, depth - 1);
            snprintf(part, sizeof(part), "(%s|%s)", left, right);
        } else {
            snprintf(part, sizeof(part), "%s", atoms[next_random(6)]);
        }
        if (strlen(out) + strlen(part) < 90) {
            strcat(out, part);
            strcat(out, repeats[next_random(9)]);
        }
    }
}

static void takes_what_the_c_library_takes(void **state)
{
    unsigned matches = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        char expression[256], anchored[300];
        struct deid_automaton automaton;
        regex_t regex;

        random_expression(expression, 1);
        snprintf(anchored, sizeof(anchored), "^(%s)", expression);
        assert_int_equal(regcomp(&regex, anchored, REG_EXTENDED), 0);
        build(&automaton, expression, false);
        for (int j = 0; j < 20; j++) {
            char text[16];
            regmatch_t match[1];
            size_t size = next_random(12), wanted = 0;

            for (size_t k = 0; k < size; k++)
                text[k] = (char)('a' + next_random(4));
            text[size] = '\0';
            if (regexec(&regex, text, 1, match, 0) == 0)
                wanted = (size_t)match[0].rm_eo;
            if (longest(&automaton, text) != wanted)
                print_message("%s on %s: %zu and %zu\n", expression, text,
                              longest(&automaton, text), wanted);
            assert_int_equal(longest(&automaton, text), wanted);
            matches += wanted > 0;
        }
        regfree(&regex);
        arena_close(&arena);
    }
    assert_true(matches > 300);
}

/* What takes a backtracking matcher the age of the universe. */
static void no_text_makes_it_slow(void **state)
{
    struct deid_automaton automaton;
    char text[301];

    (void)state;
    memset(text, 'a', 300);
    text[300] = '\0';
    build(&automaton, "(a*)*(a|a?)*(aa+)*b", false);
    assert_int_equal(longest(&automaton, text), 0);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)256 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_the_longest),
        TEST(case_matters_only_where_it_should),
        TEST(says_which_expressions_end_where),
        TEST(refuses_what_is_no_expression),
        TEST(takes_what_the_c_library_takes),
        TEST(no_text_makes_it_slow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
