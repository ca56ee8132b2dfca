/* A request of OpenAI's embeddings API, and of Azure's, as what it asks for. */
#ifndef GATEWAY_EMBED_READ_H
#define GATEWAY_EMBED_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "gateway_api_error.h"

#define EMBED_INPUTS_MAX 2048
#define EMBED_IDS_MAX (1u << 20) /* of one request */

struct embed_ids {
    uint32_t *ids;
    size_t count;
};

struct embed_request {
    const char *model;        /* "": not said */
    const char **texts;       /* NULL: ids came */
    struct embed_ids *arrays; /* NULL: texts came */
    size_t count;
    uint32_t dimensions; /* 0: not said */
    bool is_base64;      /* encoding_format; else numbers */
};

/* Read @body into @request, whose strings and ids are in @arena. False: @api says what is wrong,
 * and never what stood there. */
bool embed_read(struct slice body, struct arena *arena, struct embed_request *request,
                struct api_error *api);

#endif
