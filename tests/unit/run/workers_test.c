#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/list.h"
#include "run/loop.h"
#include "run/workers.h"

#define JOBS 2000

static struct loop loop;
static struct workers *workers;
static unsigned done_count, done_elsewhere;
static _Atomic unsigned run_count;

static int reset(void **state)
{
    struct error err;

    (void)state;
    done_count = done_elsewhere = 0;
    atomic_store(&run_count, 0);
    return loop_init(&loop, NULL, NULL, &err) == STATUS_OK ? 0 : -1;
}

static void run_square(struct job *job)
{
    (void)job;
    atomic_fetch_add(&run_count, 1);
}

static void done_square(struct job *job)
{
    done_elsewhere += !loop_is_here(&loop);
    free(job);
    if (++done_count == JOBS)
        loop_stop(&loop);
}

static void runs_every_job_and_brings_it_home(void **state)
{
    struct error err;
    unsigned i;

    (void)state;
    workers = workers_create(3, JOBS, &err);
    assert_non_null(workers);
    for (i = 0; i < JOBS; i++) {
        struct job *job = malloc(sizeof(*job));

        *job = (struct job){ .run = run_square, .done = done_square, .home = &loop.mailbox };
        assert_int_equal(workers_post(workers, job, &err), STATUS_OK);
    }
    loop_run(&loop);
    workers_destroy(workers);
    loop_close(&loop);
    assert_int_equal(atomic_load(&run_count), JOBS);
    assert_int_equal(done_count, JOBS);
    assert_int_equal(done_elsewhere, 0);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void run_at_gate(struct job *job)
{
    (void)job;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    atomic_fetch_add(&run_count, 1);
}

static void wait_until_running(unsigned wanted)
{
    unsigned waiting, running;

    do
        workers_count(workers, &waiting, &running);
    while (running < wanted);
}

static void refuses_a_job_when_the_queue_is_full_and_ends_what_it_took(void **state)
{
    struct job jobs[4] = { { .run = run_at_gate },
                           { .run = run_at_gate },
                           { .run = run_at_gate },
                           { .run = run_at_gate } };
    unsigned waiting, running;
    struct error err;

    (void)state;
    workers = workers_create(1, 2, &err);
    assert_non_null(workers);
    pthread_mutex_lock(&gate);
    assert_int_equal(workers_post(workers, &jobs[0], &err), STATUS_OK);
    wait_until_running(1);
    assert_int_equal(workers_post(workers, &jobs[1], &err), STATUS_OK);
    assert_int_equal(workers_post(workers, &jobs[2], &err), STATUS_OK);
    assert_int_equal(workers_post(workers, &jobs[3], &err), STATUS_RESOURCE_EXHAUSTED);
    workers_count(workers, &waiting, &running);
    assert_int_equal(waiting, 2);
    assert_int_equal(running, 1);
    pthread_mutex_unlock(&gate);
    workers_destroy(workers);
    assert_int_equal(atomic_load(&run_count), 3);
    loop_stop(&loop);
    loop_run(&loop);
    loop_close(&loop);
}

static void run_and_free(struct job *job)
{
    free(job);
    atomic_fetch_add(&run_count, 1);
}

static void lets_a_job_without_a_home_free_itself(void **state)
{
    struct error err;
    unsigned i;

    (void)state;
    workers = workers_create(2, 100, &err);
    for (i = 0; i < 100; i++) {
        struct job *job = malloc(sizeof(*job));

        *job = (struct job){ .run = run_and_free };
        assert_int_equal(workers_post(workers, job, &err), STATUS_OK);
    }
    workers_destroy(workers);
    assert_int_equal(atomic_load(&run_count), 100);
    loop_stop(&loop);
    loop_run(&loop);
    loop_close(&loop);
}

#ifdef CONSILIUM_FAULTS
static void says_when_there_is_no_memory(void **state)
{
    struct error err;

    (void)state;
    fault_after(0);
    assert_null(workers_create(2, 2, &err));
    fault_after(-1);
    assert_int_equal(err.status, STATUS_RESOURCE_EXHAUSTED);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(runs_every_job_and_brings_it_home, reset),
        cmocka_unit_test_setup(refuses_a_job_when_the_queue_is_full_and_ends_what_it_took, reset),
        cmocka_unit_test_setup(lets_a_job_without_a_home_free_itself, reset),
#ifdef CONSILIUM_FAULTS
        cmocka_unit_test(says_when_there_is_no_memory),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
