/* What a resource says besides what its reader took: notes that somebody wrote to it, and members
 * that change what it means. A table of paths for each type; what they lead to goes behind the
 * fact's detail, each with a word before it. */
#include "context_read.h"

#include "base/utf8.h"

/* Of one value, and of all that is added. */
#define VALUE_BYTES_MAX 240
#define MORE_BYTES_MAX 480
#define VALUES_MAX 4
#define ROWS_MAX 8

struct row {
    const char *path; /* members from the resource on, with dots between; of arrays all elements */
    const char *before; /* what is put before each value */
    const char *usual;  /* words between bars that say nothing */
};

static const struct row note = { "note.text", "note: ", NULL };

static const struct {
    const char *type;
    struct row rows[ROWS_MAX];
} types[] = {
    { "Observation", { { "method", "by ", NULL }, { "bodySite", "of ", NULL } } },
    { "Encounter",
      { { "serviceType", "", NULL },
        { "diagnosis.condition.display", "diagnosis ", NULL },
        { "hospitalization.admitSource", "admitted from ", NULL },
        { "hospitalization.dischargeDisposition", "discharged to ", NULL } } },
    { "Procedure",
      { { "usedCode", "used ", NULL },
        { "complicationDetail.display", "complicated by ", NULL },
        { "followUp", "follow-up ", NULL } } },
    { "Condition",
      { { "onsetAge", "onset at ", NULL },
        { "onsetRange", "onset at ", NULL },
        { "onsetString", "onset ", NULL },
        { "abatementAge", "ended at ", NULL },
        { "abatementString", "ended ", NULL },
        { "evidence.code", "evidence ", NULL } } },
    { "Immunization",
      { { "protocolApplied.targetDisease", "against ", NULL },
        { "reasonCode", "for ", NULL },
        { "doseQuantity", "", NULL },
        { "route", "", NULL },
        { "site", "", NULL },
        { "isSubpotent", "subpotent", NULL },
        { "subpotentReason", "because ", NULL } } },
    { "MedicationRequest",
      { { "intent", "intent ", "|order|original-order|reflex-order|filler-order|instance-order|" },
        { "priority", "", "|routine|" },
        { "dispenseRequest.numberOfRepeatsAllowed", "refills ", NULL },
        { "priorPrescription.display", "in place of ", NULL } } },
    { "MedicationAdministration",
      { { "dosage.route", "", NULL },
        { "dosage.site", "", NULL },
        { "dosage.rateQuantity", "at ", NULL } } },
    { "MedicationDispense", { { "quantity", "quantity ", NULL }, { "daysSupply", "for ", NULL } } },
    { "AllergyIntolerance",
      { { "type", "", "|allergy|" },
        { "reaction.severity", "severity ", NULL },
        { "reaction.description", "", NULL },
        { "reaction.substance", "to ", NULL },
        { "reaction.exposureRoute", "by ", NULL },
        { "reaction.note.text", "note: ", NULL },
        { "lastOccurrence", "last ", NULL } } },
    { "DiagnosticReport", { { "conclusionCode", "", NULL } } },
    { "DocumentReference", { { "description", "", NULL } } },
    { "ServiceRequest",
      { { "doNotPerform", "not to be done", NULL },
        { "intent", "intent ", "|order|original-order|reflex-order|filler-order|instance-order|" },
        { "priority", "", "|routine|" },
        { "bodySite", "", NULL },
        { "orderDetail", "", NULL },
        { "patientInstruction", "instruction: ", NULL } } },
    { "DeviceRequest",
      { { "intent", "intent ", "|order|original-order|reflex-order|filler-order|instance-order|" },
        { "priority", "", "|routine|" } } },
    { "CarePlan", { { "description", "", NULL }, { "addresses.display", "for ", NULL } } },
    { "Goal",
      { { "priority", "", NULL },
        { "addresses.display", "for ", NULL },
        { "statusReason", "because ", NULL },
        { "outcomeCode", "outcome ", NULL } } },
    { "Device", { { "manufacturer", "by ", NULL }, { "statusReason", "because ", NULL } } },
    { "ImagingStudy", { { "description", "", NULL } } },
    { "FamilyMemberHistory",
      { { "condition.note.text", "note: ", NULL }, { "reasonCode", "for ", NULL } } },
    { "RiskAssessment", { { "mitigation", "mitigation: ", NULL } } },
    { "ClinicalImpression",
      { { "problem.display", "of ", NULL }, { "prognosisCodeableConcept", "prognosis ", NULL } } },
    { "NutritionOrder",
      { { "excludeFoodModifier", "without ", NULL },
        { "foodPreferenceModifier", "", NULL },
        { "oralDiet.texture.modifier", "", NULL },
        { "oralDiet.fluidConsistencyType", "fluids ", NULL } } },
};

struct more {
    struct reading *reading;
    struct buffer *buffer;
    const struct row *row;
    unsigned values;
};

static bool is_usual(const struct row *row, struct slice text)
{
    const char *at =
        row->usual == NULL ? NULL : memmem(row->usual, strlen(row->usual), text.data, text.size);

    return at != NULL && at > row->usual && at[-1] == '|' && at[text.size] == '|';
}

/* At most VALUE_BYTES_MAX of it, in whole words. */
static struct slice cut(struct slice text)
{
    size_t end;

    if (text.size <= VALUE_BYTES_MAX)
        return text;
    end = utf8_whole_prefix(slice_cut(text, 0, VALUE_BYTES_MAX));
    while (end > VALUE_BYTES_MAX / 2 && text.data[end] != ' ')
        end--;
    return slice_cut(text, 0, end);
}

static void put_text(struct more *more, struct slice text)
{
    const struct fact *fact = more->reading->fact;

    if (text.size == 0 || is_usual(more->row, text) || slice_equal(text, fact->label))
        return;
    if (more->buffer->size > 0)
        buffer_put_string(more->buffer, ", ");
    buffer_put_string(more->buffer, more->row->before);
    fhir_label_put(more->buffer, cut(text));
    more->values++;
}

/* A quantity, an age or a range is put together first. */
static void put_numbers(struct more *more, const struct json *value)
{
    struct buffer *buffer = more->buffer;
    size_t start = buffer->size, before;

    if (start > 0)
        buffer_put_string(buffer, ", ");
    buffer_put_string(buffer, more->row->before);
    before = buffer->size;
    if (json_get(value, "value") != NULL)
        fhir_quantity_put(buffer, value);
    else
        fhir_range_put(buffer, value);
    if (buffer->size == before)
        buffer->size = start;
    else
        more->values++;
}

/* What is so: the word alone. */
static void put_word(struct more *more)
{
    if (more->buffer->size > 0)
        buffer_put_string(more->buffer, ", ");
    buffer_put_string(more->buffer, more->row->before);
    more->values++;
}

static void put_value(struct more *more, const struct json *value)
{
    if (value->kind == JSON_KIND_STRING || value->kind == JSON_KIND_NUMBER)
        put_text(more, value->text);
    else if (value->kind == JSON_KIND_TRUE)
        put_word(more);
    else if (json_get(value, "value") != NULL || json_get(value, "low") != NULL
             || json_get(value, "high") != NULL)
        put_numbers(more, value);
    else
        put_text(more, fhir_code_text(value));
}

/* Recursion goes as deep as the path. */
static void walk(struct more *more, const struct json *json, struct slice path)
{
    size_t dot = slice_find_byte(path, '.');

    if (json == NULL || more->values == VALUES_MAX || more->buffer->size >= MORE_BYTES_MAX)
        return;
    if (json->kind == JSON_KIND_ARRAY) {
        for (json = json_first(json); json != NULL; json = json->next)
            walk(more, json, path);
    } else if (path.size == 0) {
        put_value(more, json);
    } else {
        walk(more, json_find(json, slice_cut(path, 0, dot)), slice_cut(path, dot + 1, path.size));
    }
}

static void put_row(struct reading *reading, struct buffer *buffer, const struct row *row)
{
    struct more more = { reading, buffer, row, 0 };

    walk(&more, reading->json, slice_from(row->path));
}

static const struct row *find_rows(struct slice type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (slice_is(type, types[i].type))
            return types[i].rows;
    return NULL;
}

void read_more(struct reading *reading)
{
    const struct row *rows = find_rows(reading->type);
    struct buffer *buffer = read_begin(reading);
    struct fact *fact = reading->fact;
    size_t start;

    buffer_put(buffer, fact->detail);
    start = buffer->size;
    for (size_t i = 0; rows != NULL && i < ROWS_MAX && rows[i].path != NULL; i++)
        put_row(reading, buffer, &rows[i]);
    put_row(reading, buffer, &note);
    if (buffer->size > start)
        fact->detail = read_end(reading, fact->detail.size + MORE_BYTES_MAX + VALUE_BYTES_MAX);
}
