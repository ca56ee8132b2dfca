/* What the readers share, and which reader takes which type. */
#include "context_read.h"

#include <ctype.h>

#include "base/utf8.h"

struct buffer *read_begin(struct reading *reading)
{
    reading->scratch.size = 0;
    return &reading->scratch;
}

struct slice read_end(struct reading *reading, size_t bytes_max)
{
    struct slice text = buffer_slice(&reading->scratch);

    if (text.size > bytes_max)
        text = slice_cut(text, 0, utf8_whole_prefix(slice_cut(text, 0, bytes_max)));
    if (text.size == 0)
        return (struct slice){ NULL, 0 };
    text = arena_copy(reading->arena, text);
    if (text.data == NULL)
        reading->scratch.is_full = true;
    return text;
}

struct slice read_label(struct reading *reading, const struct json *concept)
{
    return names_text(&reading->names, fhir_code_text(concept), FACT_LABEL_BYTES_MAX);
}

struct slice read_name(struct reading *reading, const struct json *concept)
{
    struct name name = names_of(&reading->names, concept);

    reading->fact->codes = name.codes;
    reading->fact->is_code = name.is_code;
    return name.label;
}

struct slice read_word(struct reading *reading, struct slice text)
{
    return names_text(&reading->names, text, 40);
}

struct slice read_path(struct reading *reading, const char *member)
{
    struct buffer *buffer = read_begin(reading);

    buffer_put(buffer, reading->type);
    buffer_put_byte(buffer, '.');
    buffer_put_string(buffer, member);
    return names_text(&reading->names, buffer_slice(buffer), 80);
}

void read_dates(struct reading *reading, const char *const *names)
{
    struct fact *fact = reading->fact;

    for (; *names != NULL; names++) {
        const struct json *member = json_get(reading->json, *names);

        if (member == NULL)
            continue;
        if (member->kind == JSON_KIND_STRING && fhir_date_parse(member->text, &fact->date))
            return;
        if (member->kind == JSON_KIND_OBJECT
            && fhir_date_parse(json_get_string(member, "start"), &fact->date)) {
            fhir_date_parse(json_get_string(member, "end"), &fact->end);
            return;
        }
    }
}

const struct json *read_target(struct reading *reading, const struct json *reference)
{
    struct slice text = json_get_string(reference, "reference");
    size_t index;

    if (text.size > 0 && text.data[0] == '#')
        return fhir_contained_find(reading->json, text);
    index = fhir_bundle_find(reading->bundle, text);
    if (index != SIZE_MAX)
        return fhir_resource_read(&reading->bundle->resources[index], &reading->again);
    reading->is_early |= text.size > 0;
    return NULL;
}

/* The text of the code of what @reference names. */
static struct slice read_target_text(struct reading *reading, const struct json *reference)
{
    struct slice text = json_get_string(reference, "reference");
    size_t index = fhir_bundle_find(reading->bundle, text), slot = index % READ_REASONS;

    if (index == SIZE_MAX)
        return fhir_code_text(json_get(read_target(reading, reference), "code"));
    if (reading->reasons[slot].index != index + 1) {
        reading->reasons[slot].text = names_text(
            &reading->names, fhir_code_text(json_get(read_target(reading, reference), "code")),
            FACT_LABEL_BYTES_MAX);
        reading->reasons[slot].index = index + 1;
    }
    return reading->reasons[slot].text;
}

struct slice read_reason(struct reading *reading)
{
    static const char purpose[] = "for";
    const struct json *code = json_first(json_get(reading->json, "reasonCode"));
    const struct json *reference = json_first(json_get(reading->json, "reasonReference"));
    struct slice text = fhir_code_text(code), reason;
    struct buffer *buffer;

    if (text.size == 0 && reference != NULL)
        text = read_target_text(reading, reference);
    if (text.size == 0)
        text = json_get_string(reference, "display");
    if (text.size == 0 || names_find(&reading->names, text, purpose, &reason))
        return text.size == 0 ? text : reason;
    buffer = read_begin(reading);
    buffer_put_string(buffer, "for ");
    fhir_label_put(buffer, text);
    reason = names_text(&reading->names, buffer_slice(buffer), FACT_LABEL_BYTES_MAX);
    return text.size > RAW_BYTES_MAX ? reason : names_keep(&reading->names, text, purpose, reason);
}

/* The reference that says who: in place, or in the actor of a participant. */
static struct slice who_of(const struct json *member)
{
    const struct json *actor;

    if (member != NULL && member->kind == JSON_KIND_ARRAY)
        member = member->first;
    if ((actor = json_get(member, "actor")) != NULL
        || (actor = json_get(member, "individual")) != NULL)
        member = actor;
    return json_get_string(member, "reference");
}

/* "Practitioner/7" also of a URN, where what it names came before. */
static void put_who(struct reading *reading, struct buffer *buffer, struct slice reference)
{
    size_t index = fhir_bundle_find(reading->bundle, reference);
    const struct fhir_resource *resource;

    if (index == SIZE_MAX) {
        fhir_label_put(buffer, slice_cut(reference, 0, 120));
        return;
    }
    resource = &reading->bundle->resources[index];
    buffer_put(buffer, resource->type);
    buffer_put_byte(buffer, '/');
    fhir_label_put(buffer, slice_cut(fhir_reference_id(reference), 0, 80));
}

void read_who(struct reading *reading, const char *const *members)
{
    for (; *members != NULL; members++) {
        struct slice reference = who_of(json_get(reading->json, *members)), key;
        struct slice *who = &reading->fact->who;
        struct buffer *buffer;

        if (reference.size == 0)
            continue;
        key = slice_cut(reference, 0, 200);
        if (names_find(&reading->names, key, *members, who))
            return;
        buffer = read_begin(reading);
        buffer_format(buffer, "%s ", *members);
        put_who(reading, buffer, reference);
        *who = names_keep(&reading->names, key, *members, buffer_slice(buffer));
        return;
    }
}

struct slice read_reporter(const struct fact *fact)
{
    size_t blank = slice_find_byte(fact->who, ' ');
    struct slice member = slice_cut(fact->who, 0, blank);
    struct slice who = slice_cut(fact->who, blank + 1, fact->who.size);

    if (!slice_is(member, "asserter") && !slice_is(member, "informationSource"))
        return (struct slice){ NULL, 0 };
    if (slice_starts_with(who, SLICE("Patient/")))
        return SLICE("says the patient");
    return slice_starts_with(who, SLICE("RelatedPerson/")) ? SLICE("says a relative")
                                                           : (struct slice){ NULL, 0 };
}

void read_put(struct buffer *buffer, const char *before, struct slice text)
{
    if (text.size == 0)
        return;
    if (buffer->size > 0)
        buffer_put_string(buffer, ", ");
    buffer_put_string(buffer, before);
    fhir_label_put(buffer, text);
}

struct slice read_first_text(const struct json *concepts)
{
    if (concepts != NULL && concepts->kind == JSON_KIND_ARRAY)
        concepts = concepts->first;
    return fhir_code_text(concepts);
}

bool read_is_one_of(struct slice word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (slice_is(word, *words))
            return true;
    return false;
}

const char *read_needs_label(const struct fact *fact)
{
    return fact->label.size > 0 ? NULL : "no-content";
}

#define READER(type, read)                                                                         \
    {                                                                                              \
        type, sizeof(type) - 1, read                                                               \
    }

/* What says nothing of the patient's health: money, people and places, the machinery of records. A
 * Medication is told by what refers to it. */
static bool is_administrative(struct slice type)
{
    static const char *const types[] = {
        "Account",
        "Appointment",
        "AppointmentResponse",
        "AuditEvent",
        "Basic",
        "Binary",
        "Bundle",
        "ChargeItem",
        "Claim",
        "ClaimResponse",
        "Contract",
        "Coverage",
        "CoverageEligibilityRequest",
        "CoverageEligibilityResponse",
        "Endpoint",
        "ExplanationOfBenefit",
        "Group",
        "HealthcareService",
        "Invoice",
        "Linkage",
        "Location",
        "Medication",
        "MessageHeader",
        "OperationOutcome",
        "Organization",
        "OrganizationAffiliation",
        "Parameters",
        "PaymentNotice",
        "PaymentReconciliation",
        "Person",
        "Practitioner",
        "PractitionerRole",
        "Provenance",
        "RelatedPerson",
        "Schedule",
        "Slot",
        "Subscription",
        "Substance",
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (slice_is(type, types[i]))
            return true;
    return false;
}

/* A name as R4 writes them: letters, the first a capital one. */
static bool is_type_name(struct slice type)
{
    for (size_t i = 0; i < type.size; i++)
        if (!isalpha((unsigned char)type.data[i]))
            return false;
    return type.size > 0 && type.size <= 40 && isupper((unsigned char)type.data[0]);
}

read_resource read_find(struct slice type)
{
    static const struct {
        const char *type;
        size_t size;
        read_resource read;
    } readers[] = {
        READER("Observation", read_observation),
        READER("Encounter", read_encounter),
        READER("Procedure", read_procedure),
        READER("Condition", read_condition),
        READER("Immunization", read_immunization),
        READER("DiagnosticReport", read_report),
        READER("DocumentReference", read_document),
        READER("MedicationRequest", read_medication),
        READER("MedicationStatement", read_medication),
        READER("MedicationAdministration", read_medication),
        READER("MedicationDispense", read_medication),
        READER("AllergyIntolerance", read_allergy),
        READER("CarePlan", read_care_plan),
        READER("Goal", read_goal),
        READER("Device", read_device),
        READER("ImagingStudy", read_imaging),
        READER("Patient", read_patient),
        READER("ServiceRequest", read_other),
        READER("DeviceRequest", read_other),
        READER("AdverseEvent", read_adverse_event),
        READER("FamilyMemberHistory", read_family),
        READER("RiskAssessment", read_risk),
        READER("ClinicalImpression", read_impression),
        READER("Flag", read_other),
        READER("DeviceUseStatement", read_device_use),
        READER("NutritionOrder", read_diet),
        READER("QuestionnaireResponse", read_answers),
        READER("Composition", read_composition),
    };

    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (type.size == readers[i].size && memcmp(type.data, readers[i].type, type.size) == 0)
            return readers[i].read;
    return is_type_name(type) && !is_administrative(type) ? read_any : NULL;
}
