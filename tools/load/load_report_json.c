#include "load_report.h"

static void put_histogram(const struct load_histogram *histogram, struct buffer *out)
{
    static const struct {
        const char *name;
        double fraction;
    } marks[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 } };
    const char *separator = "";
    unsigned i;

    buffer_format(out, "{\"count\":%llu,\"mean_us\":%.1f,\"max_us\":%llu",
                  (unsigned long long)histogram->count,
                  histogram->count == 0 ? 0 : histogram->sum_us / (double)histogram->count,
                  (unsigned long long)histogram->max_us);
    for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        buffer_format(out, ",\"%s_us\":%llu", marks[i].name,
                      (unsigned long long)load_histogram_at(histogram, marks[i].fraction));
    buffer_put_string(out, ",\"buckets\":[");
    for (i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++)
        if (histogram->counts[i] > 0) {
            buffer_format(out, "%s[%llu,%llu]", separator,
                          (unsigned long long)load_histogram_bound(i),
                          (unsigned long long)histogram->counts[i]);
            separator = ",";
        }
    buffer_put_string(out, "]}");
}

static void put_series(const char *name, const struct load_series *series, struct buffer *out)
{
    const char *separator = "";
    unsigned i;

    buffer_format(
        out,
        "{\"kind\":\"%s\",\"begun\":%llu,\"unsent\":%llu,\"repeated\":%llu,\"answered\":%llu,\"by_status\":{",
        name, (unsigned long long)series->begun, (unsigned long long)series->unsent,
        (unsigned long long)series->repeated, (unsigned long long)series->answered);
    for (i = 0; i < STATUS_COUNT; i++)
        if (series->by_status[i] > 0) {
            buffer_format(out, "%s\"%s\":%llu", separator, status_name((enum status)i),
                          (unsigned long long)series->by_status[i]);
            separator = ",";
        }
    buffer_put_string(out, "},\"whole\":");
    put_histogram(&series->whole, out);
    buffer_put_string(out, ",\"first\":");
    put_histogram(&series->first, out);
    buffer_put_string(out, "}");
}

static void put_step(const struct load_run *run, const struct load_step *step, struct buffer *out)
{
    unsigned i;

    buffer_format(out,
                  "{\"loop\":\"%s\",\"rate\":%g,\"clients\":%u,\"measured_s\":%.3f,\"kinds\":[",
                  step->rate > 0 ? "open" : "closed", step->rate, step->clients, step->measured_s);
    for (i = 0; i < run->mix_count; i++) {
        buffer_put_string(out, i == 0 ? "" : ",");
        put_series(load_kinds[run->mix[i].kind].name, &step->series[i], out);
    }
    buffer_put_string(out, "],\"seconds\":[");
    for (i = 0; i < step->seconds_count; i++) {
        const struct load_second *second = &step->seconds[i];

        buffer_format(
            out,
            "%s{\"begun\":%u,\"good\":%u,\"failed\":%u,\"in_flight\":%u,\"p50_us\":%llu,\"p99_us\":%llu}",
            i == 0 ? "" : ",", second->begun, second->good, second->failed, second->in_flight,
            (unsigned long long)second->p50_us, (unsigned long long)second->p99_us);
    }
    buffer_put_string(out, "]}");
}

void load_report_json(const struct load_run *run, struct buffer *out)
{
    const struct load_config *config = run->config;
    unsigned i;

    buffer_put_string(out, "{\"mix\":");
    buffer_put_json(out, slice_from(config->mix));
    buffer_format(
        out, ",\"patients\":%u,\"seed\":%lld,\"warmup_ms\":%llu,\"deadline_ms\":%llu,\"steps\":[",
        run->world.patients_count, (long long)config->seed, (unsigned long long)config->warmup_ms,
        (unsigned long long)config->deadline_ms);
    for (i = 0; i < run->steps_count && run->steps[i].measured_s > 0; i++) {
        buffer_put_string(out, i == 0 ? "" : ",");
        put_step(run, &run->steps[i], out);
    }
    buffer_put_string(out, "]}\n");
}
