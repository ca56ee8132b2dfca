#include "tokenizer_tables.h"

static uint32_t mask_of(const struct tokenizer_image *image, enum tokenizer_section section,
                        size_t item_bytes)
{
    return (uint32_t)(image->sections[section].size / item_bytes) - 1;
}

/* From a hash to a bit of a filter. */
static uint32_t shift_of(const struct tokenizer_image *image, enum tokenizer_section section)
{
    return 64 - (uint32_t)__builtin_ctzll(image->sections[section].size * 8);
}

static void put_cuts(struct tokenizer_tables *tables)
{
    for (unsigned pair = 0; pair < sizeof(tables->cuts); pair++) {
        bool is_continuation = (pair & 0xc0) == 0x80;

        tables->cuts[pair] = !is_continuation && (tables->adjacent[pair / 8] >> pair % 8 & 1) == 0;
    }
}

/* Whether cuts may be told from classes, for all that is ASCII. */
static void put_class_cuts(struct tokenizer_tables *tables)
{
    tables->cuts_by_class = tables->cuts_digits = true;
    for (unsigned before = 0; before < 128; before++) {
        for (unsigned after = 0; after < 128; after++) {
            bool is_cut = tables->cuts[before * 256 + after] != 0;

            if (tokenizer_tables_class_cut((unsigned char)before, (unsigned char)after))
                tables->cuts_by_class = tables->cuts_by_class && is_cut;
            if (tokenizer_tables_class((unsigned char)before) == 2
                && tokenizer_tables_class((unsigned char)after) == 2)
                tables->cuts_digits = tables->cuts_digits && is_cut;
        }
        if (tables->cuts[before * 256 + ' '] != 0)
            tokenizer_byte_set_put(&tables->cuts_blank, before);
    }
}

static void put_specials(struct tokenizer_tables *tables)
{
    for (uint32_t i = tables->image->specials_count; i-- > 0;)
        tables->specials_at[(unsigned char)tokenizer_tables_piece(tables, tables->specials[i])
                                .data[0]] = i + 1;
    tables->specials_at[256] = tables->image->specials_count;
    for (unsigned first = 256; first-- > 0;)
        tables->specials_at[first] = tables->specials_at[first] > 0
                                         ? tables->specials_at[first] - 1
                                         : tables->specials_at[first + 1];
}

void tokenizer_tables_init(struct tokenizer_tables *tables, const struct tokenizer_image *image)
{
    *tables = (struct tokenizer_tables){
        .image = image,
        .piece_at = tokenizer_image_section(image, TOKENIZER_SECTION_PIECE_AT),
        .piece_bytes = tokenizer_image_section(image, TOKENIZER_SECTION_PIECE_BYTES),
        .types = tokenizer_image_section(image, TOKENIZER_SECTION_TYPES),
        .flags = tokenizer_image_section(image, TOKENIZER_SECTION_FLAGS),
        .find = tokenizer_image_section(image, TOKENIZER_SECTION_FIND),
        .pairs = tokenizer_image_section(image, TOKENIZER_SECTION_PAIRS),
        .find_filter = tokenizer_image_section(image, TOKENIZER_SECTION_FIND_FILTER),
        .short_filter = tokenizer_image_section(image, TOKENIZER_SECTION_SHORT_FILTER),
        .short_filter_shift = shift_of(image, TOKENIZER_SECTION_SHORT_FILTER),
        .adjacent = tokenizer_image_section(image, TOKENIZER_SECTION_ADJACENT),
        .find_filter_shift = shift_of(image, TOKENIZER_SECTION_FIND_FILTER),
        .pair_filter = tokenizer_image_section(image, TOKENIZER_SECTION_PAIR_FILTER),
        .pair_filter_shift = shift_of(image, TOKENIZER_SECTION_PAIR_FILTER),
        .ids = tokenizer_image_section(image, TOKENIZER_SECTION_SYMBOLS),
        .units_count = image->units_count,
        .points = tokenizer_image_section(image, TOKENIZER_SECTION_POINTS),
        .specials = tokenizer_image_section(image, TOKENIZER_SECTION_SPECIALS),
        .words = tokenizer_image_section(image, TOKENIZER_SECTION_WORDS),
        .word_bytes = tokenizer_image_section(image, TOKENIZER_SECTION_WORD_BYTES),
        .shorts = tokenizer_image_section(image, TOKENIZER_SECTION_SHORTS),
        .shorts_shift = 65
                        - (uint32_t)__builtin_ctzll(image->sections[TOKENIZER_SECTION_SHORTS].size
                                                    / sizeof(struct tokenizer_short)),
        .find_mask = mask_of(image, TOKENIZER_SECTION_FIND, sizeof(uint32_t)),
        .pairs_mask =
            mask_of(image, TOKENIZER_SECTION_PAIRS, sizeof(uint64_t)) - TOKENIZER_PAIR_SLOTS,
        .points_mask = mask_of(image, TOKENIZER_SECTION_POINTS, sizeof(uint64_t)),
        .words_mask = mask_of(image, TOKENIZER_SECTION_WORDS, sizeof(uint32_t)),
        .has_bytes = true,
    };
    if (image->sections[TOKENIZER_SECTION_FIRSTS].size > 0)
        tables->firsts = tokenizer_image_section(image, TOKENIZER_SECTION_FIRSTS);
    if (image->sections[TOKENIZER_SECTION_MERGED].size > 0)
        tables->merged = tokenizer_image_section(image, TOKENIZER_SECTION_MERGED);
    if (image->sections[TOKENIZER_SECTION_RANKS].size > 0)
        tables->ranks = tokenizer_image_section(image, TOKENIZER_SECTION_RANKS);
    for (int byte = 0; byte < 256; byte++)
        tables->has_bytes = tables->has_bytes && image->bytes[byte] != TOKENIZER_NO_ID;
    put_specials(tables);
    if (image->settings.kind == TOKENIZER_KIND_SPM) {
        put_cuts(tables);
        put_class_cuts(tables);
    }
}
