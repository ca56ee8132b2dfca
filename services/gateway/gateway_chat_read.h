/* A request of OpenAI's chat API, and of Azure's, which is the same, as what it asks for. What is
 * not known is passed over, as these APIs do; what is known and cannot be done is refused by name.
 */
#ifndef GATEWAY_CHAT_READ_H
#define GATEWAY_CHAT_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "fhir/json.h"
#include "gateway_api_error.h"

#define CHAT_TURNS_MAX 256
#define CHAT_STOPS_MAX 4
#define CHAT_BIASES_MAX 300
#define CHAT_ANSWERS_MAX 8
#define CHAT_TOP_LOGPROBS_MAX 20

struct chat_turn {
    const char *role; /* "system", "user" or "assistant" */
    const char *text;
};

struct chat_bias {
    uint32_t id;
    float bias;
};

enum chat_form {
    CHAT_FORM_TEXT,
    CHAT_FORM_JSON,   /* any JSON object */
    CHAT_FORM_SCHEMA, /* by chat_request.schema */
};

struct chat_request {
    const char *model; /* "": not said */
    struct chat_turn *turns;
    unsigned turns_count;
    uint32_t tokens_max; /* 0: not said */
    float temperature, top_p, presence_penalty, frequency_penalty;
    uint64_t seed;
    struct slice stops[CHAT_STOPS_MAX];
    unsigned stops_count;
    struct chat_bias *biases;
    unsigned biases_count;
    unsigned answers; /* n */
    bool has_logprobs;
    uint32_t top_logprobs;
    bool is_stream, has_usage;
    enum chat_form form;
    const char *schema; /* JSON */

    /* ours */
    const char *patient;   /* an id that was put; "": none */
    struct slice bundle;   /* a FHIR Bundle instead; {NULL, 0}: none */
    bool keep_surrogates;  /* do not put names and dates back */
    uint32_t facts_tokens; /* 0: not said */
};

/* Read @body into @request, whose strings are in @arena. False: @api says what is wrong, and never
 * what stood there. */
bool chat_read(struct slice body, struct arena *arena, struct chat_request *request,
               struct api_error *api);

/* The parts that other requests of the API share (gateway_responses_read.c). */
bool chat_read_document(struct slice body, struct arena *arena, const struct json **root,
                        struct api_error *api);
bool chat_read_content(const struct json *content, const char *param, struct arena *arena,
                       const char **text, struct api_error *api);
bool chat_read_role(struct slice role, const char **name);
bool chat_read_sampling(const struct json *root, struct chat_request *request,
                        struct api_error *api);
bool chat_read_patient(const struct json *root, struct arena *arena, struct chat_request *request,
                       struct api_error *api);
bool chat_read_schema(const struct json *format, const struct json *schema, const char *param,
                      struct arena *arena, struct chat_request *request, struct api_error *api);
bool chat_read_number(const struct json *root, const char *key, double min, double max,
                      double *value, struct api_error *api);
bool chat_read_count(const struct json *root, const char *key, uint32_t min, uint32_t max,
                     uint32_t *value, struct api_error *api);
bool chat_read_switch(const struct json *root, const char *key, bool *value, struct api_error *api);
bool chat_read_text(const struct json *root, const char *key, struct arena *arena,
                    const char **value, struct api_error *api);

#endif
