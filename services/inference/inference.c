/* A served model:
 *
 *     inference_start, or a worker by inference_reload    file → model → engine
 *     engine   the file's digest is known: post_ready
 *     loop     open_ready → the card → current; the one before leaves with its last stream
 */
#include "inference.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "inference_card.h"

/* How old the gauges of the load can be. */
#define LOOK_MS 1000

/* Metrics
 * -----------------------------------------------------------------------------------------------
 */

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
    inference->refusals = metric_register(METRIC_KIND_COUNTER, "inference_refused_total",
                                          "Requests that found the queue full.", "");
    inference->first = metric_register(METRIC_KIND_HISTOGRAM, "inference_first_token_seconds",
                                       "From a request to the first id of its answer.", "");
    inference->queue = metric_register(METRIC_KIND_HISTOGRAM, "inference_queue_seconds",
                                       "From a request to its sequence.", "");
}

void inference_count(struct inference_served *served, const struct inference_usage *usage)
{
    struct inference *inference = served->inference;

    if (served->embedder != NULL)
        metric_add(inference->prompt_tokens, usage->prompt_tokens);
    metric_observe(inference->queue, usage->queue_us);
    if (usage->first_us > 0)
        metric_observe(inference->first, usage->first_us);
    inference_observe(inference);
}

void inference_count_refused(struct inference *inference)
{
    metric_add(inference->refusals, 1);
}

/* What its engine has done since it was looked at the last time. */
static void observe_served(struct inference_served *served, struct inference_engine_counts *all)
{
    struct inference *inference = served->inference;
    struct inference_engine_counts now, seen = served->seen;

    inference_served_count(served, &now);
    metric_add(inference->prompt_tokens, (int64_t)(now.prompt_tokens - seen.prompt_tokens));
    metric_add(inference->reused_tokens, (int64_t)(now.reused_tokens - seen.reused_tokens));
    metric_add(inference->generated_tokens,
               (int64_t)(now.generated_tokens - seen.generated_tokens));
    served->seen = now;
    all->running += now.running;
    all->waiting += now.waiting;
    all->pages += now.pages;
    all->pages_used += now.pages_used;
}

void inference_observe(struct inference *inference)
{
    struct inference_engine_counts all = { 0 };

    observe_served(inference->current, &all);
    for (struct inference_served *at = inference->leaving; at != NULL; at = at->next)
        observe_served(at, &all);
    metric_set(inference->running, all.running);
    metric_set(inference->waiting, all.waiting);
    metric_set(inference->pages, all.pages);
    metric_set(inference->pages_used, all.pages_used);
}

static void on_look(struct timer *timer)
{
    inference_observe(LIST_ITEM(timer, struct inference, looking));
}

/* A model, from its file to its end
 * --------------------------------------------------------------------- */

/* On the engine's thread. */
static void post_ready(void *owner)
{
    struct inference_served *served = owner;

    mailbox_post(&served->inference->loop->mailbox, &served->ready);
}

/* On a worker. */
static void run_destroy(struct job *job)
{
    inference_served_destroy(LIST_ITEM(job, struct inference_served, job));
}

/* Its pages are many, and giving them back takes a while: better on a worker. */
static void destroy_aside(struct inference_served *served)
{
    struct workers *workers = served->inference->options.workers;

    served->job = (struct job){ .run = run_destroy };
    if (workers == NULL || workers_post(workers, &served->job, NULL) != STATUS_OK)
        inference_served_destroy(served);
}

static void leave(struct inference_served *served)
{
    struct inference *inference = served->inference;

    if (served->streams == 0)
        return destroy_aside(served);
    served->next = inference->leaving;
    inference->leaving = served;
}

static void take_place(struct inference *inference, struct inference_served *served)
{
    struct inference_served *old = inference->current;

    inference->current = served;
    inference->coming = NULL;
    inference->is_ready = true;
    if (old != served)
        leave(old);
}

/* The first one stays, and does not serve: its error is what callers are told. @served is NULL
 * where no model came of the file. */
static void refuse(struct inference *inference, struct inference_served *served,
                   const struct error *err)
{
    log_error("model_refused", LOG_ERROR(err));
    if (served == inference->current)
        inference->refused = *err;
    else if (served != NULL)
        destroy_aside(served);
    inference->coming = NULL;
    if (inference->on_ready != NULL)
        inference->on_ready(inference, err);
}

static void decide(struct inference_served *served)
{
    struct inference *inference = served->inference;
    const char *digest = inference_served_digest(served);
    struct error err = { 0 };

    if (inference_card_check(inference->options.card, inference->options.model, digest, &err)
        != STATUS_OK)
        return refuse(inference, served, &err);
    take_place(inference, served);
    inference_observe(inference);
    log_info("model_ready", LOG_NUMBER("parameters", inference_served_parameters(served)),
             LOG_NUMBER("context", inference_served_context(served)),
             LOG_NAME("kernels", kernels_name()), LOG_ID("digest", digest));
    if (inference->on_ready != NULL)
        inference->on_ready(inference, NULL);
}

/* The engine may be ready before the loop has heard from the worker that made it. */
static void open_ready(struct letter *letter)
{
    struct inference_served *served = LIST_ITEM(letter, struct inference_served, ready);

    served->is_opened = true;
    if (served->is_adopted && !served->inference->is_stopping)
        decide(served);
}

static void adopt(struct inference_served *served)
{
    served->is_adopted = true;
    if (served->is_opened)
        decide(served);
}

/* Any thread: of @inference only the options are read. */
static struct inference_served *load(struct inference *inference, struct error *err)
{
    struct inference_served *served = calloc(1, sizeof(*served));

    if (served == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    served->inference = inference;
    served->ready.open = open_ready;
    if (inference_served_open(served, &inference->options, post_ready, err) == STATUS_OK)
        return served;
    inference_served_destroy(served);
    return NULL;
}

/* Another file in its place
 * ----------------------------------------------------------------------------- */

/* On a worker. */
static void run_loading(struct job *job)
{
    struct inference *inference = LIST_ITEM(job, struct inference, loading);

    inference->loaded = load(inference, &inference->failure);
}

static void on_loaded(struct job *job)
{
    struct inference *inference = LIST_ITEM(job, struct inference, loading);

    inference->is_loading = false;
    inference->coming = inference->loaded;
    if (inference->is_stopping) {
        if (inference->coming != NULL)
            inference_served_stop(inference->coming);
        if (inference->on_idle != NULL)
            inference->on_idle(inference);
    } else if (inference->coming == NULL) {
        refuse(inference, NULL, &inference->failure);
    } else {
        adopt(inference->coming);
    }
}

enum status inference_reload(struct inference *inference, struct error *err)
{
    if (inference->is_loading || inference->coming != NULL || !inference->is_ready
        || inference->is_stopping)
        return error_set(err, STATUS_FAILED_PRECONDITION, "a model is being loaded already");
    inference->loading =
        (struct job){ .run = run_loading, .done = on_loaded, .home = &inference->loop->mailbox };
    if (workers_post(inference->options.workers, &inference->loading, err) != STATUS_OK)
        return err == NULL ? STATUS_RESOURCE_EXHAUSTED : err->status;
    inference->is_loading = true;
    return STATUS_OK;
}

bool inference_is_loading(const struct inference *inference)
{
    return inference->is_loading;
}

/* Its users
 * --------------------------------------------------------------------------------------------- */

struct inference_served *inference_hold(struct inference *inference, struct error *err)
{
    if (inference->is_ready) {
        inference->current->streams++;
        return inference->current;
    }
    if (inference->refused.status == STATUS_OK)
        error_set(err, STATUS_UNAVAILABLE, "the model is still being loaded");
    else
        *err = inference->refused;
    return NULL;
}

void inference_let_go(struct inference_served *served)
{
    struct inference *inference = served->inference;
    struct inference_served **at = &inference->leaving;

    CHECK(served->streams > 0);
    if (--served->streams > 0 || served == inference->current || inference->is_stopping)
        return;
    while (*at != served)
        at = &(*at)->next;
    *at = served->next;
    destroy_aside(served);
}

/* Start and stop
 * ---------------------------------------------------------------------------------------- */

struct inference *inference_start(const struct inference_options *options, struct loop *loop,
                                  void (*on_ready)(struct inference *, const struct error *),
                                  void *owner, struct error *err)
{
    struct inference *inference = calloc(1, sizeof(*inference));

    if (inference == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    inference->options = *options;
    inference->loop = loop;
    inference->on_ready = on_ready;
    inference->owner = owner;
    register_metrics(inference);
    inference->current = load(inference, err);
    if (inference->current == NULL) {
        free(inference);
        return NULL;
    }
    timer_init(&inference->looking, loop, on_look);
    timer_start(&inference->looking, LOOK_MS, LOOK_MS);
    adopt(inference->current);
    return inference;
}

void inference_stop(struct inference *inference)
{
    timer_close(&inference->looking, NULL);
    inference->is_stopping = true;
    inference_served_stop(inference->current);
    if (inference->coming != NULL)
        inference_served_stop(inference->coming);
    for (struct inference_served *at = inference->leaving; at != NULL; at = at->next)
        inference_served_stop(at);
}

void inference_destroy(struct inference *inference)
{
    struct inference_served *next;

    for (struct inference_served *at = inference->leaving; at != NULL; at = next) {
        next = at->next;
        inference_served_destroy(at);
    }
    if (inference->coming != NULL)
        inference_served_destroy(inference->coming);
    inference_served_destroy(inference->current);
    free(inference);
}
