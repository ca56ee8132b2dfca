/* deid --mesh: what the deid service of a running mesh makes of a text or a FHIR resource; nothing
 * is kept. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_file.h"
#include "consilium_json.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"

#define SCOPE "consilium/deid"

static void print_counts(const Consilium__V1__RedactReply *reply)
{
    size_t i;

    for (i = 0; i < reply->n_counts; i++)
        printf("%s%s%s%s %u", i > 0 ? ", " : "", paint(PAINT_SURROGATE),
               paint_class(reply->counts[i]->class_), paint(PAINT_PLAIN), reply->counts[i]->count);
    printf(reply->n_counts == 0 ? "no identifier found\n" : "\n");
}

/* The text as it is now, with each surrogate in colour and its class behind it. */
static void print_text(struct slice original, const Consilium__V1__RedactReply *reply)
{
    size_t i, at = 0;

    for (i = 0; i < reply->n_spans; i++) {
        const Consilium__V1__Span *span = reply->spans[i];

        if (span->start < at || span->end > original.size || span->start > span->end)
            continue;
        printf("%.*s%s%s%s%s:%s%s", (int)(span->start - at), original.data + at,
               paint(PAINT_SURROGATE), span->surrogate, paint(PAINT_PLAIN), paint(PAINT_DIM),
               paint_class(span->class_), paint(PAINT_PLAIN));
        at = span->end;
    }
    printf("%.*s", (int)(original.size - at), original.data + at);
    if (original.size == 0 || original.data[original.size - 1] != '\n')
        printf("\n");
}

static void on_reply(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__RedactReply *reply = message;
    struct consilium *consilium = arg;
    const struct slice *input = consilium->state;

    if (reply == NULL) {
        consilium_fail(consilium, err);
        return;
    }
    if (consilium->config.json) {
        json_print(reply);
    } else if (consilium->config.fhir) {
        printf("%.*s\n", (int)reply->output.len, (const char *)reply->output.data);
        fflush(stdout);
    } else {
        print_text(*input, reply);
        print_counts(reply);
    }
    consilium_end(consilium, CONSILIUM_EXIT_OK);
}

void deid_mesh_start(struct consilium *consilium)
{
    const struct consilium_config *config = &consilium->config;
    struct rpc_options options = consilium_options(consilium);
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    struct slice *input = ARENA_NEW(&consilium->arena, struct slice);
    struct error err = { 0 };
    ProtobufCBinaryData bytes;

    if (consilium->operands_count > 1) {
        consilium_misuse(consilium, "deid takes one file, or - for stdin");
        return;
    }
    if (file_read(consilium->operands_count == 0 ? "-" : consilium->operands[0], RECORD_BYTES_MAX,
                  &consilium->arena, input, &err)
        != STATUS_OK) {
        consilium_fail(consilium, &err);
        return;
    }
    consilium->state = input;
    bytes = (ProtobufCBinaryData){ input->size, (uint8_t *)input->data };
    request.scope = SCOPE;
    request.with_spans = !config->fhir;
    if (config->profile != NULL && strcmp(config->profile, "safe-harbor") == 0)
        request.profile = CONSILIUM__V1__PROFILE__PROFILE_SAFE_HARBOR;
    request.input_case = config->fhir ? CONSILIUM__V1__REDACT_REQUEST__INPUT_FHIR
                                      : CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    if (config->fhir)
        request.fhir = bytes;
    else
        request.text = bytes;
    if (consilium_connect(consilium, "deid", config->deid) == NULL)
        return;
    if (rpc_call(consilium->channel, &method_deid_redact, &request, &options, on_reply, consilium,
                 &consilium->rpc, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}
