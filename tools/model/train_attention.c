#include "train_attention.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>

#include "train_kernels.h"

/* Some rows of one prefix or segment. They see keys [0, prefix) and [own, end), the i-th row of the
 * block all but the last rows - 1 - i of them. In the prefix itself, prefix is 0 and own is 0. */
struct block {
    size_t first, rows;
    size_t prefix, own, end;
    size_t columns; /* prefix + end - own */
};

/* What a block and a head work on; strides are those of a row of qkv. */
struct head {
    size_t size, stride;
    const float *query, *key, *value;
    float *d_query, *d_key, *d_value;
};

size_t attention_scratch_count(size_t tokens_max)
{
    return 2 * ATTENTION_BLOCK * tokens_max;
}

/* @cursor starts at 0 and is the next row that no block holds yet. */
static bool block_next(const struct example *example, size_t *cursor, uint32_t *segment,
                       struct block *block)
{
    size_t first = *cursor, end;

    if (first >= example->size)
        return false;
    if (first < example->prefix) {
        end = example->prefix;
        *block = (struct block){ .first = first };
    } else {
        while (example->segments[*segment].end <= first)
            (*segment)++;
        end = example->segments[*segment].end;
        *block = (struct block){ .first = first,
                                 .prefix = example->prefix,
                                 .own = example->segments[*segment].first };
    }
    block->end = first + ATTENTION_BLOCK < end ? first + ATTENTION_BLOCK : end;
    block->rows = block->end - first;
    block->columns = block->prefix + block->end - block->own;
    *cursor = block->end;
    return true;
}

/* out [rows][columns] = rows of @a times the keys (or values) @b that the block sees, transposed.
 */
static void times_seen(const struct block *block, const struct head *head, const float *a,
                       size_t a_stride, const float *b, float *out)
{
    if (block->prefix > 0)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, block->rows, block->prefix, head->size,
                    1, a, a_stride, b, head->stride, 0, out, block->columns);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, block->rows, block->end - block->own,
                head->size, 1, a, a_stride, b + block->own * head->stride, head->stride, 0,
                out + block->prefix, block->columns);
}

/* out [rows][size] (+)= p [rows][columns] times the keys (or values) @b that the block sees. */
static void weigh_seen(const struct block *block, const struct head *head, const float *p,
                       const float *b, float *out, size_t out_stride)
{
    if (block->prefix > 0)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, block->rows, head->size,
                    block->prefix, 1, p, block->columns, b, head->stride, 0, out, out_stride);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, block->rows, head->size,
                block->end - block->own, 1, p + block->prefix, block->columns,
                b + block->own * head->stride, head->stride, block->prefix > 0 ? 1 : 0, out,
                out_stride);
}

/* Add p transposed times the rows of @a to the gradient @d_b of the keys (or values) that the block
 * sees. */
static void give_seen(const struct block *block, const struct head *head, const float *p,
                      const float *a, size_t a_stride, float *d_b)
{
    if (block->prefix > 0)
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, block->prefix, head->size, block->rows,
                    1, p, block->columns, a, a_stride, 1, d_b, head->stride);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, block->end - block->own, head->size,
                block->rows, 1, p + block->prefix, block->columns, a, a_stride, 1,
                d_b + block->own * head->stride, head->stride);
}

static void probabilities(const struct block *block, const struct head *head, float *p)
{
    float scale = 1 / sqrtf((float)head->size);

    times_seen(block, head, head->query + block->first * head->stride, head->stride, head->key, p);
    for (size_t i = 0; i < block->rows; i++)
        kernel_softmax(p + i * block->columns, scale, block->columns - (block->rows - 1 - i),
                       block->columns);
}

static struct head head_at(const struct shape *shape, uint32_t index, const float *qkv,
                           float *d_qkv)
{
    size_t size = shape_head_size(shape), kv = index / (shape->heads / shape->kv_heads);
    size_t query = index * size, key = (shape->heads + kv) * size,
           value = key + shape->kv_heads * size;
    struct head head = { size, shape_qkv(shape), qkv + query, qkv + key, qkv + value, NULL, NULL,
                         NULL };

    if (d_qkv != NULL) {
        head.d_query = d_qkv + query;
        head.d_key = d_qkv + key;
        head.d_value = d_qkv + value;
    }
    return head;
}

void attention_forward(const struct shape *shape, const struct example *example, const float *qkv,
                       float *out, float *scratch)
{
    size_t cursor = 0, d = shape->width;
    uint32_t segment = 0;
    struct block block;

    while (block_next(example, &cursor, &segment, &block)) {
        for (uint32_t i = 0; i < shape->heads; i++) {
            struct head head = head_at(shape, i, qkv, NULL);

            probabilities(&block, &head, scratch);
            weigh_seen(&block, &head, scratch, head.value, out + block.first * d + i * head.size,
                       d);
        }
    }
}

/* With P the probabilities, O = P V and S the scores:  dV += Pt dO,  dP = dO Vt,  dS =
 * softmax_back(dP, P), dQ = dS K,  dK += dSt Q. */
static void backward_head(const struct block *block, const struct head *head, const float *d_out,
                          size_t d, float *scratch)
{
    float *p = scratch, *d_p = scratch + block->rows * block->columns,
          scale = 1 / sqrtf((float)head->size);
    size_t first = block->first * head->stride;

    probabilities(block, head, p);
    give_seen(block, head, p, d_out, d, head->d_value);
    times_seen(block, head, d_out, d, head->value, d_p);
    for (size_t i = 0; i < block->rows; i++)
        kernel_softmax_back(d_p + i * block->columns, p + i * block->columns, scale,
                            block->columns);
    give_seen(block, head, d_p, head->query + first, head->stride, head->d_key);
    weigh_seen(block, head, d_p, head->key, head->d_query + first, head->stride);
}

void attention_backward(const struct shape *shape, const struct example *example, const float *qkv,
                        const float *d_out, float *d_qkv, float *scratch)
{
    size_t cursor = 0, d = shape->width;
    uint32_t segment = 0;
    struct block block;

    while (block_next(example, &cursor, &segment, &block)) {
        for (uint32_t i = 0; i < shape->heads; i++) {
            struct head head = head_at(shape, i, qkv, d_qkv);

            backward_head(&block, &head, d_out + block.first * d + i * head.size, d, scratch);
        }
    }
}
