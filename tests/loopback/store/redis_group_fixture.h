/* Several redis-servers on ports of loopback, each in a folder of its own, killed with the test:
 * for Sentinel and Cluster. */
#ifndef REDIS_GROUP_FIXTURE_H
#define REDIS_GROUP_FIXTURE_H

#include "redis_fixture.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MEMBERS_MAX 8

struct member {
    pid_t pid;
    int port;
};

struct group {
    struct bench bench;
    struct member members[MEMBERS_MAX];
    size_t count;
};

#define BUS_OFFSET 10000 /* a cluster's nodes speak to each other on the port so much above */
#define PORT_FIRST 20000
#define PORT_LAST 22700 /* below the ports that the system gives to connections, the bus's too */

static inline bool port_is_free(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rc = bind(fd, (struct sockaddr *)&at, sizeof(at));
    close(fd);
    return rc == 0;
}

static inline int free_port(void)
{
    static int next;

    if (next == 0)
        /* tests that begin side by side have pids side by side: their ports lie apart */
        next = PORT_FIRST + getpid() * MEMBERS_MAX * 4 % (PORT_LAST - PORT_FIRST);
    for (;; next = next < PORT_LAST ? next + 1 : PORT_FIRST)
        if (port_is_free(next) && port_is_free(next + BUS_OFFSET))
            return next++;
}

/* Run the shell's @line with $PORT and $DIR, in place of the shell. */
static inline void member_start(struct group *group, struct member *member, const char *line)
{
    char port[16], dir[128];

    snprintf(port, sizeof(port), "%d", member->port);
    snprintf(dir, sizeof(dir), "%s/%d", group->bench.folder, member->port);
    member->pid = fork();
    assert_true(member->pid >= 0);
    if (member->pid != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setenv("PORT", port, 1);
    setenv("DIR", dir, 1);
    if (freopen("/dev/null", "w", stdout) == NULL)
        _exit(126);
    execlp("sh", "sh", "-c", line, (char *)NULL);
    _exit(127);
}

static inline struct member *member_add(struct group *group, const char *line)
{
    struct member *member = &group->members[group->count++];

    assert_true(group->count <= MEMBERS_MAX);
    member->port = free_port();
    member_start(group, member, line);
    return member;
}

static inline void member_kill(struct member *member)
{
    if (member->pid == 0)
        return;
    kill(member->pid, SIGKILL);
    waitpid(member->pid, NULL, 0);
    member->pid = 0;
}

/* What the shell says to @format: its first line. */
__attribute__((format(printf, 2, 3))) static inline bool says(const char *expected,
                                                              const char *format, ...)
{
    char command[1024], line[4096] = "";
    va_list args;
    FILE *pipe;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof(line), pipe) != NULL && strstr(line, expected) == NULL)
        line[0] = '\0';
    while (fgetc(pipe) != EOF)
        ;
    pclose(pipe);
    return strstr(line, expected) != NULL;
}

/* Until the shell says @expected; a test that waits too long is ended by the guard. */
#define WAIT_UNTIL_SAYS(group, expected, ...)                                                      \
    while (!says(expected, __VA_ARGS__))                                                           \
    run_for(&(group)->bench, 50)

static inline void group_open(struct group *group)
{
    *group = (struct group){ .count = 0 };
    bench_open(&group->bench);
    timer_start(&group->bench.guard, 120000, 0);
}

static inline void group_close(struct group *group)
{
    char command[128];

    for (size_t i = 0; i < group->count; i++)
        member_kill(&group->members[i]);
    snprintf(command, sizeof(command), "rm -rf '%s'", group->bench.folder);
    assert_int_equal(system(command), 0);
    bench_close(&group->bench);
}

#endif
