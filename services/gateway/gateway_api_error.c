#include "gateway_api_error.h"

#include <stdarg.h>
#include <stdio.h>

#define RETRY_S 1

/* Statuses that the SDKs map to classes of their own; those from 500 on, and 429, they try again.
 */
static const struct {
    unsigned http;
    const char *type, *code, *issue;
} forms[STATUS_COUNT] = {
    [STATUS_CANCELLED] = { 499, "server_error", "cancelled", "incomplete" },
    [STATUS_UNKNOWN] = { 500, "server_error", "internal_error", "exception" },
    [STATUS_INVALID_ARGUMENT] = { 400, "invalid_request_error", "invalid_value", "invalid" },
    [STATUS_DEADLINE_EXCEEDED] = { 504, "server_error", "timeout", "timeout" },
    [STATUS_NOT_FOUND] = { 404, "invalid_request_error", "not_found", "not-found" },
    [STATUS_ALREADY_EXISTS] = { 409, "invalid_request_error", "conflict", "conflict" },
    [STATUS_PERMISSION_DENIED] = { 403, "permission_error", "forbidden", "forbidden" },
    [STATUS_RESOURCE_EXHAUSTED] = { 429, "rate_limit_error", "rate_limit_exceeded", "throttled" },
    [STATUS_FAILED_PRECONDITION] = { 400, "invalid_request_error", "OperationNotSupported",
                                     "not-supported" },
    [STATUS_ABORTED] = { 409, "invalid_request_error", "conflict", "conflict" },
    [STATUS_OUT_OF_RANGE] = { 400, "invalid_request_error", "invalid_value", "invalid" },
    [STATUS_UNIMPLEMENTED] = { 501, "invalid_request_error", "OperationNotSupported",
                               "not-supported" },
    [STATUS_INTERNAL] = { 500, "server_error", "internal_error", "exception" },
    [STATUS_UNAVAILABLE] = { 503, "server_error", "service_unavailable", "transient" },
    [STATUS_DATA_LOSS] = { 500, "server_error", "internal_error", "exception" },
    [STATUS_UNAUTHENTICATED] = { 401, "authentication_error", "invalid_api_key", "login" },
};

void api_error_from(struct api_error *api, const struct error *err)
{
    *api = (struct api_error){
        .http = forms[err->status].http,
        .type = forms[err->status].type,
        .code = forms[err->status].code,
    };
    snprintf(api->text, sizeof(api->text), "%s", err->text);
    if (api->http == 429 || api->http == 503)
        api->retry_s = RETRY_S;
}

bool api_error_request(struct api_error *api, const char *param, const char *format, ...)
{
    va_list args;

    *api = (struct api_error){
        .http = 400, .type = "invalid_request_error", .code = "invalid_value", .param = param
    };
    va_start(args, format);
    vsnprintf(api->text, sizeof(api->text), format, args);
    va_end(args);
    return false;
}

static void put_or_null(struct buffer *out, const char *name, const char *value)
{
    buffer_format(out, ",\"%s\":", name);
    if (value == NULL)
        buffer_put_string(out, "null");
    else
        buffer_put_json(out, slice_from(value));
}

void api_error_format(const struct api_error *api, struct buffer *out)
{
    buffer_put_string(out, "{\"error\":{\"message\":");
    buffer_put_json(out, slice_from(api->text));
    put_or_null(out, "type", api->type);
    put_or_null(out, "param", api->param);
    put_or_null(out, "code", api->code);
    buffer_put_string(out, "}}");
}

enum status api_error_status(const struct api_error *api)
{
    unsigned i;

    if (api->http == 413)
        return STATUS_RESOURCE_EXHAUSTED;
    for (i = 0; i < STATUS_COUNT; i++)
        if (forms[i].http == api->http && i != STATUS_UNKNOWN)
            return (enum status)i;
    return api->http < 500 ? STATUS_INVALID_ARGUMENT : STATUS_INTERNAL;
}

/* FHIR's own word for what happened (http://hl7.org/fhir/issue-type). */
static const char *issue_of(const struct api_error *api)
{
    unsigned i;

    for (i = 0; i < STATUS_COUNT; i++)
        if (forms[i].http == api->http)
            return forms[i].issue;
    return api->http < 500 ? "invalid" : "exception";
}

void api_error_format_fhir(const struct api_error *api, struct buffer *out)
{
    buffer_put_string(out,
                      "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
                      "\"code\":");
    buffer_put_json(out, slice_from(issue_of(api)));
    buffer_put_string(out, ",\"diagnostics\":");
    buffer_put_json(out, slice_from(api->text));
    if (api->param != NULL) {
        buffer_put_string(out, ",\"expression\":[");
        buffer_put_json(out, slice_from(api->param));
        buffer_put_byte(out, ']');
    }
    buffer_put_string(out, "}]}");
}
