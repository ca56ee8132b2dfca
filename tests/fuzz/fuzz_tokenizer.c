/* Text to ids and back. Whatever the bytes: decoding gives them again, whole or in two pieces and
 * never half a code point (bytes that are no UTF-8, and NUL, as U+FFFD); counting counts what
 * encoding gives, with or without words remembered; no control piece comes of a text that is not
 * trusted; a block cuts where the expression does. The first byte of the input picks the
 * pre-tokeniser. */
#include "base/buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz_target.h"
#include "tokenizer_block.h"
#include "tokenizer_decode.h"
#include "tokenizer_encode.h"
#include "tokenizer_unicode.h"
#include "vocab_sample.h"

static const char *const splits[] = { "gpt-2",  "llama-bpe", "qwen2", "smollm",
                                      "gpt-4o", "qwen35",    "tekken" };

#define SPLITS_COUNT (sizeof(splits) / sizeof(splits[0]))

static const struct tokenizer_vocab *vocab_at(size_t index)
{
    static struct tokenizer_vocab *vocabs[SPLITS_COUNT];

    if (vocabs[index] == NULL)
        vocabs[index] = vocab_sample_bpe(splits[index]);
    CHECK(vocabs[index] != NULL);
    return vocabs[index];
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
        else
            buffer_put(&clean, slice_of(text.data + at, step));
    }
    return buffer_slice(&clean);
}

/* Decode in two pieces, cut after @cut ids. */
static void check_decodes(const struct tokenizer_vocab *vocab, const struct tokenizer_ids *ids,
                          size_t cut, struct slice text, struct arena *arena)
{
    struct slice first, second, held, end;

    CHECK(tokenizer_decode(vocab, ids->ids, cut, (struct slice){ 0 }, false, arena, &first, &held,
                           NULL)
          == STATUS_OK);
    CHECK(tokenizer_decode(vocab, ids->ids + cut, ids->count - cut, held, true, arena, &second,
                           &end, NULL)
          == STATUS_OK);
    CHECK(utf8_is_valid(first) && utf8_is_valid(second));
    CHECK(first.size + second.size == text.size);
    CHECK(slice_equal(first, slice_cut(text, 0, first.size)));
    CHECK(slice_equal(second, slice_cut(text, first.size, text.size)));
}

static void check_blocks(enum tokenizer_split split, struct slice text)
{
    while (text.size >= TOKENIZER_BLOCK_BYTES) {
        struct tokenizer_block block = tokenizer_block_split(split, text.data);
        size_t at = 0, first = tokenizer_split_next(split, text);

        for (uint64_t starts = block.starts; starts != 0; starts &= starts - 1) {
            CHECK((size_t)__builtin_ctzll(starts) == at);
            at += tokenizer_split_next(split, slice_cut(text, at, text.size));
        }
        CHECK(block.size == 0 || block.size == at);
        text = slice_cut(text, first, text.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tokenizer_vocab *vocab;
    struct tokenizer_ids ids, again;
    struct slice text, normal;
    struct arena arena;
    size_t count;

    if (size < 2)
        return 0;
    vocab = vocab_at(data[0] % SPLITS_COUNT);
    text = slice_of(data + 1, size - 1);
    arena_init(&arena, 256 * MIB);
    check_blocks((enum tokenizer_split)vocab->settings->split, text);
    if (data[0] >= 0xf8) /* dear: some megabytes are overwritten */
        tokenizer_vocab_forget(vocab);
    CHECK(tokenizer_encode(vocab, text, false, false, &arena, &ids, NULL) == STATUS_OK);
    CHECK(tokenizer_encode(vocab, text, false, false, &arena, &again, NULL) == STATUS_OK);
    CHECK(ids.count == again.count
          && memcmp(ids.ids, again.ids, ids.count * sizeof(ids.ids[0])) == 0);
    CHECK(tokenizer_encode_count(vocab, text, &count, NULL) == STATUS_OK && count == ids.count);
    for (size_t i = 0; i < ids.count; i++)
        CHECK(ids.ids[i] < VOCAB_SAMPLE_IM_START);
    normal = text;
    if (vocab->settings->normal == TOKENIZER_NORMAL_NFC)
        normal = tokenizer_unicode_nfc(text, &arena);
    normal = shown(normal, &arena);
    check_decodes(vocab, &ids, ids.count / 2, normal, &arena);
    check_decodes(vocab, &ids, ids.count, normal, &arena);
    arena_close(&arena);
    return 0;
}
