/* The FHIR door: POST or PUT /fhir/Bundle, POST /fhir/Patient/{id}/$pull, DELETE
 * /fhir/Patient/{id}, GET /fhir/metadata. What goes wrong is an OperationOutcome
 * (gateway_http_fail). Loop thread.
 *
 * A record is put for the patient that the query or x-consilium-patient names, else for the one
 * Patient that the bundle holds, by its id. */
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "fhir/json.h"
#include "gateway_http.h"
#include "run/clock.h"

#define FHIR_JSON "application/fhir+json"

struct fhir_put {
    struct http_exchange *exchange;
    struct call *call;
    struct slice left; /* of the bundle */
    const char *patient;
    Consilium__V1__PutRecordRequest chunk;
    struct buffer reply;
    bool is_told; /* of a pull: its one message */
};

static void refuse(struct http_exchange *exchange, unsigned code, const char *param,
                   const char *text)
{
    struct api_error api;

    api_error_request(&api, param, "%s", text);
    api.http = code;
    gateway_http_fail(exchange, &api);
}

static void fail(struct http_exchange *exchange, const struct error *err)
{
    struct api_error api;

    api_error_from(&api, err);
    gateway_http_fail(exchange, &api);
}

static void reply_fhir(struct http_exchange *exchange, unsigned code, const struct buffer *body)
{
    if (body->is_full)
        http_abort(exchange);
    else
        http_reply(exchange, code, FHIR_JSON, buffer_slice(body));
}

/* ---- whose record it is ---- */

struct finding {
    struct arena *arena;
    const char *id; /* NULL: none yet */
    unsigned patients;
};

static enum status on_entry(void *arg, const struct json *entry, struct slice bytes,
                            struct error *err)
{
    const struct json *resource = json_get(entry, "resource");
    struct finding *finding = arg;

    (void)bytes;
    if (!slice_is(json_get_string(resource, "resourceType"), "Patient"))
        return STATUS_OK;
    finding->patients++;
    finding->id = arena_string(finding->arena, json_get_string(resource, "id"));
    return finding->id != NULL ? STATUS_OK
                               : error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for an id");
}

static enum status find_patient(struct http_exchange *exchange, const char **patient,
                                struct error *err)
{
    struct finding finding = { .arena = &exchange->arena };
    struct json *root;
    struct arena arena;
    enum status status;

    arena_init(&arena, 4 * RECORD_BYTES_MAX);
    status = json_parse_each(exchange->body, "entry", on_entry, &finding, &arena, &root, err);
    if (status == STATUS_OK && !slice_is(json_get_string(root, "resourceType"), "Bundle"))
        status = error_set(err, STATUS_INVALID_ARGUMENT, "the body is not a FHIR Bundle");
    arena_close(&arena);
    if (status != STATUS_OK)
        return status;
    if (finding.patients != 1 || finding.id[0] == '\0')
        return error_set(
            err, STATUS_INVALID_ARGUMENT,
            "%u Patients with an id are in the bundle: name the patient with ?patient=",
            finding.patients);
    *patient = finding.id;
    return STATUS_OK;
}

static enum status name_patient(struct http_exchange *exchange, const char **patient,
                                struct error *err)
{
    struct slice named = http_query(exchange, "patient");

    if (named.size == 0)
        named = http_find(exchange, "x-consilium-patient");
    if (named.size == 0)
        return find_patient(exchange, patient, err);
    *patient = arena_string(&exchange->arena, named);
    return *patient != NULL ? STATUS_OK
                            : error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for an id");
}

/* ---- put ---- */

static const void *next_chunk(void *arg)
{
    struct fhir_put *put = arg;
    struct slice piece = slice_cut(put->left, 0, RECORD_CHUNK_BYTES);

    if (piece.size == 0)
        return NULL;
    put->left = slice_cut(put->left, piece.size, put->left.size);
    put->chunk.chunk = (ProtobufCBinaryData){ piece.size, (uint8_t *)piece.data };
    return &put->chunk;
}

static void put_count(struct buffer *out, const char *name, uint32_t count)
{
    buffer_format(out, ",{\"name\":\"%s\",\"valueInteger\":%u}", name, count);
}

static void put_part(struct buffer *out, const char *name, const char *kind, const char *what,
                     uint32_t count)
{
    buffer_format(out, ",{\"name\":\"%s\",\"part\":[{\"name\":\"%s\",\"valueString\":", name, kind);
    buffer_put_json(out, slice_from(what));
    buffer_format(out, "},{\"name\":\"count\",\"valueInteger\":%u}]}", count);
}

static const char *class_name(Consilium__V1__IdentifierClass class)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
        &consilium__v1__identifier_class__descriptor, (int)class);

    return value == NULL ? "OTHER" : value->name + strlen("IDENTIFIER_CLASS_");
}

/* The reply of PutRecord as a Parameters resource. */
static bool on_reply(void *arg, const void *message)
{
    const Consilium__V1__PutRecordReply *reply = message;
    struct fhir_put *put = arg;
    struct buffer *out = &put->reply;
    size_t i;

    buffer_put_string(
        out,
        "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"patient\",\"valueString\":");
    buffer_put_json(out, slice_from(put->patient));
    buffer_put_byte(out, '}');
    put_count(out, "resources", reply->resources);
    put_count(out, "resourcesAsFacts", reply->resources_as_facts);
    put_count(out, "facts", reply->facts);
    buffer_format(out, ",{\"name\":\"durable\",\"valueBoolean\":%s}",
                  reply->durable ? "true" : "false");
    for (i = 0; i < reply->n_not_facts; i++)
        put_part(out, "notFacts", "reason", reply->not_facts[i]->reason,
                 reply->not_facts[i]->count);
    for (i = 0; i < reply->n_redacted; i++)
        put_part(out, "redacted", "class", class_name(reply->redacted[i]->class_),
                 reply->redacted[i]->count);
    buffer_put_string(out, "]}");
    return true;
}

static void on_end(void *arg, const struct error *err)
{
    struct fhir_put *put = arg;

    gateway_http_put_ended(gateway_of(put->exchange));
    if (err->status == STATUS_OK)
        reply_fhir(put->exchange, 200, &put->reply);
    else
        fail(put->exchange, err);
}

static void on_gone(struct http_exchange *exchange)
{
    struct fhir_put *put = exchange->state;

    call_local_cancel(put->call);
}

static bool is_json(struct http_exchange *exchange)
{
    struct slice type = http_find(exchange, "content-type");
    size_t end = slice_find_byte(type, ';');

    type = slice_trim(slice_cut(type, 0, end));
    return type.size == 0 || slice_equal_fold(type, SLICE(FHIR_JSON))
           || slice_equal_fold(type, SLICE("application/json"))
           || slice_equal_fold(type, SLICE("application/x-www-form-urlencoded")); /* curl's own */
}

/* The one message of a pull names the patient twice: to us, and to the hospital's server. */
static const void *next_pull(void *arg)
{
    struct fhir_put *put = arg;

    if (put->is_told)
        return NULL;
    put->is_told = true;
    return &put->chunk;
}

/* Begin PutRecord for put->patient: of the body, or of what the hospital's server has of @pull. */
static void begin_put(struct fhir_put *put, struct http_exchange *exchange, const char *pull)
{
    struct call_local_options options = { .next = pull == NULL ? next_chunk : next_pull,
                                          .on_message = on_reply,
                                          .on_end = on_end,
                                          .arg = put };
    struct api_error api;

    put->exchange = exchange;
    put->left = exchange->body;
    buffer_init(&put->reply, &exchange->arena);
    consilium__v1__put_record_request__init(&put->chunk);
    put->chunk.tenant = (char *)gateway_http_tenant(exchange);
    put->chunk.patient = (char *)put->patient;
    if (pull != NULL)
        put->chunk.pull = (char *)pull;
    exchange->state = put;
    put->call = gateway_http_call(exchange, &method_gateway_put_record, &options, &api);
    if (put->call == NULL)
        gateway_http_fail(exchange, &api);
    else
        http_on_gone(exchange, on_gone);
}

void fhir_http_put(struct http_exchange *exchange, struct slice rest)
{
    struct fhir_put *put = ARENA_NEW(&exchange->arena, struct fhir_put);
    struct error err = { 0 };

    (void)rest;
    if (!is_json(exchange)) {
        refuse(exchange, 415, NULL, "bundles are taken as application/fhir+json");
        return;
    }
    if (put == NULL)
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no memory for another record");
    if (put == NULL || name_patient(exchange, &put->patient, &err) != STATUS_OK)
        fail(exchange, &err);
    else
        begin_put(put, exchange, NULL);
}

void fhir_http_pull(struct http_exchange *exchange, struct slice patient)
{
    struct fhir_put *put = ARENA_NEW(&exchange->arena, struct fhir_put);
    struct slice named = http_query(exchange, "patient");

    if (put != NULL)
        put->patient = named.size > 0 ? arena_string(&exchange->arena, named) : patient.data;
    if (put == NULL || put->patient == NULL)
        http_abort(exchange);
    else
        begin_put(put, exchange, patient.data);
}

/* ---- forget ---- */

struct fhir_forget {
    struct http_exchange *exchange;
    Consilium__V1__ForgetRequest request;
    bool existed;
};

static bool on_forgotten(void *arg, const void *message)
{
    ((struct fhir_forget *)arg)->existed = ((const Consilium__V1__ForgetReply *)message)->existed;
    return true;
}

static void on_forget_end(void *arg, const struct error *err)
{
    struct fhir_forget *forget = arg;

    gateway_http_ended(gateway_of(forget->exchange));
    if (err->status != STATUS_OK)
        fail(forget->exchange, err);
    else if (!forget->existed)
        refuse(forget->exchange, 404, NULL, "no record of this patient");
    else
        http_reply(forget->exchange, 204, NULL, SLICE(""));
}

void fhir_http_forget(struct http_exchange *exchange, struct slice patient)
{
    struct fhir_forget *forget = ARENA_NEW(&exchange->arena, struct fhir_forget);
    struct call_local_options options = { .request = forget == NULL ? NULL : &forget->request,
                                          .on_message = on_forgotten,
                                          .on_end = on_forget_end,
                                          .arg = forget };
    struct api_error api;

    if (forget == NULL) {
        http_abort(exchange);
        return;
    }
    forget->exchange = exchange;
    consilium__v1__forget_request__init(&forget->request);
    forget->request.tenant = (char *)gateway_http_tenant(exchange);
    forget->request.patient = (char *)patient.data;
    if (gateway_http_call(exchange, &method_gateway_forget, &options, &api) == NULL)
        gateway_http_fail(exchange, &api);
}

/* ---- metadata ---- */

void fhir_http_metadata(struct http_exchange *exchange, struct slice rest)
{
    char date[40];
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct buffer out;
    struct tm utc;

    (void)rest;
    gmtime_r(&now, &utc);
    strftime(date, sizeof(date), "%Y-%m-%d", &utc);
    buffer_init(&out, &exchange->arena);
    buffer_format(
        &out,
        "{\"resourceType\":\"CapabilityStatement\",\"status\":\"active\",\"date\":\"%s\","
        "\"kind\":\"instance\",\"software\":{\"name\":\"Consilium\",\"version\":\"%s\"},"
        "\"implementation\":{\"description\":\"Records to be asked about; what is put is "
        "de-identified and kept\"},\"fhirVersion\":\"4.0.1\","
        "\"format\":[\"application/fhir+json\"],\"rest\":[{\"mode\":\"server\","
        "\"resource\":[{\"type\":\"Bundle\",\"interaction\":[{\"code\":\"create\"},"
        "{\"code\":\"update\"}],\"searchParam\":[{\"name\":\"patient\",\"type\":\"string\","
        "\"documentation\":\"whose record the bundle adds to\"}]},"
        "{\"type\":\"Patient\",\"interaction\":[{\"code\":\"delete\"}],\"operation\":[{"
        "\"name\":\"everything\",\"definition\":"
        "\"http://hl7.org/fhir/OperationDefinition/Patient-everything\"}]}]}]}",
        date, CONSILIUM_VERSION);
    reply_fhir(exchange, 200, &out);
}
