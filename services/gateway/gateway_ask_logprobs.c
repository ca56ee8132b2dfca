/* Log-probabilities of an answer's tokens, where they were asked for: kept as the model tells them
 * until the tokenizer has said what each id reads, then told as events of their own. They show what
 * the model has sampled, surrogates and all, and are never restored. Loop thread. */
#include <string.h>

#include "base/limits.h"
#include "gateway_ask_state.h"

static bool grow(struct ask *ask, size_t entries)
{
    struct ask_logprobs *logprobs = &ask->logprobs;
    size_t capacity = logprobs->capacity == 0 ? 256 : logprobs->capacity;
    uint8_t *likeliest;
    uint32_t *ids;
    float *values;

    while (capacity < entries)
        capacity *= 2;
    if (capacity == logprobs->capacity)
        return true;
    ids = ARENA_ARRAY(ask->arena, uint32_t, capacity);
    values = ARENA_ARRAY(ask->arena, float, capacity);
    likeliest = ARENA_ARRAY(ask->arena, uint8_t, capacity);
    if (ids == NULL || values == NULL || likeliest == NULL)
        return false;
    if (logprobs->capacity > 0) {
        memcpy(ids, logprobs->ids, logprobs->capacity * sizeof(*ids));
        memcpy(values, logprobs->values, logprobs->capacity * sizeof(*values));
        memcpy(likeliest, logprobs->likeliest, logprobs->capacity * sizeof(*likeliest));
    }
    logprobs->ids = ids;
    logprobs->values = values;
    logprobs->likeliest = likeliest;
    logprobs->capacity = capacity;
    return true;
}

bool ask_logprobs_take(struct ask *ask, const Consilium__V1__GenerateReply *reply)
{
    struct ask_logprobs *logprobs = &ask->logprobs;
    uint32_t most = ask->request.top_logprobs;

    if (!ask->request.has_logprobs || reply->n_logprobs != reply->n_ids)
        return true;
    if (!grow(ask, (logprobs->tokens + reply->n_ids) * (1 + most)))
        return false;
    for (size_t i = 0; i < reply->n_ids; i++) {
        const Consilium__V1__Likeliest *likeliest =
            i < reply->n_likeliest ? reply->likeliest[i] : NULL;
        size_t count = likeliest == NULL ? 0 : likeliest->n_ids < most ? likeliest->n_ids : most;
        size_t at = logprobs->tokens * (1 + most);

        /* A place without an alternative has the id itself once more, and is left out. */
        for (size_t j = 0; j <= most; j++) {
            logprobs->ids[at + j] = reply->ids[i];
            logprobs->values[at + j] = reply->logprobs[i];
        }
        for (size_t j = 0; j < count; j++) {
            logprobs->ids[at + 1 + j] = likeliest->ids[j];
            logprobs->values[at + 1 + j] = likeliest->logprobs[j];
        }
        logprobs->likeliest[logprobs->tokens++] = (uint8_t)count;
    }
    return true;
}

bool ask_logprobs_wait(const struct ask *ask)
{
    return ask->logprobs.tokens > 0;
}

size_t ask_logprobs_ids(const struct ask *ask, const uint32_t **ids)
{
    *ids = ask->logprobs.ids;
    return ask->logprobs.sent * (1 + ask->request.top_logprobs);
}

void ask_logprobs_send(struct ask *ask)
{
    ask->logprobs.sent = ask->logprobs.tokens;
}

/* What has been told makes room for what came meanwhile. */
static void drop_told(struct ask *ask)
{
    struct ask_logprobs *logprobs = &ask->logprobs;
    size_t stride = 1 + ask->request.top_logprobs;
    size_t left = (logprobs->tokens - logprobs->sent) * stride;

    memmove(logprobs->ids, logprobs->ids + logprobs->sent * stride, left * sizeof(uint32_t));
    memmove(logprobs->values, logprobs->values + logprobs->sent * stride, left * sizeof(float));
    memmove(logprobs->likeliest, logprobs->likeliest + logprobs->sent,
            logprobs->tokens - logprobs->sent);
    logprobs->tokens -= logprobs->sent;
    logprobs->sent = 0;
}

static void fill_token(Consilium__V1__TokenLogprob *token, ProtobufCBinaryData text, float value)
{
    consilium__v1__token_logprob__init(token);
    token->text = text;
    token->logprob = value;
}

/* The tokens that were sent, with their pieces. NULL: no memory. */
static Consilium__V1__TokenLogprob **list_tokens(struct ask *ask, const ProtobufCBinaryData *pieces)
{
    struct ask_logprobs *logprobs = &ask->logprobs;
    size_t stride = 1 + ask->request.top_logprobs, count = logprobs->sent * stride;
    Consilium__V1__TokenLogprob *tokens =
        ARENA_ARRAY(ask->arena, Consilium__V1__TokenLogprob, count);
    Consilium__V1__TokenLogprob **all =
        ARENA_ARRAY(ask->arena, Consilium__V1__TokenLogprob *, count);
    Consilium__V1__TokenLogprob **list =
        ARENA_ARRAY(ask->arena, Consilium__V1__TokenLogprob *, logprobs->sent);

    if (tokens == NULL || all == NULL || list == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        fill_token(&tokens[i], pieces[i], logprobs->values[i]);
        all[i] = &tokens[i];
    }
    for (size_t i = 0; i < logprobs->sent; i++) {
        list[i] = all[i * stride];
        list[i]->n_likeliest = logprobs->likeliest[i];
        list[i]->likeliest = all + i * stride + 1;
    }
    return list;
}

enum status ask_logprobs_tell(struct ask *ask, const ProtobufCBinaryData *pieces, size_t count,
                              struct error *err)
{
    Consilium__V1__AskEvent event = CONSILIUM__V1__ASK_EVENT__INIT;
    Consilium__V1__AskLogprobs message = CONSILIUM__V1__ASK_LOGPROBS__INIT;
    struct arena_mark mark = arena_mark(ask->arena);
    const uint32_t *ids;

    if (count != ask_logprobs_ids(ask, &ids))
        return error_set(err, STATUS_INTERNAL, "%zu pieces came back from tokenizer", count);
    message.n_tokens = ask->logprobs.sent;
    message.tokens = list_tokens(ask, pieces);
    if (message.tokens == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                         "the answer needs more than %zu bytes of memory", ask->arena->limit_bytes);
    event.event_case = CONSILIUM__V1__ASK_EVENT__EVENT_LOGPROBS;
    event.logprobs = &message;
    ask_tell(ask, &event);
    arena_rewind(ask->arena, mark);
    drop_told(ask);
    return STATUS_OK;
}
