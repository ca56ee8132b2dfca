/* What the processor can do, asked at run time: the program runs on any x86-64 or other machine,
 * and the plain C beside each faster routine is the truth that it is checked against. */
#ifndef TOKENIZER_CPU_H
#define TOKENIZER_CPU_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define TOKENIZER_HAS_AVX2 1
#define TOKENIZER_AVX2 __attribute__((target("avx2,aes,bmi,bmi2,lzcnt,popcnt")))

static inline bool tokenizer_cpu_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")
           && __builtin_cpu_supports("aes");
}
#else
#define TOKENIZER_HAS_AVX2 0
#endif

#endif
