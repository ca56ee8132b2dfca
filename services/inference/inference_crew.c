/* A task is announced by a new number. Members watch the number for a while, because the next task
 * is nearly always a few microseconds away, and then sleep. The caller is done when every member
 * has said so: then nobody holds the task any more. */
#include "inference_crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"

/* About 20 µs of looking. */
#define LOOKS_MAX 2000

struct member {
    struct inference_crew *crew;
    pthread_t thread;
    unsigned number;
};

struct inference_crew {
    unsigned threads, started;
    struct member *members; /* [threads - 1] */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint task_number; /* changes when there is a task, or the end */
    atomic_uint sleeping;
    atomic_uint busy; /* members that have not finished the task */
    bool is_ending;
    /* The task, written before its number. */
    uint32_t parts;
    void (*run)(void *task, uint32_t part, unsigned member);
    void *task;
    atomic_uint next_part;
};

static void rest(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_parts(struct inference_crew *crew, unsigned member)
{
    uint32_t part;

    while ((part = atomic_fetch_add(&crew->next_part, 1)) < crew->parts)
        crew->run(crew->task, part, member);
}

/* The number of a task that is not @seen. */
static unsigned wait_for_task(struct inference_crew *crew, unsigned seen)
{
    for (unsigned i = 0; i < LOOKS_MAX; i++) {
        if (atomic_load(&crew->task_number) != seen)
            return atomic_load(&crew->task_number);
        rest();
    }
    pthread_mutex_lock(&crew->lock);
    atomic_fetch_add(&crew->sleeping, 1);
    while (atomic_load(&crew->task_number) == seen)
        pthread_cond_wait(&crew->wake, &crew->lock);
    atomic_fetch_sub(&crew->sleeping, 1);
    pthread_mutex_unlock(&crew->lock);
    return atomic_load(&crew->task_number);
}

static void *work(void *arg)
{
    struct member *member = arg;
    struct inference_crew *crew = member->crew;
    unsigned seen = 0;

    for (;;) {
        seen = wait_for_task(crew, seen);
        if (crew->is_ending)
            return NULL;
        take_parts(crew, member->number);
        atomic_fetch_sub(&crew->busy, 1);
    }
}

static void announce(struct inference_crew *crew)
{
    atomic_fetch_add(&crew->task_number, 1);
    if (atomic_load(&crew->sleeping) == 0)
        return;
    pthread_mutex_lock(&crew->lock);
    pthread_cond_broadcast(&crew->wake);
    pthread_mutex_unlock(&crew->lock);
}

struct inference_crew *inference_crew_create(unsigned threads, struct error *err)
{
    struct inference_crew *crew = calloc(1, sizeof(*crew));

    CHECK(threads >= 1 && threads <= INFERENCE_CREW_MAX);
    if (crew == NULL || (crew->members = calloc(threads, sizeof(*crew->members))) == NULL) {
        free(crew);
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for %u threads", threads);
        return NULL;
    }
    crew->threads = threads;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->wake, NULL);
    for (; crew->started + 1 < threads; crew->started++) {
        struct member *member = &crew->members[crew->started];

        member->crew = crew;
        member->number = crew->started + 1;
        if (pthread_create(&member->thread, NULL, work, member) != 0) {
            inference_crew_destroy(crew);
            error_set(err, STATUS_RESOURCE_EXHAUSTED, "no %u threads for the engine", threads);
            return NULL;
        }
    }
    return crew;
}

void inference_crew_destroy(struct inference_crew *crew)
{
    if (crew == NULL)
        return;
    crew->is_ending = true;
    announce(crew);
    for (unsigned i = 0; i < crew->started; i++)
        pthread_join(crew->members[i].thread, NULL);
    pthread_cond_destroy(&crew->wake);
    pthread_mutex_destroy(&crew->lock);
    free(crew->members);
    free(crew);
}

unsigned inference_crew_size(const struct inference_crew *crew)
{
    return crew->threads;
}

void inference_crew_run(struct inference_crew *crew, uint32_t parts,
                        void (*run)(void *task, uint32_t part, unsigned member), void *task)
{
    if (crew->started == 0 || parts <= 1) {
        for (uint32_t part = 0; part < parts; part++)
            run(task, part, 0);
        return;
    }
    crew->parts = parts;
    crew->run = run;
    crew->task = task;
    atomic_store(&crew->next_part, 0);
    atomic_store(&crew->busy, crew->started);
    announce(crew);
    take_parts(crew, 0);
    for (unsigned i = 0; atomic_load(&crew->busy) > 0; i++) {
        if (i < LOOKS_MAX)
            rest();
        else
            sched_yield(); /* a member was put aside for another process */
    }
}
