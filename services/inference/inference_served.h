/* A model that is served, while anybody uses it: its file, and the engine that generates by it or
 * the embedder that embeds. */
#ifndef INFERENCE_SERVED_H
#define INFERENCE_SERVED_H

#include "inference_adapter.h"
#include "inference_constraint.h"
#include "inference_embedder.h"
#include "inference_engine.h"
#include "run/mailbox.h"
#include "run/workers.h"

struct inference_options {
    const char *model;    /* a GGUF file */
    const char *card;     /* inference_card.h; NULL: what lies beside the model */
    const char *adapters; /* NAME=FILE, with commas between them; NULL: none */
    uint32_t sequences, queue_max, wait_max_ms, context, pages;
    enum inference_cache_form cache_form;
    unsigned threads;
    bool is_mapped;          /* the weights of what generates are not copied */
    struct workers *workers; /* for inference_reload; NULL: there is none */
};

struct inference;

struct inference_served {
    struct inference_engine *engine;
    struct inference_constraints *constraints; /* NULL: the file has no vocabulary */
    struct inference_adapters *adapters;       /* of an engine's model */
    struct inference_embedder *embedder;       /* NULL: there is an engine */
    struct inference *inference;
    /* the service's own */
    struct inference_served *next; /* of those that are no longer current */
    struct letter ready;
    struct job job;
    struct inference_engine_counts seen; /* by the metrics */
    unsigned streams;
    bool is_adopted, is_opened;
};

/* Open the file that @options name and start the engine or embedder. @on_ready comes with @served,
 * on its thread, when the file has been read whole. On failure @served can be destroyed. Any
 * thread. */
enum status inference_served_open(struct inference_served *served,
                                  const struct inference_options *options,
                                  void (*on_ready)(void *served), struct error *err);

/* End what runs and the threads. */
void inference_served_stop(struct inference_served *served);

/* Frees @served too. NULL is harmless. */
void inference_served_destroy(struct inference_served *served);

/* FAILED_PRECONDITION: the model embeds, or generates, and not the other. */
enum status inference_served_check(const struct inference_served *served, bool wants_embedder,
                                   struct error *err);

/* NULL until on_ready. Any thread. */
const char *inference_served_digest(const struct inference_served *served);

uint64_t inference_served_parameters(const struct inference_served *served);
uint32_t inference_served_context(const struct inference_served *served);

/* What runs and waits now; an embedder has no pages. Any thread. */
void inference_served_count(const struct inference_served *served,
                            struct inference_engine_counts *counts);

#endif
