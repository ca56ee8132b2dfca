/* What relatives had, what may come, how somebody judged it, what harmed, what is eaten. */
#include "context_read.h"

static void put_number_member(struct buffer *buffer, const char *before, const struct json *number)
{
    if (number == NULL || number->kind != JSON_KIND_NUMBER)
        return;
    buffer_put_string(buffer, before);
    fhir_number_put(buffer, number->text);
}

/* "Colon cancer at 45 a (died of it)" */
static void put_relatives_condition(struct buffer *buffer, const struct json *condition)
{
    const struct json *cause = json_get(condition, "contributedToDeath");
    const struct json *age = json_get(condition, "onsetAge");
    struct slice onset = json_get_string(condition, "onsetString");

    fhir_label_put(buffer, fhir_code_text(json_get(condition, "code")));
    if (age != NULL) {
        put_number_member(buffer, " at ", json_get(age, "value"));
    } else if (onset.size > 0) {
        buffer_put_string(buffer, ", onset ");
        fhir_label_put(buffer, slice_cut(onset, 0, 40));
    }
    if (cause != NULL && cause->kind == JSON_KIND_TRUE)
        buffer_put_string(buffer, " (died of it)");
}

static void put_relatives_death(struct buffer *buffer, const struct json *relative)
{
    const struct json *is_dead = json_get(relative, "deceasedBoolean");
    const struct json *age = json_get(relative, "deceasedAge");

    if (age != NULL || (is_dead != NULL && is_dead->kind == JSON_KIND_TRUE)) {
        buffer_put_string(buffer, buffer->size > 0 ? "; died" : "died");
        put_number_member(buffer, " at ", json_get(age, "value"));
    }
}

/* "family history: mother, Breast cancer at 52; died at 60" */
const char *read_family(struct reading *reading)
{
    static const char *const dates[] = { "date", NULL };
    const struct json *item = json_first(json_get(reading->json, "condition"));
    struct fact *fact = reading->fact;
    struct buffer *buffer;

    fact->kind = FACT_OTHER;
    fact->noun = SLICE("family history");
    fact->label = read_name(reading, json_get(reading->json, "relationship"));
    fact->path = SLICE("FamilyMemberHistory.condition");
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    buffer = read_begin(reading);
    for (; item != NULL && buffer->size < FACT_VALUE_BYTES_MAX; item = item->next) {
        if (buffer->size > 0)
            buffer_put_string(buffer, "; ");
        put_relatives_condition(buffer, item);
    }
    put_relatives_death(buffer, reading->json);
    fact->detail = read_end(reading, FACT_VALUE_BYTES_MAX);
    read_dates(reading, dates);
    return read_needs_label(fact);
}

/* "risk assessment: Framingham, Heart attack 12.5 %" */
const char *read_risk(struct reading *reading)
{
    static const char *const dates[] = { "occurrenceDateTime", "occurrencePeriod", NULL };
    const struct json *item = json_first(json_get(reading->json, "prediction"));
    struct fact *fact = reading->fact;
    struct buffer *buffer;

    fact->kind = FACT_OTHER;
    fact->noun = SLICE("risk assessment");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    if (fact->label.size == 0)
        fact->label = read_name(reading, json_get(reading->json, "method"));
    if (fact->label.size == 0)
        fact->label = read_name(reading, json_get(item, "outcome"));
    fact->path = SLICE("RiskAssessment.prediction");
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    buffer = read_begin(reading);
    for (; item != NULL && buffer->size < FACT_VALUE_BYTES_MAX; item = item->next) {
        read_put(buffer, "", fhir_code_text(json_get(item, "outcome")));
        put_number_member(buffer, " probability ", json_get(item, "probabilityDecimal"));
        read_put(buffer, "", fhir_code_text(json_get(item, "qualitativeRisk")));
    }
    fact->detail = read_end(reading, FACT_VALUE_BYTES_MAX);
    read_dates(reading, dates);
    return read_needs_label(fact);
}

/* What was thought of it: the summary, and what was found. */
const char *read_impression(struct reading *reading)
{
    static const char *const dates[] = { "effectiveDateTime", "effectivePeriod", "date", NULL };
    static const char *const who[] = { "assessor", NULL };
    const struct json *item = json_first(json_get(reading->json, "finding"));
    struct fact *fact = reading->fact;
    struct buffer *buffer;

    fact->kind = FACT_OTHER;
    fact->noun = SLICE("clinical impression");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    if (fact->label.size == 0) {
        fhir_label_put(read_begin(reading), json_get_string(reading->json, "description"));
        fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
    }
    if (fact->label.size == 0)
        fact->label = fact->noun;
    fact->path = SLICE("ClinicalImpression.summary");
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    buffer = read_begin(reading);
    read_put(buffer, "", json_get_string(reading->json, "summary"));
    for (; item != NULL && buffer->size < FACT_VALUE_BYTES_MAX; item = item->next)
        read_put(buffer, "", fhir_code_text(json_get(item, "itemCodeableConcept")));
    fact->detail = read_end(reading, FACT_VALUE_BYTES_MAX);
    read_dates(reading, dates);
    read_who(reading, who);
    return fact->detail.size > 0 || fact->codes.size > 0 ? NULL : "no-content";
}

/* What harmed, how badly, and by what. */
const char *read_adverse_event(struct reading *reading)
{
    static const char *const dates[] = { "date", "detected", "recordedDate", NULL };
    static const char *const who[] = { "recorder", NULL };
    const struct json *item = json_first(json_get(reading->json, "suspectEntity"));
    struct fact *fact = reading->fact;
    struct buffer *buffer;

    fact->kind = FACT_OTHER;
    fact->noun = SLICE("adverse event");
    fact->label = read_name(reading, json_get(reading->json, "event"));
    fact->path = SLICE("AdverseEvent.event");
    buffer = read_begin(reading);
    read_put(buffer, "", fhir_code_text(json_get(reading->json, "seriousness")));
    read_put(buffer, "", fhir_code_text(json_get(reading->json, "severity")));
    read_put(buffer, "", fhir_code_text(json_get(reading->json, "outcome")));
    for (; item != NULL && buffer->size < FACT_VALUE_BYTES_MAX; item = item->next)
        read_put(buffer, "suspected ", json_get_string(json_get(item, "instance"), "display"));
    fact->detail = read_end(reading, FACT_VALUE_BYTES_MAX);
    read_dates(reading, dates);
    read_who(reading, who);
    return read_needs_label(fact);
}

/* By mouth, as a supplement, or by tube. */
const char *read_diet(struct reading *reading)
{
    static const char *const dates[] = { "dateTime", NULL };
    static const char *const who[] = { "orderer", NULL };
    const struct json *diet = json_get(reading->json, "oralDiet");
    const struct json *supplement = json_first(json_get(reading->json, "supplement"));
    const struct json *formula = json_get(reading->json, "enteralFormula");
    struct fact *fact = reading->fact;

    fact->kind = FACT_OTHER;
    fact->noun = SLICE("diet order");
    fact->path = SLICE("NutritionOrder.oralDiet");
    fact->label = read_name(reading, json_first(json_get(diet, "type")));
    if (fact->label.size == 0) {
        fact->path = SLICE("NutritionOrder.supplement");
        fact->label = read_name(reading, json_get(supplement, "type"));
    }
    if (fact->label.size == 0) {
        fact->path = SLICE("NutritionOrder.enteralFormula");
        fact->label = read_name(reading, json_get(formula, "baseFormulaType"));
    }
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    fhir_label_put(read_begin(reading), json_get_string(diet, "instruction"));
    fact->detail = read_end(reading, FACT_LABEL_BYTES_MAX);
    read_dates(reading, dates);
    read_who(reading, who);
    return read_needs_label(fact);
}
