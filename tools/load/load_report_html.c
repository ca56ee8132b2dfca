/* One page: a table of every step and kind, the latencies by percentile, each step second by
 * second, and where there are several steps what is answered and how late over what is offered. */
#include <stdio.h>

#include "load_plot.h"
#include "load_report.h"

#define MS(us) ((double)(us) / 1000)
#define FRACTIONS 14

static const double fractions[FRACTIONS] = { 0,    0.25,  0.5,    0.75,  0.9,    0.95,   0.975,
                                             0.99, 0.995, 0.9975, 0.999, 0.9995, 0.9999, 0.99999 };

static const char style[] =
    "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:1400px;margin:2em auto;padding:0 1em;color:#1f2328;background:#fff}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;text-align:right;border-bottom:1px solid #d8dee4}"
    "td:first-child,th:first-child,td:nth-child(2){text-align:left}.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1em}"
    "svg{width:100%;background:#f6f8fa;border-radius:6px}svg text{font:11px system-ui,sans-serif}svg text.title{font-weight:600;font-size:13px}"
    ".grid{stroke:#d8dee4}.bad{color:#cf222e}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}svg{background:#161b22}svg text:not([fill]){fill:#e6edf3}.grid{stroke:#30363d}}"
    "</style>";

static char *step_name(const struct load_step *step, struct buffer *out)
{
    return step->rate > 0 ? arena_format(out->arena, "%g/s", step->rate)
                          : arena_format(out->arena, "%u clients", step->clients);
}

static uint64_t failed_of(const struct load_series *series)
{
    uint64_t failed = 0;
    unsigned i;

    for (i = 1; i < STATUS_COUNT; i++)
        failed += series->by_status[i];
    return failed;
}

static void put_row(const struct load_run *run, const struct load_step *step, unsigned share,
                    struct buffer *out)
{
    const struct load_series *series = &step->series[share];
    uint64_t failed = failed_of(series) + series->unsent;
    unsigned i;

    buffer_format(out, "<tr><td>%s</td><td>%s</td><td>%.1f</td><td>%.1f</td><td%s>%llu",
                  step_name(step, out), load_kinds[run->mix[share].kind].name,
                  (double)series->begun / step->measured_s,
                  (double)series->answered / step->measured_s, failed > 0 ? " class=bad" : "",
                  (unsigned long long)failed);
    for (i = 1; i < STATUS_COUNT; i++)
        if (series->by_status[i] > 0)
            buffer_format(out, "<br>%s %llu", status_name((enum status)i),
                          (unsigned long long)series->by_status[i]);
    buffer_format(out, "</td><td>%.2f</td><td>%.2f</td><td>%.2f</td><td>%.2f</td><td>%.2f</td><td>",
                  MS(load_histogram_at(&series->whole, 0.5)),
                  MS(load_histogram_at(&series->whole, 0.9)),
                  MS(load_histogram_at(&series->whole, 0.99)),
                  MS(load_histogram_at(&series->whole, 0.999)), MS(series->whole.max_us));
    if (series->first.count > 0)
        buffer_format(out, "%.2f / %.2f", MS(load_histogram_at(&series->first, 0.5)),
                      MS(load_histogram_at(&series->first, 0.99)));
    buffer_put_string(out, "</td></tr>\n");
}

static void put_table(const struct load_run *run, unsigned steps, struct buffer *out)
{
    unsigned i, j;

    buffer_put_string(
        out,
        "<table><tr><th>load</th><th>call</th><th>begun/s</th><th>answered/s</th><th>failed</th><th>p50 ms</th><th>p90</th><th>p99</th><th>p99.9</th>"
        "<th>max</th><th>first text p50 / p99</th></tr>\n");
    for (i = 0; i < steps; i++)
        for (j = 0; j < run->mix_count; j++)
            put_row(run, &run->steps[i], j, out);
    buffer_put_string(out, "</table>\n");
}

/* Latencies over 1 / (1 - percentile): every nine is as wide as the last. */
static void put_percentiles(const struct load_run *run, const struct load_step *step,
                            struct buffer *out)
{
    static const char *const marks[] = { "0", "90%", "99%", "99.9%", "99.99%" };
    static const double marks_x[] = { 1, 10, 100, 1000, 10000 };
    struct load_plot plot = { .x_name = "of the calls",
                              .y_name = "ms",
                              .is_log_x = true,
                              .is_log_y = true,
                              .marks = marks,
                              .marks_x = marks_x,
                              .marks_count = 5 };
    double x[LOAD_KINDS_MAX][FRACTIONS], y[LOAD_KINDS_MAX][FRACTIONS];
    unsigned i, j;

    for (i = 0; i < run->mix_count; i++) {
        const struct load_histogram *whole = &step->series[i].whole;
        unsigned count = 0;

        for (j = 0; j < FRACTIONS && (double)whole->count * (1 - fractions[j]) >= 1; j++, count++) {
            x[i][j] = 1 / (1 - fractions[j]);
            y[i][j] = MS(load_histogram_at(whole, fractions[j]));
        }
        plot.lines[plot.lines_count++] =
            (struct load_plot_line){ load_kinds[run->mix[i].kind].name, x[i], y[i], count };
    }
    plot.title =
        arena_format(out->arena, "%s: latency from when the call was due", step_name(step, out));
    load_plot_write(&plot, out);
}

enum second_field {
    SECOND_BEGUN,
    SECOND_GOOD,
    SECOND_FAILED,
    SECOND_IN_FLIGHT,
    SECOND_P50,
    SECOND_P99,
    SECOND_FIELDS,
};

static double field_of(const struct load_second *second, enum second_field field)
{
    const double values[SECOND_FIELDS] = {
        second->begun,     second->good,       second->failed,
        second->in_flight, MS(second->p50_us), MS(second->p99_us)
    };

    return values[field];
}

static void put_seconds(const struct load_step *step, const char *what, const char *y_name,
                        bool is_log, const enum second_field *fields, unsigned count,
                        struct buffer *out)
{
    static const char *const names[SECOND_FIELDS] = { "begun",     "good", "failed",
                                                      "in flight", "p50",  "p99" };
    struct load_plot plot = { .x_name = "seconds", .y_name = y_name, .is_log_y = is_log };
    double *x = ARENA_ARRAY(out->arena, double, step->seconds_count);
    unsigned i, j;

    for (i = 0; i < count; i++) {
        double *y = ARENA_ARRAY(out->arena, double, step->seconds_count);

        for (j = 0; x != NULL && y != NULL && j < step->seconds_count; j++) {
            x[j] = j + 1;
            y[j] = field_of(&step->seconds[j], fields[i]);
        }
        if (x != NULL && y != NULL)
            plot.lines[plot.lines_count++] =
                (struct load_plot_line){ names[fields[i]], x, y, step->seconds_count };
    }
    plot.title = arena_format(out->arena, "%s: %s", step_name(step, out), what);
    load_plot_write(&plot, out);
}

/* One kind's goodput and latencies over the load, one point a step. */
static void put_curve(const struct load_run *run, unsigned steps, bool is_latency,
                      struct buffer *out)
{
    double x[LOAD_STEPS_MAX], y[LOAD_KINDS_MAX][LOAD_STEPS_MAX];
    struct load_plot plot = {
        .title = is_latency ? "p99 over the load" : "answered over what is asked",
        .x_name = run->steps[0].rate > 0 ? "calls a second" : "clients",
        .y_name = is_latency ? "ms" : "a second",
        .is_log_y = is_latency,
    };
    unsigned i, j;

    for (i = 0; i < run->mix_count; i++) {
        for (j = 0; j < steps; j++) {
            const struct load_series *series = &run->steps[j].series[i];

            x[j] = run->steps[j].rate > 0 ? run->steps[j].rate : run->steps[j].clients;
            y[i][j] = is_latency ? MS(load_histogram_at(&series->whole, 0.99))
                                 : (double)series->answered / run->steps[j].measured_s;
        }
        plot.lines[plot.lines_count++] =
            (struct load_plot_line){ load_kinds[run->mix[i].kind].name, x, y[i], steps };
    }
    load_plot_write(&plot, out);
}

static void put_plots(const struct load_run *run, unsigned steps, struct buffer *out)
{
    static const enum second_field rates[] = { SECOND_BEGUN, SECOND_GOOD, SECOND_FAILED },
                                   latencies[] = { SECOND_P50, SECOND_P99 },
                                   waiting[] = { SECOND_IN_FLIGHT };
    unsigned i;

    if (steps > 1) {
        put_curve(run, steps, false, out);
        put_curve(run, steps, true, out);
    }
    for (i = 0; i < steps; i++) {
        put_percentiles(run, &run->steps[i], out);
        put_seconds(&run->steps[i], "calls, second by second", "calls", false, rates, 3, out);
        put_seconds(&run->steps[i], "latency, second by second", "ms", true, latencies, 2, out);
        put_seconds(&run->steps[i], "calls that are out", "calls", false, waiting, 1, out);
    }
}

void load_report_html(const struct load_run *run, struct buffer *out)
{
    unsigned steps = 0;

    while (steps < run->steps_count && run->steps[steps].measured_s > 0)
        steps++;
    buffer_format(
        out,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>consilium-load</title>%s<h1>consilium-load</h1>\n",
        style);
    buffer_format(
        out,
        "<p>Mix %s over %u synthetic patients (seed %lld); %s loop; %.0f s of each step after %.0f s of warming up; deadline %.0f s. "
        "Latencies of calls that ended OK, to within 0.8 %%%s.</p>\n",
        run->config->mix, run->world.patients_count, (long long)run->config->seed,
        run->steps[0].rate > 0 ? "open" : "closed", (double)run->config->time_ms / 1000,
        (double)run->config->warmup_ms / 1000, (double)run->config->deadline_ms / 1000,
        run->steps[0].rate > 0 ? ", from when each was due" : "");
    put_table(run, steps, out);
    buffer_put_string(out, "<div class=\"plots\">\n");
    if (steps > 0)
        put_plots(run, steps, out);
    buffer_put_string(out, "</div></html>\n");
}
