/* Embed:
 *
 *     loop      inference_embed_start → inference_embedder_submit
 *     embedder  on_end posts the letter
 *     loop      open_letter → call_reply
 *
 * A caller who goes cancels the request; the call lives until its end has come. */
#include "inference_embed_rpc.h"

#include <string.h>

#include "base/list.h"
#include "inference.h"
#include "rpc/server.h"

struct embedding {
    struct call *call;
    struct inference_served *served;
    struct inference_embed embed;
    struct letter letter;
};

static void fail(struct embedding *embedding, const struct error *err)
{
    inference_let_go(embedding->served);
    embedding->served = NULL;
    call_fail(embedding->call, err);
}

/* On the embedder's thread, or whoever stops it. */
static void on_end(struct inference_embed *embed)
{
    struct embedding *embedding = LIST_ITEM(embed, struct embedding, embed);

    mailbox_post(&embedding->served->inference->loop->mailbox, &embedding->letter);
}

/* The end
 * ---------------------------------------------------------------------------------------------- */

static enum status fill_reply(const struct embedding *embedding, Consilium__V1__EmbedReply *reply,
                              struct error *err)
{
    const struct inference_embed *embed = &embedding->embed;
    struct arena *arena = &embedding->call->arena;
    Consilium__V1__Embedding *messages = arena_alloc(arena, embed->count * sizeof(*messages));
    uint32_t width = inference_embedder_encoder(embedding->served->embedder)->embedding;

    reply->embeddings = arena_alloc(arena, embed->count * sizeof(*reply->embeddings));
    if (messages == NULL || reply->embeddings == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up");
    for (uint32_t i = 0; i < embed->count; i++) {
        consilium__v1__embedding__init(&messages[i]);
        messages[i].values = embed->texts[i].embedding;
        messages[i].n_values = width;
        reply->embeddings[i] = &messages[i];
    }
    reply->n_embeddings = embed->count;
    return STATUS_OK;
}

static void reply_embeddings(struct embedding *embedding)
{
    Consilium__V1__EmbedReply reply = CONSILIUM__V1__EMBED_REPLY__INIT;
    Consilium__V1__Usage usage = CONSILIUM__V1__USAGE__INIT;
    char digest[65];
    struct error err;

    if (fill_reply(embedding, &reply, &err) != STATUS_OK)
        return fail(embedding, &err);
    usage.prompt_tokens = embedding->embed.usage.prompt_tokens;
    usage.queue_us = embedding->embed.usage.queue_us;
    usage.prompt_us = embedding->embed.usage.prompt_us;
    reply.usage = &usage;
    memcpy(digest, inference_served_digest(embedding->served), sizeof(digest));
    reply.model_digest = digest;
    inference_let_go(embedding->served);
    embedding->served = NULL;
    call_reply(embedding->call, &reply);
}

static void open_letter(struct letter *letter)
{
    struct embedding *embedding = LIST_ITEM(letter, struct embedding, letter);
    struct error err;

    inference_count(embedding->served, &embedding->embed.usage);
    if (embedding->embed.finish != INFERENCE_FINISH_CANCELLED)
        return reply_embeddings(embedding);
    if (call_is_cancelled(embedding->call))
        error_set(&err, STATUS_CANCELLED, "the caller has gone");
    else
        error_set(&err, STATUS_UNAVAILABLE, "the service stops");
    fail(embedding, &err);
}

static void on_cancel(struct call *call)
{
    struct embedding *embedding = call->state;

    if (embedding->served != NULL)
        inference_embedder_cancel(embedding->served->embedder, &embedding->embed);
}

/* The beginning
 * ---------------------------------------------------------------------------------------------- */

static enum status read_texts(struct embedding *embedding, const Consilium__V1__EmbedRequest *from,
                              struct error *err)
{
    struct inference_embed *embed = &embedding->embed;
    struct arena *arena = &embedding->call->arena;
    uint32_t width = inference_embedder_encoder(embedding->served->embedder)->embedding;

    if (from->n_texts < 1 || from->n_texts > INFERENCE_EMBED_TEXTS_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "%zu texts: 1 to %d are taken",
                         from->n_texts, INFERENCE_EMBED_TEXTS_MAX);
    embed->count = (uint32_t)from->n_texts;
    embed->is_raw = from->is_raw;
    embed->on_end = on_end;
    embed->texts = arena_alloc(arena, embed->count * sizeof(*embed->texts));
    for (uint32_t i = 0; embed->texts != NULL && i < embed->count; i++) {
        size_t ids = from->texts[i]->n_ids;

        if (ids > UINT32_MAX)
            return error_set(err, STATUS_INVALID_ARGUMENT, "a text of %zu ids", ids);
        embed->texts[i] =
            (struct inference_encode_text){ from->texts[i]->ids, (uint32_t)ids, NULL };
        embed->texts[i].embedding = arena_alloc(arena, width * sizeof(float));
        if (embed->texts[i].embedding == NULL)
            embed->texts = NULL;
    }
    return embed->texts == NULL
               ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up")
               : STATUS_OK;
}

static enum status submit(struct embedding *embedding, struct error *err)
{
    struct inference_embedder *embedder = embedding->served->embedder;

    if (read_texts(embedding, embedding->call->request, err) != STATUS_OK)
        return err->status;
    if (inference_embedder_submit(embedder, &embedding->embed, err) != STATUS_OK) {
        if (err->status == STATUS_RESOURCE_EXHAUSTED) {
            embedding->call->retry_ms = inference_embedder_retry_ms(embedder);
            inference_count_refused(embedding->served->inference);
        }
        return err->status;
    }
    inference_observe(embedding->served->inference);
    call_on_cancel(embedding->call, on_cancel);
    return STATUS_OK;
}

void inference_embed_start(struct call *call)
{
    struct embedding *embedding = ARENA_NEW(&call->arena, struct embedding);
    struct error err;

    if (embedding == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the call's memory is used up");
        return call_fail(call, &err);
    }
    embedding->call = call;
    embedding->letter.open = open_letter;
    embedding->served = inference_hold(call->service, &err);
    if (embedding->served == NULL)
        return call_fail(call, &err);
    call->state = embedding;
    if (inference_served_check(embedding->served, true, &err) != STATUS_OK
        || submit(embedding, &err) != STATUS_OK)
        fail(embedding, &err);
}
