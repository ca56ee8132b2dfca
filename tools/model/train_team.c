/* Two barriers a step: the threads wait at the first for work, and the caller waits at the second
 * for them. Between the two, what is in struct team is only read, but for each worker's own. */
#include "train_team.h"

#include <cblas.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "train_kernels.h"

struct worker {
    struct team *team;
    pthread_t thread;
    struct pass pass;
    struct weights gradient;
    size_t tokens; /* dealt to it in this step */
};

struct team {
    unsigned threads;
    struct worker *workers;
    pthread_barrier_t begin, end;
    const struct weights *weights; /* NULL: the threads are to end */
    struct team_job *jobs;
    unsigned *owners;   /* of the jobs; TEAM_DEAL_FIXED */
    atomic_size_t next; /* job that nobody has taken; TEAM_DEAL_FREE */
    enum team_deal deal;
    size_t jobs_count;
    bool is_learning;
    struct arena *arena;
};

static void work_on(struct worker *worker, struct team_job *job)
{
    pass_run(&worker->pass, worker->team->weights, job->example, job->targets, job->targets_count,
             worker->team->is_learning ? &worker->gradient : NULL);
}

static void work(struct worker *worker)
{
    struct team *team = worker->team;
    unsigned self = (unsigned)(worker - team->workers);
    size_t taken;

    if (team->is_learning)
        memset(worker->gradient.all, 0, worker->gradient.count * sizeof(float));
    if (team->deal == TEAM_DEAL_FREE) {
        while ((taken = atomic_fetch_add(&team->next, 1)) < team->jobs_count)
            work_on(worker, &team->jobs[taken]);
        return;
    }
    for (size_t i = 0; i < team->jobs_count; i++)
        if (team->owners[i] == self)
            work_on(worker, &team->jobs[i]);
}

static void *run(void *argument)
{
    struct worker *worker = argument;

    for (;;) {
        pthread_barrier_wait(&worker->team->begin);
        if (worker->team->weights == NULL)
            return NULL;
        work(worker);
        pthread_barrier_wait(&worker->team->end);
    }
}

static enum status init_worker(struct team *team, struct worker *worker, const struct shape *shape,
                               size_t tokens_max, struct error *err)
{
    float *memory = ARENA_ARRAY(team->arena, float, weights_count(shape));

    worker->team = team;
    if (memory == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a gradient");
    weights_bind(&worker->gradient, shape, memory);
    return pass_init(&worker->pass, shape, tokens_max, team->arena, err);
}

struct team *team_start(const struct shape *shape, unsigned threads, size_t tokens_max,
                        struct arena *arena, struct error *err)
{
    struct team *team = ARENA_NEW(arena, struct team);

    CHECK(threads >= 1 && threads <= TEAM_THREADS_MAX);
    if (team == NULL || (team->workers = ARENA_ARRAY(arena, struct worker, threads)) == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for %u threads", threads);
        return NULL;
    }
    team->threads = threads;
    team->arena = arena;
    for (unsigned i = 0; i < threads; i++)
        if (init_worker(team, &team->workers[i], shape, tokens_max, err) != STATUS_OK)
            return NULL;
    openblas_set_num_threads(1);
    CHECK(pthread_barrier_init(&team->begin, NULL, threads) == 0);
    CHECK(pthread_barrier_init(&team->end, NULL, threads) == 0);
    for (unsigned i = 1; i < threads; i++)
        CHECK(pthread_create(&team->workers[i].thread, NULL, run, &team->workers[i]) == 0);
    return team;
}

static int by_size(const void *a, const void *b)
{
    const struct team_job *x = a, *y = b;

    return (x->example->size < y->example->size) - (x->example->size > y->example->size);
}

/* The largest first, each to whoever has the least. */
static void deal_out(struct team *team, unsigned *owners)
{
    for (unsigned i = 0; i < team->threads; i++)
        team->workers[i].tokens = 0;
    for (size_t i = 0; i < team->jobs_count; i++) {
        unsigned least = 0;

        for (unsigned j = 1; j < team->threads; j++)
            if (team->workers[j].tokens < team->workers[least].tokens)
                least = j;
        owners[i] = least;
        team->workers[least].tokens += team->jobs[i].example->size;
    }
}

void team_run(struct team *team, const struct weights *weights, struct team_job *jobs,
              size_t jobs_count, enum team_deal deal, bool is_learning)
{
    struct arena_mark mark = arena_mark(team->arena);
    unsigned *owners = ARENA_ARRAY(team->arena, unsigned, jobs_count);

    CHECK(owners != NULL);
    /* Whether this sort is stable or not, it does the same each time. */
    qsort(jobs, jobs_count, sizeof(*jobs), by_size);
    team->weights = weights;
    team->jobs = jobs;
    team->owners = owners;
    team->jobs_count = jobs_count;
    team->is_learning = is_learning;
    team->deal = deal;
    atomic_store(&team->next, 0);
    deal_out(team, owners);
    pthread_barrier_wait(&team->begin);
    work(&team->workers[0]);
    pthread_barrier_wait(&team->end);
    for (unsigned i = 1; is_learning && i < team->threads; i++)
        kernel_add(team->workers[0].gradient.all, team->workers[i].gradient.all,
                   team->workers[0].gradient.count);
    arena_rewind(team->arena, mark);
}

const struct weights *team_gradient(const struct team *team)
{
    return &team->workers[0].gradient;
}

void team_stop(struct team *team)
{
    team->weights = NULL;
    pthread_barrier_wait(&team->begin);
    for (unsigned i = 1; i < team->threads; i++)
        pthread_join(team->workers[i].thread, NULL);
    pthread_barrier_destroy(&team->begin);
    pthread_barrier_destroy(&team->end);
}
