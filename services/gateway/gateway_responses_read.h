/* A request of OpenAI's responses API as what it asks for. See gateway_chat_read.h. */
#ifndef GATEWAY_RESPONSES_READ_H
#define GATEWAY_RESPONSES_READ_H

#include "gateway_chat_read.h"

/* As chat_read. Earlier responses are not kept here, so one cannot be gone on from. */
bool responses_read(struct slice body, struct arena *arena, struct chat_request *request,
                    struct api_error *api);

#endif
