/* The gateway's HTTP face: what is asked of which path, and who answers it. Each method's work is
 * done by the handler that gRPC's calls go to (rpc/call_local.h). Loop thread. */
#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include "base/list.h"
#include "gateway.h"
#include "gateway_api_error.h"
#include "http/http.h"
#include "rpc/call_local.h"

struct access_identity;
struct gateway_http;

/* OK and *@http NULL where no address is configured. Errors as http_server_start. */
enum status gateway_http_start(struct gateway *gateway, struct gateway_http **http,
                               struct error *err);

/* No new requests; running ones finish within @grace_ms. */
void gateway_http_drain(struct gateway_http *http, uint32_t grace_ms);

/* @stopped is called, later or now, when nothing is left of it. */
void gateway_http_stop(struct gateway_http *http, void (*stopped)(struct gateway *gateway));

void gateway_http_destroy(struct gateway_http *http);

/* ---- for the files of the face ---- */

struct gateway *gateway_of(const struct http_exchange *exchange);

/* A call of the method @method with @options.next, on_message, on_end, arg and request; the rest of
 * @options is filled from @exchange. NULL, and @api says why: too many at once. Each needs a
 * gateway_http_ended. */
struct call *gateway_http_call(struct http_exchange *exchange, const struct method *method,
                               struct call_local_options *options, struct api_error *api);
void gateway_http_ended(const struct gateway *gateway);
void gateway_http_put_ended(const struct gateway *gateway); /* the same for PutRecord */

/* Refuse, in the form that the path has. The exchange is over. */
void gateway_http_fail(struct http_exchange *exchange, const struct api_error *api);

/* Answer with JSON; @body that did not fit is a 500. */
void gateway_http_reply(struct http_exchange *exchange, unsigned code, const struct buffer *body);

/* Who makes the request; NULL where nobody is asked. UNAUTHENTICATED where the access file has
 * changed meanwhile. */
enum status gateway_http_identity(struct http_exchange *exchange,
                                  const struct access_identity **identity, struct error *err);

/* The tenant that the request is for: x-consilium-tenant, or "". In the exchange's arena. */
const char *gateway_http_tenant(struct http_exchange *exchange);

/* Whether @name is a name of the model that serves, or one and ":ADAPTER" of an adapter of it. Then
 * @adapter is the latter's name, inside of @name, or ""; NULL: nobody asks. */
bool gateway_http_has_model(const struct gateway *gateway, const char *name, const char **adapter);

/* Streams that are under way; each is told of when nothing else was to be sent for a while. */
struct http_stream {
    struct list in_streams;
    struct http_exchange *exchange;
    bool has_sent; /* since the last beat: the owner sets it */
    uint64_t since_ns;
    void (*due)(struct http_stream *stream);
};

/* An answer that could begin, but may be refused at once (a full queue says so): @due is called a
 * tenth of a second later, unless gateway_http_stream_close comes first. */
void gateway_http_stream_wait(struct http_stream *stream, struct http_exchange *exchange,
                              void (*due)(struct http_stream *stream));

void gateway_http_stream_open(struct http_stream *stream, struct http_exchange *exchange);
void gateway_http_stream_close(struct http_stream *stream);

/* gateway_chat_http.c; @deployment: the model that the path names, or {NULL, 0} */
void chat_http_start(struct http_exchange *exchange, struct slice deployment);
/* gateway_responses_http.c */
void responses_http_start(struct http_exchange *exchange, struct slice rest);
/* gateway_embed_http.c; @deployment as above */
void embed_http_start(struct http_exchange *exchange, struct slice deployment);
/* gateway_fhir_http.c */
void fhir_http_put(struct http_exchange *exchange, struct slice rest);
void fhir_http_pull(struct http_exchange *exchange, struct slice patient);
void fhir_http_forget(struct http_exchange *exchange, struct slice patient);
void fhir_http_metadata(struct http_exchange *exchange, struct slice rest);
/* gateway_everything_http.c */
void everything_http_get(struct http_exchange *exchange, struct slice patient);
/* gateway_timeline_http.c */
void timeline_http_get(struct http_exchange *exchange, struct slice patient);
/* gateway_models_http.c */
void models_http_list(struct http_exchange *exchange, struct slice rest);
void models_http_get(struct http_exchange *exchange, struct slice id);
void models_http_info(struct http_exchange *exchange, struct slice rest);

#endif
