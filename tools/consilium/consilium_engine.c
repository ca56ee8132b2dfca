#include "consilium_engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "consilium_model.h"
#include "fhir/json.h"
#include "tokenizer_open.h"

/* Opening
 * ---------------------------------------------------------------------------------------------- */

/* The engine's thread; on_output runs on one caller's or on that. A verb has one engine and one
 * request at a time, so who is told is known. */
static struct consilium_engine *told;

static void tell(bool is_ready)
{
    pthread_mutex_lock(&told->lock);
    told->is_ready |= is_ready;
    told->news++;
    pthread_cond_signal(&told->wake);
    pthread_mutex_unlock(&told->lock);
}

static void on_ready(void *owner)
{
    (void)owner;
    tell(true);
}

static void on_output(struct inference_request *request)
{
    (void)request;
    tell(false);
}

static enum status start(struct consilium_engine *engine, const struct consilium_config *config,
                         struct inference_model *model, uint32_t sequences, struct error *err)
{
    struct inference_engine_options options = {
        .sequences = sequences,
        .threads = (unsigned)config->threads,
        .cache_form = config->cache_bits == 8 ? INFERENCE_CACHE_FORM_Q8 : INFERENCE_CACHE_FORM_F32,
        .on_ready = on_ready,
    };

    told = engine;
    engine->engine = inference_engine_create(model, &options, err);
    if (engine->engine == NULL)
        return err->status;
    pthread_mutex_lock(&engine->lock);
    while (!engine->is_ready)
        pthread_cond_wait(&engine->wake, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
    return STATUS_OK;
}

enum status consilium_engine_open(struct consilium_engine *engine,
                                  const struct consilium_config *config, const char *path,
                                  uint32_t sequences, struct error *err)
{
    struct gguf *gguf = gguf_open(path, err);
    struct inference_model *model = gguf == NULL     ? NULL
                                    : config->mapped ? inference_model_map(gguf, err)
                                                     : inference_model_create(gguf, err);
    struct error ignored;

    *engine = (struct consilium_engine){ 0 };
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->wake, NULL);
    if (model == NULL)
        return gguf == NULL ? err->status : error_wrap(err, "%s", path);
    if (consilium_model_adapt(model, config->adapter, &engine->adapters, &engine->adapter, err)
        != STATUS_OK) {
        inference_model_destroy(model);
        return err->status;
    }
    engine->vocab = tokenizer_open(path, &ignored);
    if (engine->vocab != NULL)
        tokenizer_template_init(&engine->chat, engine->vocab);
    return start(engine, config, model, sequences, err);
}

void consilium_engine_close(struct consilium_engine *engine)
{
    inference_engine_destroy(engine->engine);
    inference_adapters_destroy(engine->adapters);
    tokenizer_template_close(&engine->chat);
    tokenizer_vocab_destroy(engine->vocab);
    pthread_cond_destroy(&engine->wake);
    pthread_mutex_destroy(&engine->lock);
}

/* Requests
 * ---------------------------------------------------------------------------------------------- */

enum status consilium_engine_submit(struct consilium_engine *engine,
                                    struct inference_request *request, struct error *err)
{
    request->on_output = on_output;
    request->adapter = engine->adapter;
    return inference_engine_submit(engine->engine, request, err);
}

void consilium_engine_take(struct consilium_engine *engine, struct inference_request *request,
                           struct inference_output *output)
{
    unsigned seen = engine->news;

    while (!inference_engine_take(engine->engine, request, output)) {
        pthread_mutex_lock(&engine->lock);
        while (engine->news == seen)
            pthread_cond_wait(&engine->wake, &engine->lock);
        seen = engine->news;
        pthread_mutex_unlock(&engine->lock);
    }
}

/* Ids
 * ---------------------------------------------------------------------------------------------- */

enum status consilium_engine_encode(const struct consilium_engine *engine, struct slice text,
                                    bool is_first, struct arena *arena, struct tokenizer_ids *ids,
                                    struct error *err)
{
    if (engine->vocab == NULL)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the model's file has no vocabulary that is known: give ids");
    return tokenizer_encode(engine->vocab, text, false, is_first && engine->vocab->adds_bos, arena,
                            ids, err);
}

static enum status read_array(const struct json *array, struct arena *arena,
                              struct tokenizer_ids *ids, struct error *err)
{
    struct buffer text;

    buffer_init(&text, arena);
    for (const struct json *item = json_first(array); item != NULL; item = item->next) {
        if (item->kind != JSON_KIND_NUMBER)
            return error_set(err, STATUS_INVALID_ARGUMENT, "an id that is no number");
        json_write(item, &text);
        buffer_put_string(&text, " ");
    }
    return consilium_ids_parse(buffer_slice(&text), arena, ids, err);
}

enum status consilium_engine_read(const struct consilium_engine *engine, const struct json *value,
                                  bool is_first, struct arena *arena, struct tokenizer_ids *ids,
                                  struct error *err)
{
    if (value != NULL && value->kind == JSON_KIND_STRING)
        return consilium_engine_encode(engine, value->text, is_first, arena, ids, err);
    if (value != NULL && value->kind == JSON_KIND_ARRAY)
        return read_array(value, arena, ids, err);
    return error_set(err, STATUS_INVALID_ARGUMENT, "a text or an array of ids is wanted");
}

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '[' || c == ']';
}

enum status consilium_ids_parse(struct slice text, struct arena *arena, struct tokenizer_ids *ids,
                                struct error *err)
{
    struct buffer out;

    buffer_init(&out, arena);
    for (size_t at = 0; at < text.size;) {
        uint64_t id = 0;
        size_t digits = 0;

        if (is_between(text.data[at])) {
            at++;
            continue;
        }
        for (; at < text.size && text.data[at] >= '0' && text.data[at] <= '9' && digits < 11;
             at++, digits++)
            id = id * 10 + (uint64_t)(text.data[at] - '0');
        if (digits == 0 || id > UINT32_MAX || (at < text.size && !is_between(text.data[at])))
            return error_set(err, STATUS_INVALID_ARGUMENT, "byte %zu is of no id", at);
        buffer_put(&out, slice_of(&(uint32_t){ (uint32_t)id }, sizeof(uint32_t)));
    }
    *ids = (struct tokenizer_ids){ (uint32_t *)(void *)out.data, out.size / sizeof(uint32_t) };
    return out.is_full ? error_set(err, STATUS_RESOURCE_EXHAUSTED, "too many ids") : STATUS_OK;
}
