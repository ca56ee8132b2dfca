#include "truth.h"

#include <stdlib.h>

#include "fhir/fhir_code.h"
#include "fhir/json.h"

struct reader {
    struct truth *truth;
    const struct json *entries;
};

static struct slice label_of(const struct reader *reader, const struct json *concept)
{
    struct buffer out;

    buffer_init(&out, reader->truth->arena);
    fhir_label_put(&out, fhir_code_text(concept));
    return buffer_slice(&out);
}

static void take_date(struct slice text, char date[TRUTH_DATE_BYTES])
{
    date[0] = '\0';
    if (text.size < TRUTH_DATE_BYTES - 1)
        return;
    memcpy(date, text.data, TRUTH_DATE_BYTES - 1);
    date[TRUTH_DATE_BYTES - 1] = '\0';
}

static struct slice status_code(const struct json *resource, const char *member)
{
    const struct json *coding = json_get(json_get(resource, member), "coding");

    return json_get_string(json_first(coding), "code");
}

/* The name of the resource that the first of @references points at: by its URL, or as Type/id. */
static struct slice reason_of(const struct reader *reader, const struct json *references)
{
    struct slice wanted = json_get_string(json_first(references), "reference");
    const struct json *entry;

    if (wanted.size == 0)
        return (struct slice){ NULL, 0 };
    for (entry = reader->entries; entry != NULL; entry = entry->next)
        if (slice_ends_with(json_get_string(entry, "fullUrl"), wanted))
            return label_of(reader, json_get(json_get(entry, "resource"), "code"));
    return (struct slice){ NULL, 0 };
}

static enum lab lab_of(const struct json *code)
{
    int lab;

    for (lab = 0; lab < LAB_COUNT; lab++)
        if (lab_kinds[lab].loinc != NULL && fhir_code_has(code, lab_kinds[lab].loinc))
            return lab;
    return LAB_NONE;
}

/* One number, and its own; a panel's components are not asked about. */
static bool read_measured(const struct reader *reader, const struct json *resource,
                          struct truth_item *item)
{
    const struct json *quantity = json_get(resource, "valueQuantity"),
                      *value = json_get(quantity, "value");
    struct buffer out;

    if (value == NULL || value->kind != JSON_KIND_NUMBER)
        return false;
    buffer_init(&out, reader->truth->arena);
    fhir_quantity_put(&out, quantity);
    item->kind = TRUTH_MEASURED;
    item->label = label_of(reader, json_get(resource, "code"));
    item->value = buffer_slice(&out);
    item->number = strtod(value->text.data, NULL);
    item->lab = lab_of(json_get(resource, "code"));
    take_date(json_get_string(resource, "effectiveDateTime"), item->date);
    return true;
}

static bool read_condition(const struct reader *reader, const struct json *resource,
                           struct truth_item *item)
{
    item->kind = TRUTH_CONDITION;
    item->label = label_of(reader, json_get(resource, "code"));
    item->status = status_code(resource, "clinicalStatus");
    item->is_active = slice_is(item->status, "active");
    take_date(json_get_string(resource, "onsetDateTime"), item->date);
    take_date(json_get_string(resource, "abatementDateTime"), item->end);
    return item->is_active || slice_is(item->status, "resolved");
}

static bool read_drug(const struct reader *reader, const struct json *resource,
                      struct truth_item *item)
{
    item->kind = TRUTH_DRUG;
    item->label = label_of(reader, json_get(resource, "medicationCodeableConcept"));
    item->status = json_get_string(resource, "status");
    item->is_active = slice_is(item->status, "active");
    item->reason = reason_of(reader, json_get(resource, "reasonReference"));
    take_date(json_get_string(resource, "authoredOn"), item->date);
    return item->is_active || slice_is(item->status, "stopped")
           || slice_is(item->status, "completed");
}

static bool read_allergy(const struct reader *reader, const struct json *resource,
                         struct truth_item *item)
{
    item->kind = TRUTH_ALLERGY;
    item->label = label_of(reader, json_get(resource, "code"));
    item->is_active = slice_is(status_code(resource, "clinicalStatus"), "active");
    take_date(json_get_string(resource, "recordedDate"), item->date);
    return item->is_active;
}

static bool read_procedure(const struct reader *reader, const struct json *resource,
                           struct truth_item *item)
{
    struct slice when = json_get_string(resource, "performedDateTime");

    if (when.size == 0)
        when = json_get_string(json_get(resource, "performedPeriod"), "start");
    item->kind = TRUTH_PROCEDURE;
    item->label = label_of(reader, json_get(resource, "code"));
    item->reason = reason_of(reader, json_get(resource, "reasonReference"));
    take_date(when, item->date);
    return slice_is(json_get_string(resource, "status"), "completed");
}

static bool read_vaccine(const struct reader *reader, const struct json *resource,
                         struct truth_item *item)
{
    item->kind = TRUTH_VACCINE;
    item->label = label_of(reader, json_get(resource, "vaccineCode"));
    take_date(json_get_string(resource, "occurrenceDateTime"), item->date);
    return slice_is(json_get_string(resource, "status"), "completed");
}

static const struct {
    const char *type;
    bool (*read)(const struct reader *reader, const struct json *resource, struct truth_item *item);
} types[] = {
    { "Observation", read_measured },   { "Condition", read_condition },
    { "MedicationRequest", read_drug }, { "AllergyIntolerance", read_allergy },
    { "Procedure", read_procedure },    { "Immunization", read_vaccine },
};

static bool read_resource(const struct reader *reader, const struct json *resource,
                          struct truth_item *item)
{
    struct slice type = json_get_string(resource, "resourceType"),
                 id = json_get_string(resource, "id");
    unsigned i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!slice_is(type, types[i].type))
            continue;
        *item = (struct truth_item){ .lab = LAB_NONE };
        item->reference = slice_from(
            arena_format(reader->truth->arena, "%.*s/%.*s", SLICE_FORMAT(type), SLICE_FORMAT(id)));
        return id.size > 0 && types[i].read(reader, resource, item) && item->label.size > 0;
    }
    return false;
}

/* The newest day that something in the record is of; bills are not of the record. */
static void take_last_date(struct truth *truth, const struct json *resource)
{
    static const char *const members[] = { "effectiveDateTime",  "onsetDateTime", "authoredOn",
                                           "occurrenceDateTime", "recordedDate",  "date",
                                           "performedDateTime",  "started" };
    static const char *const periods[] = { "performedPeriod", "period", "effectivePeriod" };
    struct slice type = json_get_string(resource, "resourceType");
    char date[TRUTH_DATE_BYTES];

    if (slice_is(type, "Claim") || slice_is(type, "ExplanationOfBenefit")
        || slice_is(type, "Provenance") || slice_is(type, "Patient"))
        return;
    for (unsigned i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        take_date(json_get_string(resource, members[i]), date);
        if (strcmp(date, truth->last_date) > 0)
            memcpy(truth->last_date, date, sizeof(date));
    }
    for (unsigned i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
        take_date(json_get_string(json_get(resource, periods[i]), "start"), date);
        if (strcmp(date, truth->last_date) > 0)
            memcpy(truth->last_date, date, sizeof(date));
    }
}

enum status truth_read(struct slice bundle, struct arena *arena, struct truth *truth,
                       struct error *err)
{
    struct reader reader = { .truth = truth };
    const struct json *entry;
    struct json *root;

    *truth = (struct truth){ .arena = arena };
    if (json_parse(bundle, arena, &root, err) != STATUS_OK)
        return STATUS_INVALID_ARGUMENT;
    reader.entries = json_first(json_get(root, "entry"));
    for (entry = reader.entries; entry != NULL; entry = entry->next)
        truth->count++;
    truth->items = ARENA_ARRAY(arena, struct truth_item, truth->count + 1);
    if (truth->items == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u resources", truth->count);
    truth->count = 0;
    for (entry = reader.entries; entry != NULL; entry = entry->next) {
        const struct json *resource = json_get(entry, "resource");

        if (slice_is(json_get_string(resource, "resourceType"), "Patient")) {
            truth->patient = json_get_string(resource, "id");
            truth->is_female = slice_is(json_get_string(resource, "gender"), "female");
            truth->is_dead = json_get(resource, "deceasedDateTime") != NULL
                             || json_get(resource, "deceasedBoolean") != NULL;
            take_date(json_get_string(resource, "birthDate"), truth->birth_date);
        }
        truth->has_other_drugs |= json_get(resource, "medicationReference") != NULL;
        take_last_date(truth, resource);
        truth->count += read_resource(&reader, resource, &truth->items[truth->count]);
    }
    if (truth->patient.size == 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a bundle without a Patient");
    return STATUS_OK;
}
