/* A string that no action knows goes through the text path; a date by its form is a date wherever
 * it stands. */
#include "deid_fhir_value.h"

#include <string.h>

#include "deid_date.h"
#include "deid_fhir_date.h"
#include "deid_fhir_element.h"
#include "deid_fhir_reference.h"

#define NUMBER_DIGITS_MIN 5 /* of a number that may be somebody's */
#define VALUE_WHOLE_DATE_MIN 7

static enum status set_surrogate(struct deid_fhir_walk *walk, struct json *node,
                                 struct deid_entry *entry)
{
    struct buffer out;

    buffer_init(&out, walk->redactor->arena);
    deid_surrogate_format(walk->redactor->map, entry, &out);
    if (out.is_full)
        return deid_fhir_no_room(walk->err);
    walk->redactor->counts[entry->class < DEID_CLASS_COUNT ? entry->class : DEID_CLASS_DATE]++;
    node->text = buffer_slice(&out);
    return STATUS_OK;
}

enum status deid_fhir_value_replace(struct deid_fhir_walk *walk, struct json *node,
                                    enum deid_class class)
{
    struct deid_entry *entry;
    enum status status;

    if (node->text.size == 0)
        return STATUS_OK;
    status = deid_surrogate_value(walk->redactor->map, class, node->text, false, &entry, walk->err);
    return status == STATUS_OK ? set_surrogate(walk, node, entry) : status;
}

static enum status rewrite_name(struct deid_fhir_walk *walk, struct json *node)
{
    struct deid_entry *entry;
    enum status status;

    if (node->text.size == 0)
        return STATUS_OK;
    status =
        deid_surrogate_person(walk->redactor->map, node->text, false, false, &entry, walk->err);
    return status == STATUS_OK ? set_surrogate(walk, node, entry) : status;
}

/* A word of a HumanName of which it is known whose it is; its text names the whole. */
static bool is_word_of_name(const struct deid_fhir_walk *walk, struct slice key)
{
    return walk->is_somebodys && (slice_is(key, "given") || slice_is(key, "family"));
}

static enum status rewrite_word_of_name(struct deid_fhir_walk *walk, struct json *node)
{
    struct deid_entry *entry;
    enum status status;

    if (node->text.size == 0)
        return STATUS_OK;
    status =
        deid_surrogate_name_of(walk->redactor->map, walk->whose, node->text, &entry, walk->err);
    return status == STATUS_OK ? set_surrogate(walk, node, entry) : status;
}

enum status deid_fhir_value_text(struct deid_fhir_walk *walk, struct json *node, bool is_markup)
{
    walk->redactor->path = NULL;
    if (walk->redactor->keep_spans) {
        walk->redactor->path =
            arena_string(walk->redactor->arena, slice_of(walk->path, walk->path_size));
        if (walk->redactor->path == NULL)
            return deid_fhir_no_room(walk->err);
    }
    return deid_redact_text(walk->redactor, node->text, is_markup, &node->text, walk->err);
}

/* What is known by the whole part of @number, whatever its sign and its decimals. */
static const struct deid_entry *known_number(struct deid_map *map, struct slice number)
{
    size_t start = number.size > 0 && number.data[0] == '-', end = start;

    while (end < number.size && deid_is_digit(number.data[end]))
        end++;
    return end - start < NUMBER_DIGITS_MIN ? NULL
                                           : deid_map_find(map, slice_cut(number, start, end));
}

enum status deid_fhir_value_number(struct deid_fhir_walk *walk, struct json *node, bool is_unknown)
{
    struct deid_map *map = walk->redactor->map;
    const struct deid_entry *known;
    struct buffer marked;
    unsigned digits = 0;

    for (size_t i = 0; i < node->text.size; i++)
        digits += deid_is_digit(node->text.data[i]);
    if (digits < NUMBER_DIGITS_MIN)
        return STATUS_OK;
    known = known_number(map, node->text);
    if (!is_unknown && (known == NULL || !known->is_known))
        return STATUS_OK;
    buffer_init(&marked, walk->redactor->arena);
    buffer_put_byte(&marked, DEID_FHIR_VALUE_NUMBER_MARK);
    buffer_put(&marked, node->text);
    if (marked.is_full)
        return deid_fhir_no_room(walk->err);
    node->kind = JSON_KIND_STRING;
    node->text = buffer_slice(&marked);
    return deid_fhir_value_replace(
        walk, node, known == NULL ? DEID_CLASS_OTHER : (enum deid_class)known->class);
}

static enum status put_form(struct deid_fhir_walk *walk, struct json *node, enum deid_class class,
                            enum deid_form form)
{
    struct deid_span span = { 0, (uint32_t)node->text.size, class, form, DEID_SCORE_KNOWN };
    struct buffer out;
    enum status status;
    bool is_general;

    buffer_init(&out, walk->redactor->arena);
    status = deid_surrogate_put(walk->redactor->map, &span, node->text, node->text, false, &out,
                                &is_general, walk->err);
    walk->redactor->counts[class]++;
    node->text = buffer_slice(&out);
    return status == STATUS_OK && out.is_full ? deid_fhir_no_room(walk->err) : status;
}

/* "6718-02-03": the form of a date, in a year that nobody has lived in. It becomes a code. */
static bool is_strange_date(struct slice text)
{
    static const char form[] = "0000-00-00";

    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (i >= text.size || (form[i] == '0' ? !deid_is_digit(text.data[i]) : text.data[i] != '-'))
            return false;
    return true;
}

static enum status rewrite_whole_date(struct deid_fhir_walk *walk, struct json *node, bool *is_date)
{
    struct deid_date date;
    struct slice moved;

    *is_date = false;
    if (node->text.size < VALUE_WHOLE_DATE_MIN || !deid_is_digit(node->text.data[0]))
        return STATUS_OK;
    if (deid_fhir_date_move(walk->redactor->map, node->text, walk->redactor->arena, &moved)) {
        *is_date = true;
        node->text = moved;
        walk->redactor->counts[DEID_CLASS_DATE]++;
        return STATUS_OK;
    }
    *is_date = deid_date_read(node->text, 0, &date) && date.year_part.offset == 0
               && date.year_part.size == 4
               && (date.end == node->text.size
                   || deid_date_time_end(node->text, date.end) == node->text.size);
    if (*is_date)
        return put_form(walk, node, DEID_CLASS_DATE, DEID_FORM_DATE);
    *is_date = is_strange_date(node->text);
    return *is_date ? deid_fhir_value_replace(walk, node, DEID_CLASS_DATE) : STATUS_OK;
}

/* One word in lower case is a code of FHIR's own unless the patient is called so. */
static bool is_plain_code(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!((text.data[i] >= 'a' && text.data[i] <= 'z') || text.data[i] == '-'))
            return false;
    return true;
}

static bool is_markup_type(struct slice type)
{
    return slice_starts_with(type, SLICE("text/html")) || slice_starts_with(type, SLICE("text/xml"))
           || slice_starts_with(type, SLICE("application/xml"))
           || slice_starts_with(type, SLICE("application/xhtml"));
}

/* Text inside is redacted; what is no text, or says that it is and is not, is removed. */
static enum status rewrite_base64(struct deid_fhir_walk *walk, struct json *node,
                                  const struct deid_fhir_place *place, bool *is_removed)
{
    struct slice type = json_get_string(place->object, "contentType");
    struct json inner = { .kind = JSON_KIND_STRING };
    enum status status;

    *is_removed = true;
    if (!deid_fhir_element_is_text(type))
        return STATUS_OK;
    status = deid_fhir_element_decode(node->text, walk->redactor->arena, &inner.text);
    if (status == STATUS_OK)
        status = deid_fhir_value_text(walk, &inner, is_markup_type(type));
    if (status == STATUS_INVALID_ARGUMENT) {
        error_clear(walk->err);
        return STATUS_OK;
    }
    *is_removed = false;
    if (status == STATUS_OK)
        status = deid_fhir_element_encode(inner.text, walk->redactor->arena, &node->text);
    return status == STATUS_OK ? status : deid_fhir_no_room(walk->err);
}

/* Whose codes and displays come from a published list. */
static bool is_terminology(struct slice system)
{
    static const struct slice systems[] = {
        SLICE("http://snomed.info/sct"),
        SLICE("http://loinc.org"),
        SLICE("http://www.nlm.nih.gov/research/umls/"),
        SLICE("http://hl7.org/"),
        SLICE("http://terminology.hl7.org/"),
        SLICE("http://unitsofmeasure.org"),
        SLICE("urn:oid:2.16.840.1.113883."),
        SLICE("urn:ietf:"),
        SLICE("urn:iso:std:"),
        SLICE("http://www.ama-assn.org/"),
        SLICE("http://www.cms.gov/"),
        SLICE("https://www.cms.gov/"),
        SLICE("http://nucc.org/"),
        SLICE("http://www.whocc.no/atc"),
        SLICE("http://www.ada.org/"),
        SLICE("http://dicom.nema.org/"),
        SLICE("http://fdasis.nlm.nih.gov"),
        SLICE("http://varnomen.hgvs.org"),
        SLICE("http://www.genenames.org"),
        SLICE("http://human-phenotype-ontology.org"),
    };

    for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
        if (slice_starts_with(system, systems[i]))
            return true;
    return false;
}

/* What a string's treatment depends on besides its action: the low bits of the memo's kind. */
enum variant {
    VARIANT_CODE, /* kept but for what the patient is known by, a text where it would not come back
                   */
    VARIANT_TEXT,
    VARIANT_NAME,
    VARIANT_VALUE, /* and the class */
    VARIANT_LINK,  /* a reference or a text */
    VARIANT_REFERENCE,
};

static enum variant kept_variant(struct slice key, const struct deid_fhir_place *place)
{
    return slice_is(key, "display") && !is_terminology(json_get_string(place->object, "system"))
               ? VARIANT_TEXT
               : VARIANT_CODE;
}

/* The text of a CodeableConcept that only repeats the display of a published code. */
static bool is_concept_text(struct slice key, const struct deid_fhir_place *place,
                            struct slice text)
{
    const struct json *coding;

    if (!slice_is(key, "text"))
        return false;
    for (coding = json_first(json_get(place->object, "coding")); coding != NULL;
         coding = coding->next)
        if (slice_equal(json_get_string(coding, "display"), text)
            && is_terminology(json_get_string(coding, "system")))
            return true;
    return false;
}

/* What a reference's display names: people, places, or who knows. */
static enum variant display_variant(const struct deid_fhir_place *place)
{
    static const struct slice places[] = { SLICE("Organization"), SLICE("Location"),
                                           SLICE("HealthcareService") };
    static const struct slice people[] = { SLICE("Patient"), SLICE("Practitioner"),
                                           SLICE("RelatedPerson"), SLICE("Person") };
    struct slice type = json_get_string(place->object, "type");

    if (type.size == 0)
        type = json_get_string(place->object, "reference");
    for (size_t i = 0; i < 3; i++)
        if (slice_starts_with(type, places[i]))
            return VARIANT_VALUE;
    for (size_t i = 0; i < 4; i++)
        if (slice_starts_with(type, people[i])
            && !slice_starts_with(type, SLICE("PractitionerRole")))
            return VARIANT_NAME;
    return VARIANT_TEXT;
}

static bool is_maiden_name(const struct deid_fhir_place *place)
{
    struct slice url = json_get_string(place->object, "url");

    return slice_ends_with(url, SLICE("MaidenName")) || slice_ends_with(url, SLICE("maiden-name"));
}

/* A code or the name of one, with surrogates for what the patient is known by: people type names
 * where codes belong. */
static enum status rewrite_code(struct deid_fhir_walk *walk, struct json *node)
{
    struct slice output;
    bool is_restored;
    enum status status =
        deid_redact_code(walk->redactor, node->text, &output, &is_restored, walk->err);

    if (status != STATUS_OK || !is_restored)
        return status == STATUS_OK ? deid_fhir_value_text(walk, node, false) : status;
    node->text = output;
    return STATUS_OK;
}

static enum status rewrite_text(struct deid_fhir_walk *walk, struct json *node)
{
    bool is_date = false;
    enum status status = rewrite_whole_date(walk, node, &is_date);

    if (is_date || status != STATUS_OK)
        return status;
    /* A word of FHIR's own that stands where a text may. */
    return is_plain_code(node->text) ? rewrite_code(walk, node)
                                     : deid_fhir_value_text(walk, node, false);
}

static enum status rewrite_remembered(struct deid_fhir_walk *walk, struct json *node,
                                      enum variant variant, enum deid_class class);

static enum status rewrite_link(struct deid_fhir_walk *walk, struct json *node, bool is_link)
{
    bool is_one;
    enum status status = deid_fhir_reference_rewrite(walk, node, &is_one);

    if (is_one || status != STATUS_OK)
        return status;
    return is_link ? rewrite_remembered(walk, node, VARIANT_TEXT, DEID_CLASS_NONE)
                   : deid_fhir_value_replace(walk, node, DEID_CLASS_OTHER);
}

static enum status apply_variant(struct deid_fhir_walk *walk, struct json *node,
                                 enum variant variant, enum deid_class class)
{
    switch (variant) {
    case VARIANT_CODE:
        return rewrite_code(walk, node);
    case VARIANT_NAME:
        return rewrite_name(walk, node);
    case VARIANT_VALUE:
        return deid_fhir_value_replace(walk, node, class);
    case VARIANT_LINK:
    case VARIANT_REFERENCE:
        return rewrite_link(walk, node, variant == VARIANT_LINK);
    case VARIANT_TEXT:
        break;
    }
    return rewrite_text(walk, node);
}

static unsigned counts_sum(const uint32_t *counts, unsigned *class)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < DEID_CLASS_COUNT; i++) {
        if (counts[i] > 0)
            *class = i;
        sum += counts[i];
    }
    return sum;
}

/* The first time by itself, then by memory. What had several classes in it is not remembered, nor
 * is anything where spans are asked for. */
static enum status rewrite_remembered(struct deid_fhir_walk *walk, struct json *node,
                                      enum variant variant, enum deid_class class)
{
    struct deid_redactor *redactor = walk->redactor;
    uint16_t kind = (uint16_t)(variant | (unsigned)class << 3);
    const struct deid_fhir_memo_entry *entry;
    uint32_t before[DEID_CLASS_COUNT], counts[DEID_CLASS_COUNT];
    struct slice text = node->text;
    unsigned sum, only = 0;
    enum status status;

    entry = redactor->keep_spans ? NULL : deid_fhir_memo_find(walk->memo, kind, text);
    if (entry != NULL) {
        redactor->counts[entry->class] += entry->count;
        if (entry->output.data != entry->text.data)
            node->text = arena_copy(redactor->arena, entry->output);
        return node->text.data == NULL ? deid_fhir_no_room(walk->err) : STATUS_OK;
    }
    memcpy(before, redactor->counts, sizeof(before));
    status = apply_variant(walk, node, variant, class);
    for (unsigned i = 0; i < DEID_CLASS_COUNT; i++)
        counts[i] = redactor->counts[i] - before[i];
    sum = counts_sum(counts, &only);
    if (status == STATUS_OK && !redactor->keep_spans && sum < 256 && sum == counts[only])
        deid_fhir_memo_put(walk->memo, kind, text, node->text, (uint8_t)only, (uint8_t)sum);
    return status;
}

static enum status rewrite_birth_date(struct deid_fhir_walk *walk, struct json *node,
                                      bool *is_removed)
{
    struct deid_date read;
    bool is_date;
    enum status status;

    if (walk->redactor->map->profile == DEID_PROFILE_SAFE_HARBOR
        && deid_date_read(node->text, 0, &read) && read.year != 0
        && read.year < walk->birth_year_min) {
        *is_removed = true;
        return STATUS_OK;
    }
    status = rewrite_whole_date(walk, node, &is_date);
    return is_date || status != STATUS_OK ? status : deid_fhir_value_text(walk, node, false);
}

/* A search names the same few people and places over and over. */
static enum status rewrite_reference(struct deid_fhir_walk *walk, struct json *node, bool is_link)
{
    struct slice text = node->text;
    enum variant variant = is_link ? VARIANT_LINK : VARIANT_REFERENCE;

    if (is_link && !slice_starts_with(text, SLICE("urn:uuid:"))
        && slice_find_byte(text, '/') == text.size)
        return rewrite_remembered(walk, node, VARIANT_TEXT, DEID_CLASS_NONE);
    return slice_find_byte(text, '?') < text.size
               ? rewrite_remembered(walk, node, variant, DEID_CLASS_NONE)
               : apply_variant(walk, node, variant, DEID_CLASS_NONE);
}

static enum status rewrite_identifier(struct deid_fhir_walk *walk, struct json *node,
                                      struct slice key, const struct deid_fhir_place *place)
{
    if (slice_is(key, "value"))
        return deid_fhir_reference_identifier(walk, node, place->object);
    return deid_fhir_value_replace(
        walk, node, slice_is(key, "subscriberId") ? DEID_CLASS_HEALTH_PLAN : DEID_CLASS_OTHER);
}

static enum status rewrite_string(struct deid_fhir_walk *walk, struct json *node, struct slice key,
                                  const struct deid_fhir_place *place)
{
    enum variant variant = VARIANT_TEXT;

    if (slice_is(key, "valueString") && is_maiden_name(place))
        variant = VARIANT_NAME;
    else if (is_concept_text(key, place, node->text))
        variant = VARIANT_CODE;
    return rewrite_remembered(walk, node, variant, DEID_CLASS_NONE);
}

static enum status rewrite_id(struct deid_fhir_walk *walk, struct json *node,
                              const struct deid_fhir_place *place)
{
    struct slice type = place->owner == DEID_FHIR_TYPE_UNKNOWN
                            ? deid_fhir_element_type(place->object)
                            : walk->types->types[place->owner].name;

    return deid_fhir_reference_id(walk, node, type, place->is_contained);
}

static enum status apply_action(struct deid_fhir_walk *walk, struct json *node, struct slice key,
                                enum deid_action action, const struct deid_fhir_place *place,
                                bool *is_removed)
{
    bool is_date;
    enum status status;

    switch (action) {
    case DEID_ACTION_KEEP:
        return rewrite_remembered(walk, node, kept_variant(key, place), DEID_CLASS_NONE);
    case DEID_ACTION_ID:
        return rewrite_id(walk, node, place);
    case DEID_ACTION_REFERENCE:
    case DEID_ACTION_LINK:
        return rewrite_reference(walk, node, action == DEID_ACTION_LINK);
    case DEID_ACTION_SEARCH:
        return deid_fhir_reference_search(walk, node);
    case DEID_ACTION_DISPLAY:
        return rewrite_remembered(walk, node, display_variant(place), DEID_CLASS_GEOGRAPHY);
    case DEID_ACTION_NAME:
        return is_word_of_name(walk, key)
                   ? rewrite_word_of_name(walk, node)
                   : rewrite_remembered(walk, node, VARIANT_NAME, DEID_CLASS_NONE);
    case DEID_ACTION_PLACE:
        return rewrite_remembered(walk, node, VARIANT_VALUE, DEID_CLASS_GEOGRAPHY);
    case DEID_ACTION_POSTAL:
        return put_form(walk, node, DEID_CLASS_GEOGRAPHY, DEID_FORM_POSTAL);
    case DEID_ACTION_TELECOM:
        return rewrite_remembered(walk, node, VARIANT_VALUE,
                                  deid_fhir_element_telecom_class(place->object));
    case DEID_ACTION_IDENTIFIER:
        return rewrite_identifier(walk, node, key, place);
    case DEID_ACTION_DEVICE:
        return deid_fhir_value_replace(walk, node, DEID_CLASS_DEVICE);
    case DEID_ACTION_MARKUP:
        return deid_fhir_value_text(walk, node, true);
    case DEID_ACTION_BASE64:
        return rewrite_base64(walk, node, place, is_removed);
    case DEID_ACTION_REMOVE:
        *is_removed = true;
        return STATUS_OK;
    case DEID_ACTION_BIRTH_DATE:
        return rewrite_birth_date(walk, node, is_removed);
    case DEID_ACTION_DATE:
        status = rewrite_whole_date(walk, node, &is_date);
        return is_date || status != STATUS_OK ? status : deid_fhir_value_text(walk, node, false);
    case DEID_ACTION_TEXT:
        break;
    }
    /* An attachment where no type of FHIR has one is read as one, as the way back reads it. */
    if (slice_is(key, "data") && json_get(place->object, "contentType") != NULL)
        return rewrite_base64(walk, node, place, is_removed);
    return rewrite_string(walk, node, key, place);
}

/* Where the way back reads a small id ("o2") without its type. */
static bool is_id_key(struct slice key)
{
    return slice_is(key, "id") || slice_is(key, "reference") || slice_is(key, "value");
}

/* "o2", "#o2". */
static bool looks_like_id(struct slice text)
{
    size_t at = text.size > 0 && text.data[0] == '#', digits = at + 1;

    if (digits >= text.size || text.data[at] < 'a' || text.data[at] > 'z')
        return false;
    for (; digits < text.size; digits++)
        if (!deid_is_digit(text.data[digits]))
            return false;
    return true;
}

/* What is no id and would be taken for one becomes one. */
enum status deid_fhir_value_rewrite(struct deid_fhir_walk *walk, struct json *node,
                                    struct slice key, enum deid_action action,
                                    const struct deid_fhir_place *place, bool *is_removed)
{
    struct slice before = node->text;
    enum status status = apply_action(walk, node, key, action, place, is_removed);
    bool is_one;

    if (status != STATUS_OK || *is_removed || action == DEID_ACTION_ID
        || action == DEID_ACTION_REFERENCE || action == DEID_ACTION_IDENTIFIER || !is_id_key(key)
        || !looks_like_id(before) || !slice_equal(node->text, before))
        return status;
    return before.data[0] == '#' ? deid_fhir_reference_rewrite(walk, node, &is_one)
                                 : deid_fhir_reference_put(walk, DEID_FHIR_ELEMENT_LETTER_UNKNOWN,
                                                           before, &node->text);
}
