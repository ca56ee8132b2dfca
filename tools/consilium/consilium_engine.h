/* An engine over a model's file, in this process, with the file's vocabulary: for the verbs that
 * generate and score without a mesh. */
#ifndef CONSILIUM_ENGINE_H
#define CONSILIUM_ENGINE_H

#include <pthread.h>

#include "consilium.h"
#include "inference_adapter.h"
#include "inference_engine.h"
#include "tokenizer_encode.h"
#include "tokenizer_template.h"

struct json;

struct consilium_engine {
    struct inference_engine *engine;
    struct inference_adapters *adapters;     /* one, or none */
    const struct inference_adapter *adapter; /* NULL: none */
    struct tokenizer_vocab *vocab;           /* NULL: the file has none, or none that is known */
    struct tokenizer_template chat;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    unsigned news;
    bool is_ready;
};

/* @path's model, with what the flags say of threads, adapter and cache. Where the model's file has
 * no vocabulary, only ids can be given. */
enum status consilium_engine_open(struct consilium_engine *engine,
                                  const struct consilium_config *config, const char *path,
                                  uint32_t sequences, struct error *err);
void consilium_engine_close(struct consilium_engine *engine);

/* Submit @request, whose on_output is set here. Only one at a time. */
enum status consilium_engine_submit(struct consilium_engine *engine,
                                    struct inference_request *request, struct error *err);

/* The next news of @request: waits for them. */
void consilium_engine_take(struct consilium_engine *engine, struct inference_request *request,
                           struct inference_output *output);

/* Ids of a text. FAILED_PRECONDITION: the file has no vocabulary. */
enum status consilium_engine_encode(const struct consilium_engine *engine, struct slice text,
                                    bool is_first, struct arena *arena, struct tokenizer_ids *ids,
                                    struct error *err);

/* Ids of a text, or of an array of ids. */
enum status consilium_engine_read(const struct consilium_engine *engine, const struct json *value,
                                  bool is_first, struct arena *arena, struct tokenizer_ids *ids,
                                  struct error *err);

/* Numbers with blanks or commas between them, as ids. INVALID_ARGUMENT. */
enum status consilium_ids_parse(struct slice text, struct arena *arena, struct tokenizer_ids *ids,
                                struct error *err);

#endif
