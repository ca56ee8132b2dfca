/* What a fuzz target is: one function that is given bytes, and that aborts when what must hold does
 * not. It states what must hold, not just "no crash". The same function runs in libFuzzer (preset
 * fuzz) and over its corpus in every ordinary run (fuzz_replay.c). */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
