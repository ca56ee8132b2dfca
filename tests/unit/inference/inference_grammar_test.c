#include "inference_grammar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define PIECES 128

/* Piece n is the byte n. */
static struct grammar_vocab *make_vocab(void)
{
    static char bytes[PIECES];
    struct slice texts[PIECES];

    for (unsigned id = 0; id < PIECES; id++) {
        bytes[id] = (char)id;
        texts[id] = slice_of(&bytes[id], id > 0);
    }
    return grammar_vocab_build(texts, PIECES, NULL);
}

/* The letters that @state allows, in order. */
static void assert_allows(const struct inference_mask *mask, void *state, const char *letters)
{
    uint32_t bits[INFERENCE_MASK_WORDS(PIECES)] = { 0 };

    assert_int_equal(mask->fill(state, bits, NULL), STATUS_OK);
    for (unsigned id = 1; id < PIECES; id++)
        assert_int_equal(bits[id / 32] >> id % 32 & 1, strchr(letters, (int)id) != NULL);
}

static void answers_go_their_own_ways_and_outlive_the_grammars_owner(void **state)
{
    struct grammar_vocab *vocab = make_vocab();
    struct inference_grammar *grammar =
        inference_grammar_create(false, SLICE("root ::= (\"a\" [bc] | \"d\"){2}"), vocab, NULL);
    struct inference_mask one, two;
    void *copy;

    (void)state;
    assert_int_equal(inference_grammar_mask(grammar, &one, NULL), STATUS_OK);
    assert_int_equal(inference_grammar_mask(grammar, &two, NULL), STATUS_OK);
    inference_grammar_drop(grammar);
    assert_allows(&one, one.state, "ad");
    one.accept(one.state, 'a');
    assert_allows(&one, one.state, "bc");
    assert_allows(&two, two.state, "ad");
    copy = one.copy(one.state);
    one.accept(one.state, 'b');
    one.accept(one.state, 'd');
    assert_true(one.is_done(one.state));
    assert_allows(&one, one.state, "");
    one.release(one.state);
    assert_false(one.is_done(copy));
    assert_allows(&one, copy, "bc");
    one.release(copy);
    two.release(two.state);
    grammar_vocab_destroy(vocab);
}

static void says_what_is_wrong_with_a_grammar(void **state)
{
    struct grammar_vocab *vocab = make_vocab();
    struct error err = { 0 };

    (void)state;
    assert_null(inference_grammar_create(false, SLICE("root ::= [a-"), vocab, &err));
    assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
    grammar_vocab_destroy(vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_go_their_own_ways_and_outlive_the_grammars_owner),
        cmocka_unit_test(says_what_is_wrong_with_a_grammar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
