#include "bench_engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/check.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool has_news;

static void tell(void)
{
    pthread_mutex_lock(&lock);
    has_news = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_ready(void *owner)
{
    (void)owner;
    tell();
}

static void on_output(struct inference_request *request)
{
    (void)request;
    tell();
}

static void await(void)
{
    pthread_mutex_lock(&lock);
    while (!has_news)
        pthread_cond_wait(&changed, &lock);
    has_news = false;
    pthread_mutex_unlock(&lock);
}

static double used_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec * 1e3 + (double)usage.ru_utime.tv_usec / 1e3;
}

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

struct inference_engine *bench_engine_create(struct inference_model *model,
                                             struct inference_engine_options options,
                                             struct error *err)
{
    struct inference_engine *engine;

    options.on_ready = on_ready;
    inference_model_wait(model);
    engine = inference_engine_create(model, &options, err);
    if (engine != NULL)
        await();
    return engine;
}

void bench_engine_ask(struct inference_engine *engine, struct inference_request *request,
                      struct bench_answer *answer)
{
    static struct inference_output output;
    struct inference_answer *room = calloc(1, sizeof(*room));
    double used = 0, start = 0;

    CHECK(room != NULL);
    *answer = (struct bench_answer){ 0 };
    request->answers = room;
    request->answers_count = 1;
    request->on_output = on_output;
    CHECK(inference_engine_submit(engine, request, NULL) == STATUS_OK);
    for (output.is_last = false; !output.is_last;) {
        await();
        while (!output.is_last && inference_engine_take(engine, request, &output)) {
            if (answer->count == 0) {
                used = used_ms();
                start = now_ms();
            }
            answer->count += output.count;
        }
    }
    CHECK(output.finish != INFERENCE_FINISH_FAILED);
    answer->user_ms = used_ms() - used;
    answer->ms = now_ms() - start;
    answer->usage = output.usage;
    free(room);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_engine_median(double *values, unsigned count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}
