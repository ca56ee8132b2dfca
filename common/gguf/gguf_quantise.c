#include "gguf/gguf_quantise.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "gguf/gguf_half.h"
#include "gguf/gguf_write.h"

#define BLOCK 32
#define SUPER 256
#define PARTS 8   /* of a Q4_K or Q5_K block: 32 values with a scale and a minimum */
#define SMALLS 16 /* of a Q6_K block: 16 values with a scale */
#define SCALE_MAX 63
/* The search tries scales that fill the range of a part by so many steps more or fewer. */
#define TRIES 20
#define TRY_STEP 0.1f

static void put_half(unsigned char *at, float value)
{
    uint16_t half = gguf_half_from_float(value);

    memcpy(at, &half, sizeof(half));
}

/* What a reader will make of it. */
static float as_half(float value)
{
    return gguf_half_to_float(gguf_half_from_float(value));
}

static int clamp(long value, int least, int most)
{
    return value < least ? least : value > most ? most : (int)value;
}

/* Q4_0
 * ---------------------------------------------------------------------------------------------- */

/* The value of the largest magnitude is -8 steps: one side of zero has a level more. */
static void quantise_q4_0(const float *x, unsigned char *out)
{
    float largest = 0, inverse;

    for (int i = 0; i < BLOCK; i++)
        largest = fabsf(x[i]) > fabsf(largest) ? x[i] : largest;
    inverse = largest != 0 ? 1.0f / (largest / -8) : 0;
    put_half(out, largest / -8);
    for (int i = 0; i < BLOCK / 2; i++) {
        int low = clamp((long)(x[i] * inverse + 8.5f), 0, 15);
        int high = clamp((long)(x[i + BLOCK / 2] * inverse + 8.5f), 0, 15);

        out[2 + i] = (unsigned char)(low | high << 4);
    }
}

/* Q4_K and Q5_K: x ≈ scale · level - minimum
 * -------------------------------------------------------- */

struct fit {
    float scale, minimum;
};

/* The least squares of x ≈ scale · level - minimum for given levels; the minimum is not below 0. */
static struct fit solve(const float *x, const float *weights, const uint8_t *levels)
{
    double w = 0, l = 0, ll = 0, wx = 0, lx = 0, determinant;
    struct fit fit = { 0, 0 };

    for (int i = 0; i < BLOCK; i++) {
        double weight = (double)weights[i], level = levels[i];

        w += weight;
        l += weight * level;
        ll += weight * level * level;
        wx += weight * (double)x[i];
        lx += weight * level * (double)x[i];
    }
    determinant = w * ll - l * l;
    if (determinant > 0) {
        fit.scale = (float)((w * lx - l * wx) / determinant);
        fit.minimum = (float)((l * lx - ll * wx) / determinant);
    }
    if (determinant <= 0 || fit.minimum < 0) {
        fit.minimum = 0;
        fit.scale = ll > 0 ? (float)(lx / ll) : 0;
    }
    return fit;
}

static double error_of(const float *x, const float *weights, const uint8_t *levels, struct fit fit)
{
    double error = 0;

    for (int i = 0; i < BLOCK; i++) {
        double wrong = (double)(fit.scale * levels[i] - fit.minimum - x[i]);

        error += (double)weights[i] * wrong * wrong;
    }
    return error;
}

/* Levels above @least, @inverse of them to a unit. */
static void level_all(const float *x, float least, float inverse, int most, uint8_t *levels)
{
    for (int i = 0; i < BLOCK; i++)
        levels[i] = (uint8_t)clamp(lrintf((x[i] - least) * inverse), 0, most);
}

static void weigh(const float *x, float *weights)
{
    float squares = 0;

    for (int i = 0; i < BLOCK; i++)
        squares += x[i] * x[i];
    for (int i = 0; i < BLOCK; i++)
        weights[i] = sqrtf(squares / BLOCK) + fabsf(x[i]);
}

static struct fit find_fit(const float *x, const float *weights, int most)
{
    float least = 0, largest = x[0];
    struct fit best = { 0, 0 }, fit;
    uint8_t levels[BLOCK];
    double error, best_error = INFINITY;

    for (int i = 0; i < BLOCK; i++) {
        least = x[i] < least ? x[i] : least;
        largest = x[i] > largest ? x[i] : largest;
    }
    if (!(largest > least))
        return (struct fit){ 0, -least };
    for (int try = -TRIES / 2; try <= TRIES / 2; try++) {
        level_all(x, least, ((float)most + TRY_STEP * (float)try) / (largest - least), most,
                  levels);
        fit = solve(x, weights, levels);
        error = fit.scale > 0 ? error_of(x, weights, levels, fit) : INFINITY;
        if (error < best_error) {
            best_error = error;
            best = fit;
        }
    }
    return best;
}

/* Eight scales and minimums of 6 bits each in 12 bytes. */
static void pack_scales(const uint8_t *scales, const uint8_t *minimums, unsigned char *out)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (unsigned char)(scales[i] | (scales[i + 4] >> 4) << 6);
        out[i + 4] = (unsigned char)(minimums[i] | (minimums[i + 4] >> 4) << 6);
        out[i + 8] = (unsigned char)((scales[i + 4] & 15) | (minimums[i + 4] & 15) << 4);
    }
}

/* A scale and minimum of a part in whole units, and the levels that are best with them. */
struct rounded {
    int scale, minimum;
    double error;
    uint8_t levels[BLOCK];
};

static void round_part(const float *x, const float *weights, struct fit unit, int most,
                       struct rounded *rounded)
{
    struct fit fit = { unit.scale * (float)rounded->scale, unit.minimum * (float)rounded->minimum };

    level_all(x, -fit.minimum, fit.scale > 0 ? 1 / fit.scale : 0, most, rounded->levels);
    rounded->error = error_of(x, weights, rounded->levels, fit);
}

/* Of the whole units about @fit those that leave the least error together. */
static struct rounded find_rounded(const float *x, const float *weights, struct fit fit,
                                   struct fit unit, int most)
{
    int scale = unit.scale > 0 ? clamp(lrintf(fit.scale / unit.scale), 0, SCALE_MAX) : 0;
    int minimum = unit.minimum > 0 ? clamp(lrintf(fit.minimum / unit.minimum), 0, SCALE_MAX) : 0;
    struct rounded best = { .error = INFINITY }, tried;

    for (int i = 0; i < 9; i++) {
        tried.scale = clamp(scale + i % 3 - 1, 0, SCALE_MAX);
        tried.minimum = clamp(minimum + i / 3 - 1, 0, SCALE_MAX);
        round_part(x, weights, unit, most, &tried);
        if (tried.error < best.error)
            best = tried;
    }
    return best;
}

/* Scales and minimums of the parts to @out, 16 bytes, and the levels that fit them best. */
static void level_parts(const float *x, int most, unsigned char *out, uint8_t *levels)
{
    float weights[PARTS][BLOCK];
    struct fit fits[PARTS], unit = { 0, 0 };
    uint8_t scales[PARTS], minimums[PARTS];

    for (int p = 0; p < PARTS; p++) {
        weigh(x + p * BLOCK, weights[p]);
        fits[p] = find_fit(x + p * BLOCK, weights[p], most);
        unit.scale = fmaxf(unit.scale, fits[p].scale / SCALE_MAX);
        unit.minimum = fmaxf(unit.minimum, fits[p].minimum / SCALE_MAX);
    }
    put_half(out, unit.scale);
    put_half(out + 2, unit.minimum);
    unit = (struct fit){ as_half(unit.scale), as_half(unit.minimum) };
    for (int p = 0; p < PARTS; p++) {
        struct rounded best = find_rounded(x + p * BLOCK, weights[p], fits[p], unit, most);

        scales[p] = (uint8_t)best.scale;
        minimums[p] = (uint8_t)best.minimum;
        memcpy(levels + p * BLOCK, best.levels, BLOCK);
    }
    pack_scales(scales, minimums, out + 4);
}

static void quantise_q4_k(const float *x, unsigned char *out)
{
    uint8_t levels[SUPER];

    level_parts(x, 15, out, levels);
    for (int i = 0; i < SUPER / 2; i++) {
        int low = i / 32 * 64 + i % 32;

        out[16 + i] = (unsigned char)(levels[low] | levels[low + 32] << 4);
    }
}

static void quantise_q5_k(const float *x, unsigned char *out)
{
    uint8_t levels[SUPER];

    level_parts(x, 31, out, levels);
    memset(out + 16, 0, 32);
    for (int i = 0; i < SUPER / 2; i++) {
        int pair = i / 32, low = pair * 64 + i % 32;

        out[16 + i % 32] |= (unsigned char)(levels[low] >> 4 << (2 * pair)
                                            | levels[low + 32] >> 4 << (2 * pair + 1));
        out[48 + i] = (unsigned char)((levels[low] & 15) | (levels[low + 32] & 15) << 4);
    }
}

/* Q6_K: x ≈ scale · level, from -32 to 31
 * --------------------------------------------------------------- */

static float find_scale(const float *x)
{
    float largest = 0, best = 0;
    double best_gain = 0;

    for (int i = 0; i < SMALLS; i++)
        largest = fabsf(x[i]) > fabsf(largest) ? x[i] : largest;
    for (int try = -TRIES / 2; largest != 0 && try <= TRIES / 2; try++) {
        float inverse = -(32 + TRY_STEP * (float)try) / largest;
        double lx = 0, ll = 0;

        for (int i = 0; i < SMALLS; i++) {
            double level = clamp(lrintf(x[i] * inverse), -32, 31);
            double weight = (double)x[i] * (double)x[i];

            lx += weight * level * (double)x[i];
            ll += weight * level * level;
        }
        /* What the squares of the error are less by, with the scale that is best for these levels.
         */
        if (ll > 0 && lx * lx / ll > best_gain) {
            best_gain = lx * lx / ll;
            best = (float)(lx / ll);
        }
    }
    return best;
}

static void level_smalls(const float *x, unsigned char *out, uint8_t *levels)
{
    float scales[SUPER / SMALLS], largest = 0, unit;
    int8_t *rounded = (int8_t *)out + 192;

    for (int s = 0; s < SUPER / SMALLS; s++) {
        scales[s] = find_scale(x + s * SMALLS);
        largest = fabsf(scales[s]) > fabsf(largest) ? scales[s] : largest;
    }
    put_half(out + 208, largest / -128);
    unit = as_half(largest / -128);
    for (int s = 0; s < SUPER / SMALLS; s++) {
        float step;

        rounded[s] =
            (int8_t)(largest != 0 ? clamp(lrintf(-128 * scales[s] / largest), -128, 127) : 0);
        step = unit * rounded[s];
        for (int i = 0; i < SMALLS; i++)
            levels[s * SMALLS + i] =
                (uint8_t)(32 + (step != 0 ? clamp(lrintf(x[s * SMALLS + i] / step), -32, 31) : 0));
    }
}

static void quantise_q6_k(const float *x, unsigned char *out)
{
    uint8_t levels[SUPER];

    level_smalls(x, out, levels);
    for (int i = 0; i < SUPER / 4; i++) {
        const uint8_t *l = levels + i / 32 * 128 + i % 32;
        unsigned char *low = out + i / 32 * 64 + i % 32;

        low[0] = (unsigned char)((l[0] & 15) | (l[64] & 15) << 4);
        low[32] = (unsigned char)((l[32] & 15) | (l[96] & 15) << 4);
        out[128 + i] =
            (unsigned char)(l[0] >> 4 | l[32] >> 4 << 2 | l[64] >> 4 << 4 | l[96] >> 4 << 6);
    }
}

/* All of them
 * ---------------------------------------------------------------------------------------------- */

static void (*quantiser_of(enum gguf_tensor_type type))(const float *, unsigned char *)
{
    switch (type) {
    case GGUF_TENSOR_TYPE_Q4_0:
        return quantise_q4_0;
    case GGUF_TENSOR_TYPE_Q4_K:
        return quantise_q4_k;
    case GGUF_TENSOR_TYPE_Q5_K:
        return quantise_q5_k;
    case GGUF_TENSOR_TYPE_Q6_K:
        return quantise_q6_k;
    default:
        return NULL;
    }
}

bool gguf_can_quantise(enum gguf_tensor_type type)
{
    return type == GGUF_TENSOR_TYPE_Q8_0 || quantiser_of(type) != NULL;
}

void gguf_quantise(enum gguf_tensor_type type, const float *values, size_t count, void *blocks)
{
    void (*quantise)(const float *, unsigned char *) = quantiser_of(type);
    uint32_t block_values, block_bytes;
    unsigned char *out = blocks;

    CHECK(gguf_can_quantise(type) && gguf_tensor_type_size(type, &block_values, &block_bytes));
    CHECK(count % block_values == 0);
    if (quantise == NULL)
        return gguf_write_quantise_q8_0(values, count, blocks);
    for (size_t at = 0; at < count; at += block_values, out += block_bytes)
        quantise(values + at, out);
}
