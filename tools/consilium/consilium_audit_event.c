#include "consilium_audit_event.h"

#include "base/error.h"

#define DCM "http://dicom.nema.org/resources/ontology/DCM"
#define ENTITY_TYPE "http://terminology.hl7.org/CodeSystem/audit-entity-type"
#define OBJECT_ROLE "http://terminology.hl7.org/CodeSystem/object-role"

struct coding {
    const char *code, *display;
};

/* What the log calls an action, and what FHIR does. */
static const struct {
    const char *name;
    struct coding type, subtype; /* subtype.code NULL: none */
    const char *action;          /* C, R, U, D, E */
} actions[] = {
    { "start", { "110100", "Application Activity" }, { "110120", "Application Start" }, "E" },
    { "stop", { "110100", "Application Activity" }, { "110121", "Application Stop" }, "E" },
    { "recover", { "110101", "Audit Log Used" }, { NULL, NULL }, "U" },
    { "configure",
      { "110100", "Application Activity" },
      { "110131", "Software Configuration" },
      "U" },
    { "put", { "110107", "Import" }, { NULL, NULL }, "C" },
    { "ask", { "110112", "Query" }, { NULL, NULL }, "E" },
    { "answer", { "110106", "Export" }, { NULL, NULL }, "R" },
    { "read", { "110110", "Patient Record" }, { NULL, NULL }, "R" },
    { "forget", { "110110", "Patient Record" }, { NULL, NULL }, "D" },
    { "embed", { "110112", "Query" }, { NULL, NULL }, "E" },
    { "refuse", { "110113", "Security Alert" }, { NULL, NULL }, "E" },
};

static void put_coding(struct buffer *out, const char *key, const char *system,
                       struct coding coding)
{
    buffer_format(out, "\"%s\":{\"system\":\"%s\",\"code\":\"%s\",\"display\":\"%s\"}", key, system,
                  coding.code, coding.display);
}

/* https://hl7.org/fhir/R4/valueset-audit-event-outcome.html: 4 is the caller's doing, 8 ours. */
static const char *outcome_code(struct slice outcome)
{
    static const enum status callers[] = {
        STATUS_CANCELLED,           STATUS_INVALID_ARGUMENT,  STATUS_NOT_FOUND,
        STATUS_ALREADY_EXISTS,      STATUS_PERMISSION_DENIED, STATUS_RESOURCE_EXHAUSTED,
        STATUS_FAILED_PRECONDITION, STATUS_OUT_OF_RANGE,      STATUS_UNAUTHENTICATED,
        STATUS_DEADLINE_EXCEEDED,
    };

    if (slice_is(outcome, "OK"))
        return "0";
    for (size_t i = 0; i < sizeof(callers) / sizeof(callers[0]); i++)
        if (slice_is(outcome, status_name(callers[i])))
            return "4";
    return "8";
}

static void put_agent(struct buffer *out, const struct json *record)
{
    struct slice caller = json_get_string(record, "caller");

    buffer_put_string(out, ",\"agent\":[{\"who\":{");
    if (caller.size > 0) {
        buffer_put_string(out, "\"identifier\":{\"value\":");
        buffer_put_json(out, caller);
        buffer_put_string(out, "}");
    } else {
        buffer_put_string(out, "\"display\":\"not named\"");
    }
    buffer_put_string(out, "},\"requestor\":true}]");
}

/* What follows @first is parted by commas. */
static void begin_entity(struct buffer *out, bool *first)
{
    buffer_put_string(out, *first ? ",\"entity\":[{" : ",{");
    *first = false;
}

static void put_identifier(struct buffer *out, const char *system, struct slice value)
{
    buffer_format(out, "\"what\":{\"identifier\":{\"system\":\"%s\",\"value\":", system);
    buffer_put_json(out, value);
    buffer_put_string(out, "}}");
}

static void put_patient(struct buffer *out, const struct json *record, bool *first)
{
    struct slice patient = json_get_string(record, "patient");
    struct slice tenant = json_get_string(record, "tenant");

    if (patient.size == 0)
        return;
    begin_entity(out, first);
    buffer_put_string(
        out, "\"what\":{\"identifier\":{\"system\":\"urn:consilium:pseudonym\",\"value\":");
    buffer_put_json(out, patient);
    buffer_put_string(out, ",\"assigner\":{\"display\":");
    buffer_put_json(out, tenant);
    buffer_put_string(out, "}}},");
    put_coding(out, "type", ENTITY_TYPE, (struct coding){ "1", "Person" });
    buffer_put_byte(out, ',');
    put_coding(out, "role", OBJECT_ROLE, (struct coding){ "1", "Patient" });
    buffer_put_byte(out, '}');
}

static void put_facts(struct buffer *out, const struct json *record, bool *first)
{
    const struct json *fact;

    for (fact = json_first(json_get(record, "facts")); fact != NULL; fact = fact->next) {
        begin_entity(out, first);
        buffer_put_string(out, "\"what\":{\"reference\":");
        buffer_put_json(out, json_get_string(fact, "reference"));
        buffer_put_string(out, "},");
        put_coding(out, "type", ENTITY_TYPE, (struct coding){ "2", "System Object" });
        buffer_put_byte(out, ',');
        put_coding(out, "role", OBJECT_ROLE, (struct coding){ "4", "Domain Resource" });
        buffer_put_byte(out, '}');
    }
}

static void put_digest(struct buffer *out, const struct json *record, const char *key,
                       const char *system, const char *name, bool *first)
{
    struct slice digest = json_get_string(record, key);

    if (digest.size == 0)
        return;
    begin_entity(out, first);
    put_identifier(out, system, digest);
    buffer_put_byte(out, ',');
    put_coding(out, "type", ENTITY_TYPE, (struct coding){ "2", "System Object" });
    buffer_format(out, ",\"name\":\"%s\"}", name);
}

static size_t find_action(struct slice name)
{
    size_t i;

    for (i = 0; i + 1 < sizeof(actions) / sizeof(actions[0]) && !slice_is(name, actions[i].name);
         i++)
        continue;
    return i;
}

void audit_event_put(const struct json *record, struct buffer *out)
{
    size_t at = find_action(json_get_string(record, "action"));
    struct slice outcome = json_get_string(record, "outcome");
    bool first = true;

    buffer_put_string(out, "{\"resourceType\":\"AuditEvent\",\"id\":\"record-");
    buffer_put(out, json_get(record, "seq")->text);
    buffer_put_string(out, "\",");
    put_coding(out, "type", DCM, actions[at].type);
    if (actions[at].subtype.code != NULL) {
        buffer_put_string(out, ",\"subtype\":[");
        buffer_format(out, "{\"system\":\"%s\",\"code\":\"%s\",\"display\":\"%s\"}]", DCM,
                      actions[at].subtype.code, actions[at].subtype.display);
    }
    buffer_format(out, ",\"action\":\"%s\",\"recorded\":", actions[at].action);
    buffer_put_json(out, json_get_string(record, "time"));
    buffer_format(out, ",\"outcome\":\"%s\",\"outcomeDesc\":", outcome_code(outcome));
    buffer_put_json(out, outcome);
    put_agent(out, record);
    buffer_put_string(out, ",\"source\":{\"observer\":{\"display\":");
    buffer_put_json(out, json_get_string(record, "source"));
    buffer_put_string(out, "}}");
    put_patient(out, record, &first);
    put_facts(out, record, &first);
    put_digest(out, record, "model", "urn:consilium:model:sha256", "model", &first);
    put_digest(out, record, "adapter", "urn:consilium:adapter:sha256", "adapter", &first);
    put_digest(out, record, "question", "urn:consilium:question:digest", "question", &first);
    buffer_put_string(out, first ? "}" : "]}");
}
