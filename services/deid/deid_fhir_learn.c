/* Top down: a bundle is its resources, a resource its id and, where it is a person, the names,
 * numbers and addresses of that person. */
#include "deid_fhir_learn.h"

#include "deid_fhir_element.h"

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a redacted resource");
}

static enum status learn_name(struct deid_fhir_learner *learner, const struct json *name,
                              bool is_patient)
{
    const struct json *given = json_get(name, "given"), *item;
    struct slice family = json_get_string(name, "family"), text = json_get_string(name, "text");
    struct deid_entry *entry;
    struct slice whole;
    enum status status = STATUS_OK;

    if (!deid_fhir_element_whole_name(name, learner->arena, &whole))
        return no_room(learner->err);
    /* The whole name first, so that its parts find the person. */
    if (whole.size > 0)
        status = deid_surrogate_person(learner->map, whole, is_patient, true, &entry, learner->err);
    if (status == STATUS_OK && family.size > 0)
        status =
            deid_surrogate_person(learner->map, family, is_patient, true, &entry, learner->err);
    for (item = json_first(given); status == STATUS_OK && item != NULL; item = item->next)
        if (item->kind == JSON_KIND_STRING && item->text.size > 0)
            status = deid_surrogate_person(learner->map, item->text, is_patient, true, &entry,
                                           learner->err);
    if (status == STATUS_OK && text.size > 0)
        status = deid_surrogate_person(learner->map, text, is_patient, true, &entry, learner->err);
    return status;
}

static enum status learn_value(struct deid_fhir_learner *learner, enum deid_class class,
                               struct slice value)
{
    struct deid_entry *entry;

    if (value.size == 0)
        return STATUS_OK;
    return deid_surrogate_value(learner->map, class, value, true, &entry, learner->err);
}

/* A known id of the patient that is also the id of the resource stays with the ids. */
static enum status learn_identifier(struct deid_fhir_learner *learner,
                                    const struct json *identifier)
{
    struct slice value = json_get_string(identifier, "value");

    if (deid_map_find_id(learner->map, value) != NULL)
        return STATUS_OK;
    return learn_value(learner, deid_fhir_element_identifier_class(identifier), value);
}

static enum status learn_address(struct deid_fhir_learner *learner, const struct json *address)
{
    const struct json *line;
    enum status status = STATUS_OK;

    for (line = json_first(json_get(address, "line")); status == STATUS_OK && line != NULL;
         line = line->next)
        status = learn_value(learner, DEID_CLASS_GEOGRAPHY, line->text);
    if (status == STATUS_OK)
        status = learn_value(learner, DEID_CLASS_GEOGRAPHY, json_get_string(address, "city"));
    if (status == STATUS_OK && learner->map->profile == DEID_PROFILE_LIMITED)
        status = learn_value(learner, DEID_CLASS_GEOGRAPHY, json_get_string(address, "postalCode"));
    return status;
}

/* An element that may be one or a list of them. */
static enum status each(struct deid_fhir_learner *learner, const struct json *element,
                        enum status (*learn)(struct deid_fhir_learner *learner,
                                             const struct json *item))
{
    const struct json *item;
    enum status status = STATUS_OK;

    if (element == NULL)
        return STATUS_OK;
    if (element->kind != JSON_KIND_ARRAY)
        return learn(learner, element);
    for (item = json_first(element); status == STATUS_OK && item != NULL; item = item->next)
        status = learn(learner, item);
    return status;
}

static enum status learn_own_name(struct deid_fhir_learner *learner, const struct json *name)
{
    return learn_name(learner, name, true);
}

static enum status learn_other_name(struct deid_fhir_learner *learner, const struct json *name)
{
    return learn_name(learner, name, false);
}

static enum status learn_telecom(struct deid_fhir_learner *learner, const struct json *telecom)
{
    return learn_value(learner, deid_fhir_element_telecom_class(telecom),
                       json_get_string(telecom, "value"));
}

static enum status learn_contact(struct deid_fhir_learner *learner, const struct json *contact)
{
    enum status status = each(learner, json_get(contact, "name"), learn_other_name);

    if (status == STATUS_OK)
        status = each(learner, json_get(contact, "telecom"), learn_telecom);
    return status == STATUS_OK ? each(learner, json_get(contact, "address"), learn_address)
                               : status;
}

static enum status learn_person(struct deid_fhir_learner *learner, const struct json *person,
                                bool is_patient)
{
    enum status status =
        each(learner, json_get(person, "name"), is_patient ? learn_own_name : learn_other_name);

    if (status == STATUS_OK)
        status = each(learner, json_get(person, "telecom"), learn_telecom);
    if (status == STATUS_OK)
        status = each(learner, json_get(person, "address"), learn_address);
    if (status == STATUS_OK)
        status = each(learner, json_get(person, "identifier"), learn_identifier);
    if (status == STATUS_OK && is_patient)
        status = each(learner, json_get(person, "contact"), learn_contact);
    return status;
}

/* The map is of one patient; another one among many is somebody. */
static enum status learn_patient(struct deid_fhir_learner *learner, const struct json *resource,
                                 struct slice id)
{
    bool is_first = learner->patient.data == NULL;
    bool is_same = !is_first && id.size > 0 && slice_equal(learner->patient, id);

    if (!is_first && !is_same && !learner->has_many)
        return error_set(learner->err, STATUS_INVALID_ARGUMENT, "two patients in one bundle");
    if (is_first)
        learner->patient = arena_copy(learner->map->arena, id);
    if (learner->patient.data == NULL)
        return no_room(learner->err);
    learner->is_more_known = true;
    if (learn_value(learner, DEID_CLASS_DATE, json_get_string(resource, "birthDate")) != STATUS_OK)
        return learner->err->status;
    return learn_person(learner, resource, is_first || is_same);
}

/* Give @resource its id, note the patient, learn people. */
static enum status learn_resource(struct deid_fhir_learner *learner, const struct json *resource)
{
    struct slice type = deid_fhir_element_type(resource), id = json_get_string(resource, "id");

    if (type.size == 0 || resource->kind != JSON_KIND_OBJECT)
        return error_set(learner->err, STATUS_INVALID_ARGUMENT,
                         "a resource without a resourceType");
    if (id.size > 0 && deid_map_id(learner->map, deid_fhir_element_letter(type), id) == NULL)
        return no_room(learner->err);
    if (slice_is(type, "Patient"))
        return learn_patient(learner, resource, id);
    if (!slice_is(type, "RelatedPerson") && !slice_is(type, "Practitioner")
        && !slice_is(type, "Person"))
        return STATUS_OK;
    learner->is_more_known = true;
    return learn_person(learner, resource, false);
}

/* "urn:uuid:X" as a fullUrl is an id of its own where the resource's is another. */
static enum status learn_full_url(struct deid_fhir_learner *learner, const struct json *entry,
                                  const struct json *resource)
{
    struct slice url = json_get_string(entry, "fullUrl");

    if (!slice_starts_with(url, SLICE("urn:uuid:")))
        return STATUS_OK;
    return deid_map_id(learner->map, deid_fhir_element_letter(deid_fhir_element_type(resource)),
                       slice_cut(url, 9, url.size))
                   == NULL
               ? no_room(learner->err)
               : STATUS_OK;
}

enum status deid_fhir_learn_entry(struct deid_fhir_learner *learner, const struct json *entry)
{
    const struct json *resource = json_get(entry, "resource");
    enum status status;

    if (resource == NULL)
        return STATUS_OK;
    status = learn_resource(learner, resource);
    return status == STATUS_OK ? learn_full_url(learner, entry, resource) : status;
}

enum status deid_fhir_learn(struct deid_fhir_learner *learner, const struct json *root)
{
    const struct json *entry;
    enum status status = STATUS_OK;

    if (root->kind != JSON_KIND_OBJECT)
        return error_set(learner->err, STATUS_INVALID_ARGUMENT,
                         "not a FHIR resource: no JSON object");
    if (!slice_is(deid_fhir_element_type(root), "Bundle"))
        return learn_resource(learner, root);
    for (entry = json_first(json_get(root, "entry")); status == STATUS_OK && entry != NULL;
         entry = entry->next)
        status = deid_fhir_learn_entry(learner, entry);
    return status;
}
