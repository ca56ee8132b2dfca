/* The expressions, in the order in which their alternatives are tried:
 *
 * GPT-2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 * Llama-3  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 *          | ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 * Qwen2    the same with \p{N}
 * Qwen3.5  the same with [\p{L}\p{M}]+ and [^\s\p{L}\p{M}\p{N}]
 * SmolLM   \p{N} cuts the text first; GPT-2 then sees each part as if it stood alone
 * o200k    [^\r\n\p{L}\p{N}]?U*l+C?|[^\r\n\p{L}\p{N}]?U+l*C?|\p{N}{1,3}
 *          | ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *          where U is [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], l is [\p{Ll}\p{Lm}\p{Lo}\p{M}] and C the
 *          contractions of Llama-3
 * Tekken   the same without C, with \p{N}
 *
 * \s+(?!\S) leaves the last blank of a run to the piece that follows it. */
#include "tokenizer_split.h"

#include "base/utf8.h"
#include "tokenizer_unicode.h"

#define BIT(class) (1u << TOKENIZER_CLASS_##class)
#define LETTERS (BIT(LETTER) | BIT(LOWER) | BIT(UPPER))
#define SIGNS (BIT(OTHER) | BIT(MARK)) /* [^\s\p{L}\p{N}] */
#define UPPERS (BIT(UPPER) | BIT(LETTER) | BIT(MARK))
#define LOWERS (BIT(LOWER) | BIT(LETTER) | BIT(MARK))

static const uint8_t ascii[128] = {
    ['\t' ... '\r'] = BIT(SPACE), [' '] = BIT(SPACE),         ['0' ... '9'] = BIT(NUMBER),
    ['A' ... 'Z'] = BIT(UPPER),   ['a' ... 'z'] = BIT(LOWER),
};

/* One code point of the text: where it begins, how long it is, what it is. */
struct point {
    size_t at, size;
    uint32_t value;
    unsigned class; /* a bit; 0 beyond the text */
};

static inline struct point look(struct slice text, size_t at)
{
    struct point point = { .at = at };

    if (at >= text.size)
        return point;
    point.value = (unsigned char)text.data[at];
    if (point.value < 0x80) {
        point.size = 1;
        point.class = ascii[point.value] == 0 ? BIT(OTHER) : ascii[point.value];
        return point;
    }
    point.value = utf8_decode(slice_cut(text, at, text.size), &point.size);
    point.class = 1u << tokenizer_unicode_class(point.value);
    return point;
}

static bool is(struct point point, unsigned classes)
{
    return (point.class & classes) != 0;
}

static bool is_newline(struct point point)
{
    return point.class != 0 && (point.value == '\r' || point.value == '\n');
}

/* The end of the run of @classes that begins at @at, of @points_max code points at most. */
static size_t run(struct slice text, size_t at, unsigned classes, size_t points_max)
{
    struct point point = look(text, at);

    for (; is(point, classes) && points_max > 0; points_max--)
        point = look(text, point.at + point.size);
    return point.at;
}

/* 's 't 're 've 'm 'll 'd at @at; the place after it, or 0. Case folding takes U+017F, the long s,
 * along. */
static size_t contraction(struct slice text, size_t at, bool is_folded)
{
    struct point a, b;
    uint32_t x, y;

    if (at >= text.size || text.data[at] != '\'')
        return 0;
    a = look(text, at + 1);
    b = look(text, a.at + a.size);
    if (a.class == 0)
        return 0;
    x = a.value;
    y = b.class == 0 ? 0 : b.value;
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

    while (is(point, BIT(SPACE))) {
        last = point.at;
        point = look(text, point.at + point.size);
    }
    if (point.class == 0 || last == 0)
        return point.at;
    return last;
}

static size_t next_gpt2(struct slice text)
{
    size_t size = contraction(text, 0, false), skip;
    struct point point;

    if (size > 0)
        return size;
    skip = text.data[0] == ' ';
    point = look(text, skip);
    if (is(point, LETTERS))
        return run(text, skip, LETTERS, SIZE_MAX);
    if (is(point, SIGNS))
        return run(text, skip, SIGNS, SIZE_MAX);
    if (is(point, BIT(NUMBER)))
        return run(text, skip, BIT(NUMBER), SIZE_MAX);
    return blanks(text);
}

/* \s*[\r\n]+ : to the last newline of the blanks at the front; 0 when they hold none. */
static size_t newlines(struct slice text)
{
    struct point point = look(text, 0);
    size_t end = 0;

    while (is(point, BIT(SPACE))) {
        if (is_newline(point))
            end = point.at + point.size;
        point = look(text, point.at + point.size);
    }
    return end;
}

/* From \p{N} on the families differ in little: @digits_max, what a sign is, whether '/' goes with
 * the newlines after signs. */
static size_t next_common(struct slice text, size_t digits_max, unsigned signs, bool takes_slash)
{
    size_t size, skip = text.data[0] == ' ';

    if (is(look(text, 0), BIT(NUMBER)))
        return run(text, 0, BIT(NUMBER), digits_max);
    if (is(look(text, skip), signs)) {
        struct point point = look(text, run(text, skip, signs, SIZE_MAX));

        while (is_newline(point) || (takes_slash && point.class != 0 && point.value == '/'))
            point = look(text, point.at + point.size);
        return point.at;
    }
    size = newlines(text);
    return size > 0 ? size : blanks(text);
}

static size_t next_llama3(struct slice text, size_t digits_max, unsigned letters)
{
    size_t size = contraction(text, 0, true);
    struct point first, second;

    if (size > 0)
        return size;
    first = look(text, 0);
    second = look(text, first.size);
    /* [^\r\n\p{L}\p{N}]? is greedy: a mark is taken as the sign before the letters, with the same
     * end. */
    if (is(first, letters))
        return run(text, 0, letters, SIZE_MAX);
    if (!is(first, LETTERS | BIT(NUMBER)) && !is_newline(first) && is(second, letters))
        return run(text, second.at, letters, SIZE_MAX);
    return next_common(text, digits_max, SIGNS & ~letters, false);
}

/* U*l+ at @at: its end, or 0. U* gives back what l+ needs: without anything lower after the run of
 * U, the last of the run that is not strictly upper. */
static size_t lower_word(struct slice text, size_t at)
{
    struct point point = look(text, at);
    size_t last_lower = 0;

    while (is(point, UPPERS)) {
        if (is(point, LOWERS))
            last_lower = point.at + point.size;
        point = look(text, point.at + point.size);
    }
    return is(point, LOWERS) ? run(text, point.at, LOWERS, SIZE_MAX) : last_lower;
}

/* U+l* at @at, where U*l+ has not matched: nothing lower follows. Its end, or 0. */
static size_t upper_word(struct slice text, size_t at)
{
    size_t end = run(text, at, UPPERS, SIZE_MAX);

    return end > at ? end : 0;
}

static size_t next_o200k(struct slice text, size_t digits_max, bool has_contractions)
{
    struct point first = look(text, 0);
    bool is_prefix = !is(first, LETTERS | BIT(NUMBER)) && !is_newline(first);
    size_t end = is_prefix ? lower_word(text, first.size) : 0, suffix;

    if (end == 0)
        end = lower_word(text, 0);
    if (end == 0 && is_prefix)
        end = upper_word(text, first.size);
    if (end == 0)
        end = upper_word(text, 0);
    if (end == 0)
        return next_common(text, digits_max, SIGNS, true);
    suffix = has_contractions ? contraction(text, end, true) : 0;
    return suffix > 0 ? suffix : end;
}

/* Numbers of Unicode 17: the reference's first step knows them, its expressions do not. */
static bool is_late_number(uint32_t value)
{
    return value - 0x11DE0 < 10 || value - 0x16FF4 < 3;
}

static bool is_cut_out(struct point point)
{
    return is(point, BIT(NUMBER)) || (point.class != 0 && is_late_number(point.value));
}

/* A number ends the part that GPT-2's piece could look at: after blanks, which would look at what
 * follows them, and a late one after signs, of which it would be one. Other pieces end before it
 * anyway. */
static size_t next_smollm(struct slice text)
{
    struct point point = look(text, 0);

    if (is_cut_out(point))
        return point.size;
    while (is(point, BIT(SPACE)))
        point = look(text, point.at + point.size);
    if (is_cut_out(point))
        return next_gpt2(slice_cut(text, 0, point.at));
    if (contraction(text, 0, false) > 0)
        return next_gpt2(text);
    point = look(text, text.data[0] == ' ');
    if (!is(point, SIGNS))
        return next_gpt2(text);
    while (is(point, SIGNS) && !is_cut_out(point))
        point = look(text, point.at + point.size);
    return point.at;
}

size_t tokenizer_split_next(enum tokenizer_split split, struct slice text)
{
    switch (split) {
    case TOKENIZER_SPLIT_LLAMA3:
        return next_llama3(text, 3, LETTERS);
    case TOKENIZER_SPLIT_QWEN2:
        return next_llama3(text, 1, LETTERS);
    case TOKENIZER_SPLIT_QWEN35:
        return next_llama3(text, 1, LETTERS | BIT(MARK));
    case TOKENIZER_SPLIT_O200K:
        return next_o200k(text, 3, true);
    case TOKENIZER_SPLIT_TEKKEN:
        return next_o200k(text, 1, false);
    case TOKENIZER_SPLIT_SMOLLM:
        return next_smollm(text);
    case TOKENIZER_SPLIT_GPT2:
    case TOKENIZER_SPLIT_COUNT:
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
        { "gpt-4o", TOKENIZER_SPLIT_O200K },     { "llama4", TOKENIZER_SPLIT_O200K },
        { "qwen35", TOKENIZER_SPLIT_QWEN35 },    { "tekken", TOKENIZER_SPLIT_TEKKEN },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_is(name, names[i].name)) {
            *split = names[i].split;
            return true;
        }
    }
    return false;
}
