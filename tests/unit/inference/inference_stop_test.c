#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "gguf/gguf_write.h"
#include "inference_stop.h"

/* Ids whose texts are these; the last is a mark. */
static const char *const pieces[] = { "a", "b", "ab", "aab", "b\n", "\n", "xaabx", "<end>" };

#define PIECES 8
#define MARK 7

static char *bytes;
static struct inference_text *text;

static int open_text(void **state)
{
    static const int32_t types[PIECES] = { 4, 4, 4, 4, 4, 4, 4, 3 };
    struct slice texts[PIECES];
    size_t size;
    FILE *stream = open_memstream(&bytes, &size);
    struct gguf_write *write = gguf_write_start_stream(stream, NULL);
    struct gguf *gguf;

    (void)state;
    for (uint32_t i = 0; i < PIECES; i++)
        texts[i] = slice_from(pieces[i]);
    gguf_write_string(write, "tokenizer.ggml.model", SLICE("gpt2"));
    gguf_write_strings(write, "tokenizer.ggml.tokens", texts, PIECES);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, PIECES);
    gguf_write_finish(write, NULL);
    fclose(stream);
    gguf = gguf_open_bytes(slice_of(bytes, size), NULL);
    text = inference_text_create(gguf, PIECES, NULL);
    gguf_close(gguf);
    return text == NULL;
}

static int close_text(void **state)
{
    (void)state;
    inference_text_destroy(text);
    free(bytes);
    return 0;
}

static void add(struct inference_stops *stops, const char *stop)
{
    stops->text = text;
    assert_int_equal(inference_stop_add(stops, slice_from(stop), NULL), STATUS_OK);
}

static void holds_back_only_what_may_become_a_stop_text(void **state)
{
    struct inference_stops stops = { 0 };
    struct inference_stopper stopper = { 0 };
    uint32_t cut;

    (void)state;
    add(&stops, "aab\n");
    assert_false(inference_stop_put(&stops, &stopper, 1, &cut)); /* b */
    assert_int_equal(stopper.held, 0);
    assert_false(inference_stop_put(&stops, &stopper, 0, &cut)); /* ba */
    assert_int_equal(stopper.held, 1);
    assert_false(inference_stop_put(&stops, &stopper, 2, &cut)); /* baab */
    assert_int_equal(stopper.held, 2);
    assert_false(inference_stop_put(&stops, &stopper, 0, &cut)); /* baaba: only the last */
    assert_int_equal(stopper.held, 1);
    assert_false(inference_stop_put(&stops, &stopper, 3, &cut)); /* baabaaab: its aab, in one id */
    assert_int_equal(stopper.held, 1);
    assert_true(inference_stop_put(&stops, &stopper, 5, &cut));
    assert_int_equal(stopper.held, 2);
    assert_int_equal(cut, 0);
}

static void cuts_the_id_in_which_a_stop_text_begins(void **state)
{
    struct inference_stops stops = { 0 };
    struct inference_stopper stopper = { 0 };
    uint32_t cut;

    (void)state;
    add(&stops, "bx");
    add(&stops, "b\nb");
    assert_false(inference_stop_put(&stops, &stopper, 2, &cut)); /* ab */
    assert_int_equal(stopper.held, 1);
    assert_false(inference_stop_put(&stops, &stopper, 5, &cut)); /* ab\n */
    assert_int_equal(stopper.held, 2);
    assert_true(
        inference_stop_put(&stops, &stopper, 4, &cut)); /* ab\nb\n: the end of it is behind */
    assert_int_equal(stopper.held, 2);
    assert_int_equal(cut, 1);

    stopper = (struct inference_stopper){ 0 };
    assert_true(inference_stop_put(&stops, &stopper, 6, &cut)); /* xaabx: inside one id */
    assert_int_equal(stopper.held, 0);
    assert_int_equal(cut, 2);
}

static void matches_nothing_over_a_mark(void **state)
{
    struct inference_stops stops = { 0 };
    struct inference_stopper stopper = { 0 };
    uint32_t cut;

    (void)state;
    add(&stops, "ab");
    assert_false(inference_stop_put(&stops, &stopper, 0, &cut));
    assert_false(inference_stop_put(&stops, &stopper, MARK, &cut));
    assert_int_equal(stopper.held, 0);
    assert_false(inference_stop_put(&stops, &stopper, 1, &cut));
}

/* Against looking for the text in the whole answer, over random answers. */
static void finds_what_a_search_of_the_whole_text_finds(void **state)
{
    static const char *const stops_of[] = { "aaba", "abab", "b\nb", "xaab", "\n\n" };
    uint64_t random = 1;

    (void)state;
    for (int run = 0; run < 2000; run++) {
        struct inference_stops stops = { 0 };
        struct inference_stopper stopper = { 0 };
        char whole[256] = "", given[256] = "";
        uint32_t ids[24], count = 0, cut = 0;
        bool is_over = false;
        const char *stop = stops_of[run % 5], *found;

        add(&stops, stop);
        while (count < 24 && !is_over) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            ids[count] = (uint32_t)(random >> 33) % MARK;
            strcat(whole, pieces[ids[count]]);
            is_over = inference_stop_put(&stops, &stopper, ids[count++], &cut);
            assert_int_equal(is_over, strstr(whole, stop) != NULL);
        }
        for (uint32_t i = 0; i < count - stopper.held; i++)
            strcat(given, pieces[ids[i]]);
        found = strstr(whole, stop);
        if (is_over)
            assert_int_equal(strlen(given) - cut, found - whole);
        /* What is given out does not end in a beginning of the stop text. */
        for (size_t size = 1; !is_over && size < strlen(stop); size++)
            assert_true(strlen(given) < size
                        || memcmp(given + strlen(given) - size, stop, size) != 0
                        || strlen(given) < strlen(whole));
    }
}

static void refuses_texts_that_are_empty_long_or_many(void **state)
{
    struct inference_stops stops = { .text = text };
    char longest[INFERENCE_STOP_BYTES_MAX + 1];

    (void)state;
    memset(longest, 'a', sizeof(longest));
    assert_int_equal(inference_stop_add(&stops, SLICE(""), NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(inference_stop_add(&stops, slice_of(longest, sizeof(longest)), NULL),
                     STATUS_INVALID_ARGUMENT);
    for (int i = 0; i < INFERENCE_STOP_TEXTS_MAX; i++)
        assert_int_equal(inference_stop_add(&stops, slice_of(longest, sizeof(longest) - 1), NULL),
                         STATUS_OK);
    assert_int_equal(inference_stop_add(&stops, SLICE("a"), NULL), STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_back_only_what_may_become_a_stop_text),
        cmocka_unit_test(cuts_the_id_in_which_a_stop_text_begins),
        cmocka_unit_test(matches_nothing_over_a_mark),
        cmocka_unit_test(finds_what_a_search_of_the_whole_text_finds),
        cmocka_unit_test(refuses_texts_that_are_empty_long_or_many),
    };

    return cmocka_run_group_tests(tests, open_text, close_text);
}
