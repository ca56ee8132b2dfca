/* An error as the HTTP faces tell it: OpenAI's and Azure's form for the API, OperationOutcome for
 * FHIR. */
#ifndef GATEWAY_API_ERROR_H
#define GATEWAY_API_ERROR_H

#include "base/buffer.h"
#include "base/error.h"

struct api_error {
    unsigned http;     /* status */
    const char *type;  /* "invalid_request_error" */
    const char *code;  /* "model_not_found"; NULL: none */
    const char *param; /* the member of the request; NULL: none */
    char text[256];
    unsigned retry_s; /* worth trying again after so long; 0: it is not */
};

/* What @err means to who asked by HTTP. */
void api_error_from(struct api_error *api, const struct error *err);

/* A request that cannot be taken: 400, with the member that is wrong. False, for the caller to
 * return. */
__attribute__((format(printf, 3, 4))) bool
api_error_request(struct api_error *api, const char *param, const char *format, ...);

/* The status that it says, for a face that tells statuses. */
enum status api_error_status(const struct api_error *api);

/* {"error":{…}} */
void api_error_format(const struct api_error *api, struct buffer *out);

/* An OperationOutcome. */
void api_error_format_fhir(const struct api_error *api, struct buffer *out);

#endif
