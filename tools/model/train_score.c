#include "train_score.h"

#include "base/check.h"
#include "train_batch.h"

/* Examples that run between two rewinds of the arena. */
#define SCORE_ROUND 16

/* Targets come in the order of their rows, so a segment's are together. */
static void count_job(const struct team_job *job, struct score *score)
{
    const struct pass_target *target = job->targets, *end = job->targets + job->targets_count;

    for (uint32_t i = 0; i < job->example->segments_count; i++) {
        const struct example_segment *segment = &job->example->segments[i];
        bool is_exact = true;

        for (; target < end && target->row + 1 < segment->end; target++) {
            score->loss += target->loss;
            score->tokens++;
            score->tokens_right += target->best == target->token;
            is_exact = is_exact && target->best == target->token;
        }
        score->answers++;
        score->answers_exact += is_exact;
        score->kinds[segment->kind].answers++;
        score->kinds[segment->kind].answers_exact += is_exact;
    }
}

static void prepare_job(const struct example *example, struct arena *arena, struct team_job *job)
{
    struct random unused = { 0 };
    size_t answers_count;

    job->example = example;
    job->targets = ARENA_ARRAY(arena, struct pass_target, example->size);
    CHECK(job->targets != NULL);
    job->targets_count = batch_targets(example, 0, &unused, job->targets, &answers_count);
}

void score_data(struct team *team, const struct weights *weights, const struct data *data,
                size_t examples_max, uint32_t tokens_max, struct arena *arena, struct score *score)
{
    size_t next = 0, done = 0;

    *score = (struct score){ 0 };
    while (next < data->examples_count && done < examples_max) {
        struct arena_mark mark = arena_mark(arena);
        struct team_job jobs[SCORE_ROUND];
        size_t count = 0;

        for (; next < data->examples_count && count < SCORE_ROUND && done < examples_max; next++)
            if (data->examples[next].size <= tokens_max) {
                prepare_job(&data->examples[next], arena, &jobs[count++]);
                done++;
            }
        team_run(team, weights, jobs, count, TEAM_DEAL_FREE, false);
        for (size_t i = 0; i < count; i++)
            count_job(&jobs[i], score);
        arena_rewind(arena, mark);
    }
    if (score->tokens > 0)
        score->loss /= (double)score->tokens;
}
