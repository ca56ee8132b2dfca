#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/audit_log.h"
#include "audit/audit_verify.h"
#include "run/loop.h"

#define RECORDS 1000

static char folder[] = "/tmp/audit-log-XXXXXX";
static char log_path[64], key_path[64];
static struct loop loop;
static struct audit_log *audit;
static struct audit_key key;
static struct error err, told;
static unsigned done_count, wanted_count, elsewhere_count;

static int reset(void **state)
{
    (void)state;
    done_count = elsewhere_count = 0;
    error_clear(&err);
    error_clear(&told);
    return loop_init(&loop, NULL, NULL, &err) == STATUS_OK ? 0 : -1;
}

static int remove_log(void **state)
{
    char command[128];

    (void)state;
    loop_close(&loop);
    snprintf(command, sizeof(command), "rm -rf %s", log_path);
    return system(command);
}

static void open_log(void)
{
    struct audit_options options = { log_path, key_path, "test", NULL, 64 << 10, &loop.mailbox };

    audit = audit_open(&options, &err);
    assert_non_null(audit);
    key = *audit_log_key(audit);
}

static void end(void)
{
    audit_close(audit);
    loop_stop(&loop);
}

static void on_done(void *arg, const struct error *why)
{
    (void)arg;
    elsewhere_count += !loop_is_here(&loop);
    if (why->status != STATUS_OK)
        told = *why;
    if (++done_count == wanted_count)
        end();
}

static uint64_t records_that_stand(void)
{
    struct audit_verdict verdict;

    assert_int_equal(audit_verify(log_path, key.public_key, 1, NULL, NULL, &verdict, &err),
                     STATUS_OK);
    return verdict.last;
}

static void append(unsigned count)
{
    static const struct audit_fact facts[] = { { 1, "Observation/o1" }, { 2, "Condition/c1" } };
    struct audit_record record = {
        .action = AUDIT_ACTION_ASK, .tenant = "default", .facts = facts, .facts_count = 2
    };

    for (unsigned i = 0; i < count; i++) {
        record.count = i + 1;
        assert_int_equal(audit_append(audit, &record, on_done, NULL, &err), STATUS_OK);
    }
}

static void every_record_is_durable_when_its_owner_is_told(void **state)
{
    (void)state;
    open_log();
    wanted_count = RECORDS;
    append(RECORDS);
    loop_run(&loop);
    assert_int_equal(done_count, RECORDS);
    assert_int_equal(elsewhere_count, 0);
    assert_int_equal(told.status, STATUS_OK);
    assert_int_equal(records_that_stand(), RECORDS + 2); /* start and stop */
}

static void too_many_that_wait_are_refused(void **state)
{
    struct audit_record record = { .action = AUDIT_ACTION_PUT };
    unsigned taken = 0;

    (void)state;
    open_log();
    wanted_count = 0; /* nobody ends the loop but this test */
    while (taken < 100 * AUDIT_WAITING_MAX
           && audit_append(audit, &record, on_done, NULL, &err) == STATUS_OK)
        taken++;
    assert_int_equal(err.status, STATUS_RESOURCE_EXHAUSTED);
    end();
    loop_run(&loop);
    assert_int_equal(done_count, taken);
    assert_int_equal(records_that_stand(), taken + 2);
}

/* A file may not grow: so a full disk looks to who writes. */
static void a_full_disk_is_told_and_leaves_no_half_record(void **state)
{
    struct rlimit before, small;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    open_log();
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 2000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    wanted_count = 20;
    append(20);
    loop_run(&loop);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(done_count, 20);
    assert_int_not_equal(told.status, STATUS_OK);
    assert_in_range(records_that_stand(), 1, 5);
    loop_close(&loop);
    assert_int_equal(loop_init(&loop, NULL, NULL, &err), STATUS_OK);
    open_log();
    wanted_count = 40;
    append(20);
    loop_run(&loop);
    assert_in_range(records_that_stand(), 22, 28);
}

/* Acknowledgements leave through a pipe as they come; then the process is killed. */
static void write_until_killed(int pipe_fd)
{
    struct audit_record record = { .action = AUDIT_ACTION_ASK };

    if (loop_init(&loop, NULL, NULL, &err) != STATUS_OK)
        _exit(1);
    open_log();
    wanted_count = 0;
    for (;;) {
        unsigned before = done_count;

        if (audit_append(audit, &record, on_done, NULL, &err) != STATUS_OK)
            _exit(1);
        uv_run(&loop.uv, UV_RUN_NOWAIT);
        for (; before < done_count; before++)
            if (write(pipe_fd, "x", 1) != 1)
                _exit(1);
    }
}

static void what_was_acknowledged_outlives_kill_9(void **state)
{
    size_t acknowledged = 0;
    char bytes[4096];
    ssize_t got;
    int ends[2];
    pid_t child;

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(pipe(ends), 0);
        child = fork();
        if (child == 0)
            write_until_killed(ends[1]);
        close(ends[1]);
        for (size_t enough = acknowledged + 50 + 20 * round; acknowledged < enough;) {
            got = read(ends[0], bytes, sizeof(bytes));
            assert_true(got > 0);
            acknowledged += (size_t)got;
        }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while ((got = read(ends[0], bytes, sizeof(bytes))) > 0)
            acknowledged += (size_t)got;
        close(ends[0]);
        open_log(); /* goes on, whatever was written in part */
        end();
        loop_run(&loop);
        assert_true(records_that_stand() >= acknowledged);
        loop_close(&loop);
        assert_int_equal(loop_init(&loop, NULL, NULL, &err), STATUS_OK);
    }
    loop_stop(&loop);
    loop_run(&loop);
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, reset, remove_log)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(every_record_is_durable_when_its_owner_is_told),
        WITH_LOOP(too_many_that_wait_are_refused),
        WITH_LOOP(a_full_disk_is_told_and_leaves_no_half_record),
        WITH_LOOP(what_was_acknowledged_outlives_kill_9),
    };
    int failed;

    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(log_path, sizeof(log_path), "%s/log", folder);
    snprintf(key_path, sizeof(key_path), "%s/key", folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(key_path);
    rmdir(folder);
    return failed;
}
