/* The methods of the mesh: for each its path, kind and messages, as proto/ declares them. A server
 * registers handlers for these rows, a client calls by them; both see the same table. */
#ifndef CONTRACT_METHODS_H
#define CONTRACT_METHODS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "consilium/v1/context.pb-c.h"
#include "consilium/v1/deid.pb-c.h"
#include "consilium/v1/fact.pb-c.h"
#include "consilium/v1/gateway.pb-c.h"
#include "consilium/v1/inference.pb-c.h"
#include "consilium/v1/tokenizer.pb-c.h"

enum method_kind {
    METHOD_KIND_UNARY,
    METHOD_KIND_SERVER_STREAM, /* one request, many replies */
    METHOD_KIND_CLIENT_STREAM, /* many requests, one reply */
    METHOD_KIND_BIDI_STREAM,
};

struct method {
    const char *path; /* "/consilium.v1.Deid/Redact" */
    const char *name; /* "Deid.Redact", for metrics and logs */
    enum method_kind kind;
    bool is_repeatable; /* may be retried and hedged: doing it twice is doing it once */
    const ProtobufCMessageDescriptor *request, *reply;
};

extern const struct method method_deid_redact;
extern const struct method method_deid_inspect;
extern const struct method method_deid_restore;
extern const struct method method_deid_redact_stream;

extern const struct method method_context_put;
extern const struct method method_context_recall;
extern const struct method method_context_assemble;
extern const struct method method_context_assemble_many;
extern const struct method method_context_names;
extern const struct method method_context_timeline;
extern const struct method method_context_resources;
extern const struct method method_context_forget;

extern const struct method method_tokenizer_encode;
extern const struct method method_tokenizer_decode;
extern const struct method method_tokenizer_count;
extern const struct method method_tokenizer_encode_batch;
extern const struct method method_tokenizer_truncate;
extern const struct method method_tokenizer_apply_template;
extern const struct method method_tokenizer_get_vocabulary;

extern const struct method method_inference_generate;
extern const struct method method_inference_score;
extern const struct method method_inference_embed;
extern const struct method method_inference_get_model;

extern const struct method method_gateway_put_record;
extern const struct method method_gateway_ask;
extern const struct method method_gateway_ask_many;
extern const struct method method_gateway_get_timeline;
extern const struct method method_gateway_get_resources;
extern const struct method method_gateway_forget;
extern const struct method method_gateway_list_models;
extern const struct method method_gateway_embed;

#endif
