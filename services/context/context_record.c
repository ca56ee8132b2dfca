/* The bytes: "CTX4", the number of facts, then each fact as numbers (LEB128) and texts, a text in
 * full only when it comes first. Only this file knows them; another form gets another magic: a
 * record of an older one is no record any more, and is put again (context is a cache). */
#include "context_record.h"

#include "base/hash.h"

static const char magic[4] = { 'C', 'T', 'X', '4' };

/* ---- texts, each once ---- */

/* What facts say again and again is put once, and named by its number from then on. */
struct writing {
    struct buffer *buffer;
    struct arena *arena;
    struct slice *texts;
    uint32_t count, room;
    uint32_t *slots; /* text + 1 */
    size_t size;
    int64_t seconds; /* of the date before */
};

static void put_number(struct buffer *buffer, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        buffer_put_byte(buffer, (char)(number | 0x80));
    buffer_put_byte(buffer, (char)number);
}

/* Zigzag: small ones are short, whatever their sign. */
static void put_signed(struct buffer *buffer, int64_t number)
{
    put_number(buffer, ((uint64_t)number << 1) ^ (uint64_t)(number >> 63));
}

static bool grow(struct writing *writing)
{
    uint32_t room = writing->room == 0 ? 1024 : 2 * writing->room;
    struct slice *texts = arena_alloc(writing->arena, room * sizeof(*texts));
    uint32_t *slots = ARENA_ARRAY(writing->arena, uint32_t, 2 * (size_t)room);

    if (texts == NULL || slots == NULL)
        return false;
    if (writing->count > 0)
        memcpy(texts, writing->texts, writing->count * sizeof(*texts));
    writing->texts = texts;
    writing->room = room;
    writing->slots = slots;
    writing->size = 2 * (size_t)room;
    for (uint32_t i = 0; i < writing->count; i++) {
        size_t at = hash_bytes(texts[i], 0x72656364) & (writing->size - 1);

        while (slots[at] != 0)
            at = (at + 1) & (writing->size - 1);
        slots[at] = i + 1;
    }
    return true;
}

/* 0: empty; 1: a new text follows, and is the next number; n: text n - 2. */
static void put_text(struct writing *writing, struct slice text)
{
    size_t at;

    if (text.size == 0) {
        put_number(writing->buffer, 0);
        return;
    }
    if (writing->count == writing->room && !grow(writing)) {
        writing->buffer->is_full = true;
        return;
    }
    at = hash_bytes(text, 0x72656364) & (writing->size - 1);
    while (writing->slots[at] != 0 && !slice_equal(writing->texts[writing->slots[at] - 1], text))
        at = (at + 1) & (writing->size - 1);
    if (writing->slots[at] != 0) {
        put_number(writing->buffer, writing->slots[at] + 1);
        return;
    }
    writing->texts[writing->count] = text;
    writing->slots[at] = ++writing->count;
    put_number(writing->buffer, 1);
    put_number(writing->buffer, text.size);
    buffer_put(writing->buffer, text);
}

/* ---- references ---- */

#define UUID_BYTES 16
#define UUID_TEXT_BYTES 36

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

static void uuid_format(const unsigned char uuid[UUID_BYTES], char text[UUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (at == 8 || at == 13 || at == 18 || at == 23)
            text[at++] = '-';
        text[at++] = digits[uuid[i] >> 4];
        text[at++] = digits[uuid[i] & 15];
    }
}

/* "Observation/" as a text, then 1 and a UUID's bytes, or 0 and the id as it is. */
static void put_reference(struct writing *writing, struct slice reference)
{
    size_t slash = slice_find_byte(reference, '/') + 1;
    struct slice id = slice_cut(reference, slash, reference.size);
    unsigned char uuid[UUID_BYTES];

    put_text(writing, slice_cut(reference, 0, slash));
    if (uuid_parse(id, uuid)) {
        put_number(writing->buffer, 1);
        buffer_put(writing->buffer, slice_of(uuid, sizeof(uuid)));
        return;
    }
    put_number(writing->buffer, 0);
    put_number(writing->buffer, id.size);
    buffer_put(writing->buffer, id);
}

/* ---- facts ---- */

/* Its precision, and by how many days what was written there and then differs from UTC's; then the
 * seconds since the date before: facts come in order. */
static void put_date(struct writing *writing, const struct fhir_date *date)
{
    int64_t days = date->seconds >= 0 ? date->seconds / 86400 : (date->seconds - 86399) / 86400;
    int64_t written = fhir_date_days(date);

    put_number(writing->buffer, (uint64_t)date->precision | (uint64_t)(written - days + 2) << 3);
    if (date->precision == FHIR_PRECISION_NONE)
        return;
    put_signed(writing->buffer, date->seconds - writing->seconds);
    writing->seconds = date->seconds;
}

static void put_decimal(struct writing *writing, const struct decimal *decimal)
{
    put_signed(writing->buffer, decimal->scale);
    put_signed(writing->buffer, decimal->digits);
}

static void put_measure(struct writing *writing, const struct measure *measure)
{
    put_number(writing->buffer, (uint64_t)measure->bound | (uint64_t)measure->low.is_given << 3
                                    | (uint64_t)measure->high.is_given << 4);
    put_decimal(writing, &measure->value);
    if (measure->low.is_given)
        put_decimal(writing, &measure->low);
    if (measure->high.is_given)
        put_decimal(writing, &measure->high);
    put_text(writing, measure->unit);
    put_text(writing, measure->label);
    put_text(writing, measure->codes);
}

static void put_fact(struct writing *writing, const struct fact *fact)
{
    int64_t seconds;

    put_number(writing->buffer, (uint64_t)fact->kind);
    put_number(writing->buffer, (uint64_t)fact->is_void | (uint64_t)fact->is_active << 1
                                    | (uint64_t)fact->is_code << 2 | (uint64_t)fact->is_copy << 3
                                    | (uint64_t)fact->flag << 4);
    put_date(writing, &fact->date);
    seconds = writing->seconds;
    put_date(writing, &fact->end);
    put_date(writing, &fact->updated);
    writing->seconds = seconds;
    put_reference(writing, fact->reference);
    put_text(writing, fact->version);
    put_text(writing, fact->path);
    put_text(writing, fact->noun);
    put_text(writing, fact->label);
    put_text(writing, fact->value);
    put_text(writing, fact->detail);
    put_text(writing, fact->status);
    put_text(writing, fact->codes);
    put_text(writing, fact->also);
    put_text(writing, fact->who);
    put_text(writing, fact->text);
    put_number(writing->buffer, fact->measures_count);
    for (uint32_t i = 0; i < fact->measures_count; i++)
        put_measure(writing, &fact->measures[i]);
}

void record_encode(const struct fact *facts, size_t count, struct buffer *buffer)
{
    struct arena work;
    struct writing writing = { .buffer = buffer, .arena = &work };

    arena_init(&work, buffer->arena->limit_bytes);
    buffer_put(buffer, slice_of(magic, sizeof(magic)));
    put_number(buffer, count);
    for (size_t i = 0; i < count; i++)
        put_fact(&writing, &facts[i]);
    arena_close(&work);
}

/* ---- bytes to facts ---- */

struct input {
    struct slice left;
    struct arena *arena;
    struct slice *texts;
    uint32_t count, room;
    int64_t seconds;
    bool is_bad, is_full;
};

static uint64_t take_number(struct input *input)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 64 && input->left.size > 0; shift += 7) {
        unsigned char byte = (unsigned char)input->left.data[0];

        input->left = slice_cut(input->left, 1, input->left.size);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    input->is_bad = true;
    return 0;
}

static int64_t take_signed(struct input *input)
{
    uint64_t number = take_number(input);

    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

static uint64_t take_bounded(struct input *input, uint64_t max)
{
    uint64_t number = take_number(input);

    if (number > max)
        input->is_bad = true;
    return number > max ? 0 : number;
}

static struct slice take_bytes(struct input *input, uint64_t size)
{
    struct slice bytes;

    if (size > input->left.size) {
        input->is_bad = true;
        return (struct slice){ NULL, 0 };
    }
    bytes = slice_cut(input->left, 0, size);
    input->left = slice_cut(input->left, size, input->left.size);
    return bytes;
}

static bool keep_text(struct input *input, struct slice text)
{
    if (input->count == input->room) {
        uint32_t room = input->room == 0 ? 1024 : 2 * input->room;
        struct slice *texts = arena_alloc(input->arena, room * sizeof(*texts));

        if (texts == NULL)
            return false;
        if (input->count > 0)
            memcpy(texts, input->texts, input->count * sizeof(*texts));
        input->texts = texts;
        input->room = room;
    }
    input->texts[input->count++] = text;
    return true;
}

static struct slice take_text(struct input *input)
{
    uint64_t number = take_number(input);
    struct slice text;

    if (number == 0)
        return (struct slice){ NULL, 0 };
    if (number > 1) {
        input->is_bad |= number - 2 >= input->count;
        return input->is_bad ? (struct slice){ NULL, 0 } : input->texts[number - 2];
    }
    text = take_bytes(input, take_number(input));
    input->is_full |= !keep_text(input, text);
    return text;
}

static struct slice take_reference(struct input *input)
{
    struct slice type = take_text(input), id;
    char uuid[UUID_TEXT_BYTES], *text;

    if (take_bounded(input, 1) == 1) {
        id = take_bytes(input, UUID_BYTES);
        if (input->is_bad)
            return id;
        uuid_format((const unsigned char *)id.data, uuid);
        id = slice_of(uuid, sizeof(uuid));
    } else {
        id = take_bytes(input, take_number(input));
    }
    text = arena_alloc(input->arena, type.size + id.size + 1);
    input->is_full |= text == NULL;
    if (text == NULL)
        return (struct slice){ NULL, 0 };
    if (type.size > 0)
        memcpy(text, type.data, type.size);
    if (id.size > 0)
        memcpy(text + type.size, id.data, id.size);
    return slice_of(text, type.size + id.size);
}

static void take_date(struct input *input, struct fhir_date *date)
{
    uint64_t bits = take_bounded(input, 8 * 4 + 7);
    int64_t days;

    *date = (struct fhir_date){ .precision = (enum fhir_precision)(bits & 7) };
    if (date->precision > FHIR_PRECISION_TIME)
        input->is_bad = true;
    if (input->is_bad || date->precision == FHIR_PRECISION_NONE)
        return;
    date->seconds = (int64_t)((uint64_t)input->seconds + (uint64_t)take_signed(input));
    input->seconds = date->seconds;
    days = date->seconds >= 0 ? date->seconds / 86400 : (date->seconds - 86399) / 86400;
    if (!fhir_date_from_days(days + (int64_t)(bits >> 3) - 2, date))
        input->is_bad = true;
}

static struct decimal take_decimal(struct input *input)
{
    int64_t scale = take_signed(input);

    input->is_bad |= scale < -100 || scale > 100;
    return (struct decimal){ take_signed(input), (int8_t)scale, true };
}

static void take_measure(struct input *input, struct measure *measure)
{
    uint64_t bits = take_bounded(input, 31);

    input->is_bad |= (bits & 7) > MEASURE_MORE_OR_EQUAL;
    measure->bound = input->is_bad ? MEASURE_EXACT : (enum measure_bound)(bits & 7);
    measure->value = take_decimal(input);
    if (bits >> 3 & 1)
        measure->low = take_decimal(input);
    if (bits >> 4 & 1)
        measure->high = take_decimal(input);
    measure->unit = take_text(input);
    measure->label = take_text(input);
    measure->codes = take_text(input);
}

static void take_measures(struct input *input, struct fact *fact)
{
    uint32_t count = (uint32_t)take_bounded(input, FACT_MEASURES_MAX);
    struct measure *measures;

    if (count == 0)
        return;
    measures = ARENA_ARRAY(input->arena, struct measure, count);
    input->is_full |= measures == NULL;
    for (uint32_t i = 0; measures != NULL && i < count; i++)
        take_measure(input, &measures[i]);
    fact->measures = measures;
    fact->measures_count = measures == NULL ? 0 : count;
}

static void take_fact(struct input *input, struct fact *fact)
{
    uint64_t bits;
    int64_t seconds;

    fact->kind = (enum fact_kind)take_bounded(input, FACT_OTHER);
    bits = take_bounded(input, 16 * FACT_FLAG_ABNORMAL + 15);
    fact->is_void = bits & 1;
    fact->is_active = bits >> 1 & 1;
    fact->is_code = bits >> 2 & 1;
    fact->is_copy = bits >> 3 & 1;
    fact->flag = (enum fact_flag)(bits >> 4);
    take_date(input, &fact->date);
    seconds = input->seconds;
    take_date(input, &fact->end);
    take_date(input, &fact->updated);
    input->seconds = seconds;
    fact->reference = take_reference(input);
    fact->version = take_text(input);
    fact->path = take_text(input);
    fact->noun = take_text(input);
    fact->label = take_text(input);
    fact->value = take_text(input);
    fact->detail = take_text(input);
    fact->status = take_text(input);
    fact->codes = take_text(input);
    fact->also = take_text(input);
    fact->who = take_text(input);
    fact->text = take_text(input);
    take_measures(input, fact);
}

enum status record_decode(struct slice bytes, struct arena *arena, struct record *record,
                          struct error *err)
{
    struct slice copy = arena_copy(arena, bytes);
    struct input input = { .left = slice_cut(copy, sizeof(magic), copy.size), .arena = arena };
    struct fact *facts;
    uint64_t count;

    if (copy.data == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a record of %zu bytes",
                         bytes.size);
    if (!slice_starts_with(copy, slice_of(magic, sizeof(magic))))
        return error_set(err, STATUS_DATA_LOSS, "stored record of %zu bytes: not a record",
                         bytes.size);
    count = take_bounded(&input, RECORD_FACTS_MAX);
    facts = ARENA_ARRAY(arena, struct fact, count);
    if (facts == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %llu facts",
                         (unsigned long long)count);
    for (uint64_t i = 0; i < count && !input.is_bad && !input.is_full; i++)
        take_fact(&input, &facts[i]);
    if (input.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %llu facts",
                         (unsigned long long)count);
    if (input.is_bad || input.left.size > 0)
        return error_set(err, STATUS_DATA_LOSS, "stored record of %zu bytes: damaged", bytes.size);
    return record_index(facts, count, arena, record, err);
}
