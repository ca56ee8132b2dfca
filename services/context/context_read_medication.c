/* What is taken: prescriptions, statements, doses that were given, packs that were handed over. */
#include "context_read.h"

/* Until when: the end of the dosage, where the resource itself has none. */
static void read_end_of_dosage(struct reading *reading)
{
    const struct json *dosage = json_first(json_get(reading->json, "dosageInstruction"));
    const struct json *bounds =
        json_get(json_get(json_get(dosage, "timing"), "repeat"), "boundsPeriod");

    if (bounds != NULL && reading->fact->end.precision == FHIR_PRECISION_NONE)
        fhir_date_parse(json_get_string(bounds, "end"), &reading->fact->end);
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

/* "for Migraine, because Nausea, says the patient": where there is more than a reason. */
static struct slice read_medication_detail(struct reading *reading)
{
    struct slice reason = read_reason(reading);
    struct slice because = read_first_text(json_get(reading->json, "statusReason"));
    struct slice reporter = read_reporter(reading->fact);
    struct buffer *buffer;

    if (because.size + reporter.size == 0)
        return reason;
    buffer = read_begin(reading);
    buffer_put(buffer, reason);
    read_put(buffer, "because ", because);
    read_put(buffer, "", reporter);
    return read_end(reading, FACT_LABEL_BYTES_MAX);
}

const char *read_medication(struct reading *reading)
{
    static const char *const dates[] = { "authoredOn",
                                         "effectiveDateTime",
                                         "effectivePeriod",
                                         "whenHandedOver",
                                         "whenPrepared",
                                         "dateAsserted",
                                         NULL };
    static const char *const active[] = { "active", "on-hold", "intended", NULL };
    static const char *const who[] = { "informationSource", "performer", "requester", "recorder",
                                       NULL };
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
    read_end_of_dosage(reading);
    fact->is_active = read_is_one_of(status, active);
    fact->status = read_word(reading, status);
    if (slice_is(reading->type, "MedicationAdministration") && slice_is(status, "completed"))
        fact->status = SLICE("given");
    else if (slice_is(reading->type, "MedicationDispense") && slice_is(status, "completed"))
        fact->status = SLICE("dispensed");
    else if (forbidden != NULL && forbidden->kind == JSON_KIND_TRUE) {
        fact->status = SLICE("not to be given");
        fact->is_active = false;
    }
    read_who(reading, who);
    fact->detail = read_medication_detail(reading);
    return read_needs_label(fact);
}
