/* In three steps:
 *
 *     compile_pieces, _points, _merges, _pairs, _adjacent, _specials   each makes its sections
 *     join                                                             one stretch of them all
 *     compile_used, join again                                         with the tables so made:
 *                                                                      only merges that are made
 *     compile_words                                                    encode what is known ahead
 */
#include "tokenizer_compile.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "tokenizer_compile_pairs.h"
#include "tokenizer_compile_used.h"
#include "tokenizer_compile_words.h"
#include "tokenizer_tables.h"

#define COMPILE_BYTES_MAX (2048 * MIB)

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the vocabulary");
}

static bool is_special(const struct tokenizer_parts *parts, uint32_t id)
{
    return parts->pieces[id].size > 0
           && (parts->types[id] == TOKENIZER_PIECE_CONTROL
               || parts->types[id] == TOKENIZER_PIECE_USER
               || (parts->flags[id] & TOKENIZER_PIECE_WRITTEN) != 0);
}

void *tokenizer_compile_section(struct tokenizer_compile *compile, enum tokenizer_section section,
                                uint64_t count, size_t item_bytes)
{
    void *data = arena_alloc_zero(&compile->arena, count, item_bytes);

    if (data != NULL)
        compile->sections[section] = slice_of(data, count * item_bytes);
    return data;
}

uint32_t tokenizer_compile_slots(uint64_t count)
{
    uint32_t slots = 16;

    while (slots < 2 * count)
        slots *= 2;
    return slots;
}

uint64_t *tokenizer_compile_filter(struct tokenizer_compile *compile,
                                   enum tokenizer_section section, uint64_t count, uint32_t *shift)
{
    uint64_t bits = 1024;

    while (bits < 4 * count)
        bits *= 2;
    *shift = 64 - (uint32_t)__builtin_ctzll(bits);
    return tokenizer_compile_section(compile, section, bits / 64, sizeof(uint64_t));
}

/* Pieces
 * ------------------------------------------------------------------------------------------- */

static enum status compile_texts(struct tokenizer_compile *compile, struct error *err)
{
    const struct tokenizer_parts *parts = compile->parts;
    uint32_t *at = tokenizer_compile_section(compile, TOKENIZER_SECTION_PIECE_AT,
                                             (uint64_t)parts->size + 1, sizeof(*at));
    size_t size = 0;
    char *bytes;

    for (uint32_t id = 0; id < parts->size; id++)
        size += parts->pieces[id].size;
    if (size > UINT32_MAX)
        return error_set(err, STATUS_DATA_LOSS, "pieces of %zu bytes in all", size);
    bytes = tokenizer_compile_section(compile, TOKENIZER_SECTION_PIECE_BYTES, size + 16, 1);
    if (at == NULL || bytes == NULL)
        return no_memory(err);
    for (uint32_t id = 0; id < parts->size; id++) {
        if (parts->pieces[id].size > 0)
            memcpy(bytes + at[id], parts->pieces[id].data, parts->pieces[id].size);
        at[id + 1] = at[id] + (uint32_t)parts->pieces[id].size;
    }
    return STATUS_OK;
}

/* Of pieces with the same text the first is found. */
static enum status compile_find(struct tokenizer_compile *compile, struct error *err)
{
    const struct tokenizer_parts *parts = compile->parts;
    uint32_t slots = tokenizer_compile_slots(parts->size), at, shift;
    uint32_t *find =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_FIND, slots, sizeof(*find));

    uint64_t *filter =
        tokenizer_compile_filter(compile, TOKENIZER_SECTION_FIND_FILTER, parts->size, &shift);

    if (find == NULL || filter == NULL)
        return no_memory(err);
    memset(find, 0xff, slots * sizeof(*find));
    for (uint32_t id = 0; id < parts->size; id++) {
        struct slice text = parts->pieces[id];

        if (parts->types[id] != TOKENIZER_PIECE_NORMAL || text.size == 0)
            continue;
        tokenizer_compile_put_hash(filter, shift, hash_bytes(text, 0));
        at = (uint32_t)hash_bytes(text, 0) & (slots - 1);
        while (find[at] != TOKENIZER_NO_ID && !slice_equal(parts->pieces[find[at]], text))
            at = (at + 1) & (slots - 1);
        if (find[at] == TOKENIZER_NO_ID)
            find[at] = id;
        if (text.size > compile->header.piece_bytes_max)
            compile->header.piece_bytes_max = (uint32_t)text.size;
    }
    return STATUS_OK;
}

static void compile_bytes(struct tokenizer_compile *compile)
{
    struct tokenizer_parts *parts = compile->parts;
    uint32_t *bytes = compile->header.bytes;

    for (int byte = 0; byte < 256; byte++) {
        char character = (char)byte;

        bytes[byte] = TOKENIZER_NO_ID;
        if (parts->settings.kind == TOKENIZER_KIND_BPE) {
            bytes[byte] = tokenizer_parts_find(parts, slice_of(&character, 1));
            if (bytes[byte] == TOKENIZER_NO_ID && parts->settings.writes_unknown)
                bytes[byte] = parts->settings.unknown;
        }
    }
    for (uint32_t id = parts->size; id-- > 0;) {
        if (parts->types[id] == TOKENIZER_PIECE_BYTE)
            bytes[tokenizer_parts_byte(parts->pieces[id])] = id;
    }
}

static enum status compile_pieces(struct tokenizer_compile *compile, struct error *err)
{
    const struct tokenizer_parts *parts = compile->parts;
    uint8_t *types =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_TYPES, parts->size, sizeof(*types));
    uint8_t *flags =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_FLAGS, parts->size, sizeof(*flags));

    if (types == NULL || flags == NULL || compile_texts(compile, err) != STATUS_OK
        || compile_find(compile, err) != STATUS_OK)
        return no_memory(err);
    memcpy(types, parts->types, parts->size);
    memcpy(flags, parts->flags, parts->size);
    compile_bytes(compile);
    return STATUS_OK;
}

/* Special pieces
 * --------------------------------------------------------------------------------- */

static int compare_specials(const void *a, const void *b, void *arg)
{
    const struct tokenizer_parts *parts = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = slice_compare(parts->pieces[x], parts->pieces[y]);

    return order != 0 ? order : x < y ? -1 : x > y;
}

static enum status compile_specials(struct tokenizer_compile *compile, struct error *err)
{
    struct tokenizer_parts *parts = compile->parts;
    uint32_t *specials, count = 0;

    for (uint32_t id = 0; id < parts->size; id++)
        count += is_special(parts, id);
    specials =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_SPECIALS, count, sizeof(*specials));
    if (specials == NULL)
        return no_memory(err);
    count = 0;
    for (uint32_t id = 0; id < parts->size; id++) {
        if (is_special(parts, id))
            specials[count++] = id;
    }
    qsort_r(specials, count, sizeof(*specials), compare_specials, parts);
    compile->header.specials_count = count;
    return STATUS_OK;
}

/* All together
 * ------------------------------------------------------------------------------------- */

static size_t aligned(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

/* One stretch of header and sections, from malloc; not sealed. */
static struct tokenizer_image *join(struct tokenizer_compile *compile, struct error *err)
{
    size_t size = aligned(sizeof(compile->header)), at = size;
    struct tokenizer_image *image;

    for (int i = 0; i < TOKENIZER_SECTION_COUNT; i++)
        size += aligned(compile->sections[i].size);
    image = aligned_alloc(64, size);
    if (image == NULL) {
        no_memory(err);
        return NULL;
    }
    memset(image, 0, size);
    *image = compile->header;
    for (int i = 0; i < TOKENIZER_SECTION_COUNT; i++) {
        image->sections[i].at = at;
        image->sections[i].size = compile->sections[i].size;
        if (compile->sections[i].size > 0)
            memcpy((char *)image + at, compile->sections[i].data, compile->sections[i].size);
        at += aligned(compile->sections[i].size);
    }
    tokenizer_image_seal(image, size);
    return image;
}

static enum status compile_header(struct tokenizer_compile *compile, struct error *err)
{
    struct tokenizer_parts *parts = compile->parts;
    struct tokenizer_image *header = &compile->header;
    const uint32_t ids[] = { parts->settings.bos, parts->settings.eos, parts->settings.unknown,
                             parts->settings.pad, parts->settings.sep, parts->settings.cls,
                             parts->settings.mask };

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (ids[i] != TOKENIZER_NO_ID && ids[i] >= parts->size)
            return error_set(err, STATUS_DATA_LOSS,
                             "a special id is %u, but the vocabulary has %u pieces", ids[i],
                             parts->size);
    }
    header->settings = parts->settings;
    header->pieces_count = parts->size;
    memcpy(header->digest, parts->digest, sizeof(parts->digest));
    compile->sections[TOKENIZER_SECTION_TEMPLATE] = parts->chat_template;
    return STATUS_OK;
}

/* What later steps replace or leave as it is. */
static enum status compile_empty(struct tokenizer_compile *compile, struct error *err)
{
    uint32_t *words =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_WORDS, 16, sizeof(*words));
    uint64_t *points =
        tokenizer_compile_section(compile, TOKENIZER_SECTION_POINTS, 16, sizeof(*points));
    uint32_t shift;

    if (words == NULL || points == NULL
        || tokenizer_compile_put_pairs(compile, NULL, NULL, 0, err) != STATUS_OK
        || tokenizer_compile_section(compile, TOKENIZER_SECTION_ADJACENT, 8192, 1) == NULL
        || tokenizer_compile_filter(compile, TOKENIZER_SECTION_SHORT_FILTER, 0, &shift) == NULL
        || tokenizer_compile_section(compile, TOKENIZER_SECTION_SHORTS, 2,
                                     sizeof(struct tokenizer_short))
               == NULL)
        return no_memory(err);
    memset(words, 0xff, 16 * sizeof(*words));
    memset(points, 0xff, 16 * sizeof(*points));
    return STATUS_OK;
}

static struct tokenizer_image *compile_all(struct tokenizer_compile *compile, struct slice words,
                                           struct error *err)
{
    struct tokenizer_image *image, *whole;
    enum status status;

    if (compile_header(compile, err) != STATUS_OK || compile_empty(compile, err) != STATUS_OK
        || compile_pieces(compile, err) != STATUS_OK || compile_specials(compile, err) != STATUS_OK)
        return NULL;
    if (compile->parts->settings.kind == TOKENIZER_KIND_WORDPIECE)
        return join(compile, err);
    if (tokenizer_compile_pairs(compile, err) != STATUS_OK)
        return NULL;
    image = join(compile, err);
    if (image == NULL)
        return NULL;
    status = tokenizer_compile_used(compile, image, err);
    free(image);
    image = status == STATUS_OK ? join(compile, err) : NULL;
    if (image == NULL)
        return NULL;
    whole = tokenizer_compile_words(compile, image, words, err) == STATUS_OK ? join(compile, err)
                                                                             : NULL;
    free(image);
    return whole;
}

struct tokenizer_image *tokenizer_compile(struct tokenizer_parts *parts, struct slice words,
                                          struct error *err)
{
    struct tokenizer_compile compile = { .parts = parts };
    struct tokenizer_image *image;

    arena_init(&compile.arena, COMPILE_BYTES_MAX);
    image = compile_all(&compile, words, err);
    arena_close(&compile.arena);
    return image;
}

struct tokenizer_image *tokenizer_compile_add_words(const struct tokenizer_image *image,
                                                    struct slice words, struct error *err)
{
    struct tokenizer_compile compile = { .header = *image };
    struct tokenizer_image *made = NULL;

    arena_init(&compile.arena, COMPILE_BYTES_MAX);
    for (int i = 0; i < TOKENIZER_SECTION_COUNT; i++)
        compile.sections[i] =
            slice_of((const char *)image + image->sections[i].at, image->sections[i].size);
    if (image->settings.kind == TOKENIZER_KIND_WORDPIECE
        || tokenizer_compile_list(&compile, image, words, err) == STATUS_OK)
        made = join(&compile, err);
    arena_close(&compile.arena);
    return made;
}
