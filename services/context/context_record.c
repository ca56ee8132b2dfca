/* A fact of a record, whether it is laid out in memory or packed in an image. */
#include "context_record.h"

#include "context_image.h"

#define UUID_TEXT_BYTES 36

/* Checked when the image was opened; a date that no calendar has is none. */
static void read_date(uint64_t packed, struct fhir_date *date)
{
    int64_t days;

    *date = (struct fhir_date){ .precision = (enum fhir_precision)(packed & 7) };
    if (date->precision == FHIR_PRECISION_NONE)
        return;
    date->seconds = (int64_t)packed >> 6;
    days = date->seconds >= 0 ? date->seconds / 86400 : (date->seconds - 86399) / 86400;
    if (!fhir_date_from_days(days + (int64_t)(packed >> 3 & 7) - 2, date))
        *date = (struct fhir_date){ 0 };
}

static const struct image_fact *packed_at(const struct record *record, uint32_t index)
{
    return (const struct image_fact *)image_part(record->image, IMAGE_FACTS) + index;
}

static const struct image_shape *shape_at(const struct record *record, uint32_t index)
{
    return (const struct image_shape *)image_part(record->image, IMAGE_SHAPES)
           + packed_at(record, index)->shape;
}

static void read_fact(const struct record *record, uint32_t index, struct fact *fact)
{
    const struct image *image = record->image;
    const struct image_fact *packed = packed_at(record, index);
    const struct image_shape *shape = shape_at(record, index);
    const struct image_rare *rare =
        (const struct image_rare *)image_part(image, IMAGE_RARE) + packed->rare;

    *fact = (struct fact){
        .kind = (enum fact_kind)shape->kind,
        .flag = (enum fact_flag)shape->flag,
        .is_void = shape->bits & IMAGE_VOID,
        .is_copy = shape->bits & IMAGE_COPY,
        .is_active = shape->bits & IMAGE_ACTIVE,
        .is_code = shape->bits & IMAGE_CODE,
        .version = image_text(image, shape->version),
        .path = image_text(image, shape->path),
        .noun = image_text(image, shape->noun),
        .label = image_text(image, shape->label),
        .value = image_text(image, packed->value),
        .detail = image_text(image, shape->detail),
        .status = image_text(image, shape->status),
        .codes = image_text(image, shape->codes),
        .also = image_text(image, rare->also),
        .who = image_text(image, shape->who),
        .text = image_text(image, rare->text),
    };
    read_date(packed->date[0] | (uint64_t)packed->date[1] << 32, &fact->date);
    if (packed->rare != 0) {
        read_date(rare->end, &fact->end);
        read_date(rare->updated, &fact->updated);
    }
}

const struct fact *record_fact(const struct record *record, uint32_t index, struct fact *room)
{
    if (record->image == NULL)
        return &record->facts[index];
    read_fact(record, index, room);
    return room;
}

bool record_is_void(const struct record *record, uint32_t index)
{
    return record->image == NULL ? record->facts[index].is_void
                                 : (shape_at(record, index)->bits & IMAGE_VOID) != 0;
}

struct fhir_date record_date(const struct record *record, uint32_t index)
{
    const struct image_fact *packed;
    struct fhir_date date;

    if (record->image == NULL)
        return record->facts[index].date;
    packed = packed_at(record, index);
    read_date(packed->date[0] | (uint64_t)packed->date[1] << 32, &date);
    return date;
}

/* ---- whole ---- */

static void read_measure(const struct image *image, const struct image_measure *packed,
                         struct measure *measure)
{
    const struct image_scale *scale =
        (const struct image_scale *)image_part(image, IMAGE_SCALES) + packed->scale;

    *measure = (struct measure){
        .bound = (enum measure_bound)scale->bound,
        .value = { (int64_t)(packed->digits[0] | (uint64_t)packed->digits[1] << 32), scale->scale,
                   true },
        .unit = image_text(image, scale->unit),
        .label = image_text(image, scale->label),
        .codes = image_text(image, scale->codes),
    };
    if (scale->given & 1)
        measure->low = (struct decimal){ scale->low, scale->low_scale, true };
    if (scale->given & 2)
        measure->high = (struct decimal){ scale->high, scale->high_scale, true };
}

const struct fact *record_measured(const struct record *record, uint32_t index, struct fact *room,
                                   struct measure measures[FACT_MEASURES_MAX])
{
    const struct fact *fact = record_fact(record, index, room);
    const struct image_fact *packed;
    const struct image_measure *first;

    if (record->image == NULL)
        return fact;
    packed = packed_at(record, index);
    first =
        (const struct image_measure *)image_part(record->image, IMAGE_MEASURES) + packed->measure;
    room->measures_count = packed[1].measure - packed->measure;
    room->measures = measures;
    for (uint32_t i = 0; i < room->measures_count; i++)
        read_measure(record->image, &first[i], &measures[i]);
    return room;
}

static void format_uuid(const unsigned char *uuid, char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < 16; i++) {
        if (at == 8 || at == 13 || at == 18 || at == 23)
            text[at++] = '-';
        text[at++] = digits[uuid[i] >> 4];
        text[at++] = digits[uuid[i] & 15];
    }
}

static struct slice read_reference(const struct record *record, uint32_t index, struct arena *arena)
{
    const struct image *image = record->image;
    uint32_t id = packed_at(record, index)->id;
    struct slice type = image_text(image, shape_at(record, index)->type);
    struct slice name =
        id & 1 ? (struct slice){ NULL, UUID_TEXT_BYTES } : image_text(image, id / 2);
    char *text = arena_alloc(arena, type.size + name.size + 1);

    if (text == NULL)
        return (struct slice){ NULL, 0 };
    if (type.size > 0)
        memcpy(text, type.data, type.size);
    if (id & 1)
        format_uuid((const unsigned char *)image_part(image, IMAGE_UUIDS) + (size_t)(id / 2) * 16,
                    text + type.size);
    else if (name.size > 0)
        memcpy(text + type.size, name.data, name.size);
    return slice_of(text, type.size + name.size);
}

static bool read_whole(const struct record *record, uint32_t index, struct arena *arena,
                       struct fact *fact)
{
    struct measure measures[FACT_MEASURES_MAX], *kept = NULL;

    record_measured(record, index, fact, measures);
    fact->reference = read_reference(record, index, arena);
    if (fact->measures_count > 0)
        kept = arena_alloc(arena, fact->measures_count * sizeof(*kept));
    fact->measures = kept;
    if (fact->reference.data == NULL || (kept == NULL && fact->measures_count > 0))
        return false;
    if (kept != NULL)
        memcpy(kept, measures, fact->measures_count * sizeof(*kept));
    return true;
}

const struct fact *record_whole(const struct record *record, uint32_t index, struct arena *arena)
{
    struct fact *fact;

    if (record->image == NULL)
        return &record->facts[index];
    fact = arena_alloc(arena, sizeof(*fact));
    return fact != NULL && read_whole(record, index, arena, fact) ? fact : NULL;
}

const struct fact *record_all(const struct record *record, struct arena *arena)
{
    struct fact *facts;

    if (record->image == NULL)
        return record->facts;
    facts = arena_alloc(arena, (record->count + 1) * sizeof(*facts));
    for (size_t i = 0; facts != NULL && i < record->count; i++)
        if (!read_whole(record, (uint32_t)i, arena, &facts[i]))
            return NULL;
    return facts;
}
