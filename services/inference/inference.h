/* The inference service: one model, one engine. Health says SERVING when the file has been read
 * whole and its digest is known to be the one on its card.
 *
 * Another file can take the place of the first while it serves: it is loaded beside it, on a
 * worker, and when its engine is ready new requests go to it. What runs goes on with the old
 * weights to its end; the last of them takes the old engine along. A file that is refused changes
 * nothing.
 */
#ifndef INFERENCE_H
#define INFERENCE_H

#include "inference_served.h"
#include "run/loop.h"
#include "run/metrics.h"

struct inference {
    struct inference_options options;
    struct loop *loop;
    /* On the loop, when a model is ready, and with an error when one was refused. NULL: nobody
     * asks.
     */
    void (*on_ready)(struct inference *inference, const struct error *err);
    /* On the loop, after inference_stop, when no worker loads any more. NULL: nobody asks. */
    void (*on_idle)(struct inference *inference);
    void *owner;
    /* the service's own */
    struct inference_served *current; /* serves, or is the first and not ready yet */
    struct inference_served *coming;  /* loaded beside it */
    struct inference_served *leaving;
    bool is_ready, is_stopping, is_loading;
    struct error refused; /* the first one was */
    struct job loading;
    struct inference_served *loaded; /* the job's */
    struct error failure;
    struct metric *prompt_tokens, *reused_tokens, *generated_tokens, *running, *waiting;
    struct metric *pages, *pages_used, *refusals, *first, *queue;
    struct timer looking;
};

/* Map and check the model, start the engine's thread. What is wrong with the file is said here;
 * whether it is the one on its card, to @on_ready. Loop thread. */
struct inference *inference_start(const struct inference_options *options, struct loop *loop,
                                  void (*on_ready)(struct inference *, const struct error *),
                                  void *owner, struct error *err);

/* Load the file anew, which may be another one now. FAILED_PRECONDITION: that is being done
 * already.
 * @on_ready comes later, unless the service stops. Loop thread. */
enum status inference_reload(struct inference *inference, struct error *err);

/* Whether a worker still loads: the loop has to go on until on_idle. */
bool inference_is_loading(const struct inference *inference);

/* End what runs and the threads; @on_ready does not come any more. Loop thread. */
void inference_stop(struct inference *inference);

/* After inference_stop, and when the loop has ended. */
void inference_destroy(struct inference *inference);

/* The model that serves now, until inference_let_go; NULL: none does yet, and @err says why. Loop
 * thread. */
struct inference_served *inference_hold(struct inference *inference, struct error *err);
void inference_let_go(struct inference_served *served);

/* A request has ended. Loop thread. */
void inference_count(struct inference_served *served, const struct inference_usage *usage);

/* A request has found the queue full. Loop thread. */
void inference_count_refused(struct inference *inference);

/* Bring the gauges of the load and the counters of ids up to date, which else happens each second.
 * Loop thread. */
void inference_observe(struct inference *inference);

#endif
