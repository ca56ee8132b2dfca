#include "tokenizer_image.h"

#include <stddef.h>

#include "tokenizer_tables.h"

static const char magic[8] = "CSLVOC\x01\n";

#define CHECKED_AT (offsetof(struct tokenizer_image, checksum) + sizeof(uint64_t))

#define LANES 8

/* Lanes of eight bytes, so that a check runs as fast as memory gives the bytes. */
static uint64_t checksum(struct slice bytes)
{
    const uint64_t k = 0x9e3779b97f4a7c15u;
    uint64_t lanes[LANES], sum = bytes.size, words[LANES];
    size_t at = 0;

    for (unsigned i = 0; i < LANES; i++)
        lanes[i] = k * (2 * i + 1);
    for (; at + sizeof(words) <= bytes.size; at += sizeof(words)) {
        memcpy(words, bytes.data + at, sizeof(words));
        for (unsigned i = 0; i < LANES; i++) {
            uint64_t mixed = (lanes[i] ^ words[i]) * 0xd6e8feb86659fd93u;

            lanes[i] = mixed ^ mixed >> 32;
        }
    }
    for (; at < bytes.size; at++)
        lanes[at % LANES] = (lanes[at % LANES] ^ (unsigned char)bytes.data[at]) * k;
    for (unsigned i = 0; i < LANES; i++)
        sum = (sum ^ lanes[i] ^ lanes[i] >> 29) * k;
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
