/* The sampler: settings that pass the check give an id that is allowed, whatever the logits are,
 * and the same again from the same state. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "fuzz_target.h"
#include "inference_mask.h"
#include "inference_sample.h"

#define VOCABULARY_MAX 67
#define PAST_MAX 32
#define STEPS 4
#define BIASES 3

struct input {
    const uint8_t *data;
    size_t size;
};

/* Zeros after the end. */
static void take(struct input *input, void *to, size_t size)
{
    size_t some = size < input->size ? size : input->size;

    memset(to, 0, size);
    memcpy(to, input->data, some);
    input->data += some;
    input->size -= some;
}

static uint32_t take_below(struct input *input, uint32_t end)
{
    uint8_t byte;

    take(input, &byte, 1);
    return byte % end;
}

/* Any bits at all, or a number that people write. */
static float take_float(struct input *input)
{
    static const float usual[] = { 0, 0.5f, 1, 0.95f, 2, -1, 100, 1e-30f, INFINITY, -INFINITY };
    uint32_t which = take_below(input, 16);
    float value;

    if (which < sizeof(usual) / sizeof(usual[0]))
        return usual[which];
    take(input, &value, sizeof(value));
    return value;
}

struct scene {
    uint32_t vocabulary, past_count, prompt;
    struct inference_sampling sampling;
    struct inference_bias biases[BIASES];
    uint32_t past[PAST_MAX + STEPS];
    uint32_t allowed[INFERENCE_MASK_WORDS(VOCABULARY_MAX)];
    bool has_mask;
    float logits[STEPS][VOCABULARY_MAX];
};

static void read_sampling(struct input *input, struct scene *scene)
{
    struct inference_sampling *sampling = &scene->sampling;

    sampling->temperature = take_float(input);
    sampling->top_k = take_below(input, 80);
    sampling->top_p = take_float(input);
    sampling->min_p = take_float(input);
    sampling->repetition = take_float(input);
    sampling->repetition_window = take_below(input, 40);
    sampling->presence = take_float(input);
    sampling->frequency = take_float(input);
    sampling->top_count = take_below(input, INFERENCE_TOP_MAX + 2);
    take(input, &sampling->seed, sizeof(sampling->seed));
    sampling->biases = scene->biases;
    sampling->biases_count = take_below(input, BIASES + 1);
    for (int i = 0; i < BIASES; i++) {
        scene->biases[i].id = take_below(input, scene->vocabulary + 1);
        scene->biases[i].bias = take_float(input);
    }
}

static void read_scene(struct input *input, struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    scene->vocabulary = 1 + take_below(input, VOCABULARY_MAX);
    read_sampling(input, scene);
    scene->past_count = take_below(input, PAST_MAX + 1);
    scene->prompt = scene->past_count == 0 ? 0 : take_below(input, scene->past_count + 1);
    for (uint32_t i = 0; i < scene->past_count; i++)
        scene->past[i] = take_below(input, scene->vocabulary);
    scene->has_mask = take_below(input, 2);
    take(input, scene->allowed, sizeof(scene->allowed));
    scene->allowed[0] |= 1;
    for (uint32_t step = 0; step < STEPS; step++) {
        for (uint32_t i = 0; i < scene->vocabulary; i++)
            scene->logits[step][i] = take_float(input);
    }
}

static bool is_allowed(const struct scene *scene, uint32_t id)
{
    return !scene->has_mask || (scene->allowed[id / 32] >> id % 32 & 1) != 0;
}

static bool are_finite(const float *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!(fabsf(values[i]) < 1e30f))
            return false;
    }
    return true;
}

static void check_sample(const struct scene *scene, uint32_t step,
                         const struct inference_sample *sample)
{
    const float *logits = scene->logits[step];
    uint32_t told = scene->sampling.top_count;

    CHECK(sample->id < scene->vocabulary && is_allowed(scene, sample->id));
    if (!are_finite(logits, scene->vocabulary))
        return;
    told = told < scene->vocabulary ? told : scene->vocabulary;
    CHECK(sample->logprob <= 1e-5f);
    for (uint32_t i = 0; i < told; i++) {
        CHECK(sample->top[i].id < scene->vocabulary);
        CHECK(i == 0 || sample->top[i].weight <= sample->top[i - 1].weight);
        CHECK(i > 0 || sample->top[0].weight >= sample->logprob);
    }
}

/* The ids that are drawn one after the other, as a sequence draws them. */
static void run(const struct scene *scene, uint32_t *ids)
{
    struct inference_sampler *sampler = inference_sampler_create(scene->vocabulary);
    struct inference_sample sample;
    struct inference_random random;
    uint32_t all[PAST_MAX + STEPS];

    CHECK(sampler != NULL);
    memcpy(all, scene->past, sizeof(all));
    inference_random_init(&random, scene->sampling.seed);
    for (uint32_t step = 0; step < STEPS; step++) {
        struct inference_past past = { all, scene->prompt, scene->past_count + step };

        inference_sample(sampler, &scene->sampling, &random, &past,
                         scene->has_mask ? scene->allowed : NULL, scene->logits[step], &sample);
        check_sample(scene, step, &sample);
        all[scene->past_count + step] = ids[step] = sample.id;
    }
    inference_sampler_destroy(sampler);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };
    struct scene scene;
    uint32_t first[STEPS], second[STEPS];
    struct error err = { 0 };

    read_scene(&input, &scene);
    if (inference_sample_check(&scene.sampling, scene.vocabulary, &err) != STATUS_OK) {
        CHECK(err.status == STATUS_INVALID_ARGUMENT);
        return 0;
    }
    run(&scene, first);
    run(&scene, second);
    CHECK(memcmp(first, second, sizeof(first)) == 0);
    return 0;
}
