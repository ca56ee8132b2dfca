#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "tokenizer_encode.h"
#include "tokenizer_state.h"
#include "tokenizer_word.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */
#define BYTES 257            /* the unknown piece and 256 bytes */
#define PIECES 700
#define TEXT_BYTES 600
#define MARK "<u>" /* a user piece; no text has it by chance */
#define MARK_ID (PIECES - 1)

static const char letters[] = "abcdestABC", digits[] = "0123456789", signs[] = ".,;:\"{}()-\n";

static uint64_t random_state = 7;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) * n >> 31);
}

static char one_of(const char *characters)
{
    return characters[random_below((uint32_t)strlen(characters))];
}

static void put(struct tokenizer_parts *parts, uint32_t id, const char *text,
                enum tokenizer_piece_type type)
{
    assert_int_equal(tokenizer_parts_put_piece(parts, id, slice_from(text), type, 0,
                                               -(float)random_below(5000), NULL),
                     STATUS_OK);
}

/* Letters, with a blank before them or not; or signs; or one character of any kind. */
static void make_piece(char *text)
{
    static const char *const kinds[] = { letters, signs };
    const char *characters = kinds[random_below(2)];
    uint32_t count = 2 + random_below(4);

    if (random_below(6) == 0) {
        characters = digits;
        count = 1;
    }
    if (characters == letters && random_below(2) == 0)
        text += sprintf(text, BLANK);
    for (uint32_t i = 0; i < count; i++)
        *text++ = one_of(characters);
    *text = '\0';
}

/* @crossing: a piece of letters and a sign, or NULL. */
static struct tokenizer_vocab *make_vocab(const char *crossing)
{
    static const char *const kinds[] = { letters, digits, signs };
    struct tokenizer_parts parts;
    struct tokenizer_vocab *vocab;
    struct arena arena;
    char text[32];
    uint32_t id = 1;

    arena_init(&arena, 16 * MIB);
    tokenizer_parts_init(&parts, &arena);
    parts.settings.kind = TOKENIZER_KIND_SPM;
    parts.settings.merges_by_score = true;
    parts.settings.unknown = 0;
    assert_int_equal(tokenizer_parts_reserve(&parts, PIECES, PIECES, NULL), STATUS_OK);
    put(&parts, 0, "<unk>", TOKENIZER_PIECE_UNKNOWN);
    for (; id < BYTES; id++) {
        snprintf(text, sizeof(text), "<0x%02X>", id - 1);
        put(&parts, id, text, TOKENIZER_PIECE_BYTE);
    }
    for (size_t kind = 0; kind < 3; kind++)
        for (const char *at = kinds[kind]; *at != '\0'; at++)
            put(&parts, id++, (char[]){ *at, '\0' }, TOKENIZER_PIECE_NORMAL);
    put(&parts, id++, BLANK, TOKENIZER_PIECE_NORMAL);
    put(&parts, id++, BLANK BLANK, TOKENIZER_PIECE_NORMAL);
    if (crossing != NULL)
        put(&parts, id++, crossing, TOKENIZER_PIECE_NORMAL);
    for (; id < MARK_ID; id++) {
        make_piece(text);
        put(&parts, id, text, TOKENIZER_PIECE_NORMAL);
    }
    put(&parts, MARK_ID, MARK, TOKENIZER_PIECE_USER);
    vocab = tokenizer_vocab_build(&parts, (struct slice){ 0 }, NULL);
    assert_non_null(vocab);
    arena_close(&arena);
    return vocab;
}

/* Words between blanks, numbers, runs of signs; now and then a character beyond ASCII. */
static void make_text(char *text)
{
    static const char *const kinds[] = { letters, letters, letters, digits, signs, "  \n" };
    bool has_others = random_below(2) == 0;

    for (size_t size = 0; size < TEXT_BYTES;) {
        const char *characters = kinds[random_below(6)];

        for (uint32_t left = 1 + random_below(7); left > 0; left--)
            text[size++] = one_of(characters);
        if (has_others && random_below(12) == 0)
            size += (size_t)sprintf(text + size, "\xc3\xa9");
        if (random_below(2) == 0)
            text[size++] = ' ';
    }
}

/* What the text gives as one word, which is not cut at all. */
static void assert_uncut(const struct tokenizer_vocab *vocab, struct slice text)
{
    static uint32_t whole[TEXT_BYTES];
    struct tokenizer_ids ids;
    struct arena arena;
    size_t count;

    arena_init(&arena, 16 * MIB);
    assert_int_equal(
        tokenizer_word_encode(&vocab->state->tables, text, &arena, whole, &count, NULL), STATUS_OK);
    assert_int_equal(tokenizer_encode(vocab, text, false, false, &arena, &ids, NULL), STATUS_OK);
    assert_int_equal(ids.count, count);
    assert_memory_equal(ids.ids, whole, count * sizeof(*whole));
    assert_int_equal(tokenizer_encode_count(vocab, text, &count, NULL), STATUS_OK);
    assert_int_equal(count, ids.count);
    arena_close(&arena);
}

static void assert_texts_uncut(const struct tokenizer_vocab *vocab)
{
    static char text[TEXT_BYTES + 32];

    for (int i = 0; i < 300; i++) {
        make_text(text);
        assert_uncut(vocab, slice_of(text + random_below(9), TEXT_BYTES - random_below(400) - 9));
    }
}

static void cuts_where_classes_change_alter_no_id(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct tokenizer_vocab *vocab = make_vocab(NULL);

        assert_true(vocab->state->tables.cuts_by_class);
        assert_texts_uncut(vocab);
        tokenizer_vocab_destroy(vocab);
    }
}

static void a_piece_across_classes_forbids_such_cuts(void **state)
{
    struct tokenizer_vocab *vocab = make_vocab("st,");

    (void)state;
    assert_false(vocab->state->tables.cuts_by_class);
    assert_texts_uncut(vocab);
    tokenizer_vocab_destroy(vocab);
}

/* @text lies in memory of its own size: nothing beyond it is read. */
static void assert_whole(const struct tokenizer_vocab *vocab, struct slice text,
                         const uint32_t *expected, size_t expected_count)
{
    char *own = malloc(text.size);
    struct slice copy = slice_of(memcpy(own, text.data, text.size), text.size);
    struct tokenizer_ids ids;
    struct arena arena;
    size_t count;

    arena_init(&arena, 16 * MIB);
    assert_int_equal(tokenizer_encode(vocab, copy, false, false, &arena, &ids, NULL), STATUS_OK);
    assert_int_equal(ids.count, expected_count);
    assert_memory_equal(ids.ids, expected, expected_count * sizeof(*expected));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tokenizer_encode_count(vocab, copy, &count, NULL), STATUS_OK);
        assert_int_equal(count, expected_count);
    }
    arena_close(&arena);
    free(own);
}

/* Some stretches with the mark between them, and what each of them gives alone. */
static void assert_stretches(const struct tokenizer_vocab *vocab)
{
    static char text[TEXT_BYTES + 32], whole[8 * TEXT_BYTES];
    static uint32_t expected[8 * TEXT_BYTES];
    size_t size = 0, count = 0;

    for (uint32_t left = 1 + random_below(6); left > 0; left--) {
        struct tokenizer_ids ids;
        struct arena arena;
        size_t bytes = random_below(170);

        make_text(text);
        memcpy(whole + size, text, bytes);
        size += bytes + (size_t)sprintf(whole + size + bytes, MARK);
        arena_init(&arena, 16 * MIB);
        assert_int_equal(
            tokenizer_encode(vocab, slice_of(text, bytes), false, false, &arena, &ids, NULL),
            STATUS_OK);
        if (ids.count > 0)
            memcpy(expected + count, ids.ids, ids.count * sizeof(*ids.ids));
        count += ids.count;
        expected[count++] = MARK_ID;
        arena_close(&arena);
    }
    assert_whole(vocab, slice_of(whole, size), expected, count);
}

static void what_is_between_user_pieces_is_encoded_as_alone(void **state)
{
    struct tokenizer_vocab *vocab = make_vocab(NULL);

    (void)state;
    for (int i = 0; i < 300; i++)
        assert_stretches(vocab);
    tokenizer_vocab_destroy(vocab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_where_classes_change_alter_no_id),
        cmocka_unit_test(a_piece_across_classes_forbids_such_cuts),
        cmocka_unit_test(what_is_between_user_pieces_is_encoded_as_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
