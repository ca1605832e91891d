#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** The target, as libFuzzer calls it: aborts if the input shows a fault. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Call @each with inputs that the target starts from. Returns how many. */
unsigned fuzz_seeds(void (*each)(const char *name, const uint8_t *data, size_t size));

#endif
