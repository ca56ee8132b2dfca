/* What an image must be before anything in it is used. Whoever can write to Redis cannot make one
 * (context_seal.h), but a program of another version could have. */
#include <math.h>

#include "base/hash.h"
#include "context_image.h"

static const char magic[8] = "CTXIMG1";

#define DATE_DIFFERS_MAX 4
#define SCALE_MAX 100

static const struct {
    uint32_t item_size, count_min;
} parts[IMAGE_PARTS] = {
    [IMAGE_FACTS] = { sizeof(struct image_fact), 1 },
    [IMAGE_SHAPES] = { sizeof(struct image_shape), 0 },
    [IMAGE_RARE] = { sizeof(struct image_rare), 1 },
    [IMAGE_UUIDS] = { 16, 0 },
    [IMAGE_MEASURES] = { sizeof(struct image_measure), 0 },
    [IMAGE_SCALES] = { sizeof(struct image_scale), 0 },
    [IMAGE_TEXTS] = { 1, 1 },
    [IMAGE_POSTINGS] = { sizeof(struct posting), 0 },
    [IMAGE_COURSES] = { sizeof(struct course), 0 },
    [IMAGE_INDICES] = { sizeof(uint32_t), 0 },
    [IMAGE_THINGS] = { sizeof(uint16_t), 0 },
    [IMAGE_WORDS] = { sizeof(uint32_t), 0 },
    [IMAGE_WEIGHTS] = { sizeof(float), 0 },
};

/* Behind the one before: what is written when courses are opened lies in no other part. */
static bool is_part(const struct image *image, enum image_part part, uint64_t *end)
{
    struct image_part_at at = image->parts[part];
    uint64_t before = *end;

    *end = at.at + (uint64_t)at.count * parts[part].item_size;
    return at.at % 8 == 0 && at.at >= before && at.at <= image->size
           && at.count >= parts[part].count_min
           && (uint64_t)at.count * parts[part].item_size <= image->size - at.at;
}

static bool is_text(const struct image *image, uint32_t text)
{
    const char *texts = image_part(image, IMAGE_TEXTS);
    uint32_t room = image->parts[IMAGE_TEXTS].count, size;

    if (text >= room)
        return false;
    size = (unsigned char)texts[text];
    room -= text + 1;
    if (size < 255)
        return size <= room;
    if (room < sizeof(size))
        return false;
    memcpy(&size, texts + text + 1, sizeof(size));
    return size <= room - sizeof(size);
}

/* Of the years 1 to 9999, with room beside them. */
static bool is_moment(int64_t seconds)
{
    return seconds < INT64_C(400000000000) && seconds > -INT64_C(100000000000);
}

static bool is_date(uint64_t date)
{
    return (date & 7) <= FHIR_PRECISION_TIME && (date >> 3 & 7) <= DATE_DIFFERS_MAX
           && is_moment((int64_t)date >> 6);
}

static bool is_id(const struct image *image, uint32_t id)
{
    return id & 1 ? id / 2 < image->parts[IMAGE_UUIDS].count : is_text(image, id / 2);
}

static bool are_facts(const struct image *image)
{
    const struct image_fact *facts = image_part(image, IMAGE_FACTS);
    uint32_t count = image->parts[IMAGE_FACTS].count - 1, live = 0;
    const struct image_shape *shapes = image_part(image, IMAGE_SHAPES);

    if (count > RECORD_FACTS_MAX || facts[count].measure > image->parts[IMAGE_MEASURES].count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct image_fact *fact = &facts[i];

        if (fact->shape >= image->parts[IMAGE_SHAPES].count || !is_text(image, fact->value)
            || !is_id(image, fact->id) || fact->rare >= image->parts[IMAGE_RARE].count
            || fact->measure > facts[i + 1].measure
            || facts[i + 1].measure - fact->measure > FACT_MEASURES_MAX
            || !is_date(fact->date[0] | (uint64_t)fact->date[1] << 32))
            return false;
        live += (shapes[fact->shape].bits & IMAGE_VOID) == 0;
    }
    return image->live <= count && (image->live == 0 || image->live == live);
}

static bool are_shapes(const struct image *image)
{
    const struct image_shape *shapes = image_part(image, IMAGE_SHAPES);

    for (uint32_t i = 0; i < image->parts[IMAGE_SHAPES].count; i++) {
        const struct image_shape *shape = &shapes[i];

        if (shape->kind > FACT_OTHER || shape->flag > FACT_FLAG_ABNORMAL
            || !is_text(image, shape->type) || !is_text(image, shape->path)
            || !is_text(image, shape->noun) || !is_text(image, shape->label)
            || !is_text(image, shape->status) || !is_text(image, shape->codes)
            || !is_text(image, shape->detail) || !is_text(image, shape->who)
            || !is_text(image, shape->version))
            return false;
    }
    return true;
}

static bool are_rare(const struct image *image)
{
    const struct image_rare *rare = image_part(image, IMAGE_RARE);

    for (uint32_t i = 0; i < image->parts[IMAGE_RARE].count; i++)
        if (!is_date(rare[i].end) || !is_date(rare[i].updated) || !is_text(image, rare[i].also)
            || !is_text(image, rare[i].text))
            return false;
    return true;
}

static bool is_scale(int8_t scale)
{
    return scale >= -SCALE_MAX && scale <= SCALE_MAX;
}

static bool are_measures(const struct image *image)
{
    const struct image_measure *measures = image_part(image, IMAGE_MEASURES);
    const struct image_scale *scales = image_part(image, IMAGE_SCALES);

    for (uint32_t i = 0; i < image->parts[IMAGE_MEASURES].count; i++)
        if (measures[i].scale >= image->parts[IMAGE_SCALES].count)
            return false;
    for (uint32_t i = 0; i < image->parts[IMAGE_SCALES].count; i++)
        if (!is_text(image, scales[i].unit) || !is_text(image, scales[i].label)
            || !is_text(image, scales[i].codes) || scales[i].bound > MEASURE_MORE_OR_EQUAL
            || scales[i].given > 3 || !is_scale(scales[i].scale) || !is_scale(scales[i].low_scale)
            || !is_scale(scales[i].high_scale))
            return false;
    return true;
}

static bool are_postings(const struct image *image)
{
    const struct posting *postings = image_part(image, IMAGE_POSTINGS);

    for (uint32_t i = 0; i < image->parts[IMAGE_POSTINGS].count; i++)
        if (postings[i].fact >= image->parts[IMAGE_FACTS].count - 1)
            return false;
    return true;
}

/* ---- courses ---- */

static bool is_slice(const struct image *image, struct slice text)
{
    return (uintptr_t)text.data < image->parts[IMAGE_TEXTS].count
           && is_text(image, (uint32_t)(uintptr_t)text.data)
           && image_text(image, (uint32_t)(uintptr_t)text.data).size == text.size;
}

static bool are_items(const struct image *image, const void *items, uint32_t count,
                      enum image_part part)
{
    return (uintptr_t)items <= image->parts[part].count
           && count <= image->parts[part].count - (uintptr_t)items;
}

static bool are_things(const struct image *image)
{
    const uint16_t *things = image_part(image, IMAGE_THINGS);

    for (uint32_t i = 0; i < image->parts[IMAGE_THINGS].count; i++)
        if (things[i] >= THINGS_MAX)
            return false;
    return true;
}

/* Bools are bytes of the image: another value than 0 and 1 is none. */
static bool is_bool(const bool *value)
{
    unsigned char byte;

    memcpy(&byte, value, sizeof(byte));
    return byte < 2;
}

static bool are_courses(const struct image *image)
{
    const struct course *courses = image_part(image, IMAGE_COURSES);
    const uint32_t *indices = image_part(image, IMAGE_INDICES);
    uint32_t count = image->parts[IMAGE_COURSES].count;

    if ((count > 0 && image->parts[IMAGE_WEIGHTS].count != CONCEPTS_MAX) || !are_things(image)
        || (image->end != INT64_MIN && !is_moment(image->end)))
        return false;
    for (uint32_t i = 0; i < image->parts[IMAGE_INDICES].count; i++)
        if (indices[i] >= image->parts[IMAGE_FACTS].count - 1)
            return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct course *course = &courses[i];

        if (course->count == 0 || (course->newest != INT64_MIN && !is_moment(course->newest))
            || !are_items(image, course->facts, course->count, IMAGE_INDICES)
            || (uint32_t)course->kind > FACT_OTHER || !is_bool(&course->is_active)
            || !is_bool(&course->is_named) || !is_bool(&course->has_names)
            || !is_slice(image, course->label) || !is_slice(image, course->noun)
            || !are_items(image, course->things, course->things_count, IMAGE_THINGS)
            || !are_items(image, course->reasons, course->reasons_count, IMAGE_THINGS)
            || !are_items(image, course->words, course->words_count, IMAGE_WORDS))
            return false;
    }
    return true;
}

static bool is_image(struct slice bytes)
{
    const struct image *image = (const struct image *)bytes.data;
    uint64_t end = sizeof(*image);

    if (bytes.size < sizeof(*image) || (uintptr_t)bytes.data % 8 != 0
        || memcmp(image->magic, magic, sizeof(magic)) != 0 || image->size != bytes.size)
        return false;
    for (int i = 0; i < IMAGE_PARTS; i++)
        if (!is_part(image, (enum image_part)i, &end))
            return false;
    return are_shapes(image) && are_facts(image) && are_rare(image) && are_measures(image)
           && are_postings(image) && are_courses(image);
}

enum status image_check(struct slice bytes, struct error *err)
{
    return is_image(bytes)
               ? STATUS_OK
               : error_set(err, STATUS_DATA_LOSS, "stored record of %zu bytes: not one, or damaged",
                           bytes.size);
}

/* ---- use ---- */

static void open_slice(const struct image *image, struct slice *text)
{
    *text = image_text(image, (uint32_t)(uintptr_t)text->data);
}

static void open_course(const struct image *image, struct course *course)
{
    const uint16_t *things = image_part(image, IMAGE_THINGS);

    course->facts = (const uint32_t *)image_part(image, IMAGE_INDICES) + (uintptr_t)course->facts;
    course->things = things + (uintptr_t)course->things;
    course->reasons = things + (uintptr_t)course->reasons;
    course->words = (const uint32_t *)image_part(image, IMAGE_WORDS) + (uintptr_t)course->words;
    open_slice(image, &course->label);
    open_slice(image, &course->noun);
}

bool image_open(struct slice bytes, struct record *record, struct courses *courses)
{
    const struct image *image = (const struct image *)bytes.data;
    struct course *items = (struct course *)image_part(image, IMAGE_COURSES);

    *record = (struct record){ .image = image,
                               .count = image->parts[IMAGE_FACTS].count - 1,
                               .live = image->live,
                               .notes = image->notes,
                               .postings = image_part(image, IMAGE_POSTINGS),
                               .postings_count = image->parts[IMAGE_POSTINGS].count };
    if (courses == NULL || image->tables != image_tables())
        return false;
    for (uint32_t i = 0; i < image->parts[IMAGE_COURSES].count; i++)
        open_course(image, &items[i]);
    *courses = (struct courses){ items, image->parts[IMAGE_COURSES].count, image->end,
                                 image_part(image, IMAGE_WEIGHTS) };
    return true;
}

/* ---- tables ---- */

uint64_t image_tables(void)
{
    uint64_t hash = things_fingerprint();

    for (uint32_t i = 0; i < concept_rows_count; i++) {
        hash = hash_bytes(slice_from(concept_rows[i].name), hash);
        hash = hash_bytes(slice_from(concept_rows[i].phrases), hash);
    }
    return hash;
}
