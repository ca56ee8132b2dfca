/* Families (one name) hold series (one set of labels). Both live as long as the process; the lock
 * guards the lists, the values are atomics. */
#include "run/metrics.h"

#include <ctype.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/limits.h"
#include "run/metrics_process.h"

#define MICROSECONDS_PER_SECOND 1000000
#define BUCKET_FIRST_MICROSECONDS 25
#define CACHE_LINE_BYTES 64
#define COUNTER_SUFFIX "_total"

/* The last of its bucket that a trace tells of. Who finds it taken goes on without it. */
struct exemplar {
    atomic_flag is_taken;         /* guards the rest */
    uint64_t microseconds, at_ms; /* at_ms: of the wall clock; 0: none yet */
    char trace_id[TRACE_ID_TEXT_BYTES];
};

/* A line of its own in the cache, so that threads that count different things do not meet. */
struct metric {
    _Alignas(CACHE_LINE_BYTES) _Atomic int64_t value; /* counter, gauge */
    _Atomic uint64_t sum_microseconds;                /* histogram */
    _Atomic uint64_t buckets[METRIC_BUCKETS + 1];     /* not cumulative; the last is +Inf */
    enum metric_kind kind;
    const char *labels;
    struct exemplar *exemplars; /* histogram: one for each bucket */
    struct metric *next;
};

struct family {
    enum metric_kind kind;
    const char *name, *help;
    struct metric *series, **series_end;
    struct family *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct family *families, **families_end = &families;
static unsigned series_count;

/* [a-zA-Z_][a-zA-Z0-9_]*; the colon is for those who write recording rules. */
static bool is_name(const char *name)
{
    size_t i;

    for (i = 0; name[i] != '\0'; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    return i > 0 && !isdigit((unsigned char)name[0]);
}

/* There is no use in a process that cannot have a few hundred bytes when it starts. */
static void *make(size_t size)
{
    size_t whole_lines = (size + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    void *at = aligned_alloc(CACHE_LINE_BYTES, whole_lines);

    CHECK(at != NULL);
    return memset(at, 0, whole_lines);
}

static struct family *find_or_make_family(enum metric_kind kind, const char *name, const char *help)
{
    struct family *family;

    for (family = families; family != NULL; family = family->next) {
        if (strcmp(family->name, name) == 0) {
            CHECK(family->kind == kind);
            return family;
        }
    }
    CHECK(is_name(name));
    family = make(sizeof(*family));
    *family = (struct family){ .kind = kind, .name = name, .help = help };
    family->series_end = &family->series;
    *families_end = family;
    families_end = &family->next;
    return family;
}

static struct metric *find_or_make_series(struct family *family, const char *labels)
{
    struct metric *metric;

    for (metric = family->series; metric != NULL; metric = metric->next)
        if (strcmp(metric->labels, labels) == 0)
            return metric;
    CHECK(series_count < METRIC_SERIES_MAX);
    series_count++;
    metric = make(sizeof(*metric));
    metric->kind = family->kind;
    metric->labels = labels;
    if (metric->kind == METRIC_KIND_HISTOGRAM)
        metric->exemplars = make((METRIC_BUCKETS + 1) * sizeof(struct exemplar));
    *family->series_end = metric;
    family->series_end = &metric->next;
    return metric;
}

struct metric *metric_register(enum metric_kind kind, const char *name, const char *help,
                               const char *labels)
{
    struct metric *metric;

    pthread_mutex_lock(&lock);
    metric = find_or_make_series(find_or_make_family(kind, name, help), labels);
    pthread_mutex_unlock(&lock);
    return metric;
}

void metric_add(struct metric *metric, int64_t amount)
{
    CHECK(metric->kind == METRIC_KIND_GAUGE
          || (metric->kind == METRIC_KIND_COUNTER && amount >= 0));
    atomic_fetch_add_explicit(&metric->value, amount, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value)
{
    CHECK(metric->kind == METRIC_KIND_GAUGE);
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

static uint64_t bound_microseconds(unsigned bucket)
{
    return (uint64_t)BUCKET_FIRST_MICROSECONDS << bucket;
}

/* The first bucket whose bound is not under @microseconds. */
static unsigned bucket_of(uint64_t microseconds)
{
    unsigned bucket;

    if (microseconds <= BUCKET_FIRST_MICROSECONDS)
        return 0;
    bucket = 64 - (unsigned)__builtin_clzll((microseconds - 1) / BUCKET_FIRST_MICROSECONDS);
    return bucket < METRIC_BUCKETS ? bucket : METRIC_BUCKETS;
}

void metric_observe(struct metric *metric, uint64_t microseconds)
{
    CHECK(metric->kind == METRIC_KIND_HISTOGRAM);
    atomic_fetch_add_explicit(&metric->buckets[bucket_of(microseconds)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metric->sum_microseconds, microseconds, memory_order_relaxed);
}

/* Of the wall clock, as exact as the last tick. */
static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void metric_observe_of(struct metric *metric, uint64_t microseconds, const struct trace *trace)
{
    struct exemplar *exemplar = &metric->exemplars[bucket_of(microseconds)];
    uint64_t at_ms = now_ms();

    metric_observe(metric, microseconds);
    if (!trace->is_sampled
        || atomic_flag_test_and_set_explicit(&exemplar->is_taken, memory_order_acquire))
        return;
    if (at_ms / 1000 != exemplar->at_ms / 1000) {
        exemplar->microseconds = microseconds;
        exemplar->at_ms = at_ms;
        trace_format_id(trace, exemplar->trace_id);
    }
    atomic_flag_clear_explicit(&exemplar->is_taken, memory_order_release);
}

static uint64_t bucket_value(const struct metric *metric, unsigned bucket)
{
    return atomic_load_explicit(&metric->buckets[bucket], memory_order_relaxed);
}

int64_t metric_value(const struct metric *metric)
{
    uint64_t count = 0;
    unsigned i;

    if (metric->kind != METRIC_KIND_HISTOGRAM)
        return atomic_load_explicit(&metric->value, memory_order_relaxed);
    for (i = 0; i <= METRIC_BUCKETS; i++)
        count += bucket_value(metric, i);
    return (int64_t)count;
}

/* Seconds without an exponent and without idle zeros: 0.00005, 0.8192, 104.8576. */
static void put_seconds(struct buffer *buffer, uint64_t microseconds)
{
    char text[40];
    size_t size = (size_t)snprintf(text, sizeof(text), "%llu.%06llu",
                                   (unsigned long long)(microseconds / MICROSECONDS_PER_SECOND),
                                   (unsigned long long)(microseconds % MICROSECONDS_PER_SECOND));

    while (text[size - 1] == '0')
        size--;
    if (text[size - 1] == '.')
        size--;
    buffer_put(buffer, slice_of(text, size));
}

/* name_suffix{labels} and a space. */
static void put_series_name(struct buffer *buffer, const struct family *family, const char *suffix,
                            const char *labels)
{
    buffer_format(buffer, "%s%s", family->name, suffix);
    if (*labels != '\0')
        buffer_format(buffer, "{%s}", labels);
    buffer_put_byte(buffer, ' ');
}

static void put_bucket_name(struct buffer *buffer, const struct family *family, const char *labels,
                            unsigned bucket)
{
    buffer_format(buffer, "%s_bucket{%s%sle=\"", family->name, labels, *labels == '\0' ? "" : ",");
    if (bucket == METRIC_BUCKETS)
        buffer_put_string(buffer, "+Inf");
    else
        put_seconds(buffer, bound_microseconds(bucket));
    buffer_put_string(buffer, "\"} ");
}

/* " # {trace_id=\"…\"} seconds timestamp" */
static void put_exemplar(struct buffer *buffer, struct exemplar *exemplar)
{
    if (atomic_flag_test_and_set_explicit(&exemplar->is_taken, memory_order_acquire))
        return;
    if (exemplar->at_ms != 0) {
        buffer_format(buffer, " # {trace_id=\"%s\"} ", exemplar->trace_id);
        put_seconds(buffer, exemplar->microseconds);
        buffer_format(buffer, " %llu.%03llu", (unsigned long long)(exemplar->at_ms / 1000),
                      (unsigned long long)(exemplar->at_ms % 1000));
    }
    atomic_flag_clear_explicit(&exemplar->is_taken, memory_order_release);
}

/* The count is what the buckets add up to at this reading, so that the two never disagree. */
static void put_histogram(struct buffer *buffer, const struct family *family,
                          const struct metric *metric, enum metrics_form form)
{
    uint64_t count = 0;
    unsigned i;

    for (i = 0; i <= METRIC_BUCKETS; i++) {
        count += bucket_value(metric, i);
        put_bucket_name(buffer, family, metric->labels, i);
        buffer_format(buffer, "%llu", (unsigned long long)count);
        if (form == METRICS_FORM_OPEN)
            put_exemplar(buffer, &metric->exemplars[i]);
        buffer_put_byte(buffer, '\n');
    }
    put_series_name(buffer, family, "_sum", metric->labels);
    put_seconds(buffer, atomic_load_explicit(&metric->sum_microseconds, memory_order_relaxed));
    buffer_put_byte(buffer, '\n');
    put_series_name(buffer, family, "_count", metric->labels);
    buffer_format(buffer, "%llu\n", (unsigned long long)count);
}

static void put_series(struct buffer *buffer, const struct family *family,
                       const struct metric *metric, enum metrics_form form)
{
    if (family->kind == METRIC_KIND_HISTOGRAM) {
        put_histogram(buffer, family, metric, form);
        return;
    }
    put_series_name(buffer, family, "", metric->labels);
    buffer_put_number(buffer, metric_value(metric));
    buffer_put_byte(buffer, '\n');
}

/* OpenMetrics calls a counter's family by its name without "_total". */
static size_t family_name_size(const struct family *family, enum metrics_form form)
{
    size_t size = strlen(family->name), suffix = strlen(COUNTER_SUFFIX);

    if (form == METRICS_FORM_OPEN && family->kind == METRIC_KIND_COUNTER && size > suffix
        && strcmp(family->name + size - suffix, COUNTER_SUFFIX) == 0)
        size -= suffix;
    return size;
}

static void put_help(struct buffer *buffer, const struct family *family, enum metrics_form form)
{
    static const char *const kinds[] = { "counter", "gauge", "histogram" };
    int name_size = (int)family_name_size(family, form);
    const char *at;

    buffer_format(buffer, "# HELP %.*s ", name_size, family->name);
    for (at = family->help; *at != '\0'; at++) {
        if (*at == '\n')
            buffer_put_string(buffer, "\\n");
        else if (*at == '\\' || (*at == '"' && form == METRICS_FORM_OPEN))
            buffer_format(buffer, "\\%c", *at);
        else
            buffer_put_byte(buffer, *at);
    }
    buffer_format(buffer, "\n# TYPE %.*s %s\n", name_size, family->name, kinds[family->kind]);
}

void metrics_format(struct buffer *buffer, enum metrics_form form)
{
    const struct family *family;
    const struct metric *metric;

    pthread_mutex_lock(&lock);
    for (family = families; family != NULL; family = family->next) {
        put_help(buffer, family, form);
        for (metric = family->series; metric != NULL; metric = metric->next)
            put_series(buffer, family, metric, form);
    }
    pthread_mutex_unlock(&lock);
    metrics_process_format(buffer, form);
    if (form == METRICS_FORM_OPEN)
        buffer_put_string(buffer, "# EOF\n");
}
