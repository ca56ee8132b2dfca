/* A run: records are put that the calls will ask for, then each step loads the services for a while
 * and is measured.
 *
 * An open loop begins calls when they are due (arrivals as a Poisson process), whatever has become
 * of those before; a latency counts from when the call was due, so that a server that stands still
 * is seen by every call that it kept waiting. A closed loop has so many clients, each of which
 * begins a call when its last one has ended. Everything is on the loop. */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include <stdio.h>

#include "chance.h"
#include "load_call.h"
#include "load_histogram.h"
#include "load_world.h"
#include "rpc/client.h"
#include "run/clock.h"
#include "run/loop.h"

#define LOAD_STEPS_MAX 32
/* So many calls may be out at once; what is due beyond is not begun, and said in the report. */
#define LOAD_IN_FLIGHT_MAX 65536

struct load_config {
    const char *targets[LOAD_SERVICES]; /* as in enum load_service */
    const char *tls_certificate, *tls_key, *tls_authority, *token_file;
    const char *mix, *rate, *clients, *json_file, *html_file;
    int64_t patients, resources, seed, tokens_max, attempts;
    uint64_t time_ms, warmup_ms, deadline_ms;
    bool quiet;
};

struct load_share {
    unsigned kind;   /* of load_kinds */
    unsigned weight; /* of all weights together */
};

/* What became of the calls of one kind. */
struct load_series {
    struct load_histogram whole, first; /* of those that ended OK */
    uint64_t by_status[STATUS_COUNT];
    uint64_t begun, unsent, repeated;
    uint64_t answered; /* ended OK within the measured time, whenever they began */
};

struct load_second {
    uint32_t begun, good, failed, in_flight;
    uint64_t p50_us, p99_us;
};

struct load_step {
    double rate;      /* calls a second; 0: closed */
    unsigned clients; /* of a closed loop */
    double measured_s;
    struct load_series *series; /* one for each share of the mix */
    struct load_second *seconds;
    unsigned seconds_count, seconds_max;
};

struct load_run {
    const struct load_config *config;
    struct load_world world;
    struct load_share mix[LOAD_KINDS_MAX];
    unsigned mix_count, weights;
    struct load_step steps[LOAD_STEPS_MAX];
    unsigned steps_count, step; /* step: the one that runs */
    struct channel *channels[LOAD_SERVICES];
    struct error failure; /* what ended the run early, or the last that a call failed with */
    bool is_broken;       /* the run could not be made */
    uint64_t call_failures;
    /* the rest is load_run.c's own */
    struct loop loop;
    struct client *client;
    struct credentials *credentials;
    char *authorization;
    struct chance chance;
    struct arena arena;
    uv_poll_t due;
    int due_fd;
    struct timer second;
    struct letter ending;
    uint64_t next_ns, measure_ns, end_ns;
    unsigned in_flight, prepared, preparing;
    uint32_t second_begun, second_good, second_failed;
    struct load_histogram second_whole;
    bool is_running; /* a step */
    bool is_over, is_interrupted;
};

/* Parse the mix and the steps of @config, which outlives the run. INVALID_ARGUMENT says what is
 * wrong. */
enum status load_run_init(struct load_run *run, const struct load_config *config,
                          struct error *err);

/* From the first record to the end of the last step; false: the run could not be made
 * (run->failure). */
bool load_run_go(struct load_run *run);

void load_run_close(struct load_run *run);

/* A call has ended. */
void load_run_over(struct load_call *call, const struct error *err);

/* Of load_call.c: the records that calls will ask for. */
enum status load_put_to_context(struct load_call *call, struct error *err);
enum status load_put_to_gateway(struct load_call *call, struct error *err);

/* A line about the second that has ended. */
void load_live_second(const struct load_run *run, const struct load_second *second);
void load_live_prepared(const struct load_run *run);
void load_live_step(const struct load_run *run, const struct load_step *step);

#endif
