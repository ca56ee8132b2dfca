#include "deid_profile.h"

#include <stdio.h>
#include <string.h>

/* By the type that the element stands in, or "*", and its name. */
static const struct row {
    const char *owner, *key;
    enum deid_action action;
} rows[] = {
    { "HumanName", "family", DEID_ACTION_NAME },
    { "HumanName", "given", DEID_ACTION_NAME },
    { "HumanName", "text", DEID_ACTION_NAME },
    { "HumanName", "prefix", DEID_ACTION_KEEP },
    { "HumanName", "suffix", DEID_ACTION_KEEP },
    { "ContactDetail", "name", DEID_ACTION_NAME },
    { "Contributor", "name", DEID_ACTION_NAME },
    { "Annotation", "author*", DEID_ACTION_NAME },
    { "Address", "line", DEID_ACTION_PLACE },
    { "Address", "city", DEID_ACTION_PLACE },
    { "Address", "district", DEID_ACTION_PLACE },
    { "Address", "text", DEID_ACTION_PLACE },
    { "Address", "postalCode", DEID_ACTION_POSTAL },
    { "Address", "state", DEID_ACTION_KEEP },
    { "Address", "country", DEID_ACTION_KEEP },
    { "ContactPoint", "value", DEID_ACTION_TELECOM },
    { "Identifier", "value", DEID_ACTION_IDENTIFIER },
    { "Identifier", "system", DEID_ACTION_KEEP },
    { "Reference", "reference", DEID_ACTION_REFERENCE },
    { "Reference", "display", DEID_ACTION_DISPLAY },
    { "Reference", "type", DEID_ACTION_KEEP },
    { "Attachment", "data", DEID_ACTION_BASE64 },
    { "Attachment", "url", DEID_ACTION_LINK },
    { "Attachment", "hash", DEID_ACTION_REMOVE },
    { "Binary", "data", DEID_ACTION_BASE64 },
    { "Binary", "content", DEID_ACTION_BASE64 },
    { "Bundle.entry", "fullUrl", DEID_ACTION_REFERENCE },
    { "Bundle.entry.request", "url", DEID_ACTION_REFERENCE },
    { "Bundle.entry.request", "ifNoneExist", DEID_ACTION_SEARCH },
    { "Bundle.entry.response", "location", DEID_ACTION_REFERENCE },
    { "Bundle.link", "url", DEID_ACTION_REFERENCE },
    { "Meta", "versionId", DEID_ACTION_KEEP },
    { "Meta", "profile", DEID_ACTION_KEEP },
    { "Meta", "source", DEID_ACTION_LINK },
    { "Extension", "url", DEID_ACTION_KEEP },
    { "Coding", "system", DEID_ACTION_KEEP },
    { "Coding", "version", DEID_ACTION_KEEP },
    { "Coding", "display", DEID_ACTION_KEEP },
    { "CodeableConcept", "text", DEID_ACTION_TEXT },
    { "Quantity", "unit", DEID_ACTION_KEEP },
    { "Quantity", "system", DEID_ACTION_KEEP },
    { "Patient", "birthDate", DEID_ACTION_BIRTH_DATE },
    { "Patient", "photo", DEID_ACTION_REMOVE },
    { "Practitioner", "photo", DEID_ACTION_REMOVE },
    { "RelatedPerson", "photo", DEID_ACTION_REMOVE },
    { "Person", "photo", DEID_ACTION_REMOVE },
    { "RelatedPerson", "birthDate", DEID_ACTION_BIRTH_DATE },
    { "Person", "birthDate", DEID_ACTION_BIRTH_DATE },
    { "Practitioner", "birthDate", DEID_ACTION_BIRTH_DATE },
    { "Organization", "name", DEID_ACTION_PLACE },
    { "Organization", "alias", DEID_ACTION_PLACE },
    { "Location", "name", DEID_ACTION_PLACE },
    { "Location", "alias", DEID_ACTION_PLACE },
    { "Location", "position", DEID_ACTION_REMOVE },
    { "HealthcareService", "name", DEID_ACTION_PLACE },
    { "Coverage", "subscriberId", DEID_ACTION_IDENTIFIER },
    { "ImagingStudy", "uid", DEID_ACTION_IDENTIFIER },
    { "ImagingStudy.series", "uid", DEID_ACTION_IDENTIFIER },
    { "ImagingStudy.series.instance", "uid", DEID_ACTION_IDENTIFIER },
    { "Device", "serialNumber", DEID_ACTION_DEVICE },
    { "Device", "lotNumber", DEID_ACTION_DEVICE },
    { "Device", "distinctIdentifier", DEID_ACTION_DEVICE },
    { "Device.udiCarrier", "deviceIdentifier", DEID_ACTION_DEVICE },
    { "Device.udiCarrier", "carrierHRF", DEID_ACTION_DEVICE },
    { "Device.udiCarrier", "carrierAIDC", DEID_ACTION_REMOVE },
    { "Device.udi", "deviceIdentifier", DEID_ACTION_DEVICE },
    { "Device.udi", "carrierHRF", DEID_ACTION_DEVICE },
    { "Device.udi", "carrierAIDC", DEID_ACTION_REMOVE },
    { "Device.udi", "name", DEID_ACTION_TEXT },
};

/* By the element's own type, where no row names it. */
static const struct {
    const char *type;
    enum deid_action action;
} by_type[] = {
    { "code", DEID_ACTION_KEEP },
    { "id", DEID_ACTION_TEXT },
    { "date", DEID_ACTION_DATE },
    { "dateTime", DEID_ACTION_DATE },
    { "instant", DEID_ACTION_DATE },
    { "xhtml", DEID_ACTION_MARKUP },
    { "uri", DEID_ACTION_LINK },
    { "url", DEID_ACTION_LINK },
    { "canonical", DEID_ACTION_KEEP },
    { "uuid", DEID_ACTION_LINK },
    { "oid", DEID_ACTION_IDENTIFIER },
    { "base64Binary", DEID_ACTION_REMOVE },
    /* A text where one of these belongs. */
    { "HumanName", DEID_ACTION_NAME },
    { "Address", DEID_ACTION_PLACE },
    { "Reference", DEID_ACTION_REFERENCE },
    { "Identifier", DEID_ACTION_IDENTIFIER },
    { "ContactPoint", DEID_ACTION_TELECOM },
};

static enum deid_action of_type(const struct deid_fhir_types *types, uint16_t type)
{
    struct slice name = types->types[type].name;

    for (size_t i = 0; i < sizeof(by_type) / sizeof(by_type[0]); i++)
        if (slice_is(name, by_type[i].type))
            return by_type[i].action;
    return DEID_ACTION_TEXT;
}

static void mark_by_type(struct deid_fhir_types *types)
{
    for (unsigned i = 1; i < types->elements_count; i++) {
        struct deid_fhir_element *element = &types->elements[i];

        if (types->types[element->owner].is_resource && slice_is(element->key, "id"))
            element->action = DEID_ACTION_ID;
        else
            element->action = types->types[element->type].action;
    }
}

/* A choice has the action of a row only where it holds a text: "author*" is "authorString". */
static void mark_row(struct deid_fhir_types *types, const struct row *row)
{
    uint16_t owner = deid_fhir_type_find(types, slice_from(row->owner));
    char key[64];

    snprintf(key, sizeof(key), "%.*s%s", (int)strcspn(row->key, "*"), row->key,
             strchr(row->key, '*') == NULL ? "" : "String");
    for (unsigned i = 1; i < types->types_count; i++)
        if (deid_fhir_type_is(types, (uint16_t)i, owner)) {
            struct deid_fhir_element *element =
                deid_fhir_type_own(types, (uint16_t)i, slice_from(key));

            if (element != NULL)
                element->action = (uint8_t)row->action;
        }
}

void deid_profile_mark(struct deid_fhir_types *types)
{
    for (unsigned i = 0; i < types->types_count; i++)
        types->types[i].action = (uint8_t)of_type(types, (uint16_t)i);
    mark_by_type(types);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        mark_row(types, &rows[i]);
}
