/* Everything that has no reader of its own, and types that say one thing with a code and a date. */
#include <ctype.h>

#include "base/utf8.h"
#include "context_read.h"

/* Of a member that is told by what it holds: elements of a list, and how deep it is looked into. */
#define ELEMENTS_MAX 4
#define PARTS_DEPTH_MAX 3

/* Types that say one thing with a code and a date. */
const char *read_other(struct reading *reading)
{
    static const struct {
        const char *type, *noun, *code;
    } others[] = {
        { "ServiceRequest", "order", "code" },
        { "DeviceRequest", "device order", "codeCodeableConcept" },
        { "Flag", "alert", "code" },
    };
    static const char *const dates[] = {
        "occurrenceDateTime", "occurrencePeriod", "date", "authoredOn",
        "effectiveDateTime",  "period",           NULL
    };
    struct fact *fact = reading->fact;
    size_t i = 0;

    while (i + 1 < sizeof(others) / sizeof(others[0]) && !slice_is(reading->type, others[i].type))
        i++;
    fact->kind = FACT_OTHER;
    fact->noun = slice_from(others[i].noun);
    fact->label = read_name(reading, json_get(reading->json, others[i].code));
    fact->path = read_path(reading, others[i].code);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    fact->detail = read_reason(reading);
    read_dates(reading, dates);
    return fact->label.size > 0 ? NULL : "no-content";
}

/* ---- answers ---- */

static void put_answer(struct buffer *buffer, const struct json *answer)
{
    static const char *const plain[] = { "valueString", "valueInteger", "valueDecimal", "valueDate",
                                         "valueDateTime" };
    const struct json *value;

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if ((value = json_get(answer, plain[i])) != NULL) {
            fhir_label_put(buffer, value->text);
            return;
        }
    if ((value = json_get(answer, "valueCoding")) != NULL)
        fhir_label_put(buffer, fhir_code_text(value));
    else if ((value = json_get(answer, "valueBoolean")) != NULL)
        buffer_put_string(buffer, value->kind == JSON_KIND_TRUE ? "yes" : "no");
    else if ((value = json_get(answer, "valueQuantity")) != NULL)
        fhir_quantity_put(buffer, value);
}

/* A line for each question that was answered; groups are opened. Recursion goes as deep as the
 * resource, which JSON_DEPTH_MAX bounds. */
static void put_answers(struct buffer *buffer, const struct json *items)
{
    const struct json *item, *answer;

    for (item = json_first(items); item != NULL && buffer->size < FACT_TEXT_BYTES_MAX;
         item = item->next) {
        struct slice text = json_get_string(item, "text");

        answer = json_first(json_get(item, "answer"));
        if (answer != NULL) {
            fhir_label_put(buffer, text.size > 0 ? text : json_get_string(item, "linkId"));
            buffer_put_string(buffer, ": ");
        }
        for (; answer != NULL; answer = answer->next) {
            put_answer(buffer, answer);
            buffer_put_string(buffer, answer->next == NULL ? ".\n" : ", ");
            put_answers(buffer, json_get(answer, "item"));
        }
        put_answers(buffer, json_get(item, "item"));
    }
}

/* The end of a canonical URL, without its version. */
static struct slice name_of_url(struct slice url)
{
    size_t at;

    url = slice_cut(url, 0, slice_find_byte(url, '|'));
    for (at = url.size; at > 0 && url.data[at - 1] != '/'; at--)
        ;
    return slice_cut(url, at, url.size);
}

const char *read_answers(struct reading *reading)
{
    static const char *const dates[] = { "authored", NULL };
    struct fact *fact = reading->fact;

    fact->kind = FACT_NOTE;
    fact->noun = SLICE("answers");
    fact->path = SLICE("QuestionnaireResponse.item");
    fact->label = read_word(reading, name_of_url(json_get_string(reading->json, "questionnaire")));
    if (fact->label.size == 0)
        fact->label = SLICE("questionnaire");
    put_answers(read_begin(reading), json_get(reading->json, "item"));
    fact->text = read_end(reading, FACT_TEXT_BYTES_MAX);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    return fact->text.size > 0 ? NULL : "no-content";
}

/* ---- documents of sections ---- */

static void put_sections(struct buffer *buffer, const struct json *sections)
{
    const struct json *section;

    for (section = json_first(sections); section != NULL && buffer->size < FACT_TEXT_BYTES_MAX;
         section = section->next) {
        fhir_label_put(buffer, json_get_string(section, "title"));
        buffer_put_string(buffer, ".\n");
        read_clean(buffer, json_get_string(json_get(section, "text"), "div"), true);
        buffer_put_byte(buffer, '\n');
        put_sections(buffer, json_get(section, "section"));
    }
}

const char *read_composition(struct reading *reading)
{
    static const char *const dates[] = { "date", NULL };
    struct fact *fact = reading->fact;

    fact->kind = FACT_NOTE;
    fact->noun = SLICE("note");
    fact->path = SLICE("Composition.section");
    fact->label = read_name(reading, json_get(reading->json, "type"));
    if (fact->label.size == 0)
        fact->label = read_word(reading, json_get_string(reading->json, "title"));
    if (fact->label.size == 0)
        fact->label = SLICE("document");
    put_sections(read_begin(reading), json_get(reading->json, "section"));
    fact->text = read_end(reading, FACT_TEXT_BYTES_MAX);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    read_dates(reading, dates);
    return fact->text.size > 0 ? NULL : "no-content";
}

/* ---- anything ---- */

/* "NutritionOrder" is "nutrition order". */
static struct slice read_noun(struct reading *reading)
{
    struct buffer *buffer = read_begin(reading);

    for (size_t i = 0; i < reading->type.size && i < 40; i++) {
        unsigned char c = (unsigned char)reading->type.data[i];

        if (!isalpha(c))
            return SLICE("other");
        if (isupper(c) && i > 0)
            buffer_put_byte(buffer, ' ');
        buffer_put_byte(buffer, (char)tolower(c));
    }
    return read_word(reading, buffer_slice(buffer));
}

/* Members that are no statement: what they hold is told elsewhere, or of nobody. */
static bool is_told_elsewhere(struct slice key)
{
    static const char *const keys[] = {
        "resourceType", "id",      "meta", "text",      "identifier", "contained", "extension",
        "subject",      "patient", "for",  "encounter", "status",     "language",  "implicitRules",
        "basedOn",      "note"
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (slice_is(key, keys[i]))
            return true;
    return key.size > 0 && key.data[0] == '_';
}

static void put_member(struct buffer *buffer, const struct json *value, unsigned depth);

/* Members of an object that is no concept and no quantity: "product lens, eye right, sphere -2". */
static void put_parts(struct buffer *buffer, const struct json *object, unsigned depth)
{
    size_t first = buffer->size;

    for (const struct json *part = json_first(object);
         part != NULL && buffer->size < FACT_VALUE_BYTES_MAX; part = part->next) {
        size_t start = buffer->size, before;

        if (is_told_elsewhere(part->key) || slice_is(part->key, "reference"))
            continue;
        buffer_put_string(buffer, start > first ? ", " : "");
        fhir_label_put(buffer, slice_cut(part->key, 0, 40));
        buffer_put_byte(buffer, ' ');
        before = buffer->size;
        put_member(buffer, part, depth + 1);
        if (buffer->size == before)
            buffer->size = start;
    }
}

static void put_elements(struct buffer *buffer, const struct json *array, unsigned depth)
{
    unsigned count = 0;

    for (const struct json *item = json_first(array);
         item != NULL && count++ < ELEMENTS_MAX && buffer->size < FACT_VALUE_BYTES_MAX;
         item = item->next) {
        size_t start = buffer->size, before;

        buffer_put_string(buffer, count > 1 ? " and " : "");
        before = buffer->size;
        put_member(buffer, item, depth);
        if (buffer->size == before)
            buffer->size = start;
    }
}

/* What one member says: a word, a number, a concept, a quantity; of anything else its own members
 * say. */
static void put_member(struct buffer *buffer, const struct json *value, unsigned depth)
{
    struct slice text;

    if (value->kind == JSON_KIND_ARRAY)
        put_elements(buffer, value, depth);
    else if (value->kind == JSON_KIND_STRING || value->kind == JSON_KIND_NUMBER)
        fhir_label_put(buffer, slice_cut(value->text, 0, 120));
    else if (value->kind == JSON_KIND_TRUE || value->kind == JSON_KIND_FALSE)
        buffer_put_string(buffer, value->kind == JSON_KIND_TRUE ? "yes" : "no");
    else if (value->kind == JSON_KIND_OBJECT && json_get(value, "contentString") != NULL)
        fhir_label_put(buffer, slice_cut(json_get_string(value, "contentString"), 0, 160));
    else if (value->kind == JSON_KIND_OBJECT && json_get(value, "value") != NULL)
        fhir_quantity_put(buffer, value);
    else if (value->kind == JSON_KIND_OBJECT && (text = fhir_code_text(value)).size > 0)
        fhir_label_put(buffer, text);
    else if (value->kind == JSON_KIND_OBJECT && depth < PARTS_DEPTH_MAX)
        put_parts(buffer, value, depth);
}

static bool is_date(struct slice text)
{
    struct fhir_date date;

    return fhir_date_parse(text, &date);
}

/* "priority routine; medium phone": every member that says something, in its order. */
static struct slice read_members(struct reading *reading, const struct json *label)
{
    const struct json *item = json_first(reading->json);
    struct buffer *buffer = read_begin(reading);

    for (; item != NULL && buffer->size < FACT_VALUE_BYTES_MAX; item = item->next) {
        size_t start = buffer->size, before;

        if (item == label || is_told_elsewhere(item->key)
            || (item->kind == JSON_KIND_STRING && is_date(item->text)))
            continue;
        if (start > 0)
            buffer_put_string(buffer, "; ");
        fhir_label_put(buffer, slice_cut(item->key, 0, 40));
        buffer_put_byte(buffer, ' ');
        before = buffer->size;
        put_member(buffer, item, 0);
        if (buffer->size == before)
            buffer->size = start;
    }
    return read_end(reading, FACT_VALUE_BYTES_MAX);
}

/* The member that says what it is. */
static const struct json *find_label(const struct json *json)
{
    static const char *const members[] = { "code",         "codeCodeableConcept", "type",
                                           "topic",        "reasonCode",          "category",
                                           "statusReason", "description",         "title",
                                           "name" };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct json *member = json_get(json, members[i]);

        if (member != NULL)
            return member;
    }
    return NULL;
}

static struct slice read_any_label(struct reading *reading, const struct json *label)
{
    const struct json *one = label != NULL && label->kind == JSON_KIND_ARRAY ? label->first : label;

    if (one == NULL)
        return (struct slice){ NULL, 0 };
    return one->kind == JSON_KIND_STRING ? read_word(reading, one->text) : read_name(reading, one);
}

static bool speaks_of_a_patient(const struct json *json)
{
    return json_get(json, "subject") != NULL || json_get(json, "patient") != NULL
           || json_get(json, "for") != NULL || json_get(json, "individual") != NULL;
}

/* "Task.code"; "Task" where no member says what it is. */
static struct slice read_path_of(struct reading *reading, const struct json *label)
{
    struct buffer *buffer = read_begin(reading);

    buffer_put(buffer, reading->type);
    if (label != NULL) {
        buffer_put_byte(buffer, '.');
        buffer_put(buffer, label->key);
    }
    return names_text(&reading->names, buffer_slice(buffer), 80);
}

const char *read_any(struct reading *reading)
{
    static const char *const dates[] = { "occurrenceDateTime",
                                         "occurrencePeriod",
                                         "effectiveDateTime",
                                         "effectivePeriod",
                                         "performedDateTime",
                                         "performedPeriod",
                                         "sent",
                                         "executionPeriod",
                                         "authoredOn",
                                         "dateTime",
                                         "date",
                                         "issued",
                                         "created",
                                         "recorded",
                                         "recordedDate",
                                         "period",
                                         "collectedDateTime",
                                         "lastModified",
                                         NULL };
    struct fact *fact = reading->fact;
    const struct json *label = find_label(reading->json);

    if (!speaks_of_a_patient(reading->json))
        return "no-patient";
    fact->kind = FACT_OTHER;
    fact->noun = read_noun(reading);
    fact->label = read_any_label(reading, label);
    fact->path = read_path_of(reading, label);
    fact->status = read_word(reading, json_get_string(reading->json, "status"));
    fact->detail = read_members(reading, label);
    read_dates(reading, dates);
    if (fact->label.size == 0)
        fact->label = fact->noun;
    return fact->detail.size > 0 || label != NULL ? NULL : "no-content";
}
