/* The text is read back by a strict reader of the Prometheus format that shares nothing with the
 * writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/metrics.h"

#define NAME "[a-zA-Z_:][a-zA-Z0-9_:]*"
#define LABEL "[a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\]|\\\\[\\\"n])*\""
#define VALUE "([+-]?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?|[+]Inf|-Inf|NaN)"

static char *formatted_as(enum metrics_form form, struct arena *arena)
{
    struct buffer buffer;

    arena_init(arena, 1 << 22);
    buffer_init(&buffer, arena);
    metrics_format(&buffer, form);
    buffer_put_byte(&buffer, '\0');
    assert_false(buffer.is_full);
    return buffer.data;
}

static char *formatted(struct arena *arena)
{
    return formatted_as(METRICS_FORM_PROMETHEUS, arena);
}

static void assert_has(const char *text, const char *line)
{
    if (strstr(text, line) == NULL)
        fail_msg("missing: %s", line);
}

static void counts_and_measures(void **state)
{
    struct metric *counter = metric_register(METRIC_KIND_COUNTER, "calls_total",
                                             "Calls.\nAll \\ of them.", "method=\"a\"");
    struct metric *other =
        metric_register(METRIC_KIND_COUNTER, "calls_total", "Calls.", "method=\"b\"");
    struct metric *gauge = metric_register(METRIC_KIND_GAUGE, "waiting", "Waiting.", "");
    struct arena arena;
    const char *text;

    (void)state;
    assert_ptr_not_equal(counter, other);
    assert_ptr_equal(counter,
                     metric_register(METRIC_KIND_COUNTER, "calls_total", "x", "method=\"a\""));
    metric_add(counter, 2);
    metric_add(counter, 3);
    metric_set(gauge, 7);
    metric_add(gauge, -9);
    assert_int_equal(metric_value(counter), 5);
    text = formatted(&arena);
    assert_has(text, "# HELP calls_total Calls.\\nAll \\\\ of them.\n# TYPE calls_total counter\n"
                     "calls_total{method=\"a\"} 5\ncalls_total{method=\"b\"} 0\n");
    assert_has(text, "# TYPE waiting gauge\nwaiting -2\n");
    arena_close(&arena);
}

static void puts_each_duration_in_the_bucket_that_holds_it(void **state)
{
    struct metric *metric =
        metric_register(METRIC_KIND_HISTOGRAM, "time_seconds", "Time.", "m=\"x\"");
    struct arena arena;
    const char *text;

    (void)state;
    metric_observe(metric, 0);
    metric_observe(metric, 25);
    metric_observe(metric, 26);
    metric_observe(metric, 50);
    metric_observe(metric, 51);
    metric_observe(metric, 104857600);
    metric_observe(metric, 104857601);
    metric_observe(metric, UINT32_MAX);
    assert_int_equal(metric_value(metric), 8);
    text = formatted(&arena);
    assert_has(text, "time_seconds_bucket{m=\"x\",le=\"0.000025\"} 2\n"
                     "time_seconds_bucket{m=\"x\",le=\"0.00005\"} 4\n"
                     "time_seconds_bucket{m=\"x\",le=\"0.0001\"} 5\n");
    assert_has(text, "time_seconds_bucket{m=\"x\",le=\"52.4288\"} 5\n"
                     "time_seconds_bucket{m=\"x\",le=\"104.8576\"} 6\n"
                     "time_seconds_bucket{m=\"x\",le=\"+Inf\"} 8\n"
                     "time_seconds_sum{m=\"x\"} 4504.682648\n"
                     "time_seconds_count{m=\"x\"} 8\n");
    arena_close(&arena);
}

static void writes_lines_that_prometheus_reads(void **state)
{
    regex_t comment, sample;
    struct arena arena;
    char *text, *line, *rest;
    unsigned lines = 0;

    (void)state;
    assert_int_equal(regcomp(&comment,
                             "^# (HELP " NAME " .*|TYPE " NAME " (counter|gauge|histogram))$",
                             REG_EXTENDED),
                     0);
    assert_int_equal(
        regcomp(&sample, "^" NAME "([{]" LABEL "(," LABEL ")*[}])? " VALUE "$", REG_EXTENDED), 0);
    text = formatted(&arena);
    assert_int_equal(text[strlen(text) - 1], '\n');
    for (line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest), lines++)
        if (regexec(line[0] == '#' ? &comment : &sample, line, 0, NULL, 0) != 0)
            fail_msg("not a line of the format: %s", line);
    assert_true(lines > 20);
    regfree(&comment);
    regfree(&sample);
    arena_close(&arena);
}

static double value_of(const char *text, const char *name)
{
    char start[80];
    const char *at;

    snprintf(start, sizeof(start), "\n%s ", name);
    at = strstr(text, start);
    if (at == NULL)
        fail_msg("missing: %s", name);
    return strtod(at + strlen(start), NULL);
}

static void tells_of_the_process(void **state)
{
    struct arena arena;
    const char *text = formatted(&arena);

    (void)state;
    assert_true(value_of(text, "process_resident_memory_bytes") > 100000);
    assert_true(value_of(text, "process_virtual_memory_bytes") > 100000);
    assert_true(value_of(text, "process_cpu_seconds_total") >= 0);
    assert_true(value_of(text, "process_open_fds") >= 3);
    assert_true(value_of(text, "process_max_fds") >= value_of(text, "process_open_fds"));
    assert_true(value_of(text, "process_start_time_seconds") > 1.6e9);
    assert_true(value_of(text, "process_threads") >= 1);
    arena_close(&arena);
}

/* OpenMetrics 1.0: families of counters without their suffix, an exemplar behind a bucket, an end.
 */
static void tells_openmetrics_which_trace_a_bucket_has_seen(void **state)
{
    struct metric *metric = metric_register(METRIC_KIND_HISTOGRAM, "traced_seconds",
                                            "Of \"traced\" calls.", "method=\"a\"");
    struct trace sampled = { .trace_id = { 0xab, 0xcd }, .is_sampled = true };
    struct trace other = { .trace_id = { 0x99 }, .is_sampled = false };
    struct arena arena;
    regex_t line;
    const char *text;

    (void)state;
    metric_register(METRIC_KIND_COUNTER, "calls_total", "Calls.", "method=\"a\"");
    metric_observe_of(metric, 3000, &sampled);
    metric_observe_of(metric, 3100, &other);
    metric_observe_of(metric, 700000, &other);
    text = formatted_as(METRICS_FORM_OPEN, &arena);
    assert_int_equal(regcomp(&line,
                             "traced_seconds_bucket\\{method=\"a\",le=\"0.0032\"\\} 2 # "
                             "\\{trace_id=\"abcd0000000000000000000000000000\"\\} 0.003 "
                             "[0-9]{10}\\.[0-9]{3}\n",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&line, text, 0, NULL, 0), 0);
    assert_null(strstr(text, "99000000"));
    assert_has(text,
               "# HELP traced_seconds Of \\\"traced\\\" calls.\n# TYPE traced_seconds histogram\n");
    assert_has(text, "# TYPE calls counter\ncalls_total{");
    assert_has(text, "# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total ");
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    regfree(&line);
    arena_close(&arena);
    text = formatted(&arena);
    assert_null(strstr(text, "trace_id"));
    assert_null(strstr(text, "# EOF"));
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_measures),
        cmocka_unit_test(puts_each_duration_in_the_bucket_that_holds_it),
        cmocka_unit_test(writes_lines_that_prometheus_reads),
        cmocka_unit_test(tells_of_the_process),
        cmocka_unit_test(tells_openmetrics_which_trace_a_bucket_has_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
