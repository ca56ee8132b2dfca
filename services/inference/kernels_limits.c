#include "kernels_limits.h"

#include <stddef.h>
#include <string.h>

#include "kernels_impl.h"

/* As many as hide how long one of them takes, and fit into registers. */
#define SUMS 8

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2,fma"))) static uint64_t run_f32_avx2(uint64_t rounds)
{
    __m256 sums[SUMS], a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(1.0f);

    for (int i = 0; i < SUMS; i++)
        sums[i] = _mm256_setzero_ps();
    for (uint64_t round = 0; round < rounds; round++) {
#pragma GCC unroll 8
        for (int i = 0; i < SUMS; i++)
            sums[i] = _mm256_fmadd_ps(a, sums[i], b);
    }
    for (int i = 0; i < SUMS; i++)
        __asm__ volatile("" : : "x"(sums[i]));
    return rounds * SUMS * 8;
}

/* In assembly: a compiler would see that one product does for all. */
#define ADD_PRODUCT(sum) "vpmaddubsw %8, %9, %%ymm15\n\tvpaddw %%ymm15, " sum ", " sum "\n\t"

__attribute__((target("avx2"))) static uint64_t run_i8_avx2(uint64_t rounds)
{
    __m256i zero = _mm256_setzero_si256(), a = _mm256_set1_epi8(1), b = a;
    __m256i s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero, s6 = zero, s7 = zero;

    for (uint64_t round = 0; round < rounds; round++)
        __asm__ volatile(ADD_PRODUCT("%0") ADD_PRODUCT("%1") ADD_PRODUCT("%2") ADD_PRODUCT("%3")
                             ADD_PRODUCT("%4") ADD_PRODUCT("%5") ADD_PRODUCT("%6") ADD_PRODUCT("%7")
                         : "+x"(s0), "+x"(s1), "+x"(s2), "+x"(s3), "+x"(s4), "+x"(s5), "+x"(s6),
                           "+x"(s7)
                         : "x"(a), "x"(b)
                         : "xmm15");
    return rounds * SUMS * 32;
}

__attribute__((target("avx2"))) static uint64_t read_avx2(const char *data, uint64_t bytes)
{
    __m256i sums[4] = { _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                        _mm256_setzero_si256() };
    uint64_t lanes[4], sum = 0;

    for (uint64_t at = 0; at < bytes; at += 128) {
        for (int i = 0; i < 4; i++)
            sums[i] = _mm256_add_epi64(sums[i],
                                       _mm256_loadu_si256((const __m256i *)(data + at + 32 * i)));
    }
    for (int i = 0; i < 4; i++) {
        _mm256_storeu_si256((__m256i *)lanes, sums[i]);
        sum += lanes[0] + lanes[1] + lanes[2] + lanes[3];
    }
    return sum;
}
#else
#define run_f32_avx2 run_f32
#define run_i8_avx2 run_i8
#define read_avx2 read_plain
#endif

#define LANES_PLAIN 32

static uint64_t run_f32(uint64_t rounds)
{
    float sums[LANES_PLAIN] = { 0 };

    for (uint64_t round = 0; round < rounds; round++) {
        for (int i = 0; i < LANES_PLAIN; i++)
            sums[i] = sums[i] * 0.5f + 1.0f;
        __asm__ volatile("" : : "r"(sums) : "memory");
    }
    return rounds * LANES_PLAIN;
}

static uint64_t run_i8(uint64_t rounds)
{
    int16_t sums[LANES_PLAIN] = { 0 };
    int8_t a[LANES_PLAIN];

    memset(a, 1, sizeof(a));
    for (uint64_t round = 0; round < rounds; round++) {
        for (int i = 0; i < LANES_PLAIN; i++)
            sums[i] = (int16_t)(sums[i] + a[i] * a[i]);
        __asm__ volatile("" : : "r"(sums), "r"(a) : "memory");
    }
    return rounds * LANES_PLAIN;
}

static uint64_t read_plain(const char *data, uint64_t bytes)
{
    uint64_t sum = 0, word;

    for (uint64_t at = 0; at < bytes; at += sizeof(word)) {
        memcpy(&word, data + at, sizeof(word));
        sum += word;
    }
    return sum;
}

uint64_t kernels_limits_f32(uint64_t rounds)
{
    return kernels_avx2() != NULL ? run_f32_avx2(rounds) : run_f32(rounds);
}

uint64_t kernels_limits_i8(uint64_t rounds)
{
    return kernels_avx2() != NULL ? run_i8_avx2(rounds) : run_i8(rounds);
}

uint64_t kernels_limits_read(const void *data, uint64_t bytes)
{
    return kernels_avx2() != NULL ? read_avx2(data, bytes) : read_plain(data, bytes);
}
