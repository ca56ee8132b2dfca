/* The bytes: "CTX2", the number of facts, then each fact as numbers (LEB128) and texts (size,
 * bytes). Only this file knows them; a later form gets another magic and the old one is read on. */
#include "context_record.h"

static const char magic[4] = { 'C', 'T', 'X', '2' };

static void put_number(struct buffer *buffer, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        buffer_put_byte(buffer, (char)(number | 0x80));
    buffer_put_byte(buffer, (char)number);
}

static void put_text(struct buffer *buffer, struct slice text)
{
    put_number(buffer, text.size);
    buffer_put(buffer, text);
}

/* Zigzag, for seconds before 1970. */
static void put_date(struct buffer *buffer, const struct fhir_date *date)
{
    put_number(buffer, (uint64_t)date->precision);
    if (date->precision == FHIR_PRECISION_NONE)
        return;
    put_number(buffer, (uint64_t)date->year);
    put_number(buffer, date->month);
    put_number(buffer, date->day);
    put_number(buffer, ((uint64_t)date->seconds << 1) ^ (uint64_t)(date->seconds >> 63));
}

static void put_fact(struct buffer *buffer, const struct fact *fact)
{
    put_number(buffer, (uint64_t)fact->kind);
    put_number(buffer, (uint64_t)fact->flag);
    put_number(buffer, (uint64_t)fact->is_void | (uint64_t)fact->is_active << 1
                           | (uint64_t)fact->is_code << 2);
    put_date(buffer, &fact->date);
    put_date(buffer, &fact->end);
    put_date(buffer, &fact->updated);
    put_text(buffer, fact->version);
    put_text(buffer, fact->reference);
    put_text(buffer, fact->path);
    put_text(buffer, fact->noun);
    put_text(buffer, fact->label);
    put_text(buffer, fact->value);
    put_text(buffer, fact->detail);
    put_text(buffer, fact->status);
    put_text(buffer, fact->codes);
    put_text(buffer, fact->also);
    put_text(buffer, fact->text);
}

void record_encode(const struct fact *facts, size_t count, struct buffer *buffer)
{
    buffer_put(buffer, slice_of(magic, sizeof(magic)));
    put_number(buffer, count);
    for (size_t i = 0; i < count; i++)
        put_fact(buffer, &facts[i]);
}

struct input {
    struct slice left;
    bool is_bad;
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

static uint64_t take_bounded(struct input *input, uint64_t max)
{
    uint64_t number = take_number(input);

    if (number > max)
        input->is_bad = true;
    return number > max ? 0 : number;
}

static struct slice take_text(struct input *input)
{
    uint64_t size = take_number(input);
    struct slice text;

    if (size > input->left.size) {
        input->is_bad = true;
        return (struct slice){ NULL, 0 };
    }
    text = slice_cut(input->left, 0, size);
    input->left = slice_cut(input->left, size, input->left.size);
    return text;
}

static void take_date(struct input *input, struct fhir_date *date)
{
    uint64_t seconds;

    *date = (struct fhir_date){ .precision =
                                    (enum fhir_precision)take_bounded(input, FHIR_PRECISION_TIME) };
    if (date->precision == FHIR_PRECISION_NONE)
        return;
    date->year = (int16_t)take_bounded(input, 9999);
    date->month = (uint8_t)take_bounded(input, 12);
    date->day = (uint8_t)take_bounded(input, 31);
    seconds = take_number(input);
    date->seconds = (int64_t)(seconds >> 1) ^ -(int64_t)(seconds & 1);
}

static void take_fact(struct input *input, struct fact *fact)
{
    uint64_t bits;

    fact->kind = (enum fact_kind)take_bounded(input, FACT_OTHER);
    fact->flag = (enum fact_flag)take_bounded(input, FACT_FLAG_ABNORMAL);
    bits = take_bounded(input, 7);
    fact->is_void = bits & 1;
    fact->is_active = bits >> 1 & 1;
    fact->is_code = bits >> 2;
    take_date(input, &fact->date);
    take_date(input, &fact->end);
    take_date(input, &fact->updated);
    fact->version = take_text(input);
    fact->reference = take_text(input);
    fact->path = take_text(input);
    fact->noun = take_text(input);
    fact->label = take_text(input);
    fact->value = take_text(input);
    fact->detail = take_text(input);
    fact->status = take_text(input);
    fact->codes = take_text(input);
    fact->also = take_text(input);
    fact->text = take_text(input);
}

enum status record_decode(struct slice bytes, struct arena *arena, struct record *record,
                          struct error *err)
{
    struct slice copy = arena_copy(arena, bytes);
    struct input input = { slice_cut(copy, sizeof(magic), copy.size), false };
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
    for (uint64_t i = 0; i < count && !input.is_bad; i++)
        take_fact(&input, &facts[i]);
    if (input.is_bad || input.left.size > 0)
        return error_set(err, STATUS_DATA_LOSS, "stored record of %zu bytes: damaged", bytes.size);
    return record_index(facts, count, arena, record, err);
}
