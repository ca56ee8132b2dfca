#include "gateway_everything_write.h"

#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "fhir/fhir_date.h"

#define ID_BYTES_MAX 64

/* How a type says what a fact knows. What a type must have and a fact does not say is "unknown" in
 * the type's own words, or absent with FHIR's extension for that. */
struct form {
    const char *type;
    const char *subject; /* member that names the patient; NULL: none */
    const char *label;  /* member for what it is, a CodeableConcept; NULL: in the narrative alone */
    bool is_list;       /* of such */
    const char *date;   /* member; NULL: none */
    bool is_dated;      /* it must have one */
    const char *status; /* member; NULL: none */
    const char *unknown; /* its value where none is known; NULL: it is left out */
    const char *value;   /* member for what is said of it, a string; NULL: in the narrative alone */
    const char *more;    /* what it must have besides, with a comma before it; NULL: nothing */
};

/* clang-format off */
static const struct form forms[] = {
    { "Condition", "subject", "code", false, "onsetDateTime", false, NULL, NULL, NULL, NULL },
    { "MedicationRequest", "subject", "medicationCodeableConcept", false, "authoredOn", false, "status", "unknown", NULL, ",\"intent\":\"order\"" },
    { "MedicationStatement", "subject", "medicationCodeableConcept", false, "effectiveDateTime", false, "status", "unknown", NULL, NULL },
    { "MedicationAdministration", "subject", "medicationCodeableConcept", false, "effectiveDateTime", true, "status", "unknown", NULL, NULL },
    { "AllergyIntolerance", "patient", "code", false, "onsetDateTime", false, NULL, NULL, NULL, NULL },
    { "Observation", "subject", "code", false, "effectiveDateTime", false, "status", "unknown", "valueString", NULL },
    { "Procedure", "subject", "code", false, "performedDateTime", false, "status", "unknown", NULL, NULL },
    { "Immunization", "patient", "vaccineCode", false, "occurrenceDateTime", true, "status", "completed", NULL, NULL },
    { "Encounter", "subject", "type", true, NULL, false, "status", "unknown", NULL,
      ",\"class\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-NullFlavor\",\"code\":\"UNK\"}" },
    { "DiagnosticReport", "subject", "code", false, "effectiveDateTime", false, "status", "unknown", "conclusion", NULL },
    { "DocumentReference", "subject", "type", false, NULL, false, "status", "current", "description",
      ",\"content\":[{\"attachment\":{\"contentType\":\"text/plain\"}}]" },
    { "CarePlan", "subject", "category", true, NULL, false, "status", "unknown", "description", ",\"intent\":\"plan\"" },
    { "Goal", "subject", "description", false, "startDate", false, "lifecycleStatus", "active", NULL, NULL },
    { "Device", "patient", "type", false, NULL, false, NULL, NULL, NULL, NULL },
    { "ImagingStudy", "subject", NULL, false, "started", false, "status", "unknown", "description", NULL },
    { "Patient", NULL, NULL, false, NULL, false, NULL, NULL, NULL, NULL },
};
/* clang-format on */

/* Whatever else a fact came from. */
static const struct form basic = { "Basic", "subject", "code", false, NULL,
                                   false,   NULL,      NULL,   NULL,  NULL };

static const struct form *find_form(struct slice type)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (slice_is(type, forms[i].type))
            return &forms[i];
    return &basic;
}

static bool is_id(struct slice id)
{
    for (size_t i = 0; i < id.size; i++) {
        char c = id.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')
            && c != '-' && c != '.')
            return false;
    }
    return id.size > 0 && id.size <= ID_BYTES_MAX;
}

static void put_member(struct buffer *out, const char *name, const char *value)
{
    buffer_format(out, ",\"%s\":", name);
    buffer_put_json(out, slice_from(value));
}

static void put_concept(struct buffer *out, const struct form *form, const char *label)
{
    buffer_format(out, form->is_list ? ",\"%s\":[{\"text\":" : ",\"%s\":{\"text\":", form->label);
    buffer_put_json(out, slice_from(label[0] == '\0' ? "unknown" : label));
    buffer_put_string(out, form->is_list ? "}]" : "}");
}

/* Text inside of XHTML inside of a string of JSON. */
static void put_xhtml(struct buffer *out, const char *text, struct arena *arena)
{
    struct buffer escaped, quoted;

    buffer_init(&escaped, arena);
    buffer_init(&quoted, arena);
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buffer_put_string(&escaped, "&lt;");
        else if (*text == '&')
            buffer_put_string(&escaped, "&amp;");
        else if (*text == '>')
            buffer_put_string(&escaped, "&gt;");
        else
            buffer_put_byte(&escaped, (unsigned char)*text < ' ' ? ' ' : *text);
    }
    buffer_put_json(&quoted, escaped.size == 0 ? SLICE("") : buffer_slice(&escaped));
    out->is_full |= escaped.is_full || quoted.is_full;
    buffer_put_string(out, "<p>");
    if (!quoted.is_full) /* without its own quotation marks */
        buffer_put(out, slice_cut(buffer_slice(&quoted), 1, quoted.size - 1));
    buffer_put_string(out, "</p>");
}

/* The facts of one resource, each by its place in the page. */
struct chain {
    uint32_t *head, *next; /* of each fact: the first and the next of the same resource */
};

#define NONE UINT32_MAX

static void put_narrative(struct buffer *out, Consilium__V1__Fact *const *facts, uint32_t first,
                          const struct chain *chain, struct arena *arena)
{
    buffer_put_string(out, ",\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns="
                           "\\\"http://www.w3.org/1999/xhtml\\\">");
    for (uint32_t i = first; i != NONE; i = chain->next[i])
        put_xhtml(out, facts[i]->text, arena);
    buffer_put_string(out, "</div>\"}");
}

static void put_date(struct buffer *out, const struct form *form, const char *date)
{
    if (date[0] != '\0')
        put_member(out, form->date, date);
    else if (form->is_dated)
        buffer_format(out,
                      ",\"_%s\":{\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/"
                      "data-absent-reason\",\"valueCode\":\"unknown\"}]}",
                      form->date);
}

/* Conditions and allergies have their status as a code of a system of its own. */
static void put_clinical_status(struct buffer *out, const struct form *form, const char *status)
{
    const char *system = strcmp(form->type, "Condition") == 0 ? "condition-clinical"
                         : strcmp(form->type, "AllergyIntolerance") == 0
                             ? "allergyintolerance-clinical"
                             : NULL;

    if (system == NULL || status[0] == '\0')
        return;
    buffer_format(out,
                  ",\"clinicalStatus\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/"
                  "CodeSystem/%s\",\"code\":",
                  system);
    buffer_put_json(out, slice_from(status));
    buffer_put_string(out, "}]}");
}

static void put_subject(struct buffer *out, const struct form *form, const char *patient)
{
    if (form->subject == NULL)
        return;
    buffer_format(out, ",\"%s\":{", form->subject);
    if (patient == NULL)
        buffer_put_string(out, "\"display\":\"the patient\"");
    else {
        buffer_put_string(out, "\"reference\":");
        buffer_put_json(out, slice_from(patient));
    }
    buffer_put_byte(out, '}');
}

static bool is_gender(struct slice word)
{
    return slice_is(word, "female") || slice_is(word, "male") || slice_is(word, "other")
           || slice_is(word, "unknown");
}

static bool is_date(struct slice text)
{
    struct fhir_date date;

    return text.size > 0 && fhir_date_parse(text, &date);
}

/* What the fact of a Patient says, "female, born 1958-02-24, died 2020-03-01", as members. */
static void put_person(struct buffer *out, const char *value)
{
    struct slice left = slice_from(value), part, date;

    while (left.size > 0) {
        size_t end = slice_find_byte(left, ',');

        part = slice_trim(slice_cut(left, 0, end));
        left = slice_cut(left, end + 1, left.size);
        date = slice_trim(slice_cut(part, slice_find_byte(part, ' '), part.size));
        if (is_gender(part))
            buffer_format(out, ",\"gender\":\"%.*s\"", SLICE_FORMAT(part));
        else if (slice_starts_with(part, SLICE("born ")) && is_date(date))
            buffer_format(out, ",\"birthDate\":\"%.*s\"", SLICE_FORMAT(slice_cut(date, 0, 10)));
        else if (slice_starts_with(part, SLICE("died ")) && is_date(date))
            buffer_format(out, ",\"deceasedDateTime\":\"%.*s\"", SLICE_FORMAT(date));
        else if (slice_is(part, "deceased"))
            buffer_put_string(out, ",\"deceasedBoolean\":true");
    }
}

static void put_resource(struct buffer *out, const struct form *form, struct slice id,
                         Consilium__V1__Fact *const *facts, uint32_t first,
                         const struct chain *chain, const char *patient, struct arena *arena)
{
    const Consilium__V1__Fact *fact = facts[first];

    buffer_format(out, "{\"resourceType\":\"%s\"", form->type);
    if (is_id(id))
        buffer_format(out, ",\"id\":\"%.*s\"", SLICE_FORMAT(id));
    buffer_put_string(out, ",\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/"
                           "CodeSystem/v3-ObservationValue\",\"code\":\"REDACTED\"}],\"tag\":[{"
                           "\"system\":\"http://terminology.hl7.org/CodeSystem/"
                           "v3-ObservationValue\",\"code\":\"SUBSETTED\"}]}");
    put_narrative(out, facts, first, chain, arena);
    put_clinical_status(out, form, fact->status);
    if (form->status != NULL && (fact->status[0] != '\0' || form->unknown != NULL))
        put_member(out, form->status, fact->status[0] != '\0' ? fact->status : form->unknown);
    if (form->label != NULL)
        put_concept(out, form, fact->label);
    put_subject(out, form, patient);
    if (form->date != NULL)
        put_date(out, form, fact->date);
    if (form->value != NULL && fact->value[0] != '\0')
        put_member(out, form->value, fact->value);
    if (form->subject == NULL && form != &basic)
        put_person(out, fact->label);
    if (form->more != NULL)
        buffer_put_string(out, form->more);
    buffer_put_byte(out, '}');
}

static void put_entry(struct buffer *out, const char *base, Consilium__V1__Fact *const *facts,
                      uint32_t first, const struct chain *chain, const char *patient,
                      struct arena *arena)
{
    struct slice reference = slice_from(facts[first]->reference);
    size_t slash = slice_find_byte(reference, '/');
    struct slice id = slice_cut(reference, slash + 1, reference.size);
    const struct form *form = find_form(slice_cut(reference, 0, slash));

    buffer_put_byte(out, '{');
    if (is_id(id)) {
        buffer_put_string(out, "\"fullUrl\":");
        buffer_put_json(out, slice_from(base));
        out->size--; /* the quotation mark; the id needs no escapes */
        buffer_format(out, "/%s/%.*s\",", form->type, SLICE_FORMAT(id));
    }
    buffer_put_string(out, "\"resource\":");
    put_resource(out, form, id, facts, first, chain, patient, arena);
    buffer_put_string(out, ",\"search\":{\"mode\":\"match\"}}");
}

/* Chain the facts of the same resource: an open table of the first of each. */
static bool make_chain(struct chain *chain, Consilium__V1__Fact *const *facts, size_t count,
                       struct arena *arena)
{
    size_t slots = 16, at;
    uint32_t *table, *last;

    while (slots < 2 * count)
        slots *= 2;
    table = ARENA_ARRAY(arena, uint32_t, slots);
    last = ARENA_ARRAY(arena, uint32_t, count + 1);
    chain->head = ARENA_ARRAY(arena, uint32_t, count + 1);
    chain->next = ARENA_ARRAY(arena, uint32_t, count + 1);
    if (table == NULL || last == NULL || chain->head == NULL || chain->next == NULL)
        return false;
    memset(table, 0xff, slots * sizeof(*table));
    for (uint32_t i = 0; i < count; i++) {
        struct slice reference = slice_from(facts[i]->reference);

        at = hash_bytes(reference, 0) & (slots - 1);
        while (table[at] != NONE && strcmp(facts[table[at]]->reference, reference.data) != 0)
            at = (at + 1) & (slots - 1);
        chain->next[i] = NONE;
        if (table[at] == NONE)
            table[at] = i;
        else
            chain->next[last[table[at]]] = i;
        chain->head[i] = table[at];
        last[table[at]] = i;
    }
    return true;
}

static const char *find_patient(Consilium__V1__Fact *const *facts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_starts_with(slice_from(facts[i]->reference), SLICE("Patient/")))
            return facts[i]->reference;
    return NULL;
}

bool everything_put_entries(struct buffer *out, const char *base, Consilium__V1__Fact *const *facts,
                            size_t count, struct arena *arena)
{
    const char *patient = find_patient(facts, count);
    struct chain chain;
    bool is_first = true;

    if (!make_chain(&chain, facts, count, arena))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (chain.head[i] != i)
            continue;
        if (!is_first)
            buffer_put_byte(out, ',');
        put_entry(out, base, facts, i, &chain, patient, arena);
        is_first = false;
    }
    return true;
}
