#include "inference_served.h"

#include <stdlib.h>

/* Opening
 * ---------------------------------------------------------------------------------------------- */

static enum status create_constraints(struct inference_served *served,
                                      const struct inference_model *model, struct error *err)
{
    struct inference_text *text = inference_text_create(model->gguf, model->vocabulary, NULL);

    if (text == NULL)
        return STATUS_OK;
    served->constraints = inference_constraints_create(text, err);
    inference_text_destroy(text);
    return served->constraints == NULL ? err->status : STATUS_OK;
}

static enum status open_engine(struct inference_served *served, struct gguf *gguf,
                               const struct inference_options *options, void (*on_ready)(void *),
                               struct error *err)
{
    struct inference_engine_options engine = {
        .sequences = options->sequences,
        .queue_max = options->queue_max,
        .wait_max_ms = options->wait_max_ms,
        .context = options->context,
        .pages = options->pages,
        .cache_form = options->cache_form,
        .threads = options->threads,
        .on_ready = on_ready,
        .owner = served,
    };
    struct inference_model *model =
        options->is_mapped ? inference_model_map(gguf, err) : inference_model_create(gguf, err);

    if (model == NULL)
        return error_wrap(err, "%s", options->model);
    if (create_constraints(served, model, err) != STATUS_OK) {
        inference_model_destroy(model);
        return err->status;
    }
    served->adapters = inference_adapters_load(model, options->adapters, err);
    if (served->adapters == NULL) {
        inference_model_destroy(model);
        return err->status;
    }
    served->engine = inference_engine_create(model, &engine, err);
    return served->engine == NULL ? err->status : STATUS_OK;
}

static enum status open_embedder(struct inference_served *served, struct gguf *gguf,
                                 const struct inference_options *options, void (*on_ready)(void *),
                                 struct error *err)
{
    struct inference_embedder_options embedder = {
        .queue_max = options->queue_max,
        .context = options->context,
        .threads = options->threads,
        .on_ready = on_ready,
        .owner = served,
    };
    struct inference_encoder *encoder = inference_encoder_create(gguf, err);

    if (encoder == NULL)
        return error_wrap(err, "%s", options->model);
    served->embedder = inference_embedder_create(encoder, &embedder, err);
    return served->embedder == NULL ? err->status : STATUS_OK;
}

enum status inference_served_open(struct inference_served *served,
                                  const struct inference_options *options,
                                  void (*on_ready)(void *served), struct error *err)
{
    struct gguf *gguf = gguf_open(options->model, err);

    if (gguf == NULL)
        return err->status;
    gguf_digest_begin(gguf); /* while the weights are packed */
    return inference_encoder_is(gguf) ? open_embedder(served, gguf, options, on_ready, err)
                                      : open_engine(served, gguf, options, on_ready, err);
}

/* The end
 * ---------------------------------------------------------------------------------------------- */

void inference_served_stop(struct inference_served *served)
{
    if (served->engine != NULL)
        inference_engine_stop(served->engine);
    if (served->embedder != NULL)
        inference_embedder_stop(served->embedder);
}

void inference_served_destroy(struct inference_served *served)
{
    if (served == NULL)
        return;
    inference_engine_destroy(served->engine);
    inference_adapters_destroy(served->adapters);
    inference_embedder_destroy(served->embedder);
    inference_constraints_destroy(served->constraints);
    free(served);
}

/* What is asked of either
 * ---------------------------------------------------------------------------------------------- */

enum status inference_served_check(const struct inference_served *served, bool wants_embedder,
                                   struct error *err)
{
    if (wants_embedder == (served->embedder != NULL))
        return STATUS_OK;
    return error_set(err, STATUS_FAILED_PRECONDITION,
                     wants_embedder ? "the model generates: it does not embed"
                                    : "the model embeds: it does not generate");
}

const char *inference_served_digest(const struct inference_served *served)
{
    return served->engine != NULL ? inference_engine_digest(served->engine)
                                  : inference_embedder_digest(served->embedder);
}

uint64_t inference_served_parameters(const struct inference_served *served)
{
    return served->engine != NULL ? inference_engine_model(served->engine)->parameters
                                  : inference_embedder_encoder(served->embedder)->parameters;
}

uint32_t inference_served_context(const struct inference_served *served)
{
    return served->engine != NULL ? inference_engine_context(served->engine)
                                  : inference_embedder_context(served->embedder);
}

void inference_served_count(const struct inference_served *served,
                            struct inference_engine_counts *counts)
{
    *counts = (struct inference_engine_counts){ 0 };
    if (served->engine != NULL)
        inference_engine_count(served->engine, counts);
    else
        counts->waiting = inference_embedder_waiting(served->embedder);
}
