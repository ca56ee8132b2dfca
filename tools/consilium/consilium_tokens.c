/* tokens: the ids by which the model in use knows a text. Of a file: consilium_tokens_local.c. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_file.h"
#include "consilium_json.h"
#include "consilium_paint.h"
#include "consilium_verbs.h"

#define TEXT_BYTES_MAX (1 * MIB)

static void on_reply(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__EncodeReply *reply = message;
    struct consilium *consilium = arg;
    const struct slice *text = consilium->state;
    size_t i;

    if (reply == NULL) {
        consilium_fail(consilium, err);
        return;
    }
    if (consilium->config.json) {
        json_print(reply);
    } else {
        for (i = 0; i < reply->n_ids; i++)
            printf("%s%u%s%s", paint(i % 2 == 0 ? PAINT_NOTE : PAINT_GOOD), reply->ids[i],
                   paint(PAINT_PLAIN), i + 1 < reply->n_ids ? " " : "\n");
        printf("%zu tokens, %zu bytes\n", reply->n_ids, text->size);
    }
    consilium_end(consilium, CONSILIUM_EXIT_OK);
}

void tokens_mesh_start(struct consilium *consilium)
{
    struct rpc_options options = consilium_options(consilium);
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    struct slice *text = ARENA_NEW(&consilium->arena, struct slice);
    struct error err = { 0 };

    if (consilium->operands_count > 1) {
        consilium_misuse(consilium, "tokens takes one text, or - for stdin");
        return;
    }
    if (consilium->operands_count == 1 && strcmp(consilium->operands[0], "-") != 0) {
        *text = slice_from(consilium->operands[0]);
    } else if (file_read("-", TEXT_BYTES_MAX, &consilium->arena, text, &err) != STATUS_OK) {
        consilium_fail(consilium, &err);
        return;
    }
    consilium->state = text;
    request.text = arena_string(&consilium->arena, *text);
    if (consilium_connect(consilium, "tokenizer", consilium->config.tokenizer) == NULL)
        return;
    if (rpc_call(consilium->channel, &method_tokenizer_encode, &request, &options, on_reply,
                 consilium, &consilium->rpc, &err)
        != STATUS_OK)
        consilium_fail(consilium, &err);
}
