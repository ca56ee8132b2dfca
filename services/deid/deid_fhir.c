/* parse → learn (who the patient is, which ids there are) → walk and rewrite in place → write. A string that no rule knows goes through
 * the text path; a date by its form is a date wherever it stands. */
#include "deid_fhir.h"

#include <string.h>

#include "deid_date.h"
#include "deid_fhir_element.h"
#include "deid_fhir_learn.h"
#include "deid_profile.h"
#include "fhir/json.h"

#define PATH_BYTES_MAX 256
#define CONTAINED_LETTER 'c'

/* Where the walk is. */
struct place {
    struct slice
        parent; /* key of the object at hand, of its array where it is in one; "" for a resource */
    struct slice type; /* of the resource at hand */
    const struct json *object;
    bool is_contained;
};

struct walk {
    struct deid_redactor *redactor;
    struct error *err;
    char path[PATH_BYTES_MAX];
    size_t path_size;
    struct slice patient; /* original id */
};

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a redacted resource");
}

static enum status set_surrogate(struct walk *walk, struct json *node,
                                 const struct deid_entry *entry)
{
    struct buffer out;

    buffer_init(&out, walk->redactor->arena);
    deid_surrogate_format(walk->redactor->map, entry, &out);
    if (out.is_full)
        return no_room(walk->err);
    walk->redactor->counts[entry->class < DEID_CLASS_COUNT ? entry->class : DEID_CLASS_DATE]++;
    node->text = buffer_slice(&out);
    return STATUS_OK;
}

static enum status rewrite_value(struct walk *walk, struct json *node, enum deid_class class)
{
    struct deid_entry *entry;
    enum status status;

    if (node->text.size == 0)
        return STATUS_OK;
    status = deid_surrogate_value(walk->redactor->map, class, node->text, false, &entry, walk->err);
    return status == STATUS_OK ? set_surrogate(walk, node, entry) : status;
}

static enum status rewrite_name(struct walk *walk, struct json *node)
{
    struct deid_entry *entry;
    enum status status;

    if (node->text.size == 0)
        return STATUS_OK;
    status =
        deid_surrogate_person(walk->redactor->map, node->text, false, false, &entry, walk->err);
    return status == STATUS_OK ? set_surrogate(walk, node, entry) : status;
}

static enum status rewrite_text(struct walk *walk, struct json *node, bool is_markup)
{
    walk->redactor->path = NULL;
    if (walk->redactor->keep_spans) {
        walk->redactor->path =
            arena_string(walk->redactor->arena, slice_of(walk->path, walk->path_size));
        if (walk->redactor->path == NULL)
            return no_room(walk->err);
    }
    return deid_redact_text(walk->redactor, node->text, is_markup, &node->text, walk->err);
}

static enum status put_id(struct walk *walk, struct buffer *out, char letter, struct slice original)
{
    struct deid_id *id = letter == 0 ? deid_map_find_id(walk->redactor->map, original) : NULL;

    if (id == NULL)
        id = deid_map_id(walk->redactor->map,
                         letter == 0 ? DEID_FHIR_ELEMENT_LETTER_UNKNOWN : letter, original);
    if (id == NULL)
        return no_room(walk->err);
    buffer_put_byte(out, id->letter);
    buffer_put_number(out, id->number);
    walk->redactor->counts[DEID_CLASS_OTHER]++;
    return out->is_full ? no_room(walk->err) : STATUS_OK;
}

static enum status rewrite_id(struct walk *walk, struct json *node, const struct place *place)
{
    struct buffer out;
    enum status status;

    buffer_init(&out, walk->redactor->arena);
    status = put_id(walk, &out,
                    place->is_contained ? CONTAINED_LETTER : deid_fhir_element_letter(place->type),
                    node->text);
    node->text = buffer_slice(&out);
    return status;
}

static bool is_type_name(struct slice text)
{
    size_t i;

    if (text.size < 4 || text.data[0] < 'A' || text.data[0] > 'Z')
        return false;
    for (i = 1; i < text.size; i++)
        if ((text.data[i] | 32) < 'a' || (text.data[i] | 32) > 'z')
            return false;
    return true;
}

static size_t find_last(struct slice text, char byte, size_t end)
{
    while (end > 0 && text.data[end - 1] != byte)
        end--;
    return end; /* past it; 0: none */
}

/* "Practitioner?identifier=system|value": the value goes as it goes in the identifier. */
static enum status rewrite_search(struct walk *walk, struct json *node, size_t question)
{
    struct slice text = node->text;
    size_t bar = find_last(text, '|', text.size), equals = find_last(text, '=', text.size);
    size_t at = bar > equals ? bar : equals;
    struct json value = { .kind = JSON_KIND_STRING };
    struct buffer out;
    enum status status;

    if (at <= question)
        at = question + 1;
    value.text = slice_cut(text, at, text.size);
    status = rewrite_value(walk, &value, DEID_CLASS_OTHER);
    buffer_init(&out, walk->redactor->arena);
    buffer_put(&out, slice_cut(text, 0, at));
    buffer_put(&out, value.text);
    node->text = buffer_slice(&out);
    return out.is_full ? no_room(walk->err) : status;
}

/* "[base/]Type/id[/_history/n]". False when it is none. */
static bool split_reference(struct slice text, size_t *type_at, size_t *id_at, size_t *id_end)
{
    size_t history, slash;
    struct slice marker = SLICE("/_history/");
    const char *hit = memmem(text.data, text.size, marker.data, marker.size);

    history = hit == NULL ? text.size : (size_t)(hit - text.data);
    *id_end = history;
    *id_at = find_last(text, '/', history);
    if (*id_at == 0 || *id_at == history)
        return false;
    slash = find_last(text, '/', *id_at - 1);
    *type_at = slash;
    return is_type_name(slice_cut(text, *type_at, *id_at - 1));
}

static enum status rewrite_reference(struct walk *walk, struct json *node)
{
    struct slice text = node->text;
    size_t question = slice_find_byte(text, '?'), type_at, id_at, id_end;
    struct buffer out;
    struct json base = { .kind = JSON_KIND_STRING };
    enum status status = STATUS_OK;

    buffer_init(&out, walk->redactor->arena);
    if (text.size == 0 || is_type_name(text))
        return STATUS_OK;
    if (text.data[0] == '#') {
        buffer_put_byte(&out, '#');
        status = text.size == 1
                     ? STATUS_OK
                     : put_id(walk, &out, CONTAINED_LETTER, slice_cut(text, 1, text.size));
    } else if (slice_starts_with(text, SLICE("urn:uuid:"))) {
        buffer_put_string(&out, "urn:uuid:");
        status = put_id(walk, &out, 0, slice_cut(text, 9, text.size));
    } else if (question < text.size) {
        return rewrite_search(walk, node, question);
    } else if (split_reference(text, &type_at, &id_at, &id_end)) {
        if (type_at > 0) {
            base.text = slice_cut(text, 0, type_at - 1);
            status = rewrite_value(walk, &base, DEID_CLASS_URL);
            buffer_put(&out, base.text);
            buffer_put_byte(&out, '/');
        }
        buffer_put(&out, slice_cut(text, type_at, id_at));
        if (status == STATUS_OK)
            status =
                put_id(walk, &out, deid_fhir_element_letter(slice_cut(text, type_at, id_at - 1)),
                       slice_cut(text, id_at, id_end));
        buffer_put(&out, slice_cut(text, id_end, text.size));
    } else {
        return rewrite_value(walk, node, DEID_CLASS_OTHER);
    }
    node->text = buffer_slice(&out);
    return out.is_full ? no_room(walk->err) : status;
}

/* An identifier's value that is the id of a resource of this record goes as that id does. */
static enum status rewrite_identifier(struct walk *walk, struct json *node,
                                      const struct place *place)
{
    struct slice text = node->text;
    struct buffer out;
    enum status status;

    if (slice_starts_with(text, SLICE("urn:uuid:"))
        && deid_map_find_id(walk->redactor->map, slice_cut(text, 9, text.size)) != NULL)
        return rewrite_reference(walk, node);
    if (deid_map_find_id(walk->redactor->map, text) == NULL)
        return rewrite_value(walk, node, deid_fhir_element_identifier_class(place->object));
    buffer_init(&out, walk->redactor->arena);
    buffer_put_string(&out, "urn:uuid:"); /* so that it is known for an id again */
    out.size = 0;
    status = put_id(walk, &out, 0, text);
    node->text = buffer_slice(&out);
    return status;
}

/* Over 89 at the end of this century's record: the year itself would tell. */
static bool is_over_89(struct slice date)
{
    struct deid_date read;

    return deid_date_read(date, 0, &read) && read.year != 0 && read.year <= 1936;
}

static enum status rewrite_whole_date(struct walk *walk, struct json *node, bool *is_date)
{
    struct deid_span span = { 0, (uint32_t)node->text.size, DEID_CLASS_DATE, DEID_FORM_DATE,
                              DEID_SCORE_KNOWN };
    struct deid_date date;
    struct buffer out;
    enum status status;

    *is_date = node->text.size >= 7 && deid_is_digit(node->text.data[0])
               && deid_date_read(node->text, 0, &date) && date.year_part.offset == 0
               && date.year_part.size == 4
               && (date.end == node->text.size
                   || deid_date_time_end(node->text, date.end) == node->text.size);
    if (!*is_date)
        return STATUS_OK;
    buffer_init(&out, walk->redactor->arena);
    status = deid_surrogate_put(walk->redactor->map, &span, node->text, node->text, false, &out,
                                walk->err);
    walk->redactor->counts[DEID_CLASS_DATE]++;
    node->text = buffer_slice(&out);
    return out.is_full ? no_room(walk->err) : status;
}

static enum status rewrite_postal(struct walk *walk, struct json *node)
{
    struct deid_span span = { 0, (uint32_t)node->text.size, DEID_CLASS_GEOGRAPHY, DEID_FORM_POSTAL,
                              DEID_SCORE_KNOWN };
    struct buffer out;
    enum status status;

    buffer_init(&out, walk->redactor->arena);
    status = deid_surrogate_put(walk->redactor->map, &span, node->text, node->text, false, &out,
                                walk->err);
    walk->redactor->counts[DEID_CLASS_GEOGRAPHY]++;
    node->text = buffer_slice(&out);
    return status;
}

/* One word in lower case is a code of FHIR's own unless the patient is called so. */
static bool is_plain_code(const struct walk *walk, struct slice text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if (!((text.data[i] >= 'a' && text.data[i] <= 'z') || text.data[i] == '-'))
            return false;
    for (i = 0; i < walk->redactor->identity.words_count; i++)
        if (slice_equal_fold(walk->redactor->identity.words[i].word, text))
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
static enum status rewrite_base64(struct walk *walk, struct json *node, const struct place *place,
                                  bool *is_removed)
{
    struct slice type = json_get_string(place->object, "contentType");
    struct json inner = { .kind = JSON_KIND_STRING };
    enum status status;

    *is_removed = true;
    if (!deid_fhir_element_is_text(type))
        return STATUS_OK;
    status = deid_fhir_element_decode(node->text, walk->redactor->arena, &inner.text);
    if (status == STATUS_OK)
        status = rewrite_text(walk, &inner, is_markup_type(type));
    if (status == STATUS_INVALID_ARGUMENT)
        return STATUS_OK;
    *is_removed = false;
    if (status == STATUS_OK)
        status = deid_fhir_element_encode(inner.text, walk->redactor->arena, &node->text);
    return status == STATUS_OK ? status : no_room(walk->err);
}

/* A display beside a reference: a person's name for people, a place for organizations. */
static enum status rewrite_display(struct walk *walk, struct json *node, const struct place *place)
{
    struct slice reference = json_get_string(place->object, "reference");
    struct slice type = json_get_string(place->object, "type");
    static const char *const places[] = { "Organization", "Location", "HealthcareService" };
    static const char *const people[] = { "Patient", "Practitioner", "RelatedPerson", "Person" };
    size_t i;

    if (type.size == 0)
        type = reference;
    for (i = 0; i < 3; i++)
        if (slice_starts_with(type, slice_from(places[i])))
            return rewrite_value(walk, node, DEID_CLASS_GEOGRAPHY);
    for (i = 0; i < 4; i++)
        if (slice_starts_with(type, slice_from(people[i]))
            && !slice_starts_with(type, SLICE("PractitionerRole")))
            return rewrite_name(walk, node);
    if (slice_is(place->parent, "location") || slice_is(place->parent, "serviceProvider")
        || slice_is(place->parent, "managingOrganization") || slice_is(place->parent, "custodian"))
        return rewrite_value(walk, node, DEID_CLASS_GEOGRAPHY);
    return rewrite_text(walk, node, false);
}

/* Whose codes and displays come from a published list. */
static bool is_terminology(struct slice system)
{
    static const char *const systems[] = {
        "http://snomed.info/sct",
        "http://loinc.org",
        "http://www.nlm.nih.gov/research/umls/",
        "http://hl7.org/",
        "http://terminology.hl7.org/",
        "http://unitsofmeasure.org",
        "urn:oid:2.16.840.1.113883.",
        "urn:ietf:",
        "urn:iso:std:",
        "http://www.ama-assn.org/",
        "http://www.cms.gov/",
        "https://www.cms.gov/",
        "http://nucc.org/",
        "http://www.whocc.no/atc",
        "http://www.ada.org/",
        "http://dicom.nema.org/",
        "http://fdasis.nlm.nih.gov",
        "http://varnomen.hgvs.org",
        "http://www.genenames.org",
        "http://human-phenotype-ontology.org",
    };
    size_t i;

    for (i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
        if (slice_starts_with(system, slice_from(systems[i])))
            return true;
    return false;
}

/* What comes from a closed vocabulary stays but for what the patient is known by: people type names
 * where codes belong. A display under a system that is nobody's vocabulary is a text; so is one
 * that would not come back as it is. */
static enum status rewrite_kept(struct walk *walk, struct json *node, struct slice key,
                                const struct place *place)
{
    bool is_display = slice_is(key, "display") || slice_is(key, "text"), is_restored;
    struct slice output;
    enum status status;

    if (is_plain_code(walk, node->text))
        return STATUS_OK;
    if (slice_is(key, "display") && !is_terminology(json_get_string(place->object, "system")))
        return rewrite_text(walk, node, false);
    status = deid_redact_code(walk->redactor, node->text, &output, &is_restored, walk->err);
    if (status != STATUS_OK || (is_display && !is_restored))
        return status == STATUS_OK ? rewrite_text(walk, node, false) : status;
    node->text = output;
    return STATUS_OK;
}

/* The text of a CodeableConcept that only repeats the display of a published code. */
static bool is_concept_text(struct slice key, const struct place *place, struct slice text)
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

static bool is_maiden_name(const struct place *place)
{
    struct slice url = json_get_string(place->object, "url");

    return slice_ends_with(url, SLICE("MaidenName")) || slice_ends_with(url, SLICE("maiden-name"));
}

static enum status rewrite_string(struct walk *walk, struct json *node, struct slice key,
                                  const struct place *place, bool *is_removed)
{
    enum deid_action action = deid_profile_action(key, place->parent, place->type);
    bool is_date = false;
    enum status status;

    switch (action) {
    case DEID_ACTION_KEEP:
        return rewrite_kept(walk, node, key, place);
    case DEID_ACTION_ID:
        return rewrite_id(walk, node, place);
    case DEID_ACTION_REFERENCE:
        return rewrite_reference(walk, node);
    case DEID_ACTION_NAME:
        return rewrite_name(walk, node);
    case DEID_ACTION_PLACE:
        return rewrite_value(walk, node, DEID_CLASS_GEOGRAPHY);
    case DEID_ACTION_POSTAL:
        return rewrite_postal(walk, node);
    case DEID_ACTION_TELECOM:
        return rewrite_value(walk, node, deid_fhir_element_telecom_class(place->object));
    case DEID_ACTION_IDENTIFIER:
        return rewrite_identifier(walk, node, place);
    case DEID_ACTION_DEVICE:
        return rewrite_value(walk, node, DEID_CLASS_DEVICE);
    case DEID_ACTION_MARKUP:
        return rewrite_text(walk, node, true);
    case DEID_ACTION_BASE64:
        return rewrite_base64(walk, node, place, is_removed);
    case DEID_ACTION_REMOVE:
        *is_removed = true;
        return STATUS_OK;
    case DEID_ACTION_BIRTH_DATE:
        *is_removed =
            walk->redactor->map->profile == DEID_PROFILE_SAFE_HARBOR && is_over_89(node->text);
        break;
    case DEID_ACTION_TEXT:
        break;
    }
    if (*is_removed || is_plain_code(walk, node->text))
        return STATUS_OK;
    status = rewrite_whole_date(walk, node, &is_date);
    if (is_date || status != STATUS_OK)
        return status;
    if (slice_is(key, "display"))
        return rewrite_display(walk, node, place);
    if (slice_is(key, "valueString") && is_maiden_name(place))
        return rewrite_name(walk, node);
    if (is_concept_text(key, place, node->text))
        return rewrite_kept(walk, node, key, place);
    return rewrite_text(walk, node, false);
}

static size_t path_push(struct walk *walk, struct slice key)
{
    size_t before = walk->path_size;
    size_t size = key.size + 1 < PATH_BYTES_MAX - before ? key.size : 0;

    if (walk->redactor->keep_spans && size > 0) {
        if (before > 0)
            walk->path[walk->path_size++] = '.';
        memcpy(walk->path + walk->path_size, key.data, size);
        walk->path_size += size;
    }
    return before;
}

/* A geolocation tells the house. */
static bool is_location_extension(const struct json *item)
{
    struct slice url = json_get_string(item, "url");

    return slice_ends_with(url, SLICE("geolocation")) || slice_ends_with(url, SLICE("latitude"))
           || slice_ends_with(url, SLICE("longitude"));
}

static enum status walk_node(struct walk *walk, struct json *node, struct slice key,
                             const struct place *place, bool *is_removed);

static enum status walk_children(struct walk *walk, struct json *node, struct slice key,
                                 const struct place *place)
{
    struct json **link = &node->first, *item;

    while ((item = *link) != NULL) {
        bool is_removed = false;
        struct slice own = node->kind == JSON_KIND_OBJECT ? item->key : key;
        size_t path = node->kind == JSON_KIND_OBJECT ? path_push(walk, own) : walk->path_size;
        enum status status = walk_node(walk, item, own, place, &is_removed);

        walk->path_size = path;
        if (status != STATUS_OK)
            return status;
        if (is_removed) {
            *link = item->next;
            node->count--;
        } else {
            link = &item->next;
        }
    }
    return STATUS_OK;
}

static enum status walk_object(struct walk *walk, struct json *node, struct slice key,
                               const struct place *place, bool *is_removed)
{
    struct place inner = { key, place->type, node, place->is_contained };
    struct slice type = deid_fhir_element_type(node);

    if (slice_is(key, "extension") && is_location_extension(node)) {
        *is_removed = true;
        return STATUS_OK;
    }
    if (type.size > 0) {
        inner = (struct place){ SLICE(""), type, node, slice_is(key, "contained") };
        walk->path_size = 0;
        path_push(walk, type);
    }
    return walk_children(walk, node, key, &inner);
}

static enum status walk_node(struct walk *walk, struct json *node, struct slice key,
                             const struct place *place, bool *is_removed)
{
    switch (node->kind) {
    case JSON_KIND_STRING:
        return rewrite_string(walk, node, key, place, is_removed);
    case JSON_KIND_OBJECT:
        if (deid_profile_action(key, place->parent, place->type) == DEID_ACTION_REMOVE) {
            *is_removed = true;
            return STATUS_OK;
        }
        return walk_object(walk, node, key, place, is_removed);
    case JSON_KIND_ARRAY:
        if (deid_profile_action(key, place->parent, place->type) == DEID_ACTION_REMOVE) {
            *is_removed = true;
            return STATUS_OK;
        }
        return walk_children(walk, node, key, place);
    default:
        return STATUS_OK;
    }
}

static enum status put_patient(struct walk *walk, struct slice *patient)
{
    struct buffer out;
    enum status status;

    *patient = (struct slice){ NULL, 0 };
    if (walk->patient.data == NULL)
        return STATUS_OK;
    if (walk->patient.size == 0) {
        *patient = SLICE("p0");
        return STATUS_OK;
    }
    buffer_init(&out, walk->redactor->arena);
    status = put_id(walk, &out, 'p', walk->patient);
    *patient = buffer_slice(&out);
    return status;
}

enum status deid_fhir_redact(struct deid_redactor *redactor, struct slice json,
                             struct slice *output, struct slice *patient, struct error *err)
{
    struct walk walk = { .redactor = redactor, .err = err };
    struct place top = { SLICE(""), SLICE(""), NULL, false };
    struct json *root;
    struct buffer out;
    bool is_removed = false;
    enum status status = json_parse(json, redactor->arena, &root, err);

    if (status == STATUS_OK)
        status = deid_fhir_learn(redactor, root, &walk.patient, err);
    if (status == STATUS_OK)
        status = deid_redactor_learn(redactor, err);
    if (status == STATUS_OK)
        status = walk_node(&walk, root, SLICE(""), &top, &is_removed);
    if (status == STATUS_OK)
        status = put_patient(&walk, patient);
    if (status != STATUS_OK)
        return status;
    buffer_init(&out, redactor->arena);
    json_write(root, &out);
    *output = buffer_slice(&out);
    return out.is_full ? no_room(err) : STATUS_OK;
}
