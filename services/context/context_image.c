/* Facts into tables, each entry once, then the tables one behind the other. */
#include "context_image.h"

#include "base/hash.h"

static const char magic[8] = "CTXIMG1";

#define UUID_BYTES 16
#define UUID_TEXT_BYTES 36
#define RECENT_TEXTS 1024

/* Entries of one size, or (item_size 0) texts with their size before them; each is there once. */
struct table {
    struct buffer bytes;
    uint32_t item_size;
    uint32_t *slots; /* where it is + 1 */
    size_t room, count;
};

struct writing {
    struct arena work;
    struct table shapes, rare, scales, texts;
    struct buffer facts, uuids, measures;
    struct buffer courses, indices, things, words;
    struct {
        const char *data;
        size_t size;
        uint32_t at;
    } recent[RECENT_TEXTS]; /* by address: facts share what they were made from */
    bool is_full;
};

/* ---- tables ---- */

static struct slice entry_at(const struct table *table, uint32_t at)
{
    const char *data = table->bytes.data + (table->item_size == 0 ? at : at * table->item_size);
    uint32_t size = table->item_size;

    if (size > 0)
        return slice_of(data, size);
    size = (unsigned char)data[0];
    if (size < 255)
        return slice_of(data + 1, size);
    memcpy(&size, data + 1, sizeof(size));
    return slice_of(data + 1 + sizeof(size), size);
}

static size_t slot_of(const struct table *table, struct slice entry)
{
    size_t at = hash_bytes(entry, 0x696d616765) & (table->room - 1);

    while (table->slots[at] != 0 && !slice_equal(entry_at(table, table->slots[at] - 1), entry))
        at = (at + 1) & (table->room - 1);
    return at;
}

static bool table_grow(struct writing *writing, struct table *table)
{
    uint32_t *old = table->slots;
    size_t room = table->room;

    table->room = room == 0 ? 1024 : 4 * room;
    table->slots = ARENA_ARRAY(&writing->work, uint32_t, table->room);
    if (table->slots == NULL)
        return false;
    for (size_t i = 0; i < room; i++)
        if (old[i] != 0)
            table->slots[slot_of(table, entry_at(table, old[i] - 1))] = old[i];
    return true;
}

static void put_size(struct buffer *buffer, size_t size)
{
    uint32_t wide = (uint32_t)size;

    buffer_put_byte(buffer, (char)(size < 255 ? size : 255));
    if (size >= 255)
        buffer_put(buffer, slice_of(&wide, sizeof(wide)));
}

/* Where @entry is. */
static uint32_t table_put(struct writing *writing, struct table *table, struct slice entry)
{
    size_t slot;
    uint32_t at;

    writing->is_full |= 2 * (table->count + 1) > table->room && !table_grow(writing, table);
    if (writing->is_full)
        return 0;
    slot = slot_of(table, entry);
    if (table->slots[slot] != 0)
        return table->slots[slot] - 1;
    at = table->item_size == 0 ? (uint32_t)table->bytes.size : (uint32_t)table->count;
    if (table->item_size == 0)
        put_size(&table->bytes, entry.size);
    buffer_put(&table->bytes, entry);
    writing->is_full = table->bytes.is_full || table->bytes.size > INT32_MAX;
    if (writing->is_full)
        return 0;
    table->slots[slot] = at + 1;
    table->count++;
    return at;
}

static uint32_t put_text(struct writing *writing, struct slice text)
{
    size_t recent =
        (((uintptr_t)text.data >> 4) ^ ((uintptr_t)text.data >> 14) ^ text.size) % RECENT_TEXTS;

    if (text.size == 0)
        return 0;
    if (writing->recent[recent].data != text.data || writing->recent[recent].size != text.size) {
        writing->recent[recent].at = table_put(writing, &writing->texts, text);
        writing->recent[recent].data = text.data;
        writing->recent[recent].size = text.size;
    }
    return writing->recent[recent].at;
}

/* ---- references ---- */

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The sixteen bytes of "8-4-4-4-12" in lower case; false for anything else. */
static bool uuid_parse(struct slice text, unsigned char uuid[UUID_BYTES])
{
    size_t at = 0;

    if (text.size != UUID_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        int high, low;

        if (at == 8 || at == 13 || at == 18 || at == 23)
            if (text.data[at++] != '-')
                return false;
        high = hex_of(text.data[at++]);
        low = hex_of(text.data[at++]);
        if (high < 0 || low < 0)
            return false;
        uuid[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static uint32_t put_id(struct writing *writing, struct slice id)
{
    unsigned char uuid[UUID_BYTES];
    uint32_t at = (uint32_t)(writing->uuids.size / UUID_BYTES);

    if (!uuid_parse(id, uuid))
        return 2 * put_text(writing, id);
    buffer_put(&writing->uuids, slice_of(uuid, sizeof(uuid)));
    return 2 * at + 1;
}

/* ---- facts ---- */

static uint64_t pack_date(const struct fhir_date *date)
{
    int64_t days = date->seconds >= 0 ? date->seconds / 86400 : (date->seconds - 86399) / 86400;
    int64_t differs = fhir_date_days(date) - days;

    if (date->precision == FHIR_PRECISION_NONE)
        return 0;
    return (uint64_t)date->seconds << 6 | (uint64_t)(differs + 2) << 3 | (uint64_t)date->precision;
}

static uint32_t put_shape(struct writing *writing, const struct fact *fact, struct slice type)
{
    struct image_shape shape = {
        .kind = (uint8_t)fact->kind,
        .flag = (uint8_t)fact->flag,
        .bits = (uint8_t)((fact->is_active ? IMAGE_ACTIVE : 0) | (fact->is_void ? IMAGE_VOID : 0)
                          | (fact->is_copy ? IMAGE_COPY : 0) | (fact->is_code ? IMAGE_CODE : 0)),
        .type = put_text(writing, type),
        .path = put_text(writing, fact->path),
        .noun = put_text(writing, fact->noun),
        .label = put_text(writing, fact->label),
        .status = put_text(writing, fact->status),
        .codes = put_text(writing, fact->codes),
        .detail = put_text(writing, fact->detail),
        .who = put_text(writing, fact->who),
        .version = put_text(writing, fact->version),
    };

    return table_put(writing, &writing->shapes, slice_of(&shape, sizeof(shape)));
}

static uint32_t put_rare(struct writing *writing, const struct fact *fact)
{
    struct image_rare rare = {
        .end = pack_date(&fact->end),
        .updated = pack_date(&fact->updated),
        .also = put_text(writing, fact->also),
        .text = put_text(writing, fact->text),
    };

    return table_put(writing, &writing->rare, slice_of(&rare, sizeof(rare)));
}

static void put_measure(struct writing *writing, const struct measure *measure)
{
    struct image_scale scale = {
        .low = measure->low.is_given ? measure->low.digits : 0,
        .high = measure->high.is_given ? measure->high.digits : 0,
        .unit = put_text(writing, measure->unit),
        .label = put_text(writing, measure->label),
        .codes = put_text(writing, measure->codes),
        .bound = (uint8_t)measure->bound,
        .given = (uint8_t)(measure->low.is_given | measure->high.is_given << 1),
        .scale = measure->value.scale,
        .low_scale = measure->low.is_given ? measure->low.scale : 0,
        .high_scale = measure->high.is_given ? measure->high.scale : 0,
    };
    struct image_measure packed = {
        .scale = table_put(writing, &writing->scales, slice_of(&scale, sizeof(scale))),
        .digits = { (uint32_t)measure->value.digits,
                    (uint32_t)((uint64_t)measure->value.digits >> 32) },
    };

    buffer_put(&writing->measures, slice_of(&packed, sizeof(packed)));
}

static void put_fact(struct writing *writing, const struct fact *fact)
{
    size_t slash = slice_find_byte(fact->reference, '/') + 1;
    uint64_t date = pack_date(&fact->date);
    struct image_fact packed = {
        .shape = put_shape(writing, fact, slice_cut(fact->reference, 0, slash)),
        .value = put_text(writing, fact->value),
        .id = put_id(writing, slice_cut(fact->reference, slash, fact->reference.size)),
        .rare = put_rare(writing, fact),
        .measure = (uint32_t)(writing->measures.size / sizeof(struct image_measure)),
        .date = { (uint32_t)date, (uint32_t)(date >> 32) },
    };

    buffer_put(&writing->facts, slice_of(&packed, sizeof(packed)));
    for (uint32_t i = 0; i < fact->measures_count; i++)
        put_measure(writing, &fact->measures[i]);
}

static void put_last_fact(struct writing *writing)
{
    struct image_fact last = { .measure = (uint32_t)(writing->measures.size
                                                     / sizeof(struct image_measure)) };

    buffer_put(&writing->facts, slice_of(&last, sizeof(last)));
}

/* ---- courses ---- */

/* Append @items, and say where they are: in an image that is not open, a pointer is that. */
static const void *put_items(struct buffer *buffer, const void *items, size_t count, size_t size)
{
    uintptr_t at = buffer->size / size;

    buffer_put(buffer, slice_of(items, count * size));
    return (const void *)at;
}

static struct slice put_slice(struct writing *writing, struct slice text)
{
    return (struct slice){ (const char *)(uintptr_t)put_text(writing, text), text.size };
}

static void put_course(struct writing *writing, const struct course *course)
{
    struct course packed;

    memset(&packed, 0, sizeof(packed)); /* what lies between members too */
    packed.facts =
        put_items(&writing->indices, course->facts, course->count, sizeof(course->facts[0]));
    packed.count = course->count;
    packed.kind = course->kind;
    packed.is_active = course->is_active;
    packed.is_named = course->is_named;
    packed.has_names = course->has_names;
    packed.label = put_slice(writing, course->label);
    packed.noun = put_slice(writing, course->noun);
    packed.newest = course->newest;
    packed.means = course->means;
    packed.names = course->names;
    packed.things = put_items(&writing->things, course->things, course->things_count,
                              sizeof(course->things[0]));
    packed.reasons = put_items(&writing->things, course->reasons, course->reasons_count,
                               sizeof(course->reasons[0]));
    packed.things_count = course->things_count;
    packed.reasons_count = course->reasons_count;
    packed.words =
        put_items(&writing->words, course->words, course->words_count, sizeof(course->words[0]));
    packed.words_count = course->words_count;
    buffer_put(&writing->courses, slice_of(&packed, sizeof(packed)));
}

/* ---- all ---- */

static void start(struct writing *writing, size_t limit_bytes)
{
    struct table *tables[] = { &writing->shapes, &writing->rare, &writing->scales,
                               &writing->texts };
    struct buffer *buffers[] = { &writing->facts,   &writing->uuids,   &writing->measures,
                                 &writing->courses, &writing->indices, &writing->things,
                                 &writing->words };

    arena_init(&writing->work, limit_bytes);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        buffer_init(&tables[i]->bytes, &writing->work);
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_init(buffers[i], &writing->work);
    writing->shapes.item_size = sizeof(struct image_shape);
    writing->rare.item_size = sizeof(struct image_rare);
    writing->scales.item_size = sizeof(struct image_scale);
    buffer_put_byte(&writing->texts.bytes, 0); /* so that 0 is none */
}

static void put_part(struct buffer *buffer, struct image *image, enum image_part part,
                     struct slice bytes, size_t item_size)
{
    static const char zeros[8] = { 0 };

    buffer_put(buffer, slice_of(zeros, -buffer->size & 7));
    image->parts[part] =
        (struct image_part_at){ (uint32_t)buffer->size, (uint32_t)(bytes.size / item_size) };
    buffer_put(buffer, bytes);
}

static void put_parts(const struct writing *writing, const struct record *record,
                      const struct courses *courses, struct image *image, struct buffer *buffer)
{
    const struct {
        enum image_part part;
        const struct buffer *bytes;
        size_t item_size;
    } parts[] = {
        { IMAGE_FACTS, &writing->facts, sizeof(struct image_fact) },
        { IMAGE_SHAPES, &writing->shapes.bytes, sizeof(struct image_shape) },
        { IMAGE_RARE, &writing->rare.bytes, sizeof(struct image_rare) },
        { IMAGE_UUIDS, &writing->uuids, UUID_BYTES },
        { IMAGE_MEASURES, &writing->measures, sizeof(struct image_measure) },
        { IMAGE_SCALES, &writing->scales.bytes, sizeof(struct image_scale) },
        { IMAGE_TEXTS, &writing->texts.bytes, 1 },
        { IMAGE_COURSES, &writing->courses, sizeof(struct course) },
        { IMAGE_INDICES, &writing->indices, sizeof(uint32_t) },
        { IMAGE_THINGS, &writing->things, sizeof(uint16_t) },
        { IMAGE_WORDS, &writing->words, sizeof(uint32_t) },
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        put_part(buffer, image, parts[i].part, buffer_slice(parts[i].bytes), parts[i].item_size);
    put_part(buffer, image, IMAGE_POSTINGS,
             slice_of(record->postings, record->postings_count * sizeof(struct posting)),
             sizeof(struct posting));
    put_part(buffer, image, IMAGE_WEIGHTS,
             slice_of(courses == NULL ? NULL : courses->concept_weights,
                      courses == NULL ? 0 : CONCEPTS_MAX * sizeof(float)),
             sizeof(float));
}

static void write_image(struct writing *writing, const struct record *record,
                        const struct courses *courses, struct buffer *buffer)
{
    struct image image = { .tables = courses == NULL ? 0 : image_tables(),
                           .end = courses == NULL ? 0 : courses->end,
                           .live = (uint32_t)record->live,
                           .notes = (uint32_t)record->notes };

    memcpy(image.magic, magic, sizeof(magic));
    buffer_put(buffer, slice_of(&image, sizeof(image)));
    put_parts(writing, record, courses, &image, buffer);
    writing->is_full |= buffer->size > INT32_MAX;
    image.size = (uint32_t)buffer->size;
    if (!buffer->is_full)
        memcpy(buffer->data, &image, sizeof(image));
}

void image_encode(const struct record *record, const struct courses *courses, struct buffer *buffer)
{
    struct arena own;
    struct writing *writing;

    arena_init(&own, buffer->arena->limit_bytes);
    writing = ARENA_NEW(&own, struct writing);
    if (writing == NULL) {
        buffer->is_full = true;
        return;
    }
    start(writing, buffer->arena->limit_bytes);
    put_rare(writing, &(struct fact){ 0 });
    for (size_t i = 0; i < record->count && !writing->is_full; i++)
        put_fact(writing, &record->facts[i]);
    put_last_fact(writing);
    for (size_t i = 0; courses != NULL && i < courses->count && !writing->is_full; i++)
        put_course(writing, &courses->items[i]);
    if (!writing->is_full)
        write_image(writing, record, courses, buffer);
    buffer->is_full |= writing->is_full || writing->facts.is_full || writing->uuids.is_full
                       || writing->measures.is_full || writing->courses.is_full
                       || writing->indices.is_full || writing->things.is_full
                       || writing->words.is_full;
    arena_close(&writing->work);
    arena_close(&own);
}
