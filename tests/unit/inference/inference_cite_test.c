#include "inference_cite.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define PIECES 900

static bool is_allowed(const uint32_t *bits, uint32_t id)
{
    return (bits[id / 32] >> id % 32 & 1) != 0;
}

/* Single bytes, and pieces of what stands in and about citations. */
static struct grammar_vocab *make_vocab(void)
{
    static const char letters[] = "[[[]]],,  0123719a";
    static char texts[PIECES][6];
    struct slice slices[PIECES];
    unsigned seed = 5;

    for (unsigned id = 0; id < PIECES; id++) {
        unsigned size = id < 128 ? 1 : 1 + (unsigned)rand_r(&seed) % 5;

        for (unsigned i = 0; i < size; i++)
            texts[id][i] = letters[(unsigned)rand_r(&seed) % (sizeof(letters) - 1)];
        if (id < 128)
            texts[id][0] = (char)id;
        slices[id] = slice_of(texts[id], id == 0 ? 0 : size);
    }
    return grammar_vocab_build(slices, PIECES, NULL);
}

static bool is_fact(unsigned long number, const uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == number)
            return true;
    }
    return false;
}

/* As whoever reads answers does: each bracket that holds nothing but numbers, commas and blanks. */
static unsigned check_citations(const char *text, const uint32_t *ids, size_t count)
{
    unsigned found = 0;

    for (const char *open = strchr(text, '['); open != NULL; open = strchr(open + 1, '[')) {
        size_t size = strspn(open + 1, "0123456789, ");
        const char *at = open + 1;

        if (open[1 + size] != ']')
            continue;
        while (at < open + 1 + size) {
            char *end;
            unsigned long number;

            if (*at == ',' || *at == ' ') {
                at++;
                continue;
            }
            number = strtoul(at, &end, 10);
            if (!is_fact(number, ids, count))
                fail_msg("%s", text);
            found++;
            at = end;
        }
    }
    return found;
}

static void only_facts_of_the_prompt_can_be_cited(void **state)
{
    static const uint32_t ids[] = { 12, 1, 3, 170, 19 };
    struct grammar_vocab *vocab = make_vocab();
    struct inference_cite_vocab *cite = inference_cite_vocab_create(vocab, NULL);
    unsigned seed = 9, found = 0;

    (void)state;
    for (unsigned walk = 0; walk < 600; walk++) {
        struct inference_mask mask;
        char text[400];
        size_t size = 0;

        assert_int_equal(inference_cite_init(&mask, cite, ids, walk % 6, NULL), STATUS_OK);
        for (unsigned step = 0; step < 40; step++) {
            uint32_t bits[INFERENCE_MASK_WORDS(PIECES)] = { 0 }, id;
            struct slice piece;

            assert_int_equal(mask.fill(mask.state, bits, NULL), STATUS_OK);
            do
                id = 128 + (uint32_t)rand_r(&seed) % (PIECES - 128);
            while (!is_allowed(bits, id));
            mask.accept(mask.state, id);
            piece = grammar_vocab_piece(vocab, id);
            memcpy(text + size, piece.data, piece.size);
            size += piece.size;
        }
        text[size] = '\0';
        found += check_citations(text, ids, walk % 6);
        mask.release(mask.state);
    }
    assert_true(found > 200);
    inference_cite_vocab_destroy(cite);
    grammar_vocab_destroy(vocab);
}

/* Whether @text can be said byte by byte with the facts 3 and 170. */
static bool can_say(const struct inference_cite_vocab *cite, const char *text)
{
    static const uint32_t ids[] = { 3, 170 };
    struct inference_mask mask;
    bool is_said = true;

    assert_int_equal(inference_cite_init(&mask, cite, ids, 2, NULL), STATUS_OK);
    for (; *text != '\0' && is_said; text++) {
        uint32_t bits[INFERENCE_MASK_WORDS(PIECES)] = { 0 };

        mask.fill(mask.state, bits, NULL);
        is_said = is_allowed(bits, (uint32_t)*text);
        mask.accept(mask.state, (uint32_t)*text);
    }
    mask.release(mask.state);
    return is_said;
}

static void leaves_everything_else_to_be_said(void **state)
{
    static const char *const said[] = { "a [3], b [3, 170][170] c", "[NAME-3b] [sic] []",
                                        "5 of 7, [ 3 ] 99]", "[[3]]", "[170" };
    static const char *const unsaid[] = { "[4]",    "[17]", "[17,", "[1700",
                                          "[3, 4]", "[03]", "[ 2",  "[17 " };
    struct grammar_vocab *vocab = make_vocab();
    struct inference_cite_vocab *cite = inference_cite_vocab_create(vocab, NULL);

    (void)state;
    for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        assert_true(can_say(cite, said[i]));
    for (unsigned i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++)
        assert_false(can_say(cite, unsaid[i]));
    inference_cite_vocab_destroy(cite);
    grammar_vocab_destroy(vocab);
}

static void a_copy_goes_its_own_way(void **state)
{
    static const uint32_t ids[] = { 3, 170 };
    struct grammar_vocab *vocab = make_vocab();
    struct inference_cite_vocab *cite = inference_cite_vocab_create(vocab, NULL);
    uint32_t bits[INFERENCE_MASK_WORDS(PIECES)] = { 0 };
    struct inference_mask mask;
    void *other;

    (void)state;
    assert_int_equal(inference_cite_init(&mask, cite, ids, 2, NULL), STATUS_OK);
    other = mask.copy(mask.state);
    mask.accept(mask.state, '[');
    mask.release(mask.state);
    mask.fill(other, bits, NULL);
    assert_true(is_allowed(bits, '9'));
    mask.release(other);
    inference_cite_vocab_destroy(cite);
    grammar_vocab_destroy(vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_facts_of_the_prompt_can_be_cited),
        cmocka_unit_test(leaves_everything_else_to_be_said),
        cmocka_unit_test(a_copy_goes_its_own_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
