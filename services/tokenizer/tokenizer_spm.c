/* A text may be cut between two characters wherever no piece holds the one directly after the
 * other: no merge makes what is no piece, so none crosses there. It need not be cut at all of them:
 * those that classes of ASCII tell, where the vocabulary allows that, are found for many bytes at
 * once. Blanks are U+2581 in pieces and stay blanks here; a U+2581 in the text is the same as a
 * blank. */
#include "tokenizer_spm.h"

#include "tokenizer_bytes.h"

#define BLANK "\xe2\x96\x81" /* U+2581 */

/* A block of 64 bytes, what wide reads need, and a word before them. */
#define END_BYTES_MAX 192

/* What a blank may be put before, and the blank. */
#define HEAD_BYTES_MAX 64

static inline bool is_cut(const struct tokenizer_tables *tables, unsigned char before,
                          unsigned char after)
{
    return tables->cuts[before * 256 + after] != 0;
}

/* Bit i: a stretch begins at text[i], for the 64 bytes at @text and what is before them. */
static uint64_t cut_bits_all(const struct tokenizer_tables *tables, const char *text)
{
    const uint8_t *cuts = tables->cuts;
    uint64_t bits = 0;

    for (unsigned i = 0; i < 64; i++) {
        unsigned pair = (unsigned char)text[(int)i - 1] * 256u + (unsigned char)text[i];

        bits |= (uint64_t)cuts[pair] << i;
    }
    return bits;
}

#if TOKENIZER_HAS_AVX2
/* Where classes tell fewer cuts than this, the table may tell more. */
#define CLASS_CUTS_MIN 4

/* Within digits, after each three: there are a thousand of these, which a cache has soon. */
static inline __attribute__((always_inline)) uint64_t cuts_of_digits(uint64_t digits)
{
    uint64_t fours = digits & digits << 1 & digits << 2 & digits << 3;
    uint64_t next = (digits & ~(digits << 1)) << 3 & fours, cuts = 0;

    for (; next != 0; next = next << 3 & fours)
        cuts |= next;
    return cuts;
}

/* Of ASCII, some of the cuts; all of them where something else is there. */
TOKENIZER_AVX2 static uint64_t cut_bits_avx2(const struct tokenizer_tables *tables,
                                             const char *text)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)text);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
    const struct tokenizer_byte_set *before = &tables->cuts_blank;
    __m256i fold = _mm256_set1_epi8(32), blank = _mm256_set1_epi8(' ');
    uint64_t letters =
        tokenizer_bytes_bits(tokenizer_bytes_range(_mm256_or_si256(low, fold), 'a', 26),
                             tokenizer_bytes_range(_mm256_or_si256(high, fold), 'a', 26));
    uint64_t digits = tokenizer_bytes_bits(tokenizer_bytes_range(low, '0', 10),
                                           tokenizer_bytes_range(high, '0', 10));
    uint64_t blanks =
        tokenizer_bytes_bits(_mm256_cmpeq_epi8(low, blank), _mm256_cmpeq_epi8(high, blank));
    uint64_t before_blank =
        tokenizer_bytes_bits(tokenizer_bytes_in(low, before), tokenizer_bytes_in(high, before))
        << 1;
    uint64_t after_letter = letters << 1, after_digit = digits << 1, cuts;

    cuts = ((letters ^ after_letter) | (digits ^ after_digit)) & ~(blanks << 1);
    cuts |= blanks & before_blank;
    cuts |= tables->cuts_digits ? cuts_of_digits(digits) : 0;
    cuts = (cuts & ~(uint64_t)1)
           | tables->cuts[(unsigned char)text[-1] * 256u + (unsigned char)text[0]];
    if (tokenizer_bytes_bits(low, high) != 0 || __builtin_popcountll(cuts) < CLASS_CUTS_MIN)
        return cut_bits_all(tables, text);
    return cuts;
}
#endif

static inline uint64_t cut_bits(const struct tokenizer_tables *tables, const char *text)
{
#if TOKENIZER_HAS_AVX2
    if (tables->cuts_by_class && tokenizer_cpu_has_avx2())
        return cut_bits_avx2(tables, text);
#endif
    return cut_bits_all(tables, text);
}

/* Of @cuts those of the text, which ends after @rest bytes, and its end. */
static inline uint64_t cuts_to_end(uint64_t cuts, size_t rest)
{
    uint64_t end = (uint64_t)1 << rest % 64;

    return rest < 64 ? (cuts & (end - 1)) | end : cuts;
}

/* The end of a text, END_BYTES_MAX at most, in a place from which wide reads are safe. */
static void cut_end(struct tokenizer_run *run, struct slice text)
{
    char padded[END_BYTES_MAX + 64 + TOKENIZER_RUN_WIDE_BYTES];
    const char *start = padded;

    memcpy(padded, text.data, text.size);
    memset(padded + text.size, 0, sizeof(padded) - text.size);
    for (size_t at = 1; at <= text.size && tokenizer_run_goes_on(run); at += 64)
        start =
            tokenizer_run_put_cuts(run, start, padded + at,
                                   cuts_to_end(cut_bits(run->tables, padded + at), text.size - at));
    tokenizer_run_settle(run);
}

/* @readable bytes can be read from the beginning of @text on. */
static void cut(struct tokenizer_run *run, struct slice text, size_t readable)
{
    const char *start = text.data, *end = text.data + text.size;
    size_t at = 1;

    for (; at <= text.size && readable - at >= 64 + TOKENIZER_RUN_WIDE_BYTES
           && tokenizer_run_goes_on(run);
         at += 64)
        start = tokenizer_run_put_cuts(
            run, start, text.data + at,
            cuts_to_end(cut_bits(run->tables, text.data + at), text.size - at));
    if (start == end)
        return;
    if (end - start <= END_BYTES_MAX) {
        cut_end(run, slice_of(start, (size_t)(end - start)));
        return;
    }
    for (; at < text.size && tokenizer_run_goes_on(run); at++) {
        if (!is_cut(run->tables, (unsigned char)text.data[at - 1], (unsigned char)text.data[at]))
            continue;
        tokenizer_run_put(run, start, (size_t)(text.data + at - start));
        start = text.data + at;
    }
    if (tokenizer_run_goes_on(run))
        tokenizer_run_put(run, start, (size_t)(end - start));
}

/* The first U+2581 from @at on, or NULL. Its first byte is rare where it is. */
static const char *find_blank(struct slice text, size_t at)
{
    const char *found = text.data + at, *end = text.data + text.size;

    while ((found = memchr(found, BLANK[0], (size_t)(end - found))) != NULL) {
        if (end - found >= 3 && memcmp(found, BLANK, 3) == 0)
            return found;
        found++;
    }
    return NULL;
}

/* @text with a blank before it and blanks for U+2581, where it needs either. {NULL, 0}: no memory.
 */
static struct slice normalise(struct tokenizer_run *run, struct slice text, bool has_prefix)
{
    char *bytes = arena_alloc(run->scratch, text.size + 1);
    size_t size = 0;

    if (bytes == NULL)
        return (struct slice){ 0 };
    if (has_prefix)
        bytes[size++] = ' ';
    for (size_t at = 0; at < text.size;) {
        const char *blank = find_blank(text, at);
        size_t plain = blank == NULL ? text.size - at : (size_t)(blank - text.data) - at;

        memcpy(bytes + size, text.data + at, plain);
        size += plain;
        at += plain;
        if (blank != NULL) {
            bytes[size++] = ' ';
            at += 3;
        }
    }
    return slice_of(bytes, size);
}

/* The first place where @text may be cut, of the first few; 0: there is none. */
static size_t first_cut(const struct tokenizer_tables *tables, struct slice text)
{
    for (size_t at = 1; at < text.size && at < HEAD_BYTES_MAX; at++) {
        if (is_cut(tables, (unsigned char)text.data[at - 1], (unsigned char)text.data[at]))
            return at;
    }
    return 0;
}

/* Put a blank and what of @text it may join with, so that the rest can be read where it is. Returns
 * the bytes that are put; 0: it cannot be done. */
static size_t cut_head(struct tokenizer_run *run, struct slice text)
{
    char head[HEAD_BYTES_MAX] = { ' ' };
    size_t size = first_cut(run->tables, text);

    if (size == 0)
        return 0;
    memcpy(head + 1, text.data, size);
    cut_end(run, slice_of(head, size + 1));
    return size;
}

void tokenizer_spm_run(struct tokenizer_run *run, struct slice text, size_t readable,
                       bool has_prefix)
{
    struct arena_mark mark = arena_mark(run->scratch);
    bool has_blanks = find_blank(text, 0) != NULL;
    const char *data;
    size_t head;

    if (text.size == 0)
        return;
    if (has_prefix && !has_blanks && run->tables->has_bytes) {
        head = cut_head(run, text);
        text = slice_cut(text, head, text.size);
        readable -= head;
        has_prefix = head == 0;
    }
    data = text.data;
    if (has_prefix || has_blanks)
        text = normalise(run, text, has_prefix);
    if (text.data == NULL) {
        run->status =
            error_set(run->err, STATUS_RESOURCE_EXHAUSTED, "the text needs too much memory");
        return;
    }
    if (run->tables->has_bytes)
        cut(run, text, text.data == data ? readable : text.size);
    else
        tokenizer_run_put(run, text.data, text.size);
    if (text.data != data) {
        tokenizer_run_settle(run);
        arena_rewind(run->scratch, mark);
    }
}
