/* The loop of a run.
 *
 *   load_run_go   credentials, channels → prepare: one put for each patient, four at a time, for
 * each service that will be asked for records → begin_step → … → the last step's last call has
 * ended → finish
 *
 * Arrivals come from a timerfd, because the loop's own timers know milliseconds alone. */
#include "load_run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/list.h"
#include "load_schedule.h"
#include "run/config.h"

#define PREPARING_MAX 4
#define PREPARE_PASSES 2 /* gateway, context */
#define SECOND_MS 1000
#define ATTEMPT_PAUSE_MS 100

static const char *const service_names[LOAD_SERVICES] = { "gateway", "deid", "context", "tokenizer",
                                                          "inference" };

static void begin_step(struct load_run *run);
static void prepare_more(struct load_run *run);

/* The end. */

static void on_poll_closed(uv_handle_t *handle)
{
    struct load_run *run = handle->data;

    close(run->due_fd);
}

static void finish_now(struct letter *letter)
{
    struct load_run *run = LIST_ITEM(letter, struct load_run, ending);
    unsigned i;

    uv_close((uv_handle_t *)&run->due, on_poll_closed);
    timer_close(&run->second, NULL);
    for (i = 0; i < LOAD_SERVICES; i++)
        if (run->channels[i] != NULL)
            channel_destroy(run->channels[i]);
    if (run->client != NULL)
        client_destroy(run->client);
    if (run->credentials != NULL)
        credentials_destroy(run->credentials);
    loop_stop(&run->loop);
}

/* By letter, because the last call's callback has yet to return. */
static void finish(struct load_run *run)
{
    if (run->is_over)
        return;
    run->is_over = true;
    run->ending.open = finish_now;
    mailbox_post(&run->loop.mailbox, &run->ending);
}

/* Nothing runs any more. */
static void settle(struct load_run *run)
{
    if (run->is_broken || run->is_interrupted || run->step + 1 >= run->steps_count) {
        finish(run);
        return;
    }
    run->step++;
    begin_step(run);
}

static void end_step(struct load_run *run)
{
    struct load_step *step = &run->steps[run->step];
    uint64_t now = clock_now();

    run->is_running = false;
    timer_stop(&run->second);
    step->measured_s =
        now <= run->measure_ns
            ? 0
            : (double)((now < run->end_ns ? now : run->end_ns) - run->measure_ns) / 1e9;
    load_live_step(run, step);
    settle(run);
}

/* Calls. */

static unsigned choose_kind(struct load_run *run)
{
    unsigned at = chance_below(&run->chance, run->weights), i;

    for (i = 0; at >= run->mix[i].weight; i++)
        at -= run->mix[i].weight;
    return i;
}

static struct load_series *series_of(struct load_call *call)
{
    struct load_run *run = call->run;
    unsigned i;

    for (i = 0; run->mix[i].kind != call->kind; i++)
        continue;
    return &run->steps[run->step].series[i];
}

static void note_failure(struct load_run *run, const struct error *err)
{
    run->failure = *err;
    run->call_failures++;
}

static void count(struct load_call *call, const struct error *err)
{
    struct load_run *run = call->run;
    struct load_series *series = series_of(call);
    uint64_t now = clock_now(), us = (now - call->intended_ns) / CLOCK_NS_PER_US;

    if (err->status == STATUS_OK) {
        run->second_good++;
        series->answered += now >= run->measure_ns && now < run->end_ns;
        load_histogram_add(&run->second_whole, us);
    } else {
        run->second_failed++;
        note_failure(run, err);
    }
    if (!call->is_counted)
        return;
    series->by_status[err->status]++;
    if (err->status != STATUS_OK)
        return;
    load_histogram_add(&series->whole, us);
    if (call->first_ns != 0)
        load_histogram_add(&series->first, (call->first_ns - call->intended_ns) / CLOCK_NS_PER_US);
}

static struct load_call *make_call(struct load_run *run, unsigned kind, uint64_t intended_ns)
{
    struct load_call *call = calloc(1, sizeof(*call));

    CHECK(call != NULL);
    call->run = run;
    call->kind = kind;
    call->intended_ns = intended_ns;
    call->draw = chance_bits(&run->chance);
    return call;
}

static void begin_call(struct load_run *run, uint64_t intended_ns)
{
    unsigned share = choose_kind(run);
    struct load_series *series = &run->steps[run->step].series[share];
    bool is_counted = intended_ns >= run->measure_ns;
    struct load_call *call;
    struct error err = { 0 };

    run->second_begun++;
    series->begun += is_counted;
    if (run->in_flight >= LOAD_IN_FLIGHT_MAX) {
        series->unsent += is_counted;
        return;
    }
    call = make_call(run, run->mix[share].kind, intended_ns);
    call->is_counted = is_counted;
    run->in_flight++;
    if (load_kinds[call->kind].start(call, &err) != STATUS_OK)
        load_run_over(call, &err);
}

/* A client's next call, or the end of the step. */
static void go_on(struct load_run *run)
{
    bool is_closed = run->steps[run->step].rate == 0;
    uint64_t now = clock_now();

    run->in_flight--;
    if (is_closed && now < run->end_ns && !run->is_interrupted)
        begin_call(run, now);
    else if (run->in_flight == 0 && now >= run->end_ns)
        end_step(run);
}

static void on_rested(struct timer *timer)
{
    struct load_call *call = LIST_ITEM(timer, struct load_call, pause);
    struct load_run *run = call->run;

    free(call);
    go_on(run);
}

static void on_rest(struct timer *timer)
{
    timer_close(timer, on_rested);
}

/* A client that was refused comes back after a moment, as its user would: it may have been refused
 * before anything was sent. */
static void over_of_step(struct load_call *call, const struct error *err)
{
    struct load_run *run = call->run;

    count(call, err);
    if (err->status != STATUS_OK && run->steps[run->step].rate == 0) {
        timer_init(&call->pause, &run->loop, on_rest);
        timer_start(&call->pause, ATTEMPT_PAUSE_MS, 0);
        return;
    }
    free(call);
    go_on(run);
}

static void over_of_preparation(struct load_call *call, const struct error *err)
{
    struct load_run *run = call->run;

    free(call);
    run->preparing--;
    if (err->status != STATUS_OK && !run->is_broken) {
        run->failure = *err;
        error_wrap(&run->failure, "a record could not be put");
        run->is_broken = true;
    }
    prepare_more(run);
}

static void on_paused(struct timer *timer)
{
    struct load_call *call = LIST_ITEM(timer, struct load_call, pause);
    struct error err = { 0 };

    call->sent = 0;
    if (load_kinds[call->kind].start(call, &err) != STATUS_OK)
        load_run_over(call, &err);
}

static void on_pause(struct timer *timer)
{
    timer_close(timer, on_paused);
}

/* A server that goes away, or has no place yet, says UNAVAILABLE; there may be another. */
static bool begin_again(struct load_call *call, const struct error *err)
{
    struct load_run *run = call->run;

    if (err->status != STATUS_UNAVAILABLE || call->is_preparation || call->first_ns != 0
        || ++call->attempts >= run->config->attempts)
        return false;
    series_of(call)->repeated += call->is_counted;
    timer_init(&call->pause, &run->loop, on_pause);
    timer_start(&call->pause, ATTEMPT_PAUSE_MS, 0);
    return true;
}

void load_run_over(struct load_call *call, const struct error *err)
{
    if (begin_again(call, err))
        return;
    if (call->is_preparation)
        over_of_preparation(call, err);
    else
        over_of_step(call, err);
}

/* A step. */

static void arm(struct load_run *run)
{
    struct itimerspec at = {
        .it_value = { .tv_sec = (time_t)(run->next_ns / CLOCK_NS_PER_S),
                      .tv_nsec = (long)(run->next_ns % CLOCK_NS_PER_S) },
    };

    CHECK(timerfd_settime(run->due_fd, TFD_TIMER_ABSTIME, &at, NULL) == 0);
}

/* In an open loop begin what is due; at the end of a step's time see whether all is over. */
static void on_due(uv_poll_t *poll, int status, int events)
{
    struct load_run *run = poll->data;
    const struct load_step *step = &run->steps[run->step];
    uint64_t expirations;
    ssize_t got = read(run->due_fd, &expirations, sizeof(expirations));

    (void)got;
    (void)status;
    (void)events;
    if (!run->is_running)
        return;
    while (step->rate > 0 && run->next_ns <= clock_now() && run->next_ns < run->end_ns) {
        begin_call(run, run->next_ns);
        run->next_ns += load_schedule_gap_ns(&run->chance, step->rate);
    }
    if (clock_now() >= run->end_ns) {
        if (run->in_flight == 0)
            end_step(run);
        return;
    }
    if (run->next_ns > run->end_ns)
        run->next_ns = run->end_ns;
    arm(run);
}

static void on_second(struct timer *timer)
{
    struct load_run *run = LIST_ITEM(timer, struct load_run, second);
    struct load_step *step = &run->steps[run->step];
    struct load_second second = {
        .begun = run->second_begun,
        .good = run->second_good,
        .failed = run->second_failed,
        .in_flight = run->in_flight,
        .p50_us = load_histogram_at(&run->second_whole, 0.5),
        .p99_us = load_histogram_at(&run->second_whole, 0.99),
    };

    run->second_begun = run->second_good = run->second_failed = 0;
    load_histogram_clear(&run->second_whole);
    if (step->seconds_count < step->seconds_max)
        step->seconds[step->seconds_count++] = second;
    load_live_second(run, &second);
}

static void begin_step(struct load_run *run)
{
    struct load_step *step = &run->steps[run->step];
    uint64_t now = clock_now();
    unsigned i;

    run->is_running = true;
    run->measure_ns = now + run->config->warmup_ms * CLOCK_NS_PER_MS;
    run->end_ns = run->measure_ns + run->config->time_ms * CLOCK_NS_PER_MS;
    timer_start(&run->second, SECOND_MS, SECOND_MS);
    run->next_ns =
        step->rate > 0 ? now + load_schedule_gap_ns(&run->chance, step->rate) : run->end_ns;
    arm(run);
    for (i = 0; i < step->clients; i++)
        begin_call(run, now);
}

/* The records. */

static bool is_wanted(const struct load_run *run, unsigned pass)
{
    enum load_wants wants = pass == 0 ? LOAD_WANTS_GATEWAY : LOAD_WANTS_CONTEXT;
    unsigned i;

    for (i = 0; i < run->mix_count; i++)
        if (load_kinds[run->mix[i].kind].wants == wants)
            return true;
    return false;
}

static void prepare_one(struct load_run *run, unsigned pass, unsigned patient)
{
    struct load_call *call = make_call(run, 0, clock_now());
    enum status status;
    struct error err = { 0 };

    call->is_preparation = true;
    call->draw = patient;
    run->preparing++;
    status = pass == 0 ? load_put_to_gateway(call, &err) : load_put_to_context(call, &err);
    if (status != STATUS_OK)
        load_run_over(call, &err);
}

static void prepare_more(struct load_run *run)
{
    unsigned patients = run->world.patients_count, end = PREPARE_PASSES * patients;

    while (run->preparing < PREPARING_MAX && run->prepared < end && !run->is_broken
           && !run->is_interrupted) {
        unsigned pass = run->prepared / patients, patient = run->prepared % patients;

        run->prepared++;
        if (is_wanted(run, pass)) {
            prepare_one(run, pass, patient);
            return; /* the rest when it has ended, or from the loop below */
        }
    }
    if (run->preparing > 0)
        return;
    if (run->is_broken || run->is_interrupted) {
        finish(run);
        return;
    }
    load_live_prepared(run);
    begin_step(run);
}

/* The start. */

static enum status connect_services(struct load_run *run, struct error *err)
{
    unsigned i, service;

    for (i = 0; i < run->mix_count; i++) {
        service = load_kinds[run->mix[i].kind].service;
        if (run->channels[service] == NULL) {
            const struct channel_options options = {
                .service = service_names[service],
                .target = run->config->targets[service],
                .credentials = run->credentials,
                .authorization = service == LOAD_SERVICE_GATEWAY ? run->authorization : NULL,
            };

            run->channels[service] = channel_create(run->client, &options, err);
            if (run->channels[service] == NULL)
                return err->status;
        }
    }
    return STATUS_OK;
}

static enum status start_credentials(struct load_run *run, struct error *err)
{
    const struct load_config *config = run->config;
    const struct credentials_options options = {
        .certificate_file = config->tls_certificate,
        .key_file = config->tls_key,
        .authority_file = config->tls_authority,
    };

    if (config->tls_authority == NULL && config->tls_certificate == NULL)
        return STATUS_OK;
    run->credentials = credentials_create(&run->loop, &options, err);
    return run->credentials == NULL ? err->status : STATUS_OK;
}

static enum status read_token(struct load_run *run, struct error *err)
{
    char line[4096] = "";
    FILE *file;

    if (run->config->token_file == NULL)
        return STATUS_OK;
    file = fopen(run->config->token_file, "re");
    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        error_set(err, STATUS_NOT_FOUND, "the token file %s cannot be read",
                  run->config->token_file);
    if (file != NULL)
        fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0')
        return err->status == STATUS_OK
                   ? error_set(err, STATUS_INVALID_ARGUMENT, "the token file is empty")
                   : err->status;
    run->authorization = arena_format(&run->arena, "Bearer %s", line);
    return STATUS_OK;
}

static void on_stop(struct loop *loop)
{
    struct load_run *run = loop->owner;

    run->is_interrupted = true;
    run->end_ns = clock_now();
    if (run->is_running && run->in_flight == 0)
        end_step(run);
}

static enum status start(struct load_run *run, struct error *err)
{
    if (read_token(run, err) != STATUS_OK || start_credentials(run, err) != STATUS_OK)
        return err->status;
    run->client = client_create(&run->loop, CLIENT_PLACE_LOOP, 1, err);
    if (run->client == NULL)
        return err->status;
    return connect_services(run, err);
}

bool load_run_go(struct load_run *run)
{
    struct error err = { 0 };
    unsigned i;

    if (loop_init(&run->loop, run, on_stop, &run->failure) != STATUS_OK)
        return false;
    run->due_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(run->due_fd >= 0 && uv_poll_init(&run->loop.uv, &run->due, run->due_fd) == 0);
    run->due.data = run;
    uv_poll_start(&run->due, UV_READABLE, on_due);
    timer_init(&run->second, &run->loop, on_second);
    if (start(run, &err) != STATUS_OK) {
        run->failure = err;
        run->is_broken = true;
        finish(run);
    } else {
        for (i = 0; i < PREPARING_MAX && !run->is_over && !run->is_running; i++)
            prepare_more(run);
    }
    loop_run(&run->loop);
    loop_close(&run->loop);
    return !run->is_broken;
}

/* The parts that need no loop. */

static enum status make_steps(struct load_run *run, struct error *err)
{
    unsigned seconds = (unsigned)((run->config->time_ms + run->config->warmup_ms
                                   + run->config->deadline_ms)
                                      / 1000
                                  + 2),
             i;

    for (i = 0; i < run->steps_count; i++) {
        struct load_step *step = &run->steps[i];

        step->seconds_max = seconds;
        step->seconds = ARENA_ARRAY(&run->arena, struct load_second, seconds);
        step->series = ARENA_ARRAY(&run->arena, struct load_series, run->mix_count);
        if (step->seconds == NULL || step->series == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the results");
    }
    return STATUS_OK;
}

enum status load_run_init(struct load_run *run, const struct load_config *config, struct error *err)
{
    bool is_closed = config->clients != NULL;

    memset(run, 0, sizeof(*run));
    run->config = config;
    arena_init(&run->arena, 1024 * MIB);
    chance_init(&run->chance, (uint64_t)config->seed, 1);
    if (is_closed && config->rate != NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "--rate is an open loop and --clients a closed one: give one of them");
    if (!is_closed && config->rate == NULL)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "give --rate=CALLS-A-SECOND,... or --clients=N,...");
    if (load_schedule_mix(run, config->mix, err) != STATUS_OK
        || load_schedule_steps(run, is_closed ? config->clients : config->rate, is_closed, err)
               != STATUS_OK
        || make_steps(run, err) != STATUS_OK)
        return err->status;
    return load_world_init(&run->world, (uint64_t)config->seed, (unsigned)config->patients,
                           (unsigned)config->resources, err);
}

void load_run_close(struct load_run *run)
{
    if (run->world.patients != NULL)
        load_world_close(&run->world);
    arena_close(&run->arena);
}
