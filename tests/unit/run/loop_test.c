#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/clock.h"
#include "run/loop.h"

static unsigned stops, times;

static void on_stop(struct loop *loop)
{
    stops++;
    assert_true(loop->is_stopping);
    loop_stop(loop);
}

static void stops_at_the_first_signal(void **state)
{
    const int numbers[] = { SIGTERM, SIGINT };
    struct error err;
    struct loop loop;
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        stops = 0;
        assert_int_equal(loop_init(&loop, NULL, on_stop, &err), STATUS_OK);
        assert_true(loop_is_here(&loop));
        raise(numbers[i]);
        loop_run(&loop);
        loop_close(&loop);
        assert_int_equal(stops, 1);
    }
}

static void on_stop_slowly(struct loop *loop)
{
    (void)loop;
    raise(SIGTERM);
}

static void ends_the_process_at_the_second_signal(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct error err;
        struct loop loop;

        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        loop_init(&loop, NULL, on_stop_slowly, &err);
        raise(SIGTERM);
        loop_run(&loop);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

static void aborts_when_a_handle_is_left_open(void **state)
{
    int status;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct error err;
        struct loop loop;

        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        loop_init(&loop, NULL, NULL, &err);
        loop_close(&loop);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void on_time(struct timer *timer)
{
    if (++times == 3)
        timer_close(timer, NULL);
}

static void repeats_a_timer_until_it_is_closed(void **state)
{
    struct error err;
    struct loop loop;
    struct timer timer, never;

    (void)state;
    times = 0;
    assert_int_equal(loop_init(&loop, NULL, NULL, &err), STATUS_OK);
    timer_init(&timer, &loop, on_time);
    timer_init(&never, &loop, on_time);
    timer_start(&timer, 1, 1);
    timer_start(&never, 1, 1);
    timer_stop(&never);
    timer_close(&never, NULL);
    loop_stop(&loop);
    loop_stop(&loop); /* does nothing */
    loop_run(&loop);
    loop_close(&loop);
    assert_int_equal(times, 3);
}

static void holds_the_clock_still(void **state)
{
    uint64_t before = clock_now();

    (void)state;
    assert_true(clock_now() >= before);
    assert_true(clock_wall_ms() > 1600000000000);
    clock_fake(5 * CLOCK_NS_PER_S);
    assert_int_equal(clock_now(), 5 * CLOCK_NS_PER_S);
    assert_int_equal(clock_wall_ms(), 5000);
    clock_fake(CLOCK_NEVER);
    assert_true(clock_now() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_at_the_first_signal),
        cmocka_unit_test(ends_the_process_at_the_second_signal),
        cmocka_unit_test(aborts_when_a_handle_is_left_open),
        cmocka_unit_test(repeats_a_timer_until_it_is_closed),
        cmocka_unit_test(holds_the_clock_still),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
