#include "train_kernels.h"

#include <math.h>

void kernel_rmsnorm(const float *x, const float *weight, float epsilon, size_t rows, size_t columns,
                    float *out, float *inverse_rms)
{
    for (size_t i = 0; i < rows; i++, x += columns, out += columns) {
        float sum = 0, inverse;

        for (size_t j = 0; j < columns; j++)
            sum += x[j] * x[j];
        inverse = 1 / sqrtf(sum / (float)columns + epsilon);
        for (size_t j = 0; j < columns; j++)
            out[j] = x[j] * inverse * weight[j];
        inverse_rms[i] = inverse;
    }
}

void kernel_rmsnorm_back(const float *d_out, const float *x, const float *weight,
                         const float *inverse_rms, size_t rows, size_t columns, float *d_x,
                         float *d_weight)
{
    for (size_t i = 0; i < rows; i++, x += columns, d_out += columns, d_x += columns) {
        float inverse = inverse_rms[i], dot = 0;

        for (size_t j = 0; j < columns; j++)
            dot += d_out[j] * weight[j] * x[j];
        dot *= inverse * inverse / (float)columns;
        for (size_t j = 0; j < columns; j++) {
            d_x[j] += inverse * (d_out[j] * weight[j] - dot * x[j]);
            d_weight[j] += d_out[j] * x[j] * inverse;
        }
    }
}

void kernel_swiglu(const float *gate_up, size_t rows, size_t n, float *out)
{
    for (size_t i = 0; i < rows; i++, gate_up += 2 * n, out += n) {
        const float *gate = gate_up, *up = gate_up + n;

        for (size_t j = 0; j < n; j++)
            out[j] = gate[j] / (1 + expf(-gate[j])) * up[j];
    }
}

void kernel_swiglu_back(const float *d_out, const float *gate_up, size_t rows, size_t n,
                        float *restrict d_gate_up)
{
    for (size_t i = 0; i < rows; i++, gate_up += 2 * n, d_gate_up += 2 * n, d_out += n) {
        const float *gate = gate_up, *up = gate_up + n;
        float *restrict d_gate = d_gate_up, *restrict d_up = d_gate_up + n;

        for (size_t j = 0; j < n; j++) {
            float sigmoid = 1 / (1 + expf(-gate[j])), silu = gate[j] * sigmoid;

            d_up[j] = d_out[j] * silu;
            d_gate[j] = d_out[j] * up[j] * (sigmoid + silu * (1 - sigmoid));
        }
    }
}

void kernel_rope_tables(float base, size_t head_size, size_t positions, float *cosines,
                        float *sines)
{
    size_t pairs = head_size / 2;

    for (size_t position = 0; position < positions; position++) {
        for (size_t pair = 0; pair < pairs; pair++) {
            double angle = (double)position * pow(base, -2.0 * (double)pair / (double)head_size);

            cosines[position * pairs + pair] = (float)cos(angle);
            sines[position * pairs + pair] = (float)sin(angle);
        }
    }
}

void kernel_rope(float *row, size_t heads, size_t head_size, const float *cosines,
                 const float *sines, float direction)
{
    for (size_t head = 0; head < heads; head++, row += head_size) {
        for (size_t pair = 0; pair < head_size / 2; pair++) {
            float a = row[2 * pair], b = row[2 * pair + 1], c = cosines[pair],
                  s = direction * sines[pair];

            row[2 * pair] = a * c - b * s;
            row[2 * pair + 1] = a * s + b * c;
        }
    }
}

void kernel_softmax(float *row, float scale, size_t seen, size_t columns)
{
    float best = row[0], sum = 0;

    for (size_t j = 1; j < seen; j++)
        best = row[j] > best ? row[j] : best;
    for (size_t j = 0; j < seen; j++) {
        row[j] = expf(scale * (row[j] - best));
        sum += row[j];
    }
    sum = 1 / sum;
    for (size_t j = 0; j < seen; j++)
        row[j] *= sum;
    for (size_t j = seen; j < columns; j++)
        row[j] = 0;
}

void kernel_softmax_back(float *d_row, const float *row, float scale, size_t columns)
{
    float dot = 0;

    for (size_t j = 0; j < columns; j++)
        dot += row[j] * d_row[j];
    for (size_t j = 0; j < columns; j++)
        d_row[j] = scale * row[j] * (d_row[j] - dot);
}

float kernel_cross_entropy(float *logits, size_t columns, size_t target, float scale, size_t *best)
{
    float highest = logits[0], sum = 0, of_target = logits[target];

    *best = 0;
    for (size_t j = 1; j < columns; j++)
        highest = logits[j] > highest ? logits[j] : highest;
    while (logits[*best] < highest)
        (*best)++;
    for (size_t j = 0; j < columns; j++) {
        logits[j] = expf(logits[j] - highest);
        sum += logits[j];
    }
    for (size_t j = 0; j < columns; j++)
        logits[j] *= scale / sum;
    logits[target] -= scale;
    return logf(sum) - (of_target - highest);
}

void kernel_add(float *y, const float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        y[i] += x[i];
}
