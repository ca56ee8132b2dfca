#include "deid_profile.h"

struct row {
    const char *key;
    const char *parent; /* NULL: any */
    const char *type;   /* NULL: any */
    enum deid_action action;
};

/* The first that fits. Names of people and of organizations share the key "name": the type tells.
 */
static const struct row rows[] = {
    { "resourceType", NULL, NULL, DEID_ACTION_KEEP },
    { "id", "", NULL, DEID_ACTION_ID },
    { "reference", NULL, NULL, DEID_ACTION_REFERENCE },
    { "fullUrl", NULL, NULL, DEID_ACTION_REFERENCE },
    { "url", "request", NULL, DEID_ACTION_REFERENCE },
    { "location", "response", NULL, DEID_ACTION_REFERENCE },
    { "div", "text", NULL, DEID_ACTION_MARKUP },
    { "photo", NULL, NULL, DEID_ACTION_REMOVE },
    { "data", NULL, NULL, DEID_ACTION_BASE64 },
    { "valueBase64Binary", NULL, NULL, DEID_ACTION_REMOVE },
    { "hash", NULL, NULL, DEID_ACTION_REMOVE },
    { "position", NULL, "Location", DEID_ACTION_REMOVE },
    { "family", NULL, NULL, DEID_ACTION_NAME },
    { "given", NULL, NULL, DEID_ACTION_NAME },
    { "text", "name", NULL, DEID_ACTION_NAME },
    { "name", "", "Patient", DEID_ACTION_NAME },
    { "name", "", "Practitioner", DEID_ACTION_NAME },
    { "name", "", "Organization", DEID_ACTION_PLACE },
    { "name", "", "Location", DEID_ACTION_PLACE },
    { "alias", "", "Organization", DEID_ACTION_PLACE },
    { "alias", "", "Location", DEID_ACTION_PLACE },
    { "birthDate", NULL, NULL, DEID_ACTION_BIRTH_DATE },
    { "line", NULL, NULL, DEID_ACTION_PLACE },
    { "city", NULL, NULL, DEID_ACTION_PLACE },
    { "district", NULL, NULL, DEID_ACTION_PLACE },
    { "postalCode", NULL, NULL, DEID_ACTION_POSTAL },
    { "text", "address", NULL, DEID_ACTION_PLACE },
    { "state", "address", NULL, DEID_ACTION_KEEP },
    { "state", "valueAddress", NULL, DEID_ACTION_KEEP },
    { "country", NULL, NULL, DEID_ACTION_KEEP },
    { "value", "telecom", NULL, DEID_ACTION_TELECOM },
    { "value", "valueContactPoint", NULL, DEID_ACTION_TELECOM },
    { "value", "identifier", NULL, DEID_ACTION_IDENTIFIER },
    { "value", "masterIdentifier", NULL, DEID_ACTION_IDENTIFIER },
    { "value", "groupIdentifier", NULL, DEID_ACTION_IDENTIFIER },
    { "value", "requisition", NULL, DEID_ACTION_IDENTIFIER },
    { "value", "valueIdentifier", NULL, DEID_ACTION_IDENTIFIER },
    { "value", "accessionIdentifier", NULL, DEID_ACTION_IDENTIFIER },
    { "uid", NULL, NULL, DEID_ACTION_IDENTIFIER },
    { "subscriberId", NULL, NULL, DEID_ACTION_IDENTIFIER },
    { "serialNumber", NULL, NULL, DEID_ACTION_DEVICE },
    { "lotNumber", NULL, "Device", DEID_ACTION_DEVICE },
    { "deviceIdentifier", NULL, NULL, DEID_ACTION_DEVICE },
    { "distinctIdentifier", NULL, NULL, DEID_ACTION_DEVICE },
    { "carrierHRF", NULL, NULL, DEID_ACTION_DEVICE },
    { "carrierAIDC", NULL, NULL, DEID_ACTION_REMOVE },
    { "system", NULL, NULL, DEID_ACTION_KEEP },
    { "code", NULL, NULL, DEID_ACTION_KEEP },
    { "display", "coding", NULL, DEID_ACTION_KEEP },
    { "display", "valueCoding", NULL, DEID_ACTION_KEEP },
    { "display", "class", NULL, DEID_ACTION_KEEP },
    { "display", "format", NULL, DEID_ACTION_KEEP },
    { "display", "security", NULL, DEID_ACTION_KEEP },
    { "display", "tag", NULL, DEID_ACTION_KEEP },
    { "prefix", NULL, NULL, DEID_ACTION_KEEP },
    { "suffix", NULL, NULL, DEID_ACTION_KEEP },
    { "use", NULL, NULL, DEID_ACTION_KEEP },
    { "url", "extension", NULL, DEID_ACTION_KEEP },
    { "url", "modifierExtension", NULL, DEID_ACTION_KEEP },
    { "profile", NULL, NULL, DEID_ACTION_KEEP },
    { "status", NULL, NULL, DEID_ACTION_KEEP },
    { "unit", NULL, NULL, DEID_ACTION_KEEP },
    { "currency", NULL, NULL, DEID_ACTION_KEEP },
    { "gender", NULL, NULL, DEID_ACTION_KEEP },
    { "contentType", NULL, NULL, DEID_ACTION_KEEP },
    { "language", NULL, NULL, DEID_ACTION_KEEP },
    { "intent", NULL, NULL, DEID_ACTION_KEEP },
    { "method", "request", NULL, DEID_ACTION_KEEP },
    { "valueCode", NULL, NULL, DEID_ACTION_KEEP },
};

enum deid_action deid_profile_action(struct slice key, struct slice parent, struct slice type)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];
        if (row->key[0] == (key.size > 0 ? key.data[0] : 0) && slice_is(key, row->key)
            && (row->parent == NULL || slice_is(parent, row->parent))
            && (row->type == NULL || slice_is(type, row->type)))
            return row->action;
    }
    return DEID_ACTION_TEXT;
}
