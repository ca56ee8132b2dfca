#include "tokenizer_image.h"

#include <stddef.h>

#include "tokenizer_tables.h"

static const char magic[8] = "CSLVOC\x01\n";

#define CHECKED_AT (offsetof(struct tokenizer_image, checksum) + sizeof(uint64_t))

/* Lanes of eight bytes: each is taken up with what was before, its lower half multiplied, its
 * halves changed about. */
#define LANES 16
#define STRIPE_BYTES (LANES * sizeof(uint64_t))
#define FACTOR 0x9e3779b1u
#define SPREAD 0x9e3779b97f4a7c15u

static void take_stripes_generic(uint64_t *lanes, const char *bytes, size_t count)
{
    uint64_t words[LANES];

    for (; count > 0; count--, bytes += STRIPE_BYTES) {
        memcpy(words, bytes, sizeof(words));
        for (unsigned i = 0; i < LANES; i++) {
            uint64_t mixed = lanes[i] ^ words[i];

            lanes[i] = (mixed & UINT32_MAX) * FACTOR + (mixed << 32 | mixed >> 32);
        }
    }
}

#if TOKENIZER_HAS_AVX2
/* Memory is asked for beyond the end of a page, where it is not foreseen. */
#define AHEAD_BYTES 2048

TOKENIZER_AVX2 static void take_stripes_avx2(uint64_t *lanes, const char *bytes, size_t count)
{
    const __m256i factor = _mm256_set1_epi64x(FACTOR);
    __m256i rows[LANES / 4];

    memcpy(rows, lanes, sizeof(rows));
    for (; count > 0; count--, bytes += STRIPE_BYTES) {
        __builtin_prefetch((const void *)((uintptr_t)bytes + AHEAD_BYTES));
        __builtin_prefetch((const void *)((uintptr_t)bytes + AHEAD_BYTES + 64));
        for (unsigned i = 0; i < LANES / 4; i++) {
            const __m256i *at = (const __m256i *)(const void *)(bytes + i * sizeof(*at));
            __m256i mixed = _mm256_xor_si256(rows[i], _mm256_loadu_si256(at));

            rows[i] = _mm256_add_epi64(_mm256_mul_epu32(mixed, factor),
                                       _mm256_shuffle_epi32(mixed, 0xb1));
        }
    }
    memcpy(lanes, rows, sizeof(rows));
}
#endif

static void take_stripes(uint64_t *lanes, const char *bytes, size_t count)
{
#if TOKENIZER_HAS_AVX2
    if (tokenizer_cpu_has_avx2()) {
        take_stripes_avx2(lanes, bytes, count);
        return;
    }
#endif
    take_stripes_generic(lanes, bytes, count);
}

static uint64_t checksum(struct slice bytes)
{
    char last[STRIPE_BYTES] = { 0 };
    size_t whole = bytes.size / STRIPE_BYTES;
    uint64_t lanes[LANES], sum = bytes.size;

    for (unsigned i = 0; i < LANES; i++)
        lanes[i] = SPREAD * (2 * i + 1);
    take_stripes(lanes, bytes.data, whole);
    memcpy(last, bytes.data + whole * STRIPE_BYTES, bytes.size % STRIPE_BYTES);
    take_stripes(lanes, last, 1);
    for (unsigned i = 0; i < LANES; i++)
        sum = (sum ^ lanes[i] ^ lanes[i] >> 29) * SPREAD;
    return sum ^ sum >> 32;
}

void tokenizer_image_seal(struct tokenizer_image *image, size_t size_bytes)
{
    memcpy(image->magic, magic, sizeof(magic));
    image->version = TOKENIZER_IMAGE_VERSION;
    image->header_bytes = sizeof(*image);
    image->size_bytes = size_bytes;
    image->checksum = checksum(slice_of((const char *)image + CHECKED_AT, size_bytes - CHECKED_AT));
}

static bool has_power_of_two(const struct tokenizer_image *image, enum tokenizer_section section,
                             size_t item_bytes)
{
    uint64_t count = image->sections[section].size / item_bytes;

    return count > 0 && (count & (count - 1)) == 0;
}

static bool has_pairs(const struct tokenizer_image *image)
{
    uint64_t slots =
        image->sections[TOKENIZER_SECTION_PAIRS].size / sizeof(uint64_t) - TOKENIZER_PAIR_SLOTS;
    uint64_t symbols = (uint64_t)image->units_count + image->merges_count;

    return image->sections[TOKENIZER_SECTION_PAIRS].size > TOKENIZER_PAIR_SLOTS * sizeof(uint64_t)
           && (slots & (slots - 1)) == 0
           && has_power_of_two(image, TOKENIZER_SECTION_PAIR_FILTER, sizeof(uint64_t))
           && image->sections[TOKENIZER_SECTION_SYMBOLS].size == symbols * sizeof(uint32_t)
           && image->sections[TOKENIZER_SECTION_MERGED].size == 0;
}

/* The sizes that searches lean on. */
static bool has_sizes(const struct tokenizer_image *image)
{
    uint64_t size = image->pieces_count;

    return size > 0 && size <= TOKENIZER_PIECES_MAX
           && image->sections[TOKENIZER_SECTION_PIECE_AT].size == (size + 1) * sizeof(uint32_t)
           && image->sections[TOKENIZER_SECTION_TYPES].size == size
           && image->sections[TOKENIZER_SECTION_FLAGS].size == size
           && image->sections[TOKENIZER_SECTION_ADJACENT].size == 8192
           && has_power_of_two(image, TOKENIZER_SECTION_FIND, sizeof(uint32_t)) && has_pairs(image)
           && has_power_of_two(image, TOKENIZER_SECTION_FIND_FILTER, sizeof(uint64_t))
           && (image->sections[TOKENIZER_SECTION_FIRSTS].size == 0
               || image->sections[TOKENIZER_SECTION_FIRSTS].size == 65536 * sizeof(uint32_t))
           && has_power_of_two(image, TOKENIZER_SECTION_POINTS, sizeof(uint64_t))
           && has_power_of_two(image, TOKENIZER_SECTION_WORDS, sizeof(uint32_t))
           && has_power_of_two(image, TOKENIZER_SECTION_SHORT_FILTER, sizeof(uint64_t))
           && has_power_of_two(image, TOKENIZER_SECTION_SHORTS, sizeof(struct tokenizer_short))
           && image->sections[TOKENIZER_SECTION_SHORTS].size > sizeof(struct tokenizer_short);
}

enum status tokenizer_image_check(struct slice bytes, struct error *err)
{
    const struct tokenizer_image *image = (const void *)bytes.data;

    if (bytes.size < sizeof(*image) || memcmp(image->magic, magic, sizeof(magic)) != 0
        || image->version != TOKENIZER_IMAGE_VERSION || image->header_bytes != sizeof(*image))
        return error_set(err, STATUS_DATA_LOSS, "not a compiled vocabulary of version %d",
                         TOKENIZER_IMAGE_VERSION);
    if (image->size_bytes != bytes.size)
        return error_set(err, STATUS_DATA_LOSS, "a compiled vocabulary of %llu bytes has %zu",
                         (unsigned long long)image->size_bytes, bytes.size);
    if (checksum(slice_cut(bytes, CHECKED_AT, bytes.size)) != image->checksum)
        return error_set(err, STATUS_DATA_LOSS,
                         "the checksum of the compiled vocabulary does not match");
    for (int i = 0; i < TOKENIZER_SECTION_COUNT; i++) {
        if (image->sections[i].at > bytes.size
            || image->sections[i].size > bytes.size - image->sections[i].at)
            return error_set(err, STATUS_DATA_LOSS, "section %d of the compiled vocabulary is cut",
                             i);
    }
    if (!has_sizes(image))
        return error_set(err, STATUS_DATA_LOSS, "the compiled vocabulary contradicts itself");
    return STATUS_OK;
}
