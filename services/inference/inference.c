#include "inference.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"

/* On the engine's thread. */
static void post_ready(void *owner)
{
    struct inference *inference = owner;

    mailbox_post(&inference->loop->mailbox, &inference->ready);
}

static void open_ready(struct letter *letter)
{
    struct inference *inference = LIST_ITEM(letter, struct inference, ready);
    const struct inference_model *model = inference_engine_model(inference->engine);

    if (inference->is_stopping)
        return;
    log_info("model_ready", LOG_NUMBER("parameters", model->parameters),
             LOG_NUMBER("context", inference_engine_context(inference->engine)),
             LOG_NAME("kernels", kernels_name()),
             LOG_ID("digest", inference_engine_digest(inference->engine)));
    if (inference->on_ready != NULL)
        inference->on_ready(inference);
}

static void register_metrics(struct inference *inference)
{
    inference->prompt_tokens = metric_register(METRIC_KIND_COUNTER, "inference_prompt_tokens_total",
                                               "Ids of prompts that were begun.", "");
    inference->reused_tokens =
        metric_register(METRIC_KIND_COUNTER, "inference_reused_tokens_total",
                        "Of them, those whose keys and values were kept.", "");
    inference->generated_tokens = metric_register(
        METRIC_KIND_COUNTER, "inference_generated_tokens_total", "Ids that were sampled.", "");
    inference->running = metric_register(METRIC_KIND_GAUGE, "inference_requests_running",
                                         "Requests that have a sequence.", "");
    inference->waiting = metric_register(METRIC_KIND_GAUGE, "inference_requests_waiting",
                                         "Requests that wait for one.", "");
    inference->pages = metric_register(METRIC_KIND_GAUGE, "inference_pages",
                                       "Pages of keys and values in all.", "");
    inference->pages_used =
        metric_register(METRIC_KIND_GAUGE, "inference_pages_used", "Of them, those in use.", "");
    inference->first = metric_register(METRIC_KIND_HISTOGRAM, "inference_first_token_seconds",
                                       "From a request to the first id of its answer.", "");
    inference->queue = metric_register(METRIC_KIND_HISTOGRAM, "inference_queue_seconds",
                                       "From a request to its sequence.", "");
}

void inference_count(struct inference *inference, const struct inference_usage *usage)
{
    metric_add(inference->prompt_tokens, usage->prompt_tokens);
    metric_add(inference->reused_tokens, usage->reused_tokens);
    metric_add(inference->generated_tokens, usage->generated_tokens);
    metric_observe(inference->queue, usage->queue_us);
    if (usage->first_us > 0)
        metric_observe(inference->first, usage->first_us);
    inference_observe(inference);
}

void inference_observe(struct inference *inference)
{
    struct inference_engine_counts counts;

    inference_engine_count(inference->engine, &counts);
    metric_set(inference->running, counts.running);
    metric_set(inference->waiting, counts.waiting);
    metric_set(inference->pages, counts.pages);
    metric_set(inference->pages_used, counts.pages_used);
}

static struct inference_engine *create_engine(struct inference *inference,
                                              const struct inference_options *options,
                                              struct error *err)
{
    struct inference_engine_options engine = {
        .sequences = options->sequences,
        .queue_max = options->queue_max,
        .context = options->context,
        .pages = options->pages,
        .threads = options->threads,
        .on_ready = post_ready,
        .owner = inference,
    };
    struct gguf *gguf = gguf_open(options->model, err);
    struct inference_model *model = gguf == NULL ? NULL : inference_model_create(gguf, err);

    if (gguf != NULL && model == NULL)
        error_wrap(err, "%s", options->model);
    return model == NULL ? NULL : inference_engine_create(model, &engine, err);
}

struct inference *inference_start(const struct inference_options *options, struct loop *loop,
                                  void (*on_ready)(struct inference *), void *owner,
                                  struct error *err)
{
    struct inference *inference = calloc(1, sizeof(*inference));

    if (inference == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    inference->loop = loop;
    inference->on_ready = on_ready;
    inference->owner = owner;
    inference->ready.open = open_ready;
    register_metrics(inference);
    inference->engine = create_engine(inference, options, err);
    if (inference->engine != NULL)
        return inference;
    free(inference);
    return NULL;
}

void inference_stop(struct inference *inference)
{
    inference->is_stopping = true;
    inference_engine_stop(inference->engine);
}

void inference_destroy(struct inference *inference)
{
    inference_engine_destroy(inference->engine);
    free(inference);
}
