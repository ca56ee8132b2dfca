/* What is planned and what stays: care plans, goals, devices; and imaging studies. */
#include "context_read.h"

#include "base/utf8.h"

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

const char *read_care_plan(struct reading *reading)
{
    static const char *const dates[] = { "period", "created", NULL };
    static const char *const who[] = { "author", "contributor", NULL };
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
    read_who(reading, who);
    if (fact->label.size == 0 && fact->detail.size > 0) {
        fact->label = slice_cut(
            fact->detail, 0, utf8_whole_prefix(slice_cut(fact->detail, 0, FACT_LABEL_BYTES_MAX)));
        fact->detail.size = 0;
    }
    return read_needs_label(fact);
}

/* "target < 7 %, until 2020-06-01" */
static struct slice read_target_of_goal(struct reading *reading)
{
    const struct json *target = json_first(json_get(reading->json, "target"));
    const struct json *quantity = json_get(target, "detailQuantity");
    const struct json *range = json_get(target, "detailRange");
    struct buffer *buffer = read_begin(reading);

    if (quantity != NULL || range != NULL)
        buffer_put_string(buffer, "target ");
    if (quantity != NULL)
        fhir_quantity_put(buffer, quantity);
    else if (range != NULL)
        fhir_range_put(buffer, range);
    read_put(buffer, "target ", fhir_code_text(json_get(target, "detailCodeableConcept")));
    read_put(buffer, "target ", json_get_string(target, "detailString"));
    read_put(buffer, "until ", slice_cut(json_get_string(target, "dueDate"), 0, 10));
    return read_end(reading, FACT_LABEL_BYTES_MAX);
}

const char *read_goal(struct reading *reading)
{
    static const char *const dates[] = { "startDate", "statusDate", NULL };
    static const char *const who[] = { "expressedBy", NULL };
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
    fact->detail = read_target_of_goal(reading);
    read_dates(reading, dates);
    read_who(reading, who);
    return read_needs_label(fact);
}

const char *read_device(struct reading *reading)
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
    return read_needs_label(fact);
}

/* What is used, where, since when: the device itself may stand elsewhere. */
const char *read_device_use(struct reading *reading)
{
    static const char *const dates[] = { "timingPeriod", "timingDateTime", "recordedOn", NULL };
    static const char *const who[] = { "source", NULL };
    const struct json *reference = json_get(reading->json, "device");
    struct fact *fact = reading->fact;
    struct buffer *buffer;

    fact->kind = FACT_DEVICE;
    fact->noun = SLICE("device");
    fact->label = read_name(reading, json_get(read_target(reading, reference), "type"));
    fact->path = SLICE("DeviceUseStatement.device");
    if (fact->label.size == 0) {
        fhir_label_put(read_begin(reading), json_get_string(reference, "display"));
        fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
    }
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    fact->is_active = slice_is(fact->status, "active");
    read_dates(reading, dates);
    buffer = read_begin(reading);
    read_put(buffer, "", fhir_code_text(json_get(reading->json, "bodySite")));
    read_put(buffer, "for ", read_first_text(json_get(reading->json, "reasonCode")));
    fact->detail = read_end(reading, FACT_LABEL_BYTES_MAX);
    read_who(reading, who);
    return read_needs_label(fact);
}

const char *read_imaging(struct reading *reading)
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
    if (modality.size == 0)
        modality = fhir_code_text(json_first(json_get(reading->json, "modality")));
    if (fact->label.size == 0) {
        fhir_label_put(read_begin(reading), json_get_string(reading->json, "description"));
        fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
        fact->path = SLICE("ImagingStudy.description");
    }
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
    fact->detail = read_reason(reading);
    read_dates(reading, dates);
    return read_needs_label(fact);
}
