/* Bits are numbered as bytes are: bit 0 is the first. x << 1 is 'the byte before is in x', x >> 1
 * 'the byte after is'.
 *
 * What lies beyond the block, or beyond the first thing that blocks do not know, may change only
 * the last piece before it: so that piece is left for the next block, which begins with it.
 *
 *     load_ascii → put_points (what is not ASCII) → cut at the limit → borders of the family
 *     → leave the last piece */
#include "tokenizer_block.h"

#include "base/utf8.h"
#include "tokenizer_bytes.h"
#include "tokenizer_unicode.h"

/* Of a code point. */
#define UTF8_BYTES_MAX 4

struct masks {
    uint64_t letters, numbers, blanks, newlines, spaces, quotes, uppers, slashes;
    uint64_t signs;  /* all that is none of letters, numbers and blanks */
    uint64_t single; /* the last byte of a sign that stands alone and has no space before it */
    uint64_t beyond; /* bytes that are not ASCII */
    uint32_t limit;  /* bytes that are known */
};

static void load_ascii_generic(struct masks *masks, const char *text)
{
    for (int i = 0; i < TOKENIZER_BLOCK_BYTES; i++) {
        unsigned char c = (unsigned char)text[i];
        uint64_t bit = (uint64_t)1 << i;

        masks->letters |= (unsigned)(c | 32) - 'a' < 26 ? bit : 0;
        masks->uppers |= (unsigned)c - 'A' < 26 ? bit : 0;
        masks->numbers |= (unsigned)c - '0' < 10 ? bit : 0;
        masks->blanks |= c == ' ' || (unsigned)c - '\t' < 5 ? bit : 0;
        masks->newlines |= c == '\n' || c == '\r' ? bit : 0;
        masks->spaces |= c == ' ' ? bit : 0;
        masks->quotes |= c == '\'' ? bit : 0;
        masks->slashes |= c == '/' ? bit : 0;
        masks->beyond |= c >= 0x80 ? bit : 0;
    }
}

#if TOKENIZER_HAS_AVX2
/* Of 64 bytes. */
struct halves {
    __m256i low, high;
};

/* Bytes from @first on, @count of them. */
TOKENIZER_BYTES_INLINE uint64_t range_bits(struct halves bytes, char first, char count)
{
    return tokenizer_bytes_bits(tokenizer_bytes_range(bytes.low, first, count),
                                tokenizer_bytes_range(bytes.high, first, count));
}

/* Classes of which each is some rows of the table of ASCII and some columns: a bit for each. */
#define CLASS_SPACE 0x80
#define CLASS_NUMBER 0x40
#define CLASS_CONTROL 0x20 /* \t to \r */
#define CLASS_NEWLINE 0x10
#define CLASS_QUOTE 0x08
#define CLASS_SLASH 0x04

TOKENIZER_BYTES_INLINE __m256i classes_of(__m256i bytes)
{
    const char digit = CLASS_NUMBER, blank = CLASS_CONTROL, line = CLASS_CONTROL | CLASS_NEWLINE;
    const __m256i columns = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        (char)(CLASS_SPACE | CLASS_NUMBER), digit, digit, digit, digit, digit, digit,
        digit | CLASS_QUOTE, digit, digit | blank, line, blank, blank, line, 0, CLASS_SLASH));
    const __m256i rows = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        CLASS_CONTROL | CLASS_NEWLINE, 0, (char)(CLASS_SPACE | CLASS_QUOTE | CLASS_SLASH),
        CLASS_NUMBER, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));

    /* Of a byte beyond ASCII the column is none. */
    return _mm256_and_si256(_mm256_shuffle_epi8(columns, bytes), _mm256_shuffle_epi8(rows, upper));
}

/* @class is moved to the upper bit of each byte. */
#define CLASS_BITS(classes, class)                                                                 \
    tokenizer_bytes_bits(_mm256_slli_epi16((classes).low, 7 - __builtin_ctz(class)),               \
                         _mm256_slli_epi16((classes).high, 7 - __builtin_ctz(class)))

TOKENIZER_BYTES_INLINE void load_ascii_avx2(struct masks *masks, const char *text)
{
    struct halves bytes = { _mm256_loadu_si256((const __m256i *)(const void *)text),
                            _mm256_loadu_si256((const __m256i *)(const void *)(text + 32)) };
    struct halves classes = { classes_of(bytes.low), classes_of(bytes.high) };
    __m256i fold = _mm256_set1_epi8(32);
    struct halves folded = { _mm256_or_si256(bytes.low, fold), _mm256_or_si256(bytes.high, fold) };

    masks->letters = range_bits(folded, 'a', 26);
    masks->uppers = range_bits(bytes, 'A', 26);
    masks->numbers = CLASS_BITS(classes, CLASS_NUMBER);
    masks->spaces = CLASS_BITS(classes, CLASS_SPACE);
    masks->newlines = CLASS_BITS(classes, CLASS_NEWLINE);
    masks->blanks = masks->spaces | CLASS_BITS(classes, CLASS_CONTROL);
    masks->quotes = CLASS_BITS(classes, CLASS_QUOTE);
    masks->slashes = CLASS_BITS(classes, CLASS_SLASH);
    masks->beyond = tokenizer_bytes_bits(bytes.low, bytes.high);
}
#endif

static inline uint64_t below(uint32_t bit)
{
    return bit >= 64 ? UINT64_MAX : ((uint64_t)1 << bit) - 1;
}

/* Whether the byte at @at, of which one follows, is no UTF-8: most that are none show here. */
static bool begins_nothing(const char *text, uint32_t at)
{
    unsigned char first = (unsigned char)text[at], second = (unsigned char)text[at + 1];

    return first < 0xc2 || first > 0xf4 || (second & 0xc0) != 0x80;
}

/* The bytes of code points beyond ASCII: letters count as letters, signs as signs, and so do bytes
 * that are no UTF-8. Numbers, blanks, marks and what the block cuts end what is known. With
 * @has_case also letters that are not strictly upper or lower. */
static void put_points(struct masks *masks, const char *text, bool has_case)
{
    uint64_t rest = masks->beyond;

    while (rest != 0) {
        uint32_t at = (uint32_t)__builtin_ctzll(rest), point;
        enum tokenizer_class class;
        uint64_t bits;
        bool is_sign;
        size_t size;

        if (at + 1 < TOKENIZER_BLOCK_BYTES && begins_nothing(text, at)) {
            rest &= rest - 1;
            continue;
        }
        point = utf8_decode(slice_of(text + at, TOKENIZER_BLOCK_BYTES - at), &size);
        class = tokenizer_unicode_class(point);
        bits = below(at + (uint32_t)size) & ~below(at);
        is_sign = class == TOKENIZER_CLASS_OTHER
                  && (point != UTF8_INVALID || at + UTF8_BYTES_MAX <= TOKENIZER_BLOCK_BYTES);

        if (!is_sign && class != TOKENIZER_CLASS_LOWER && class != TOKENIZER_CLASS_UPPER
            && (class != TOKENIZER_CLASS_LETTER || has_case)) {
            masks->limit = at;
            return;
        }
        masks->letters |= is_sign ? 0 : bits;
        masks->uppers |= class == TOKENIZER_CLASS_UPPER ? bits : 0;
        rest &= ~bits;
    }
}

/* A sign of several bytes that stands alone is 'single' as one byte is. */
static void put_wide_singles(struct masks *masks, const char *text)
{
    uint64_t firsts = masks->signs & ~(masks->signs << 1) & masks->beyond & ~(masks->spaces << 1);

    for (; firsts != 0; firsts &= firsts - 1) {
        uint32_t at = (uint32_t)__builtin_ctzll(firsts), end;
        size_t size;

        utf8_decode(slice_of(text + at, TOKENIZER_BLOCK_BYTES - at), &size);
        end = at + (uint32_t)size;
        if (end < masks->limit && (masks->signs >> end & 1) == 0)
            masks->single |= (uint64_t)1 << (end - 1);
    }
}

/* What is in no class of its own, once the classes and the limit are there. */
static inline __attribute__((always_inline)) void put_rest(struct masks *masks, const char *text)
{
    uint64_t known = below(masks->limit);

    masks->letters &= known;
    masks->numbers &= known;
    masks->blanks &= known;
    masks->newlines &= known;
    masks->spaces &= known;
    masks->quotes &= known;
    masks->slashes &= known;
    masks->uppers &= known;
    masks->beyond &= known;
    masks->signs = known & ~(masks->letters | masks->numbers | masks->blanks);
    masks->single = masks->signs & ~masks->beyond & ~(masks->signs << 1) & ~(masks->signs >> 1)
                    & ~(masks->spaces << 1);
    if (masks->limit < TOKENIZER_BLOCK_BYTES)
        masks->single &= known >> 1;
    else
        masks->single &= UINT64_MAX >> 1; /* what follows the last byte is not known */
    if ((masks->signs & masks->beyond) != 0)
        put_wide_singles(masks, text);
}

static inline uint64_t byte_at(const char *text, uint32_t at)
{
    return (unsigned char)text[at] | 32u;
}

/* The place after 's 't 'm 'd 're 've 'll whose quote is at @at, or 0; it may be the limit. What
 * would have to be known beyond that is no contraction here. */
static uint32_t contraction_end(const struct masks *masks, const char *text, uint32_t at,
                                bool is_folded)
{
    uint64_t letters = masks->letters & ~masks->beyond & (is_folded ? UINT64_MAX : ~masks->uppers);
    uint64_t a, b;

    if (at + 1 >= masks->limit || (letters >> (at + 1) & 1) == 0)
        return 0;
    a = byte_at(text, at + 1);
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return at + 2;
    if (at + 2 >= masks->limit || (letters >> (at + 2) & 1) == 0)
        return 0;
    b = byte_at(text, at + 2);
    if (((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l'))
        return at + 3;
    return 0;
}

/* Borders
 * ------------------------------------------------------------------------------------------ */

/* The first of each three numbers, or each number. */
static inline __attribute__((always_inline)) uint64_t number_starts(uint64_t numbers,
                                                                    bool in_threes)
{
    uint64_t starts = numbers & ~(numbers << 1), next, fours;

    if (!in_threes)
        return numbers;
    fours = numbers & numbers << 1 & numbers << 2 & numbers << 3;
    for (next = starts << 3 & fours; next != 0; next = next << 3 & fours)
        starts |= next;
    return starts;
}

/* Blanks of Llama-3 and its kin: a run's first, what follows its last newline, its last. @absorbed:
 * newlines that belong to the signs before them. */
static inline __attribute__((always_inline)) uint64_t blank_starts(const struct masks *masks,
                                                                   uint64_t absorbed)
{
    uint64_t blanks = masks->blanks & ~absorbed;
    uint64_t plain = masks->blanks & ~masks->newlines;
    uint64_t first = blanks & ~(blanks << 1);
    uint64_t lasts = plain & ~(masks->blanks >> 1);
    uint64_t after = plain & (masks->newlines & ~absorbed) << 1;
    uint64_t ends = (plain + after) & ~plain & masks->newlines;

    /* Blanks between two newlines belong with both: rare, one by one. */
    for (; ends != 0; ends &= ends - 1) {
        uint32_t end = (uint32_t)__builtin_ctzll(ends);
        uint64_t run = plain & below(end);
        uint32_t start = end;

        while (start > 0 && (run >> (start - 1) & 1) != 0)
            start--;
        after &= ~((uint64_t)1 << start);
    }
    return first | after | lasts;
}

/* Contractions whose quote begins a piece: a piece ends after them, and none begins within them. */
static inline __attribute__((always_inline)) uint64_t
put_contractions(const struct masks *masks, const char *text, bool is_folded, uint64_t starts)
{
    uint64_t quotes = masks->quotes & masks->single & masks->letters >> 1;

    for (; quotes != 0; quotes &= quotes - 1) {
        uint32_t at = (uint32_t)__builtin_ctzll(quotes);
        uint32_t end = contraction_end(masks, text, at, is_folded);

        if (end == 0)
            continue;
        starts &= ~((uint64_t)2 << at);
        if (end < 64)
            starts |= (uint64_t)1 << end;
    }
    return starts;
}

/* A long s after a quote is a contraction too: left to the other. */
static inline __attribute__((always_inline)) void limit_at_long_s(struct masks *masks,
                                                                  const char *text)
{
    uint64_t quotes = masks->quotes & masks->beyond >> 1;

    for (; quotes != 0; quotes &= quotes - 1) {
        uint32_t at = (uint32_t)__builtin_ctzll(quotes);

        if ((unsigned char)text[at + 1] == 0xC5) {
            if (masks->limit > at)
                masks->limit = at;
            return;
        }
    }
}

static inline __attribute__((always_inline)) uint64_t sign_starts(const struct masks *masks)
{
    return masks->signs & ~(masks->signs << 1) & ~(masks->spaces << 1);
}

static inline __attribute__((always_inline)) uint64_t
starts_llama3(const struct masks *masks, const char *text, bool in_threes)
{
    uint64_t plain = masks->blanks & ~masks->newlines;
    uint64_t touched = masks->newlines & masks->signs << 1;
    uint64_t absorbed = masks->newlines & ~(masks->newlines + touched);
    uint64_t words = masks->letters & ~(masks->letters << 1);

    words &= ~((plain | masks->single) << 1);
    return put_contractions(masks, text, true,
                            words | number_starts(masks->numbers, in_threes) | sign_starts(masks)
                                | blank_starts(masks, absorbed));
}

static inline __attribute__((always_inline)) uint64_t starts_gpt2(const struct masks *masks,
                                                                  const char *text)
{
    uint64_t firsts = (masks->letters & ~(masks->letters << 1))
                      | (masks->numbers & ~(masks->numbers << 1))
                      | (masks->signs & ~(masks->signs << 1));
    uint64_t blanks = masks->blanks;

    return put_contractions(masks, text, false,
                            (firsts & ~(masks->spaces << 1)) | (blanks & ~(blanks << 1))
                                | (blanks & ~(blanks >> 1)));
}

/* In o200k a contraction goes with the word before it, and a capital after something lower begins a
 * word. */
static inline __attribute__((always_inline)) uint64_t starts_o200k(const struct masks *masks,
                                                                   const char *text)
{
    uint64_t plain = masks->blanks & ~masks->newlines;
    uint64_t touched = masks->newlines & masks->signs << 1;
    uint64_t absorbed = masks->newlines & ~(masks->newlines + touched);
    uint64_t lowers = masks->letters & ~masks->uppers;
    uint64_t words = masks->letters & ~(masks->letters << 1);
    uint64_t quotes = masks->quotes & masks->letters << 1 & masks->letters >> 1;
    uint64_t signs = sign_starts(masks), after = 0;
    uint32_t last_end = 0;

    words &= ~((plain | masks->single) << 1);
    words |= masks->uppers & lowers << 1;
    for (; quotes != 0; quotes &= quotes - 1) {
        uint32_t at = (uint32_t)__builtin_ctzll(quotes),
                 end = contraction_end(masks, text, at, true);

        /* A word takes one contraction: a second is a word of its own, with the quote before it. */
        if (end == 0 || at == last_end)
            continue;
        last_end = end;
        /* No piece begins within it; one does after it. */
        signs &= ~((uint64_t)1 << at);
        words &= ~(below(end) & ~below(at));
        if (end < 64)
            after |= (uint64_t)1 << end;
    }
    return words | after | number_starts(masks->numbers, true) | signs
           | blank_starts(masks, absorbed);
}

/* What is known ends before one of @quotes that may begin a contraction whose end is not known. */
static inline __attribute__((always_inline)) void limit_at_quote(struct masks *masks,
                                                                 uint64_t quotes)
{
    quotes &= ~(below(masks->limit) >> 3);
    if (quotes != 0 && (uint32_t)__builtin_ctzll(quotes) < masks->limit)
        masks->limit = (uint32_t)__builtin_ctzll(quotes);
}

/* In o200k it ends before a '/' that goes with newlines after signs, too. */
static inline __attribute__((always_inline)) void limit_at_slash(struct masks *masks)
{
    uint64_t slashes = masks->slashes & masks->newlines << 1;

    if (slashes != 0 && (uint32_t)__builtin_ctzll(slashes) < masks->limit)
        masks->limit = (uint32_t)__builtin_ctzll(slashes);
}

/* Leave the last piece, and of a run of blanks at the limit all but its first. */
static inline __attribute__((always_inline)) struct tokenizer_block
finish(const struct masks *masks, uint64_t starts)
{
    uint64_t known = below(masks->limit);
    struct tokenizer_block block = { 0 };

    starts &= known;
    if (masks->limit > 0 && (masks->blanks >> (masks->limit - 1) & 1) != 0) {
        uint64_t others = ~masks->blanks & known;
        uint32_t run = others == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(others);
        uint64_t in_run = starts & ~below(run);

        /* The lowest start in the run stays. */
        starts = (starts & below(run)) | (in_run & -in_run);
    }
    if ((starts & ~(uint64_t)1) == 0)
        return block;
    block.size = 63 - (uint32_t)__builtin_clzll(starts);
    block.starts = (starts | 1) & below(block.size);
    return block;
}

bool tokenizer_block_knows(enum tokenizer_split split)
{
    return split == TOKENIZER_SPLIT_GPT2 || split == TOKENIZER_SPLIT_LLAMA3
           || split == TOKENIZER_SPLIT_QWEN2 || split == TOKENIZER_SPLIT_O200K;
}

static inline __attribute__((always_inline)) struct tokenizer_block
split_masks(enum tokenizer_split split, struct masks *masks, const char *text)
{
    uint64_t starts;

    put_rest(masks, text);
    if (masks->quotes != 0)
        limit_at_long_s(masks, text);
    switch (split) {
    case TOKENIZER_SPLIT_LLAMA3:
    case TOKENIZER_SPLIT_QWEN2:
        starts = starts_llama3(masks, text, split == TOKENIZER_SPLIT_LLAMA3);
        break;
    case TOKENIZER_SPLIT_O200K:
        limit_at_slash(masks);
        limit_at_quote(masks, masks->quotes & masks->letters << 1);
        starts = starts_o200k(masks, text);
        break;
    case TOKENIZER_SPLIT_GPT2:
        limit_at_quote(masks, masks->quotes);
        starts = starts_gpt2(masks, text);
        break;
    default:
        return (struct tokenizer_block){ 0 };
    }
    return finish(masks, starts);
}

/* Where something is beyond ASCII. */
static __attribute__((noinline)) struct tokenizer_block
split_wide(enum tokenizer_split split, struct masks masks, const char *text)
{
    put_points(&masks, text, split == TOKENIZER_SPLIT_O200K);
    return split_masks(split, &masks, text);
}

#if TOKENIZER_HAS_AVX2
/* The processor that has AVX2 has quicker arithmetic on bits, too. */
TOKENIZER_AVX2 static struct tokenizer_block split_avx2(enum tokenizer_split split,
                                                        const char *text)
{
    struct masks masks = { .limit = TOKENIZER_BLOCK_BYTES };

    load_ascii_avx2(&masks, text);
    if (__builtin_expect(masks.beyond != 0, 0))
        return split_wide(split, masks, text);
    return split_masks(split, &masks, text);
}
#endif

/* Apart, so that clearing its masks delays no quicker way. */
static __attribute__((noinline)) struct tokenizer_block split_generic(enum tokenizer_split split,
                                                                      const char *text)
{
    struct masks masks = { .limit = TOKENIZER_BLOCK_BYTES };

    load_ascii_generic(&masks, text);
    return masks.beyond != 0 ? split_wide(split, masks, text) : split_masks(split, &masks, text);
}

struct tokenizer_block tokenizer_block_split(enum tokenizer_split split, const char *text)
{
#if TOKENIZER_HAS_AVX2
    if (tokenizer_cpu_has_avx2())
        return split_avx2(split, text);
#endif
    return split_generic(split, text);
}
