/* parse → learn (who the patient is, which ids there are) → walk and rewrite in place → write. A string that no rule knows goes through
 * the text path; a date by its form is a date wherever it stands. */
#include "deid_fhir.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "deid_date.h"
#include "deid_profile.h"
#include "deid_restore.h"
#include "fhir/json.h"

#define PATH_BYTES_MAX 256
#define CONTAINED_LETTER 'c'
#define UNKNOWN_LETTER 'x'

/* Where the walk is. */
struct place {
    struct slice parent; /* key of the object at hand, of its array where it is in one; "" for a resource */
    struct slice type;   /* of the resource at hand */
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

static struct slice type_of(const struct json *resource)
{
    return json_get_string(resource, "resourceType");
}

static char letter_of(struct slice type)
{
    char c = type.size > 0 ? (char)(type.data[0] | 32) : UNKNOWN_LETTER;

    return c >= 'a' && c <= 'z' ? c : UNKNOWN_LETTER;
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a redacted resource");
}

/* ---- learning ---- */

static enum status learn_name(struct walk *walk, const struct json *name, bool is_patient)
{
    const struct json *given = json_get(name, "given"), *item;
    struct slice family = json_get_string(name, "family"), text = json_get_string(name, "text");
    struct arena *arena = walk->redactor->arena;
    struct deid_entry *entry;
    struct buffer whole;
    enum status status = STATUS_OK;

    buffer_init(&whole, arena);
    for (item = json_first(given); item != NULL; item = item->next) {
        buffer_put(&whole, item->text);
        buffer_put_byte(&whole, ' ');
    }
    buffer_put(&whole, family);
    if (whole.is_full)
        return no_room(walk->err);
    /* The whole name first, so that its parts find the person. */
    if (slice_trim(buffer_slice(&whole)).size > 0)
        status = deid_surrogate_person(walk->redactor->map, slice_trim(buffer_slice(&whole)), is_patient, true, &entry,
                                       walk->err);
    if (status == STATUS_OK && family.size > 0)
        status = deid_surrogate_person(walk->redactor->map, family, is_patient, true, &entry, walk->err);
    for (item = json_first(given); status == STATUS_OK && item != NULL; item = item->next)
        if (item->kind == JSON_KIND_STRING && item->text.size > 0)
            status = deid_surrogate_person(walk->redactor->map, item->text, is_patient, true, &entry, walk->err);
    if (status == STATUS_OK && text.size > 0)
        status = deid_surrogate_person(walk->redactor->map, text, is_patient, true, &entry, walk->err);
    return status;
}

static enum deid_class telecom_class(const struct json *telecom)
{
    struct slice system = json_get_string(telecom, "system");

    if (slice_is(system, "email"))
        return DEID_CLASS_EMAIL;
    if (slice_is(system, "fax"))
        return DEID_CLASS_FAX;
    if (slice_is(system, "url"))
        return DEID_CLASS_URL;
    return DEID_CLASS_PHONE;
}

/* By the v2-0203 code of its type. */
static enum deid_class identifier_class(const struct json *identifier)
{
    static const struct {
        const char *code;
        enum deid_class class;
    } codes[] = {
        { "MR", DEID_CLASS_MRN },      { "MRT", DEID_CLASS_MRN },     { "SS", DEID_CLASS_SSN },
        { "SB", DEID_CLASS_SSN },      { "DL", DEID_CLASS_LICENSE },  { "PPN", DEID_CLASS_LICENSE },
        { "NPI", DEID_CLASS_LICENSE }, { "MD", DEID_CLASS_LICENSE },  { "AN", DEID_CLASS_ACCOUNT },
        { "MB", DEID_CLASS_HEALTH_PLAN }, { "MC", DEID_CLASS_HEALTH_PLAN }, { "MA", DEID_CLASS_HEALTH_PLAN },
        { "SN", DEID_CLASS_HEALTH_PLAN }, { "SNO", DEID_CLASS_DEVICE }, { "UDI", DEID_CLASS_DEVICE },
    };
    const struct json *type = json_get(identifier, "type");
    struct slice code = json_get_string(json_first(json_get(type, "coding")), "code");
    size_t i;

    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (slice_is(code, codes[i].code))
            return codes[i].class;
    return slice_ends_with(json_get_string(identifier, "system"), SLICE("us-ssn")) ? DEID_CLASS_SSN : DEID_CLASS_OTHER;
}

static enum status learn_value(struct walk *walk, enum deid_class class, struct slice value)
{
    struct deid_entry *entry;

    if (value.size == 0)
        return STATUS_OK;
    return deid_surrogate_value(walk->redactor->map, class, value, true, &entry, walk->err);
}

/* A known id of the patient that is also the id of the resource stays with the ids. */
static enum status learn_identifier(struct walk *walk, const struct json *identifier)
{
    struct slice value = json_get_string(identifier, "value");

    if (deid_map_find_id(walk->redactor->map, value) != NULL)
        return STATUS_OK;
    return learn_value(walk, identifier_class(identifier), value);
}

static enum status learn_address(struct walk *walk, const struct json *address)
{
    const struct json *line;
    enum status status = STATUS_OK;

    for (line = json_first(json_get(address, "line")); status == STATUS_OK && line != NULL; line = line->next)
        status = learn_value(walk, DEID_CLASS_GEOGRAPHY, line->text);
    if (status == STATUS_OK)
        status = learn_value(walk, DEID_CLASS_GEOGRAPHY, json_get_string(address, "city"));
    if (status == STATUS_OK && walk->redactor->map->profile == DEID_PROFILE_LIMITED)
        status = learn_value(walk, DEID_CLASS_GEOGRAPHY, json_get_string(address, "postalCode"));
    return status;
}

/* An element that may be one or a list of them. */
static enum status each(struct walk *walk, const struct json *element,
                        enum status (*learn)(struct walk *walk, const struct json *item))
{
    const struct json *item;
    enum status status = STATUS_OK;

    if (element == NULL)
        return STATUS_OK;
    if (element->kind != JSON_KIND_ARRAY)
        return learn(walk, element);
    for (item = json_first(element); status == STATUS_OK && item != NULL; item = item->next)
        status = learn(walk, item);
    return status;
}

static enum status learn_own_name(struct walk *walk, const struct json *name)
{
    return learn_name(walk, name, true);
}

static enum status learn_other_name(struct walk *walk, const struct json *name)
{
    return learn_name(walk, name, false);
}

static enum status learn_telecom(struct walk *walk, const struct json *telecom)
{
    return learn_value(walk, telecom_class(telecom), json_get_string(telecom, "value"));
}

static enum status learn_contact(struct walk *walk, const struct json *contact)
{
    enum status status = each(walk, json_get(contact, "name"), learn_other_name);

    if (status == STATUS_OK)
        status = each(walk, json_get(contact, "telecom"), learn_telecom);
    return status == STATUS_OK ? each(walk, json_get(contact, "address"), learn_address) : status;
}

static enum status learn_person(struct walk *walk, const struct json *person, bool is_patient)
{
    enum status status
        = each(walk, json_get(person, "name"), is_patient ? learn_own_name : learn_other_name);

    if (status == STATUS_OK)
        status = each(walk, json_get(person, "telecom"), learn_telecom);
    if (status == STATUS_OK)
        status = each(walk, json_get(person, "address"), learn_address);
    if (status == STATUS_OK)
        status = each(walk, json_get(person, "identifier"), learn_identifier);
    if (status == STATUS_OK && is_patient)
        status = each(walk, json_get(person, "contact"), learn_contact);
    return status;
}

/* Give @resource its id, note the patient, learn people. */
static enum status learn_resource(struct walk *walk, const struct json *resource)
{
    struct slice type = type_of(resource), id = json_get_string(resource, "id");

    if (type.size == 0 || resource->kind != JSON_KIND_OBJECT)
        return error_set(walk->err, STATUS_INVALID_ARGUMENT, "a resource without a resourceType");
    if (id.size > 0 && deid_map_id(walk->redactor->map, letter_of(type), id) == NULL)
        return no_room(walk->err);
    if (slice_is(type, "Patient")) {
        if (walk->patient.data != NULL && (id.size == 0 || !slice_equal(walk->patient, id)))
            return error_set(walk->err, STATUS_INVALID_ARGUMENT, "two patients in one bundle");
        walk->patient = id.data == NULL ? SLICE("") : id;
        if (learn_value(walk, DEID_CLASS_DATE, json_get_string(resource, "birthDate")) != STATUS_OK)
            return walk->err->status;
        return learn_person(walk, resource, true);
    }
    if (slice_is(type, "RelatedPerson") || slice_is(type, "Practitioner") || slice_is(type, "Person"))
        return learn_person(walk, resource, false);
    return STATUS_OK;
}

/* "urn:uuid:X" as a fullUrl is an id of its own where the resource's is another. */
static enum status learn_full_url(struct walk *walk, const struct json *entry, const struct json *resource)
{
    struct slice url = json_get_string(entry, "fullUrl");

    if (!slice_starts_with(url, SLICE("urn:uuid:")))
        return STATUS_OK;
    return deid_map_id(walk->redactor->map, letter_of(type_of(resource)), slice_cut(url, 9, url.size)) == NULL
               ? no_room(walk->err)
               : STATUS_OK;
}

static enum status learn(struct walk *walk, const struct json *root)
{
    const struct json *entry;
    enum status status;

    if (root->kind != JSON_KIND_OBJECT)
        return error_set(walk->err, STATUS_INVALID_ARGUMENT, "not a FHIR resource: no JSON object");
    if (!slice_is(type_of(root), "Bundle"))
        return learn_resource(walk, root);
    for (entry = json_first(json_get(root, "entry")); entry != NULL; entry = entry->next) {
        const struct json *resource = json_get(entry, "resource");

        if (resource == NULL)
            continue;
        status = learn_resource(walk, resource);
        if (status == STATUS_OK)
            status = learn_full_url(walk, entry, resource);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ---- rewriting ---- */

static enum status set_surrogate(struct walk *walk, struct json *node, const struct deid_entry *entry)
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
    status = deid_surrogate_person(walk->redactor->map, node->text, false, false, &entry, walk->err);
    return status == STATUS_OK ? set_surrogate(walk, node, entry) : status;
}

static enum status rewrite_text(struct walk *walk, struct json *node, bool is_markup)
{
    walk->redactor->path = NULL;
    if (walk->redactor->keep_spans) {
        walk->redactor->path = arena_string(walk->redactor->arena, slice_of(walk->path, walk->path_size));
        if (walk->redactor->path == NULL)
            return no_room(walk->err);
    }
    return deid_redact_text(walk->redactor, node->text, is_markup, &node->text, walk->err);
}

static enum status put_id(struct walk *walk, struct buffer *out, char letter, struct slice original)
{
    struct deid_id *id = letter == 0 ? deid_map_find_id(walk->redactor->map, original) : NULL;

    if (id == NULL)
        id = deid_map_id(walk->redactor->map, letter == 0 ? UNKNOWN_LETTER : letter, original);
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
    status = put_id(walk, &out, place->is_contained ? CONTAINED_LETTER : letter_of(place->type), node->text);
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
        status = text.size == 1 ? STATUS_OK : put_id(walk, &out, CONTAINED_LETTER, slice_cut(text, 1, text.size));
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
            status = put_id(walk, &out, letter_of(slice_cut(text, type_at, id_at - 1)), slice_cut(text, id_at, id_end));
        buffer_put(&out, slice_cut(text, id_end, text.size));
    } else {
        return rewrite_value(walk, node, DEID_CLASS_OTHER);
    }
    node->text = buffer_slice(&out);
    return out.is_full ? no_room(walk->err) : status;
}

/* An identifier's value that is the id of a resource of this record goes as that id does. */
static enum status rewrite_identifier(struct walk *walk, struct json *node, const struct place *place)
{
    struct slice text = node->text;
    struct buffer out;
    enum status status;

    if (slice_starts_with(text, SLICE("urn:uuid:"))
        && deid_map_find_id(walk->redactor->map, slice_cut(text, 9, text.size)) != NULL)
        return rewrite_reference(walk, node);
    if (deid_map_find_id(walk->redactor->map, text) == NULL)
        return rewrite_value(walk, node, identifier_class(place->object));
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
    struct deid_span span = { 0, (uint32_t)node->text.size, DEID_CLASS_DATE, DEID_FORM_DATE, DEID_SCORE_KNOWN };
    struct deid_date date;
    struct buffer out;
    enum status status;

    *is_date = node->text.size >= 7 && deid_is_digit(node->text.data[0]) && deid_date_read(node->text, 0, &date)
            && date.year_part.offset == 0 && date.year_part.size == 4
            && (date.end == node->text.size || deid_date_time_end(node->text, date.end) == node->text.size);
    if (!*is_date)
        return STATUS_OK;
    buffer_init(&out, walk->redactor->arena);
    status = deid_surrogate_put(walk->redactor->map, &span, node->text, node->text, false, &out, walk->err);
    walk->redactor->counts[DEID_CLASS_DATE]++;
    node->text = buffer_slice(&out);
    return out.is_full ? no_room(walk->err) : status;
}

static enum status rewrite_postal(struct walk *walk, struct json *node)
{
    struct deid_span span = { 0, (uint32_t)node->text.size, DEID_CLASS_GEOGRAPHY, DEID_FORM_POSTAL, DEID_SCORE_KNOWN };
    struct buffer out;
    enum status status;

    buffer_init(&out, walk->redactor->arena);
    status = deid_surrogate_put(walk->redactor->map, &span, node->text, node->text, false, &out, walk->err);
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

static bool is_text_type(struct slice type)
{
    return slice_starts_with(type, SLICE("text/")) || slice_starts_with(type, SLICE("application/json"))
        || slice_starts_with(type, SLICE("application/fhir")) || slice_starts_with(type, SLICE("application/xml"))
        || slice_starts_with(type, SLICE("application/xhtml"));
}

static bool is_markup_type(struct slice type)
{
    return slice_starts_with(type, SLICE("text/html")) || slice_starts_with(type, SLICE("text/xml"))
        || slice_starts_with(type, SLICE("application/xml")) || slice_starts_with(type, SLICE("application/xhtml"));
}

static enum status base64_encode(struct slice bytes, struct arena *arena, struct slice *text)
{
    size_t size = sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_ORIGINAL);
    char *out = arena_alloc(arena, size);

    if (out == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    sodium_bin2base64(out, size, (const unsigned char *)bytes.data, bytes.size, sodium_base64_VARIANT_ORIGINAL);
    *text = slice_of(out, size - 1);
    return STATUS_OK;
}

static enum status base64_decode(struct slice text, struct arena *arena, struct slice *bytes)
{
    size_t size = 0;
    unsigned char *out = arena_alloc(arena, text.size + 1);

    if (out == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    if (sodium_base642bin(out, text.size + 1, text.data, text.size, " \r\n\t", &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL)
        != 0)
        return STATUS_INVALID_ARGUMENT;
    *bytes = slice_of(out, size);
    return STATUS_OK;
}

/* Text inside is redacted; what is no text, or says that it is and is not, is removed. */
static enum status rewrite_base64(struct walk *walk, struct json *node, const struct place *place, bool *is_removed)
{
    struct slice type = json_get_string(place->object, "contentType");
    struct json inner = { .kind = JSON_KIND_STRING };
    enum status status;

    *is_removed = true;
    if (!is_text_type(type))
        return STATUS_OK;
    status = base64_decode(node->text, walk->redactor->arena, &inner.text);
    if (status == STATUS_OK)
        status = rewrite_text(walk, &inner, is_markup_type(type));
    if (status == STATUS_INVALID_ARGUMENT)
        return STATUS_OK;
    *is_removed = false;
    if (status == STATUS_OK)
        status = base64_encode(inner.text, walk->redactor->arena, &node->text);
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
        if (slice_starts_with(type, slice_from(people[i])) && !slice_starts_with(type, SLICE("PractitionerRole")))
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
        "http://snomed.info/sct",  "http://loinc.org",        "http://www.nlm.nih.gov/research/umls/", "http://hl7.org/",
        "http://terminology.hl7.org/", "http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.", "urn:ietf:",
        "urn:iso:std:",            "http://www.ama-assn.org/", "http://www.cms.gov/", "https://www.cms.gov/",
        "http://nucc.org/",        "http://www.whocc.no/atc", "http://www.ada.org/", "http://dicom.nema.org/",
        "http://fdasis.nlm.nih.gov", "http://varnomen.hgvs.org", "http://www.genenames.org", "http://human-phenotype-ontology.org",
    };
    size_t i;

    for (i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
        if (slice_starts_with(system, slice_from(systems[i])))
            return true;
    return false;
}

/* What comes from a closed vocabulary stays but for what the patient is known by: people type names where codes belong. A display under a
 * system that is nobody's vocabulary is a text; so is one that would not come back as it is. */
static enum status rewrite_kept(struct walk *walk, struct json *node, struct slice key, const struct place *place)
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
    for (coding = json_first(json_get(place->object, "coding")); coding != NULL; coding = coding->next)
        if (slice_equal(json_get_string(coding, "display"), text) && is_terminology(json_get_string(coding, "system")))
            return true;
    return false;
}

static bool is_maiden_name(const struct place *place)
{
    struct slice url = json_get_string(place->object, "url");

    return slice_ends_with(url, SLICE("MaidenName")) || slice_ends_with(url, SLICE("maiden-name"));
}

static enum status rewrite_string(struct walk *walk, struct json *node, struct slice key, const struct place *place,
                                  bool *is_removed)
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
        return rewrite_value(walk, node, telecom_class(place->object));
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
        *is_removed = walk->redactor->map->profile == DEID_PROFILE_SAFE_HARBOR && is_over_89(node->text);
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

static enum status walk_node(struct walk *walk, struct json *node, struct slice key, const struct place *place,
                             bool *is_removed);

static enum status walk_children(struct walk *walk, struct json *node, struct slice key, const struct place *place)
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

static enum status walk_object(struct walk *walk, struct json *node, struct slice key, const struct place *place,
                               bool *is_removed)
{
    struct place inner = { key, place->type, node, place->is_contained };
    struct slice type = type_of(node);

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

static enum status walk_node(struct walk *walk, struct json *node, struct slice key, const struct place *place,
                             bool *is_removed)
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

enum status deid_redact_fhir(struct deid_redactor *redactor, struct slice json, struct slice *output,
                             struct slice *patient, struct error *err)
{
    struct walk walk = { .redactor = redactor, .err = err };
    struct place top = { SLICE(""), SLICE(""), NULL, false };
    struct json *root;
    struct buffer out;
    bool is_removed = false;
    enum status status = json_parse(json, redactor->arena, &root, err);

    if (status == STATUS_OK)
        status = learn(&walk, root);
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

/* ---- the way back ---- */

static enum status restore_string(struct deid_map *map, struct json *node, struct slice key, bool is_text_data,
                                  struct arena *arena, struct error *err)
{
    struct deid_surrogate surrogate;
    struct slice inner;
    struct buffer tagged;
    enum status status;

    if (slice_is(key, "data") && is_text_data && base64_decode(node->text, arena, &inner) == STATUS_OK) {
        status = deid_restore_text(map, inner, arena, &inner, err);
        return status == STATUS_OK ? base64_encode(inner, arena, &node->text) : status;
    }
    /* A bare id, or one after '#', is read as it would be after its type. */
    if (node->text.size > 0 && node->text.size < 16) {
        size_t skip = node->text.data[0] == '#';
        buffer_init(&tagged, arena);
        buffer_put_string(&tagged, "urn:uuid:");
        buffer_put(&tagged, slice_cut(node->text, skip, node->text.size));
        if ((slice_is(key, "id") || slice_is(key, "reference") || slice_is(key, "value"))
            && deid_surrogate_read(buffer_slice(&tagged), 0, map, &surrogate) && surrogate.is_id
            && surrogate.end == tagged.size) {
            struct deid_id *id = deid_map_find_id_surrogate(map, surrogate.letter, surrogate.number);
            if (id == NULL)
                return STATUS_OK;
            buffer_init(&tagged, arena);
            if (skip)
                buffer_put_byte(&tagged, '#');
            buffer_put(&tagged, id->original);
            node->text = buffer_slice(&tagged);
            return tagged.is_full ? no_room(err) : STATUS_OK;
        }
    }
    return deid_restore_text(map, node->text, arena, &node->text, err);
}

static enum status restore_node(struct deid_map *map, struct json *node, struct slice key, bool is_text_data,
                                struct arena *arena, struct error *err)
{
    struct json *item;
    enum status status = STATUS_OK;
    bool is_text = is_text_type(json_get_string(node, "contentType"));

    if (node->kind == JSON_KIND_STRING)
        return restore_string(map, node, key, is_text_data, arena, err);
    for (item = node->first; status == STATUS_OK && item != NULL; item = item->next)
        status = restore_node(map, item, node->kind == JSON_KIND_OBJECT ? item->key : key,
                              node->kind == JSON_KIND_OBJECT ? is_text : is_text_data, arena, err);
    return status;
}

enum status deid_restore_fhir(struct deid_map *map, struct slice json, struct arena *arena, struct slice *output,
                              struct error *err)
{
    struct json *root;
    struct buffer out;
    enum status status = json_parse(json, arena, &root, err);

    if (status == STATUS_OK && type_of(root).size == 0)
        status = error_set(err, STATUS_INVALID_ARGUMENT, "not a FHIR resource");
    if (status == STATUS_OK)
        status = restore_node(map, root, SLICE(""), false, arena, err);
    if (status != STATUS_OK)
        return status;
    buffer_init(&out, arena);
    json_write(root, &out);
    *output = buffer_slice(&out);
    return out.is_full ? no_room(err) : STATUS_OK;
}
