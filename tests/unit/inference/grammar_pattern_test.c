#include "grammar_pattern.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"

static uint64_t random_state = 1;

static uint32_t draw(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % bound;
}

/* A pattern that POSIX reads in the same way. */
static size_t put_pattern(char *out, unsigned depth)
{
    static const char *const items[] = { "a", "b", "c", "[ab]", "[^a]", ".", "ca" };
    static const char *const repeats[] = { "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}" };
    size_t size = 0;

    for (unsigned i = 0, count = 1 + draw(3); i < count; i++) {
        if (depth > 0 && draw(3) == 0) {
            out[size++] = '(';
            size += put_pattern(out + size, depth - 1);
            out[size++] = '|';
            size += put_pattern(out + size, depth - 1);
            out[size++] = ')';
        } else {
            size += (size_t)sprintf(out + size, "%s", items[draw(6)]);
        }
        size += (size_t)sprintf(out + size, "%s", repeats[draw(8)]);
    }
    out[size] = '\0';
    return size;
}

static void make_text(char *text)
{
    unsigned size = draw(8);

    for (unsigned i = 0; i < size; i++)
        text[i] = (char)('a' + draw(3));
    text[size] = '\0';
}

static void finds_what_posix_finds(void **state)
{
    unsigned found = 0, not_found = 0;

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        char pattern[1024], text[16];
        const struct words *words;
        struct error err = { 0 };
        struct arena arena;
        size_t size = 0;
        regex_t regex;

        if (draw(2) == 0)
            pattern[size++] = '^';
        size += put_pattern(pattern + size, 2);
        if (draw(2) == 0)
            pattern[size++] = '$';
        pattern[size] = '\0';
        arena_init(&arena, 64 * MIB);
        words = grammar_pattern(slice_from(pattern), false, &arena, &err);
        if (words == NULL) { /* some have too many states */
            assert_int_equal(err.status, STATUS_RESOURCE_EXHAUSTED);
            arena_close(&arena);
            continue;
        }
        assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
        for (unsigned j = 0; j < 60; j++) {
            bool is_found;

            make_text(text);
            is_found = regexec(&regex, text, 0, NULL, 0) == 0;
            *(is_found ? &found : &not_found) += 1;
            if (words_has(words, slice_from(text)) != is_found)
                fail_msg("%s in %s", pattern, text);
        }
        regfree(&regex);
        arena_close(&arena);
    }
    assert_true(found > 1000 && not_found > 1000);
}

static bool is_in(const char *pattern, const char *text)
{
    struct arena arena;
    const struct words *words;
    bool is_found;

    arena_init(&arena, 64 * MIB);
    words = grammar_pattern(slice_from(pattern), false, &arena, NULL);
    assert_non_null(words);
    is_found = words_has(words, slice_from(text));
    arena_close(&arena);
    return is_found;
}

static void reads_the_escapes_of_ecmascript(void **state)
{
    (void)state;
    assert_true(is_in("^\\d{2}\\s\\w+$", "12\xc2\xa0"
                                         "a_9"));
    assert_false(is_in("^\\d$", "\xd9\xa1")); /* an Arabic digit */
    assert_true(is_in("^[\\dx-]\\S\\D$", "-\xc3\xa9-"));
    assert_true(is_in("^\\u00e9\\x41\\cJ\\/\\.\\$$", "\xc3\xa9"
                                                     "A\n/.$"));
    assert_true(is_in("^\\ud83d\\ude00$", "\xf0\x9f\x98\x80"));
    assert_true(is_in("^\\u{1F600}(?:x|(?<name>y))$", "\xf0\x9f\x98\x80y"));
    assert_false(is_in("^.$", "\n"));
    assert_true(is_in("a|^$", ""));
    assert_false(is_in("a|^$", "b"));
    assert_true(is_in("", "anything"));
    assert_true(is_in("^a{0}b*?$", "bb"));
}

static void refuses_what_no_automaton_can_say(void **state)
{
    static const char *const refused[] = { "(?=a)",   "(?<!a)b", "(a)\\1", "\\bword", "\\p{L}",
                                           "a{3000}", "(a",      "a)",     "[a",      "a**",
                                           "[b-a]",   "\\q",     "{2}",    "^*",      "a{2,1}" };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct error err = { 0 };
        struct arena arena;

        arena_init(&arena, 64 * MIB);
        if (grammar_pattern(slice_from(refused[i]), false, &arena, &err) != NULL)
            fail_msg("%s is taken", refused[i]);
        assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(err.text, "\"pattern\""));
        arena_close(&arena);
    }
}

static void joins_and_negates_sets_of_texts(void **state)
{
    static const struct slice texts[] = { SLICE("a"), SLICE("abc"), SLICE("caa"), SLICE("") };
    struct arena arena;
    const struct words *some, *pattern, *sizes, *both, *others;

    (void)state;
    arena_init(&arena, 64 * MIB);
    some = words_of_texts(texts, 4, &arena);
    pattern = grammar_pattern(SLICE("^a|a$"), false, &arena, NULL);
    sizes = words_of_size(1, 3, &arena);
    both = words_both(words_both(pattern, sizes, &arena), words_not(some, &arena), &arena);
    others = words_not(both, &arena);
    for (unsigned i = 0; i < 2000; i++) {
        char text[16];
        bool is_in_all;

        make_text(text);
        is_in_all = words_has(pattern, slice_from(text)) && words_has(sizes, slice_from(text))
                    && !words_has(some, slice_from(text));
        assert_int_equal(words_has(both, slice_from(text)), is_in_all);
        assert_int_equal(words_has(others, slice_from(text)), !is_in_all);
    }
    assert_false(words_is_empty(both));
    assert_true(words_is_empty(words_both(both, words_not(both, &arena), &arena)));
    assert_true(words_is_empty(words_of_size(1, 0, &arena)));
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_posix_finds),
        cmocka_unit_test(reads_the_escapes_of_ecmascript),
        cmocka_unit_test(refuses_what_no_automaton_can_say),
        cmocka_unit_test(joins_and_negates_sets_of_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
