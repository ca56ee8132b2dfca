/* Text to ids and back. Whatever the bytes: decoding gives them again, whole, in two pieces or an
 * id at a time, and never half a code point (bytes that are no UTF-8, and NUL, as U+FFFD); counting
 * counts what encoding gives, with or without words remembered; a cut to a budget is a prefix that
 * fits; no control piece comes of a text that is not trusted; a block cuts where the expression
 * does; random vocabularies give what the plain way to merge gives. The first byte of the input
 * picks the pre-tokeniser and the vocabulary. */
#include "base/buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz_target.h"
#include "tokenizer_block.h"
#include "tokenizer_decode.h"
#include "tokenizer_encode.h"
#include "tokenizer_truncate.h"
#include "tokenizer_unicode.h"
#include "vocab_random.h"
#include "vocab_sample.h"

static const char *const splits[] = { "gpt-2",  "llama-bpe", "qwen2", "smollm",
                                      "gpt-4o", "qwen35",    "tekken" };

#define SPLITS_COUNT (sizeof(splits) / sizeof(splits[0]))

/* A small vocabulary, or one of random pieces. */
struct subject {
    struct tokenizer_vocab *vocab;
    struct vocab_random *random; /* NULL: the small one */
};

static struct vocab_random *make_random(enum tokenizer_split split)
{
    struct vocab_random *random = calloc(1, sizeof(*random));
    static struct arena arenas[SPLITS_COUNT];

    arena_init(&arenas[split], 16 * MIB);
    CHECK(random != NULL && vocab_random_make(random, 7 + split, split, &arenas[split]));
    return random;
}

static struct subject subject_at(size_t index)
{
    static struct subject subjects[2 * SPLITS_COUNT];
    struct subject *subject = &subjects[index];

    if (subject->vocab == NULL && index >= SPLITS_COUNT) {
        subject->random = make_random((enum tokenizer_split)(index - SPLITS_COUNT));
        subject->vocab = tokenizer_vocab_build(&subject->random->parts, (struct slice){ 0 }, NULL);
    } else if (subject->vocab == NULL) {
        subject->vocab = vocab_sample_bpe(splits[index]);
    }
    CHECK(subject->vocab != NULL);
    return *subject;
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

/* An id at a time. */
static void check_decodes_each(const struct tokenizer_vocab *vocab, const struct tokenizer_ids *ids,
                               struct slice text, struct arena *arena)
{
    struct slice state = { 0 }, part;
    size_t at = 0;

    for (size_t i = 0; i < ids->count; i++) {
        CHECK(tokenizer_decode(vocab, ids->ids + i, 1, state, i + 1 == ids->count, arena, &part,
                               &state, NULL)
              == STATUS_OK);
        CHECK(utf8_is_valid(part) && slice_equal(part, slice_cut(text, at, at + part.size)));
        at += part.size;
    }
    CHECK(at == text.size);
}

/* @budget ids: what is cut off fits, ends at a border, and has the count that is said. */
static void check_truncates(const struct tokenizer_vocab *vocab, struct slice text, size_t budget,
                            enum tokenizer_border border, size_t whole)
{
    size_t bytes, count, again;

    CHECK(tokenizer_truncate(vocab, text, budget, border, &bytes, &count, NULL) == STATUS_OK);
    CHECK(bytes <= text.size && count <= budget);
    CHECK(tokenizer_encode_count(vocab, slice_cut(text, 0, bytes), &again, NULL) == STATUS_OK);
    CHECK(again == count);
    CHECK(whole > budget || bytes == text.size);
    if (border == TOKENIZER_BORDER_LINE && bytes > 0 && bytes < text.size)
        CHECK(text.data[bytes] == '\n' || text.data[bytes] == '\r');
}

/* Each piece of the expression by the plain way. */
static void check_ids(const struct subject *subject, struct slice text,
                      const struct tokenizer_ids *ids, struct arena *arena)
{
    uint32_t *plain = arena_alloc(arena, (text.size + 1) * sizeof(*plain));
    enum tokenizer_split split = (enum tokenizer_split)subject->vocab->settings->split;
    size_t count = 0, size;

    CHECK(plain != NULL);
    for (size_t at = 0; at < text.size; at += size) {
        struct slice word = slice_cut(text, at, text.size);
        uint32_t whole;

        size = tokenizer_split_next(split, word);
        word = slice_cut(word, 0, size);
        whole = subject->vocab->settings->ignores_merges
                    ? tokenizer_parts_find(&subject->random->parts, word)
                    : TOKENIZER_NO_ID;
        for (size_t i = 0; i < size; i++)
            plain[count + i] = (unsigned char)word.data[i];
        if (whole != TOKENIZER_NO_ID)
            plain[count++] = whole;
        else
            count += vocab_random_merge(subject->random, plain + count, size);
    }
    CHECK(count == ids->count && memcmp(plain, ids->ids, count * sizeof(*plain)) == 0);
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

static void check_counts(const struct tokenizer_vocab *vocab, struct slice text,
                         const struct tokenizer_ids *ids, struct arena *arena)
{
    struct tokenizer_ids again;
    size_t count;

    CHECK(tokenizer_encode(vocab, text, false, false, arena, &again, NULL) == STATUS_OK);
    CHECK(ids->count == again.count
          && memcmp(ids->ids, again.ids, ids->count * sizeof(ids->ids[0])) == 0);
    CHECK(tokenizer_encode_count(vocab, text, &count, NULL) == STATUS_OK && count == ids->count);
    CHECK(tokenizer_encode_count_to(vocab, text, ids->count / 2, &count, NULL) == STATUS_OK);
    CHECK(ids->count == 0 || count > ids->count / 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text, normal;
    struct subject subject;
    struct tokenizer_ids ids;
    struct arena arena;

    if (size < 2)
        return 0;
    subject = subject_at(data[0] % (2 * SPLITS_COUNT));
    text = slice_of(data + 1, size - 1);
    arena_init(&arena, 256 * MIB);
    check_blocks((enum tokenizer_split)subject.vocab->settings->split, text);
    if (data[0] >= 0xf8) /* dear: some megabytes are overwritten */
        tokenizer_vocab_forget(subject.vocab);
    CHECK(tokenizer_encode(subject.vocab, text, false, false, &arena, &ids, NULL) == STATUS_OK);
    check_counts(subject.vocab, text, &ids, &arena);
    if (subject.random != NULL)
        check_ids(&subject, text, &ids, &arena);
    for (size_t i = 0; i < ids.count && subject.random == NULL; i++)
        CHECK(ids.ids[i] < VOCAB_SAMPLE_IM_START);
    check_truncates(subject.vocab, text, data[1], data[0] % 3, ids.count);
    normal = text;
    if (subject.vocab->settings->normal == TOKENIZER_NORMAL_NFC)
        normal = tokenizer_unicode_nfc(text, &arena);
    normal = shown(normal, &arena);
    check_decodes(subject.vocab, &ids, ids.count / 2, normal, &arena);
    check_decodes(subject.vocab, &ids, ids.count, normal, &arena);
    check_decodes_each(subject.vocab, &ids, normal, &arena);
    arena_close(&arena);
    return 0;
}
