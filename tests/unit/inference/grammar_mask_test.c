/* Grammars as automata: what they take, against POSIX regular expressions; and masks, against the
 * pieces tried one by one. */
#include "grammar_mask.h"

#include <regex.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/limits.h"
#include "grammar_parse.h"

struct compiled {
    struct arena arena, scratch;
    struct grammar_machine machine;
};

static enum status compile(struct compiled *compiled, const char *text, struct error *err)
{
    struct grammar grammar;
    uint32_t root;
    enum status status;

    arena_init(&compiled->arena, 64 * MIB);
    arena_init(&compiled->scratch, 128 * MIB);
    grammar_init(&grammar, &compiled->scratch);
    status = grammar_parse(slice_from(text), &grammar, &root, err);
    if (status == STATUS_OK)
        status = grammar_compile(&grammar, root, &compiled->scratch, &compiled->arena,
                                 &compiled->machine, err);
    return status;
}

static void discard(struct compiled *compiled)
{
    arena_close(&compiled->arena);
    arena_close(&compiled->scratch);
}

static void build(struct compiled *compiled, const char *text)
{
    struct error err = { 0 };

    if (compile(compiled, text, &err) != STATUS_OK)
        fail_msg("%s", err.text);
}

static bool takes(const struct compiled *compiled, const char *text)
{
    struct grammar_run run;
    bool is_whole = true;

    assert_int_equal(grammar_run_init(&run, &compiled->machine, NULL), STATUS_OK);
    for (; *text != '\0' && is_whole; text++) {
        is_whole = grammar_run_try(&run, (uint8_t)*text);
        grammar_run_settle(&run);
    }
    is_whole = is_whole && grammar_run_set(&run)->is_complete;
    grammar_run_close(&run);
    return is_whole;
}

static void takes_what_a_regular_expression_takes(void **state)
{
    static const char *const pairs[][2] = {
        { "root ::= [ab]* \"abb\"", "^[ab]*abb$" },
        { "root ::= (\"a\" | \"b\" \"c\"?){2,4}", "^(a|bc?){2,4}$" },
        { "root ::= x{3,300} \"c\"\nx ::= \"a\" | \"ab\" | \"b\"", "^(a|ab|b){3,255}c$" },
        { "root ::= \"a\" root \"b\" | \"c\"", "^(c|acb|aacbb|aaacbbb|aaaacbbbb)$" },
        { "root ::= root \"a\" | \"b\"", "^ba*$" },
        { "root ::= \"a\" root | \"b\"", "^a*b$" },
        { "root ::= e e e\ne ::= \"\" | \"a\" e | \"b\"", "^a*b?a*b?a*b?$" },
        { "root ::= (\"a\"?){100} \"c\"", "^a{0,100}c$" },
        { "root ::= [^a] | \"aa\"+", "^([^a]|(aa)+)$" },
    };
    unsigned seed = 7;

    (void)state;
    for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct compiled compiled;
        unsigned taken = 0;
        regex_t regex;

        build(&compiled, pairs[i][0]);
        assert_int_equal(regcomp(&regex, pairs[i][1], REG_EXTENDED | REG_NOSUB), 0);
        for (unsigned j = 0; j < 4000; j++) {
            char text[12];
            unsigned size = (unsigned)rand_r(&seed) % 10;
            bool is_taken;

            for (unsigned k = 0; k < size; k++)
                text[k] = (char)('a' + rand_r(&seed) % 3);
            text[size] = '\0';
            is_taken = regexec(&regex, text, 0, NULL, 0) == 0;
            taken += is_taken;
            if (takes(&compiled, text) != is_taken)
                fail_msg("%s: %s", pairs[i][0], text);
        }
        assert_true(taken > 0);
        regfree(&regex);
        discard(&compiled);
    }
}

static void refuses_what_is_no_grammar(void **state)
{
    static const char *const wrong[][2] = {
        { "root ::= a", "\"a\" is used and not there" },
        { "a ::= \"b\"", "no rule \"root\"" },
        { "root ::= \"a", "ends inside" },
        { "root ::= (\"a\"", "not closed" },
        { "root ::= \"a\")", "closes nothing" },
        { "root ::= \"a\"\nroot ::= \"b\"", "line 2: the rule \"root\" is there twice" },
        { "root ::= \"a\" root", "no text can ever be" },
        { "root ::= \"a\"{3,2}", "under its beginning" },
        { "root ::= [b-a]", "ends before it begins" },
        { "root ::= \"\\q\"", "escape" },
        { "root ::= \"a\"{10000000}", "over 1000000" },
        { "root ::= \xff", "not UTF-8" },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct compiled compiled;
        struct error err = { 0 };

        assert_int_equal(compile(&compiled, wrong[i][0], &err), STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(err.text, wrong[i][1]));
        discard(&compiled);
    }
}

static void refuses_a_grammar_of_exponentially_many_states(void **state)
{
    struct compiled compiled;
    struct error err = { 0 };

    (void)state;
    assert_int_equal(compile(&compiled, "root ::= [ab]* \"a\" [ab]{24}", &err),
                     STATUS_RESOURCE_EXHAUSTED);
    discard(&compiled);
}

static void counts_a_million_without_a_million_states(void **state)
{
    struct compiled compiled;

    (void)state;
    build(&compiled, "root ::= [a-z]{1000000} \".\"");
    assert_true(compiled.machine.states_count < 10);
    discard(&compiled);
}

/* Masks
 * ------------------------------------------------------------------------------------------ */

#define PIECES 3000

/* Single bytes, and pieces of what is said in texts of these grammars. */
static struct grammar_vocab *make_vocab(unsigned seed)
{
    static const char letters[] = "aab{}[]\"\",,::  01\\n\xc3\xa9";
    static char texts[PIECES][8];
    struct slice slices[PIECES];

    for (unsigned id = 0; id < PIECES; id++) {
        unsigned size = id < 256 ? 1 : 1 + (unsigned)rand_r(&seed) % 7;

        for (unsigned i = 0; i < size; i++)
            texts[id][i] = letters[(unsigned)rand_r(&seed) % (sizeof(letters) - 1)];
        if (id < 256)
            texts[id][0] = (char)id;
        slices[id] = slice_of(texts[id], id == 300 ? 0 : size);
    }
    return grammar_vocab_build(slices, PIECES, NULL);
}

static uint32_t choose_bit(const uint32_t *bits, unsigned *seed)
{
    uint32_t id = (uint32_t)rand_r(seed) % PIECES;

    for (unsigned i = 0; i < PIECES; i++, id = (id + 1) % PIECES) {
        if ((bits[id / 32] >> id % 32 & 1) != 0)
            return id;
    }
    return PIECES;
}

/* A random walk, each mask of which says what trying says. */
static void walk(const struct compiled *compiled, const struct grammar_vocab *vocab, unsigned *seed)
{
    struct grammar_masks *masks = grammar_masks_create(&compiled->machine, vocab, NULL);
    struct grammar_run run, other;

    assert_int_equal(grammar_run_init(&run, &compiled->machine, NULL), STATUS_OK);
    for (unsigned step = 0; step < 30; step++) {
        uint32_t bits[(PIECES + 31) / 32] = { 0 }, id;

        assert_int_equal(grammar_masks_fill(masks, &run, step == 0, bits, NULL), STATUS_OK);
        assert_int_equal(grammar_run_copy(&other, &run, NULL), STATUS_OK);
        for (id = 0; id < PIECES; id++) {
            struct slice piece = grammar_vocab_piece(vocab, id);
            size_t at =
                step == 0 && vocab->drops_first_blank && piece.size > 0 && piece.data[0] == ' ';
            bool goes_on = piece.size > at;

            for (; at < piece.size && goes_on; at++)
                goes_on = grammar_run_try(&other, (uint8_t)piece.data[at]);
            grammar_run_back(&other, 0);
            if (goes_on != ((bits[id / 32] >> id % 32 & 1) != 0))
                fail_msg("step %u, piece %.*s", step, SLICE_FORMAT(piece));
        }
        grammar_run_close(&other);
        id = choose_bit(bits, seed);
        if (id == PIECES) {
            assert_true(grammar_run_set(&run)->is_complete);
            break;
        }
        assert_true(grammar_masks_accept(masks, &run, step == 0, id));
    }
    grammar_run_close(&run);
    grammar_masks_destroy(masks);
}

static void masks_say_what_trying_each_piece_says(void **state)
{
    static const char *const grammars[] = {
        "root ::= value\nvalue ::= object | array | string | number\n"
        "object ::= \"{\" (string \":\" \" \"? value (\",\" \" \"? string \":\" \" \"? value)*)? \"}\"\n"
        "array ::= \"[\" (value (\",\" \" \"? value)*)? \"]\"\n"
        "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" [\\\\n\"])* \"\\\"\"\nnumber ::= [0-9]+",
        "root ::= \"\\\"\" [^\"]{3,9} \"\\\"\" (\",\" [0-9]{2,40}){2,50}",
        "root ::= ([a-z] | \"aa\" | \"é\"){5,60} \",\" root | \"]\"",
        "root ::= root root | \"a\" | \"b\" | \"{\" root \"}\"",
        "root ::= word rest\nword ::= [a-b]+ [ ]\nrest ::= [^}]* \"}\"",
        "root ::= x x x x\nx ::= y? \"a\"? y?\ny ::= \"[\" x \"]\"",
    };
    struct grammar_vocab *vocab = make_vocab(3);
    unsigned seed = 11;

    (void)state;
    for (unsigned i = 0; i < sizeof(grammars) / sizeof(grammars[0]); i++) {
        struct compiled compiled;

        build(&compiled, grammars[i]);
        for (unsigned j = 0; j < 4; j++) {
            vocab->drops_first_blank = j % 2 == 1;
            walk(&compiled, vocab, &seed);
        }
        discard(&compiled);
    }
    grammar_vocab_destroy(vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_a_regular_expression_takes),
        cmocka_unit_test(refuses_what_is_no_grammar),
        cmocka_unit_test(refuses_a_grammar_of_exponentially_many_states),
        cmocka_unit_test(counts_a_million_without_a_million_states),
        cmocka_unit_test(masks_say_what_trying_each_piece_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
