/* What is shown while a run goes on: on a terminal one line that is written over, else a line a
 * second. */
#include <stdio.h>
#include <unistd.h>

#include "load_run.h"

#define MS(us) ((double)(us) / 1000)

static const char *unit_of(const struct load_step *step, char text[48])
{
    if (step->rate > 0)
        snprintf(text, 48, "%g calls a second", step->rate);
    else
        snprintf(text, 48, "%u client%s", step->clients, step->clients == 1 ? "" : "s");
    return text;
}

void load_live_prepared(const struct load_run *run)
{
    if (!run->config->quiet)
        fprintf(stderr, "%u synthetic patients, %u notes\n", run->world.patients_count,
                run->world.notes_count);
}

void load_live_second(const struct load_run *run, const struct load_second *second)
{
    const struct load_step *step = &run->steps[run->step];
    bool is_terminal = isatty(STDERR_FILENO), is_warm = clock_now() > run->measure_ns;
    char unit[48];

    if (run->config->quiet)
        return;
    fprintf(stderr,
            "%s%s  %3u s%s  begun %u  good %u  failed %u  in flight %u  p50 %.2f ms  p99 %.2f ms%s",
            is_terminal ? "\r\033[K" : "", unit_of(step, unit), step->seconds_count,
            is_warm ? "" : " (warming up)", second->begun, second->good, second->failed,
            second->in_flight, MS(second->p50_us), MS(second->p99_us), is_terminal ? "" : "\n");
    fflush(stderr);
}

static void print_series(const char *name, const struct load_series *series, double seconds)
{
    uint64_t failed = 0;
    unsigned i;

    for (i = 1; i < STATUS_COUNT; i++)
        failed += series->by_status[i];
    printf("  %-12s %9.1f %9.1f %8llu %10.2f %10.2f %10.2f %10.2f %10.2f", name,
           (double)series->begun / seconds, (double)series->answered / seconds,
           (unsigned long long)failed, MS(load_histogram_at(&series->whole, 0.5)),
           MS(load_histogram_at(&series->whole, 0.9)), MS(load_histogram_at(&series->whole, 0.99)),
           MS(load_histogram_at(&series->whole, 0.999)), MS(series->whole.max_us));
    if (series->first.count > 0)
        printf(" %10.2f", MS(load_histogram_at(&series->first, 0.99)));
    printf("\n");
    for (i = 1; i < STATUS_COUNT; i++)
        if (series->by_status[i] > 0)
            printf("  %-12s   %llu %s\n", "", (unsigned long long)series->by_status[i],
                   status_name((enum status)i));
    if (series->unsent > 0)
        printf("  %-12s   %llu were due and not begun: more than %d were out\n", "",
               (unsigned long long)series->unsent, LOAD_IN_FLIGHT_MAX);
}

void load_live_step(const struct load_run *run, const struct load_step *step)
{
    char unit[48];
    unsigned i;

    if (run->config->quiet || step->measured_s <= 0)
        return;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    printf("%s for %.0f s\n", unit_of(step, unit), step->measured_s);
    printf("  %-12s %9s %9s %8s %10s %10s %10s %10s %10s %10s\n", "", "begun/s", "answered/s",
           "failed", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "first p99");
    for (i = 0; i < run->mix_count; i++)
        print_series(load_kinds[run->mix[i].kind].name, &step->series[i], step->measured_s);
    fflush(stdout);
}
