#include "deid_surrogate.h"

#include <string.h>

#include "deid_check.h"
#include "deid_date.h"
#include "deid_person.h"
#include "deid_pseudonym.h"
#include "deid_token.h"

#define SURROGATE_NUMBER_DIGITS_MAX 9
#define VARIANT_LETTERS_MAX 4

static const char *const class_words[DEID_MAP_CLASSES] = {
    "Code", "Person", "Place",     "Date",    "Phone",   "Fax",     "Email",
    "Ssn",  "Mrn",    "Plan",      "Account", "License", "Vehicle", "Device",
    "Url",  "Ip",     "Biometric", "Photo",   "Id",      "Over89",
};

/* The same in tags and masks. */
static const char *const tag_words[DEID_MAP_CLASSES] = {
    "CODE", "NAME", "PLACE",     "DATE",    "PHONE",   "FAX",     "EMAIL",
    "SSN",  "MRN",  "PLAN",      "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE",
    "URL",  "IP",   "BIOMETRIC", "PHOTO",   "ID",      "OVER89",
};

static bool read_number(struct slice text, size_t *at, uint32_t *number)
{
    size_t first = *at;

    for (*number = 0; *at < text.size && deid_is_digit(text.data[*at]); (*at)++) {
        if (*at - first == SURROGATE_NUMBER_DIGITS_MAX)
            return false;
        *number = *number * 10 + (uint32_t)(text.data[*at] - '0');
    }
    return *at > first && text.data[first] != '0';
}

/* "b" is 1, "c" is 2, "ba" is 26: base 26 without a leading a. */
static void read_variant(struct slice text, size_t *at, uint32_t *variant)
{
    size_t first = *at;

    *variant = 0;
    while (*at < text.size && *at - first < VARIANT_LETTERS_MAX && text.data[*at] >= 'a'
           && text.data[*at] <= 'z')
        *variant = *variant * 26 + (uint32_t)(text.data[(*at)++] - 'a');
}

static void put_variant(uint32_t variant, struct buffer *out)
{
    if (variant >= 26)
        put_variant(variant / 26, out);
    buffer_put_byte(out, (char)('a' + variant % 26));
}

static bool read_patient(struct slice text, size_t at, const struct deid_map *map,
                         struct deid_surrogate *surrogate)
{
    size_t end = at + 8 + DEID_PATIENT_CODE_SIZE;

    if (!slice_starts_with(slice_cut(text, at, text.size), SLICE("Patient-"))
        || !slice_equal(slice_cut(text, at + 8, end),
                        slice_of(map->patient_code, DEID_PATIENT_CODE_SIZE)))
        return false;
    surrogate->class = DEID_CLASS_NAME;
    surrogate->number = DEID_PERSON_PATIENT;
    read_variant(text, &end, &surrogate->variant);
    surrogate->end = end;
    return true;
}

/* "Observation/o17", "urn:uuid:o17": the id alone is what is to be replaced. */
static bool read_id(struct slice text, size_t at, struct deid_surrogate *surrogate)
{
    struct slice rest = slice_cut(text, at, text.size);
    size_t i = 0;

    if (slice_starts_with(rest, SLICE("urn:uuid:"))) {
        i = 9;
    } else {
        while (i < rest.size && ((rest.data[i] | 32) >= 'a' && (rest.data[i] | 32) <= 'z'))
            i++;
        if (i < 4 || i >= rest.size || rest.data[i] != '/' || rest.data[0] > 'Z')
            return false;
        i++;
    }
    if (i >= rest.size || rest.data[i] < 'a' || rest.data[i] > 'z')
        return false;
    surrogate->letter = rest.data[i];
    surrogate->start = at + i;
    surrogate->end = at + i + 1;
    surrogate->is_id = true;
    return read_number(text, &surrogate->end, &surrogate->number)
           && !(surrogate->end < text.size && deid_is_word(text.data[surrogate->end]));
}

/* "[NAME-3b]", "[PATIENT]", "[PATIENT-b]"; @at is after the bracket. */
static bool read_tag(struct slice text, size_t at, struct deid_surrogate *surrogate)
{
    struct slice word;
    size_t end = at;

    while (end < text.size
           && ((text.data[end] >= 'A' && text.data[end] <= 'Z') || deid_is_digit(text.data[end])))
        end++;
    word = slice_cut(text, at, end);
    surrogate->start = at - 1;
    if (slice_is(word, "PATIENT")) {
        surrogate->class = DEID_CLASS_NAME;
        surrogate->number = DEID_PERSON_PATIENT;
        if (end < text.size && text.data[end] == '-') {
            end++;
            read_variant(text, &end, &surrogate->variant);
        }
    } else {
        unsigned class = 0;

        while (class < DEID_MAP_CLASSES && !slice_is(word, tag_words[class]))
            class ++;
        if (class == DEID_MAP_CLASSES || end >= text.size || text.data[end++] != '-'
            || !read_number(text, &end, &surrogate->number))
            return false;
        surrogate->class = class;
        if (class == DEID_CLASS_NAME)
            read_variant(text, &end, &surrogate->variant);
    }
    surrogate->end = end + 1;
    return end < text.size && text.data[end] == ']';
}

bool deid_surrogate_read(struct slice text, size_t at, const struct deid_map *map,
                         struct deid_surrogate *surrogate)
{
    struct slice rest = slice_cut(text, at, text.size);
    unsigned class;
    size_t size = 0;

    *surrogate = (struct deid_surrogate){ .start = at };
    surrogate->entry = deid_pseudonym_read(map, text, at, &surrogate->start, &surrogate->end);
    if (surrogate->entry != NULL)
        return true;
    if (at > 0 && text.data[at - 1] == '[' && read_tag(text, at, surrogate))
        return true;
    *surrogate = (struct deid_surrogate){ .start = at };
    if (rest.size < 4 || (rest.data[0] != 'u' && (rest.data[0] < 'A' || rest.data[0] > 'Z')))
        return false;
    while (size < rest.size && deid_is_word(rest.data[size]))
        size++;
    if (size == rest.size
        || (rest.data[size] != '-' && rest.data[size] != '/' && rest.data[size] != ':'))
        return false; /* as most words with a capital do */
    if (read_patient(text, at, map, surrogate))
        return true;
    for (class = 0; class < DEID_MAP_CLASSES && rest.data[size] == '-'; class ++) {
        if (!slice_is(slice_cut(rest, 0, size), class_words[class]))
            continue;
        surrogate->class = class;
        surrogate->end = at + size + 1;
        if (!read_number(text, &surrogate->end, &surrogate->number))
            return false;
        if (class == DEID_CLASS_NAME)
            read_variant(text, &surrogate->end, &surrogate->variant);
        return true;
    }
    return read_id(text, at, surrogate);
}

static void put_code(const struct deid_map *map, const struct deid_entry *entry, struct buffer *out)
{
    if (entry->class == DEID_CLASS_NAME && entry->number == DEID_PERSON_PATIENT) {
        buffer_put_string(out, "Patient-");
        buffer_put(out, slice_of(map->patient_code, DEID_PATIENT_CODE_SIZE));
    } else {
        buffer_put_string(out, class_words[entry->class]);
        buffer_put_byte(out, '-');
        buffer_put_number(out, entry->number);
    }
    if (entry->variant > 0)
        put_variant(entry->variant, out);
}

static void put_tag(const struct deid_entry *entry, bool is_mask, struct buffer *out)
{
    bool is_patient = entry->class == DEID_CLASS_NAME && entry->number == DEID_PERSON_PATIENT;

    buffer_put_byte(out, '[');
    buffer_put_string(out, is_patient && !is_mask ? "PATIENT" : tag_words[entry->class]);
    if (!is_mask && (!is_patient || entry->variant > 0))
        buffer_put_byte(out, '-');
    if (!is_mask && !is_patient)
        buffer_put_number(out, entry->number);
    if (!is_mask && entry->variant > 0)
        put_variant(entry->variant, out);
    buffer_put_byte(out, ']');
}

void deid_surrogate_format(struct deid_map *map, struct deid_entry *entry, struct buffer *out)
{
    struct slice made = { NULL, 0 };

    switch (map->style) {
    case DEID_STYLE_TAGS:
    case DEID_STYLE_MASKS:
        put_tag(entry, map->style == DEID_STYLE_MASKS, out);
        return;
    case DEID_STYLE_SURROGATES:
        made = deid_pseudonym_of(map, entry);
        break;
    case DEID_STYLE_CODES:
        break;
    }
    if (made.data != NULL)
        buffer_put(out, made);
    else
        put_code(map, entry, out);
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for more entries in the map");
}

enum status deid_surrogate_person(struct deid_map *map, struct slice name, bool is_patient,
                                  bool is_known, struct deid_entry **entry, struct error *err)
{
    struct deid_entry made = { .original = name, .class = DEID_CLASS_NAME, .is_known = is_known };
    struct deid_person person;
    enum status status;

    *entry = deid_map_find(map, name);
    if (*entry != NULL)
        return !is_known || deid_map_know(map, *entry) ? STATUS_OK : no_room(err);
    status = is_patient ? deid_person_patient(map, &person, err)
                        : deid_person_find(map, name, &person, err);
    if (status != STATUS_OK)
        return status;
    made.number = person.is_known ? person.number : deid_map_number(map, DEID_CLASS_NAME);
    made.variant = person.forms;
    *entry = deid_map_add(map, made);
    return *entry == NULL ? no_room(err) : STATUS_OK;
}

enum status deid_surrogate_name_of(struct deid_map *map, uint32_t number, struct slice name,
                                   struct deid_entry **entry, struct error *err)
{
    struct deid_entry made = { .original = name, .number = number, .class = DEID_CLASS_NAME };
    struct deid_person person;
    enum status status;

    *entry = deid_map_find(map, name);
    if (*entry != NULL && (*entry)->class == DEID_CLASS_NAME && (*entry)->number == number)
        return STATUS_OK;
    status = deid_person_form(map, number, name, &person, entry, err);
    if (status != STATUS_OK || *entry != NULL)
        return status;
    made.variant = person.forms;
    *entry = deid_map_add(map, made);
    return *entry == NULL ? no_room(err) : STATUS_OK;
}

/* Whether the code of @entry would be what it stands for: "Id-1" in a caller's text. */
static bool is_itself(struct deid_map *map, struct deid_entry *entry)
{
    struct arena_mark mark = arena_mark(map->arena);
    struct buffer out;
    bool is_same;

    buffer_init(&out, map->arena);
    put_code(map, entry, &out);
    is_same = slice_equal(buffer_slice(&out), entry->original);
    arena_rewind(map->arena, mark);
    return is_same;
}

enum status deid_surrogate_value(struct deid_map *map, unsigned class, struct slice value,
                                 bool is_known, struct deid_entry **entry, struct error *err)
{
    struct deid_entry made = { .original = value, .class = (uint8_t) class, .is_known = is_known };

    *entry = deid_map_find(map, value);
    if (*entry == NULL) {
        made.number = deid_map_number(map, class);
        if (is_itself(map, &made))
            made.number = deid_map_number(map, class);
        *entry = deid_map_add(map, made);
        return *entry == NULL ? no_room(err) : STATUS_OK;
    }
    return !is_known || deid_map_know(map, *entry) ? STATUS_OK : no_room(err);
}

/* A date in the limited profile: moved, with the time of day that follows. False when it cannot be
 * moved back. */
static bool put_date_moved(const struct deid_map *map, const struct deid_span *span,
                           struct slice original, struct buffer *out)
{
    struct deid_date date;
    size_t before = out->size;
    bool is_moved;

    if (span->form == DEID_FORM_MONTH_DAY)
        is_moved = deid_date_read_month_day(original, 0, &date)
                   && deid_date_time_end(original, date.end) == original.size
                   && deid_date_move_month_day(original, &date, map->shift_days, out);
    else
        is_moved = deid_date_read(original, 0, &date)
                   && (date.end == original.size
                       || deid_date_time_end(original, date.end) == original.size)
                   && deid_date_move(original, &date, map->shift_days, out);
    if (!is_moved)
        out->size = before;
    else if (date.end < original.size)
        buffer_put(out, slice_cut(original, date.end, original.size));
    return is_moved;
}

/* The safe-harbor profile keeps a year, 90 and over, three digits of a ZIP code. False: a code must
 * do. */
static bool put_general(const struct deid_span *span, struct slice folded, struct buffer *out)
{
    struct slice zip;
    struct deid_date date;

    switch (span->form) {
    case DEID_FORM_DATE:
        if (!deid_date_read(folded, 0, &date) || date.year == 0)
            return false;
        buffer_put_number(out, date.year);
        return true;
    case DEID_FORM_AGE:
        buffer_put_string(out, "90+");
        return true;
    case DEID_FORM_POSTAL:
        zip = deid_check_zip3(folded);
        buffer_put(out, zip.size > 0 ? zip : SLICE("000"));
        buffer_put_string(out, "**");
        return true;
    default:
        return false;
    }
}

enum status deid_surrogate_put(struct deid_map *map, const struct deid_span *span,
                               struct slice original, struct slice folded, bool is_coded,
                               struct buffer *out, bool *is_general, struct error *err)
{
    bool is_date = span->form == DEID_FORM_DATE || span->form == DEID_FORM_MONTH_DAY;
    struct deid_entry *entry;
    enum status status;

    *is_general = map->profile == DEID_PROFILE_SAFE_HARBOR && put_general(span, folded, out);
    if (*is_general)
        return STATUS_OK;
    if (map->profile == DEID_PROFILE_LIMITED && is_date && !is_coded
        && put_date_moved(map, span, original, out))
        return STATUS_OK;
    if (span->form == DEID_FORM_PERSON)
        status = deid_surrogate_person(map, original, false, false, &entry, err);
    else
        status =
            deid_surrogate_value(map, span->form == DEID_FORM_AGE ? DEID_CLASS_AGE : span->class,
                                 original, false, &entry, err);
    if (status == STATUS_OK)
        deid_surrogate_format(map, entry, out);
    return status;
}
