/* A gate: so many calls of a method at once, so many that wait, and no more. gRPC core queues
 * without a bound and serves first the calls that have waited longest, which under overload are the
 * ones whose callers have given up; with a short queue in front the server goes on at its capacity.
 */
#ifndef RPC_ADMISSION_H
#define RPC_ADMISSION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum gate_answer {
    GATE_ANSWER_ENTER,
    GATE_ANSWER_WAIT, /* it is in the gate's queue until gate_leave takes it out */
    GATE_ANSWER_FULL,
    GATE_ANSWER_LATE, /* its turn would come when its caller has given up */
};

struct gate {
    pthread_mutex_t lock;
    unsigned inside, inside_max;
    unsigned waiting, waiting_max;
    struct list queue;
    uint64_t left_ns;     /* when the last one was done, or the first of a busy time came */
    uint64_t interval_ns; /* a moving mean of the time between two that are done; 0: not known */
    uint64_t span_ns;     /* of busy time since the mean was last brought up to date */
    unsigned span_done;   /* so many were done in it */
    uint64_t span_began_ns;
};

void gate_init(struct gate *gate, unsigned inside_max, unsigned waiting_max);
void gate_close(struct gate *gate);

/* LATE where those before it will, as fast as they have left of late, take until @deadline_ns
 * (CLOCK_NEVER: it has time). Behind a few nobody is late. Any thread. */
enum gate_answer gate_enter(struct gate *gate, struct list *node, uint64_t now_ns,
                            uint64_t deadline_ns);

/* One inside has left; its place goes to the node that is returned, first come first served, or to
 * nobody (NULL). @is_done: it was answered; one that was given up, or refused further in, says only
 * that the last answer is so long ago. */
struct list *gate_leave(struct gate *gate, uint64_t now_ns, bool is_done);

/* How long one that comes now is expected to be here. Any thread. */
uint64_t gate_wait_ns(struct gate *gate);

/* How many are inside. Any thread. */
unsigned gate_inside(struct gate *gate);

/* A waiting one gives up. False when gate_leave has already given it a place. */
bool gate_forget(struct gate *gate, struct list *node);

#endif
