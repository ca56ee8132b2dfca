/* For each block of 64 bytes: a mask of each kind of byte (with AVX2 where the processor has it,
 * byte by byte elsewhere), then arithmetic on the masks. A quote after an odd number of backslashes
 * is text; the running exclusive-or of the other quotes is what lies within strings; a token begins
 * at a bracket, a quote, or where a number or word follows something else. */
#include "json_scan.h"

#include "base/utf8.h"
#include "json_bits.h"

/* One bit for each byte of a block. */
struct json_masks {
    uint64_t quotes, backslashes, brackets /* and , and : */, blanks, controls, high;
};

static struct json_masks masks_generic(const char *block)
{
    struct json_masks masks = { 0 };

    for (unsigned i = 0; i < JSON_BLOCK_BYTES; i++) {
        unsigned char c = (unsigned char)block[i];
        uint64_t bit = (uint64_t)1 << i;

        masks.quotes |= c == '"' ? bit : 0;
        masks.backslashes |= c == '\\' ? bit : 0;
        masks.controls |= c < 0x20 ? bit : 0;
        masks.high |= c >= 0x80 ? bit : 0;
        masks.blanks |= c == ' ' || c == '\n' || c == '\r' || c == '\t' ? bit : 0;
        masks.brackets |=
            c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':' ? bit : 0;
    }
    return masks;
}

#if defined(__x86_64__)
JSON_AVX2 static inline __m256i is_bracket(__m256i bytes)
{
    /* [ and { differ in one bit, as do ] and }. */
    __m256i folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    __m256i braces = _mm256_or_si256(_mm256_cmpeq_epi8(folded, _mm256_set1_epi8('{')),
                                     _mm256_cmpeq_epi8(folded, _mm256_set1_epi8('}')));
    __m256i marks = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(',')),
                                    _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(':')));

    return _mm256_or_si256(braces, marks);
}

JSON_AVX2 static inline __m256i is_blank(__m256i bytes)
{
    __m256i a = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(' ')),
                                _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n')));
    __m256i b = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\r')),
                                _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\t')));

    return _mm256_or_si256(a, b);
}

JSON_AVX2 static inline __m256i is_control(__m256i bytes)
{
    return _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
}

JSON_AVX2 static inline struct json_masks masks_avx2(const char *block)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)block);
    __m256i high = _mm256_loadu_si256((const __m256i *)(block + 32));
    __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\');

    return (struct json_masks){
        .quotes = json_bits_of(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
        .backslashes =
            json_bits_of(_mm256_cmpeq_epi8(low, backslash), _mm256_cmpeq_epi8(high, backslash)),
        .brackets = json_bits_of(is_bracket(low), is_bracket(high)),
        .blanks = json_bits_of(is_blank(low), is_blank(high)),
        .controls = json_bits_of(is_control(low), is_control(high)),
        .high = json_bits_of(low, high),
    };
}
#endif

static void fail(struct json_scan *scan, enum json_fault fault, size_t at)
{
    if (scan->fault != JSON_FAULT_NONE && scan->fault_at <= at)
        return;
    scan->fault = fault;
    scan->fault_at = at;
}

/* Characters from where the last check ended to the end of a block; the last may reach into the
 * next. */
static void check_utf8(struct json_scan *scan, size_t start, size_t end)
{
    size_t at = scan->utf8_done > start ? scan->utf8_done : start, size = 1;

    for (; at < end; at += size) {
        size = 1;
        if ((unsigned char)scan->data[at] >= 0x80
            && utf8_decode(slice_of(scan->data + at, scan->size - at), &size) == UTF8_INVALID) {
            fail(scan, JSON_FAULT_UTF8, at);
            return;
        }
    }
    scan->utf8_done = at;
}

/* What a block's masks say. Inlined into each kind of loop, so that the compiler uses what that
 * processor has. */
__attribute__((always_inline)) static inline void
scan_masks(struct json_scan *scan, const struct json_masks *masks, size_t at)
{
    uint64_t quotes = masks->quotes, strings, scalars, words, starts;
    uint32_t *tokens = scan->tokens + scan->count;

    if (masks->backslashes != 0) {
        scan->escapes[at / (JSON_BLOCK_BYTES * 64)] |= (uint64_t)1 << (at / JSON_BLOCK_BYTES % 64);
        quotes &= ~json_bits_escaped(masks->backslashes, &scan->escaped);
    } else {
        quotes &= ~scan->escaped;
        scan->escaped = 0;
    }
    strings = json_bits_running_xor(quotes)
              ^ scan->in_string; /* with the first quote, without the last */
    scan->in_string = (uint64_t)((int64_t)strings >> 63);
    if (masks->high != 0)
        check_utf8(scan, at,
                   at + JSON_BLOCK_BYTES < scan->size ? at + JSON_BLOCK_BYTES : scan->size);
    if ((masks->controls & strings) != 0)
        fail(scan, JSON_FAULT_CONTROL, at + (size_t)__builtin_ctzll(masks->controls & strings));
    scalars = ~(masks->brackets | masks->blanks);
    words = scalars & ~quotes;
    starts = (masks->brackets | (scalars & ~(words << 1 | scan->in_scalar))) & ~(strings ^ quotes);
    scan->in_scalar = words >> 63;
    for (; starts != 0; starts &= starts - 1)
        *tokens++ = (uint32_t)at + (uint32_t)__builtin_ctzll(starts);
    scan->count = (size_t)(tokens - scan->tokens);
}

static void blocks_generic(struct json_scan *scan)
{
    for (unsigned i = 0; i < JSON_BATCH_BLOCKS && scan->done + JSON_BLOCK_BYTES <= scan->size;
         i++, scan->done += JSON_BLOCK_BYTES) {
        struct json_masks masks = masks_generic(scan->data + scan->done);

        scan_masks(scan, &masks, scan->done);
    }
}

#if defined(__x86_64__)
JSON_AVX2 static void blocks_avx2(struct json_scan *scan)
{
    for (unsigned i = 0; i < JSON_BATCH_BLOCKS && scan->done + JSON_BLOCK_BYTES <= scan->size;
         i++, scan->done += JSON_BLOCK_BYTES) {
        struct json_masks masks = masks_avx2(scan->data + scan->done);

        scan_masks(scan, &masks, scan->done);
    }
}
#endif

void json_scan_init(struct json_scan *scan, struct slice data, uint64_t *escapes)
{
    scan->data = data.data;
    scan->size = data.size;
    scan->escapes = escapes;
    scan->done = scan->utf8_done = 0;
    scan->in_string = scan->escaped = scan->in_scalar = 0;
    scan->count = scan->next = 0;
    scan->is_over = false;
    scan->fault = JSON_FAULT_NONE;
    scan->blocks = blocks_generic;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        scan->blocks = blocks_avx2;
#endif
}

/* The masks of one block by itself. */
static struct json_masks masks_of(const struct json_scan *scan, const char *block)
{
#if defined(__x86_64__)
    if (scan->blocks == blocks_avx2)
        return masks_avx2(block);
#endif
    (void)scan;
    return masks_generic(block);
}

/* The last block, padded with blanks. */
static void scan_tail(struct json_scan *scan)
{
    char block[JSON_BLOCK_BYTES];
    size_t left = scan->size - scan->done;
    struct json_masks masks;

    memset(block, ' ', sizeof(block));
    memcpy(block, scan->data + scan->done, left);
    masks = masks_of(scan, block);
    if (left > 0)
        scan_masks(scan, &masks, scan->done);
    scan->done = scan->size;
    scan->is_over = true;
    if (scan->in_string != 0)
        fail(scan, JSON_FAULT_UNFINISHED, scan->size);
    scan->tokens[scan->count++] = (uint32_t)scan->size;
}

bool json_scan_more(struct json_scan *scan)
{
    scan->count = scan->next = 0;
    if (scan->is_over) {
        scan->tokens[scan->count++] = (uint32_t)scan->size;
        return scan->fault == JSON_FAULT_NONE;
    }
    while (scan->count == 0 && !scan->is_over && scan->fault == JSON_FAULT_NONE) {
        scan->blocks(scan);
        if (scan->done + JSON_BLOCK_BYTES > scan->size
            && scan->count < sizeof(scan->tokens) / sizeof(scan->tokens[0]) - JSON_BLOCK_BYTES - 1)
            scan_tail(scan);
    }
    return scan->fault == JSON_FAULT_NONE;
}
