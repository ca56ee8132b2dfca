/* Text to ids and back: the same text, whole or in two pieces, and never a control piece from a
 * text that is not trusted. The first byte of the input picks the pre-tokeniser. */
#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz_target.h"
#include "tokenizer_decode.h"
#include "tokenizer_encode.h"
#include "vocab_sample.h"

static const char *const splits[] = { "gpt-2", "llama-bpe", "qwen2" };

#define SPLITS_COUNT (sizeof(splits) / sizeof(splits[0]))

static const struct tokenizer_vocab *vocab_at(size_t index)
{
    static struct tokenizer_vocab *vocabs[SPLITS_COUNT];

    if (vocabs[index] == NULL)
        vocabs[index] = vocab_sample_bpe(splits[index]);
    CHECK(vocabs[index] != NULL);
    return vocabs[index];
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tokenizer_vocab *vocab;
    struct tokenizer_ids ids;
    struct slice text;
    struct arena arena;
    size_t count;

    if (size == 0)
        return 0;
    vocab = vocab_at(data[0] % SPLITS_COUNT);
    text = slice_of(data + 1, size - 1);
    if (text.size == 0 || !utf8_is_valid(text) || slice_find_byte(text, '\0') < text.size)
        return 0;
    arena_init(&arena, 64 * MIB);
    CHECK(tokenizer_encode(vocab, text, false, false, &arena, &ids, NULL) == STATUS_OK);
    CHECK(tokenizer_encode_count(vocab, text, &count, NULL) == STATUS_OK && count == ids.count);
    for (size_t i = 0; i < ids.count; i++)
        CHECK(ids.ids[i] < VOCAB_SAMPLE_IM_START);
    check_decodes(vocab, &ids, ids.count / 2, text, &arena);
    check_decodes(vocab, &ids, ids.count, text, &arena);
    arena_close(&arena);
    return 0;
}
