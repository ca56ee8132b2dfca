/* One queue, one lock, one condition. A job is long (a millisecond and more), so the lock costs
 * nothing that a cleverer queue would save. */
#include "run/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/list.h"

struct workers {
    unsigned queue_max;
    unsigned threads_count;

    /* Guarded by the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *oldest, **end; /* the queue, and where the next job is hung */
    unsigned waiting, running;
    bool is_ending;

    pthread_t threads[];
};

static void open_done(struct letter *letter)
{
    struct job *job = LIST_ITEM(letter, struct job, letter);

    job->done(job);
}

/* The job's memory may be gone as soon as it has begun, unless it asked for a done. */
static void run_job(struct job *job)
{
    struct mailbox *home = job->done == NULL ? NULL : job->home;

    job->run(job);
    if (home == NULL)
        return;
    job->letter.open = open_done;
    mailbox_post(home, &job->letter);
}

static struct job *take_job(struct workers *workers)
{
    struct job *job = workers->oldest;

    workers->oldest = job->next;
    if (workers->oldest == NULL)
        workers->end = &workers->oldest;
    workers->waiting--;
    return job;
}

static void *worker_main(void *arg)
{
    struct workers *workers = arg;
    struct job *job;

    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (workers->oldest == NULL && !workers->is_ending)
            pthread_cond_wait(&workers->changed, &workers->lock);
        if (workers->oldest == NULL)
            break;
        job = take_job(workers);
        workers->running++;
        pthread_mutex_unlock(&workers->lock);
        run_job(job);
        pthread_mutex_lock(&workers->lock);
        workers->running--;
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

/* Signals are the loop's business: a worker's system calls are not to be interrupted. */
static int start_thread(struct workers *workers)
{
    char name[16]; /* the kernel's limit */
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&workers->threads[workers->threads_count], NULL, worker_main, workers);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return rc;
    snprintf(name, sizeof(name), "worker-%u", workers->threads_count);
    pthread_setname_np(workers->threads[workers->threads_count], name);
    workers->threads_count++;
    return 0;
}

struct workers *workers_create(unsigned count, unsigned queue_max, struct error *err)
{
    struct workers *workers;
    unsigned i;
    int rc;

    CHECK(count > 0);
    CHECK(queue_max > 0);
    workers = fault_is_due() ? NULL : calloc(1, sizeof(*workers) + count * sizeof(pthread_t));
    if (workers == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u workers", count);
        return NULL;
    }
    workers->queue_max = queue_max;
    workers->end = &workers->oldest;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->changed, NULL);
    for (i = 0; i < count; i++) {
        rc = start_thread(workers);
        if (rc != 0) {
            error_set_errno(err, rc, "cannot start worker %u of %u", i + 1, count);
            workers_destroy(workers);
            return NULL;
        }
    }
    return workers;
}

void workers_destroy(struct workers *workers)
{
    unsigned i;

    pthread_mutex_lock(&workers->lock);
    workers->is_ending = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
    for (i = 0; i < workers->threads_count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

enum status workers_post(struct workers *workers, struct job *job, struct error *err)
{
    bool has_room;

    CHECK(job->run != NULL);
    CHECK(job->done == NULL || job->home != NULL);
    pthread_mutex_lock(&workers->lock);
    CHECK(!workers->is_ending);
    has_room = workers->waiting < workers->queue_max;
    if (has_room) {
        job->next = NULL;
        *workers->end = job;
        workers->end = &job->next;
        workers->waiting++;
        pthread_cond_signal(&workers->changed);
    }
    pthread_mutex_unlock(&workers->lock);
    if (!has_room)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "%u jobs wait for a worker already",
                         workers->queue_max);
    return STATUS_OK;
}

void workers_count(const struct workers *workers, unsigned *waiting, unsigned *running)
{
    /* The lock is not part of what the caller sees as constant. */
    pthread_mutex_t *lock = (pthread_mutex_t *)&workers->lock;

    pthread_mutex_lock(lock);
    *waiting = workers->waiting;
    *running = workers->running;
    pthread_mutex_unlock(lock);
}
