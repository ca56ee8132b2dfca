#include "bundle.h"

#include <stdio.h>

#include "base/check.h"
#include "calendar.h"
#include "person.h"

#define BASE_URL "https://synthpop.example/fhir/"
#define SNOMED "http://snomed.info/sct"
#define LOINC "http://loinc.org"
#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"
#define CVX "http://hl7.org/fhir/sid/cvx"
#define UCUM "http://unitsofmeasure.org"
#define TERMINOLOGY "http://terminology.hl7.org/CodeSystem/"

/* One bundle being written. */
struct writer {
    const struct record *record;
    struct buffer *out;
    bool is_begun; /* an entry is there */
};

static const char *type_of(char letter)
{
    switch (letter) {
    case BUNDLE_ENCOUNTER:
        return "Encounter";
    case BUNDLE_CONDITION:
        return "Condition";
    case BUNDLE_ORDER:
        return "MedicationRequest";
    case BUNDLE_MEASUREMENT:
        return "Observation";
    case BUNDLE_REPORT:
        return "DiagnosticReport";
    case BUNDLE_ALLERGY:
        return "AllergyIntolerance";
    case BUNDLE_OPERATION:
        return "Procedure";
    case BUNDLE_VACCINATION:
        return "Immunization";
    case BUNDLE_NOTE:
        return "DocumentReference";
    case 'd':
        return "Practitioner";
    default:
        CHECK(letter == 'g');
        return "Organization";
    }
}

/* ---- pieces ---- */

static void put(struct writer *writer, const char *text)
{
    buffer_put_string(writer->out, text);
}

/* ,"key":"value" */
static void put_member(struct writer *writer, const char *key, const char *value)
{
    buffer_format(writer->out, ",\"%s\":", key);
    buffer_put_json(writer->out, slice_from(value));
}

static void put_date(struct writer *writer, const char *key, int day)
{
    char text[CALENDAR_TEXT_BYTES];

    put_member(writer, key, calendar_format(day, text));
}

static void put_instant(struct writer *writer, const char *key, int day, int minute)
{
    char text[CALENDAR_TEXT_BYTES];

    buffer_format(writer->out, "%s\"%s\":\"%sT%02d:%02d:00-05:00\"", key[0] == '{' ? "{" : ",",
                  key + (key[0] == '{'), calendar_format(day, text), minute / 60, minute % 60);
}

/* ,"key":{"coding":[{...}],"text":"..."}; the coding only where there is a code. */
static void put_concept(struct writer *writer, const char *key, const char *system,
                        const char *code, const char *display, const char *text)
{
    buffer_format(writer->out, ",\"%s\":{", key);
    if (code != NULL) {
        buffer_format(writer->out, "\"coding\":[{\"system\":\"%s\",\"code\":\"%s\"", system, code);
        if (display != NULL)
            put_member(writer, "display", display);
        put(writer, text != NULL ? "}]," : "}]");
    }
    if (text != NULL) {
        put(writer, "\"text\":");
        buffer_put_json(writer->out, slice_from(text));
    }
    put(writer, "}");
}

static void put_reference(struct writer *writer, const char *key, char letter, unsigned index)
{
    buffer_format(writer->out, ",\"%s\":{\"reference\":\"", key);
    bundle_write_reference(writer->record, letter, index, writer->out);
    put(writer, "\"}");
}

static void put_subject(struct writer *writer, const char *key)
{
    buffer_format(writer->out, ",\"%s\":{\"reference\":\"Patient/%s\"}", key,
                  writer->record->person.id);
}

static void put_practitioner(struct writer *writer, int encounter, const char *key)
{
    unsigned index = encounter < 0 ? 0 : writer->record->encounter_list[encounter].practitioner;
    char name[80];

    person_format_name(&writer->record->practitioners[index].name, name, sizeof(name));
    buffer_format(writer->out, ",\"%s\":{\"reference\":\"", key);
    bundle_write_reference(writer->record, 'd', index, writer->out);
    put(writer, "\"");
    buffer_put_string(writer->out, ",\"display\":\"Dr. ");
    buffer_put_string(writer->out, name);
    put(writer, "\"}");
}

static void open_entry(struct writer *writer, const char *type, char letter, unsigned index)
{
    const char *id = writer->record->person.id;
    char suffix[16] = "";

    if (letter != 0)
        snprintf(suffix, sizeof(suffix), "-%c%u", letter, index + 1);
    buffer_format(writer->out,
                  "%s{\"fullUrl\":\"" BASE_URL
                  "%s/%s%s\",\"resource\":{\"resourceType\":\"%s\",\"id\":\"%s%s\"",
                  writer->is_begun ? "," : "", type, id, suffix, type, id, suffix);
    writer->is_begun = true;
}

static void open_resource(struct writer *writer, char letter, unsigned index)
{
    open_entry(writer, type_of(letter), letter, index);
}

static void close_entry(struct writer *writer)
{
    put(writer, "}}");
}

static void put_name(struct writer *writer, const struct name *name, const char *key, bool is_array,
                     const char *prefix)
{
    buffer_format(writer->out, ",\"%s\":%s{\"use\":\"official\"", key, is_array ? "[" : "");
    put_member(writer, "family", name->family);
    put(writer, ",\"given\":[");
    buffer_put_json(writer->out, slice_from(name->given));
    put(writer, "]");
    if (prefix != NULL)
        buffer_format(writer->out, ",\"prefix\":[\"%s\"]", prefix);
    put(writer, is_array ? "}]" : "}");
}

static void put_telecom(struct writer *writer, const struct contact *contact)
{
    buffer_format(
        writer->out,
        ",\"telecom\":[{\"system\":\"phone\",\"value\":\"%s\",\"use\":\"home\"},{\"system\":\"email\",\"value\":\"%s\"}]",
        contact->phone, contact->email);
}

static void put_address(struct writer *writer, const struct contact *contact)
{
    buffer_format(
        writer->out,
        ",\"address\":[{\"line\":[\"%s\"],\"city\":\"%s\",\"state\":\"%s\",\"postalCode\":\"%s\",\"country\":\"US\"}]",
        contact->street, contact->city, contact->state, contact->zip);
}

/* ---- resources ---- */

static void write_patient(struct writer *writer)
{
    const struct person *person = &writer->record->person;

    open_entry(writer, "Patient", 0, 0);
    buffer_format(
        writer->out,
        ",\"identifier\":[{\"type\":{\"coding\":[{\"system\":\"" TERMINOLOGY
        "v2-0203\",\"code\":\"MR\"}],\"text\":\"Medical record number\"},"
        "\"system\":\"https://synthpop.example/mrn\",\"value\":\"%s\"},"
        "{\"type\":{\"coding\":[{\"system\":\"" TERMINOLOGY
        "v2-0203\",\"code\":\"SS\"}],\"text\":\"Social security number\"},"
        "\"system\":\"http://hl7.org/fhir/sid/us-ssn\",\"value\":\"%s\"}],\"active\":true",
        person->mrn, person->ssn);
    put_name(writer, &person->name, "name", true, person->is_female ? "Ms." : "Mr.");
    put_telecom(writer, &person->contact);
    put_member(writer, "gender", person->is_female ? "female" : "male");
    put_date(writer, "birthDate", person->birth_day);
    put_address(writer, &person->contact);
    buffer_format(writer->out,
                  ",\"maritalStatus\":{\"coding\":[{\"system\":\"" TERMINOLOGY
                  "v3-MaritalStatus\",\"code\":\"%s\"}],\"text\":\"%s\"}",
                  person->is_married ? "M" : "S", person->is_married ? "Married" : "Never married");
    put(writer, ",\"contact\":[{\"relationship\":[{\"text\":\"Emergency contact\"}]");
    put_name(writer, &person->relative, "name", false, NULL);
    buffer_format(writer->out, ",\"telecom\":[{\"system\":\"phone\",\"value\":\"%s\"}]}]",
                  person->relative_phone);
    put_reference(writer, "managingOrganization", 'g', 0);
    close_entry(writer);
}

static void write_staff(struct writer *writer)
{
    const struct record *record = writer->record;
    unsigned i;

    for (i = 0; i < ORGANIZATIONS; i++) {
        open_resource(writer, 'g', i);
        put(writer, ",\"active\":true");
        put_member(writer, "name", record->organizations[i].name);
        buffer_format(writer->out, ",\"telecom\":[{\"system\":\"phone\",\"value\":\"%s\"}]",
                      record->organizations[i].contact.phone);
        put_address(writer, &record->organizations[i].contact);
        close_entry(writer);
    }
    for (i = 0; i < PRACTITIONERS; i++) {
        const struct practitioner *practitioner = &record->practitioners[i];

        open_resource(writer, 'd', i);
        buffer_format(
            writer->out,
            ",\"identifier\":[{\"system\":\"http://hl7.org/fhir/sid/us-npi\",\"value\":\"%s\"}],\"active\":true",
            practitioner->npi);
        put_name(writer, &practitioner->name, "name", true, "Dr.");
        buffer_format(
            writer->out,
            ",\"telecom\":[{\"system\":\"phone\",\"value\":\"%s\",\"use\":\"work\"}],\"qualification\":[{\"code\":{\"text\":\"%s\"}}]",
            practitioner->phone, practitioner->specialty);
        close_entry(writer);
    }
}

const char *bundle_visit_name(enum encounter_kind kind)
{
    switch (kind) {
    case ENCOUNTER_CHECKUP:
        return "Encounter for check up";
    case ENCOUNTER_FOLLOW_UP:
        return "Follow-up encounter";
    case ENCOUNTER_PROBLEM:
        return "Encounter for problem";
    default:
        return "Emergency room admission";
    }
}

static const char *visit_code(enum encounter_kind kind)
{
    switch (kind) {
    case ENCOUNTER_CHECKUP:
        return "185349003";
    case ENCOUNTER_FOLLOW_UP:
        return "390906007";
    case ENCOUNTER_PROBLEM:
        return "185347001";
    default:
        return "50849002";
    }
}

static void write_encounter(struct writer *writer, unsigned index)
{
    const struct encounter *encounter = &writer->record->encounter_list[index];
    bool is_emergency = encounter->kind == ENCOUNTER_EMERGENCY;

    open_resource(writer, BUNDLE_ENCOUNTER, index);
    buffer_format(writer->out,
                  ",\"status\":\"finished\",\"class\":{\"system\":\"" TERMINOLOGY
                  "v3-ActCode\",\"code\":\"%s\",\"display\":\"%s\"}",
                  is_emergency ? "EMER" : "AMB", is_emergency ? "emergency" : "ambulatory");
    buffer_format(writer->out,
                  ",\"type\":[{\"coding\":[{\"system\":\"" SNOMED
                  "\",\"code\":\"%s\"}],\"text\":\"%s\"}]",
                  visit_code(encounter->kind), bundle_visit_name(encounter->kind));
    put_subject(writer, "subject");
    put(writer, ",\"participant\":[{\"type\":[{\"text\":\"primary performer\"}]");
    put_practitioner(writer, (int)index, "individual");
    put(writer, "}]");
    put(writer, ",\"period\":");
    put_instant(writer, "{start", encounter->day, encounter->minute);
    put_instant(writer, "end", encounter->day, encounter->minute + (is_emergency ? 180 : 30));
    put(writer, "}");
    if (encounter->condition >= 0) {
        put(writer, ",\"reasonCode\":[{\"text\":");
        buffer_put_json(writer->out, slice_from(record_condition_name(
                                         &writer->record->condition_list[encounter->condition])));
        put(writer, "}]");
    }
    put_reference(writer, "serviceProvider", 'g', encounter->organization);
    close_entry(writer);
}

static void write_condition(struct writer *writer, unsigned index)
{
    const struct condition *condition = &writer->record->condition_list[index];
    const struct disease_kind *kind = &disease_kinds[condition->disease];
    const struct stage *stage = record_stage(condition);
    bool is_active = record_condition_is_active(condition, writer->record->today),
         is_named = stage->name != NULL;

    open_resource(writer, BUNDLE_CONDITION, index);
    put_concept(writer, "clinicalStatus", TERMINOLOGY "condition-clinical",
                is_active ? "active" : "resolved", NULL, NULL);
    put_concept(writer, "verificationStatus", TERMINOLOGY "condition-ver-status", "confirmed", NULL,
                NULL);
    put(writer, ",\"category\":[{\"coding\":[{\"system\":\"" TERMINOLOGY
                "condition-category\",\"code\":\"problem-list-item\"}]}]");
    put_concept(writer, "code", SNOMED, is_named ? stage->snomed : kind->snomed,
                is_named ? stage->display : kind->display, record_condition_name(condition));
    put_subject(writer, "subject");
    put_reference(writer, "encounter", BUNDLE_ENCOUNTER, (unsigned)condition->encounter);
    put_date(writer, "onsetDateTime", condition->onset);
    if (!is_active)
        put_date(writer, "abatementDateTime", condition->abatement);
    put_date(writer, "recordedDate", condition->onset);
    close_entry(writer);
}

/* From when until when it was taken. */
static void put_bounds(struct writer *writer, const struct order *order)
{
    char text[CALENDAR_TEXT_BYTES];

    buffer_format(writer->out, ",\"timing\":{\"repeat\":{\"boundsPeriod\":{\"start\":\"%s\"",
                  calendar_format(order->start, text));
    put_date(writer, "end", order->stop);
    put(writer, "}}}");
}

static void put_prior(struct writer *writer, unsigned index)
{
    put(writer, ",\"priorPrescription\":{\"reference\":\"");
    bundle_write_reference(writer->record, BUNDLE_ORDER, index, writer->out);
    put(writer, "\"");
    put_member(writer, "display", drug_kinds[writer->record->order_list[index].drug].text);
    put(writer, "}");
}

static void write_order(struct writer *writer, unsigned index)
{
    const struct order *order = &writer->record->order_list[index];
    const struct drug_kind *kind = &drug_kinds[order->drug];
    bool is_active = record_order_is_active(order, writer->record->today);
    char text[CALENDAR_TEXT_BYTES];

    open_resource(writer, BUNDLE_ORDER, index);
    put_member(writer, "status", is_active ? "active" : order->is_course ? "completed" : "stopped");
    if (order->why_stopped != NULL && !is_active)
        put_concept(writer, "statusReason", NULL, NULL, NULL, order->why_stopped);
    put_member(writer, "intent", "order");
    put_concept(writer, "medicationCodeableConcept", RXNORM, kind->rxnorm, kind->display,
                kind->text);
    put_subject(writer, "subject");
    put_reference(writer, "encounter", BUNDLE_ENCOUNTER, (unsigned)order->encounter);
    put_date(writer, "authoredOn", order->start);
    put_practitioner(writer, order->encounter, "requester");
    put(writer, ",\"reasonCode\":[{\"text\":");
    buffer_put_json(writer->out, slice_from(record_condition_name(
                                     &writer->record->condition_list[order->condition])));
    put(writer, "}],\"reasonReference\":[{\"reference\":\"");
    bundle_write_reference(writer->record, BUNDLE_CONDITION, (unsigned)order->condition,
                           writer->out);
    put(writer, "\"}],\"dosageInstruction\":[{\"text\":");
    buffer_put_json(writer->out, slice_from(kind->dose));
    if (!is_active)
        put_bounds(writer, order);
    buffer_format(writer->out, "}],\"dispenseRequest\":{\"validityPeriod\":{\"start\":\"%s\"",
                  calendar_format(order->start, text));
    if (!is_active)
        put_date(writer, "end", order->stop);
    put(writer, "}}");
    if (order->replaces > 0)
        put_prior(writer, order->replaces - 1);
    close_entry(writer);
}

static void put_number(struct writer *writer, const char *key, const char *number,
                       const struct lab_kind *kind)
{
    if (kind->unit == NULL)
        buffer_format(writer->out, "%s{\"value\":%s}", key, number);
    else
        buffer_format(writer->out,
                      "%s{\"value\":%s,\"unit\":\"%s\",\"system\":\"" UCUM "\",\"code\":\"%s\"}",
                      key, number, kind->unit, kind->ucum);
}

static void put_range(struct writer *writer, const struct lab_kind *kind)
{
    char number[24];

    if (kind->low == 0 && kind->high == 0)
        return;
    put(writer, ",\"referenceRange\":[{");
    if (kind->low > 0) {
        snprintf(number, sizeof(number), "%.*f", kind->decimals, kind->low);
        put_number(writer, "\"low\":", number, kind);
    }
    if (kind->high > 0) {
        snprintf(number, sizeof(number), "%.*f", kind->decimals, kind->high);
        put_number(writer, kind->low > 0 ? ",\"high\":" : "\"high\":", number, kind);
    }
    put(writer, "}]");
}

static void put_components(struct writer *writer, const struct measurement *measurement,
                           const struct lab_kind *kind)
{
    static const char *const codes[2][2] = { { "8480-6", "Systolic blood pressure" },
                                             { "8462-4", "Diastolic blood pressure" } };
    char number[24];
    int i;

    put(writer, ",\"component\":[");
    for (i = 0; i < 2; i++) {
        snprintf(number, sizeof(number), "%.0f", i == 0 ? measurement->value : measurement->second);
        buffer_format(writer->out,
                      "%s{\"code\":{\"coding\":[{\"system\":\"" LOINC
                      "\",\"code\":\"%s\",\"display\":\"%s\"}],\"text\":\"%s\"}",
                      i == 0 ? "" : ",", codes[i][0], codes[i][1], codes[i][1]);
        put_number(writer, ",\"valueQuantity\":", number, kind);
        put(writer, "}");
    }
    put(writer, "]");
}

static void put_interpretation(struct writer *writer, char flag)
{
    buffer_format(writer->out,
                  ",\"interpretation\":[{\"coding\":[{\"system\":\"" TERMINOLOGY
                  "v3-ObservationInterpretation\",\"code\":\"%c\",\"display\":\"%s\"}]}]",
                  flag == 0 ? 'N' : flag,
                  flag == 0     ? "Normal"
                  : flag == 'H' ? "High"
                                : "Low");
}

static void write_measurement(struct writer *writer, unsigned index)
{
    const struct measurement *measurement = &writer->record->measurement_list[index];
    const struct encounter *encounter = &writer->record->encounter_list[measurement->encounter];
    const struct lab_kind *kind = &lab_kinds[measurement->lab];
    char number[24];

    open_resource(writer, BUNDLE_MEASUREMENT, index);
    buffer_format(writer->out,
                  ",\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":\"" TERMINOLOGY
                  "observation-category\",\"code\":\"%s\"}]}]",
                  kind->category);
    put_concept(writer, "code", LOINC, kind->loinc, kind->display, kind->label);
    put_subject(writer, "subject");
    put_reference(writer, "encounter", BUNDLE_ENCOUNTER, (unsigned)measurement->encounter);
    put_instant(writer, "effectiveDateTime", encounter->day, encounter->minute);
    if (measurement->lab != LAB_BLOOD_PRESSURE)
        put_number(writer, ",\"valueQuantity\":", record_format_value(measurement, number), kind);
    if (kind->low > 0 || kind->high > 0)
        put_interpretation(writer, measurement->flag);
    if (measurement->lab == LAB_BLOOD_PRESSURE)
        put_components(writer, measurement, kind);
    else
        put_range(writer, kind);
    close_entry(writer);
}

static void write_report(struct writer *writer, unsigned index)
{
    const struct report *report = &writer->record->report_list[index];
    const struct encounter *encounter = &writer->record->encounter_list[report->encounter];
    const struct panel_kind *kind = &panel_kinds[report->panel];
    unsigned i;

    open_resource(writer, BUNDLE_REPORT, index);
    put(writer, ",\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":\"" TERMINOLOGY
                "v2-0074\",\"code\":\"LAB\"}]}]");
    put_concept(writer, "code", LOINC, kind->loinc, kind->display, kind->report);
    put_subject(writer, "subject");
    put_reference(writer, "encounter", BUNDLE_ENCOUNTER, (unsigned)report->encounter);
    put_instant(writer, "effectiveDateTime", encounter->day, encounter->minute);
    put(writer, ",\"result\":[");
    for (i = 0; i < report->count; i++) {
        put(writer, i == 0 ? "{\"reference\":\"" : ",{\"reference\":\"");
        bundle_write_reference(writer->record, BUNDLE_MEASUREMENT, report->first + i, writer->out);
        put(writer, "\"}");
    }
    put(writer, "]");
    close_entry(writer);
}

static void write_allergy(struct writer *writer, unsigned index)
{
    const struct allergy *allergy = &writer->record->allergy_list[index];
    const struct allergen_kind *kind = &allergen_kinds[allergy->allergen];
    const struct reaction_kind *reaction = &reaction_kinds[allergy->reaction];

    open_resource(writer, BUNDLE_ALLERGY, index);
    put_concept(writer, "clinicalStatus", TERMINOLOGY "allergyintolerance-clinical", "active", NULL,
                NULL);
    put_concept(writer, "verificationStatus", TERMINOLOGY "allergyintolerance-verification",
                "confirmed", NULL, NULL);
    buffer_format(writer->out, ",\"type\":\"allergy\",\"category\":[\"%s\"],\"criticality\":\"%s\"",
                  kind->category, allergy->is_severe ? "high" : "low");
    put_concept(writer, "code", kind->system, kind->code, kind->display, kind->label);
    put_subject(writer, "patient");
    put_date(writer, "recordedDate", allergy->day);
    put(writer, ",\"reaction\":[{");
    if (allergy->order > 0) {
        put(writer, "\"substance\":{\"text\":");
        buffer_put_json(
            writer->out,
            slice_from(drug_kinds[writer->record->order_list[allergy->order - 1].drug].text));
        put(writer, "},");
    }
    put(writer, "\"manifestation\":[{");
    if (allergy->effect == NULL && reaction->snomed != NULL)
        buffer_format(writer->out,
                      "\"coding\":[{\"system\":\"" SNOMED
                      "\",\"code\":\"%s\",\"display\":\"%s\"}],",
                      reaction->snomed, reaction->display);
    buffer_format(writer->out, "\"text\":\"%s\"}],\"severity\":\"%s\"}]", record_reaction(allergy),
                  allergy->is_severe ? "severe" : "mild");
    close_entry(writer);
}

static void write_operation(struct writer *writer, unsigned index)
{
    const struct operation *operation = &writer->record->operation_list[index];
    const struct procedure_kind *kind = &procedure_kinds[operation->procedure];

    open_resource(writer, BUNDLE_OPERATION, index);
    put_member(writer, "status", "completed");
    put_concept(writer, "code", SNOMED, kind->snomed, kind->display, kind->label);
    put_subject(writer, "subject");
    put_reference(writer, "encounter", BUNDLE_ENCOUNTER, (unsigned)operation->encounter);
    put_date(writer, "performedDateTime", operation->day);
    put(writer, ",\"performer\":[{");
    put(writer, "\"function\":{\"text\":\"performer\"}");
    put_practitioner(writer, operation->encounter, "actor");
    put(writer, "}]");
    if (operation->condition >= 0) {
        put(writer, ",\"reasonReference\":[{\"reference\":\"");
        bundle_write_reference(writer->record, BUNDLE_CONDITION, (unsigned)operation->condition,
                               writer->out);
        put(writer, "\"}]");
    }
    close_entry(writer);
}

static void write_vaccination(struct writer *writer, unsigned index)
{
    const struct vaccination *vaccination = &writer->record->vaccination_list[index];
    const struct vaccine_kind *kind = &vaccine_kinds[vaccination->vaccine];

    open_resource(writer, BUNDLE_VACCINATION, index);
    put_member(writer, "status", "completed");
    put_concept(writer, "vaccineCode", CVX, kind->cvx, kind->display, kind->label);
    put_subject(writer, "patient");
    put_reference(writer, "encounter", BUNDLE_ENCOUNTER, (unsigned)vaccination->encounter);
    put_date(writer, "occurrenceDateTime",
             writer->record->encounter_list[vaccination->encounter].day);
    put(writer, ",\"primarySource\":true");
    close_entry(writer);
}

static void write_note(struct writer *writer, unsigned index)
{
    const struct note *note = &writer->record->note_list[index];
    const struct encounter *encounter = &writer->record->encounter_list[note->encounter];

    open_resource(writer, BUNDLE_NOTE, index);
    put_member(writer, "status", "current");
    put_concept(writer, "type", LOINC, "34117-2", "History and physical note", note->title);
    put_subject(writer, "subject");
    put_instant(writer, "date", encounter->day, encounter->minute);
    put(writer, ",\"author\":[{\"reference\":\"");
    bundle_write_reference(writer->record, 'd', encounter->practitioner, writer->out);
    put(writer,
        "\"}],\"content\":[{\"attachment\":{\"contentType\":\"text/plain; charset=utf-8\",\"data\":\"");
    buffer_put_base64(writer->out, note->text);
    put(writer, "\"}}],\"context\":{\"encounter\":[{\"reference\":\"");
    bundle_write_reference(writer->record, BUNDLE_ENCOUNTER, (unsigned)note->encounter,
                           writer->out);
    put(writer, "\"}]}");
    close_entry(writer);
}

/* ---- the whole ---- */

static void write_each(struct writer *writer, unsigned count,
                       void (*write)(struct writer *, unsigned))
{
    unsigned i;

    for (i = 0; i < count; i++)
        write(writer, i);
}

void bundle_write(const struct record *record, struct buffer *out)
{
    struct writer writer = { record, out, false };

    buffer_format(out,
                  "{\"resourceType\":\"Bundle\",\"id\":\"%s\",\"type\":\"collection\",\"entry\":[",
                  record->person.id);
    write_patient(&writer);
    write_staff(&writer);
    write_each(&writer, record->encounter_count, write_encounter);
    write_each(&writer, record->condition_count, write_condition);
    write_each(&writer, record->allergy_count, write_allergy);
    write_each(&writer, record->order_count, write_order);
    write_each(&writer, record->measurement_count, write_measurement);
    write_each(&writer, record->report_count, write_report);
    write_each(&writer, record->operation_count, write_operation);
    write_each(&writer, record->vaccination_count, write_vaccination);
    write_each(&writer, record->note_count, write_note);
    buffer_put_string(out, "]}");
}

void bundle_write_reference(const struct record *record, char letter, unsigned index,
                            struct buffer *out)
{
    buffer_format(out, "%s/%s-%c%u", type_of(letter), record->person.id, letter, index + 1);
}
