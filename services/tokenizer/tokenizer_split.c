/* The expressions, in the order in which their alternatives are tried:
 *
 * GPT-2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * Llama-3  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ Qwen2    the same with \p{N} SmolLM   \p{N}
 * cuts the text first; GPT-2 then sees each part as if it stood alone
 *
 * \s+(?!\S) leaves the last blank of a run to the piece that follows it. */
#include "tokenizer_split.h"

#include <stdint.h>

#include "base/utf8.h"
#include "tokenizer_unicode.h"

/* One code point of the text: where it begins, how long it is, what it is. */
struct point {
    size_t at, size;
    uint32_t value;
    enum tokenizer_class class;
    bool is_end; /* beyond the text */
};

static struct point look(struct slice text, size_t at)
{
    struct point point = { .at = at, .is_end = at >= text.size };

    if (point.is_end)
        return point;
    point.value = utf8_decode(slice_cut(text, at, text.size), &point.size);
    point.class = tokenizer_unicode_class(point.value);
    return point;
}

static bool is(struct point point, enum tokenizer_class class)
{
    return !point.is_end && point.class == class;
}

static bool is_newline(struct point point)
{
    return !point.is_end && (point.value == '\r' || point.value == '\n');
}

/* The end of the run of @class that begins at @at, of @points_max code points at most. */
static size_t run(struct slice text, size_t at, enum tokenizer_class class, size_t points_max)
{
    struct point point = look(text, at);

    for (; is(point, class) && points_max > 0; points_max--)
        point = look(text, point.at + point.size);
    return point.at;
}

/* 's 't 're 've 'm 'll 'd at the front; 0 when there is none. Case folding takes U+017F, the long
 * s, along. */
static size_t contraction(struct slice text, bool is_folded)
{
    struct point a, b;
    uint32_t x, y;

    if (text.data[0] != '\'')
        return 0;
    a = look(text, 1);
    b = look(text, a.at + a.size);
    if (a.is_end)
        return 0;
    x = a.value;
    y = b.is_end ? 0 : b.value;
    if (is_folded) {
        x = x == 0x17F ? 's' : x < 128 ? x | 32 : x;
        y = y < 128 ? y | 32 : y;
    }
    if (x == 's' || x == 't' || x == 'm' || x == 'd')
        return a.at + a.size;
    if ((y == 'e' && (x == 'r' || x == 'v')) || (x == 'l' && y == 'l'))
        return b.at + b.size;
    return 0;
}

/* A run of blanks that no earlier alternative took: \s+(?!\S)|\s+ */
static size_t blanks(struct slice text)
{
    struct point point = look(text, 0);
    size_t last = 0;

    while (is(point, TOKENIZER_CLASS_SPACE)) {
        last = point.at;
        point = look(text, point.at + point.size);
    }
    if (point.is_end || last == 0)
        return point.at;
    return last;
}

static size_t next_gpt2(struct slice text)
{
    size_t size = contraction(text, false), skip;
    struct point point;

    if (size > 0)
        return size;
    skip = text.data[0] == ' ';
    point = look(text, skip);
    if (!point.is_end && point.class != TOKENIZER_CLASS_SPACE)
        return run(text, skip, point.class, SIZE_MAX);
    return blanks(text);
}

/* \s*[\r\n]+ : to the last newline of the blanks at the front; 0 when they hold none. */
static size_t newlines(struct slice text)
{
    struct point point = look(text, 0);
    size_t end = 0;

    while (is(point, TOKENIZER_CLASS_SPACE)) {
        if (is_newline(point))
            end = point.at + point.size;
        point = look(text, point.at + point.size);
    }
    return end;
}

static size_t next_llama3(struct slice text, size_t digits_max)
{
    size_t size = contraction(text, true), skip;
    struct point first, second;

    if (size > 0)
        return size;
    first = look(text, 0);
    second = look(text, first.size);
    if (first.class == TOKENIZER_CLASS_LETTER)
        return run(text, 0, TOKENIZER_CLASS_LETTER, SIZE_MAX);
    if (first.class == TOKENIZER_CLASS_NUMBER)
        return run(text, 0, TOKENIZER_CLASS_NUMBER, digits_max);
    if (!is_newline(first) && is(second, TOKENIZER_CLASS_LETTER))
        return run(text, second.at, TOKENIZER_CLASS_LETTER, SIZE_MAX);
    skip = text.data[0] == ' ';
    if (is(look(text, skip), TOKENIZER_CLASS_OTHER)) {
        struct point point = look(text, run(text, skip, TOKENIZER_CLASS_OTHER, SIZE_MAX));

        while (is_newline(point))
            point = look(text, point.at + point.size);
        return point.at;
    }
    size = newlines(text);
    return size > 0 ? size : blanks(text);
}

static size_t next_smollm(struct slice text)
{
    struct point point = look(text, 0);

    if (point.class == TOKENIZER_CLASS_NUMBER)
        return point.size;
    /* A digit ends the part only where GPT-2's piece could look at it: right after blanks. Letters
     * and signs end before it anyway. */
    while (is(point, TOKENIZER_CLASS_SPACE))
        point = look(text, point.at + point.size);
    if (is(point, TOKENIZER_CLASS_NUMBER))
        return next_gpt2(slice_cut(text, 0, point.at));
    return next_gpt2(text);
}

size_t tokenizer_split_next(enum tokenizer_split split, struct slice text)
{
    switch (split) {
    case TOKENIZER_SPLIT_LLAMA3:
        return next_llama3(text, 3);
    case TOKENIZER_SPLIT_QWEN2:
        return next_llama3(text, 1);
    case TOKENIZER_SPLIT_SMOLLM:
        return next_smollm(text);
    case TOKENIZER_SPLIT_GPT2:
        break;
    }
    return next_gpt2(text);
}

bool tokenizer_split_parse(struct slice name, enum tokenizer_split *split)
{
    static const struct {
        const char *name;
        enum tokenizer_split split;
    } names[] = {
        { "gpt-2", TOKENIZER_SPLIT_GPT2 },       { "phi-2", TOKENIZER_SPLIT_GPT2 },
        { "mpt", TOKENIZER_SPLIT_GPT2 },         { "olmo", TOKENIZER_SPLIT_GPT2 },
        { "llama-bpe", TOKENIZER_SPLIT_LLAMA3 }, { "llama3", TOKENIZER_SPLIT_LLAMA3 },
        { "llama-v3", TOKENIZER_SPLIT_LLAMA3 },  { "qwen2", TOKENIZER_SPLIT_QWEN2 },
        { "smollm", TOKENIZER_SPLIT_SMOLLM },    { "starcoder", TOKENIZER_SPLIT_SMOLLM },
        { "refact", TOKENIZER_SPLIT_SMOLLM },    { "command-r", TOKENIZER_SPLIT_SMOLLM },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_is(name, names[i].name)) {
            *split = names[i].split;
            return true;
        }
    }
    return false;
}
