/* What the processor can do at best, one thread: the yardstick of the kernels. Nothing is looked up
 * but registers, or nothing is computed but a sum. */
#ifndef KERNELS_LIMITS_H
#define KERNELS_LIMITS_H

#include <stdint.h>

/* Multiply and add for @rounds rounds, in registers alone. The products that were added: of floats;
 * of 8 bits, into lanes of 16, as the kernels of quantised weights do. */
uint64_t kernels_limits_f32(uint64_t rounds);
uint64_t kernels_limits_i8(uint64_t rounds);

/* Read @bytes bytes, a multiple of 256, once. A sum, so that it happens. */
uint64_t kernels_limits_read(const void *data, uint64_t bytes);

#endif
