#include "tagger_learn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tagger_chance.h"

#define TOKENS_MAX 4096 /* of a text; what is longer is learnt from its front */
#define LANES 8
#define TAGS DEID_TAG_COUNT
#define MODEL_BYTES_MAX ((size_t)2 << 30)

enum status tagger_model_init(struct tagger_model *model, unsigned bits, struct error *err)
{
    size_t bytes = sizeof(*model->weights) << bits;

    *model = (struct tagger_model){ .bits = bits };
    arena_init(&model->arena, MODEL_BYTES_MAX);
    model->weights = arena_alloc_zero(&model->arena, 1, bytes);
    model->squares = arena_alloc_zero(&model->arena, 1, bytes);
    if (model->weights == NULL || model->squares == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for 2^%u features", bits);
    return STATUS_OK;
}

void tagger_model_close(struct tagger_model *model)
{
    arena_close(&model->arena);
}

/* No text begins inside a name, and the inside of one kind does not follow another kind. */
static bool is_step(unsigned from, unsigned to)
{
    return to == DEID_TAG_OUTSIDE || deid_tag_is_begin(to) || from == to || from + 1 == to;
}

/* What one text needs while it is learnt; for the longest that there may be. */
struct lesson {
    uint32_t features[TOKENS_MAX][DEID_VIEW_FEATURES];
    float scores[TOKENS_MAX][LANES], ahead[TOKENS_MAX][TAGS], behind[TOKENS_MAX][TAGS];
    struct deid_view views[TOKENS_MAX + 2 * DEID_VIEW_AROUND];
};

static float log_sum(const float *values, unsigned count)
{
    float best = values[0], sum = 0;
    unsigned i;

    for (i = 1; i < count; i++)
        best = values[i] > best ? values[i] : best;
    for (i = 0; i < count; i++)
        sum += expf(values[i] - best);
    return best + logf(sum);
}

static void lesson_score(struct lesson *lesson, const struct tagger_model *model, unsigned count)
{
    unsigned t, i, tag;

    for (t = 0; t < count; t++) {
        deid_view_features(&lesson->views[t + DEID_VIEW_AROUND], model->bits, lesson->features[t]);
        memset(lesson->scores[t], 0, sizeof(lesson->scores[t]));
        for (i = 0; i < DEID_VIEW_FEATURES; i++)
            for (tag = 0; tag < LANES; tag++)
                lesson->scores[t][tag] += model->weights[lesson->features[t][i]][tag];
    }
}

/* Leaving a part of an identifier outside looks better than it is, so the rest must win by more. */
static void lesson_bias(struct lesson *lesson, const uint8_t *gold, unsigned count, float miss)
{
    unsigned t;

    for (t = 0; t < count; t++)
        if (gold[t] != DEID_TAG_OUTSIDE)
            lesson->scores[t][DEID_TAG_OUTSIDE] += miss;
}

static void lesson_sum(struct lesson *lesson, const struct tagger_model *model, unsigned count)
{
    unsigned t, from, to;
    float values[TAGS];

    for (to = 0; to < TAGS; to++)
        lesson->ahead[0][to] = is_step(0, to) ? lesson->scores[0][to] + model->steps[0][to] : -1e9f;
    for (t = 1; t < count; t++)
        for (to = 0; to < TAGS; to++) {
            for (from = 0; from < TAGS; from++)
                values[from] =
                    is_step(from, to) ? lesson->ahead[t - 1][from] + model->steps[from][to] : -1e9f;
            lesson->ahead[t][to] = log_sum(values, TAGS) + lesson->scores[t][to];
        }
    memset(lesson->behind[count - 1], 0, sizeof(lesson->behind[0]));
    for (t = count - 1; t > 0; t--)
        for (from = 0; from < TAGS; from++) {
            for (to = 0; to < TAGS; to++)
                values[to] = is_step(from, to) ? model->steps[from][to] + lesson->scores[t][to]
                                                     + lesson->behind[t][to]
                                               : -1e9f;
            lesson->behind[t - 1][from] = log_sum(values, TAGS);
        }
}

static void weight_move(float *weight, float *square, float gradient, float rate, float decay)
{
    gradient += decay * *weight;
    *square += gradient * gradient;
    *weight -= rate * gradient / (sqrtf(*square) + 1e-3f);
}

/* Gradients of the tags of one token: what the model expects, less what is. */
static void token_learn(struct lesson *lesson, struct tagger_model *model,
                        const struct tagger_settings *settings, unsigned t, unsigned gold,
                        float total, float weight)
{
    float gradient[TAGS], size = 0;
    unsigned i, tag;

    for (tag = 0; tag < TAGS; tag++) {
        gradient[tag] = expf(lesson->ahead[t][tag] + lesson->behind[t][tag] - total);
        gradient[tag] = (gradient[tag] - (tag == gold)) * weight;
        size += fabsf(gradient[tag]);
    }
    if (size < 1e-3f)
        return;
    for (i = 0; i < DEID_VIEW_FEATURES; i++)
        for (tag = 0; tag < TAGS; tag++)
            if (fabsf(gradient[tag]) > 1e-5f)
                weight_move(&model->weights[lesson->features[t][i]][tag],
                            &model->squares[lesson->features[t][i]][tag], gradient[tag],
                            settings->rate, settings->decay);
}

static void step_learn(struct lesson *lesson, struct tagger_model *model,
                       const struct tagger_settings *settings, unsigned t, const uint8_t *gold,
                       float total, float weight)
{
    unsigned from, to;

    for (from = 0; from < TAGS; from++)
        for (to = 0; to < TAGS; to++) {
            float expected;

            if (!is_step(from, to))
                continue;
            expected = expf(lesson->ahead[t - 1][from] + model->steps[from][to]
                            + lesson->scores[t][to] + lesson->behind[t][to] - total);
            expected -= from == gold[t - 1] && to == gold[t];
            if (fabsf(expected) > 1e-4f)
                weight_move(&model->steps[from][to], &model->steps_squares[from][to],
                            expected * weight, settings->rate * 0.2f, settings->decay);
        }
}

/* Hide words: their letters, and for some what the lists say of them too. */
static void lesson_hide(struct lesson *lesson, unsigned count, float forget,
                        struct tagger_chance *chance)
{
    unsigned t;

    for (t = 0; t < count; t++) {
        struct deid_view *view = &lesson->views[t + DEID_VIEW_AROUND];

        if (tagger_chance_unit(chance) >= forget)
            continue;
        deid_view_hide(view, tagger_chance_below(chance, 2) == 0,
                       tagger_chance_below(chance, 8) == 0 && view->is_capital && view->is_word);
    }
}

static double example_learn(struct lesson *lesson, struct tagger_model *model,
                            const struct tagger_example *example,
                            const struct tagger_settings *settings, struct tagger_chance *chance)
{
    unsigned count = example->count < TOKENS_MAX ? example->count : TOKENS_MAX, t;
    float total, right = 0;

    memcpy(lesson->views, example->views, (count + 2 * DEID_VIEW_AROUND) * sizeof(*lesson->views));
    lesson_hide(lesson, count, settings->forget, chance);
    lesson_score(lesson, model, count);
    lesson_bias(lesson, example->gold, count, settings->miss);
    lesson_sum(lesson, model, count);
    total = log_sum(lesson->ahead[count - 1], TAGS);
    for (t = 0; t < count; t++)
        right += lesson->scores[t][example->gold[t]]
                 + model->steps[t == 0 ? 0 : example->gold[t - 1]][example->gold[t]];
    for (t = 1; t < count; t++)
        step_learn(lesson, model, settings, t, example->gold, total, example->weight);
    for (t = 0; t < count; t++)
        token_learn(lesson, model, settings, t, example->gold[t], total, example->weight);
    return total - right;
}

static void order_shuffle(unsigned *order, unsigned count, struct tagger_chance *chance)
{
    unsigned i;

    for (i = count; i > 1; i--) {
        unsigned other = tagger_chance_below(chance, i), kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

void tagger_learn(struct tagger_model *model, const struct tagger_examples *examples,
                  const struct tagger_settings *settings)
{
    struct lesson *lesson = ARENA_NEW(&model->arena, struct lesson);
    unsigned *order = ARENA_ARRAY(&model->arena, unsigned, examples->count + 1);
    struct tagger_settings now = *settings;
    struct tagger_chance chance;
    unsigned round, i;

    if (lesson == NULL || order == NULL)
        abort();
    tagger_chance_init(&chance, settings->seed);
    for (i = 0; i < examples->count; i++)
        order[i] = i;
    for (round = 0; round < settings->rounds; round++) {
        double loss = 0;

        order_shuffle(order, examples->count, &chance);
        now.rate = settings->rate * (float)(settings->rounds - round) / (float)settings->rounds;
        for (i = 0; i < examples->count; i++)
            loss += example_learn(lesson, model, &examples->items[order[i]], &now, &chance);
        fprintf(stderr, "round %u: loss %.5f a token\n", round + 1,
                loss / (double)(examples->tokens + 1));
    }
}

static int16_t steps_packed(float weight)
{
    float value = roundf(weight * DEID_TAGGER_UNIT);

    return (int16_t)(value > 2000 ? 2000 : value < -2000 ? -2000 : value);
}

static int8_t weight_packed(float weight)
{
    float value = roundf(weight * DEID_TAGGER_UNIT);

    return (int8_t)(value > 127 ? 127 : value < -127 ? -127 : value);
}

enum status tagger_model_pack(const struct tagger_model *model, struct arena *arena,
                              struct slice *packed, struct error *err)
{
    size_t features = (size_t)1 << model->bits, i;
    struct {
        uint32_t magic, bits;
        int16_t steps[LANES][LANES];
    } head = { DEID_TAGGER_MAGIC, model->bits, { { 0 } } };
    char *bytes = arena_alloc(arena, sizeof(head) + features * LANES);
    unsigned from, to;

    if (bytes == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room to pack");
    for (from = 0; from < TAGS; from++)
        for (to = 0; to < TAGS; to++)
            head.steps[from][to] = is_step(from, to) ? steps_packed(model->steps[from][to]) : -4000;
    memcpy(bytes, &head, sizeof(head));
    for (i = 0; i < features; i++)
        for (to = 0; to < LANES; to++)
            ((int8_t *)bytes)[sizeof(head) + i * LANES + to] = weight_packed(model->weights[i][to]);
    *packed = slice_of(bytes, sizeof(head) + features * LANES);
    return STATUS_OK;
}
