/* Requests that wait, by priority: the most urgent first, in the order they came; but one in four
 * is whoever has waited the longest, so that everybody comes. Guarded by the engine's lock. */
#ifndef INFERENCE_QUEUE_H
#define INFERENCE_QUEUE_H

#include "inference_request.h"

struct inference_queue {
    struct {
        struct inference_request *first, *last;
    } lanes[INFERENCE_PRIORITIES];
    struct inference_request *chosen; /* stays the next until it is taken or has gone */
    uint32_t count, turn;
};

void inference_queue_put(struct inference_queue *queue, struct inference_request *request);

/* Whose turn it is: the same one until it is removed, so that what is large and waits for room is
 * not overtaken for ever. NULL: nobody waits. */
struct inference_request *inference_queue_next(struct inference_queue *queue);

void inference_queue_remove(struct inference_queue *queue, struct inference_request *request);

/* Call @drop with each that @is_unwanted says; it has been removed. */
void inference_queue_drop(struct inference_queue *queue,
                          bool (*is_unwanted)(const struct inference_request *request, void *owner),
                          void (*drop)(struct inference_request *request, void *owner),
                          void *owner);

#endif
