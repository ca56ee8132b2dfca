#include "inference_queue.h"

#include <stddef.h>

#define OLDEST_EACH 4

/* The most urgent first. */
static const enum inference_priority order[INFERENCE_PRIORITIES] = { INFERENCE_PRIORITY_URGENT,
                                                                     INFERENCE_PRIORITY_NORMAL,
                                                                     INFERENCE_PRIORITY_BATCH };

void inference_queue_put(struct inference_queue *queue, struct inference_request *request)
{
    enum inference_priority lane = request->priority;

    request->next = NULL;
    if (queue->lanes[lane].last == NULL)
        queue->lanes[lane].first = request;
    else
        queue->lanes[lane].last->next = request;
    queue->lanes[lane].last = request;
    queue->count++;
}

static struct inference_request *most_urgent(const struct inference_queue *queue)
{
    for (int i = 0; i < INFERENCE_PRIORITIES; i++) {
        if (queue->lanes[order[i]].first != NULL)
            return queue->lanes[order[i]].first;
    }
    return NULL;
}

static struct inference_request *oldest(const struct inference_queue *queue)
{
    struct inference_request *found = NULL;

    for (int i = 0; i < INFERENCE_PRIORITIES; i++) {
        struct inference_request *first = queue->lanes[i].first;

        if (first != NULL && (found == NULL || first->queued_ns < found->queued_ns))
            found = first;
    }
    return found;
}

struct inference_request *inference_queue_next(struct inference_queue *queue)
{
    if (queue->chosen == NULL && queue->count > 0)
        queue->chosen = ++queue->turn % OLDEST_EACH == 0 ? oldest(queue) : most_urgent(queue);
    return queue->chosen;
}

void inference_queue_remove(struct inference_queue *queue, struct inference_request *request)
{
    enum inference_priority lane = request->priority;
    struct inference_request *before = NULL, *at = queue->lanes[lane].first;

    for (; at != request; at = at->next)
        before = at;
    if (before == NULL)
        queue->lanes[lane].first = request->next;
    else
        before->next = request->next;
    if (queue->lanes[lane].last == request)
        queue->lanes[lane].last = before;
    if (queue->chosen == request)
        queue->chosen = NULL;
    request->next = NULL;
    queue->count--;
}

void inference_queue_drop(struct inference_queue *queue,
                          bool (*is_unwanted)(const struct inference_request *request, void *owner),
                          void (*drop)(struct inference_request *request, void *owner), void *owner)
{
    struct inference_request *next;

    for (int lane = 0; lane < INFERENCE_PRIORITIES; lane++) {
        for (struct inference_request *at = queue->lanes[lane].first; at != NULL; at = next) {
            next = at->next;
            if (!is_unwanted(at, owner))
                continue;
            inference_queue_remove(queue, at);
            drop(at, owner);
        }
    }
}
