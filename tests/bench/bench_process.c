#include "bench_process.h"

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run/clock.h"

extern char **environ;

static bool is_parted;

/* This thread onto the first processor, or onto all the others. */
static void run_on(bool is_first)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN), i;
    cpu_set_t set;

    CPU_ZERO(&set);
    for (i = is_first ? 0 : 1; i < (is_first ? 1 : count); i++)
        CPU_SET((int)i, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

void bench_process_part(void)
{
    is_parted = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    if (is_parted)
        run_on(false);
}

static bool spawn(struct bench_process *process, const char *path, int out)
{
    char *arguments[] = { (char *)path, NULL };
    posix_spawn_file_actions_t actions;
    int rc;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (is_parted)
        run_on(true);
    rc = posix_spawn(&process->id, path, &actions, NULL, arguments, environ);
    if (is_parted)
        run_on(false);
    posix_spawn_file_actions_destroy(&actions);
    if (rc != 0)
        fprintf(stderr, "%s: %s\n", path, strerror(rc));
    return rc == 0;
}

bool bench_process_start(struct bench_process *process, const char *name, const char *path)
{
    int ends[2];
    FILE *lines;
    bool is_started;

    *process = (struct bench_process){ .name = name };
    if (pipe(ends) != 0)
        return false;
    is_started = spawn(process, path, ends[1]);
    close(ends[1]);
    lines = fdopen(ends[0], "r");
    if (is_started && fscanf(lines, "port %d", &process->port) != 1) {
        fprintf(stderr, "%s: said no port\n", path);
        bench_process_stop(process);
        is_started = false;
    }
    fclose(lines);
    return is_started;
}

void bench_process_stop(struct bench_process *process)
{
    if (process->id <= 0)
        return;
    kill(process->id, SIGKILL);
    waitpid(process->id, NULL, 0);
    process->id = 0;
}

uint64_t bench_process_cpu_ns(const struct bench_process *process)
{
    struct timespec used = { 0 };
    clockid_t clock;

    if (clock_getcpuclockid(process->id, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return (uint64_t)used.tv_sec * CLOCK_NS_PER_S + (uint64_t)used.tv_nsec;
}
