/* A server as a child process, and what it costs. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_process {
    const char *name;
    pid_t id;
    int port;
};

/* From here on this thread, and those that it starts, run on every processor but the first, and
 * processes started by bench_process_start on the first alone. Nothing where there is only one. */
void bench_process_part(void);

/* Start @path and read "port N" from it. False with a line on stderr. */
bool bench_process_start(struct bench_process *process, const char *name, const char *path);

void bench_process_stop(struct bench_process *process);

/* User and system time of all its threads, nanoseconds. */
uint64_t bench_process_cpu_ns(const struct bench_process *process);

#endif
