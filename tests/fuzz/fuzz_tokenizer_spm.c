/* SentencePiece and WordPiece: small vocabularies of random pieces. Whatever the bytes: with byte
 * fallback decoding gives what was encoded, a U+2581 as the blank that it stands for; and in every
 * vocabulary ids are pieces, counting counts what encoding gives, with or without words remembered,
 * a cut to a budget is a prefix that fits, and merging in windows gives what the plain heap gives.
 * The first byte of the input picks the vocabulary. */
#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz_target.h"
#include "tokenizer_decode.h"
#include "tokenizer_encode.h"
#include "tokenizer_merge.h"
#include "tokenizer_state.h"
#include "tokenizer_truncate.h"
#include "tokenizer_word.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */
#define BYTES 259            /* pieces before the random ones: unknown, two controls, 256 bytes */
#define PIECES 600
#define VOCABS 8
#define TEXT_MAX 48

enum flavour {
    FLAVOUR_SCORES, /* merges by score, some equal */
    FLAVOUR_MERGES, /* a list of merges */
    FLAVOUR_PREFIX, /* the same, with a blank before the text */
    FLAVOUR_WORDPIECE,
};

static uint64_t random_state = 5;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) * n >> 31);
}

/* One of the characters that pieces are made of, over and over. */
static size_t put_character(char *at)
{
    static const char *const characters[] = {
        "a", "b", "c", "d", "e", "s", "t", "1", "\n", "\xc3\xa9", "\xe4\xb8\xad", BLANK
    };
    const char *character = characters[random_below(sizeof(characters) / sizeof(*characters))];

    memcpy(at, character, strlen(character));
    return strlen(character);
}

static void put(struct tokenizer_parts *parts, uint32_t id, struct slice text,
                enum tokenizer_piece_type type, float score)
{
    CHECK(tokenizer_parts_put_piece(parts, id, text, type, 0, score, NULL) == STATUS_OK);
}

static void put_bytes(struct tokenizer_parts *parts)
{
    char name[8];

    put(parts, 0, SLICE("<unk>"), TOKENIZER_PIECE_UNKNOWN, 0);
    put(parts, 1, SLICE("<s>"), TOKENIZER_PIECE_CONTROL, 0);
    put(parts, 2, SLICE("</s>"), TOKENIZER_PIECE_CONTROL, 0);
    for (unsigned byte = 0; byte < 256; byte++) {
        snprintf(name, sizeof(name), "<0x%02X>", byte);
        put(parts, 3 + byte, slice_from(name), TOKENIZER_PIECE_BYTE, 0);
    }
}

static void put_random(struct tokenizer_parts *parts, enum flavour flavour)
{
    for (uint32_t id = BYTES; id < PIECES; id++) {
        uint32_t a = BYTES + random_below(id - BYTES + 1), b = BYTES + random_below(id - BYTES + 1);
        char text[2 * TEXT_MAX + 4];
        size_t size = 0;

        if (flavour == FLAVOUR_WORDPIECE && random_below(2) == 0)
            size = (size_t)sprintf(text, "##");
        if (id < BYTES + 24 || a == id || b == id || flavour == FLAVOUR_WORDPIECE
            || parts->pieces[a].size + parts->pieces[b].size > TEXT_MAX) {
            for (uint32_t i = 1 + random_below(id < BYTES + 24 ? 1 : 4); i > 0; i--)
                size += put_character(text + size);
        } else {
            memcpy(text, parts->pieces[a].data, parts->pieces[a].size);
            memcpy(text + parts->pieces[a].size, parts->pieces[b].data, parts->pieces[b].size);
            size = parts->pieces[a].size + parts->pieces[b].size;
        }
        put(parts, id, slice_of(text, size), TOKENIZER_PIECE_NORMAL,
            -(float)random_below(flavour == FLAVOUR_SCORES ? 40 : 10000));
    }
}

/* Some cuts of the pieces, in no order; a cut that makes no pieces is refused, and left out. */
static void put_merges(struct tokenizer_parts *parts)
{
    for (uint32_t i = 0; i < 4 * PIECES; i++) {
        struct slice whole = parts->pieces[BYTES + random_below(PIECES - BYTES)];
        size_t cut = whole.size < 2 ? 0 : 1 + random_below((uint32_t)whole.size - 1);

        if (cut > 0)
            (void)tokenizer_parts_put_merge(parts, slice_cut(whole, 0, cut),
                                            slice_cut(whole, cut, whole.size), NULL);
    }
}

static struct tokenizer_vocab *make_vocab(enum flavour flavour)
{
    struct tokenizer_parts parts;
    struct tokenizer_vocab *vocab;
    struct arena arena;

    arena_init(&arena, 64 * MIB);
    tokenizer_parts_init(&parts, &arena);
    parts.settings.kind =
        flavour == FLAVOUR_WORDPIECE ? TOKENIZER_KIND_WORDPIECE : TOKENIZER_KIND_SPM;
    parts.settings.merges_by_score = flavour == FLAVOUR_SCORES;
    parts.settings.prefix =
        flavour == FLAVOUR_PREFIX ? TOKENIZER_PREFIX_FIRST : TOKENIZER_PREFIX_NONE;
    parts.settings.unknown = 0;
    parts.settings.bos = 1;
    parts.settings.eos = 2;
    parts.settings.lowercases = parts.settings.strips_accents = random_below(2) == 0;
    parts.settings.cleans = parts.settings.spaces_cjk = true;
    CHECK(tokenizer_parts_reserve(&parts, PIECES, 4 * PIECES, NULL) == STATUS_OK);
    put_bytes(&parts);
    put_random(&parts, flavour);
    if (flavour == FLAVOUR_MERGES || flavour == FLAVOUR_PREFIX)
        put_merges(&parts);
    vocab = tokenizer_vocab_build(&parts, (struct slice){ 0 }, NULL);
    CHECK(vocab != NULL);
    arena_close(&arena);
    return vocab;
}

/* What decoding gives for the bytes of @text. */
static struct slice shown(struct slice text, struct arena *arena)
{
    struct buffer clean;
    size_t step;

    buffer_init(&clean, arena);
    for (size_t at = 0; at < text.size; at += step) {
        uint32_t point = utf8_decode(slice_cut(text, at, text.size), &step);

        if (point == UTF8_INVALID || point == 0)
            buffer_put_string(&clean, "\xef\xbf\xbd");
        else if (point == 0x2581)
            buffer_put_string(&clean, " ");
        else
            buffer_put(&clean, slice_of(text.data + at, step));
    }
    return buffer_slice(&clean);
}

static void check_decodes(const struct tokenizer_vocab *vocab, const struct tokenizer_ids *ids,
                          struct slice text, struct arena *arena)
{
    struct slice first, second, held, end, wanted = shown(text, arena);
    size_t cut = ids->count / 2;

    CHECK(tokenizer_decode(vocab, ids->ids, cut, (struct slice){ 0 }, false, arena, &first, &held,
                           NULL)
          == STATUS_OK);
    CHECK(tokenizer_decode(vocab, ids->ids + cut, ids->count - cut, held, true, arena, &second,
                           &end, NULL)
          == STATUS_OK);
    CHECK(utf8_is_valid(first) && utf8_is_valid(second));
    if (vocab->settings->kind == TOKENIZER_KIND_WORDPIECE)
        return;
    CHECK(first.size + second.size == wanted.size);
    CHECK(slice_equal(first, slice_cut(wanted, 0, first.size)));
    CHECK(slice_equal(second, slice_cut(wanted, first.size, wanted.size)));
}

static void check_counts(const struct tokenizer_vocab *vocab, struct slice text,
                         const struct tokenizer_ids *ids, size_t budget, struct arena *arena)
{
    struct tokenizer_ids again;
    size_t count, bytes;

    CHECK(tokenizer_encode(vocab, text, false, false, arena, &again, NULL) == STATUS_OK);
    CHECK(ids->count == again.count
          && memcmp(ids->ids, again.ids, ids->count * sizeof(*ids->ids)) == 0);
    CHECK(tokenizer_encode_count(vocab, text, &count, NULL) == STATUS_OK && count == ids->count);
    CHECK(tokenizer_truncate(vocab, text, budget, TOKENIZER_BORDER_WORD, &bytes, &count, NULL)
          == STATUS_OK);
    CHECK(bytes <= text.size && count <= budget);
    CHECK(ids->count > budget || bytes == text.size);
}

/* The text as one word, by both ways to merge. */
static void check_merges(const struct tokenizer_vocab *vocab, struct slice text,
                         struct arena *arena)
{
    const struct tokenizer_tables *tables = &vocab->state->tables;
    uint32_t *units = arena_alloc(arena, (text.size + 1) * sizeof(*units));
    uint32_t *symbols = arena_alloc(arena, (text.size + 1) * 2 * sizeof(*symbols));
    uint32_t *sizes = arena_alloc(arena, (text.size + 1) * 2 * sizeof(*sizes));
    uint32_t *other = symbols + text.size + 1, *other_sizes = sizes + text.size + 1;
    size_t count = tokenizer_word_units(tables, text, units), made;

    made = tokenizer_merge(tables, units, count, symbols, sizes, arena);
    CHECK(made == tokenizer_merge_heap(tables, units, count, other, other_sizes, arena, NULL));
    CHECK(memcmp(symbols, other, made * sizeof(*symbols)) == 0);
    CHECK(memcmp(sizes, other_sizes, made * sizeof(*sizes)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tokenizer_vocab *vocabs[VOCABS];
    struct tokenizer_ids ids;
    struct slice text;
    struct arena arena;
    unsigned which;

    if (size < 3)
        return 0;
    which = data[0] % VOCABS;
    if (vocabs[0] == NULL)
        for (unsigned i = 0; i < VOCABS; i++)
            vocabs[i] = make_vocab((enum flavour)(i % 4));
    text = slice_of(data + 2, size - 2);
    arena_init(&arena, 256 * MIB);
    if (data[0] >= 0xf8) /* dear: some megabytes are overwritten */
        tokenizer_vocab_forget(vocabs[which]);
    CHECK(tokenizer_encode(vocabs[which], text, false, false, &arena, &ids, NULL) == STATUS_OK);
    for (size_t i = 0; i < ids.count; i++)
        CHECK(ids.ids[i] < PIECES && ids.ids[i] != 1 && ids.ids[i] != 2);
    check_counts(vocabs[which], text, &ids, data[1], &arena);
    check_decodes(vocabs[which], &ids, text, &arena);
    if (vocabs[which]->settings->kind == TOKENIZER_KIND_SPM)
        check_merges(vocabs[which], text, &arena);
    arena_close(&arena);
    return 0;
}
