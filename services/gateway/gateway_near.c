#include "gateway_near.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define EMBED_AT_ONCE 256 /* inference's own limit */
#define TEXTS_MAX 1025    /* the question, and what context tells of names */
#define NEAREST_MAX 64    /* that context is told of */
#define TOKENS_MAX 256    /* of a text that are looked at */

struct near {
    struct gateway *gateway;
    struct near_request request;
    near_done_cb done;
    void *arg;
    struct models *models;
    const char **texts; /* the question, then names */
    float **vectors;    /* of them; NULL: not known yet */
    size_t count;
    size_t *asked; /* texts whose vector is asked for */
    size_t asked_count, embedded;
    const uint32_t *counts, *ids;
    size_t ids_at;
    size_t values; /* of a vector */
};

static void finish(struct near *near, Consilium__V1__NameNear **names, size_t count)
{
    near->done(near->arg, names, count);
}

/* Without the signal. The text of an error that came is a leaf's: its name and status say enough.
 */
static void give_up(struct near *near, const char *step, const struct error *err)
{
    log_debug("near_unknown", LOG_NAME("step", step), LOG_NAME("status", status_name(err->status)));
    finish(near, NULL, 0);
}

static enum status leaf_call(struct near *near, struct channel *channel,
                             const struct method *method, const void *request,
                             rpc_reply_cb on_reply, struct error *err)
{
    struct rpc_options options = {
        .deadline_ns = gateway_leaf_deadline(near->gateway, near->request.parent->deadline_ns),
        .parent = near->request.parent,
    };

    return rpc_call(channel, method, request, &options, on_reply, near, NULL, err);
}

/* ---- nearness ---- */

struct scored {
    size_t text;
    float cosine;
};

static int compare_scored(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;

    if (x->cosine != y->cosine)
        return x->cosine > y->cosine ? -1 : 1;
    return (x->text > y->text) - (x->text < y->text);
}

/* Vectors have the length 1. */
static float cosine(const float *a, const float *b, size_t count)
{
    float sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Models differ in what they call near: the nearest is 1 and a name in the middle 0. */
static size_t make_names(struct near *near, struct scored *scored, size_t count,
                         Consilium__V1__NameNear *items, Consilium__V1__NameNear **list)
{
    float best = scored[0].cosine, middle = scored[count / 2].cosine;
    size_t made = 0;

    for (; made < count && made < NEAREST_MAX && scored[made].cosine > middle; made++) {
        consilium__v1__name_near__init(&items[made]);
        items[made].name = (char *)near->texts[scored[made].text];
        items[made].near = (scored[made].cosine - middle) / (best - middle);
        list[made] = &items[made];
    }
    return made;
}

static void compare_all(struct near *near)
{
    struct arena *arena = near->request.arena;
    struct scored *scored = ARENA_ARRAY(arena, struct scored, near->count);
    Consilium__V1__NameNear *items = ARENA_ARRAY(arena, Consilium__V1__NameNear, NEAREST_MAX);
    Consilium__V1__NameNear **list = ARENA_ARRAY(arena, Consilium__V1__NameNear *, NEAREST_MAX);
    size_t count = 0;

    for (size_t i = 1; scored != NULL && near->vectors[0] != NULL && i < near->count; i++)
        if (near->vectors[i] != NULL)
            scored[count++] =
                (struct scored){ i, cosine(near->vectors[0], near->vectors[i], near->values) };
    if (count == 0 || items == NULL || list == NULL) {
        finish(near, NULL, 0);
        return;
    }
    qsort(scored, count, sizeof(*scored), compare_scored);
    finish(near, list, make_names(near, scored, count, items, list));
}

/* ---- vectors ---- */

static void embed_next(struct near *near);

/* A model's vector of a name stays the same: its digest is part of the key. */
static struct slice key_of(const struct near *near, const char *text)
{
    return slice_from(arena_format(near->request.arena, "%s %s", near->models->digest, text));
}

static bool keep_vector(struct near *near, const Consilium__V1__Embedding *from)
{
    size_t text = near->asked[near->embedded++], bytes = from->n_values * sizeof(float);
    struct slice key = key_of(near, near->texts[text]);

    near->values = from->n_values;
    near->vectors[text] = arena_alloc(near->request.arena, bytes + 1);
    if (near->vectors[text] == NULL || key.data == NULL)
        return false;
    if (bytes > 0)
        memcpy(near->vectors[text], from->values, bytes);
    if (text > 0)
        maps_put(near->gateway->near_vectors, key, 1, slice_of(from->values, bytes));
    return true;
}

static void on_embedded(void *arg, const void *message, const struct error *err)
{
    const Consilium__V1__EmbedReply *reply = message;
    struct near *near = arg;
    size_t before = near->embedded;
    struct error why;

    if (reply == NULL) {
        give_up(near, "embed", err);
        return;
    }
    for (size_t i = 0; i < reply->n_embeddings && near->embedded < near->asked_count; i++)
        if ((near->values > 0 && reply->embeddings[i]->n_values != near->values)
            || !keep_vector(near, reply->embeddings[i])) {
            error_set(&why, STATUS_INTERNAL, "a vector of another size, or no room");
            give_up(near, "embed", &why);
            return;
        }
    if (near->embedded == before) {
        error_set(&why, STATUS_INTERNAL, "no vectors came");
        give_up(near, "embed", &why);
        return;
    }
    embed_next(near);
}

static void embed_next(struct near *near)
{
    Consilium__V1__EmbedRequest request = CONSILIUM__V1__EMBED_REQUEST__INIT;
    Consilium__V1__EmbedText texts[EMBED_AT_ONCE], *list[EMBED_AT_ONCE];
    size_t left = near->asked_count - near->embedded;
    uint32_t tokens_max =
        near->models->context_length < TOKENS_MAX ? near->models->context_length : TOKENS_MAX;
    struct error err = { 0 };

    if (left == 0) {
        compare_all(near);
        return;
    }
    request.n_texts = left < EMBED_AT_ONCE ? left : EMBED_AT_ONCE;
    request.texts = list;
    for (size_t i = 0; i < request.n_texts; i++) {
        uint32_t count = near->counts[near->embedded + i];

        consilium__v1__embed_text__init(&texts[i]);
        texts[i].n_ids = count < tokens_max ? count : tokens_max;
        texts[i].ids = (uint32_t *)near->ids + near->ids_at;
        near->ids_at += count;
        list[i] = &texts[i];
    }
    if (leaf_call(near, near->models->inference, &method_inference_embed, &request, on_embedded,
                  &err)
        != STATUS_OK)
        give_up(near, "embed", &err);
}

/* ---- ids ---- */

static bool keep_ids(struct near *near, const Consilium__V1__EncodeBatchReply *encoded)
{
    uint32_t *ids = ARENA_ARRAY(near->request.arena, uint32_t, encoded->n_ids + 1);
    uint32_t *counts = ARENA_ARRAY(near->request.arena, uint32_t, encoded->n_counts + 1);
    uint64_t sum = 0;

    if (ids == NULL || counts == NULL || encoded->n_counts != near->asked_count)
        return false;
    for (size_t i = 0; i < encoded->n_counts; i++)
        sum += counts[i] = encoded->counts[i];
    if (encoded->n_ids > 0)
        memcpy(ids, encoded->ids, encoded->n_ids * sizeof(*ids));
    near->ids = ids;
    near->counts = counts;
    return sum == encoded->n_ids;
}

static void on_encoded(void *arg, const void *message, const struct error *err)
{
    struct near *near = arg;
    struct error why;

    if (message == NULL) {
        give_up(near, "encode", err);
    } else if (!keep_ids(near, message)) {
        error_set(&why, STATUS_INTERNAL, "not as many ids as texts");
        give_up(near, "encode", &why);
    } else {
        embed_next(near);
    }
}

static void encode(struct near *near)
{
    Consilium__V1__EncodeBatchRequest request = CONSILIUM__V1__ENCODE_BATCH_REQUEST__INIT;
    struct error err;

    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "no room for %zu texts", near->asked_count);
    request.n_texts = near->asked_count;
    request.texts = ARENA_ARRAY(near->request.arena, char *, near->asked_count);
    request.add_bos = true;
    for (size_t i = 0; request.texts != NULL && i < near->asked_count; i++)
        request.texts[i] = (char *)near->texts[near->asked[i]];
    if (request.texts == NULL
        || leaf_call(near, near->models->tokenizer, &method_tokenizer_encode_batch, &request,
                     on_encoded, &err)
               != STATUS_OK)
        give_up(near, "encode", &err);
}

/* ---- names ---- */

/* From what is kept, else it is asked for. */
static bool find_vector(struct near *near, size_t text)
{
    struct slice key = key_of(near, near->texts[text]), bytes;
    uint64_t version;

    if (key.data == NULL)
        return false;
    if (text == 0 || !maps_find(near->gateway->near_vectors, key, &version, &bytes)) {
        near->asked[near->asked_count++] = text;
        return true;
    }
    near->vectors[text] = arena_alloc(near->request.arena, bytes.size + 1);
    if (near->vectors[text] == NULL)
        return false;
    memcpy(near->vectors[text], bytes.data, bytes.size);
    near->values = bytes.size / sizeof(float);
    return true;
}

static bool take_names(struct near *near, const Consilium__V1__NamesReply *reply)
{
    struct arena *arena = near->request.arena;
    size_t names = reply->n_names < TEXTS_MAX - 1 ? reply->n_names : TEXTS_MAX - 1;

    near->count = names + 1;
    near->texts = ARENA_ARRAY(arena, const char *, near->count);
    near->vectors = ARENA_ARRAY(arena, float *, near->count);
    near->asked = ARENA_ARRAY(arena, size_t, near->count);
    if (near->texts == NULL || near->vectors == NULL || near->asked == NULL)
        return false;
    near->texts[0] = near->request.question;
    for (size_t i = 0; i < names; i++)
        if ((near->texts[i + 1] = arena_string(arena, slice_from(reply->names[i]))) == NULL)
            return false;
    for (size_t i = 0; i < near->count; i++)
        if (!find_vector(near, i))
            return false;
    return true;
}

static void on_names(void *arg, const void *message, const struct error *err)
{
    struct near *near = arg;
    struct error why;

    if (message == NULL) {
        give_up(near, "names", err);
    } else if (!take_names(near, message)) {
        error_set(&why, STATUS_RESOURCE_EXHAUSTED, "no room for the names");
        give_up(near, "names", &why);
    } else {
        encode(near);
    }
}

bool near_start(struct gateway *gateway, const struct near_request *request, near_done_cb done,
                void *arg)
{
    Consilium__V1__NamesRequest message = CONSILIUM__V1__NAMES_REQUEST__INIT;
    struct near *near = ARENA_NEW(request->arena, struct near);
    struct error err = { 0 };

    if (near == NULL || gateway->near_vectors == NULL || !gateway_embed_models(gateway)->is_known)
        return false;
    *near = (struct near){ .gateway = gateway,
                           .request = *request,
                           .done = done,
                           .arg = arg,
                           .models = gateway_embed_models(gateway) };
    message.tenant = (char *)request->patient->tenant;
    message.patient = (char *)request->patient->pseudonym;
    return leaf_call(near, gateway->context, &method_context_names, &message, on_names, &err)
           == STATUS_OK;
}
