/* What is measured or written: observations, reports, documents. */
#include "context_read.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "fhir/fhir_base64.h"

static const char *const observed[] = { "effectiveDateTime", "effectivePeriod", "effectiveInstant",
                                        "issued", NULL };

/* Append the value[x] of an Observation or of a component, and say where it stood; empty when there
 * is none. */
static struct slice put_value(struct buffer *buffer, const struct json *json)
{
    const struct json *value;

    if ((value = json_get(json, "valueQuantity")) != NULL) {
        fhir_quantity_put(buffer, value);
        return SLICE("Observation.valueQuantity");
    }
    if ((value = json_get(json, "valueCodeableConcept")) != NULL) {
        fhir_label_put(buffer, fhir_code_text(value));
        return SLICE("Observation.valueCodeableConcept");
    }
    if ((value = json_get(json, "valueString")) != NULL) {
        fhir_label_put(buffer, value->text);
        return SLICE("Observation.valueString");
    }
    if ((value = json_get(json, "valueBoolean")) != NULL) {
        buffer_put_string(buffer, value->kind == JSON_KIND_TRUE ? "yes" : "no");
        return SLICE("Observation.valueBoolean");
    }
    if ((value = json_get(json, "valueInteger")) != NULL) {
        buffer_put(buffer, value->text);
        return SLICE("Observation.valueInteger");
    }
    if ((value = json_get(json, "valueRange")) != NULL) {
        fhir_range_put(buffer, value);
        return SLICE("Observation.valueRange");
    }
    if ((value = json_get(json, "valueRatio")) != NULL) {
        fhir_ratio_put(buffer, value);
        return SLICE("Observation.valueRatio");
    }
    if ((value = json_get(json, "valueDateTime")) != NULL) {
        fhir_label_put(buffer, slice_cut(value->text, 0, 10));
        return SLICE("Observation.valueDateTime");
    }
    return (struct slice){ NULL, 0 };
}

static const struct json *find_component(const struct json *components, const char *code)
{
    const struct json *item;

    for (item = json_first(components); item != NULL; item = item->next)
        if (fhir_code_has(json_get(item, "code"), code))
            return json_get(item, "valueQuantity");
    return NULL;
}

static bool number_of(const struct json *quantity, double *number)
{
    const struct json *value = json_get(quantity, "value");

    if (value == NULL || value->kind != JSON_KIND_NUMBER)
        return false;
    *number = strtod(value->text.data, NULL);
    return true;
}

/* Systolic (LOINC 8480-6) and diastolic (8462-4) are one value: "120/80 mmHg". */
static bool put_blood_pressure(struct buffer *buffer, const struct json *components)
{
    const struct json *last = find_component(components, "8462-4");
    double systolic, diastolic;

    if (!number_of(find_component(components, "8480-6"), &systolic) || !number_of(last, &diastolic))
        return false;
    buffer_format(buffer, "%.0f/%.0f", systolic, diastolic);
    fhir_unit_put(buffer, json_get_string(last, "unit"));
    return true;
}

static void put_components(struct buffer *buffer, const struct json *components)
{
    const struct json *item;

    for (item = json_first(components); item != NULL && buffer->size < FACT_VALUE_BYTES_MAX;
         item = item->next) {
        if (buffer->size > 0)
            buffer_put_string(buffer, "; ");
        fhir_label_put(buffer, fhir_code_text(json_get(item, "code")));
        buffer_put_byte(buffer, ' ');
        put_value(buffer, item);
    }
}

/* What was measured, and where it stood. */
static void read_value(struct reading *reading, struct buffer *buffer)
{
    const struct json *components = json_get(reading->json, "component");
    struct fact *fact = reading->fact;
    struct slice absent;

    fact->path = put_value(buffer, reading->json);
    if (fact->path.size > 0)
        return;
    fact->path = SLICE("Observation.component");
    if (components != NULL && put_blood_pressure(buffer, components)) {
        if (fhir_code_has(json_get(reading->json, "code"), "85354-9")
            || fhir_code_has(json_get(reading->json, "code"), "55284-4"))
            fact->label = SLICE("Blood pressure");
        return;
    }
    if (components != NULL) {
        put_components(buffer, components);
        return;
    }
    fact->path = SLICE("Observation.code");
    absent = fhir_code_text(json_get(reading->json, "dataAbsentReason"));
    if (absent.size > 0) {
        buffer_put_string(buffer, "not available: ");
        fhir_label_put(buffer, absent);
        fact->path = SLICE("Observation.dataAbsentReason");
    }
}

const char *read_observation(struct reading *reading)
{
    static const char *const performer[] = { "performer", NULL };
    struct fact *fact = reading->fact;

    fact->kind = FACT_OBSERVATION;
    fact->noun = SLICE("observation");
    fact->label = read_name(reading, json_get(reading->json, "code"));
    read_value(reading, read_begin(reading));
    fact->value = read_end(reading, FACT_VALUE_BYTES_MAX);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_measures(reading);
    fact->flag = read_flag(reading);
    read_dates(reading, observed);
    read_who(reading, performer);
    return fact->label.size > 0 ? NULL : "no-content";
}

static bool is_text(struct slice type, bool *is_markup)
{
    *is_markup = slice_starts_with(type, SLICE("text/html"))
                 || slice_starts_with(type, SLICE("application/xhtml"));
    return *is_markup || type.size == 0 || slice_starts_with(type, SLICE("text/plain"))
           || slice_starts_with(type, SLICE("text/markdown"));
}

void read_clean(struct buffer *buffer, struct slice text, bool is_markup)
{
    bool in_tag = false;

    for (size_t i = 0, size = 0; i < text.size && buffer->size < FACT_TEXT_BYTES_MAX; i += size) {
        uint32_t c = utf8_decode(slice_cut(text, i, text.size), &size);

        if (is_markup && (c == '<' || c == '>')) {
            in_tag = c == '<';
            if (in_tag)
                buffer_put_byte(buffer, '\n');
        } else if (in_tag) {
            continue;
        } else if (c == UTF8_INVALID || (c < 0x20 && c != '\n')) {
            buffer_put_byte(buffer, ' ');
        } else {
            buffer_put(buffer, slice_cut(text, i, i + size));
        }
    }
}

/* The text of the first attachment that has some. */
static struct slice read_attachment(struct reading *reading, const struct json *attachment)
{
    struct slice data = json_get_string(attachment, "data"), bytes;
    struct arena_mark mark;
    bool is_markup;
    struct buffer *buffer = read_begin(reading);

    if (data.size == 0 || !is_text(json_get_string(attachment, "contentType"), &is_markup))
        return (struct slice){ NULL, 0 };
    /* Room for all that may be put, first: so that the decoded bytes can go back to the arena
     * behind it. */
    if (buffer_reserve(buffer, FACT_TEXT_BYTES_MAX + 8) == NULL)
        return (struct slice){ NULL, 0 };
    mark = arena_mark(reading->arena);
    if (fhir_base64_decode(data, reading->arena, &bytes))
        read_clean(buffer, bytes, is_markup);
    arena_rewind(reading->arena, mark);
    return read_end(reading, FACT_TEXT_BYTES_MAX);
}

static struct slice count_results(struct reading *reading, const struct json *results)
{
    unsigned count = results == NULL ? 0 : results->count;
    struct buffer *buffer = read_begin(reading);

    if (count > 0)
        buffer_format(buffer, count == 1 ? "1 result" : "%u results", count);
    return read_end(reading, FACT_VALUE_BYTES_MAX);
}

/* A report with results is a report; one that is only text is a note. */
const char *read_report(struct reading *reading)
{
    static const char *const who[] = { "performer", "resultsInterpreter", NULL };
    struct fact *fact = reading->fact;
    const struct json *results = json_get(reading->json, "result");
    struct slice conclusion = json_get_string(reading->json, "conclusion");

    fact->label = read_name(reading, json_get(reading->json, "code"));
    fact->text = read_attachment(reading, json_first(json_get(reading->json, "presentedForm")));
    fact->kind = fact->text.size > 0 && results == NULL ? FACT_NOTE : FACT_REPORT;
    fact->noun = fact->kind == FACT_NOTE ? SLICE("note") : SLICE("report");
    fact->path = fact->kind == FACT_NOTE ? SLICE("DiagnosticReport.presentedForm")
                                         : SLICE("DiagnosticReport.code");
    fhir_label_put(read_begin(reading), conclusion);
    fact->value = read_end(reading, FACT_VALUE_BYTES_MAX);
    if (fact->value.size == 0)
        fact->value = count_results(reading, results);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, observed);
    read_who(reading, who);
    return fact->label.size > 0 || fact->text.size > 0 ? NULL : "no-content";
}

static const struct json *first_attachment(const struct json *document)
{
    return json_get(json_first(json_get(document, "content")), "attachment");
}

const char *read_document(struct reading *reading)
{
    static const char *const dates[] = { "date", NULL };
    static const char *const who[] = { "author", "authenticator", NULL };
    struct fact *fact = reading->fact;
    const struct json *attachment = first_attachment(reading->json);
    const struct json *context = json_get(reading->json, "context");

    fact->kind = FACT_NOTE;
    fact->noun = SLICE("note");
    fact->path = SLICE("DocumentReference.content.attachment");
    fact->label = read_name(reading, json_get(reading->json, "type"));
    if (fact->label.size == 0) {
        fhir_label_put(read_begin(reading), json_get_string(reading->json, "description"));
        fact->label = read_end(reading, FACT_LABEL_BYTES_MAX);
    }
    if (fact->label.size == 0)
        fact->label = SLICE("document");
    fact->text = read_attachment(reading, attachment);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    read_who(reading, who);
    if (fact->date.precision == FHIR_PRECISION_NONE)
        fhir_date_parse(json_get_string(json_get(context, "period"), "start"), &fact->date);
    if (fact->text.size == 0)
        fact->value = SLICE("no text in the record");
    return NULL;
}
