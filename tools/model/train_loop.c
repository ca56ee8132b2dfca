#include "train_loop.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "train_batch.h"
#include "train_lora.h"
#include "train_score.h"
#include "train_team.h"

#define LOOP_JOBS_MAX 256
#define LOOP_LINE_SECONDS 10

struct loop {
    struct checkpoint *state;
    const struct data *data, *held;
    const struct loop_options *options;
    struct arena *arena;
    struct team *team;
    struct batch_order order;
    struct random random;
    double started, progress_before; /* of this run; a resumed one goes on from there */
    uint64_t steps_before;
    /* Since the last line: */
    double line_at, score_at, answer_loss, prompt_loss, norm;
    uint64_t line_tokens, line_steps;
};

void loop_options_default(struct loop_options *options)
{
    *options = (struct loop_options){
        .threads = 2,
        .batch_tokens = 4096,
        .tokens_max = 1024,
        .tokens_short = 256,
        .short_share = 0.3,
        .rate = 2e-3,
        .rate_last = 5e-5,
        .warm_up = 100,
        .decay = 0.05,
        .gradient_max = 1,
        .prompt_share = 0.25,
        .prompt_weight = 0.3,
        .cite_weight = 4,
        .choice_weight = 1,
        .score_seconds = 120,
        .score_examples = 96,
    };
}

static double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double progress(const struct loop *loop)
{
    const struct loop_options *o = loop->options;
    double done = o->steps > 0
                      ? (double)(loop->state->adam.steps - loop->steps_before) / (double)o->steps
                      : (now_seconds() - loop->started) / (60 * o->minutes);

    return done >= 1 ? 1 : loop->progress_before + (1 - loop->progress_before) * done;
}

static double rate(const struct loop *loop)
{
    const struct loop_options *o = loop->options;
    double warm = (double)(loop->state->adam.steps + 1) / o->warm_up;
    double cosine = 0.5 * (1 + cos(3.141592653589793 * loop->state->progress));

    return (warm < 1 ? warm : 1) * (o->rate_last + (o->rate - o->rate_last) * cosine);
}

/* Short records first: what stands where is learnt sooner where there is less to look through. */
static uint32_t prefix_max(const struct loop *loop)
{
    const struct loop_options *o = loop->options;
    double share = o->short_share > 0 ? loop->state->progress / o->short_share : 1;

    if (share >= 1 || o->tokens_short >= o->tokens_max)
        return o->tokens_max;
    return o->tokens_short + (uint32_t)(share * (o->tokens_max - o->tokens_short));
}

struct batch {
    struct team_job jobs[LOOP_JOBS_MAX];
    size_t jobs_count, answers, others;
    uint32_t tokens;
};

/* Where in an answer its next token stands. */
struct answer_place {
    bool is_begun;
    bool is_cited; /* within a citation */
};

/* What the next token of an answer counts beside others. */
static float answer_weight(const struct loop_options *o, uint32_t token, struct answer_place *place)
{
    bool is_choice = !place->is_begun || token == o->line_end || token == o->turn_end;
    bool is_number = place->is_cited && token != o->cite_close;

    place->is_begun = token != o->turn_end;
    if (token == o->cite_open[0] || token == o->cite_open[1])
        place->is_cited = true;
    else if (token == o->cite_close)
        place->is_cited = false;
    return (float)(is_choice ? o->choice_weight : is_number ? o->cite_weight : 1);
}

/* Answers count 1 together, the prompt's tokens prompt_weight together. */
static void weigh(const struct loop *loop, struct batch *batch)
{
    const struct loop_options *o = loop->options;
    float of_prompt = batch->others == 0 ? 0 : (float)(o->prompt_weight / (double)batch->others);
    float of_answer = batch->answers == 0 ? 0 : 1 / (float)batch->answers;

    for (size_t i = 0; i < batch->jobs_count; i++) {
        struct answer_place place = { 0 };

        for (size_t j = 0; j < batch->jobs[i].targets_count; j++) {
            struct pass_target *target = &batch->jobs[i].targets[j];

            target->weight =
                target->is_answer ? of_answer * answer_weight(o, target->token, &place) : of_prompt;
        }
    }
}

static enum status draw_batch(struct loop *loop, struct batch *batch, struct error *err)
{
    const struct loop_options *o = loop->options;

    batch->jobs_count = batch->answers = batch->others = batch->tokens = 0;
    while (batch->tokens < o->batch_tokens && batch->jobs_count < LOOP_JOBS_MAX) {
        struct team_job *job = &batch->jobs[batch->jobs_count++];
        size_t answers;

        job->example = batch_order_next(&loop->order, prefix_max(loop));
        job->targets = ARENA_ARRAY(loop->arena, struct pass_target, job->example->size);
        if (job->targets == NULL)
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a batch");
        if (job->example->size > o->tokens_max)
            return error_set(err, STATUS_INVALID_ARGUMENT, "every example is over %u tokens",
                             o->tokens_max);
        job->targets_count =
            batch_targets(job->example, o->prompt_share, &loop->random, job->targets, &answers);
        batch->answers += answers;
        batch->others += job->targets_count - answers;
        batch->tokens += job->example->size;
    }
    weigh(loop, batch);
    return STATUS_OK;
}

static void note_losses(struct loop *loop, const struct batch *batch)
{
    double answer = 0, prompt = 0;

    for (size_t i = 0; i < batch->jobs_count; i++)
        for (size_t j = 0; j < batch->jobs[i].targets_count; j++) {
            const struct pass_target *target = &batch->jobs[i].targets[j];

            *(target->is_answer ? &answer : &prompt) += target->loss;
        }
    loop->answer_loss += batch->answers > 0 ? answer / (double)batch->answers : 0;
    loop->prompt_loss += batch->others > 0 ? prompt / (double)batch->others : 0;
    loop->line_tokens += batch->tokens;
    loop->line_steps++;
}

static enum status take_step(struct loop *loop, struct error *err)
{
    const struct loop_options *o = loop->options;
    struct arena_mark mark = arena_mark(loop->arena);
    struct adam_step step = { (float)rate(loop), 0.9f,           0.98f, 1e-9f,
                              (float)o->decay,   o->gradient_max };
    struct batch batch;

    if (draw_batch(loop, &batch, err) != STATUS_OK)
        return STATUS_RESOURCE_EXHAUSTED;
    team_run(loop->team, &loop->state->weights, batch.jobs, batch.jobs_count,
             o->steps > 0 ? TEAM_DEAL_FIXED : TEAM_DEAL_FREE, true);
    if (o->lora != NULL) {
        loop->norm +=
            lora_take_step(o->lora, &step, &loop->state->weights, team_gradient(loop->team));
        loop->state->adam.steps = o->lora->adam.steps;
    } else
        loop->norm += adam_take_step(&loop->state->adam, &step, &loop->state->weights,
                                     team_gradient(loop->team));
    loop->state->tokens += batch.tokens;
    note_losses(loop, &batch);
    arena_rewind(loop->arena, mark);
    return STATUS_OK;
}

static void write_line(struct loop *loop)
{
    double now = now_seconds(), steps = (double)loop->line_steps;

    fprintf(
        stderr,
        "%3.0f%%  step %llu  tokens %.2fM  %.0f tok/s  up to %u  rate %.2g  answers %.4f  prompts %.4f  gradient %.2f\n",
        100 * loop->state->progress, (unsigned long long)loop->state->adam.steps,
        (double)loop->state->tokens * 1e-6, (double)loop->line_tokens / (now - loop->line_at),
        prefix_max(loop), rate(loop), loop->answer_loss / steps, loop->prompt_loss / steps,
        loop->norm / steps);
    loop->line_at = now;
    loop->line_tokens = loop->line_steps = 0;
    loop->answer_loss = loop->prompt_loss = loop->norm = 0;
}

static double percent(size_t part, size_t whole)
{
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

static void write_score(const struct loop *loop, const struct score *score)
{
    fprintf(stderr, "held out: loss %.4f, tokens right %.1f%%, answers exact %.1f%% of %zu\n",
            score->loss, percent(score->tokens_right, score->tokens),
            percent(score->answers_exact, score->answers), score->answers);
    for (uint32_t i = 0; i < loop->held->kinds_count; i++)
        if (score->kinds[i].answers > 0)
            fprintf(stderr, "  %-*s %5.1f%% of %zu\n", DATA_KIND_BYTES, loop->held->kinds[i],
                    percent(score->kinds[i].answers_exact, score->kinds[i].answers),
                    score->kinds[i].answers);
}

static enum status score_and_keep(struct loop *loop, struct error *err)
{
    const struct loop_options *o = loop->options;
    struct score score;

    loop->score_at = now_seconds();
    if (loop->held != NULL) {
        score_data(loop->team, &loop->state->weights, loop->held, o->score_examples, o->tokens_max,
                   loop->arena, &score);
        write_score(loop, &score);
    }
    if (o->checkpoint_path == NULL)
        return STATUS_OK;
    return checkpoint_write(loop->state, o->checkpoint_path, err);
}

static bool is_stopped(const struct loop *loop)
{
    return loop->options->is_stopped != NULL && *loop->options->is_stopped;
}

static enum status run_steps(struct loop *loop, struct error *err)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && !is_stopped(loop)
           && (loop->state->progress = progress(loop)) < 1) {
        status = take_step(loop, err);
        if (now_seconds() - loop->line_at >= LOOP_LINE_SECONDS)
            write_line(loop);
        if (status == STATUS_OK && now_seconds() - loop->score_at >= loop->options->score_seconds)
            status = score_and_keep(loop, err);
    }
    return status == STATUS_OK ? score_and_keep(loop, err) : status;
}

enum status loop_run(struct checkpoint *state, const struct data *data, const struct data *held,
                     const struct loop_options *options, struct arena *arena, struct error *err)
{
    struct loop loop = {
        .state = state, .data = data, .held = held, .options = options, .arena = arena
    };
    enum status status;

    loop.random.state = state->seed ^ state->adam.steps * 0x9e3779b97f4a7c15u;
    if (data->vocabulary_size != state->weights.shape.vocabulary_size
        || (held != NULL && held->vocabulary_size != data->vocabulary_size))
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "the data and the model have different vocabularies");
    if (options->steps == 0 && options->minutes <= 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "neither minutes nor steps are given");
    if (batch_order_init(&loop.order, data, random_next(&loop.random), arena, err) != STATUS_OK)
        return STATUS_INVALID_ARGUMENT;
    loop.team =
        team_start(&state->weights.shape, options->threads, options->tokens_max, arena, err);
    if (loop.team == NULL)
        return STATUS_RESOURCE_EXHAUSTED;
    loop.started = loop.line_at = loop.score_at = now_seconds();
    loop.progress_before = state->progress < 1 ? state->progress : 0;
    loop.steps_before = state->adam.steps;
    status = run_steps(&loop, err);
    team_stop(loop.team);
    return status;
}
