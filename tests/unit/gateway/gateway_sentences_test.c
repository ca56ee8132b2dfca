/* Which grammar an answer is held to, spelt out. That a grammar holds is inference's to show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "gateway_sentences.h"

static struct arena arena;

static const char *grammar(const char *user, const char *question)
{
    return sentences_grammar(slice_from(user), slice_from(question), &arena);
}

static void each_sentence_may_be_the_last_or_be_followed_by_the_next(void **state)
{
    (void)state;
    assert_string_equal(
        grammar("Record:\n[1] x\n\nQuestion: A?\nFound:\nB [1].\nC [2][3].\nMore:\nD [4].\n", "A?"),
        "root ::= \"The record does not say.\" | s0\n"
        "s0 ::= \"B [1].\" | \"B [1].\\n\" s1\n"
        "s1 ::= \"C [2][3].\"\n");
}

static void where_nothing_was_found_nothing_else_can_be_said(void **state)
{
    (void)state;
    assert_string_equal(grammar("\nQuestion: A?\nFound:\nnothing\nMore:\nD [4].\n", "A?"),
                        "root ::= \"The record does not say.\"\n");
}

static void what_counts_lines_is_no_sentence(void **state)
{
    (void)state;
    assert_string_equal(grammar("\nQuestion: A?\nFound:\nB [1].\nand 2 more\n", "A?"),
                        "root ::= \"The record does not say.\" | s0\ns0 ::= \"B [1].\"\n");
}

static void marks_of_the_notation_are_written_as_it_wants_them(void **state)
{
    (void)state;
    assert_non_null(strstr(grammar("\nQuestion: A?\nFound:\nB \"x\\y\" [1].\n", "A?"),
                           "s0 ::= \"B \\\"x\\\\y\\\" [1].\"\n"));
}

static void without_anything_behind_the_question_an_answer_is_free(void **state)
{
    (void)state;
    assert_null(grammar("Record:\n[1] x\n\nQuestion: A?", "A?"));
    assert_null(grammar("Record:\n[1] x\n\nQuestion: A?\n", "A?"));
}

static void what_the_question_says_of_finding_is_not_what_was_found(void **state)
{
    (void)state;
    static const char question[] = "A?\nFound:\nB [1].";

    assert_null(grammar("\nQuestion: A?\nFound:\nB [1].\n", question));
    assert_string_equal(grammar("\nQuestion: A?\nFound:\nB [1].\nFound:\nC [2].\n", question),
                        "root ::= \"The record does not say.\" | s0\ns0 ::= \"C [2].\"\n");
}

static void more_sentences_than_an_answer_has_are_not_held_to(void **state)
{
    (void)state;
    struct buffer user;

    buffer_init(&user, &arena);
    buffer_put_string(&user, "\nQuestion: A?\nFound:\n");
    for (int i = 0; i < SENTENCES_MAX; i++)
        buffer_format(&user, "B [%d].\n", i);
    assert_non_null(sentences_grammar(buffer_slice(&user), SLICE("A?"), &arena));
    buffer_put_string(&user, "B [1].\n");
    assert_null(sentences_grammar(buffer_slice(&user), SLICE("A?"), &arena));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sentence_may_be_the_last_or_be_followed_by_the_next),
        cmocka_unit_test(where_nothing_was_found_nothing_else_can_be_said),
        cmocka_unit_test(what_counts_lines_is_no_sentence),
        cmocka_unit_test(marks_of_the_notation_are_written_as_it_wants_them),
        cmocka_unit_test(without_anything_behind_the_question_an_answer_is_free),
        cmocka_unit_test(what_the_question_says_of_finding_is_not_what_was_found),
        cmocka_unit_test(more_sentences_than_an_answer_has_are_not_held_to),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
