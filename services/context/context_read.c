/* Clinical statements: who, what ails, what is taken, what was done. Each reader takes one resource
 * of its type. */
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
    const struct json *code = json_first(json_get(reading->json, "reasonCode"));
    const struct json *reference = json_first(json_get(reading->json, "reasonReference"));
    struct slice text = fhir_code_text(code);
    struct buffer *buffer;

    if (text.size == 0 && reference != NULL)
        text = read_target_text(reading, reference);
    if (text.size == 0)
        text = json_get_string(reference, "display");
    if (text.size == 0)
        return text;
    buffer = read_begin(reading);
    buffer_put_string(buffer, "for ");
    fhir_label_put(buffer, text);
    return names_text(&reading->names, buffer_slice(buffer), FACT_LABEL_BYTES_MAX);
}

static bool has_word(struct slice status, const char *const *words)
{
    for (; *words != NULL; words++)
        if (slice_is(status, *words))
            return true;
    return false;
}

/* A resource without a name for its thing says nothing that could be cited. */
static const char *needs_label(const struct fact *fact)
{
    return fact->label.size > 0 ? NULL : "no-content";
}

static void put_death(struct reading *reading, struct buffer *buffer)
{
    const struct json *is_dead = json_get(reading->json, "deceasedBoolean");
    struct fhir_date date;
    char text[FHIR_DATE_TEXT_BYTES];

    if (fhir_date_parse(json_get_string(reading->json, "deceasedDateTime"), &date)) {
        fhir_date_format(&date, text);
        buffer_format(buffer, ", died %s", text);
    } else if (is_dead != NULL && is_dead->kind == JSON_KIND_TRUE) {
        buffer_put_string(buffer, ", deceased");
    }
}

/* Sex and date of birth, with the precision that it has here; never a name or an address. In the
 * `limited` profile dates are shifted: a year alone, taken out of a shifted date, could not be put
 * back. */
static const char *read_patient(struct reading *reading)
{
    struct slice gender = json_get_string(reading->json, "gender");
    struct buffer *buffer = read_begin(reading);
    char text[FHIR_DATE_TEXT_BYTES];
    struct fhir_date birth;

    fhir_label_put(buffer, gender.size > 0 ? slice_cut(gender, 0, 10) : SLICE("sex not recorded"));
    if (fhir_date_parse(json_get_string(reading->json, "birthDate"), &birth)) {
        fhir_date_format(&birth, text);
        buffer_format(buffer, ", born %s", text);
    }
    put_death(reading, buffer);
    reading->fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
    reading->fact->kind = FACT_DEMOGRAPHICS;
    reading->fact->noun = SLICE("patient");
    reading->fact->is_active = true;
    reading->fact->path = SLICE("Patient");
    return NULL;
}

static void read_condition_end(struct reading *reading)
{
    struct slice text = json_get_string(reading->json, "abatementDateTime");

    if (text.size == 0)
        text = json_get_string(json_get(reading->json, "abatementPeriod"), "end");
    if (text.size > 0)
        fhir_date_parse(text, &reading->fact->end);
}

static const char *read_condition(struct reading *reading)
{
    static const char *const dates[] = { "onsetDateTime", "onsetPeriod", "recordedDate", NULL };
    static const char *const active[] = { "active", "recurrence", "relapse", NULL };
    static const char *const unsure[] = { "unconfirmed", "provisional", "differential", NULL };
    struct fact *fact = reading->fact;
    struct slice status = fhir_code_first(json_get(reading->json, "clinicalStatus"));
    struct slice verification = fhir_code_first(json_get(reading->json, "verificationStatus"));
    struct slice severity = fhir_code_text(json_get(reading->json, "severity"));
    struct buffer *buffer;

    fact->kind = FACT_CONDITION;
    fact->noun = SLICE("condition");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    fact->path = SLICE("Condition.code");
    read_dates(reading, dates);
    read_condition_end(reading);
    fact->status = read_word(reading, status);
    fact->is_active =
        status.size > 0 ? has_word(status, active) : fact->end.precision == FHIR_PRECISION_NONE;
    buffer = read_begin(reading);
    fhir_label_put(buffer, severity);
    if (has_word(verification, unsure)) {
        buffer_put_string(buffer, buffer->size > 0 ? ", " : "");
        buffer_put(buffer, verification);
    }
    fact->detail = read_end(reading, FACT_LABEL_BYTES_MAX);
    return needs_label(fact);
}

/* The drug's concept: in place, or in the Medication that is referred to. */
static const struct json *find_drug(struct reading *reading, struct slice *display)
{
    const struct json *concept = json_get(reading->json, "medicationCodeableConcept");
    const struct json *reference = json_get(reading->json, "medicationReference");

    *display = json_get_string(reference, "display");
    if (concept != NULL)
    return concept;
    return json_get(read_target(reading, reference), "code");
}

static struct slice read_dosages(struct reading *reading)
{
    const struct json *dosage = json_get(reading->json, "dosageInstruction");
    struct buffer *buffer = read_begin(reading);

    if (dosage == NULL)
        dosage = json_get(reading->json, "dosage");
    if (dosage != NULL
        && dosage->kind
               == JSON_KIND_OBJECT) { /* MedicationAdministration has one, with a plain dose */
        fhir_quantity_put(buffer, json_get(dosage, "dose"));
        if (buffer->size == 0)
            fhir_label_put(buffer, json_get_string(dosage, "text"));
        return read_end(reading, FACT_VALUE_BYTES_MAX);
    }
    for (dosage = json_first(dosage); dosage != NULL; dosage = dosage->next) {
        size_t start = buffer->size;

        if (start > 0)
            buffer_put_string(buffer, "; ");
        fhir_dosage_put(buffer, dosage);
        if (start > 0 && buffer->size == start + 2)
            buffer->size = start;
    }
    return read_end(reading, FACT_VALUE_BYTES_MAX);
}

static const char *read_medication(struct reading *reading)
{
    static const char *const dates[] = { "authoredOn",
                                         "effectiveDateTime",
                                         "effectivePeriod",
                                         "whenHandedOver",
                                         "whenPrepared",
                                         "dateAsserted",
                                         NULL };
    static const char *const active[] = { "active", "on-hold", "intended", NULL };
    const struct json *forbidden = json_get(reading->json, "doNotPerform");
    struct fact *fact = reading->fact;
    struct slice display, status = json_get_string(reading->json, "status");
    const struct json *drug = find_drug(reading, &display);

    fact->kind = FACT_MEDICATION;
    fact->noun = SLICE("medication");
    fact->label = read_name(reading, drug);
    if (fact->label.size == 0 || (fact->is_code && display.size > 0)) {
        fhir_label_put(read_begin(reading), display);
        fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
        fact->is_code = false;
    }
    fact->path = read_path(reading, json_get(reading->json, "medicationReference") != NULL
                                        ? "medicationReference"
                                        : "medicationCodeableConcept");
    fact->value = read_dosages(reading);
    read_dates(reading, dates);
    fact->is_active = has_word(status, active);
    fact->status = read_word(reading, status);
    if (slice_is(reading->type, "MedicationAdministration") && slice_is(status, "completed"))
        fact->status = SLICE("given");
    else if (slice_is(reading->type, "MedicationDispense") && slice_is(status, "completed"))
        fact->status = SLICE("dispensed");
    else if (forbidden != NULL && forbidden->kind == JSON_KIND_TRUE) {
        fact->status = SLICE("not to be given");
        fact->is_active = false;
    }
    fact->detail = read_reason(reading);
    return needs_label(fact);
}

static struct slice read_manifestations(struct reading *reading)
{
    const struct json *reaction, *item;
    struct buffer *buffer = read_begin(reading);

    for (reaction = json_first(json_get(reading->json, "reaction")); reaction != NULL;
         reaction = reaction->next)
        for (item = json_first(json_get(reaction, "manifestation")); item != NULL;
             item = item->next) {
            if (buffer->size > 0)
                buffer_put_string(buffer, "; ");
            fhir_label_put(buffer, fhir_code_text(item));
        }
    return read_end(reading, FACT_VALUE_BYTES_MAX);
}

static const char *read_allergy(struct reading *reading)
{
    static const char *const dates[] = { "onsetDateTime", "onsetPeriod", NULL };
    struct fact *fact = reading->fact;
    struct slice status = fhir_code_first(json_get(reading->json, "clinicalStatus"));
    struct slice criticality = json_get_string(reading->json, "criticality");

    fact->kind = FACT_ALLERGY;
    fact->noun = SLICE("allergy");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    fact->path = SLICE("AllergyIntolerance.code");
    fact->value = read_manifestations(reading);
    read_dates(reading, dates);
    fact->is_active = status.size == 0 || slice_is(status, "active");
    fact->status = read_word(reading, status);
    if (slice_is(criticality, "high"))
        fact->detail = SLICE("high criticality");
    return needs_label(fact);
}

static const char *read_procedure(struct reading *reading)
{
    static const char *const dates[] = { "performedDateTime", "performedPeriod", NULL };
    struct fact *fact = reading->fact;

    fact->kind = FACT_PROCEDURE;
    fact->noun = SLICE("procedure");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    fact->path = SLICE("Procedure.code");
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    fact->detail = read_reason(reading);
    return needs_label(fact);
}

static const char *read_immunization(struct reading *reading)
{
    static const char *const dates[] = { "occurrenceDateTime", "recorded", NULL };
    struct fact *fact = reading->fact;

    fact->kind = FACT_IMMUNIZATION;
    fact->noun = SLICE("immunization");
    fact->label = read_name(reading, json_get(reading->json, "vaccineCode"));
    fact->path = SLICE("Immunization.vaccineCode");
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    return needs_label(fact);
}

static struct slice encounter_class(const struct json *encounter)
{
    static const struct {
        const char *code;
        const char *word;
    } classes[] = {
        { "AMB", "outpatient" },      { "outpatient", "outpatient" },
        { "EMER", "emergency" },      { "emergency", "emergency" },
        { "IMP", "inpatient" },       { "inpatient", "inpatient" },
        { "ACUTE", "inpatient" },     { "NONAC", "inpatient" },
        { "HH", "home health" },      { "VR", "virtual" },
        { "OBSENC", "observation" },  { "SS", "short stay" },
        { "PRENC", "pre-admission" }, { "FLD", "field" },
    };
    struct slice code = json_get_string(json_get(encounter, "class"), "code");

    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (slice_is(code, classes[i].code))
            return slice_from(classes[i].word);
    return (struct slice){ NULL, 0 };
}

static const char *read_encounter(struct reading *reading)
{
    static const char *const dates[] = { "period", NULL };
    struct fact *fact = reading->fact;
    const struct json *type = json_first(json_get(reading->json, "type"));

    fact->kind = FACT_ENCOUNTER;
    fact->noun = SLICE("encounter");
    fact->label = read_name(reading, type);
    fact->path = SLICE("Encounter.type");
    fact->value = encounter_class(reading->json);
    if (fact->label.size == 0) {
        fact->label = fact->value.size > 0 ? fact->value : SLICE("visit");
        fact->value.size = 0;
        fact->path = SLICE("Encounter.class");
    }
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    fact->detail = read_reason(reading);
    return NULL;
}

static struct slice read_activities(struct reading *reading)
{
    const struct json *activity;
    struct buffer *buffer = read_begin(reading);

    for (activity = json_first(json_get(reading->json, "activity")); activity != NULL;
         activity = activity->next) {
        struct slice text = fhir_code_text(json_get(json_get(activity, "detail"), "code"));

        if (text.size == 0)
            text = json_get_string(json_get(activity, "reference"), "display");
        if (text.size == 0)
            continue;
        if (buffer->size > 0)
            buffer_put_string(buffer, "; ");
        fhir_label_put(buffer, text);
    }
    return read_end(reading, FACT_VALUE_BYTES_MAX);
}

/* The category that says something: US Core's own "assess-plan" does not. */
static const struct json *care_plan_concept(const struct json *plan)
{
    const struct json *category;

    for (category = json_first(json_get(plan, "category")); category != NULL;
         category = category->next)
        if (!fhir_code_has(category, "assess-plan"))
            return category;
    return NULL;
}

static const char *read_care_plan(struct reading *reading)
{
    static const char *const dates[] = { "period", "created", NULL };
    struct fact *fact = reading->fact;
    struct slice status = json_get_string(reading->json, "status");

    fact->kind = FACT_CARE_PLAN;
    fact->noun = SLICE("care plan");
    fhir_label_put(read_begin(reading), json_get_string(reading->json, "title"));
    fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
    if (fact->label.size == 0)
        fact->label = read_name(reading, care_plan_concept(reading->json));
    fact->path = SLICE("CarePlan.category");
    fact->status = read_word(reading, status);
    fact->is_active = slice_is(status, "active");
    read_dates(reading, dates);
    fact->detail = read_activities(reading);
    if (fact->label.size == 0 && fact->detail.size > 0) {
        fact->label = slice_cut(
            fact->detail, 0, utf8_whole_prefix(slice_cut(fact->detail, 0, FACT_LABEL_BYTES_MAX)));
        fact->detail.size = 0;
    }
    return needs_label(fact);
}

static const char *read_goal(struct reading *reading)
{
    static const char *const dates[] = { "startDate", "statusDate", NULL };
    struct fact *fact = reading->fact;
    struct slice status = fhir_code_first(json_get(reading->json, "achievementStatus"));

    fact->kind = FACT_CARE_PLAN;
    fact->noun = SLICE("goal");
    fact->label = read_name(reading, json_get(reading->json, "description"));
    fact->path = SLICE("Goal.description");
    if (status.size == 0)
        status = json_get_string(reading->json, "lifecycleStatus");
    fact->status = read_word(reading, status);
    fact->is_active = !slice_is(status, "achieved") && !slice_is(status, "completed")
                      && !slice_is(status, "cancelled");
    read_dates(reading, dates);
    return needs_label(fact);
}

static const char *read_device(struct reading *reading)
{
    struct fact *fact = reading->fact;
    const struct json *name = json_first(json_get(reading->json, "deviceName"));

    fact->kind = FACT_DEVICE;
    fact->noun = SLICE("device");
    fact->label = read_name(reading, json_get(reading->json, "type"));
    fact->path = SLICE("Device.type");
    if (fact->label.size == 0) {
        fhir_label_put(read_begin(reading), json_get_string(name, "name"));
        fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
        fact->path = SLICE("Device.deviceName");
    }
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    fact->is_active = slice_is(fact->status, "active");
    return needs_label(fact);
}

static const char *read_imaging(struct reading *reading)
{
    static const char *const dates[] = { "started", NULL };
    struct fact *fact = reading->fact;
    const struct json *series = json_first(json_get(reading->json, "series"));
    struct slice modality = fhir_code_text(json_get(series, "modality")),
                 site = fhir_code_text(json_get(series, "bodySite"));
    const struct json *code = json_first(json_get(reading->json, "procedureCode"));
    struct buffer *buffer;

    fact->kind = FACT_IMAGING;
    fact->noun = SLICE("imaging");
    fact->label = read_name(reading, code);
    fact->path = SLICE("ImagingStudy.procedureCode");
    if (fact->label.size == 0) {
        fhir_label_put(read_begin(reading), modality);
        fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
        fact->path = SLICE("ImagingStudy.series.modality");
        modality.size = 0;
    }
    buffer = read_begin(reading);
    fhir_label_put(buffer, modality);
    if (site.size > 0) {
        buffer_put_string(buffer, buffer->size > 0 ? ", " : "");
        fhir_label_put(buffer, site);
    }
    fact->value = read_end(reading, FACT_VALUE_BYTES_MAX);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    return needs_label(fact);
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
        READER("AdverseEvent", read_other),
        READER("FamilyMemberHistory", read_other),
        READER("RiskAssessment", read_other),
        READER("ClinicalImpression", read_other),
        READER("Flag", read_other),
        READER("QuestionnaireResponse", read_answers),
        READER("Composition", read_composition),
    };

    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (type.size == readers[i].size && memcmp(type.data, readers[i].type, type.size) == 0)
            return readers[i].read;
    return is_type_name(type) && !is_administrative(type) ? read_any : NULL;
}
