/* What is known of the patient, and what happened: who, what ails, what is not tolerated, what was
 * done, where. Each reader takes one resource of its type. */
#include "context_read.h"

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
const char *read_patient(struct reading *reading)
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

const char *read_condition(struct reading *reading)
{
    static const char *const dates[] = { "onsetDateTime", "onsetPeriod", "recordedDate", NULL };
    static const char *const active[] = { "active", "recurrence", "relapse", NULL };
    static const char *const unsure[] = { "unconfirmed", "provisional", "differential", NULL };
    static const char *const who[] = { "asserter", "recorder", NULL };
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
    fact->is_active = status.size > 0 ? read_is_one_of(status, active)
                                      : fact->end.precision == FHIR_PRECISION_NONE;
    read_who(reading, who);
    buffer = read_begin(reading);
    fhir_label_put(buffer, severity);
    if (read_is_one_of(verification, unsure)) {
        buffer_put_string(buffer, buffer->size > 0 ? ", " : "");
        buffer_put(buffer, verification);
    }
    read_put(buffer, "", read_first_text(json_get(reading->json, "bodySite")));
    read_put(buffer, "stage ",
             fhir_code_text(json_get(json_first(json_get(reading->json, "stage")), "summary")));
    read_put(buffer, "", read_reporter(fact));
    fact->detail = read_end(reading, FACT_LABEL_BYTES_MAX);
    return read_needs_label(fact);
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

const char *read_allergy(struct reading *reading)
{
    static const char *const dates[] = { "onsetDateTime", "onsetPeriod", "recordedDate", NULL };
    static const char *const who[] = { "asserter", "recorder", NULL };
    struct fact *fact = reading->fact;
    struct slice status = fhir_code_first(json_get(reading->json, "clinicalStatus"));
    struct slice criticality = json_get_string(reading->json, "criticality");
    struct buffer *buffer;

    fact->kind = FACT_ALLERGY;
    fact->noun = SLICE("allergy");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    fact->path = SLICE("AllergyIntolerance.code");
    fact->value = read_manifestations(reading);
    read_dates(reading, dates);
    fact->is_active = status.size == 0 || slice_is(status, "active");
    fact->status = read_word(reading, status);
    read_who(reading, who);
    buffer = read_begin(reading);
    if (slice_is(criticality, "high"))
        buffer_put_string(buffer, "high criticality");
    if (fhir_code_has(json_get(reading->json, "verificationStatus"), "unconfirmed"))
        read_put(buffer, "", SLICE("unconfirmed"));
    read_put(buffer, "", read_reporter(fact));
    fact->detail = read_end(reading, FACT_LABEL_BYTES_MAX);
    return read_needs_label(fact);
}

/* "for Appendicitis, right, complicated by Bleeding": where there is more than a reason. */
static struct slice read_procedure_detail(struct reading *reading)
{
    struct slice reason = read_reason(reading);
    struct slice site = read_first_text(json_get(reading->json, "bodySite"));
    struct slice outcome = fhir_code_text(json_get(reading->json, "outcome"));
    struct slice complication = read_first_text(json_get(reading->json, "complication"));
    struct slice why_not = fhir_code_text(json_get(reading->json, "statusReason"));
    struct buffer *buffer;

    if (site.size + outcome.size + complication.size + why_not.size == 0)
        return reason;
    buffer = read_begin(reading);
    buffer_put(buffer, reason);
    read_put(buffer, "", site);
    read_put(buffer, "outcome ", outcome);
    read_put(buffer, "complicated by ", complication);
    read_put(buffer, "because ", why_not);
    return read_end(reading, FACT_LABEL_BYTES_MAX);
}

const char *read_procedure(struct reading *reading)
{
    static const char *const dates[] = { "performedDateTime", "performedPeriod", NULL };
    static const char *const who[] = { "performer", "asserter", "recorder", NULL };
    struct fact *fact = reading->fact;

    fact->kind = FACT_PROCEDURE;
    fact->noun = SLICE("procedure");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    fact->path = SLICE("Procedure.code");
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    fact->detail = read_procedure_detail(reading);
    read_who(reading, who);
    return read_needs_label(fact);
}

/* "dose 2", and why it was not given. */
static struct slice read_dose(struct reading *reading)
{
    const struct json *applied = json_first(json_get(reading->json, "protocolApplied"));
    const struct json *number = json_get(applied, "doseNumberPositiveInt");
    struct buffer *buffer = read_begin(reading);

    if (number == NULL)
        number = json_get(applied, "doseNumberString");
    if (number != NULL)
        read_put(buffer, "dose ", slice_cut(number->text, 0, 20));
    read_put(buffer, "because ", fhir_code_text(json_get(reading->json, "statusReason")));
    return read_end(reading, FACT_LABEL_BYTES_MAX);
}

const char *read_immunization(struct reading *reading)
{
    static const char *const dates[] = { "occurrenceDateTime", "recorded", NULL };
    static const char *const who[] = { "performer", "reportOrigin", NULL };
    struct fact *fact = reading->fact;

    fact->kind = FACT_IMMUNIZATION;
    fact->noun = SLICE("immunization");
    fact->label = read_name(reading, json_get(reading->json, "vaccineCode"));
    fact->path = SLICE("Immunization.vaccineCode");
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    fact->detail = read_dose(reading);
    read_dates(reading, dates);
    read_who(reading, who);
    return read_needs_label(fact);
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

const char *read_encounter(struct reading *reading)
{
    static const char *const dates[] = { "period", NULL };
    static const char *const who[] = { "participant", NULL };
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
    read_who(reading, who);
    return NULL;
}
