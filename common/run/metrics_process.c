#include "run/metrics_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fields of /proc/self/stat as proc(5) numbers them. The second is the program's name, which may
 * hold anything, so counting starts behind the last ')'. */
#define STAT_FIELD_FIRST 3
#define STAT_FIELD_UTIME 14
#define STAT_FIELD_STIME 15
#define STAT_FIELD_THREADS 20
#define STAT_FIELD_START 22
#define STAT_FIELD_VIRTUAL 23
#define STAT_FIELD_RESIDENT 24
#define STAT_FIELDS 25

struct stat_fields {
    unsigned long long values[STAT_FIELDS];
};

static bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return false;
    got = read(fd, text, size - 1);
    close(fd);
    if (got <= 0)
        return false;
    text[got] = '\0';
    return true;
}

static bool read_stat(struct stat_fields *fields)
{
    char text[1024];
    char *at;
    unsigned i;

    if (!read_text("/proc/self/stat", text, sizeof(text)) || (at = strrchr(text, ')')) == NULL)
        return false;
    at++;
    /* The third field is a letter: a space, the letter, and the numbers follow. */
    at += 2;
    for (i = STAT_FIELD_FIRST + 1; i < STAT_FIELDS; i++)
        fields->values[i] = strtoull(at, &at, 10);
    return true;
}

/* Seconds since 1970 at which the machine started, or 0. "btime" is far behind the many lines of
 * interrupts, but the first line that begins with it is the one. */
static double boot_time(void)
{
    FILE *file = fopen("/proc/stat", "re");
    char *line = NULL;
    size_t size = 0;
    unsigned long long seconds = 0;

    if (file == NULL)
        return 0;
    while (getline(&line, &size, file) > 0)
        if (sscanf(line, "btime %llu", &seconds) == 1)
            break;
    free(line);
    fclose(file);
    return (double)seconds;
}

static int count_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;

    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 3; /* ".", ".." and the directory itself */
}

static void put(struct buffer *buffer, const char *name, const char *type, const char *help,
                double value)
{
    buffer_format(buffer, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name,
                  value);
}

/* OpenMetrics has the name of a counter's family without "_total". */
static void put_counter(struct buffer *buffer, enum metrics_form form, const char *name,
                        const char *help, double value)
{
    const char *suffix = form == METRICS_FORM_OPEN ? "" : "_total";

    buffer_format(buffer, "# HELP %s%s %s\n# TYPE %s%s counter\n%s_total %.15g\n", name, suffix,
                  help, name, suffix, name, value);
}

static void put_stat(struct buffer *buffer, enum metrics_form form)
{
    const double ticks = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
    struct stat_fields stat;
    double boot = boot_time();

    if (!read_stat(&stat))
        return;
    put_counter(buffer, form, "process_cpu_seconds",
                "Total user and system CPU time spent in seconds.",
                (double)(stat.values[STAT_FIELD_UTIME] + stat.values[STAT_FIELD_STIME]) / ticks);
    put(buffer, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
        (double)stat.values[STAT_FIELD_RESIDENT] * page);
    put(buffer, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
        (double)stat.values[STAT_FIELD_VIRTUAL]);
    put(buffer, "process_threads", "gauge", "Number of OS threads in the process.",
        (double)stat.values[STAT_FIELD_THREADS]);
    if (boot != 0)
        put(buffer, "process_start_time_seconds", "gauge",
            "Start time of the process since unix epoch in seconds.",
            boot + (double)stat.values[STAT_FIELD_START] / ticks);
}

static void put_files(struct buffer *buffer)
{
    struct rlimit limit;
    int count = count_open_files();

    if (count >= 0)
        put(buffer, "process_open_fds", "gauge", "Number of open file descriptors.", count);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        put(buffer, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
            (double)limit.rlim_cur);
}

void metrics_process_format(struct buffer *buffer, enum metrics_form form)
{
    put_stat(buffer, form);
    put_files(buffer);
}
