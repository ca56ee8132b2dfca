#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/machine.h"

enum { START, WORK, END };

static const struct machine_state states[] = {
    [START] = { "start", MACHINE_TO(WORK), false },
    [WORK] = { "work", MACHINE_TO(WORK) | MACHINE_TO(END), false },
    [END] = { "end", 0, true },
};

static void moves_as_its_table_allows(void **state)
{
    struct machine machine;

    (void)state;
    machine_init(&machine, states);
    assert_int_equal(machine_state(&machine), START);
    machine_move(&machine, WORK);
    machine_move(&machine, WORK);
    assert_string_equal(machine_state_name(&machine), "work");
    assert_false(machine_is_final(&machine));
    machine_move(&machine, END);
    assert_true(machine_is_final(&machine));
}

static void aborts_on_any_other_move(void **state)
{
    const unsigned wrong[] = { START, END, MACHINE_STATES_MAX, 1000 };
    unsigned i;

    (void)state;
    for (i = 0; i < 4; i++) {
        int status;
        pid_t child = fork();

        if (child == 0) {
            struct machine machine;

            if (freopen("/dev/null", "w", stderr) == NULL)
                _exit(1);
            machine_init(&machine, states);
            machine_move(&machine, wrong[i]);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_as_its_table_allows),
        cmocka_unit_test(aborts_on_any_other_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
