/* Workers: a fixed number of threads, each with one CPU job at a time. Jobs wait in one bounded
 * queue, first come first served. */
#ifndef RUN_WORKERS_H
#define RUN_WORKERS_H

#include <stddef.h>

#include "base/error.h"
#include "run/mailbox.h"

/* Lives in whatever the job works on; stays until @done (or @run, where there is no mailbox) has
 * begun. */
struct job {
    struct job *next;
    void (*run)(struct job *job);  /* on a worker */
    void (*done)(struct job *job); /* on the loop of @home, after @run; NULL: none */
    struct mailbox *home;
    struct letter letter; /* the workers' own */
};

struct workers;

/* @count threads, a queue of @queue_max jobs. NULL and @err when threads cannot be had. */
struct workers *workers_create(unsigned count, unsigned queue_max, struct error *err);

/* Run what is queued, then end the threads. Blocks. Not from a worker. */
void workers_destroy(struct workers *workers);

/* RESOURCE_EXHAUSTED when the queue is full, and then the caller keeps @job. Any thread. */
enum status workers_post(struct workers *workers, struct job *job, struct error *err);

/* Jobs that wait, jobs that run. Any thread. */
void workers_count(const struct workers *workers, unsigned *waiting, unsigned *running);

#endif
